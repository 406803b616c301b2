// Dates by week are given as Mondays; a week belongs to the month of its
// Thursday, at both ends of the twelve months, in every measure.
#include <string>
#include <vector>

#include "absl/strings/str_format.h"
#include "bench.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "hospital_rows.h"

namespace tally::analytics {
namespace {

using testing::ElementsAre;

// The year to September 2026. Weeks: 22 September 2025 ends before it, 29
// September reaches to 5 October; 21 September 2026 lies in it, 28 September
// belongs to October.
FixtureRelease Weeks() {
  FixtureRelease release;
  release.period_end = "2026-09-30";
  FixtureTable apc = ApcTable();
  FixtureTable ecds = EcdsTable();
  FixtureTable deaths = DeathTable();
  FixtureTable items = PrescriptionTable();
  int person = 0;
  for (const char* monday :
       {"2025-09-22", "2025-09-29", "2026-09-21", "2026-09-28"}) {
    FixtureRegistration r;
    r.person = ++person;
    release.registrations.push_back(r);
    FixtureEpisode episode;
    episode.person = person;
    episode.spell = person;
    episode.admitted = episode.discharged = monday;
    AddEpisode(episode, apc);
    AddAttendance(person, monday, ecds);
    AddDeath(person, monday, deaths);
    AddItem(person, monday, "0212000B0", items);
  }
  for (FixtureTable* table : {&apc, &ecds, &deaths, &items}) {
    table->grain = "week";
    release.activity.push_back(*table);
  }
  return release;
}

TEST(Weeks, BelongToTheMonthOfTheirThursdayInInequality) {
  Bench bench(Weeks());
  const auto result = bench.Run("C06");
  ASSERT_TRUE(result.ok()) << result.status();
  ASSERT_FALSE(result->unavailable.has_value()) << *result->unavailable;
  for (const char* measure :
       {"Emergency admissions", "First unplanned emergency attendances",
        "Deaths under 75"}) {
    EXPECT_EQ(Find(result->tables[1],
                   {{"measure", measure}, {"imd_decile", "All"}}, "events"),
              "2")
        << measure;
  }
}

TEST(Weeks, BelongToTheMonthOfTheirThursdayInTheCostOfAYear) {
  Bench bench(Weeks());
  const auto run = bench.Run("C04");
  ASSERT_TRUE(run.ok()) << run.status();
  ASSERT_FALSE(run->unavailable.has_value()) << *run->unavailable;
  auto result = bench.database().connection().Query(
      "SELECT format('{} {} {}', person, pence, events) FROM person_year "
      "ORDER BY person");
  ASSERT_TRUE(result.ok()) << result.status();
  std::vector<std::string> rows;
  const auto all = result->AllRows();
  for (const auto& row : *all) rows.push_back(*row.at(0).As<std::string>());
  EXPECT_THAT(rows, ElementsAre("2 100500 2", "3 100500 2"));
}

}  // namespace
}  // namespace tally::analytics
