#include "dataset/value_check.h"

#include <algorithm>
#include <cmath>

#include "base/strings.h"

namespace tally::dataset {
namespace {

// Marks that change the order of what a reader sees, or end a line.
bool IsHidingMark(uint32_t point) {
  return (point >= 0x200b && point <= 0x200f) ||
         (point >= 0x2028 && point <= 0x202e) ||
         (point >= 0x2066 && point <= 0x2069) || point == 0xfeff;
}

}  // namespace

RowReason CheckInteger(const ColumnSpec& column, int64_t value) {
  return value < column.min_int || value > column.max_int
             ? RowReason::kValueRange
             : RowReason::kNone;
}

RowReason CheckDouble(const ColumnSpec& column, double value) {
  if (!std::isfinite(value) || (value == 0 && std::signbit(value))) {
    return RowReason::kValueType;
  }
  if (column.has_range &&
      (value < column.min_double || value > column.max_double)) {
    return RowReason::kValueRange;
  }
  return RowReason::kNone;
}

RowReason CheckDate(const ColumnSpec& column, int32_t days,
                    int32_t today_days) {
  if (column.max_is_today && days > today_days) return RowReason::kDateFuture;
  return CheckInteger(column, days);
}

RowReason CheckCode(const ColumnSpec& column, std::string_view value) {
  if (value.empty()) return RowReason::kValueMissing;
  if (value.size() > column.max_length) return RowReason::kTextLength;
  for (const char c : value) {
    if (c < 0x20 || c > 0x7e) return RowReason::kTextEncoding;
  }
  if (column.pattern != nullptr) {
    return column.pattern->Matches(value) ? RowReason::kNone
                                          : RowReason::kValueRange;
  }
  if (!column.codes.empty() && !column.HasCode(value)) {
    return RowReason::kValueNotInList;
  }
  return RowReason::kNone;
}

RowReason CheckText(const ColumnSpec& column, std::string_view value) {
  if (value.empty()) return RowReason::kValueMissing;
  if (value.size() > column.max_length) return RowReason::kTextLength;
  if (!IsValidUtf8(value)) return RowReason::kTextEncoding;
  if (HasControl(value)) return RowReason::kTextControl;
  if (column.pattern != nullptr && !column.pattern->Matches(value)) {
    return RowReason::kValueRange;
  }
  return RowReason::kNone;
}

bool HasControl(std::string_view utf8) {
  for (size_t at = 0; at < utf8.size();) {
    const auto byte = [&](size_t i) {
      return static_cast<uint32_t>(static_cast<uint8_t>(utf8[i]));
    };
    const uint32_t first = byte(at);
    if (first < 0x80) {
      if (first < 0x20 || first == 0x7f) return true;
      ++at;
      continue;
    }
    const size_t length = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    uint32_t point = first & (0xffu >> (length + 1));
    for (size_t i = 1; i < length; ++i) {
      if (at + i >= utf8.size()) return true;
      point = point << 6 | (byte(at + i) & 0x3f);
    }
    if (point <= 0x9f || IsHidingMark(point)) return true;
    at += length;
  }
  return false;
}

}  // namespace tally::dataset
