// C19: activity and cost by provider, rates, plan against actual.
#include <filesystem>
#include <string>
#include <vector>

#include "absl/strings/str_format.h"
#include "base/exit_code.h"
#include "base/files.h"
#include "bench.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "stays.h"

namespace tally::analytics {
namespace {

using ::testing::HasSubstr;

// Two providers: 12 day cases, 4 elective stays of 3 nights and 6 emergencies
// of 2 nights at RZZ01; 10 emergencies of 1 night at RZZ02. 1,000 pounds each,
// at a factor of 1.1 for RZZ01.
FixtureRelease TwoProviders() {
  FixtureRelease release;
  FixtureTable apc = StayTable();
  apc.defaults["tariff_pence"] = "100000";
  apc.defaults["mff"] = "1.1";
  int person = 0;
  const auto add = [&](int count, const std::string& out,
                       const FixtureRow& fields) {
    for (int i = 0; i < count; ++i) {
      apc.Add(Stay(++person, "2026-03-10", out, fields));
    }
  };
  add(12, "2026-03-10",
      {{"admission_method", "11"}, {"patient_classification", "2"}});
  add(4, "2026-03-13", {{"admission_method", "11"}});
  add(6, "2026-03-12", {});
  add(10, "2026-03-11", {{"provider_code", "RZZ02"}, {"mff", "1"}});
  // Born here; nobody; before the year.
  apc.Add(Stay(100, "2026-03-01", "2026-03-31", {{"admission_method", "82"}}));
  apc.Add(Stay(0, "2026-03-10", "2026-03-20", {{"provider_code", "RZZ02"}}));
  apc.Add(Stay(101, "2025-10-31", "2025-10-31", {}));
  release.activity.push_back(apc);
  FixtureTable ecds{.dataset = "ecds",
                    .defaults = {{"arrival_date", "2026-04-01"},
                                 {"attendance_category", "1"},
                                 {"department_type", "01"},
                                 {"provider_code", "RZZ02"}}};
  for (int i = 0; i < 20; ++i) ecds.Add({{"person", std::to_string(i + 1)}});
  release.activity.push_back(ecds);
  return release;
}

std::string Report(const MeasureResult& result, const std::string& provider,
                   const std::string& pod, const std::string& column,
                   const std::string& month = "All") {
  return Find(result.tables[0],
              {{"provider", provider}, {"pod", pod}, {"month", month}}, column);
}

TEST(ProviderReport, CountsActivityAndCostByTypeAndMonth) {
  Bench bench(TwoProviders());
  const auto result = bench.Run("C19");
  ASSERT_TRUE(result.ok()) << result.status();
  ASSERT_FALSE(result->unavailable.has_value()) << *result->unavailable;
  EXPECT_EQ(Report(*result, "RZZ01", "Day case", "activity"), "12");
  EXPECT_EQ(Report(*result, "RZZ01", "Day case", "activity", "2026-03"), "12");
  EXPECT_EQ(Report(*result, "RZZ01", "Day case", "activity", "2026-04"), "0");
  EXPECT_EQ(Report(*result, "RZZ01", "Day case", "cost"), "13200");
  EXPECT_EQ(Report(*result, "RZZ01", "Emergency admission", "activity"), "6");
  // The row without a person counts and costs: its factor is 1.1.
  EXPECT_EQ(Report(*result, "RZZ02", "Emergency admission", "activity"), "11");
  EXPECT_EQ(Report(*result, "RZZ02", "Emergency admission", "cost"), "11100");
  EXPECT_EQ(Report(*result, "All", "Emergency admission", "activity"), "17");
  EXPECT_EQ(
      Report(*result, "All", "Emergency admission", "activity", "2026-03"),
      "17");
  EXPECT_EQ(
      Report(*result, "RZZ02", "Emergency department, type 1", "activity"),
      "20");
  EXPECT_EQ(Report(*result, "RZZ02", "Emergency admission", "priced"), "11");
  EXPECT_EQ(Report(*result, "RZZ02", "Emergency admission", "priced_share"),
            "100.0");
  // No price is known.
  EXPECT_EQ(
      Report(*result, "RZZ02", "Emergency department, type 1", "priced_share"),
      "0.0");
  EXPECT_EQ(Report(*result, "RZZ02", "Emergency department, type 1", "cost"),
            "NA");
  EXPECT_EQ(result->tables[0].info().period, "2025-11 to 2026-10");
}

TEST(ProviderReport, SaysHowMuchActivityHasACost) {
  FixtureRelease release;
  FixtureTable apc = StayTable();
  apc.defaults["tariff_pence"] = "100000";
  for (int person = 1; person <= 4; ++person) {
    apc.Add(Stay(person, "2026-03-10", "2026-03-11",
                 {{"mff", person == 1 ? "" : "1"}}));
  }
  release.activity.push_back(apc);
  Bench bench(release);
  const auto result = bench.Run("C19");
  ASSERT_TRUE(result.ok()) << result.status();
  const auto at = [&](const char* column) {
    return Report(*result, "RZZ01", "Emergency admission", column, "2026-03");
  };
  EXPECT_EQ(at("activity"), "4");
  EXPECT_EQ(at("priced"), "3");
  EXPECT_EQ(at("priced_share"), "75.0");
  EXPECT_EQ(at("cost"), "3000");
}

TEST(ProviderReport, RatesOfDayCasesAndStays) {
  Bench bench(TwoProviders());
  const auto result = bench.Run("C19");
  ASSERT_TRUE(result.ok()) << result.status();
  const auto rate = [&](const char* provider, const char* column) {
    return Find(result->tables[1], {{"provider", provider}}, column);
  };
  EXPECT_EQ(rate("RZZ01", "planned"), "16");
  EXPECT_EQ(rate("RZZ01", "daycase_rate"), "75.0");
  // (4 x 3 + 6 x 2) / 10; day cases and the birth aside.
  EXPECT_EQ(rate("RZZ01", "stays"), "10");
  EXPECT_EQ(rate("RZZ01", "mean_los"), "2.40");
  EXPECT_EQ(rate("RZZ02", "mean_los"), "1.00");
  EXPECT_EQ(rate("All", "mean_los"), "1.70");
  EXPECT_EQ(rate("RZZ02", "daycase_rate"), "NA");
}

TEST(ProviderReport, StaysAreContinuousOverProviders) {
  FixtureRelease release;
  FixtureTable apc = StayTable();
  apc.Add(
      Stay(1, "2026-03-01", "2026-03-05", {{"discharge_destination", "51"}}));
  apc.Add(Stay(1, "2026-03-05", "2026-03-11",
               {{"provider_code", "RZZ02"}, {"admission_method", "81"}}));
  release.activity.push_back(apc);
  Bench bench(release);
  const auto result = bench.Run("C19");
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(Find(result->tables[1], {{"provider", "RZZ02"}}, "mean_los"),
            "10.0");
  EXPECT_EQ(Find(result->tables[1], {{"provider", "RZZ01"}}, "stays"),
            "absent");
}

void WritePlan(const Bench& bench, const std::string& rows) {
  const std::string folder = bench.root() + "/reference";
  std::filesystem::create_directories(folder);
  ASSERT_TRUE(
      WriteFileAtomically(
          folder + "/contract_plan.toml",
          absl::StrFormat("id = \"contract_plan\"\nsource = \"Schedule\"\n"
                          "valid_from = 2025-04-01\nvalid_to = 2026-10-31\n"
                          "columns = [\"provider\", \"pod\", \"month\", "
                          "\"activity\"]\nrow = [\n%s]\n",
                          rows),
          0600)
          .ok());
}

TEST(ProviderReport, PlanAgainstActual) {
  Bench bench(TwoProviders());
  WritePlan(bench,
            "[\"RZZ01\", \"day_case\", \"2026-03\", 10],\n"
            "[\"RZZ01\", \"emergency\", \"2026-03\", 8.5],\n"
            "[\"RZZ03\", \"day_case\", \"2026-03\", 5],\n"
            "[\"RZZ01\", \"day_case\", \"2025-10\", 99],\n");
  RunOptions options;
  options.comparators = bench.root() + "/reference";
  const auto result = bench.Run("C19", options);
  ASSERT_TRUE(result.ok()) << result.status();
  ExpectDeclaredColumns(*result);
  ASSERT_EQ(result->tables.size(), 5u);
  const auto variance = [&](const char* provider, const char* pod) {
    return Find(result->tables[3], {{"provider", provider}, {"pod", pod}},
                "variance");
  };
  EXPECT_EQ(variance("RZZ01", "Day case"), "2.0");
  EXPECT_EQ(variance("RZZ01", "Emergency admission"), "-2.5");
  EXPECT_EQ(variance("RZZ03", "Day case"), "-5.0");
  EXPECT_EQ(result->tables[3].rows(), 3u);  // October 2025 is another year
  const auto step = [&](const char* name) {
    return Find(result->tables[4], {{"step", name}}, "value");
  };
  EXPECT_EQ(step("Plan"), "23.5");
  EXPECT_EQ(step("Day case"), "-3.0");
  EXPECT_EQ(step("Emergency admission"), "-2.5");
  EXPECT_EQ(step("Actual"), "18");
}

TEST(ProviderReport, RefusesAPlanThatContradictsItself) {
  Bench bench(TwoProviders());
  RunOptions options;
  options.comparators = bench.root() + "/reference";
  for (const char* rows : {"[\"RZZ01\", \"surgery\", \"2026-03\", 10],\n",
                           "[\"RZZ01\", \"day_case\", \"2026-03\", -1],\n",
                           "[\"RZZ01\", \"day_case\", \"2026-03\", 1],\n"
                           "[\"RZZ01\", \"day_case\", \"2026-03\", 1],\n"}) {
    WritePlan(bench, rows);
    EXPECT_EQ(ExitCodeOf(bench.Run("C19", options).status()), kExitUsage)
        << rows;
  }
}

TEST(ProviderReport, ComparesTheCostOfProvidersWhoseActivityHasAPrice) {
  Bench bench(TwoProviders());
  const auto result = bench.Run("C19");
  ASSERT_TRUE(result.ok()) << result.status();
  const GatedTable* overview = nullptr;
  for (const GatedTable& table : result->tables) {
    if (table.info().table == "provider_overview") overview = &table;
  }
  ASSERT_NE(overview, nullptr);
  const auto at = [&](std::string provider, std::string column) {
    return Find(*overview, {{"provider", std::move(provider)}}, column);
  };
  EXPECT_EQ(at("RZZ01", "priced_share"), "100.0");
  EXPECT_EQ(at("RZZ01", "compared"), "yes");
  // 11 admissions with a price, 20 attendances without.
  EXPECT_EQ(at("RZZ02", "activity"), "31");
  EXPECT_EQ(at("RZZ02", "priced_share"), "35.5");
  EXPECT_EQ(at("RZZ02", "cost"), "11100");
  EXPECT_EQ(at("RZZ02", "compared"), "no");
  const Chart* drawn = nullptr;
  for (const PagePart& part : result->parts) {
    for (const Chart& chart : part.charts) {
      if (chart.id() == "provider-overview") drawn = &chart;
    }
  }
  ASSERT_NE(drawn, nullptr);
  EXPECT_EQ(drawn->rows(), 1u);
  EXPECT_THAT(drawn->title, HasSubstr("RZZ01 is the only one of the providers "
                                      "with a cost of nearly all they did"));
  EXPECT_THAT(drawn->notes,
              ::testing::Contains(HasSubstr("Left out: 1 provider ")));
}

TEST(ProviderReport, HidesMoneyOfFewOrOfOne) {
  Bench bench(TwoProviders(), "nhs-subnational");
  const auto result = bench.Run("C19");
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(Report(*result, "RZZ01", "Day case", "activity"), "10");
  // 13,200 pounds of 12, of as many as are printed.
  EXPECT_EQ(Report(*result, "RZZ01", "Day case", "cost"), "11000");
  EXPECT_EQ(Report(*result, "RZZ01", "Emergency admission", "activity"), "*");
  EXPECT_EQ(Report(*result, "RZZ01", "Emergency admission", "cost"), "*");
  ASSERT_EQ(result->parts.size(), 1u);
  EXPECT_EQ(result->parts[0].page, "finance");
  EXPECT_EQ(result->parts[0].charts.size(), 3u);
}

TEST(ProviderReport, BeginsATypeWithTheMonthsThatItsDatasetCovers) {
  FixtureRelease release = TwoProviders();
  FixtureTable& ecds = release.activity[1];
  ecds.source = "national-ecds";
  release.periods_of["national-ecds"] = {{"2026-04-01", "2026-10-31"}};
  // Of a month before: half of it would read like a fall.
  ecds.Add({{"person", "50"}, {"arrival_date", "2026-03-31"}});
  Bench bench(release);
  WritePlan(bench,
            "[\"RZZ02\", \"ed_1\", \"2026-03\", 7],\n"
            "[\"RZZ02\", \"ed_1\", \"2026-04\", 15],\n"
            "[\"RZZ03\", \"ed_3\", \"2026-05\", 2],\n"
            "[\"RZZ01\", \"op_first\", \"2026-04\", 3],\n");
  RunOptions options;
  options.comparators = bench.root() + "/reference";
  const auto result = bench.Run("C19", options);
  ASSERT_TRUE(result.ok()) << result.status();
  ASSERT_FALSE(result->unavailable.has_value()) << *result->unavailable;
  const char* const type = "Emergency department, type 1";
  EXPECT_EQ(Report(*result, "RZZ02", type, "activity", "2026-03"), "absent");
  EXPECT_EQ(Report(*result, "RZZ02", type, "activity", "2026-04"), "20");
  EXPECT_EQ(Report(*result, "RZZ02", type, "activity", "2026-05"), "0");
  EXPECT_EQ(Report(*result, "RZZ02", type, "activity"), "20");
  EXPECT_EQ(Report(*result, "All", type, "activity"), "20");
  EXPECT_EQ(
      Report(*result, "RZZ02", "Emergency admission", "activity", "2025-11"),
      "0");
  EXPECT_THAT(result->tables[0].info().notes,
              testing::Contains("Table ecds covers 2026-04 to 2026-10 only: so "
                                "do the sums of its types."));
  const GatedTable* plan = nullptr;
  for (const GatedTable& table : result->tables) {
    if (table.info().table == "provider_plan") plan = &table;
  }
  ASSERT_NE(plan, nullptr);
  EXPECT_EQ(plan->rows(), 2u);
  EXPECT_EQ(Find(*plan, {{"provider", "RZZ02"}}, "variance"), "5.0");
  EXPECT_EQ(Find(*plan, {{"provider", "RZZ03"}}, "variance"), "-2.0");
}

}  // namespace
}  // namespace tally::analytics
