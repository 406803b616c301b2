// Control charts of printed values: limits, words, options. Expected limits
// were worked out by hand: mean and 2.66 times the mean range, ranges of 3.267
// times the mean range or more left out once.
#include "analytics/dashboard/xmr_chart.h"

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_format.h"
#include "analytics/disclosure/gate.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tally::analytics {
namespace {

using testing::HasSubstr;
using testing::Not;

struct XmrSeriesInput {
  std::string area;
  std::vector<int64_t> values;
};

// Months from 2025-01 on. Multiples of five stay what they are under the
// default profile; 1 to 7 are hidden.
Chart XmrChartOf(const std::vector<XmrSeriesInput>& inputs) {
  TableInfo info;
  info.table = "attendances";
  info.title = "Attendances";
  info.measure_id = "T01";
  info.measure_version = "1";
  info.project = "trial";
  info.release = "r2026-11";
  info.period = "2026-10";
  info.cohort = "everyone";
  auto raw = RawTable::Create(
      info, {DimensionColumn("area", "Area"), DimensionColumn("month", "Month"),
             CountColumn("n", ColumnKind::kEvents, "Attendances")});
  EXPECT_TRUE(raw.ok()) << raw.status();
  for (const XmrSeriesInput& input : inputs) {
    for (size_t i = 0; i < input.values.size(); ++i) {
      const std::string month =
          absl::StrFormat("%d-%02d", 2025 + i / 12, i % 12 + 1);
      EXPECT_TRUE(raw->AddRow({input.area, month, input.values[i]}).ok());
    }
  }
  Gate gate(*Profile::Named("nhs-subnational"), {});
  auto gated = gate.Release(*raw);
  EXPECT_TRUE(gated.ok()) << gated.status();
  return Chart("xmr", "xmr", *gated, {"area", "month", "n"},
               [](const GatedTable&, size_t) { return true; });
}

XmrRequest Wanted(Direction direction) {
  XmrRequest request;
  request.value = "n";
  request.month = "month";
  request.subject = "Attendances";
  request.direction = direction;
  return request;
}

std::string At(const Chart& chart, size_t row, std::string_view column) {
  return chart.text(row, chart.ColumnIndex(column));
}

const std::vector<int64_t> kSteadyThenHigh = {
    100, 110, 95, 105, 115, 100, 90, 105, 110, 100, 95, 105, 100, 110, 150};

TEST(XmrChart, LimitsComeFromPrintedValuesWithTheWildRangeLeftOut) {
  Chart chart = XmrChartOf({{"All", kSteadyThenHigh}});
  AddXmr(chart, Wanted(Direction::kLowerIsBetter));
  EXPECT_EQ(At(chart, 0, "spc_mean"), "106.0");
  EXPECT_EQ(At(chart, 0, "spc_lower"), "79.4");
  EXPECT_EQ(At(chart, 0, "spc_upper"), "132.6");
  EXPECT_EQ(At(chart, 14, "spc_point"), "concern");
  EXPECT_EQ(At(chart, 14, "spc_rule"), "beyond a limit");
  EXPECT_EQ(At(chart, 14, "spc_trial"), "no");
}

TEST(XmrChart, TitleAndSummarySayWhatTheLastPointSays) {
  Chart chart = XmrChartOf({{"All", kSteadyThenHigh}});
  XmrRequest request = Wanted(Direction::kLowerIsBetter);
  request.targets = {{"", 70}};
  AddXmr(chart, request);
  EXPECT_EQ(chart.title, "Attendances: concern in March 2026 (beyond a limit)");
  EXPECT_THAT(chart.summary,
              HasSubstr("XmR chart, 15 months, January 2025 to March 2026."));
  EXPECT_THAT(chart.summary, HasSubstr("The last value is 150, the mean 106.0, "
                                       "the limits 79.4 to 132.6."));
  EXPECT_THAT(chart.summary,
              HasSubstr("The target is 70.0: the process fails the target."));
  EXPECT_THAT(chart.summary, Not(HasSubstr("trial")));
}

TEST(XmrChart, DirectionDecidesWhetherHighIsGood) {
  for (const auto& [direction, word] :
       {std::pair{Direction::kHigherIsBetter, "improvement"},
        std::pair{Direction::kLowerIsBetter, "concern"},
        std::pair{Direction::kNeither, "neutral_high"}}) {
    Chart chart = XmrChartOf({{"All", kSteadyThenHigh}});
    AddXmr(chart, Wanted(direction));
    EXPECT_EQ(At(chart, 14, "spc_point"), word);
    const JsonValue* icons = chart.options.Find("icons");
    ASSERT_NE(icons, nullptr);
    EXPECT_EQ(icons->Find("")->Find("variation")->AsString(), word);
  }
}

TEST(XmrChart, HiddenMonthIsLeftOutAndSaid) {
  std::vector<int64_t> values = kSteadyThenHigh;
  values.insert(values.begin() + 4, 3);  // printed as *
  Chart chart = XmrChartOf({{"All", values}});
  AddXmr(chart, Wanted(Direction::kNeither));
  EXPECT_EQ(At(chart, 4, "n"), "*");
  EXPECT_EQ(At(chart, 4, "spc_mean"), "NA");
  EXPECT_EQ(At(chart, 4, "spc_point"), "none");
  EXPECT_EQ(At(chart, 5, "spc_mean"), "106.0");
  EXPECT_EQ(At(chart, 5, "spc_upper"), "132.6");
  EXPECT_THAT(chart.notes, testing::Contains(HasSubstr("left out of mean and "
                                                       "limits: 1.")));
}

TEST(XmrChart, FewPointsHaveTrialLimits) {
  Chart chart =
      XmrChartOf({{"All", {100, 110, 95, 105, 115, 100, 90, 105, 110}}});
  AddXmr(chart, Wanted(Direction::kNeither));
  EXPECT_EQ(At(chart, 0, "spc_lower"), "73.4");
  EXPECT_EQ(At(chart, 0, "spc_upper"), "133.3");
  EXPECT_EQ(At(chart, 8, "spc_trial"), "yes");
  EXPECT_THAT(chart.summary, HasSubstr("trial limits"));
}

TEST(XmrChart, RebaseStartsMeanAndLimitsAnew) {
  std::vector<int64_t> values = {100, 110, 95, 105, 115, 100, 90};
  for (const int64_t v : {200, 210, 195, 205, 215, 200, 190}) {
    values.push_back(v);
  }
  Chart chart = XmrChartOf({{"All", values}});
  XmrRequest request = Wanted(Direction::kNeither);
  request.rebase = {"2025-08"};
  AddXmr(chart, request);
  EXPECT_EQ(At(chart, 6, "spc_mean"), "102.1");
  EXPECT_EQ(At(chart, 7, "spc_mean"), "202.1");
  EXPECT_EQ(At(chart, 6, "spc_upper"), "133.2");
  EXPECT_EQ(At(chart, 7, "spc_lower"), "171.1");
}

TEST(XmrChart, EachLevelHasItsOwnLimitsAndWords) {
  Chart chart = XmrChartOf({{"North", kSteadyThenHigh},
                            {"South", {100, 110, 95, 105, 115, 100, 90}}});
  chart.SelectBy("area", "Area", "South");
  AddXmr(chart, Wanted(Direction::kLowerIsBetter));
  EXPECT_EQ(At(chart, 0, "spc_mean"), "106.0");
  EXPECT_EQ(At(chart, 15, "spc_mean"), "102.1");
  EXPECT_EQ(chart.title, "Attendances, South: too few months to judge");
  const JsonValue json = chart.ToJson();
  const JsonValue* words =
      json.Find("options")->Find("select")->Find("descriptions");
  EXPECT_THAT(words->Find("North")->Find("title")->AsString(),
              HasSubstr("North: concern in March 2026"));
}

TEST(XmrChart, OnePointHasNoLimitsAndSaysSo) {
  Chart chart = XmrChartOf({{"All", {100}}});
  XmrRequest request = Wanted(Direction::kLowerIsBetter);
  request.targets = {{"", 90}};
  AddXmr(chart, request);
  EXPECT_EQ(At(chart, 0, "spc_upper"), "NA");
  EXPECT_EQ(chart.title, "Attendances: too few months to judge");
  EXPECT_THAT(chart.summary, HasSubstr("1 month, January 2025."));
  EXPECT_THAT(chart.summary, HasSubstr("The target is 90.0."));
  EXPECT_THAT(chart.summary, Not(HasSubstr("trial limits")));
  EXPECT_EQ(
      chart.options.Find("icons")->Find("")->Find("variation")->AsString(),
      "too_few");
}

TEST(XmrChart, ProcessWithoutOneLevelIsNotJudgedAndSaysSo) {
  // 116 is above all but the last, which alone makes it so.
  std::vector<int64_t> values = kSteadyThenHigh;
  values.back() = 300;
  Chart chart = XmrChartOf({{"All", values}});
  XmrRequest request = Wanted(Direction::kLowerIsBetter);
  request.targets = {{"", 80}};
  AddXmr(chart, request);
  EXPECT_EQ(
      chart.title,
      "Attendances: the series does not vary about one level (15 of 15 "
      "months show a special cause), and limits cannot judge single months");
  EXPECT_THAT(chart.summary, HasSubstr("The target is 80.0."));
  const JsonValue* icons = chart.options.Find("icons")->Find("");
  EXPECT_EQ(icons->Find("variation")->AsString(), "unstable");
  EXPECT_EQ(icons->Find("assurance")->AsString(), "not_judged");
}

TEST(XmrChart, EqualMonthsHaveNoLimits) {
  Chart chart = XmrChartOf({{"All", std::vector<int64_t>(15, 100)}});
  AddXmr(chart, Wanted(Direction::kLowerIsBetter));
  EXPECT_EQ(At(chart, 0, "spc_mean"), "100.0");
  EXPECT_EQ(At(chart, 0, "spc_upper"), "NA");
  EXPECT_EQ(chart.title, "Attendances: too few different values to judge");
}

TEST(XmrChart, NothingPrintedSaysSo) {
  Chart chart = XmrChartOf({{"All", {3, 4, 2}}});
  AddXmr(chart, Wanted(Direction::kLowerIsBetter));
  EXPECT_EQ(chart.title, "Attendances: no value can be printed");
  EXPECT_EQ(chart.summary, "No month has a value that is printed.");
  EXPECT_EQ(At(chart, 0, "spc_mean"), "NA");
}

TEST(Chart, ComputedColumnsAreInTheDataWithTheirDecimals) {
  Chart chart = XmrChartOf({{"All", {100, 200, 3}}});
  chart.AddComputed({"half", "Half", "rows", true, 1}, [&](size_t row) {
    const std::optional<double> n = chart.number(row, 2);
    return n.has_value() ? Figure::Of(*n / 2)
                         : Figure::Na(NaReason::kNotReleased);
  });
  chart.AddComputed({"zero", "Zero", "", true, 1},
                    [](size_t) { return Figure::Of(-0.01); });
  EXPECT_EQ(chart.display_text(0, 3), "50.0");
  EXPECT_EQ(chart.text(2, 3), "NA");
  EXPECT_FALSE(chart.number(2, 3).has_value());
  EXPECT_EQ(chart.text(0, 4), "0.0") << "there is no minus zero";
  const JsonValue json = chart.ToJson();
  const JsonValue::Array& row = json.Find("rows")->AsArray()[1].AsArray();
  ASSERT_EQ(row.size(), 5u);
  EXPECT_EQ(row[3].AsDouble(), 100.0);
  EXPECT_EQ(json.Find("columns")->AsArray()[3].Find("decimals")->AsInt(), 1);
}

TEST(Chart, SortByMovesComputedCellsWithTheirRows) {
  Chart chart = XmrChartOf({{"All", {200, 100, 300}}});
  chart.AddComputed({"double", "Double", "", true, 0}, [&](size_t row) {
    return Figure::Of(2 * *chart.number(row, 2));
  });
  chart.SortBy("double", true);
  EXPECT_EQ(chart.text(0, 2), "300");
  EXPECT_EQ(chart.text(0, 3), "600");
  EXPECT_EQ(chart.text(2, 3), "200");
}

}  // namespace
}  // namespace tally::analytics
