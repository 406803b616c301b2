#include "linkage/release/linkage_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "base/json.h"
#include "linkage/release/report_text.h"
#include "report_builder.h"

namespace tally::linkage {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

TEST(WilsonProportion, AgreesWithPublishedLimits) {
  // Newcombe 1998, table I: 81 of 263 and 15 of 148.
  const Proportion a = WilsonProportion(81, 263);
  EXPECT_NEAR(a.lower, 0.2553, 5e-5);
  EXPECT_NEAR(a.upper, 0.3662, 5e-5);
  const Proportion b = WilsonProportion(15, 148);
  EXPECT_NEAR(b.lower, 0.0624, 5e-5);
  EXPECT_NEAR(b.upper, 0.1605, 5e-5);
}

TEST(WilsonProportion, HasExactEnds) {
  EXPECT_EQ(WilsonProportion(0, 20).lower, 0.0);
  EXPECT_EQ(WilsonProportion(20, 20).upper, 1.0);
  EXPECT_EQ(WilsonProportion(0, 0).lower, 0.0);
  EXPECT_EQ(WilsonProportion(0, 0).upper, 1.0);
}

TEST(WilsonProportion, HoldsTheShareBetweenItsLimits) {
  for (int64_t n = 1; n < 60; ++n) {
    for (int64_t k = 0; k <= n; ++k) {
      const Proportion p = WilsonProportion(k, n);
      EXPECT_LE(p.lower, p.value);
      EXPECT_GE(p.upper, p.value);
    }
  }
}

TEST(StandardisedDifference, IsZeroForEqualShares) {
  EXPECT_EQ(StandardisedDifference(0.4, 0.4), 0.0);
  EXPECT_EQ(StandardisedDifference(0.0, 0.0), 0.0);
}

TEST(StandardisedDifference, FollowsItsFormula) {
  const double expected = 0.1 / std::sqrt((0.5 * 0.5 + 0.4 * 0.6) / 2);
  EXPECT_DOUBLE_EQ(StandardisedDifference(0.5, 0.4), expected);
  EXPECT_EQ(StandardisedDifference(1.0, 0.0), 99.0);
}

TEST(FindUnusualMonths, ComparesWithTheSameMonthsBefore) {
  std::map<std::string, int64_t> rows = {{"2023-01", 1000},
                                         {"2024-01", 1010},
                                         {"2025-01", 990},
                                         {"2026-01", 500},
                                         {"2026-02", 500}};
  const std::vector<UnusualMonth> unusual = FindUnusualMonths(rows);
  ASSERT_THAT(unusual, SizeIs(1));
  EXPECT_EQ(unusual[0].month, "2026-01");
  EXPECT_DOUBLE_EQ(unusual[0].mean, 1000);
  rows["2026-01"] = 1060;  // within 3 x sqrt(1000)
  EXPECT_THAT(FindUnusualMonths(rows), IsEmpty());
}

LinkageReport SmallReport() {
  LinkageReport report;
  report.project = "p";
  report.environment = "test";
  report.population = "gp-patient";
  DatasetReport dataset;
  dataset.source = "national-apc";
  dataset.dataset = "sus-apc";
  dataset.counts = {1000, 990, 600, 590};
  dataset.outcomes = {
      {"linked", 980}, {"not in population", 10}, {"NHS_NUMBER_MISSING", 10}};
  report.datasets.push_back(dataset);
  for (int i = 1; i <= 4; ++i) {
    report.levels.push_back({"national-apc",
                             "sus-apc",
                             "practice",
                             "Z9000" + std::to_string(i),
                             "",
                             {250, 250, 100, i == 4 ? 71 : 95 + i}});
  }
  report.extracts.push_back({"sources/national-apc/extracts/p2026-11-r1",
                             "national-apc", "2026-11-01", "2026-11-30", 1, 1,
                             "2026-11-20T08:15:00Z", 600, "510", "2026-11-18"});
  report.pairs = {{"gp-supplier-a", "national-apc", 590}};
  report.combinations = {{{"gp-supplier-a", "national-apc"}, 590}, {{}, 3}};
  ContrastLine contrast{
      "national-apc", "sus-apc", "sex", "1", 400, 18, 980, 20};
  report.contrasts = {contrast};
  return report;
}

TEST(Summarise, PutsTheWorstPracticeInWords) {
  LinkageReport report = SmallReport();
  Summarise(report);
  ASSERT_THAT(report.summary, Not(IsEmpty()));
  EXPECT_LE(report.summary.size(), 5u);
  EXPECT_THAT(report.summary,
              testing::Contains(
                  "Practice Z90004 in sus-apc of national-apc: 71 % of people "
                  "linked, all others 96 % to 98 %."));
}

TEST(Summarise, WarnsWhenADatasetFallsBelowItsOwnPast) {
  LinkageReport report = SmallReport();
  report.datasets[0].row_rate_by_period = {0.97, 0.97, 0.97, 0.97, 0.96};
  Summarise(report);
  EXPECT_THAT(report.warnings, IsEmpty());
  report.datasets[0].row_rate_by_period = {0.97, 0.97, 0.97, 0.97, 0.94};
  Summarise(report);
  EXPECT_THAT(report.warnings, SizeIs(1));
}

TEST(ReportCsv, HasFourteenColumnsInEveryLine) {
  const std::string csv = ReportCsv(SmallReport());
  size_t begin = 0;
  int lines = 0;
  while (begin < csv.size()) {
    const size_t end = csv.find('\n', begin);
    const std::string line = csv.substr(begin, end - begin);
    EXPECT_EQ(std::count(line.begin(), line.end(), ','), 13) << line;
    begin = end + 1;
    ++lines;
  }
  EXPECT_EQ(lines, 1 + 1 + 3 + 1 + 4 + 1 + 2 + 2);
}

TEST(ReportCsv, LetsOutcomesAddUpToRows) {
  int64_t rows = -1;
  int64_t outcomes = 0;
  for (const ReportLine& line : ReportLines(SmallReport())) {
    if (line.dimension != "all") continue;
    if (line.rows) rows = *line.rows;
    if (line.rows_reason) outcomes += *line.rows_reason;
  }
  EXPECT_EQ(rows, outcomes);
}

TEST(ReportCsv, ShowsOptOutsAsTheSourceRoundedThem) {
  EXPECT_THAT(ReportCsv(SmallReport()),
              HasSubstr("national-apc,,dropped,rule,2026-11,,,,,,,,OPTED_OUT,"
                        "510\n"));
}

TEST(CsvCell, DisarmsFormulasAndQuotes) {
  EXPECT_EQ(CsvCell("plain"), "plain");
  EXPECT_EQ(CsvCell("=1+1"), "'=1+1");
  EXPECT_EQ(CsvCell("@x"), "'@x");
  EXPECT_EQ(CsvCell("a,b"), "\"a,b\"");
  EXPECT_EQ(CsvCell("a\"b"), "\"a\"\"b\"");
  EXPECT_EQ(CsvCell("-"), "'-");
}

TEST(ReportHtml, EscapesAHostileLabel) {
  LinkageReport report = SmallReport();
  report.levels[0].level = "<script>alert(1)</script>";
  const std::string html = ReportHtml(report);
  EXPECT_THAT(html, Not(HasSubstr("<script")));
  EXPECT_THAT(html, HasSubstr("&lt;script&gt;"));
}

TEST(ReportJson, ParsesAndHoldsEveryPart) {
  const absl::StatusOr<JsonValue> json =
      ParseJson(ReportJson(SmallReport()), 8);
  ASSERT_TRUE(json.ok()) << json.status();
  for (const char* key :
       {"anchor", "coverage", "created", "datasets", "environment", "extracts",
        "format", "freshness", "join_attack", "linked_against_unlinked",
        "lines", "opt_outs", "overlap", "project", "release", "summary",
        "tiers", "uniqueness", "warnings"}) {
    EXPECT_NE(json->Find(key), nullptr) << key;
  }
}

TEST(ContrastLine, FlagsDifferencesOverATenth) {
  ContrastLine line{"s", "d", "sex", "1", 50, 40, 100, 100};
  EXPECT_TRUE(line.Flagged());
  line.unlinked_rows = 49;
  EXPECT_FALSE(line.Flagged());
}

}  // namespace
}  // namespace tally::linkage
