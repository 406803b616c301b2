#ifndef TALLY_WIRE_SRC_ROW_BATCH_FIELDS_H_
#define TALLY_WIRE_SRC_ROW_BATCH_FIELDS_H_

// Field numbers of RowBatch and its parts, as in tally/extract/v1. A test
// compares them with the generated descriptors. Private to lib/wire.
//
// Threading: constants.
// Secrets: none.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "dataset/column_type.h"
#include "dataset/record_batch.h"
#include "dataset/row_reason.h"

namespace tally::wire {

enum RowBatchField : uint32_t {
  kRowDataset = 1,
  kRowFirst = 2,
  kRowCount = 3,
  kRowPersonIndex = 4,
  kRowPersonReason = 5,
  kRowColumns = 6,
};

enum ColumnField : uint32_t {
  kColumnNumber = 1,
  kColumnPresent = 2,
  kColumnBools = 3,
  kColumnInt32s = 4,
  kColumnInt64s = 5,
  kColumnDoubles = 6,
  kColumnDates = 7,
  kColumnCodes = 8,
  kColumnTexts = 9,
};

// Int32Values, Int64Values, DoubleValues, DateValues.
inline constexpr uint32_t kNumberValues = 1;
inline constexpr uint32_t kCodeDictionary = 1;
inline constexpr uint32_t kCodeIndex = 2;
inline constexpr uint32_t kTextData = 1;
inline constexpr uint32_t kTextEnd = 2;

inline constexpr size_t kMaxVarint32Bytes = 5;

constexpr uint32_t ValueField(dataset::ColumnType type) {
  switch (type) {
    case dataset::ColumnType::kBool:
      return kColumnBools;
    case dataset::ColumnType::kInt32:
      return kColumnInt32s;
    case dataset::ColumnType::kInt64:
      return kColumnInt64s;
    case dataset::ColumnType::kDouble:
      return kColumnDoubles;
    case dataset::ColumnType::kDate:
      return kColumnDates;
    case dataset::ColumnType::kCode:
      return kColumnCodes;
    case dataset::ColumnType::kText:
      break;
  }
  return kColumnTexts;
}

constexpr std::string_view ValueName(dataset::ColumnType type) {
  constexpr std::string_view kNames[] = {"bools", "int32s", "int64s", "doubles",
                                         "dates", "codes",  "texts"};
  return kNames[ValueField(type) - kColumnBools];
}

// A row has a person and no reason, or none and a reason for that.
inline bool PersonFits(int32_t index, dataset::RowReason reason) {
  if (index != dataset::kNoPerson) {
    return reason == dataset::RowReason::kNone;
  }
  return reason != dataset::RowReason::kNone &&
         !dataset::RowReasonName(reason).empty() &&
         dataset::OutcomeOf(reason) == dataset::RowOutcome::kUnlinked;
}

}  // namespace tally::wire

#endif  // TALLY_WIRE_SRC_ROW_BATCH_FIELDS_H_
