// C37: attrition step by step, against people placed by hand.
#include <filesystem>

#include "base/files.h"
#include "bench.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "hospital_rows.h"

namespace tally::analytics {
namespace {

using testing::HasSubstr;

constexpr char kRising[] =
    "Adults with diabetes and hypertension before complications";

FixtureRelease CohortTown() {
  FixtureRelease town;
  const auto person = [&](int age, std::vector<std::string> clusters) {
    FixtureRegistration r;
    r.person = static_cast<int>(town.registrations.size()) + 1;
    r.year_of_birth = 2026 - age;
    town.registrations.push_back(r);
    for (std::string& cluster : clusters) {
      town.events.push_back({r.person, "2020-01-01", std::move(cluster)});
    }
  };
  person(17, {"DM_COD", "HYP_COD"});  // too young
  person(80, {"DM_COD", "HYP_COD"});  // too old
  person(18, {"DM_COD", "HYP_COD"});
  person(79, {"DM_COD", "HYP_COD"});
  person(50, {"HYP_COD"});
  person(50, {"DM_COD"});
  person(50, {"DM_COD", "HYP_COD", "STRK_COD"});
  person(50, {"DM_COD", "HYP_COD", "CHD_COD", "PALCARE_COD"});
  person(50, {"DM_COD", "HYP_COD", "PALCARE_COD"});
  person(50, {});
  town.events.push_back({0, "2020-01-01", "DM_COD"});
  return town;
}

TEST(CohortBuilder, RemovesEachPersonAtTheFirstRuleThatFails) {
  FixtureRelease town = CohortTown();
  Bench bench(town);
  const auto result = bench.Run("C37");
  ASSERT_TRUE(result.ok()) << result.status();
  const GatedTable& table = result->tables[0];
  const std::pair<const char*, std::pair<const char*, const char*>> steps[] = {
      {"00", {"10", "NA"}}, {"01", {"8", "2"}}, {"02", {"6", "2"}},
      {"03", {"5", "1"}},   {"04", {"3", "2"}}, {"05", {"2", "1"}}};
  for (const auto& [step, counts] : steps) {
    const std::map<std::string, std::string> row = {{"cohort", kRising},
                                                    {"step", step}};
    EXPECT_EQ(Find(table, row, "remaining"), counts.first) << step;
    EXPECT_EQ(Find(table, row, "removed"), counts.second) << step;
  }
  EXPECT_EQ(Find(table, {{"cohort", kRising}, {"step", "00"}}, "rule"),
            "On the list");
  // The other cohort asks for admissions, which this release has not.
  EXPECT_THAT(table.info().notes,
              testing::Contains(HasSubstr("Frail people who were admitted is "
                                          "not available")));
}

TEST(CohortBuilder, CountsAdmissionsInTheirWindow) {
  FixtureRelease town;
  FixtureTable apc = ApcTable();
  const auto person = [&](int age, const std::string& day,
                          const std::string& method) {
    FixtureRegistration r;
    r.person = static_cast<int>(town.registrations.size()) + 1;
    r.year_of_birth = 2026 - age;
    town.registrations.push_back(r);
    town.events.push_back({r.person, "2020-01-01", "FRAILTY_COD"});
    if (day.empty()) return;
    FixtureEpisode e;
    e.person = r.person;
    e.spell = r.person;
    e.admitted = e.discharged = day;
    e.method = method;
    AddEpisode(e, apc);
  };
  person(65, "2025-11-01", "21");
  person(65, "2026-10-31", "28");
  person(65, "2025-10-31", "21");  // a day too early
  person(65, "2026-11-01", "21");  // after the month
  person(65, "2026-01-01", "11");  // planned
  person(64, "2026-01-01", "21");  // too young
  person(65, "", "");
  town.activity = {apc};
  Bench bench(town);
  const auto result = bench.Run("C37");
  ASSERT_TRUE(result.ok()) << result.status();
  const std::map<std::string, std::string> row = {
      {"cohort", "Frail people who were admitted"}, {"step", "03"}};
  EXPECT_EQ(Find(result->tables[0], row, "remaining"), "2");
  EXPECT_EQ(Find(result->tables[0], row, "removed"), "4");
}

TEST(CohortBuilder, RemainingIsTheSumOfWhatIsPrintedAfterIt) {
  FixtureRelease town = MakeTown(2, 800, 0.2, 0.05);
  for (const FixtureRegistration& r : town.registrations) {
    if (r.person % 3 == 0) {
      town.events.push_back({r.person, "2022-01-01", "HYP_COD"});
    }
    if (r.person % 90 == 0) {
      town.events.push_back({r.person, "2022-01-01", "STRK_COD"});
    }
  }
  Bench bench(town, "nhs-subnational");
  const auto result = bench.Run("C37");
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_TRUE(result->refused.empty());
  const GatedTable& table = result->tables[0];
  ASSERT_EQ(table.rows(), 6u);
  for (size_t row = 0; row + 1 < table.rows(); ++row) {
    double sum = 0;
    for (const char* column : {"remaining", "removed"}) {
      const auto number = table.at(row + 1, column).number();
      sum += number.has_value() ? *number : 5;  // `*` counts 5
    }
    if (table.at(row, "remaining").number().has_value()) {
      EXPECT_EQ(*table.at(row, "remaining").number(), sum) << row;
    }
  }
  ASSERT_EQ(result->parts.size(), 1u);
  EXPECT_EQ(result->parts[0].charts[0].type(), "attrition");
}

TEST(CohortBuilder, CutsByPracticeAddUp) {
  FixtureRelease town = CohortTown();
  for (size_t i = 0; i < 5; ++i) town.registrations[i].practice = "Z90002";
  Bench bench(town);
  RunOptions options;
  options.by = {"practice"};
  const auto result = bench.Run("C37", options);
  ASSERT_TRUE(result.ok()) << result.status();
  const auto at = [&](const std::string& area, const std::string& step) {
    return Find(result->tables[0],
                {{"cohort", kRising}, {"area", area}, {"step", step}},
                "remaining");
  };
  EXPECT_EQ(at("Z90001", "00"), "5");
  EXPECT_EQ(at("Z90002", "00"), "5");
  EXPECT_EQ(at("Z90001", "05"), "0");
  EXPECT_EQ(at("Z90002", "05"), "2");
}

TEST(CohortBuilder, RefusesRulesThatSayNothing) {
  const FixtureRelease town = CohortTown();
  const std::pair<std::string, std::string> faults[] = {
      {"keep = \"include\", age_from = 18, age_to = 79", "keep = \"include\""},
      {"keep = \"include\", age_from = 18", "keep = \"stay\", age_from = 18"},
      {"{ cohort = \"rising-risk\", rule = \"aged",
       "{ cohort = \"nobody\", rule = \"aged"},
      {"dataset = \"gp-event\"", "dataset = \"gp-letters\""},
  };
  for (const auto& [from, to] : faults) {
    Bench bench(town);
    const std::string folder = bench.root() + "/definitions";
    std::filesystem::create_directories(folder);
    std::string text = *ReadFile(std::string(TALLY_SOURCE_DIR) +
                                     "/analytics/measures/definitions/C37.toml",
                                 1 << 20);
    ASSERT_NE(text.find(from), std::string::npos) << from;
    text.replace(text.find(from), from.size(), to);
    ASSERT_TRUE(WriteFileAtomically(folder + "/C37.toml", text, 0600).ok());
    RunOptions options;
    options.definitions = folder;
    EXPECT_EQ(bench.Run("C37", options).status().code(),
              absl::StatusCode::kInvalidArgument)
        << to;
  }
}

TEST(CohortBuilder, SaysWhereARuleLooksFurtherBackThanTheRelease) {
  for (const bool reaches : {true, false}) {
    FixtureRelease town = CohortTown();
    town.activity = {ApcTable()};
    town.period_start = reaches ? "2025-11-01" : "2025-12-01";
    Bench bench(town);
    const auto result = bench.Run("C37");
    ASSERT_TRUE(result.ok()) << result.status();
    const auto said = testing::Contains(HasSubstr(
        "Rules look back up to 12 months, to 2025-11, and table sus_apc begins "
        "with 2025-12"));
    const std::vector<std::string>& notes = result->tables[0].info().notes;
    if (reaches) {
      EXPECT_THAT(notes, testing::Not(said));
    } else {
      EXPECT_THAT(notes, said);
    }
  }
}

}  // namespace
}  // namespace tally::analytics
