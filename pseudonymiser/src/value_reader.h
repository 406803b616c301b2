#ifndef TALLY_PSEUDONYMISER_SRC_VALUE_READER_H_
#define TALLY_PSEUDONYMISER_SRC_VALUE_READER_H_

// Texts of a supplier's file as typed values: days in the supplier's format,
// time stamps, truth values, numbers. Strict: what is not wholly of the form is
// no value.
//
// Spec: docs/spec/dataset-v1.md, "Values".
// Threading: const functions from any thread.
// Secrets: see values, keep none.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/civil_day.h"

namespace tally::pseudonymiser {

// The texts that mean "no value" in one input.
class NullMarkers {
 public:
  explicit NullMarkers(std::vector<std::string> markers);
  // Whether `text`, white space around it cut, is empty or a marker.
  bool IsNull(std::string_view text) const {
    return text.empty() ||
           ((lengths_ & LengthBit(text.size())) != 0 && IsMarker(text));
  }

 private:
  static uint64_t LengthBit(size_t length) {
    return uint64_t{1} << std::min<size_t>(length, 63);
  }
  bool IsMarker(std::string_view text) const;

  std::vector<std::string> markers_;
  uint64_t lengths_ = 0;  // bit n: some marker has n characters (63: or more)
};

// A minute on a day.
struct TimeStamp {
  CivilDay day;
  int32_t minute = 0;  // 0 to 1439
};

// Reads days and time stamps as one supplier writes them.
class DateReader {
 public:
  // `format` as CivilDay::Parse takes it. REQUIRES: CheckFormat() is OK.
  explicit DateReader(std::string format);

  // A day, or a time stamp whose time is dropped when the format has one.
  std::optional<CivilDay> Day(std::string_view text) const;
  // The day by the format's date part, a space or "T", then HH:MM, HH:MM:SS
  // (a fraction is passed over) or HHMM.
  std::optional<TimeStamp> Stamp(std::string_view text) const;

 private:
  std::string format_;
  std::string date_format_;  // without a time at its end
};

// HH:MM, HH:MM:SS, HH:MM:SS.fff or HHMM as minutes since midnight.
std::optional<int32_t> ReadTime(std::string_view text);
// 1/0, Y/N, true/false, yes/no, T/F in any case.
std::optional<bool> ReadBool(std::string_view text);
// An optional sign, digits; no other character. Leading zeros are allowed.
std::optional<int64_t> ReadInteger(std::string_view text);
// A decimal number, optionally with an exponent; finite; -0 becomes 0.
std::optional<double> ReadDouble(std::string_view text);

}  // namespace tally::pseudonymiser

#endif  // TALLY_PSEUDONYMISER_SRC_VALUE_READER_H_
