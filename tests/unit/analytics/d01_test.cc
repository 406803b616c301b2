// D01: weighted capitation against fractions worked apart.
#include <cmath>
#include <filesystem>

#include "absl/strings/str_format.h"
#include "analytics/statistics/capitation.h"
#include "base/files.h"
#include "bench.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tally::analytics {
namespace {

using testing::HasSubstr;

// Two areas of 300 and 100 people: indices of general care 1.2 and 0.6 with
// three quarters of the expenditure, of maternity 0.9 and 1.3; a factor of 1
// and 1.1. The figures below are exact fractions, worked in Python.
std::vector<CapitationInput> TwoAreas() {
  return {{300, {{1.2}, {0.9}}, {1}, 700}, {100, {{0.6}, {1.3}}, {1.1}, 280}};
}

CapitationTerms UsualTerms() { return {{3, 1}, 1000, 0.01, 0.04}; }

TEST(WeightedCapitation, EqualsExactFractions) {
  const auto shares = WeightedCapitation(TwoAreas(), UsualTerms());
  ASSERT_TRUE(shares.ok()) << shares.status();
  const CapitationShare& a = (*shares)[0];
  const CapitationShare& b = (*shares)[1];
  EXPECT_NEAR(a.components[0], 8.0 / 7, 1e-12);
  EXPECT_NEAR(b.components[0], 4.0 / 7, 1e-12);
  EXPECT_NEAR(a.factor, 40.0 / 41, 1e-12);
  EXPECT_NEAR(a.weighted, 318.63990886, 1e-8);
  EXPECT_NEAR(b.weighted, 81.3600911401, 1e-8);
  EXPECT_NEAR(a.weighted + b.weighted, 400, 1e-9);
  EXPECT_NEAR(a.share + b.share, 1, 1e-12);
  EXPECT_NEAR(a.target, 796.59977215, 1e-8);
  EXPECT_NEAR(a.distance, -0.121265126513, 1e-11);
  EXPECT_NEAR(b.distance, 0.376596294701, 1e-11);
  // Growth held at 4 % and 1 %, then scaled to the budget.
  EXPECT_NEAR(a.allocation, 720.221606648, 1e-8);
  EXPECT_NEAR(b.allocation, 279.778393352, 1e-8);
  EXPECT_NEAR(a.growth, 0.0288880094974, 1e-11);
  EXPECT_NEAR(a.allocation + b.allocation, 1000, 1e-9);
}

TEST(WeightedCapitation, EqualIndicesChangeNothing) {
  std::vector<CapitationInput> areas = {{300, {{7}}, {2, 3}, 0},
                                        {100, {{7}}, {2, 3}, 0}};
  const auto shares = WeightedCapitation(areas, {{1}, 50, 0, 0});
  ASSERT_TRUE(shares.ok()) << shares.status();
  EXPECT_NEAR((*shares)[0].weighted, 300, 1e-9);
  EXPECT_NEAR((*shares)[0].target, 37.5, 1e-9);
  EXPECT_EQ((*shares)[0].allocation, 0);
}

TEST(WeightedCapitation, GrowthBetweenTheBoundsReachesTheTarget) {
  std::vector<CapitationInput> areas = {{100, {{1}}, {}, 490},
                                        {100, {{1}}, {}, 485}};
  // Targets are 500 each: growth of 2.04 and 3.09 %.
  const auto shares = WeightedCapitation(areas, {{1}, 1000, 0.02, 0.04});
  ASSERT_TRUE(shares.ok()) << shares.status();
  EXPECT_NEAR((*shares)[0].allocation, 500, 1e-9);
  EXPECT_NEAR((*shares)[1].allocation, 500, 1e-9);
}

TEST(WeightedCapitation, RefusesWhatCannotBeWeighed) {
  std::vector<std::vector<CapitationInput>> faults(7, TwoAreas());
  faults[0].clear();
  faults[1][1].people = 0;
  faults[2][1].components[0][0] = 0;
  faults[3][1].components[0].push_back(1);
  faults[4][1].factors.clear();
  faults[5][1].baseline = 0;
  faults[6][0].components.pop_back();
  for (const auto& areas : faults) {
    EXPECT_EQ(WeightedCapitation(areas, UsualTerms()).status().code(),
              absl::StatusCode::kInvalidArgument);
  }
  CapitationTerms terms = UsualTerms();
  terms.least_growth = 0.05;
  EXPECT_FALSE(WeightedCapitation(TwoAreas(), terms).ok());
  terms = UsualTerms();
  terms.budget = 0;
  EXPECT_FALSE(WeightedCapitation(TwoAreas(), terms).ok());
  terms = UsualTerms();
  terms.weights = {0, 0};
  EXPECT_FALSE(WeightedCapitation(TwoAreas(), terms).ok());
}

// Writes one reference file that is valid in 2026.
void WriteReference(const std::string& folder, const std::string& id,
                    const std::string& columns, const std::string& rows,
                    const std::string& valid_to = "2027-03-31") {
  std::filesystem::create_directories(folder);
  ASSERT_TRUE(WriteFileAtomically(
                  folder + "/" + id + ".toml",
                  absl::StrFormat("id = \"%s\"\nsource = \"Test weights\"\n"
                                  "valid_from = 2026-04-01\nvalid_to = %s\n"
                                  "columns = [%s]\nrow = [\n%s\n]\n",
                                  id, valid_to, columns, rows),
                  0600)
                  .ok());
}

// The files of the two areas above.
void WriteWeights(const std::string& folder) {
  WriteReference(folder, "capitation_indices",
                 "\"area\", \"component\", \"index\", \"value\"",
                 "[\"East\", \"general\", \"need\", 1.2],"
                 "[\"West\", \"general\", \"need\", 0.6],"
                 "[\"East\", \"maternity\", \"births\", 0.9],"
                 "[\"West\", \"maternity\", \"births\", 1.3],"
                 "[\"East\", \"factor\", \"mff\", 1],"
                 "[\"West\", \"factor\", \"mff\", 1.1]");
  WriteReference(folder, "capitation_components", "\"component\", \"weight\"",
                 "[\"general\", 3], [\"maternity\", 1]");
  WriteReference(folder, "capitation_budget",
                 "\"budget_pence\", \"least_growth\", \"most_growth\"",
                 "[100000, 0.01, 0.04]");
  WriteReference(folder, "capitation_baseline", "\"area\", \"baseline_pence\"",
                 "[\"East\", 70000], [\"West\", 28000]");
  WriteReference(folder, "practice_areas", "\"practice\", \"area\"",
                 "[\"Z90001\", \"East\"], [\"Z90002\", \"East\"],"
                 "[\"Z90003\", \"West\"]");
}

// 200, 100 and 100 people in three practices, 50 in one of no area.
FixtureRelease CapitationTown() {
  FixtureRelease town;
  const std::pair<const char*, int> practices[] = {
      {"Z90001", 200}, {"Z90002", 100}, {"Z90003", 100}, {"Z90004", 50}};
  for (const auto& [practice, people] : practices) {
    for (int i = 0; i < people; ++i) {
      FixtureRegistration r;
      r.person = static_cast<int>(town.registrations.size()) + 1;
      r.practice = practice;
      r.sex = i % 2 == 0 ? "1" : "2";
      r.year_of_birth = i % 4 < 2 ? 1990 : 1940;
      town.registrations.push_back(r);
    }
  }
  return town;
}

const GatedTable* CapitationTable(const MeasureResult& result,
                                  std::string_view name) {
  for (const GatedTable& table : result.tables) {
    if (table.info().table == name) return &table;
  }
  return nullptr;
}

std::string CapitationReason(const MeasureResult& result,
                             std::string_view table) {
  for (const MissingTable& missing : result.missing) {
    if (missing.table == table) return missing.reason;
  }
  return "not missing";
}

TEST(Capitation, WeighsListsByTheFilesOfTheOperator) {
  Bench bench(CapitationTown());
  RunOptions options;
  options.comparators = bench.root() + "/references";
  WriteWeights(options.comparators);
  const auto result = bench.Run("D01", options);
  ASSERT_TRUE(result.ok()) << result.status();
  const GatedTable& table = *CapitationTable(*result, "capitation");
  const std::map<std::string, std::string> east = {{"area", "East"}};
  const std::map<std::string, std::string> west = {{"area", "West"}};
  EXPECT_EQ(Find(table, east, "crude"), "300");
  EXPECT_EQ(Find(table, east, "index_general"), "1.1429");
  EXPECT_EQ(Find(table, east, "index_maternity"), "0.9000");
  EXPECT_EQ(Find(table, east, "index_factors"), "0.9756");
  EXPECT_EQ(Find(table, east, "weighted"), "319");
  EXPECT_EQ(Find(table, east, "share"), "79.660");
  EXPECT_EQ(Find(table, east, "target"), "797");
  EXPECT_EQ(Find(table, east, "dft"), "-12.13");
  EXPECT_EQ(Find(table, west, "dft"), "37.66");
  EXPECT_EQ(Find(table, east, "pace"), "2.89");
  EXPECT_EQ(Find(table, east, "allocation"), "720");
  EXPECT_THAT(table.info().notes,
              testing::Contains(HasSubstr("Test weights, valid 2026-04-01")));
  EXPECT_THAT(
      CapitationTable(*result, "list_sizes")->info().notes,
      testing::Contains(HasSubstr("Practices that belong to no area: 1")));
  ASSERT_EQ(result->parts.size(), 1u);
  EXPECT_EQ(result->parts[0].page, "finance");
  EXPECT_EQ(result->parts[0].charts.size(), 2u);
}

TEST(Capitation, PracticesAreWeighedByAgeAndSex) {
  FixtureRelease town = CapitationTown();
  // In the third practice everybody is old.
  for (FixtureRegistration& r : town.registrations) {
    if (r.practice == "Z90003") r.year_of_birth = 1940;
    if (r.practice == "Z90004") r.practice.clear();
  }
  Bench bench(town);
  RunOptions options;
  options.comparators = bench.root() + "/references";
  WriteWeights(options.comparators);
  WriteReference(options.comparators, "capitation_age_sex",
                 "\"sex\", \"age_from\", \"age_to\", \"weight\"",
                 "[\"male\", 0, 64, 1], [\"male\", 65, 90, 3],"
                 "[\"female\", 0, 64, 2], [\"female\", 65, 90, 4]");
  WriteReference(options.comparators, "capitation_practice",
                 "\"area\", \"index\", \"value\"",
                 "[\"Z90001\", \"need\", 1], [\"Z90002\", \"need\", 2],"
                 "[\"Z90003\", \"need\", 1]");
  const auto result = bench.Run("D01", options);
  ASSERT_TRUE(result.ok()) << result.status();
  const GatedTable& lists = *CapitationTable(*result, "age_sex_lists");
  // Halves young and old, men and women: 1, 2, 3 and 4, so 2.5 each.
  EXPECT_EQ(Find(lists, {{"area", "Z90001"}}, "age_sex_weighted"), "500");
  // All old: 3.5 each.
  EXPECT_EQ(Find(lists, {{"area", "Z90003"}}, "age_sex_weighted"), "350");
  const GatedTable& table = *CapitationTable(*result, "capitation_practice");
  // Weights 500, 250 x 2, 350: shares of 1350.
  EXPECT_EQ(Find(table, {{"area", "Z90001"}}, "share"), "37.037");
  EXPECT_EQ(Find(table, {{"area", "Z90002"}}, "share"), "37.037");
  EXPECT_EQ(Find(table, {{"area", "Z90003"}}, "share"), "25.926");
  EXPECT_EQ(Find(table, {{"area", "unknown"}}, "share"), "absent");
  EXPECT_THAT(table.info().notes,
              testing::Contains(HasSubstr("no known practice")));

  // A practice without an index: no practice gets what should be its.
  WriteReference(options.comparators, "capitation_practice",
                 "\"area\", \"index\", \"value\"",
                 "[\"Z90001\", \"need\", 1], [\"Z90003\", \"need\", 1]");
  const auto none = bench.Run("D01", options);
  ASSERT_TRUE(none.ok()) << none.status();
  EXPECT_EQ(CapitationTable(*none, "capitation_practice"), nullptr);
  EXPECT_THAT(CapitationReason(*none, "capitation_practice"),
              HasSubstr("shares of a budget need all areas, and the list is "
                        "not printed or a weight file has not all that the "
                        "others have of: Z90002"));
  EXPECT_NE(CapitationTable(*none, "capitation"), nullptr);
}

TEST(Capitation, IsNotAvailableWithoutItsFiles) {
  Bench bench(CapitationTown());
  const auto result = bench.Run("D01");
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_THAT(result->unavailable.value_or(""),
              HasSubstr("capitation_indices.toml"));
}

TEST(Capitation, RefusesFilesThatAreWrong) {
  const auto fails = [](const std::string& id, const std::string& columns,
                        const std::string& rows) {
    Bench bench(CapitationTown());
    RunOptions options;
    options.comparators = bench.root() + "/references";
    WriteWeights(options.comparators);
    WriteReference(options.comparators, id, columns, rows);
    return bench.Run("D01", options).status().code() ==
           absl::StatusCode::kInvalidArgument;
  };
  const std::string budget =
      "\"budget_pence\", \"least_growth\", "
      "\"most_growth\"";
  EXPECT_TRUE(fails("capitation_budget", budget, "[100000, 0.05, 0.04]"));
  EXPECT_TRUE(fails("capitation_budget", budget, "[0, 0.01, 0.04]"));
  EXPECT_TRUE(fails("capitation_components", "\"component\", \"weight\"",
                    "[\"general\", 3]"));  // maternity has no weight
  EXPECT_TRUE(fails("capitation_components", "\"component\", \"weight\"",
                    "[\"general\", 3], [\"maternity\", 0]"));
  EXPECT_TRUE(fails("practice_areas", "\"practice\", \"area\"",
                    "[\"Z90001\", \"East\"], [\"Z90001\", \"West\"]"));
  EXPECT_TRUE(fails("capitation_age_sex",
                    "\"sex\", \"age_from\", \"age_to\", \"weight\"",
                    "[\"male\", 0, 64, 1], [\"male\", 64, 90, 3]"));
}

TEST(Capitation, IsNotAvailableWithAFileOfAnotherYear) {
  const struct {
    const char* id;
    const char* columns;
    const char* rows;
  } files[] = {
      {"capitation_budget",
       "\"budget_pence\", \"least_growth\", \"most_growth\"",
       "[100000, 0.01, 0.04]"},
      {"practice_areas", "\"practice\", \"area\"", "[\"Z90001\", \"East\"]"},
      {"capitation_age_sex", "\"sex\", \"age_from\", \"age_to\", \"weight\"",
       "[\"male\", 0, 90, 1]"}};
  for (const auto& file : files) {
    Bench bench(CapitationTown());
    RunOptions options;
    options.comparators = bench.root() + "/references";
    WriteWeights(options.comparators);
    WriteReference(options.comparators, file.id, file.columns, file.rows,
                   "2026-10-30");
    const auto result = bench.Run("D01", options);
    ASSERT_TRUE(result.ok()) << result.status();
    EXPECT_EQ(result->unavailable.value_or(""),
              absl::StrFormat("%s.toml is valid 2026-04-01 to 2026-10-30, and "
                              "not in all of 2026-10, the month of the figures",
                              file.id));
    EXPECT_TRUE(result->tables.empty());
  }
}

TEST(Capitation, AnAreaThatLacksAnIndexLeavesNoSharesWhicheverComesFirst) {
  // "Centre" comes before the others and has one index of three.
  Bench bench(CapitationTown());
  RunOptions options;
  options.comparators = bench.root() + "/references";
  WriteWeights(options.comparators);
  WriteReference(options.comparators, "capitation_indices",
                 "\"area\", \"component\", \"index\", \"value\"",
                 "[\"Centre\", \"general\", \"need\", 1],"
                 "[\"East\", \"general\", \"need\", 1.2],"
                 "[\"West\", \"general\", \"need\", 0.6],"
                 "[\"East\", \"maternity\", \"births\", 0.9],"
                 "[\"West\", \"maternity\", \"births\", 1.3],"
                 "[\"East\", \"factor\", \"mff\", 1],"
                 "[\"West\", \"factor\", \"mff\", 1.1]");
  WriteReference(options.comparators, "capitation_baseline",
                 "\"area\", \"baseline_pence\"",
                 "[\"Centre\", 10000], [\"East\", 70000], [\"West\", 28000]");
  WriteReference(options.comparators, "practice_areas",
                 "\"practice\", \"area\"",
                 "[\"Z90001\", \"East\"], [\"Z90002\", \"East\"],"
                 "[\"Z90003\", \"West\"], [\"Z90004\", \"Centre\"]");
  const auto result = bench.Run("D01", options);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(CapitationTable(*result, "capitation"), nullptr);
  EXPECT_THAT(CapitationReason(*result, "capitation"),
              testing::EndsWith("have of: Centre"));
  EXPECT_EQ(Find(*CapitationTable(*result, "list_sizes"), {{"area", "Centre"}},
                 "crude"),
            "50");
}

TEST(Capitation, AnAreaWithAHiddenListLeavesNoShares) {
  FixtureRelease town = CapitationTown();
  // Six people of a third area: hidden under the default profile.
  for (int i = 0; i < 6; ++i) {
    FixtureRegistration r;
    r.person = 1000 + i;
    r.practice = "Z90005";
    town.registrations.push_back(r);
  }
  Bench bench(town, "nhs-subnational");
  RunOptions options;
  options.comparators = bench.root() + "/references";
  WriteWeights(options.comparators);
  WriteReference(options.comparators, "practice_areas",
                 "\"practice\", \"area\"",
                 "[\"Z90001\", \"East\"], [\"Z90002\", \"East\"],"
                 "[\"Z90003\", \"West\"], [\"Z90005\", \"Tiny\"]");
  const auto result = bench.Run("D01", options);
  ASSERT_TRUE(result.ok()) << result.status();
  const GatedTable& lists = *CapitationTable(*result, "list_sizes");
  EXPECT_EQ(Find(lists, {{"area", "Tiny"}}, "crude"), "*");
  EXPECT_EQ(CapitationTable(*result, "capitation"), nullptr);
  EXPECT_THAT(CapitationReason(*result, "capitation"), HasSubstr("Tiny"));
}

}  // namespace
}  // namespace tally::analytics
