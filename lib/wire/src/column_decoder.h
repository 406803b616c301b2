#ifndef TALLY_WIRE_SRC_COLUMN_DECODER_H_
#define TALLY_WIRE_SRC_COLUMN_DECODER_H_

// Reads and checks one column of a RowBatch. Private to lib/wire.
//
// Threading: one thread per object.
// Secrets: record values pass through; faults carry none.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "base/error.h"
#include "dataset/column_filler.h"
#include "dataset/record_batch.h"
#include "dataset/specification.h"
#include "wire_reader.h"

namespace tally::wire {

class ColumnDecoder {
 public:
  // `number` is the place of `spec` in its specification.
  ColumnDecoder(const dataset::ColumnSpec& spec, size_t number, size_t rows,
                uint64_t first_row, int32_t today_days)
      : spec_(spec),
        number_(number),
        rows_(rows),
        first_row_(first_row),
        today_days_(today_days) {}

  // Reads the column's message into `column`.
  absl::Status Decode(std::span<const uint8_t> message,
                      dataset::Column& column);

 private:
  absl::Status Fault(Reason reason, std::string_view part,
                     std::string_view what) const;
  absl::Status Misencoded(std::string_view what) const;  // of the values
  absl::Status Refused(size_t row, dataset::RowReason why) const;

  absl::Status ReadNumber(WireReader& reader) const;
  absl::Status ReadPresent(WireReader& reader);
  absl::Status ReadValues(std::span<const uint8_t> values);
  absl::Status ReadBools(std::span<const uint8_t> bits);
  absl::Status ReadInt32s(std::span<const uint8_t> packed);
  absl::Status ReadInt64s(std::span<const uint8_t> packed);
  absl::Status ReadDoubles(std::span<const uint8_t> packed);
  absl::Status ReadDates(std::span<const uint8_t> packed);
  absl::Status ReadCodes(WireReader reader);
  absl::Status ReadDictionary(WireReader& reader);
  absl::Status ReadTexts(WireReader reader);

  bool IsNull(size_t row) const {
    return nulls_ != 0 && (present_[row >> 3] >> (row & 7) & 1) == 0;
  }

  const dataset::ColumnSpec& spec_;
  const size_t number_;
  const size_t rows_;
  const uint64_t first_row_;
  const int32_t today_days_;
  dataset::ColumnFiller* filler_ = nullptr;
  const uint8_t* present_ = nullptr;
  size_t nulls_ = 0;
};

}  // namespace tally::wire

#endif  // TALLY_WIRE_SRC_COLUMN_DECODER_H_
