// C17 and C18: results with their icons, and a practice among its peers.
#include <string>

#include "bench.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "indicator_world.h"
#include "status_matchers.h"

namespace tally::analytics {
namespace {

using ::testing::HasSubstr;

TEST(QualityDashboard, JoinsTheYearWithTheIconsOfTheLastMonth) {
  IndicatorWorld world;
  // 2 and 3 in turn, and 8 in the last month: special cause, and worse.
  world.Town(2, [](int, int month) { return month == 23 ? 8 : 2 + month % 2; });
  Bench bench(world.Release());
  const auto result = bench.Run("C17", world.Options(bench));
  ASSERT_OK(result);
  const GatedTable& table = *TableOf(*result, "indicator_results");
  const auto at = [&](std::string area, std::string column) {
    return Find(table,
                {{"indicator", "ed_attendances"}, {"area", std::move(area)}},
                column);
  };
  // Of a year: 11 months of 2 or 3, and one of 8.
  EXPECT_EQ(at("Z90001", "num"), "35");
  EXPECT_EQ(at("All", "num"), "70");
  EXPECT_EQ(at("All", "den"), "200");
  EXPECT_EQ(at("All", "value"), "35000.0");
  EXPECT_EQ(at("All", "period"), "2026-10");
  EXPECT_EQ(at("All", "variation"), "concern");
  EXPECT_EQ(at("All", "assurance"), "no_target");
  EXPECT_EQ(Find(table, {{"indicator", "ed_within_4h"}, {"area", "All"}},
                 "assurance"),
            "not_judged");
  EXPECT_EQ(Find(table, {{"indicator", "ed_within_4h"}, {"area", "All"}},
                 "variation"),
            "too_equal");
  ASSERT_EQ(result->parts.size(), 1u);
  EXPECT_EQ(result->parts[0].page, "summary");
  EXPECT_THAT(result->parts[0].sentences[0].text,
              HasSubstr("1 of 3 indicators can be judged: it worsens by more "
                        "than chance, Unplanned emergency attendances; "));
  EXPECT_THAT(result->parts[0].sentences[0].text,
              HasSubstr("; 2 cannot be judged: 2 have too few different "
                        "values"));
  EXPECT_EQ(result->parts[0].charts[0].type(), "matrix");
}

TEST(PracticePacks, PlaceAPracticeAmongPrintedPeers) {
  IndicatorWorld world;
  // 12, 24, 36, 48, 60 a year per 100 people; small areas have no chart.
  world.Town(5, [](int i, int) { return i; });
  Bench bench(world.Release());
  RunOptions options = world.Options(bench);
  const auto result = bench.Run("C18", options);
  ASSERT_OK(result);
  const GatedTable& table = *TableOf(*result, "practice_pack");
  const auto at = [&](std::string area, std::string column) {
    return Find(table,
                {{"indicator", "ed_attendances"}, {"area", std::move(area)}},
                column);
  };
  EXPECT_EQ(at("Z90001", "value"), "12000.0");
  EXPECT_EQ(at("Z90001", "low"), "12000.0");
  EXPECT_EQ(at("Z90001", "q1"), "24000.0");
  EXPECT_EQ(at("Z90001", "peer_median"), "36000.0");
  EXPECT_EQ(at("Z90001", "q3"), "48000.0");
  EXPECT_EQ(at("Z90001", "high"), "60000.0");
  // Lower is better.
  EXPECT_EQ(at("Z90001", "rank"), "1");
  EXPECT_EQ(at("Z90005", "rank"), "5");
  EXPECT_EQ(at("Z90005", "of"), "5");
  EXPECT_EQ(at("Z90001", "quartile"), "1");
  EXPECT_EQ(at("Z90005", "quartile"), "4");
  // 12 events: Byar 6200 to 20963, below the median. 36 events include it.
  EXPECT_EQ(at("Z90001", "flag"), "better");
  EXPECT_EQ(at("Z90003", "flag"), "similar");
  EXPECT_EQ(at("Z90005", "flag"), "worse");
  EXPECT_EQ(at("All", "value"), "absent");
  // All shares are 100 %: ties share the best place.
  EXPECT_EQ(
      Find(table, {{"indicator", "ed_within_4h"}, {"area", "Z90004"}}, "rank"),
      "1");
  ASSERT_EQ(result->parts.size(), 1u);
  EXPECT_THAT(result->parts[0].sentences[0].text,
              HasSubstr("worse than the median"));
}

TEST(PracticePacks, NeedAFewPeersWithAPrintedValue) {
  IndicatorWorld world;
  world.Town(4, [](int i, int) { return i == 1 ? 0 : i; });
  Bench bench(world.Release(), "nhs-subnational");
  const auto result = bench.Run("C18", world.Options(bench));
  ASSERT_OK(result);
  const GatedTable& table = *TableOf(*result, "practice_pack");
  // Four rates are printed; of the share one has nobody below the line.
  EXPECT_EQ(
      Find(table, {{"indicator", "ed_attendances"}, {"area", "Z90002"}}, "of"),
      "4");
  EXPECT_EQ(Find(table, {{"indicator", "ed_within_4h"}}, "of"), "absent");
}

}  // namespace
}  // namespace tally::analytics
