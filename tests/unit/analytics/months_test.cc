// Months of activity and of the list.
#include "measures/months.h"

#include "absl/strings/str_format.h"
#include "analytics/measures/patient_list.h"
#include "bench.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "measures/list_stays.h"
#include "status_matchers.h"

namespace tally::analytics {
namespace {

CivilDay Day(int year, int month, int day) {
  return *CivilDay::Create(year, month, day);
}

TEST(MonthSpan, EndsWithItsMonth) {
  const auto three = MonthsEndingWith(Day(2026, 2, 1), 3);
  ASSERT_OK(three);
  EXPECT_EQ(three->first, Day(2025, 12, 1));
  EXPECT_EQ(three->last, Day(2026, 2, 28));
  EXPECT_EQ(three->ToText(), "2025-12 to 2026-02");
  EXPECT_THAT(
      MonthsOf(*three),
      testing::ElementsAre(Day(2025, 12, 1), Day(2026, 1, 1), Day(2026, 2, 1)));
  EXPECT_EQ(MonthsEndingWith(Day(2026, 2, 1), 1)->ToText(), "2026-02");
  EXPECT_FALSE(MonthsEndingWith(Day(2026, 2, 1), 0).ok());
}

// Registrations of every shape: the stays must say in each month what the list
// of that month says.
TEST(ListSizes, EqualTheListOfEachMonth) {
  FixtureRelease release;
  const auto add = [&](int person, const char* practice, const char* start,
                       const char* end, const char* death = "") {
    FixtureRegistration r;
    r.person = person;
    r.practice = practice;
    r.start = start;
    r.end = end;
    r.death = death;
    release.registrations.push_back(r);
  };
  add(1, "Z90001", "2015-04-01", "");
  add(2, "Z90001", "2025-03-01", "2025-05-01");
  add(3, "Z90001", "2025-01-01", "2025-06-01");  // moved, both count in June
  add(3, "Z90002", "2025-06-01", "");
  add(4, "Z90001", "2024-01-01", "");  // away for a while
  add(4, "Z90003", "2025-04-01", "2025-06-01");
  add(5, "Z90002", "2025-02-01", "", "2025-07-01");  // died
  add(6, "Z90002", "2025-02-01", "");                // two of one start
  add(6, "Z90001", "2025-02-01", "");
  add(7, "", "2025-02-01", "2025-09-01");        // no practice
  add(8, "Z90001", "2025-09-01", "2025-08-01");  // ends before it starts
  add(9, "Z90001", "2026-11-01", "");            // after the last month
  add(0, "Z90001", "2015-04-01", "");
  Bench bench(release);
  const MeasureDefinition definition = *LoadDefinition("C02", "");
  BaseTables base;
  const MeasureContext context{bench.folder(),
                               bench.database().connection(),
                               definition,
                               Day(2026, 10, 1),
                               {},
                               "",
                               base};
  ASSERT_OK(MakeListStays(context));
  const Span span = *MonthsEndingWith(context.month, 24);
  const auto sizes = ListSizes(context, span);
  ASSERT_OK(sizes);
  int64_t compared = 0;
  for (const CivilDay month : MonthsOf(span)) {
    const auto list = MakePatientListAt(context, month);
    ASSERT_OK(list);
    const auto different = context.connection.Scalar(absl::StrFormat(
        "SELECT count(*) FROM (SELECT person, practice FROM %1$s) AS a FULL "
        "JOIN (SELECT person, practice FROM list_stay WHERE DATE '%2$s' "
        "BETWEEN from_month AND to_month) AS b ON a.person = b.person AND "
        "a.practice = b.practice WHERE a.person IS NULL OR b.person IS NULL",
        *list, month.ToIso()));
    ASSERT_OK(different);
    EXPECT_EQ(*different->As<int64_t>(), 0) << month.ToMonth();
    for (const char* practice : {"Z90001", "Z90002", "Z90003", "unknown"}) {
      const auto people = context.connection.Scalar(absl::StrFormat(
          "SELECT count(*) FROM %s WHERE practice = '%s'", *list, practice));
      ASSERT_OK(people);
      const auto found = sizes->find({practice, month});
      const int64_t size = found == sizes->end() ? 0 : found->second;
      EXPECT_EQ(size, *people->As<int64_t>()) << practice << month.ToMonth();
      compared += size;
    }
  }
  EXPECT_GT(compared, 24);
}

}  // namespace
}  // namespace tally::analytics
