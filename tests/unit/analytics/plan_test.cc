#include "analytics/plan/plan.h"

#include <string>
#include <vector>

#include "analytics/disclosure/decision_log.h"
#include "analytics/disclosure/registry.h"
#include "analytics/plan/plan_run.h"
#include "analytics/plan/run_folder.h"
#include "analytics/release/synthetic_release.h"
#include "base/exit_code.h"
#include "base/files.h"
#include "bench.h"
#include "gtest/gtest.h"

namespace tally::analytics {
namespace {

std::vector<std::string> StepIds(const Plan& plan) {
  std::vector<std::string> ids;
  for (const PlanStep& step : plan.steps) ids.push_back(step.id);
  return ids;
}

std::string PlanOf(const std::string& steps) {
  return "release = \"p/r2026-10\"\nstep = [\n" + steps + "]\n";
}

TEST(Plan, StepsComeAfterWhatTheyNeedElseAsInTheFile) {
  const auto plan =
      ParsePlan(PlanOf("{ id = \"a\", measure = \"C02\", needs = [\"c\"] },\n"
                       "{ id = \"b\", measure = \"C02\" },\n"
                       "{ id = \"c\", measure = \"C03\", needs = [\"d\"] },\n"
                       "{ id = \"d\", dashboard = [] },\n"),
                "plan.toml");
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_EQ(StepIds(*plan), (std::vector<std::string>{"b", "d", "c", "a"}));
  EXPECT_EQ(plan->steps[3].line, 3);
  EXPECT_EQ(plan->Where(plan->steps[3]), "plan.toml:3: step a: ");
}

TEST(Plan, NeedingItselfIsACircle) {
  const auto plan = ParsePlan(
      PlanOf("{ id = \"a\", measure = \"C02\", needs = [\"a\"] },\n"), "p");
  EXPECT_EQ(ExitCodeOf(plan.status()), kExitUsage);
}

TEST(Plan, OneDashboardIsTheMost) {
  const auto plan = ParsePlan(PlanOf("{ id = \"a\", dashboard = [] },\n"
                                     "{ id = \"b\", dashboard = [] },\n"),
                              "p");
  EXPECT_EQ(ExitCodeOf(plan.status()), kExitUsage);
}

TEST(Plan, AStepHasEitherMeasureOrDashboard) {
  for (const char* step : {"{ id = \"a\" },\n",
                           "{ id = \"a\", measure = \"C02\", dashboard = [] "
                           "},\n",
                           "{ id = \"a\", dashboard = [], by = [\"sex\"] },\n",
                           "{ id = \"page\", measure = \"C02\" },\n",
                           "{ id = \"../a\", measure = \"C02\" },\n"}) {
    EXPECT_EQ(ExitCodeOf(ParsePlan(PlanOf(step), "p").status()), kExitUsage)
        << step;
  }
}

TEST(Plan, EveryMistakeIsSaidWithItsLine) {
  const auto plan = ParsePlan(
      "release = \"p/r2026-10\"\nprofile = \"lax\"\nmonth = \"2026\"\n"
      "step = [\n{ id = \"a\", measure = \"C99\" },\n"
      "{ id = \"b\", measure = \"C02\" },\n"
      "{ id = \"c\", dashboard = [\"neds\"] },\n]\n",
      "plan.toml");
  EXPECT_EQ(ExitCodeOf(plan.status()), kExitUsage);
  const std::string words(plan.status().message());
  for (const char* part :
       {"4 mistakes:\n", "plan.toml:2: there is no disclosure profile lax",
        "plan.toml:3: month is YYYY-MM",
        "plan.toml:5: step a: there is no measure C99 (",
        "plan.toml:7: step c: there is no page neds; did you mean needs?"}) {
    EXPECT_NE(words.find(part), std::string::npos) << part << " | " << words;
  }
}

TEST(Plan, AMeasureIsSuggestedOnlyWhereItIsMeant) {
  EXPECT_EQ(MeantMeasure("c03"), "C03");
  EXPECT_EQ(MeantMeasure("C3"), "C03");
  EXPECT_EQ(MeantMeasure("C03"), "C03");
  EXPECT_EQ(MeantMeasure("C07"), "");  // as near to C01 as to C09
  EXPECT_EQ(MeantMeasure(""), "");
}

TEST(Plan, HoldsAtMostTwoHundredSteps) {
  std::string steps;
  for (int i = 0; i < 200; ++i) {
    steps += "{ id = \"s" + std::to_string(i) + "\", measure = \"C02\" },\n";
  }
  EXPECT_TRUE(ParsePlan(PlanOf(steps), "p").ok());
  steps += "{ id = \"one-more\", measure = \"C02\" },\n";
  EXPECT_EQ(ExitCodeOf(ParsePlan(PlanOf(steps), "p").status()), kExitUsage);
}

TEST(Plan, EverythingIsEachMeasureAndThePage) {
  const Plan plan = PlanOfEverything();
  EXPECT_EQ(plan.steps.size(), MeasureIds().size() + 1);
  EXPECT_TRUE(plan.steps.back().is_dashboard());
  EXPECT_EQ(plan.steps.front().id, "c01");
}

PlanOutcome Outcome(const std::vector<StepState>& states) {
  PlanOutcome outcome;
  for (const StepState state : states) {
    outcome.steps.emplace_back().state = state;
  }
  return outcome;
}

TEST(PlanOutcome, ExitCodeSaysWhetherSomethingIsMissing) {
  using enum StepState;
  EXPECT_EQ(Outcome({kDone, kDone}).Code(false), kExitDone);
  EXPECT_EQ(Outcome({kDone, kNotAvailable}).Code(false), kExitRowsRejected);
  EXPECT_EQ(Outcome({kDone, kNotAvailable}).Code(true), kExitDone);
  EXPECT_EQ(Outcome({kDone, kRefused}).Code(true), kExitRowsRejected);
  EXPECT_EQ(Outcome({kDone, kFailed}).Code(true), kExitRowsRejected);
  EXPECT_EQ(Outcome({kNotAvailable}).Code(false), kExitNotFound);
  EXPECT_EQ(Outcome({kNotAvailable, kRefused}).Code(false), kExitNotPermitted);
  EXPECT_EQ(Outcome({kRefused, kFailed}).Code(false), kExitFailure);
  PlanOutcome cut = Outcome({kDone});
  cut.steps[0].refused.push_back({"prevalence", absl::OkStatus()});
  EXPECT_EQ(cut.Code(true), kExitRowsRejected);
}

TEST(Plan, EachStepHasFiguresOrAReason) {
  Bench bench(MakeTown(4, 300, 0.05, 0.01));
  const Plan plan = PlanOfEverything();
  const auto outcome =
      RunPlan(plan, {bench.folder(), bench.database(), bench.gate(), {}});
  ASSERT_TRUE(outcome.ok()) << outcome.status();
  ASSERT_EQ(outcome->steps.size(), plan.steps.size());
  for (const StepOutcome& step : outcome->steps) {
    if (step.state == StepState::kDone) {
      EXPECT_FALSE(step.tables.empty() && step.page.empty()) << step.step.id;
    } else {
      EXPECT_FALSE(step.reason.empty()) << step.step.id;
    }
  }
  EXPECT_NE(outcome->steps.back().page.find("Made on 2026-11-05T09:00:00Z"),
            std::string::npos);
}

TEST(Plan, TheSamePlanTwiceGivesTheSameBytes) {
  Bench bench(MakeTown(4, 300, 0.05, 0.01));
  const Plan plan = PlanOfEverything();
  std::string runs[2];
  for (std::string& run : runs) {
    DecisionLog log(bench.root() + "/decisions.jsonl");
    ReleaseRegistry registry(bench.root() + "/released.jsonl",
                             ReleaseRegistry::Mode::kWrite);
    GateOptions options;
    options.log = &log;
    options.registry = &registry;
    Gate gate(*Profile::Named("nhs-subnational"), options);
    const PlanGround ground{bench.folder(), bench.database(), gate, {}};
    const auto outcome = RunPlan(plan, ground);
    ASSERT_TRUE(outcome.ok()) << outcome.status();
    RunFolderOptions folder;
    folder.path = bench.root() + "/run";
    folder.temp = bench.root();
    ASSERT_TRUE(WriteRunFolder(plan, *outcome, ground, folder).ok());
    // It holds the digest of every file but timings.json.
    run = *ReadFile(folder.path + "/run.json", 1 << 24);
  }
  EXPECT_EQ(runs[0], runs[1]);
}

TEST(Plan, AGroupingThatTheMeasureDoesNotKnowNamesTheLine) {
  const auto plan = ParsePlan(
      PlanOf("{ id = \"a\", measure = \"C03\", by = [\"shoe_size\"] },\n"),
      "plan.toml");
  EXPECT_EQ(ExitCodeOf(plan.status()), kExitUsage);
  EXPECT_NE(plan.status().message().find(
                "plan.toml:3: step a: `by`: C03 is not grouped by shoe_size"),
            std::string::npos)
      << plan.status();
}

TEST(Plan, MistakesOfEveryKindAreSaidAtOnceInTheOrderOfTheFile) {
  const auto plan = ParsePlan(
      "relase = \"p/r2026-10\"\nowner = \"me\"\nstep = [\n"
      "{ id = \"a\", measure = \"C99\", need = [], bye = [] },\n"
      "{ id = \"a\", measure = \"C03\", by = [\"sexx\"] },\n"
      "{ id = \"b\", measure = \"C02\", needs = [\"z\"] },\n"
      "{ id = \"c\", dashboard = [\"neds\", \"rsk\"], by = [\"sex\"] },\n"
      "{ id = \"d\", dashboard = 3, needs = [\"d\"] },\n]\n",
      "plan.toml");
  EXPECT_EQ(ExitCodeOf(plan.status()), kExitUsage);
  const std::string words(plan.status().message());
  size_t at = 0;
  for (const char* part :
       {"15 mistakes:\n",
        "plan.toml:1: unknown key `relase`; did you mean `release`?",
        "plan.toml:1: `release` is missing", "plan.toml:2: unknown key `owner`",
        "plan.toml:4: unknown key `bye`", "plan.toml:4: unknown key `need`",
        "plan.toml:4: step a: there is no measure C99",
        "plan.toml:5: step a: `by`: C03 is not grouped by sexx",
        "plan.toml:5: step a: this id is there twice",
        "plan.toml:6: step b needs z, which is no step",
        "plan.toml:7: step c: a dashboard takes no `by`",
        "plan.toml:7: step c: there is no page neds", "there is no page rsk",
        "plan.toml:8: `dashboard` is an integer",
        "plan.toml:8: step d: a plan has one dashboard"}) {
    const size_t found = words.find(part, at);
    EXPECT_NE(found, std::string::npos) << part << " | " << words;
    if (found != std::string::npos) at = found;
  }
  EXPECT_NE(words.find("leads in a circle"), std::string::npos) << words;
}

TEST(Plan, EveryCircleAndEveryColumnIsNamed) {
  const auto plan = ParsePlan(
      PlanOf("{ id = \"a\", measure = \"C02\", needs = [\"b\"] },\n"
             "{ id = \"b\", measure = \"C02\", needs = [\"a\"] },\n"
             "{ id = \"c\", measure = \"C02\", needs = [\"c\"] },\n"
             "{ id = \"d\", measure = \"C03\", by = [\"sexx\", \"size\"] },\n"
             "{ id = \"e\", measure = \"C99\", dashboard = [] },\n"),
      "p");
  EXPECT_EQ(plan.status().message(),
            "5 mistakes:\n"
            "p:3: step a: what it needs leads in a circle\n"
            "p:5: step c: what it needs leads in a circle\n"
            "p:6: step d: `by`: C03 is not grouped by sexx (did you mean "
            "sex?) and size; it can be by practice, sex, imd_decile, "
            "ethnicity\n"
            "p:7: step e: give either measure or dashboard\n"
            "p:7: step e: there is no measure C99 (`commissioning measure "
            "list` shows all)");
}

TEST(Plan, AStepWithoutAnIdLeavesOpenWhatIsNeeded) {
  const auto plan =
      ParsePlan(PlanOf("{ measure = \"C02\" },\n"
                       "{ id = \"b\", measure = \"C02\", needs = [\"a\"] },\n"),
                "p");
  EXPECT_EQ(ExitCodeOf(plan.status()), kExitUsage);
  EXPECT_EQ(plan.status().message(), "p:3: `id` is missing");
}

TEST(SyntheticRelease, SharesAreCoarse) {
  EXPECT_EQ(CoarseShare(0), 0);
  EXPECT_EQ(CoarseShare(1), 1);
  EXPECT_DOUBLE_EQ(CoarseShare(0.0069), 0.02);
  EXPECT_DOUBLE_EQ(CoarseShare(0.026), 0.05);
  EXPECT_DOUBLE_EQ(CoarseShare(0.7714), 0.75);
  EXPECT_DOUBLE_EQ(CoarseShare(0.9999), 0.98);
}

TEST(SyntheticRelease, CountsKeepOneFigure) {
  EXPECT_EQ(CoarseCount(0), 0U);
  EXPECT_EQ(CoarseCount(7), 7U);
  EXPECT_EQ(CoarseCount(14), 10U);
  EXPECT_EQ(CoarseCount(15), 20U);
  EXPECT_EQ(CoarseCount(96), 100U);
  EXPECT_EQ(CoarseCount(349362), 300000U);
}

}  // namespace
}  // namespace tally::analytics
