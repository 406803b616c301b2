// What the table below a picture leaves out, on screen and on paper, and which
// figures take both columns.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_format.h"
#include "analytics/dashboard/dashboard.h"
#include "analytics/disclosure/gate.h"

namespace tally::analytics {
namespace {

using testing::HasSubstr;
using testing::Not;

// `rows` levels with a count each, and a figure that is known from row
// `known_from` on.
Chart TableChart(const std::string& id, const std::string& type, int rows,
                 int known_from) {
  TableInfo info;
  info.table = "levels";
  info.measure_id = "T01";
  info.notes = {"A note without an end"};
  ColumnSpec figure;
  figure.name = "figure";
  figure.kind = ColumnKind::kModelMetric;
  figure.title = "Figure";
  auto raw = RawTable::Create(
      info, {DimensionColumn("level", "Level"),
             CountColumn("n", ColumnKind::kEvents, "Events"), figure});
  EXPECT_TRUE(raw.ok()) << raw.status();
  for (int i = 0; i < rows; ++i) {
    const bool known = i >= known_from;
    EXPECT_TRUE(raw->AddRow({absl::StrFormat("level %d", i), int64_t{40},
                             known ? RawValue(1.5) : RawValue()})
                    .ok());
    if (!known) raw->SetNa({raw->rows() - 1, 2}, NaReason::kTooFewValues);
  }
  Gate gate(*Profile::Named("nhs-subnational"), {});
  const auto table = gate.Release(*raw);
  EXPECT_TRUE(table.ok()) << table.status();
  Chart chart(id, type, *table, {"level", "n", "figure"},
              [](const GatedTable&, size_t) { return true; });
  chart.title = "Title";
  chart.summary = "Summary.";
  chart.options.Set("x", "n").Set("y", "level");
  return chart;
}

std::string PageOf(std::vector<Chart> charts) {
  PageSet set;
  set.pages.push_back({"risk", "Risk", {"A.", "B.", "C."}, {}, "", {}});
  set.pages.back().charts = std::move(charts);
  const auto html = WriteDashboard(set);
  EXPECT_TRUE(html.ok()) << html.status();
  return *html;
}

TEST(DashboardTables, AColumnWithoutAnyValueIsLeftOutAndNamed) {
  const Chart empty = TableChart("a", "bar", 3, 3);
  EXPECT_TRUE(empty.IsEmptyColumn(2));
  EXPECT_FALSE(empty.IsEmptyColumn(1));
  const std::string html = PageOf({empty});
  EXPECT_THAT(html, Not(HasSubstr("<th scope=\"col\" class=\"n\">Figure")));
  EXPECT_THAT(html, HasSubstr("Left out, without any value: Figure."));
  EXPECT_THAT(html, Not(HasSubstr("<td class=\"n\">NA</td>")));
  // The file of the page has it all the same.
  EXPECT_THAT(html, HasSubstr("\"listed\":false"));
  EXPECT_THAT(html, HasSubstr("[\"level 0\",40,\"NA\"]"));
}

TEST(DashboardTables, AColumnWithOneValueStays) {
  const Chart chart = TableChart("a", "bar", 3, 2);
  EXPECT_FALSE(chart.IsEmptyColumn(2));
  const std::string html = PageOf({chart});
  EXPECT_THAT(html, HasSubstr("<th scope=\"col\" class=\"n\">Figure"));
  EXPECT_THAT(html, Not(HasSubstr("Left out, without any value")));
}

TEST(DashboardTables, AChartWithoutRowsHasNoEmptyColumn) {
  EXPECT_FALSE(TableChart("a", "bar", 0, 0).IsEmptyColumn(2));
}

TEST(DashboardTables, CodesOfControlChartsAreSaidInWords) {
  Chart chart = TableChart("a", "icons", 2, 0);
  chart.AddComputedText(
      {"variation", "Variation", "", false, -1},
      [](size_t row) { return std::string(row == 0 ? "too_few" : "concern"); });
  chart.AddComputedText({"assurance", "Assurance", "", false, -1},
                        [](size_t) { return std::string("no_target"); });
  chart.options.Set("variation", "variation").Set("assurance", "assurance");
  const std::string html = PageOf({chart});
  EXPECT_THAT(html, HasSubstr(">too few months to judge</td>"));
  EXPECT_THAT(html, HasSubstr(">no target</td>"));
  EXPECT_THAT(html, Not(HasSubstr(">too_few</td>")));
  // The picture and the CSV keep the codes.
  EXPECT_THAT(html, HasSubstr("\"too_few\",\"no_target\"]"));
}

TEST(DashboardTables, LongTablesSayHowMuchOfThemIsOnPaper) {
  EXPECT_THAT(PageOf({TableChart("a", "table", 13, 0)}),
              HasSubstr("<p class=\"cut\">The first 12 of 13 rows."));
  EXPECT_THAT(PageOf({TableChart("a", "table", 12, 0)}),
              HasSubstr("<p class=\"cut\" hidden>"));
}

TEST(DashboardTables, ANoteIsOnPaperOnceAPage) {
  const std::string html =
      PageOf({TableChart("a", "bar", 2, 0), TableChart("b", "bar", 2, 0)});
  const std::string once = "<li>A note without an end.</li>";
  EXPECT_THAT(html, HasSubstr(once));
  EXPECT_THAT(html,
              HasSubstr("<li class=\"again\">A note without an end.</li>"));
  EXPECT_EQ(html.find(once), html.rfind(once));
}

TEST(DashboardTables, AFigureThatStandsAloneTakesBothColumns) {
  const auto wide = [](const std::string& html, const std::string& id) {
    return html.find("id=\"chart-risk-" + id +
                     "\" data-type=\"bar\" class=\"wide\"") !=
           std::string::npos;
  };
  const auto bar = [](const std::string& id) {
    return TableChart(id, "bar", 2, 0);
  };
  const std::string html =
      PageOf({bar("a"), bar("b"), TableChart("t", "table", 2, 0), bar("c")});
  EXPECT_FALSE(wide(html, "a"));
  EXPECT_FALSE(wide(html, "b"));
  EXPECT_TRUE(wide(html, "c"));
}

}  // namespace
}  // namespace tally::analytics
