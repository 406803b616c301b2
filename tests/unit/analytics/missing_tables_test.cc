// Every table that a definition declares is made, refused or named with its
// reason; only what is asked for passes the gate.
#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "analytics/plan/plan.h"
#include "analytics/plan/plan_run.h"
#include "analytics/plan/run_folder.h"
#include "base/exit_code.h"
#include "base/files.h"
#include "bench.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "indicator_world.h"
#include "status_matchers.h"

namespace tally::analytics {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

std::string ReasonFor(const MeasureResult& result, const std::string& table) {
  for (const MissingTable& missing : result.missing) {
    if (missing.table == table) return missing.reason;
  }
  return "not missing";
}

void ExpectEveryTableAccountedFor(const MeasureResult& result) {
  if (result.unavailable.has_value()) return;
  std::multiset<std::string> named;
  for (const GatedTable& table : result.tables)
    named.insert(table.info().table);
  for (const RefusedTable& table : result.refused) named.insert(table.table);
  for (const MissingTable& table : result.missing) {
    named.insert(table.table);
    EXPECT_THAT(table.reason, Not(HasSubstr("gives no reason")))
        << result.id << " " << table.table;
  }
  std::multiset<std::string> declared;
  const auto definition = LoadDefinition(result.id, "");
  for (const MeasureOutput& output : definition->outputs()) {
    declared.insert(output.table);
  }
  EXPECT_EQ(named, declared) << result.id;
}

// People and emergency care, so that more measures can be made.
FixtureRelease PeopleAndHospital() {
  IndicatorWorld world;
  world.Town(2, [](int, int) { return 3; });
  FixtureRelease release = world.Release();
  FixtureTable spells{.dataset = "sus-apc"};
  spells.Add({{"person", "1"},
              {"spell_id", "1"},
              {"episode_order", "1"},
              {"last_episode", "true"},
              {"admission_date", "2026-01-05"},
              {"discharge_date", "2026-01-07"},
              {"admission_method", "21"},
              {"provider_code", "RZA"}});
  release.activity.push_back(spells);
  return release;
}

TEST(MissingTables, EveryDeclaredTableIsThereOrNamed) {
  for (const FixtureRelease& release :
       {MakeTown(4, 300, 0.05, 0.01), FixtureRelease(), PeopleAndHospital()}) {
    Bench bench(release, "nhs-subnational");
    for (const std::string& id : MeasureIds()) {
      const auto result = bench.Run(id);
      if (result.ok()) ExpectEveryTableAccountedFor(*result);
      const auto definition = LoadDefinition(id, "");
      for (const std::string& column : definition->by()) {
        RunOptions options;
        options.by = {column};
        const auto grouped = bench.Run(id, options);
        if (grouped.ok()) ExpectEveryTableAccountedFor(*grouped);
      }
    }
  }
}

TEST(MissingTables, AReleaseOfAgeBandsHasNoDependencyAndSaysWhy) {
  FixtureRelease town = MakeTown(2, 200, 0.05, 0);
  town.age_column = "age_band";
  Bench bench(town);
  RunOptions options;
  options.tables = {"dependency"};
  const auto result = bench.Run("C02", options);
  ASSERT_OK(result);
  EXPECT_THAT(result->tables, IsEmpty());
  EXPECT_THAT(ReasonFor(*result, "dependency"),
              HasSubstr("neither year_of_birth nor age_fy"));
}

TEST(MissingTables, MovesNeedSegments) {
  Bench bench(MakeTown(2, 200, 0.05, 0));
  const auto result = bench.Run("C04");
  ASSERT_OK(result);
  EXPECT_THAT(ReasonFor(*result, "segment_moves"),
              HasSubstr("no set of segments"));
}

TEST(MissingTables, LaceByPracticeNeedsDiagnosesAndAttendances) {
  Bench bench(PeopleAndHospital());
  RunOptions options;
  options.by = {"practice"};
  const auto result = bench.Run("C05", options);
  ASSERT_OK(result);
  EXPECT_THAT(result->tables, IsEmpty());
  EXPECT_THAT(ReasonFor(*result, "lace_bands"), HasSubstr("diag_01"));
  EXPECT_EQ(ReasonFor(*result, "risk_bands"), "it is made without --by only");
}

TEST(MissingTables, APlanListsThemWithTheirReasons) {
  FixtureRelease town = MakeTown(2, 200, 0.05, 0);
  town.age_column = "age_band";
  Bench bench(town);
  const auto plan = ParsePlan(
      "release = \"p/r2026-10\"\nstep = [{ id = \"a\", measure = \"C02\" }]\n",
      "plan.toml");
  ASSERT_OK(plan);
  const PlanGround ground{bench.folder(), bench.database(), bench.gate(), {}};
  const auto outcome = RunPlan(*plan, ground);
  ASSERT_OK(outcome);
  ASSERT_EQ(outcome->steps[0].missing.size(), 1u);
  EXPECT_EQ(outcome->steps[0].missing[0].table, "dependency");
  EXPECT_EQ(outcome->steps[0].state, StepState::kDone);
  RunFolderOptions folder;
  folder.path = bench.root() + "/run";
  folder.temp = bench.root();
  ASSERT_OK(WriteRunFolder(*plan, *outcome, ground, folder));
  EXPECT_THAT(*ReadFile(folder.path + "/not_available.csv", 1 << 20),
              HasSubstr("a,C02,dependency,not available,"));
}

// A gate that remembers.
struct LoggedRun {
  explicit LoggedRun(Bench& bench, RunOptions options)
      : log(""),
        gate(*Profile::Named("nhs-national"), Options()),
        runner(bench.folder(), bench.database(), gate, std::move(options)) {}
  GateOptions Options() {
    GateOptions options;
    options.log = &log;
    return options;
  }
  std::vector<std::string> Passed() const {
    std::vector<std::string> names;
    for (const TableDecisions& d : log.appended()) {
      names.push_back(d.measure + "/" + d.table);
    }
    return names;
  }

  DecisionLog log;
  Gate gate;
  MeasureRunner runner;
};

TEST(TableChoice, OnlyWhatIsPrintedPassesTheGate) {
  Bench bench(MakeTown(2, 200, 0.05, 0));
  RunOptions options;
  options.tables = {"dependency"};
  LoggedRun run(bench, options);
  const auto result = run.runner.Run("C02");
  ASSERT_OK(result);
  ASSERT_EQ(result->tables.size(), 1u);
  EXPECT_EQ(run.Passed(), (std::vector<std::string>{"C02/dependency"}));
  EXPECT_THAT(result->gated_for_others, IsEmpty());
}

TEST(TableChoice, WhatATableIsComputedFromPassesTooAndIsNamed) {
  IndicatorWorld world;
  world.Town(2, [](int, int) { return 30; });
  Bench bench(world.Release());
  RunOptions options = world.Options(bench);
  options.tables = {"spc_points", "practice_pack"};
  LoggedRun run(bench, options);
  const auto result = run.runner.Run("C29");
  ASSERT_OK(result);
  EXPECT_THAT(result->gated_for_others, Contains("C29/indicators"));
  EXPECT_THAT(run.Passed(), Contains("C29/spc_points"));
  EXPECT_THAT(run.Passed(), Not(Contains("C29/indicator_trend")));
  // Of a measure that another uses all tables pass.
  const auto pack = run.runner.Run("C18");
  ASSERT_OK(pack);
  EXPECT_THAT(pack->gated_for_others, Contains("C29/indicator_trend"));
  EXPECT_EQ(pack->tables.size(), 1u);
}

TEST(CheckGrouping, NamesWhatThereIs) {
  const auto check = [](const char* id, std::vector<std::string> by) {
    const absl::Status status = CheckGrouping(*LoadDefinition(id, ""), by);
    EXPECT_TRUE(status.ok() || ExitCodeOf(status) == kExitUsage) << status;
    return std::string(status.message());
  };
  EXPECT_EQ(check("C02", {"practice", "age_band"}), "");
  EXPECT_EQ(check("C02", {"practise"}),
            "--by: C02 is not grouped by practise (did you mean practice?); it "
            "can be by practice, sex, age_band, imd_decile, ethnicity");
  EXPECT_EQ(check("C02", {"sex", "sex"}), "--by: sex is there twice");
  EXPECT_EQ(check("C12", {"sex"}),
            "--by: C12 has its own breakdowns and is not grouped by others");
  EXPECT_EQ(check("C12", {}), "");
}

// What a definition declares is what the measure takes.
TEST(CheckGrouping, DefinitionsDeclareWhatTheMeasuresTake) {
  const std::string folder = testing::TempDir() + "every_column";
  std::filesystem::create_directories(folder);
  Bench bench(PeopleAndHospital());
  for (const std::string& id : MeasureIds()) {
    const auto definition = LoadDefinition(id, "");
    const std::vector<std::string>& declared = definition->by();
    std::string text = IndicatorWorld::Definition(id);
    const size_t at = text.find("\npages = ") + 1;
    const size_t old = text.find("\nby = ");
    if (old != std::string::npos) {
      text.erase(old, text.find('\n', old + 1) - old);
    }
    text.insert(at,
                "by = [\"practice\", \"sex\", \"age_band\", \"ethnicity\"]\n");
    ASSERT_OK(WriteFileAtomically(folder + "/" + id + ".toml", text, 0600));
    for (const std::string column :
         {"practice", "sex", "age_band", "ethnicity"}) {
      RunOptions options;
      options.by = {column};
      options.definitions = folder;
      const auto result = bench.Run(id, options);
      if (result.ok() && result->unavailable.has_value()) continue;
      const bool takes = ExitCodeOf(result.status()) != kExitUsage;
      const bool says =
          std::find(declared.begin(), declared.end(), column) != declared.end();
      EXPECT_EQ(takes, says) << id << " " << column << " " << result.status();
    }
  }
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace tally::analytics
