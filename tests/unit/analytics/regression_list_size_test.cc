// List sizes and populations are counted and rounded once: they do not grow
// with the stars beside them, and agree wherever they stand.
#include <set>

#include "analytics/disclosure/registry.h"
#include "base/error.h"
#include "bench.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tally::analytics {
namespace {

// Three practices of 444, 520 and 610 people, most age bands thin.
FixtureRelease ThinTown() {
  FixtureRelease release;
  int person = 0;
  const int sizes[] = {444, 520, 610};
  for (int p = 0; p < 3; ++p) {
    for (int i = 0; i < sizes[p]; ++i) {
      FixtureRegistration r;
      r.person = ++person;
      r.practice = "Z9000" + std::to_string(p + 1);
      r.year_of_birth = 2026 - (i % 3 == 0 ? i % 91 : 30 + i % 20);
      r.sex = i % 2 == 0 ? "1" : "2";
      r.imd_decile = i % 4 == 0 ? 1 + i / 4 % 9 : 5;
      r.ethnic_category = i % 40 == 0 ? "asian" : "white";
      release.registrations.push_back(r);
      if (i % 9 == 0) {
        release.events.push_back({person, "2025-06-01", "AST_COD"});
      }
    }
  }
  return release;
}

std::set<std::string> Lists(const GatedTable& table, const std::string& area) {
  std::set<std::string> lists;
  for (size_t row = 0; row < table.rows(); ++row) {
    if (table.at(row, "area").text() != area) continue;
    lists.insert(table.at(row, "list").text());
  }
  return lists;
}

TEST(ListSize, IsTheSameInEveryBreakdown) {
  Bench bench(ThinTown(), "nhs-subnational");
  using By = std::vector<std::string>;
  for (const By& by : {By{}, By{"practice"}, By{"practice", "sex"},
                       By{"practice", "imd_decile"}}) {
    RunOptions options;
    options.by = by;
    const auto result = bench.Run("C02", options);
    ASSERT_TRUE(result.ok()) << result.status();
    const GatedTable& table = result->tables[0];
    EXPECT_THAT(Lists(table, "Z90001"), testing::ElementsAre("445"));
    EXPECT_THAT(Lists(table, "Z90002"), testing::ElementsAre("520"));
    EXPECT_THAT(Lists(table, "All"), testing::ElementsAre("1575"));
  }
  RunOptions by_sex;
  by_sex.by = {"sex"};
  const auto result = bench.Run("C02", by_sex);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_THAT(Lists(result->tables[0], "All"), testing::ElementsAre("1575"));
}

TEST(ListSize, OfAConditionIsCountedToo) {
  Bench bench(ThinTown(), "nhs-subnational");
  const auto result = bench.Run("C03");
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(Find(result->tables[0], {{"area", "All"}}, "condition"), "Asthma");
  EXPECT_THAT(Lists(result->tables[0], "Z90001"),
              testing::Not(testing::Contains("*")));
}

TEST(ListSize, SharesAddUpToAboutAHundred) {
  Bench bench(ThinTown(), "nhs-subnational");
  const auto result = bench.Run("C02");
  ASSERT_TRUE(result.ok()) << result.status();
  const GatedTable& table = result->tables[0];
  double shares = 0;
  for (size_t row = 0; row < table.rows(); ++row) {
    if (table.at(row, "area").text() != kAllLevels ||
        table.at(row, "breakdown").text() != "deprivation") {
      continue;
    }
    shares += table.at(row, "share").number().value_or(0);
  }
  EXPECT_NEAR(shares, 100, 3);
}

TEST(ListSize, BreakdownThatIsMostlyHiddenIsRefused) {
  Bench bench(ThinTown(), "nhs-subnational");
  RunOptions options;
  options.by = {"practice", "age_band", "sex", "imd_decile", "ethnicity"};
  const auto result = bench.Run("C02", options);
  ASSERT_TRUE(result.ok()) << result.status();
  ASSERT_EQ(result->refused.size(), 1);
  EXPECT_EQ(result->refused[0].table, "population_profile");
  const absl::Status& status = result->refused[0].status;
  EXPECT_EQ(ReasonOf(status), Reason::kDisclosureRefused);
  EXPECT_EQ(ExitCodeOf(status), kExitNotPermitted);
  EXPECT_THAT(std::string(status.message()),
              testing::HasSubstr("fewer dimensions"));
}

}  // namespace
}  // namespace tally::analytics
