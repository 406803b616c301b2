#ifndef TALLY_BASE_CIVIL_DAY_H_
#define TALLY_BASE_CIVIL_DAY_H_

// A day of the Gregorian calendar, without time and time zone, from 0001-01-01
// to 9999-12-31; and the clock as RFC 3339 text. The clock is for records of
// when something happened: order comes from sequence numbers, never from it.
//
// Threading: values.
// Secrets: a date of birth is an identifier: a day is printed by tests only,
// and errors here never repeat the text that did not parse.

#include <compare>
#include <cstdint>
#include <iosfwd>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace tally {

class CivilDay {
 public:
  // 1970-01-01.
  constexpr CivilDay() = default;

  // Returns kInvalidArgument for a day that does not exist, and for a year
  // outside 1 to 9999.
  [[nodiscard]] static absl::StatusOr<CivilDay> Create(int year, int month,
                                                       int day);

  // `days` since 1970-01-01; kInvalidArgument outside the range of years.
  [[nodiscard]] static absl::StatusOr<CivilDay> FromDays(int32_t days);

  // Reads `text` by `format`, strictly: the whole text must match, digits are
  // ASCII, nothing is skipped. In `format`:
  //   %Y four digits   %y two digits, 1950 to 2049   %m %d two digits
  //   %b Jan .. Dec, any case   %e %f one or two digits: day, month
  //   %H %M %S two digits of a time, checked and dropped
  //   %% a percent sign; any other character is itself
  // Returns kInvalidArgument when the text does not match, names no day, or the
  // format is not one: it must name year, month and day once each.
  [[nodiscard]] static absl::StatusOr<CivilDay> Parse(
      std::string_view text, std::string_view format = "%Y-%m-%d");

  // OK when Parse() accepts `format`. For checking a configuration at start.
  [[nodiscard]] static absl::Status CheckFormat(std::string_view format);

  // Today by the system clock, in UTC.
  static CivilDay TodayUtc();

  int32_t days() const { return days_; }
  int year() const;
  int month() const;    // 1 to 12
  int day() const;      // 1 to 31
  int Weekday() const;  // Monday = 0

  // "2026-11-20".
  std::string ToIso() const;
  // "20 November 2026", as a reader expects it.
  std::string ToText() const;
  // "2026-11".
  std::string ToMonth() const;

  // First year of the NHS financial year, which begins on 1 April: 2026 for
  // 2026-04-01 to 2027-03-31.
  int FinancialYear() const;

  CivilDay FirstOfMonth() const;
  CivilDay LastOfMonth() const;
  // The Monday on or before this day. REQUIRES: not before 0001-01-01, which is
  // a Monday, so always there.
  CivilDay Monday() const;

  // The same day `months` later (or earlier); the last of the month when that
  // has no such day. kInvalidArgument outside the range of years.
  absl::StatusOr<CivilDay> AddMonths(int months) const;
  absl::StatusOr<CivilDay> AddDays(int64_t days) const;

  // Whole years from `birth` to this day, counted as birthdays (29 February
  // counts on 1 March in other years). Negative before birth.
  int YearsSince(CivilDay birth) const;

  friend constexpr auto operator<=>(CivilDay, CivilDay) = default;
  friend constexpr int32_t operator-(CivilDay a, CivilDay b) {
    return a.days_ - b.days_;
  }

 private:
  constexpr explicit CivilDay(int32_t days) : days_(days) {}
  int32_t days_ = 0;
};

// First and last day of "2026-11". kInvalidArgument for any other text.
struct CivilMonth {
  CivilDay first;
  CivilDay last;
};
absl::StatusOr<CivilMonth> ParseMonth(std::string_view text);

// Now as "2026-11-20T09:30:00Z", and with milliseconds
// "2026-11-20T09:30:00.123Z".
std::string NowUtcRfc3339();
std::string NowUtcRfc3339Ms();

// `unix_ms` (milliseconds since 1970) in the same form, to the second.
std::string FormatUtcRfc3339(int64_t unix_ms);

// Milliseconds since 1970 of "2026-11-20T09:30:00Z" (fraction of 1 to 9 digits
// allowed, `Z` required). kInvalidArgument.
absl::StatusOr<int64_t> ParseUtcRfc3339(std::string_view text);

int64_t NowUnixMs();       // system clock
int64_t NowMonotonicMs();  // for durations

}  // namespace tally

#endif  // TALLY_BASE_CIVIL_DAY_H_
