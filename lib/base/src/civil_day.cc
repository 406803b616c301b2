#include "base/civil_day.h"

#include <time.h>

#include <algorithm>
#include <array>
#include <optional>

#include "absl/strings/str_format.h"
#include "base/status.h"

namespace tally {
namespace {

constexpr int32_t kFirstDay = -719162;  // 0001-01-01
constexpr int32_t kLastDay = 2932896;   // 9999-12-31

constexpr std::array<std::string_view, 12> kMonthNames = {
    "January", "February", "March",     "April",   "May",      "June",
    "July",    "August",   "September", "October", "November", "December"};

struct Parts {
  int year;
  int month;
  int day;
};

constexpr bool IsLeap(int year) {
  return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

constexpr int DaysInMonth(int year, int month) {
  constexpr std::array<int, 12> kDays = {31, 28, 31, 30, 31, 30,
                                         31, 31, 30, 31, 30, 31};
  if (month == 2 && IsLeap(year)) return 29;
  return kDays[static_cast<size_t>(month - 1)];
}

// Both directions count in years that begin on 1 March, so that the leap day is
// the last of its year, and in eras of 400 years, which are all 146,097 days
// long. Years are positive here, so plain division rounds down.
constexpr int32_t DaysFromParts(int year, int month, int day) {
  const int y = month <= 2 ? year - 1 : year;
  const int era = y / 400;
  const int year_of_era = y % 400;
  const int shifted_month = month > 2 ? month - 3 : month + 9;
  const int day_of_year = (153 * shifted_month + 2) / 5 + day - 1;
  const int day_of_era =
      year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return era * 146097 + day_of_era - 719468;
}

constexpr Parts PartsFromDays(int32_t days) {
  const int z = days + 719468;
  const int era = z / 146097;
  const int day_of_era = z % 146097;
  const int year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 -
                           day_of_era / 146096) /
                          365;
  const int day_of_year =
      day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const int shifted_month = (5 * day_of_year + 2) / 153;
  const int day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
  const int month = shifted_month < 10 ? shifted_month + 3 : shifted_month - 9;
  const int year = year_of_era + era * 400 + (month <= 2 ? 1 : 0);
  return {year, month, day};
}

static_assert(DaysFromParts(1970, 1, 1) == 0);
static_assert(DaysFromParts(1, 1, 1) == kFirstDay);
static_assert(DaysFromParts(9999, 12, 31) == kLastDay);

absl::Status NoMatch() {
  return absl::InvalidArgumentError("the text is no date of this format");
}

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// Takes between `least` and `most` digits off the front.
std::optional<int> TakeDigits(std::string_view& text, size_t least,
                              size_t most) {
  size_t count = 0;
  int value = 0;
  while (count < most && count < text.size() && IsDigit(text[count])) {
    value = value * 10 + (text[count] - '0');
    ++count;
  }
  if (count < least) return std::nullopt;
  text.remove_prefix(count);
  return value;
}

// Takes "Jan" .. "Dec" off the front, in any case.
std::optional<int> TakeMonthName(std::string_view& text) {
  if (text.size() < 3) return std::nullopt;
  for (size_t m = 0; m < kMonthNames.size(); ++m) {
    bool same = true;
    for (size_t i = 0; i < 3; ++i) {
      const char c = text[i];
      const char lower =
          c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
      const char name = kMonthNames[m][i];
      const char want = name >= 'A' && name <= 'Z'
                            ? static_cast<char>(name - 'A' + 'a')
                            : name;
      same = same && lower == want;
    }
    if (same) {
      text.remove_prefix(3);
      return static_cast<int>(m) + 1;
    }
  }
  return std::nullopt;
}

struct Fields {
  std::optional<int> year;
  std::optional<int> month;
  std::optional<int> day;
};

// One %x of a format; false when the text does not match it.
bool TakeField(char code, std::string_view& text, Fields& fields) {
  std::optional<int> value;
  switch (code) {
    case 'Y':
      return (fields.year = TakeDigits(text, 4, 4)).has_value();
    case 'y':
      value = TakeDigits(text, 2, 2);
      if (value.has_value()) fields.year = *value + (*value < 50 ? 2000 : 1900);
      return value.has_value();
    case 'm':
      return (fields.month = TakeDigits(text, 2, 2)).has_value();
    case 'f':
      return (fields.month = TakeDigits(text, 1, 2)).has_value();
    case 'b':
      return (fields.month = TakeMonthName(text)).has_value();
    case 'd':
      return (fields.day = TakeDigits(text, 2, 2)).has_value();
    case 'e':
      return (fields.day = TakeDigits(text, 1, 2)).has_value();
    case 'H':
      value = TakeDigits(text, 2, 2);
      return value.has_value() && *value < 24;
    case 'M':
    case 'S':
      value = TakeDigits(text, 2, 2);
      return value.has_value() && *value < 60;
    default:
      return false;
  }
}

int64_t UnixMs(clockid_t clock) {
  timespec now{};
  TALLY_CHECK(clock_gettime(clock, &now) == 0);
  return int64_t{now.tv_sec} * 1000 + now.tv_nsec / 1000000;
}

std::string FormatUtc(int64_t unix_ms, bool with_ms) {
  constexpr int64_t kDayMs = 86400000;
  int64_t day = unix_ms / kDayMs;
  int64_t ms = unix_ms % kDayMs;
  if (ms < 0) {
    ms += kDayMs;
    --day;
  }
  if (day < kFirstDay || day > kLastDay) return "out of range";
  const Parts p = PartsFromDays(static_cast<int32_t>(day));
  std::string text =
      absl::StrFormat("%04d-%02d-%02dT%02d:%02d:%02d", p.year, p.month, p.day,
                      ms / 3600000, ms / 60000 % 60, ms / 1000 % 60);
  if (with_ms) text += absl::StrFormat(".%03d", ms % 1000);
  return text + "Z";
}

}  // namespace

absl::StatusOr<CivilDay> CivilDay::Create(int year, int month, int day) {
  if (year < 1 || year > 9999 || month < 1 || month > 12 || day < 1 ||
      day > DaysInMonth(year, month)) {
    return absl::InvalidArgumentError("there is no such day");
  }
  return CivilDay(DaysFromParts(year, month, day));
}

absl::StatusOr<CivilDay> CivilDay::FromDays(int32_t days) {
  if (days < kFirstDay || days > kLastDay) {
    return absl::InvalidArgumentError("the day lies outside years 1 to 9999");
  }
  return CivilDay(days);
}

absl::Status CivilDay::CheckFormat(std::string_view format) {
  int years = 0;
  int months = 0;
  int days = 0;
  for (size_t i = 0; i < format.size(); ++i) {
    if (format[i] != '%') continue;
    const char code = ++i < format.size() ? format[i] : '\0';
    years += code == 'Y' || code == 'y' ? 1 : 0;
    months += code == 'm' || code == 'f' || code == 'b' ? 1 : 0;
    days += code == 'd' || code == 'e' ? 1 : 0;
    if (code == '\0' ||
        std::string_view("YymfbdeHMS%").find(code) == std::string_view::npos) {
      return absl::InvalidArgumentError(
          "a date format knows %Y %y %m %f %b %d %e %H %M %S %% only");
    }
  }
  if (years != 1 || months != 1 || days != 1) {
    return absl::InvalidArgumentError(
        "a date format names year, month and day, each once");
  }
  return absl::OkStatus();
}

absl::StatusOr<CivilDay> CivilDay::Parse(std::string_view text,
                                         std::string_view format) {
  Fields fields;
  for (size_t i = 0; i < format.size(); ++i) {
    const bool is_field =
        format[i] == '%' && i + 1 < format.size() && format[i + 1] != '%';
    if (is_field) {
      if (!TakeField(format[++i], text, fields)) return NoMatch();
      continue;
    }
    if (format[i] == '%') ++i;  // "%%"; a lone one at the end matches nothing
    if (i >= format.size() || text.empty() || text[0] != format[i]) {
      return NoMatch();
    }
    text.remove_prefix(1);
  }
  if (!text.empty()) return NoMatch();
  if (!fields.year || !fields.month || !fields.day) {
    return absl::InvalidArgumentError(
        "a date format names year, month and day");
  }
  return Create(*fields.year, *fields.month, *fields.day);
}

CivilDay CivilDay::TodayUtc() {
  return CivilDay(static_cast<int32_t>(UnixMs(CLOCK_REALTIME) / 86400000));
}

int CivilDay::year() const { return PartsFromDays(days_).year; }
int CivilDay::month() const { return PartsFromDays(days_).month; }
int CivilDay::day() const { return PartsFromDays(days_).day; }

int CivilDay::Weekday() const {
  return (days_ - kFirstDay) % 7;  // 0001-01-01 is a Monday
}

std::string CivilDay::ToIso() const {
  const Parts p = PartsFromDays(days_);
  return absl::StrFormat("%04d-%02d-%02d", p.year, p.month, p.day);
}

std::string CivilDay::ToText() const {
  const Parts p = PartsFromDays(days_);
  return absl::StrFormat("%d %s %d", p.day,
                         kMonthNames[static_cast<size_t>(p.month - 1)], p.year);
}

std::string CivilDay::ToMonth() const {
  const Parts p = PartsFromDays(days_);
  return absl::StrFormat("%04d-%02d", p.year, p.month);
}

int CivilDay::FinancialYear() const {
  const Parts p = PartsFromDays(days_);
  return p.month >= 4 ? p.year : p.year - 1;
}

CivilDay CivilDay::FirstOfMonth() const {
  return CivilDay(days_ - (PartsFromDays(days_).day - 1));
}

CivilDay CivilDay::LastOfMonth() const {
  const Parts p = PartsFromDays(days_);
  return CivilDay(days_ + DaysInMonth(p.year, p.month) - p.day);
}

CivilDay CivilDay::Monday() const { return CivilDay(days_ - Weekday()); }

absl::StatusOr<CivilDay> CivilDay::AddMonths(int months) const {
  const Parts p = PartsFromDays(days_);
  const int64_t all = int64_t{p.year} * 12 + (p.month - 1) + months;
  if (all < 12 || all >= 10000 * 12) {
    return absl::InvalidArgumentError("the day lies outside years 1 to 9999");
  }
  const int year = static_cast<int>(all / 12);
  const int month = static_cast<int>(all % 12) + 1;
  return Create(year, month, std::min(p.day, DaysInMonth(year, month)));
}

absl::StatusOr<CivilDay> CivilDay::AddDays(int64_t days) const {
  if (days < -4000000 || days > 4000000) {
    return absl::InvalidArgumentError("the day lies outside years 1 to 9999");
  }
  return FromDays(static_cast<int32_t>(days_ + days));
}

int CivilDay::YearsSince(CivilDay birth) const {
  const Parts now = PartsFromDays(days_);
  const Parts then = PartsFromDays(birth.days_);
  const bool before_birthday =
      now.month < then.month || (now.month == then.month && now.day < then.day);
  return now.year - then.year - (before_birthday ? 1 : 0);
}

absl::StatusOr<CivilMonth> ParseMonth(std::string_view text) {
  TALLY_ASSIGN_OR_RETURN(
      const CivilDay first,
      CivilDay::Parse(std::string(text) + "-01", "%Y-%m-%d"));
  return CivilMonth{first, first.LastOfMonth()};
}

std::string NowUtcRfc3339() { return FormatUtc(NowUnixMs(), false); }
std::string NowUtcRfc3339Ms() { return FormatUtc(NowUnixMs(), true); }

std::string FormatUtcRfc3339(int64_t unix_ms) {
  return FormatUtc(unix_ms, false);
}

namespace {

// Milliseconds of ".5" or ".123456789"; of "" none.
std::optional<int64_t> FractionMs(std::string_view text) {
  if (text.empty()) return 0;
  const std::string_view digits = text.substr(1);
  if (text[0] != '.' || digits.empty() || digits.size() > 9 ||
      !std::all_of(digits.begin(), digits.end(), IsDigit)) {
    return std::nullopt;
  }
  int64_t ms = 0;
  for (size_t i = 0; i < 3; ++i) {
    ms = ms * 10 + (i < digits.size() ? digits[i] - '0' : 0);
  }
  return ms;
}

}  // namespace

absl::StatusOr<int64_t> ParseUtcRfc3339(std::string_view text) {
  const absl::Status no_time =
      absl::InvalidArgumentError("not a time of the form 2026-11-20T09:30:00Z");
  if (text.size() < 20 || text[10] != 'T' || text.back() != 'Z') return no_time;
  const absl::StatusOr<CivilDay> day = CivilDay::Parse(text.substr(0, 10));
  if (!day.ok()) return no_time;
  std::string_view rest = text.substr(11, text.size() - 12);
  std::array<int, 3> parts{};
  for (size_t i = 0; i < 3; ++i) {
    const std::optional<int> value = TakeDigits(rest, 2, 2);
    if (!value || *value >= (i == 0 ? 24 : 60)) return no_time;
    parts[i] = *value;
    if (i == 2) break;
    if (rest.empty() || rest[0] != ':') return no_time;
    rest.remove_prefix(1);
  }
  const std::optional<int64_t> ms = FractionMs(rest);
  if (!ms) return no_time;
  return int64_t{day->days()} * 86400000 + parts[0] * 3600000 +
         parts[1] * 60000 + parts[2] * 1000 + *ms;
}

int64_t NowUnixMs() { return UnixMs(CLOCK_REALTIME); }
int64_t NowMonotonicMs() { return UnixMs(CLOCK_MONOTONIC); }

}  // namespace tally
