#include "base/civil_day.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

#include "status_matchers.h"

namespace tally {
namespace {

using testing::MatchesRegex;

CivilDay Day(int year, int month, int day) {
  return CivilDay::Create(year, month, day).value();
}

// A calendar that counts day by day and knows nothing of eras.
struct SlowCalendar {
  int year = 1970;
  int month = 1;
  int day = 1;
  int32_t days = 0;
  int weekday = 3;  // 1970-01-01 was a Thursday

  static int Length(int y, int m) {
    static constexpr std::array<int, 13> kLength = {0,  31, 28, 31, 30, 31, 30,
                                                    31, 31, 30, 31, 30, 31};
    const bool leap = (y % 4 == 0 && y % 100 != 0) || y % 400 == 0;
    return kLength[static_cast<size_t>(m)] + (m == 2 && leap ? 1 : 0);
  }
  void Forward() {
    ++days;
    weekday = (weekday + 1) % 7;
    if (++day <= Length(year, month)) return;
    day = 1;
    if (++month <= 12) return;
    month = 1;
    ++year;
  }
  void Back() {
    --days;
    weekday = (weekday + 6) % 7;
    if (--day >= 1) return;
    if (--month < 1) {
      month = 12;
      --year;
    }
    day = Length(year, month);
  }
};

void ExpectSame(const SlowCalendar& slow) {
  const CivilDay day = Day(slow.year, slow.month, slow.day);
  ASSERT_EQ(day.days(), slow.days);
  ASSERT_EQ(day.year(), slow.year);
  ASSERT_EQ(day.month(), slow.month);
  ASSERT_EQ(day.day(), slow.day);
  ASSERT_EQ(day.Weekday(), slow.weekday) << day.ToIso();
  ASSERT_EQ(CivilDay::FromDays(slow.days).value(), day);
  ASSERT_EQ(CivilDay::Parse(day.ToIso()).value(), day);
  ASSERT_EQ(day.Monday().days(), slow.days - slow.weekday);
  ASSERT_EQ(day.FirstOfMonth(), Day(slow.year, slow.month, 1));
  ASSERT_EQ(
      day.LastOfMonth(),
      Day(slow.year, slow.month, SlowCalendar::Length(slow.year, slow.month)));
}

TEST(CivilDay, AgreesWithASlowCalendarFrom1600To2400) {
  SlowCalendar slow;
  for (; slow.year < 2401; slow.Forward()) ExpectSame(slow);
  slow = SlowCalendar();
  for (; slow.year > 1599; slow.Back()) ExpectSame(slow);
}

TEST(CivilDay, CoversYears1To9999AndNoMore) {
  EXPECT_EQ(Day(1, 1, 1).days(), -719162);
  EXPECT_EQ(Day(9999, 12, 31).days(), 2932896);
  EXPECT_EQ(Day(1, 1, 1).Weekday(), 0);
  EXPECT_THAT(CivilDay::FromDays(-719163),
              StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(CivilDay::FromDays(2932897),
              StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(CivilDay::FromDays(INT32_MIN),
              StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(CivilDay::FromDays(INT32_MAX),
              StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_EQ(CivilDay::FromDays(-719162)->ToIso(), "0001-01-01");
  EXPECT_EQ(CivilDay::FromDays(2932896)->ToIso(), "9999-12-31");
}

TEST(CivilDay, RefusesDaysThatDoNotExist) {
  for (const auto& [y, m, d] : {std::array{2023, 2, 29},
                                {1900, 2, 29},
                                {2026, 0, 1},
                                {2026, 13, 1},
                                {2026, 4, 31},
                                {2026, 1, 0},
                                {2026, 1, 32},
                                {0, 1, 1},
                                {10000, 1, 1},
                                {-5, 1, 1}}) {
    EXPECT_THAT(CivilDay::Create(y, m, d),
                StatusIs(absl::StatusCode::kInvalidArgument))
        << y << "-" << m << "-" << d;
  }
  EXPECT_OK(CivilDay::Create(2000, 2, 29));
  EXPECT_OK(CivilDay::Create(2024, 2, 29));
}

TEST(CivilDay, ParsesEachFormat) {
  const CivilDay day = Day(2026, 3, 7);
  EXPECT_THAT(CivilDay::Parse("07/03/2026", "%d/%m/%Y"), IsOkAndHolds(day));
  EXPECT_THAT(CivilDay::Parse("20260307", "%Y%m%d"), IsOkAndHolds(day));
  EXPECT_THAT(CivilDay::Parse("7.3.2026", "%e.%f.%Y"), IsOkAndHolds(day));
  EXPECT_THAT(CivilDay::Parse("07-MAR-26", "%d-%b-%y"), IsOkAndHolds(day));
  EXPECT_THAT(CivilDay::Parse("2026-03-07 23:59:58", "%Y-%m-%d %H:%M:%S"),
              IsOkAndHolds(day));
  EXPECT_THAT(CivilDay::Parse("2026%0307", "%Y%%%m%d"), IsOkAndHolds(day));
  EXPECT_THAT(CivilDay::Parse("49-01-02", "%y-%m-%d"),
              IsOkAndHolds(Day(2049, 1, 2)));
  EXPECT_THAT(CivilDay::Parse("50-01-02", "%y-%m-%d"),
              IsOkAndHolds(Day(1950, 1, 2)));
}

TEST(CivilDay, MatchesTheWholeTextStrictly) {
  for (const char* text :
       {"", "2026-03-7", "2026-3-07", "2026-03-07 ", " 2026-03-07",
        "2026-03-07T00:00:00Z", "2026/03/07", "+026-03-07", "2026-02-30",
        "2026-03-0x", "2026--3-07", "99999-01-01",
        "\xd9\xa2"
        "026-03-07"}) {
    EXPECT_THAT(CivilDay::Parse(text),
                StatusIs(absl::StatusCode::kInvalidArgument))
        << text;
  }
  EXPECT_THAT(CivilDay::Parse("2026-03-07 24:00", "%Y-%m-%d %H:%M"),
              StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(CivilDay::Parse("07-Mrz-2026", "%d-%b-%Y"),
              StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(CivilDay::Parse(std::string_view("2026-03-07\0", 11)),
              StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST(CivilDay, NeverRepeatsTheTextThatDidNotParse) {
  const auto day = CivilDay::Parse("1961-13-45");
  EXPECT_THAT(std::string(day.status().message()),
              testing::Not(testing::HasSubstr("1961")));
}

TEST(CivilDay, ChecksFormatsBeforeUse) {
  EXPECT_OK(CivilDay::CheckFormat("%d/%m/%Y %H:%M"));
  for (const char* format :
       {"%d/%m", "%Y-%m-%d-%d", "%Y-%m", "%Y-%m-%d%", "%Y-%m-%q", "%j%Y", ""}) {
    EXPECT_THAT(CivilDay::CheckFormat(format),
                StatusIs(absl::StatusCode::kInvalidArgument))
        << format;
  }
  EXPECT_THAT(CivilDay::Parse("2026-03", "%Y-%m"),
              StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST(CivilDay, FinancialYearBeginsOnFirstOfApril) {
  EXPECT_EQ(Day(2026, 3, 31).FinancialYear(), 2025);
  EXPECT_EQ(Day(2026, 4, 1).FinancialYear(), 2026);
  EXPECT_EQ(Day(2027, 3, 31).FinancialYear(), 2026);
}

TEST(CivilDay, AddMonthsKeepsTheDayOrTakesTheLast) {
  EXPECT_THAT(Day(2026, 1, 31).AddMonths(1), IsOkAndHolds(Day(2026, 2, 28)));
  EXPECT_THAT(Day(2024, 1, 31).AddMonths(1), IsOkAndHolds(Day(2024, 2, 29)));
  EXPECT_THAT(Day(2026, 1, 15).AddMonths(-1), IsOkAndHolds(Day(2025, 12, 15)));
  EXPECT_THAT(Day(2026, 11, 30).AddMonths(15), IsOkAndHolds(Day(2028, 2, 29)));
  EXPECT_THAT(Day(1, 1, 1).AddMonths(-1),
              StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(Day(9999, 12, 1).AddMonths(1),
              StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(Day(2026, 1, 1).AddMonths(INT32_MAX),
              StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST(CivilDay, AddDaysStaysInRange) {
  EXPECT_THAT(Day(2026, 2, 28).AddDays(1), IsOkAndHolds(Day(2026, 3, 1)));
  EXPECT_THAT(Day(9999, 12, 31).AddDays(1),
              StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(Day(2026, 1, 1).AddDays(INT64_MAX),
              StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST(CivilDay, CountsYearsAsBirthdays) {
  EXPECT_EQ(Day(2026, 6, 14).YearsSince(Day(1986, 6, 15)), 39);
  EXPECT_EQ(Day(2026, 6, 15).YearsSince(Day(1986, 6, 15)), 40);
  EXPECT_EQ(Day(2025, 2, 28).YearsSince(Day(2024, 2, 29)), 0);
  EXPECT_EQ(Day(2025, 3, 1).YearsSince(Day(2024, 2, 29)), 1);
  EXPECT_EQ(Day(2025, 1, 1).YearsSince(Day(2025, 1, 2)), -1);
}

TEST(CivilDay, WritesTextForReaders) {
  EXPECT_EQ(Day(2026, 11, 20).ToText(), "20 November 2026");
  EXPECT_EQ(Day(2026, 1, 2).ToText(), "2 January 2026");
  EXPECT_EQ(Day(2026, 1, 2).ToMonth(), "2026-01");
}

TEST(ParseMonth, GivesFirstAndLastDay) {
  const auto month = ParseMonth("2024-02");
  ASSERT_OK(month);
  EXPECT_EQ(month->first, Day(2024, 2, 1));
  EXPECT_EQ(month->last, Day(2024, 2, 29));
  for (const char* text : {"2024-2", "2024-13", "2024", "2024-02-01", ""}) {
    EXPECT_FALSE(ParseMonth(text).ok()) << text;
  }
}

TEST(Rfc3339, WritesAndReadsTheSameTime) {
  EXPECT_EQ(FormatUtcRfc3339(0), "1970-01-01T00:00:00Z");
  EXPECT_EQ(FormatUtcRfc3339(-1), "1969-12-31T23:59:59Z");
  for (int64_t ms : {int64_t{0}, int64_t{1795167000000}, int64_t{-86400000},
                     int64_t{253402300799000}}) {
    EXPECT_THAT(ParseUtcRfc3339(FormatUtcRfc3339(ms)), IsOkAndHolds(ms));
  }
  EXPECT_THAT(ParseUtcRfc3339("2026-11-20T09:30:00.5Z"),
              IsOkAndHolds(1795167000500));
  EXPECT_THAT(ParseUtcRfc3339("2026-11-20T09:30:00.123456789Z"),
              IsOkAndHolds(1795167000123));
}

TEST(Rfc3339, RefusesOtherForms) {
  for (const char* text :
       {"", "2026-11-20", "2026-11-20T09:30:00", "2026-11-20 09:30:00Z",
        "2026-11-20T09:30:00+00:00", "2026-11-20T24:00:00Z",
        "2026-11-20T09:60:00Z", "2026-11-20T09:30:60Z", "2026-11-20T09:30:00.Z",
        "2026-11-20T09:30:00.1234567890Z", "2026-11-20T9:30:00Z",
        "2026-11-31T09:30:00Z"}) {
    EXPECT_FALSE(ParseUtcRfc3339(text).ok()) << text;
  }
}

TEST(Rfc3339, NowIsNowInBothForms) {
  const int64_t before = NowUnixMs();
  const auto now = ParseUtcRfc3339(NowUtcRfc3339Ms());
  ASSERT_OK(now);
  EXPECT_GE(*now, before);
  EXPECT_LE(*now, NowUnixMs());
  EXPECT_THAT(NowUtcRfc3339(),
              MatchesRegex("[0-9-]{10}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z"));
  EXPECT_GE(NowMonotonicMs(), 0);
  EXPECT_EQ(CivilDay::TodayUtc().days(), NowUnixMs() / 86400000);
}

}  // namespace
}  // namespace tally
