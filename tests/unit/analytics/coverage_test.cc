// Which months a release covers, and what measures say of the others.
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "bench.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "indicator_world.h"
#include "status_matchers.h"
#include "stays.h"

namespace tally::analytics {
namespace {

using Periods = std::vector<std::pair<std::string, std::string>>;

// Nobody sent January and February 2026 of the hospitals.
const Periods& WithAHole() {
  static const auto& periods =
      *new Periods{{"2022-11-01", "2025-12-31"}, {"2026-03-01", "2026-10-31"}};
  return periods;
}

FixtureRelease OneStay() {
  FixtureRelease release = MakeTown(1, 190, 0, 0);
  FixtureTable apc = StayTable();
  apc.rows = {Stay(1, "2026-09-10", "2026-09-12", {{"diag_01", "J459"}})};
  release.activity.push_back(apc);
  return release;
}

TEST(MonthsNobodySent, AreNotCoveredAndTheMonthsBeginAfterThem) {
  FixtureRelease release = OneStay();
  release.periods_of["national-apc"] = WithAHole();
  Bench bench(release);
  const auto covered = CoveredMonths(bench.folder());
  ASSERT_OK(covered);
  EXPECT_EQ(covered->first.ToMonth(), "2026-03");
  EXPECT_EQ(covered->last.ToMonth(), "2026-10");
  // The twelve months of C31 have the hole in them.
  const auto result = bench.Run("C31");
  ASSERT_OK(result);
  EXPECT_EQ(result->unavailable.value_or("available"),
            "table sus_apc has to cover 2025-11 to 2026-10, and its extracts "
            "do not");
}

TEST(MonthsNobodySent, AreCoveredOnceAnExtractBringsThem) {
  FixtureRelease release = OneStay();
  Periods periods = WithAHole();
  periods.emplace_back("2025-12-01", "2026-02-28");
  release.periods_of["national-apc"] = periods;
  Bench bench(release);
  const auto covered = CoveredMonths(bench.folder());
  ASSERT_OK(covered);
  EXPECT_EQ(covered->first.ToMonth(), "2022-11");
  EXPECT_FALSE(bench.Run("C31")->unavailable.has_value());
}

// The source sent January and February, but not of its admissions.
FixtureRelease AdmissionsWithAHole() {
  FixtureRelease release = OneStay();
  release.periods_of["national-apc"] = {{"2022-11-01", "2025-12-31"},
                                        {"2026-01-01", "2026-02-28"},
                                        {"2026-03-01", "2026-10-31"}};
  release.datasets_of["national-apc"] = {
      {"sus-apc"}, {"gp-event"}, {"gp-event", "sus-apc"}};
  return release;
}

TEST(MonthsNobodySent, AreThoseOfADatasetThatTheExtractDoesNotHold) {
  Bench bench(AdmissionsWithAHole());
  const auto covered = CoveredMonths(bench.folder());
  ASSERT_OK(covered);
  EXPECT_EQ(covered->first.ToMonth(), "2022-11");
  const auto result = bench.Run("C31");
  ASSERT_OK(result);
  EXPECT_EQ(result->unavailable.value_or("available"),
            "table sus_apc has to cover 2025-11 to 2026-10, and its extracts "
            "do not");
}

TEST(MonthsNobodySent, OfADatasetCountAsNotDeliveredInTheDataQuality) {
  Bench bench(AdmissionsWithAHole());
  const auto result = bench.Run("C33");
  ASSERT_OK(result);
  const GatedTable& items = *TableOf(*result, "dq_items");
  const std::map<std::string, std::string> row = {{"source", "national-apc"},
                                                  {"item", "sex"}};
  EXPECT_EQ(Find(items, row, "months"), "46");
  EXPECT_EQ(Find(items, row, "months_expected"), "48");
}

TEST(MonthsNobodySent, HoldBackTheMonthOnlyWhereTheyAreTheLast) {
  FixtureRelease release = OneStay();
  // The hospitals lack what the others have from March on, and have August.
  release.periods_of["national-apc"] = {{"2022-11-01", "2026-02-28"},
                                        {"2026-08-01", "2026-08-31"}};
  Bench bench(release);
  const auto covered = CoveredMonths(bench.folder());
  ASSERT_OK(covered);
  EXPECT_EQ(covered->first.ToMonth(), "2026-08");
  EXPECT_EQ(covered->last.ToMonth(), "2026-08");
}

TEST(MonthsNobodySent, HaveNoRowInAMonthlySeries) {
  IndicatorWorld world;
  world.Town(1, [](int, int) { return 40; });
  // An attendance of the hole, which an extract before it carried by mistake.
  world.Attend(1, "2026-01-10", 100);
  world.release.periods_of["national-apc"] = WithAHole();
  Bench bench(world.Release());
  const auto result = bench.Run("C11");
  ASSERT_OK(result);
  const GatedTable& table = *TableOf(*result, "activity_month");
  const auto events = [&](std::string month) {
    return Find(table,
                {{"pod", "ed_1"},
                 {"by", "provider"},
                 {"level", "All"},
                 {"month", std::move(month)}},
                "events");
  };
  EXPECT_EQ(events("2025-12"), "absent");
  EXPECT_EQ(events("2026-02"), "absent");
  EXPECT_EQ(events("2026-03"), "40");
  EXPECT_EQ(events("2026-10"), "40");
}

TEST(MonthsNobodySent, CountAsNotDeliveredInTheDataQuality) {
  FixtureRelease release = OneStay();
  release.periods_of["national-apc"] = WithAHole();
  Bench bench(release);
  const auto result = bench.Run("C33");
  ASSERT_OK(result);
  const GatedTable& items = *TableOf(*result, "dq_items");
  const std::map<std::string, std::string> row = {{"source", "national-apc"},
                                                  {"item", "sex"}};
  EXPECT_EQ(Find(items, row, "months"), "46");
  EXPECT_EQ(Find(items, row, "months_expected"), "48");
}

// What became of C27 in a release with appointments from `start` on.
std::string Appointments(const std::string& start,
                         const std::string& attended) {
  FixtureRelease release = OneStay();
  FixtureTable op{.dataset = "sus-op", .source = "national-op"};
  op.Add({{"person", "1"}, {"appointment_date", "2026-09-10"}});
  if (!attended.empty()) op.rows[0]["attended"] = attended;
  release.activity.push_back(op);
  release.periods_of["national-op"] = {{start, "2026-10-31"}};
  Bench bench(release);
  const auto result = bench.Run("C27");
  EXPECT_OK(result);
  return result->unavailable.value_or("available");
}

TEST(OptionalDataset, MayBeMissingAndHasToCoverItsMonthsWhereItIsThere) {
  EXPECT_FALSE(Bench(OneStay()).Run("C27")->unavailable.has_value());
  EXPECT_EQ(Appointments("2025-11-01", "5"), "available");
  EXPECT_EQ(Appointments("2025-12-01", "5"),
            "table sus_op has to cover 2025-11 to 2026-10, and its extracts do "
            "not");
  // Without that column no appointment is read.
  EXPECT_EQ(Appointments("2025-12-01", ""), "available");
}

TEST(OptionalDataset, IsNamedByTheDescription) {
  const std::string c27 = LoadDefinition("C27", "")->ToMarkdown();
  EXPECT_THAT(c27, testing::HasSubstr("- `sus-op`, if the release has it, with "
                                      "appointment_date, attended; where "
                                      "there, attendance_id,"));
  for (const char* id : {"C11", "C19", "C29", "D10"}) {
    const auto definition = LoadDefinition(id, "");
    ASSERT_OK(definition);
    std::set<std::string> datasets;
    for (const MeasureNeed& need : definition->needs()) {
      datasets.insert(need.dataset);
    }
    for (const char* dataset : {"sus-apc", "sus-op", "ecds"}) {
      EXPECT_TRUE(datasets.contains(dataset)) << id << dataset;
    }
  }
}

}  // namespace
}  // namespace tally::analytics
