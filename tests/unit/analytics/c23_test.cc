// C23 and C34: the release's own files, through the gate.
#include <algorithm>
#include <string>
#include <vector>

#include "analytics/disclosure/decision_log.h"
#include "bench.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "indicator_world.h"
#include "status_matchers.h"

namespace tally::analytics {
namespace {

using ::testing::HasSubstr;

TEST(AuditOfAccess, CountsEntriesThroughTheGate) {
  FixtureRelease release = MakeTown(1, 10, 0, 0);
  release.audit_summary =
      "month,action,events\n2026-10,release.download,12\n"
      "2026-11,release.download,3\n2026-11,\"project, create\",1\n";
  Bench exact(release);
  const auto result = exact.Run("C23");
  ASSERT_OK(result);
  const GatedTable& table = *TableOf(*result, "audit_summary");
  EXPECT_EQ(Find(table, {{"month", "2026-10"}}, "events"), "12");
  EXPECT_EQ(Find(table, {{"action", "project, create"}}, "events"), "1");
  Bench usual(release, "nhs-subnational");
  const auto hidden = usual.Run("C23");
  ASSERT_OK(hidden);
  EXPECT_EQ(
      Find(*TableOf(*hidden, "audit_summary"),
           {{"month", "2026-11"}, {"action", "release.download"}}, "events"),
      "*");
  EXPECT_EQ(Find(*TableOf(*hidden, "audit_summary"), {{"month", "2026-10"}},
                 "events"),
            "10");
  // Without a log there is nothing to say of the gate.
  EXPECT_EQ(TableOf(*hidden, "gate_decisions")->rows(), 0u);
}

TEST(AuditOfAccess, RefusesAFileWithoutCounts) {
  FixtureRelease release;
  release.audit_summary = "month,action,events\n2026-10,release,many\n";
  Bench bench(release);
  EXPECT_THAT(std::string(bench.Run("C23").status().message()),
              HasSubstr("audit_summary.csv is malformed"));
}

TEST(AuditOfAccess, CountsCellsOfTheNewestPassageOfEachTable) {
  Bench bench(MakeTown(2, 100, 0, 0));
  DecisionLog log(bench.root() + "/decisions.jsonl");
  TableDecisions one;
  one.project = "trial";
  one.release = bench.folder().manifest().release.ToText();
  one.measure = "C03";
  one.table = "prevalence";
  one.profile = "nhs-subnational";
  one.cells = {"ss", "uu"};
  ASSERT_OK(log.Append(one));
  one.cells = {"-s", "zu", "xx"};
  ASSERT_OK(log.Append(one));
  one.refused = true;
  one.cells = {};
  ASSERT_OK(log.Append(one));
  one.refused = false;
  one.project = "another";
  one.cells = {"ssss"};
  ASSERT_OK(log.Append(one));
  GateOptions options;
  options.log = &log;
  Gate gate(*Profile::Named("nhs-subnational"), options);
  MeasureRunner runner(bench.folder(), bench.database(), gate, {});
  const auto result = runner.Run("C23");
  ASSERT_OK(result);
  const GatedTable& table = *TableOf(*result, "gate_decisions");
  const auto at = [&](std::string column) {
    return Find(table, {{"table", "prevalence"}}, column);
  };
  EXPECT_EQ(at("released"), "1");
  EXPECT_EQ(at("zero"), "1");
  EXPECT_EQ(at("primary"), "1");
  EXPECT_EQ(at("secondary"), "2");
  EXPECT_EQ(at("refused"), "1");
}

TEST(AuditOfAccess, CountsTheDecisionsOfThisRunOnly) {
  Bench bench(MakeTown(2, 200, 0.1, 0));
  const std::string path = bench.root() + "/decisions.jsonl";
  std::vector<std::string> tables;
  for (int run = 0; run < 2; ++run) {
    DecisionLog log(path);
    GateOptions options;
    options.log = &log;
    Gate gate(*Profile::Named("nhs-subnational"), options);
    MeasureRunner runner(bench.folder(), bench.database(), gate, {});
    ASSERT_OK(runner.Run("C02"));
    RunOptions by_sex;
    by_sex.by = {"sex"};
    MeasureRunner grouped(bench.folder(), bench.database(), gate, by_sex);
    ASSERT_OK(grouped.Run("C03"));
    ASSERT_OK(runner.Run("C03"));
    const auto result = runner.Run("C23");
    ASSERT_OK(result);
    const GatedTable& table = *TableOf(*result, "gate_decisions");
    EXPECT_EQ(table.rows(), 4u);
    EXPECT_NE(
        Find(table, {{"measure", "C03"}, {"by", "condition, sex"}}, "released"),
        "absent");
    std::string& all = tables.emplace_back();
    for (size_t row = 0; row < table.rows(); ++row) {
      for (size_t i = 0; i < table.columns().size(); ++i) {
        all += table.cell(row, i).text() + "|";
      }
    }
  }
  EXPECT_EQ(tables[0], tables[1]);
}

TEST(MeasureRunOrder, PutsTheAuditOfTheGateLast) {
  std::vector<std::string> order = MeasureRunOrder();
  EXPECT_EQ(order.back(), "C23");
  EXPECT_EQ(order.front(), "C01");
  std::sort(order.begin(), order.end());
  EXPECT_EQ(order, MeasureIds());
}

TEST(ValidationReport, ListsEveryCheckOfEveryExtract) {
  FixtureRelease release;
  release.validation =
      "{\"extract\":\"sources/gp-supplier-a/extracts/p2026-10-r1\","
      "\"results\":[{\"bound\":2e7,\"check\":\"persons\",\"dataset\":\"\","
      "\"result\":\"accept\",\"value\":8734.0},"
      "{\"bound\":0.1,\"check\":\"unlinked-share\",\"dataset\":\"gp-event\","
      "\"result\":\"warn\",\"value\":0.13},"
      "{\"bound\":3,\"check\":\"volume-same-month\",\"dataset\":\"gp-event\","
      "\"result\":\"accept\",\"value\":-1.5}]}\n";
  Bench bench(release, "nhs-subnational");
  const auto result = bench.Run("C34");
  ASSERT_OK(result);
  const GatedTable& table = *TableOf(*result, "validation_report");
  const auto at = [&](std::string check, std::string column) {
    return Find(table, {{"check", std::move(check)}}, column);
  };
  EXPECT_EQ(at("persons", "extract"), "gp-supplier-a p2026-10-r1");
  EXPECT_EQ(at("persons", "dataset"), "all");
  EXPECT_EQ(at("persons", "value"), "8735");
  EXPECT_EQ(at("persons", "figure"), "NA");
  EXPECT_EQ(at("unlinked-share", "figure"), "0.13");
  EXPECT_EQ(at("unlinked-share", "bound"), "0.10");
  EXPECT_EQ(at("unlinked-share", "result"), "warn");
  EXPECT_EQ(at("volume-same-month", "figure"), "-1.50");
  ASSERT_EQ(result->parts.size(), 1u);
  EXPECT_EQ(result->parts[0].sentences[0].text,
            "The only extract was accepted with a warning, first "
            "gp-supplier-a p2026-10-r1.");
  EXPECT_EQ(result->parts[0].charts[0].rows(), 1u);
}

TEST(ValidationReport, RefusesAReportThatIsNone) {
  for (const std::string text :
       {"{}", "[]", "{\"extract\":\"e\",\"results\":[{}]}", "no json",
        "{\"extract\":\"e\",\"results\":[{\"bound\":0,\"check\":\"rows\","
        "\"dataset\":\"\",\"result\":\"accept\",\"value\":-1}]}"}) {
    FixtureRelease release;
    release.validation = text;
    Bench bench(release);
    EXPECT_THAT(std::string(bench.Run("C34").status().message()),
                HasSubstr("gp-supplier-a-p2026-10-r1.json is malformed"))
        << text;
  }
}

}  // namespace
}  // namespace tally::analytics
