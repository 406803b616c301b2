#ifndef TALLY_DATASET_VALUE_CHECK_H_
#define TALLY_DATASET_VALUE_CHECK_H_

// Whether a typed value is one that its column may hold. The source asks
// before it sends and drops the row with the reason; the hub asks again,
// because a source may be faulty or hostile, and refuses the batch.
//
// Role: source and hub.
//
// Spec: docs/spec/dataset-v1.md, "Values".
// Threading: pure functions.
// Secrets: sees record values, keeps and prints none.

#include <cstdint>
#include <string_view>

#include "dataset/row_reason.h"
#include "dataset/specification.h"

namespace tally::dataset {

// Each returns kNone when the value may leave, otherwise the fault.
// `today_days` bounds columns with max = "today" (days since 1970-01-01).
RowReason CheckInteger(const ColumnSpec& column, int64_t value);
RowReason CheckDouble(const ColumnSpec& column, double value);  // finite, no -0
RowReason CheckDate(const ColumnSpec& column, int32_t days, int32_t today_days);
// 1 to max_length printable ASCII characters; pattern or codes. Membership of
// `list` is for the source, which has the list.
RowReason CheckCode(const ColumnSpec& column, std::string_view value);
// Valid UTF-8, no control character, at most max_length bytes, pattern.
RowReason CheckText(const ColumnSpec& column, std::string_view value);

// True when valid UTF-8 holds a C0 or C1 control character, DEL, or one of
// the line, paragraph and direction controls that hide text from a reader.
bool HasControl(std::string_view utf8);

}  // namespace tally::dataset

#endif  // TALLY_DATASET_VALUE_CHECK_H_
