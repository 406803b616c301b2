// D09 and D10: plan against capacity, cost against budget.
#include <cmath>
#include <string>
#include <vector>

#include "absl/strings/str_format.h"
#include "analytics/statistics/distributions.h"
#include "bench.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "indicator_world.h"
#include "status_matchers.h"

namespace tally::analytics {
namespace {

using ::testing::HasSubstr;

std::string MonthAfter(int year, int month, int ahead) {
  return CivilDay::Create(year, month, 1)->AddMonths(ahead)->ToMonth();
}

// An emergency admission of `pence` in each month from `year`-`month` on.
FixtureRelease Spending(int year, int month, const std::vector<int>& pence) {
  FixtureRelease release;
  FixtureTable apc{.dataset = "sus-apc",
                   .defaults = {{"person", "1"},
                                {"provider_code", "RZA"},
                                {"treatment_function", "300"},
                                {"episode_order", "1"},
                                {"last_episode", "true"},
                                {"admission_method", "21"},
                                {"admission_source", "19"},
                                {"discharge_method", "1"},
                                {"discharge_destination", "19"},
                                {"patient_classification", "1"},
                                {"mff", "1"}}};
  for (size_t i = 0; i < pence.size(); ++i) {
    const std::string day =
        MonthAfter(year, month, static_cast<int>(i)) + "-10";
    apc.Add({{"spell_id", std::to_string(10000000000 + i)},
             {"admission_date", day},
             {"discharge_date", day},
             {"episode_start", day},
             {"episode_end", day},
             {"tariff_pence", std::to_string(pence[i])}});
  }
  release.activity.push_back(apc);
  release.period_start = MonthAfter(year, month, 0) + "-01";
  return release;
}

constexpr char kBudgetColumns[] = "\"line\", \"year\", \"pounds\"";

std::string Outturn(const MeasureResult& result, const std::string& line,
                    const std::string& month, const std::string& column) {
  const GatedTable* table = TableOf(result, "outturn");
  return table == nullptr
             ? "no table"
             : Find(*table, {{"budget_line", line}, {"month", month}}, column);
}

TEST(BudgetBurn, AddsUpTheYearAndCarriesItOn) {
  // 31 months of 100 pounds to October 2026: seven of the year.
  Bench bench(Spending(2024, 4, std::vector<int>(31, 10000)));
  RunOptions options;
  IndicatorWorld::Reference(bench, options, "budget", kBudgetColumns,
                            "[\"emergency\", 2026, 1200],\n"
                            "[\"All\", 2026, 1199],\n"
                            "[\"All\", 2025, 1], [\"ed_1\", 2026, 1]");
  const auto result = bench.Run("D10", options);
  ASSERT_OK(result);
  EXPECT_EQ(Outturn(*result, "emergency", "2026-04", "ytd"), "100");
  EXPECT_EQ(Outturn(*result, "emergency", "2026-10", "ytd"), "700");
  EXPECT_EQ(Outturn(*result, "emergency", "2026-11", "ytd"), "NA");
  EXPECT_EQ(Outturn(*result, "emergency", "2026-10", "budget"), "700");
  EXPECT_EQ(Outturn(*result, "emergency", "2027-03", "outturn_linear"), "1200");
  EXPECT_EQ(Outturn(*result, "emergency", "2027-03", "outturn_seasonal"),
            "1200");
  EXPECT_EQ(Outturn(*result, "emergency", "2026-03", "ytd"), "absent");
  // No error in the past: it ends at 1200, which is not over 1200.
  EXPECT_EQ(Outturn(*result, "emergency", "2027-03", "p_over"), "0.00");
  EXPECT_EQ(Outturn(*result, "emergency", "2027-03", "alert"), "");
  EXPECT_EQ(Outturn(*result, "All", "2027-03", "p_over"), "1.00");
  EXPECT_EQ(Outturn(*result, "All", "2027-03", "alert"), "high alert");
  EXPECT_EQ(Outturn(*result, "ed_1", "2027-03", "budget"), "absent");
  ASSERT_EQ(result->parts.size(), 2u);
  EXPECT_THAT(result->parts[0].sentences[0].text,
              HasSubstr("All activity: 1,200 pounds expected at the end of the "
                        "year, of a budget of 1,199; it will almost certainly "
                        "go over"));
  EXPECT_THAT(result->parts[0].charts[0].title, HasSubstr("All activity"));
}

TEST(BudgetBurn, TakesTheChanceFromThePastErrorsOfTheWholeSum) {
  std::vector<int> pence;
  std::vector<double> pounds;
  for (int i = 0; i < 31; ++i) {
    pence.push_back(100 * (1000 + i % 12 * 10 + (i * 37) % 101));
    pounds.push_back(pence.back() / 100.0);
  }
  // Seven months so far, and those of the year before for the five that are
  // left: of 31 months no other model is tried. 15 past sums of five months.
  double mean = 0;
  for (size_t i = 24; i < 31; ++i) mean += pounds[i];
  for (size_t i = 19; i < 24; ++i) mean += pounds[i];
  double squares = 0;
  for (size_t origin = 12; origin <= 26; ++origin) {
    double missed = 0;
    for (size_t t = origin; t < origin + 5; ++t) {
      missed += pounds[t] - pounds[t - 12];
    }
    squares += missed * missed;
  }
  const double sigma = std::sqrt(squares / 15);
  const double budget = std::round(mean + 0.4 * sigma);
  Bench bench(Spending(2024, 4, pence));
  RunOptions options;
  IndicatorWorld::Reference(bench, options, "budget", kBudgetColumns,
                            absl::StrFormat("[\"All\", 2026, %.0f]", budget));
  const auto result = bench.Run("D10", options);
  ASSERT_OK(result);
  EXPECT_NEAR(std::stod(Outturn(*result, "All", "2027-03", "outturn_seasonal")),
              mean, 0.51);
  // 19 judged months hold 3.8 spans of five.
  EXPECT_NEAR(std::stod(Outturn(*result, "All", "2027-03", "p_over")),
              StudentTUpper((budget - mean) / sigma, 19 / 5.0), 0.0051);
  EXPECT_EQ(Outturn(*result, "All", "2027-03", "alert"), "");
}

TEST(BudgetBurn, HasNoOutturnWhereTooLittleHasACost) {
  // Of 20 admissions a month, 18 without a price in each month of this year or,
  // for another line, of the year before.
  const auto spending = [](size_t first, size_t last) {
    FixtureRelease release = Spending(2024, 4, {});
    FixtureTable& apc = release.activity[0];
    for (size_t month = 0; month < 31; ++month) {
      const std::string day =
          MonthAfter(2024, 4, static_cast<int>(month)) + "-10";
      for (int k = 0; k < 20; ++k) {
        const bool priced = k < 2 || month < first || month >= last;
        apc.Add({{"spell_id", std::to_string(30000000000 + apc.rows.size())},
                 {"admission_date", day},
                 {"discharge_date", day},
                 {"episode_start", day},
                 {"episode_end", day},
                 {"tariff_pence", priced ? "10000" : ""}});
      }
    }
    return release;
  };
  const auto run = [](const FixtureRelease& release, std::string* notes) {
    Bench bench(release);
    RunOptions options;
    IndicatorWorld::Reference(bench, options, "budget", kBudgetColumns,
                              "[\"All\", 2026, 30000]");
    auto result = bench.Run("D10", options);
    EXPECT_OK(result);
    notes->clear();
    for (const std::string& note : TableOf(*result, "outturn")->info().notes) {
      *notes += note + "\n";
    }
    return *std::move(result);
  };
  std::string notes;
  const auto at = [](const MeasureResult& result, const char* column) {
    return Outturn(result, "All", "2027-03", column);
  };
  const MeasureResult year = run(spending(24, 31), &notes);
  EXPECT_EQ(Outturn(year, "All", "2026-10", "ytd"), "1400");
  EXPECT_EQ(at(year, "outturn_linear"), "NA");
  EXPECT_EQ(at(year, "outturn_seasonal"), "NA");
  EXPECT_EQ(at(year, "p_over"), "NA");
  EXPECT_THAT(notes, HasSubstr("less than 95 % of the activity of the year has "
                               "a cost: All activity"));
  EXPECT_THAT(year.parts[0].sentences[0].text,
              HasSubstr("All activity: no outturn is known"));

  const MeasureResult past = run(spending(12, 24), &notes);
  EXPECT_EQ(at(past, "outturn_linear"), "24000");
  EXPECT_EQ(at(past, "outturn_seasonal"), "NA");
  EXPECT_EQ(at(past, "p_over"), "NA");
  EXPECT_THAT(notes, HasSubstr("activity of past years has a cost"));

  const MeasureResult all = run(spending(0, 0), &notes);
  EXPECT_EQ(at(all, "outturn_seasonal"), "24000");
  EXPECT_EQ(at(all, "p_over"), "0.00");
  EXPECT_EQ(notes.find("has a cost"), std::string::npos);
}

TEST(BudgetBurn, HasNoChanceOfAShortSeriesAndNoYearWithAGap) {
  Bench short_one(Spending(2026, 1, std::vector<int>(10, 10000)));
  RunOptions options;
  IndicatorWorld::Reference(short_one, options, "budget", kBudgetColumns,
                            "[\"All\", 2026, 1200]");
  const auto result = short_one.Run("D10", options);
  ASSERT_OK(result);
  EXPECT_EQ(Outturn(*result, "All", "2027-03", "outturn_linear"), "1200");
  EXPECT_EQ(Outturn(*result, "All", "2027-03", "outturn_seasonal"), "NA");
  EXPECT_EQ(Outturn(*result, "All", "2027-03", "p_over"), "NA");
  EXPECT_THAT(TableOf(*result, "outturn")->info().notes,
              testing::Contains(HasSubstr("fewer than 12 past forecasts")));

  // One person's cost is not printed by the usual profile.
  Bench hidden(Spending(2024, 4, std::vector<int>(31, 10000)),
               "nhs-subnational");
  IndicatorWorld::Reference(hidden, options, "budget", kBudgetColumns,
                            "[\"All\", 2026, 1200]");
  const auto none = hidden.Run("D10", options);
  ASSERT_OK(none);
  EXPECT_EQ(TableOf(*none, "outturn")->rows(), 0u);
  EXPECT_EQ(Find(*TableOf(*none, "cost_month"), {{"pod", "All"}}, "cost"), "*");
}

TEST(BudgetBurn, CountsAMonthWithoutActivityAsNothingSpent) {
  // 31 months of 100 pounds to October 2026, but none in August.
  FixtureRelease release = Spending(2024, 4, std::vector<int>(31, 10000));
  release.activity[0].rows.erase(release.activity[0].rows.begin() + 28);
  Bench bench(release);
  RunOptions options;
  IndicatorWorld::Reference(bench, options, "budget", kBudgetColumns,
                            "[\"emergency\", 2026, 1200]");
  const auto result = bench.Run("D10", options);
  ASSERT_OK(result);
  const GatedTable& table = *TableOf(*result, "cost_month");
  for (const char* line : {"emergency", "All"}) {
    const auto at = [&](const char* month, const char* column) {
      return Find(table, {{"pod", line}, {"month", month}}, column);
    };
    EXPECT_EQ(at("2026-08", "cost"), "0") << line;
    EXPECT_EQ(at("2026-08", "events"), "0") << line;
    EXPECT_EQ(at("2026-08", "priced_share"), "NA") << line;
    EXPECT_EQ(at("2024-04", "cost"), "100") << line;
    EXPECT_EQ(at("2024-03", "cost"), "absent") << line;
  }
  EXPECT_EQ(Outturn(*result, "emergency", "2026-07", "ytd"), "400");
  EXPECT_EQ(Outturn(*result, "emergency", "2026-08", "ytd"), "400");
  EXPECT_EQ(Outturn(*result, "emergency", "2026-10", "ytd"), "600");
}

TEST(BudgetBurn, PrintsAMonthWithoutActivityUnderTheUsualProfile) {
  FixtureRelease release = Spending(2024, 4, std::vector<int>(31, 10000));
  release.activity[0].rows.erase(release.activity[0].rows.begin() + 28);
  Bench bench(release, "nhs-subnational");
  RunOptions options;
  IndicatorWorld::Reference(bench, options, "budget", kBudgetColumns,
                            "[\"All\", 2026, 1200]");
  const auto result = bench.Run("D10", options);
  ASSERT_OK(result);
  const GatedTable& table = *TableOf(*result, "cost_month");
  const auto cost = [&](const char* month) {
    return Find(table, {{"pod", "All"}, {"month", month}}, "cost");
  };
  EXPECT_EQ(cost("2026-08"), "0");
  EXPECT_EQ(cost("2026-09"), "*");  // of one person
}

TEST(BudgetBurn, TakesNoPriceFromATariffOfAnotherYear) {
  Bench bench(Spending(2024, 4, std::vector<int>(31, 10000)));
  RunOptions options;
  IndicatorWorld::Reference(bench, options, "budget", kBudgetColumns,
                            "[\"All\", 2026, 1200]");
  IndicatorWorld::Reference(bench, options, "tariff",
                            "\"pod\", \"currency\", \"pence\"",
                            "[\"ed_1\", \"any\", 100]");
  const std::string file = options.comparators + "/tariff.toml";
  std::string text = *ReadFile(file, 1 << 20);
  text.replace(text.find("2026-04-01"), 10, "2019-04-01");
  text.replace(text.find("2027-03-31"), 10, "2020-03-31");
  ASSERT_OK(WriteFileAtomically(file, text, 0600));
  const auto result = bench.Run("D10", options);
  ASSERT_OK(result);
  EXPECT_FALSE(result->unavailable.has_value());
  EXPECT_THAT(TableOf(*result, "cost_month")->info().notes,
              testing::Contains(
                  "Activity whose rows carry no price has no cost: tariff.toml "
                  "is valid 2019-04-01 to 2020-03-31, and not in all of "
                  "2026-10, the month of the figures."));
}

TEST(BudgetBurn, TakesABudgetByTheYearOfItsRows) {
  Bench bench(Spending(2024, 4, std::vector<int>(31, 10000)));
  RunOptions options;
  options.month = *CivilDay::Create(2026, 3, 1);  // before the file begins
  IndicatorWorld::Reference(bench, options, "budget", kBudgetColumns,
                            "[\"All\", 2025, 1300], [\"All\", 2026, 1200]");
  const auto result = bench.Run("D10", options);
  ASSERT_OK(result);
  EXPECT_EQ(Outturn(*result, "All", "2026-03", "budget"), "1300");
  EXPECT_EQ(Outturn(*result, "All", "2026-03", "ytd"), "1200");
}

TEST(BudgetBurn, CountsAPersonOfSeveralTypesOnce) {
  // Six people with two admissions each and, a month later, twelve with one.
  FixtureRelease release = Spending(2026, 9, {});
  FixtureTable& apc = release.activity[0];
  const auto admit = [&](int person, const std::string& day,
                         const std::string& method) {
    apc.Add({{"person", std::to_string(person)},
             {"spell_id", std::to_string(20000000000 + apc.rows.size())},
             {"admission_date", day},
             {"discharge_date", day},
             {"episode_start", day},
             {"episode_end", day},
             {"admission_method", method},
             {"tariff_pence", "10000"}});
  };
  for (int person = 1; person <= 12; ++person) {
    if (person <= 6) {
      admit(person, "2026-09-10", "11");
      admit(person, "2026-09-20", "21");
    }
    admit(person, "2026-10-10", "21");
  }
  RunOptions options;
  const auto cost = [&](Bench& bench, const char* month) {
    IndicatorWorld::Reference(bench, options, "budget", kBudgetColumns,
                              "[\"All\", 2026, 1200]");
    const auto result = bench.Run("D10", options);
    EXPECT_OK(result);
    return result.ok() ? Find(*TableOf(*result, "cost_month"),
                              {{"pod", "All"}, {"month", month}}, "cost")
                       : "";
  };
  Bench exact(release);
  EXPECT_EQ(cost(exact, "2026-09"), "1200");
  Bench usual(release, "nhs-subnational");
  EXPECT_EQ(cost(usual, "2026-09"), "*");
  EXPECT_EQ(cost(usual, "2026-10"), "1000");
}

TEST(BudgetBurn, SaysHowMuchActivityHasACost) {
  FixtureRelease release = Spending(2026, 9, {10000, 20000});
  release.activity[0].rows[1]["tariff_pence"] = "";
  Bench bench(release);
  RunOptions options;
  IndicatorWorld::Reference(bench, options, "budget", kBudgetColumns,
                            "[\"All\", 2026, 1200]");
  const auto result = bench.Run("D10", options);
  ASSERT_OK(result);
  const GatedTable& table = *TableOf(*result, "cost_month");
  const auto at = [&](std::string month, std::string column) {
    return Find(table, {{"pod", "emergency"}, {"month", std::move(month)}},
                column);
  };
  EXPECT_EQ(at("2026-09", "cost"), "100");
  EXPECT_EQ(at("2026-10", "cost"), "NA");
  EXPECT_EQ(at("2026-10", "priced_share"), "0.0");
}

TEST(ActivityPlan, IsTheForecastAgainstCapacity) {
  IndicatorWorld world;
  for (int p = 1; p <= 100; ++p) world.Person(p, "Z90001");
  for (int i = 0; i < 36; ++i) {
    for (int k = 0; k < 40; ++k) {
      world.Attend(k + 1, MonthAfter(2023, 11, i) + "-10", 100);
    }
  }
  world.release.period_start = "2023-11-01";
  Bench bench(world.Release());
  RunOptions options;
  IndicatorWorld::Reference(
      bench, options, "capacity",
      "\"provider\", \"pod\", \"tfc\", \"month\", \"capacity\"",
      "[\"RZA\", \"ed_1\", \"All\", \"2026-11\", 35],\n"
      "[\"RZA\", \"ed_1\", \"All\", \"2026-12\", 40],\n"
      "[\"All\", \"ed_1\", \"All\", \"2026-12\", 50]");
  const auto result = bench.Run("D09", options);
  ASSERT_OK(result);
  ExpectDeclaredColumns(*result);
  const GatedTable& table = *TableOf(*result, "activity_plan");
  const auto at = [&](std::string provider, std::string month,
                      std::string column) {
    return Find(table,
                {{"provider", std::move(provider)},
                 {"pod", "ed_1"},
                 {"month", std::move(month)}},
                column);
  };
  EXPECT_EQ(at("RZA", "2026-11", "plan"), "40");
  EXPECT_EQ(at("RZA", "2026-11", "capacity"), "35");
  EXPECT_EQ(at("RZA", "2026-11", "gap"), "5");
  EXPECT_EQ(at("RZA", "2026-12", "gap"), "0");
  EXPECT_EQ(at("All", "2026-12", "gap"), "-10");
  EXPECT_EQ(at("RZA", "2027-01", "gap"), "NA");
  EXPECT_EQ(at("RZA", "2026-10", "plan"), "absent");  // counted already
  ASSERT_EQ(result->parts.size(), 1u);
  EXPECT_THAT(result->parts[0].sentences[0].text,
              HasSubstr("provider RZA: capacity falls short of the plan in 1 "
                        "of 2 months"));
}

TEST(ActivityPlan, RefusesALineThatIsThereTwice) {
  IndicatorWorld world;
  world.Person(1, "Z90001");
  world.Attend(1, "2026-10-10", 100);
  Bench bench(world.Release());
  RunOptions options;
  IndicatorWorld::Reference(
      bench, options, "capacity",
      "\"provider\", \"pod\", \"tfc\", \"month\", \"capacity\"",
      "[\"RZA\", \"ed_1\", \"All\", \"2026-11\", 35],\n"
      "[\"RZA\", \"ed_1\", \"All\", \"2026-11\", 40]");
  EXPECT_THAT(std::string(bench.Run("D09", options).status().message()),
              HasSubstr("this line is there twice"));
}

}  // namespace
}  // namespace tally::analytics
