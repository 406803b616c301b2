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
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "column_reader.h"
#include "dataset/column_filler.h"
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

// Puts spooled rows into batches, column by column. `codes` has one entry a
// column.
class RowDecoder {
 public:
  RowDecoder(const dataset::Specification& specification,
             const std::deque<SharedCodes>& codes);

  // Fills `batch`, which is emptied first, with `rows`: each begins at its
  // length. `person_of` maps provisional numbers to the extract's.
  void Decode(std::span<const char* const> rows,
              const std::vector<uint32_t>& person_of,
              dataset::RecordBatch* batch);

 private:
  // A code's number in the batch at hand.
  struct CodeNumber {
    uint32_t batch = 0;  // in which `index` is valid
    uint32_t index = 0;
  };
  // Where a row's null map lies, and its next value.
  struct Cursor {
    const char* present;
    const char* value;
  };

  void DecodePeople(std::span<const char* const> rows,
                    const std::vector<uint32_t>& person_of,
                    dataset::RecordBatch* batch);
  void DecodeColumn(size_t column, dataset::Column* out);
  template <typename Each>
  size_t ForEachRow(size_t column, std::vector<uint8_t>& present, Each each);
  template <typename T>
  size_t DecodeFixed(size_t column, std::vector<uint8_t>& present,
                     std::vector<T>& out);
  size_t DecodeCodes(size_t column, dataset::ColumnFiller& out);

  const std::deque<SharedCodes>& codes_;
  std::vector<dataset::ColumnType> types_;
  std::vector<std::vector<CodeNumber>> numbers_;  // by column, then code
  uint32_t batch_number_ = 0;
  std::vector<Cursor> cursors_;
};

// Length of the row at `row`, its two length bytes included.
inline size_t RowSize(const char* row) {
  uint16_t length = 0;
  std::memcpy(&length, row, sizeof(length));
  return size_t{length} + sizeof(length);
}

}  // namespace tally::pseudonymiser

#endif  // TALLY_PSEUDONYMISER_SRC_ROW_RECORD_H_
