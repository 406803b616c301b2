// Practices and contractors under their successors: lists, activity by
// practice, claims.
#include <string>

#include "bench.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "indicator_world.h"
#include "replaced_definition.h"
#include "status_matchers.h"
#include "stays.h"

namespace tally::analytics {
namespace {

constexpr char kPracticeSuccessorColumns[] =
    "\"provider\", \"successor\", \"month\"";
constexpr char kPracticeMergers[] =
    "[\"Z90002\", \"Z90001\", \"2026-04\"], [\"TP002\", \"TP001\", "
    "\"2026-04\"]";

FixtureRelease MergedPractices() {
  FixtureRelease release;
  release.registrations = {OnTheList(1), OnTheList(2, 1960, "Z90002"),
                           OnTheList(3, 1960, "Z90003"),
                           // On both lists: one person of the successor.
                           OnTheList(1, 1960, "Z90002")};
  return release;
}

std::string People(const MeasureResult& result, const char* area) {
  return Find(result.tables[0], {{"area", area}}, "persons");
}

TEST(PracticeSuccessors, TakeTheListsOfThoseThatClosed) {
  Bench bench(MergedPractices());
  RunOptions options;
  options.by = {"practice"};
  options.definitions = DefinitionWith(
      bench, "C02", {{"smallest_area = 100", "smallest_area = 1"}});
  const auto before = bench.Run("C02", options);
  ASSERT_OK(before);
  EXPECT_EQ(People(*before, "Z90002"), "1");
  IndicatorWorld::Reference(bench, options, "provider_successors",
                            kPracticeSuccessorColumns, kPracticeMergers);
  const auto result = bench.Run("C02", options);
  ASSERT_OK(result);
  EXPECT_EQ(People(*result, "Z90001"), "2");
  EXPECT_EQ(People(*result, "Z90002"), "absent");
  EXPECT_EQ(People(*result, "Z90003"), "1");
  EXPECT_EQ(People(*result, "All"), "3");
}

TEST(PracticeSuccessors, KeepTheHistoryOfPracticesAndContractors) {
  IndicatorWorld world;
  for (int p = 1; p <= 20; ++p) {
    world.Person(p, p <= 10 ? "Z90001" : "Z90002");
    world.Attend(p, "2026-01-10", 100);  // before the merger
  }
  world.Person(21, "Z90003");
  world.Attend(21, "2026-01-10", 100);
  FixtureTable claims{.dataset = "gos-claim",
                      .defaults = {{"claim_type", "MECS"},
                                   {"service_date", "2026-01-10"},
                                   {"outcome", "managed"}}};
  claims.Add({{"person", "1"}, {"contractor_ods", "TP001"}});
  claims.Add({{"person", "2"}, {"contractor_ods", "TP002"}});
  FixtureTable visits{.dataset = "sus-op",
                      .columns = {"appointment_date", "attended",
                                  "attendance_type", "treatment_function"}};
  world.release.activity = {claims, visits};
  Bench bench(world.Release());
  RunOptions options = world.Options(bench);
  IndicatorWorld::Reference(bench, options, "provider_successors",
                            kPracticeSuccessorColumns, kPracticeMergers);
  const auto trends = bench.Run("C29", options);
  ASSERT_OK(trends);
  const GatedTable& rates = *TableOf(*trends, "indicator_rate_month");
  const auto attendances = [&](const char* area) {
    return Find(
        rates,
        {{"indicator", "ed_attendances"}, {"area", area}, {"month", "2026-01"}},
        "num");
  };
  EXPECT_EQ(attendances("Z90001"), "20");
  EXPECT_EQ(attendances("Z90002"), "absent");
  EXPECT_EQ(attendances("Z90003"), "1");
  options.definitions.clear();
  const auto mecs = bench.Run("D17", options);
  ASSERT_OK(mecs);
  ASSERT_FALSE(mecs->unavailable.has_value()) << *mecs->unavailable;
  EXPECT_EQ(Find(mecs->tables[0],
                 {{"provider", "TP001"}, {"outcome", "managed"}}, "n"),
            "2");
}

}  // namespace
}  // namespace tally::analytics
