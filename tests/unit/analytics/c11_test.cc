// Activity by month counted by hand, and its forecast.
#include <cmath>
#include <string>
#include <vector>

#include "absl/strings/str_format.h"
#include "analytics/statistics/forecast.h"
#include "bench.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "indicator_world.h"
#include "status_matchers.h"

namespace tally::analytics {
namespace {

using ::testing::HasSubstr;

std::string MonthAt(int year, int month, int ahead) {
  return CivilDay::Create(year, month, 1)->AddMonths(ahead)->ToMonth();
}

// `counts` attendances a month from January 2023 on, of people 1 to 100.
void AttendMonths(IndicatorWorld& world, const std::vector<int>& counts) {
  for (int p = 1; p <= 100; ++p) world.Person(p, "Z90001");
  for (size_t i = 0; i < counts.size(); ++i) {
    for (int k = 0; k < counts[i]; ++k) {
      world.Attend(k % 100 + 1, MonthAt(2023, 1, static_cast<int>(i)) + "-10",
                   100);
    }
  }
  world.release.period_start = "2023-01-01";
}

TEST(Forecast, CountsActivityOfEverybodyAndPutsSmallLevelsTogether) {
  IndicatorWorld world;
  world.Person(1, "Z90001");
  FixtureTable op{.dataset = "sus-op",
                  .defaults = {{"appointment_date", "2026-05-10"},
                               {"attended", "5"},
                               {"attendance_type", "1"},
                               {"treatment_function", "130"},
                               {"provider_code", "RZA"}}};
  // 30 a month in each of the two months at RZA; 59 in all at RZB: together
  // with one at RZC that is "others".
  for (int i = 0; i < 60; ++i) {
    op.Add({{"person", i % 2 == 0 ? "1" : ""},
            {"appointment_date", i < 30 ? "2026-09-10" : "2026-10-10"}});
  }
  for (int i = 0; i < 59; ++i) {
    op.Add({{"provider_code", "RZB"}, {"appointment_date", "2026-10-10"}});
  }
  op.Add({{"provider_code", "RZC"}, {"appointment_date", "2026-09-10"}});
  op.Add({{"attended", "3"}, {"appointment_date", "2026-10-10"}});
  op.Add({{"appointment_date", "2026-11-10"}});
  world.release.activity.push_back(op);
  world.release.period_start = "2026-09-01";
  Bench bench(world.Release());
  const auto result = bench.Run("C11");
  ASSERT_OK(result);
  const GatedTable& table = *TableOf(*result, "activity_month");
  const auto at = [&](std::string by, std::string level, std::string month) {
    return Find(table,
                {{"pod", "op_first"},
                 {"by", std::move(by)},
                 {"level", std::move(level)},
                 {"month", std::move(month)}},
                "events");
  };
  EXPECT_EQ(at("provider", "RZA", "2026-09"), "30");
  EXPECT_EQ(at("provider", "RZA", "2026-10"), "30");
  EXPECT_EQ(at("provider", "others together", "2026-09"), "1");
  EXPECT_EQ(at("provider", "others together", "2026-10"), "59");
  EXPECT_EQ(at("provider", "RZB", "2026-10"), "absent");
  EXPECT_EQ(at("provider", "All", "2026-10"), "89");
  EXPECT_EQ(at("specialty", "130", "2026-10"), "89");
  EXPECT_EQ(at("practice", "Z90001", "2026-10"), "absent");  // 15 a month
  EXPECT_EQ(at("practice", "unknown", "2026-10"), "74");
  EXPECT_EQ(at("provider", "All", "2026-11"), "absent");
  EXPECT_EQ(at("provider", "All", "2026-08"), "absent");
  EXPECT_EQ(TableOf(*result, "forecast")->rows(), 0u);  // two months only
}

TEST(Forecast, IsThatOfThePrintedMonths) {
  std::vector<int> counts;
  std::vector<double> values;
  for (int i = 0; i < 46; ++i) {
    counts.push_back(40 + i % 12 + i / 2 + (i == 20 ? 9 : 0));
    values.push_back(counts.back());
  }
  IndicatorWorld world;
  AttendMonths(world, counts);
  Bench bench(world.Release());
  const auto result = bench.Run("C11");
  ASSERT_OK(result);
  const GatedTable& forecast = *TableOf(*result, "forecast");
  const auto expected = ForecastMonths(values, 12);
  ASSERT_TRUE(expected.has_value());
  for (int i = 0; i < 12; ++i) {
    const auto at = [&](std::string column) {
      return Find(forecast,
                  {{"series", "Emergency department, type 1"},
                   {"month", MonthAt(2026, 11, i)}},
                  column);
    };
    const ForecastPoint& p = expected->points[static_cast<size_t>(i)];
    EXPECT_EQ(at("point"), absl::StrFormat("%d", std::llround(p.point)));
    EXPECT_EQ(at("lo95"), absl::StrFormat("%d", std::llround(p.low95)));
    EXPECT_EQ(at("hi80"), absl::StrFormat("%d", std::llround(p.high80)));
    EXPECT_EQ(at("actual"), "NA");
  }
  const auto history = [&](std::string month) {
    return Find(forecast,
                {{"series", "Emergency department, type 1"},
                 {"month", std::move(month)}},
                "actual");
  };
  EXPECT_EQ(history("2023-01"), "40");
  EXPECT_EQ(history("2026-10"), absl::StrFormat("%d", counts[45]));
  const GatedTable& errors = *TableOf(*result, "forecast_backtest");
  const auto error = [&](std::string column) {
    return Find(errors,
                {{"series", "Emergency department, type 1"}, {"horizon", "1"}},
                column);
  };
  const BacktestRow& first = expected->backtest[0];
  EXPECT_EQ(error("mae"), absl::StrFormat("%.1f", first.mae));
  EXPECT_EQ(error("mase"), absl::StrFormat("%.2f", first.mase.value()));
  EXPECT_EQ(error("cover95"), absl::StrFormat("%.1f", 100 * first.cover95));
  EXPECT_EQ(error("model"), std::string(ForecastModelText(expected->model)));
  ASSERT_EQ(result->parts.size(), 1u);
  EXPECT_THAT(result->parts[0].charts[0].title,
              HasSubstr("expected in the next 12 months, after"));
}

TEST(Forecast, LeavesSmallPracticesOut) {
  IndicatorWorld world;
  AttendMonths(world, std::vector<int>(46, 40));
  Bench bench(world.Release());
  const auto result = bench.Run("C11");
  ASSERT_OK(result);
  // 40 a month stand alone in the table; a practice needs 250 for a forecast.
  EXPECT_EQ(Find(*TableOf(*result, "activity_month"),
                 {{"by", "provider"}, {"level", "RZA"}}, "events"),
            "40");
  const GatedTable& forecast = *TableOf(*result, "forecast");
  EXPECT_NE(Find(forecast, {{"by", "provider"}, {"level", "RZA"}}, "actual"),
            "absent");
  EXPECT_EQ(Find(forecast, {{"by", "practice"}}, "actual"), "absent");
}

TEST(Forecast, RoundsAsCountsDoAndStartsAfterAHiddenMonth) {
  std::vector<int> counts;
  for (int i = 0; i < 46; ++i) counts.push_back(i == 10 ? 4 : 52 + i % 12);
  IndicatorWorld world;
  AttendMonths(world, counts);
  Bench bench(world.Release(), "nhs-subnational");
  const auto result = bench.Run("C11");
  ASSERT_OK(result);
  const GatedTable& forecast = *TableOf(*result, "forecast");
  const auto at = [&](std::string month, std::string column) {
    return Find(forecast,
                {{"series", "Emergency department, type 1"},
                 {"month", std::move(month)}},
                column);
  };
  EXPECT_EQ(at("2023-11", "actual"), "absent");  // the hidden one
  EXPECT_EQ(at("2023-12", "actual"), "65");      // 63, to the nearest five
  for (int i = 0; i < 12; ++i) {
    const std::string point = at(MonthAt(2026, 11, i), "point");
    EXPECT_TRUE(point.ends_with("0") || point.ends_with("5")) << point;
  }
}

TEST(Forecast, TakesTheProjectedPopulationWhereItIsGiven) {
  IndicatorWorld world;
  // 8 men of 40 with 16 attendances of the year, 8 women of 20 with 4.
  for (int p = 1; p <= 16; ++p) {
    world.Person(p, "Z90001");
    auto& r = world.release.registrations.back();
    r.sex = p <= 8 ? "1" : "2";
    r.year_of_birth = p <= 8 ? 1986 : 2006;
  }
  for (int i = 0; i < 16; ++i) world.Attend(i % 8 + 1, "2026-01-10", 100);
  for (int i = 0; i < 4; ++i) world.Attend(9 + i, "2025-11-10", 100);
  world.Attend(9, "2025-10-31", 100);  // before the year
  Bench bench(world.Release());
  RunOptions options;
  IndicatorWorld::Reference(
      bench, options, "population_projection",
      "\"year\", \"sex\", \"age_band\", \"people\"",
      "[2030, \"male\", \"40-44\", 10], [2030, \"female\", \"20-24\", 6],\n"
      "[2031, \"male\", \"40-44\", 10]");
  const auto result = bench.Run("C11", options);
  ASSERT_OK(result);
  const GatedTable* table = TableOf(*result, "forecast_demographic");
  ASSERT_NE(table, nullptr);
  const auto at = [&](std::string year, std::string column) {
    return Find(*table, {{"pod", "ed_1"}, {"year", std::move(year)}}, column);
  };
  EXPECT_EQ(at("2030", "base"), "20");
  EXPECT_EQ(at("2030", "projected"), "23");  // 16/8 x 10 + 4/8 x 6
  EXPECT_EQ(at("2030", "factor"), "1.150");
  EXPECT_EQ(at("2031", "projected"), "NA");
}

TEST(Forecast, HasNoDemographicVariantWithoutAProjection) {
  IndicatorWorld world;
  AttendMonths(world, {10, 10});
  Bench bench(world.Release());
  const auto result = bench.Run("C11");
  ASSERT_OK(result);
  EXPECT_EQ(TableOf(*result, "forecast_demographic"), nullptr);
  EXPECT_EQ(TableOf(*result, "activity_age_sex"), nullptr);
}

TEST(Forecast, TakesTheYearOfPeopleWhoDiedInItToo) {
  IndicatorWorld world;
  for (int p = 1; p <= 16; ++p) {
    world.Person(p, "Z90001");
    auto& r = world.release.registrations.back();
    r.sex = p <= 8 ? "1" : "2";
    r.year_of_birth = p <= 8 ? 1986 : 2006;
    if (p == 8) r.death = "2026-02-01";
  }
  for (int i = 0; i < 16; ++i) world.Attend(i % 8 + 1, "2026-01-10", 100);
  for (int i = 0; i < 4; ++i) world.Attend(9 + i, "2025-11-10", 100);
  Bench bench(world.Release());
  RunOptions options;
  IndicatorWorld::Reference(
      bench, options, "population_projection",
      "\"year\", \"sex\", \"age_band\", \"people\"",
      "[2030, \"male\", \"40-44\", 10], [2030, \"female\", \"20-24\", 6]");
  const auto result = bench.Run("C11", options);
  ASSERT_OK(result);
  const GatedTable* table = TableOf(*result, "forecast_demographic");
  ASSERT_NE(table, nullptr);
  const std::map<std::string, std::string> year = {{"pod", "ed_1"},
                                                   {"year", "2030"}};
  EXPECT_EQ(Find(*table, year, "base"), "20");
  // 16/7 x 10 + 4/8 x 6 = 25.86
  EXPECT_EQ(Find(*table, year, "projected"), "26");
  EXPECT_EQ(Find(*table, year, "factor"), "1.293");
}

// The list of March 2026, the middle of the year to August, ends with 85+.
TEST(Forecast, TakesAllProjectedPeopleOfAnOpenBand) {
  IndicatorWorld world;
  for (int p = 1; p <= 8; ++p) {
    world.Person(p, "Z90001");
    world.release.registrations.back().year_of_birth = 1934;
  }
  for (int i = 0; i < 16; ++i) world.Attend(i % 8 + 1, "2026-01-10", 100);
  Bench bench(world.Release());
  RunOptions options;
  options.month = *CivilDay::Create(2026, 8, 1);
  IndicatorWorld::Reference(
      bench, options, "population_projection",
      "\"year\", \"sex\", \"age_band\", \"people\"",
      "[2030, \"male\", \"80-84\", 9], [2030, \"male\", \"85-89\", 3],\n"
      "[2030, \"male\", \"90+\", 1], [2030, \"female\", \"90+\", 7]");
  const auto result = bench.Run("C11", options);
  ASSERT_OK(result);
  const GatedTable* table = TableOf(*result, "forecast_demographic");
  ASSERT_NE(table, nullptr);
  EXPECT_EQ(Find(*table, {{"pod", "ed_1"}, {"year", "2030"}}, "projected"),
            "8");  // 16/8 x (3 + 1)
}

TEST(Forecast, ProjectsOnlyTypesWhoseDatasetCoversTheYear) {
  for (const bool covered : {true, false}) {
    IndicatorWorld world;
    world.Person(1, "Z90001");
    world.Attend(1, "2026-05-10", 100);
    world.release.activity.push_back(
        {.dataset = "sus-op",
         .rows = {{{"person", "1"},
                   {"appointment_date", "2026-05-10"},
                   {"attended", "5"},
                   {"attendance_type", "1"}}},
         .source = "national-op"});
    world.release.periods_of["national-op"] = {
        {covered ? "2025-11-01" : "2025-12-01", "2026-10-31"}};
    Bench bench(world.Release());
    RunOptions options;
    IndicatorWorld::Reference(bench, options, "population_projection",
                              "\"year\", \"sex\", \"age_band\", \"people\"",
                              "[2030, \"male\", \"45-49\", 10]");
    const auto result = bench.Run("C11", options);
    ASSERT_OK(result);
    const GatedTable& table = *TableOf(*result, "activity_age_sex");
    EXPECT_EQ(Find(table, {{"pod", "ed_1"}}, "events"), "1");
    EXPECT_EQ(Find(table, {{"pod", "op_first"}}, "events"),
              covered ? "1" : "absent");
  }
}

}  // namespace
}  // namespace tally::analytics
