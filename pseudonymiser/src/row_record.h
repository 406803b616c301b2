#ifndef TALLY_PSEUDONYMISER_SRC_ROW_RECORD_H_
#define TALLY_PSEUDONYMISER_SRC_ROW_RECORD_H_

// One row as bytes in the spool, before its person has a number that may
// leave. Layout, little-endian as this machine's own (the spool never moves to
// another):
//   length(2, of all that follows) || provisional person(4; all ones = none) ||
//   reason(1) || null map(ceil(columns/8), bit set = present) || values
// A value is 1 byte (bool), 4 (int32, date), 8 (int64, double), a code's
// number(4, all ones = text follows), a text's length(1) and bytes.
//
// Threading: one thread per object.
// Secrets: record values; buffers die with the spool.

#include <cstdint>
#include <cstring>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "column_reader.h"
#include "dataset/record_batch.h"
#include "dataset/specification.h"
#include "shared_codes.h"

namespace tally::pseudonymiser {

inline constexpr uint32_t kNoProvisional = 0xFFFF'FFFF;

class RowWriter {
 public:
  explicit RowWriter(const dataset::Specification& specification);

  // Begins a row; then one Add for each column, in order.
  void Begin();
  void Add(const Cell& cell);
  // Completes the row; the bytes are valid until the next Begin.
  std::string_view Finish(uint32_t person, dataset::RowReason reason);

 private:
  template <typename T>
  void Put(T value) {
    std::memcpy(row_.data() + size_, &value, sizeof(T));
    size_ += sizeof(T);
  }

  std::vector<dataset::ColumnType> types_;
  size_t head_bytes_;  // in front of the values
  size_t column_ = 0;
  size_t size_ = 0;
  std::vector<char> row_;  // room for the longest row
};

// Puts spooled rows into batches. `person_of` maps provisional numbers to the
// extract's; `codes` has one entry a column.
class RowDecoder {
 public:
  RowDecoder(const dataset::Specification& specification,
             const std::deque<SharedCodes>& codes);

  // Forgets what the last batch held. Call when a batch begins.
  void BeginBatch(dataset::RecordBatch* batch);

  // Appends the row that begins at `row` (at its length).
  void Append(const char* row, const std::vector<uint32_t>& person_of);

 private:
  // A code's number in the batch at hand, remembered per column.
  struct CodeMap {
    std::vector<uint32_t> index;
    std::vector<uint32_t> batch;  // in which index[] is valid
  };

  const char* AppendValue(size_t column, const char* at);

  const dataset::Specification& specification_;
  const std::deque<SharedCodes>& codes_;
  std::vector<CodeMap> maps_;
  uint32_t batch_number_ = 0;
  dataset::RecordBatch* batch_ = nullptr;
};

// Length of the row at `row`, its two length bytes included.
inline size_t RowSize(const char* row) {
  uint16_t length = 0;
  std::memcpy(&length, row, sizeof(length));
  return size_t{length} + sizeof(length);
}

}  // namespace tally::pseudonymiser

#endif  // TALLY_PSEUDONYMISER_SRC_ROW_RECORD_H_
