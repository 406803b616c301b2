// Measures that were announced give what they give without, in the order in
// which they are run.
#include <signal.h>

#include <string>
#include <vector>

#include "analytics/export/table_writers.h"
#include "base/exit_code.h"
#include "base/process.h"
#include "bench.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "indicator_world.h"
#include "replaced_definition.h"
#include "status_matchers.h"

namespace tally::analytics {
namespace {

// Everything that a reader gets of a measure.
std::string TextOf(const absl::StatusOr<MeasureResult>& result) {
  if (!result.ok()) return result.status().ToString();
  std::string text =
      result->id + "\n" + result->unavailable.value_or("") + "\n";
  for (const GatedTable& table : result->tables) text += GatedCsv(table);
  for (const RefusedTable& table : result->refused) {
    text += table.table + ": " + table.status.ToString() + "\n";
  }
  for (const MissingTable& table : result->missing) {
    text += table.table + ": " + table.reason + "\n";
  }
  return text;
}

struct RunOfAll {
  std::vector<std::string> texts;
  std::vector<std::string> passed;  // the gate, in order
};

RunOfAll RunAll(Bench& bench, const RunOptions& options,
                const std::vector<std::string>& announced) {
  DecisionLog log("");
  GateOptions gate_options;
  gate_options.log = &log;
  Gate gate(*Profile::Named("nhs-subnational"), gate_options);
  MeasureRunner runner(bench.folder(), bench.database(), gate, options);
  if (!announced.empty()) runner.Announce(announced);
  RunOfAll run;
  for (const std::string& id : MeasureRunOrder()) {
    run.texts.push_back(TextOf(runner.Run(id)));
  }
  for (const TableDecisions& d : log.appended()) {
    run.passed.push_back(d.measure + "/" + d.table);
  }
  return run;
}

void ExpectSameEitherWay(Bench& bench, const RunOptions& options) {
  const RunOfAll plain = RunAll(bench, options, {});
  ASSERT_GT(plain.passed.size(), 5U);
  std::vector<std::string> backwards = MeasureRunOrder();
  std::reverse(backwards.begin(), backwards.end());
  for (const auto& announced :
       {MeasureRunOrder(), backwards, {"C20", "C02", "C23", "C02"}}) {
    const RunOfAll ahead = RunAll(bench, options, announced);
    EXPECT_EQ(ahead.texts, plain.texts);
    EXPECT_EQ(ahead.passed, plain.passed);
  }
}

TEST(Announced, MeasuresGiveWhatTheyGiveWithout) {
  Bench bench(MakeTown(4, 300, 0.05, 0.01), "nhs-subnational");
  ExpectSameEitherWay(bench, {});
}

TEST(Announced, MeasuresThatUseOthersGiveWhatTheyGiveWithout) {
  IndicatorWorld world;
  world.Town(2, [](int, int) { return 30; });
  Bench bench(world.Release());
  ExpectSameEitherWay(bench, world.Options(bench));
}

TEST(Announced, DatabaseServesTheNextRunnerAfterOneThatStoppedHalfway) {
  Bench bench(MakeTown(4, 300, 0.05, 0.01), "nhs-subnational");
  const std::string whole = TextOf(bench.Run("C03"));
  for (int round = 0; round < 5; ++round) {
    {
      MeasureRunner runner(bench.folder(), bench.database(), bench.gate(), {});
      runner.Announce(MeasureRunOrder());
      if (round > 0) {
        ASSERT_OK(runner.Run("C01"));
      }
    }
    EXPECT_EQ(TextOf(bench.Run("C03")), whole);
  }
}

TEST(Announced, NothingPassesTheGateOnceAStopWasAskedFor) {
  ResetStopForTesting();
  Bench bench(MakeTown(4, 300, 0.05, 0.01), "nhs-subnational");
  for (const bool announced : {false, true}) {
    DecisionLog log("");
    GateOptions gate_options;
    gate_options.log = &log;
    Gate gate(*Profile::Named("nhs-subnational"), gate_options);
    MeasureRunner runner(bench.folder(), bench.database(), gate, {});
    if (announced) runner.Announce({"C02", "C03", "C04"});
    ASSERT_OK(runner.Run("C02"));
    const size_t passed = log.appended().size();
    EXPECT_GT(passed, 0U);
    RequestStop(SIGINT);
    const absl::Status status = runner.Run("C03").status();
    EXPECT_THAT(status, StatusIs(absl::StatusCode::kCancelled));
    EXPECT_THAT(status, ExitCodeIs(kExitInterrupted));
    EXPECT_EQ(log.appended().size(), passed);
    ResetStopForTesting();
  }
}

TEST(Announced, WhatIsWrongIsSaidWhenTheMeasureIsRun) {
  Bench bench(MakeTown(2, 200, 0.05, 0));
  MeasureRunner runner(bench.folder(), bench.database(), bench.gate(), {});
  runner.Announce({"C02", "C99", "C03"});
  EXPECT_OK(runner.Run("C02"));
  EXPECT_TRUE(absl::IsNotFound(runner.Run("C99").status()));
  EXPECT_OK(runner.Run("C03"));
}

TEST(Announced, DefinitionsThatUseEachOtherAreRefusedWhenTheyAreRun) {
  Bench bench(MakeTown(2, 200, 0.05, 0));
  RunOptions options;
  options.definitions = DefinitionWith(
      bench, "C29", {{"needs = [", "needs = [{ measure = \"C18\" },"}});
  for (const bool announced : {false, true}) {
    MeasureRunner runner(bench.folder(), bench.database(), bench.gate(),
                         options);
    if (announced) runner.Announce({"C18", "C29", "C02"});
    for (const char* id : {"C18", "C29"}) {
      const absl::Status status = runner.Run(id).status();
      EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
      EXPECT_THAT(status.message(), testing::HasSubstr("uses itself"));
    }
    EXPECT_OK(runner.Run("C02"));
  }
}

}  // namespace
}  // namespace tally::analytics
