// The rules of disclosure control one by one: sums, means, percentiles, index
// figures, model figures, survival counts, 0 and 100 per cent, expected counts.
// docs/measures/disclosure.md lists them.
#include <filesystem>
#include <string>
#include <vector>

#include "analytics/disclosure/gate.h"
#include "analytics/disclosure/suppression_report.h"
#include "analytics/export/table_writers.h"
#include "analytics/statistics/survival.h"
#include "base/error.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tally::analytics {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TableInfo RuleInfo(std::string table = "rules") {
  TableInfo info;
  info.table = std::move(table);
  info.measure_id = "T03";
  info.project = "trial";
  info.release = "r2026-11";
  info.period = "2026-11";
  info.cohort = "everyone";
  return info;
}

Gate GateUnder(std::string_view profile) {
  return Gate(*Profile::Named(profile), {});
}

ColumnSpec FigureColumn(std::string name, ColumnKind kind) {
  ColumnSpec column;
  column.name = std::move(name);
  column.kind = kind;
  column.title = column.name;
  return column;
}

// --- sums: contributors and dominance ----------------------------------------

std::string SumText(double total, CellBasis basis,
                    std::string_view profile = "nhs-subnational") {
  auto raw =
      RawTable::Create(RuleInfo(), {DimensionColumn("level", "Level"),
                                    FigureColumn("cost", ColumnKind::kSum)});
  EXPECT_TRUE(raw->AddRow({"a", total}).ok());
  raw->SetBasis({0, 1}, basis);
  const auto table = GateUnder(profile).Release(*raw);
  EXPECT_TRUE(table.ok()) << table.status();
  return table->at(0, "cost").text();
}

CellBasis Contributors(int64_t n, double largest, double second) {
  CellBasis basis;
  basis.contributors = n;
  basis.largest = largest;
  basis.second = second;
  return basis;
}

TEST(SumRule, NeedsEightContributorsTenUnderThreshold10) {
  EXPECT_EQ(SumText(123456, Contributors(8, 20000, 20000)), "123000");
  EXPECT_EQ(SumText(123456, Contributors(7, 20000, 20000)), "*");
  EXPECT_EQ(SumText(123456, Contributors(10, 20000, 20000), "threshold10"),
            "123000");
  EXPECT_EQ(SumText(123456, Contributors(9, 20000, 20000), "threshold10"), "*");
}

TEST(SumRule, TwoLargestMayHoldNinetyPerCentAndNoMore) {
  // 600 + 300 of 1,000; what is left, 100, is more than a tenth of 600.
  EXPECT_EQ(SumText(1000, Contributors(20, 600, 300)), "1000");
  EXPECT_EQ(SumText(1000, Contributors(20, 600, 301)), "*");
}

TEST(SumRule, RestMustBeATenthOfTheLargest) {
  // For positive numbers the first rule is the stricter one. Where refunds make
  // the total small, the rest decides: 95 and 105 beside 1,000.
  EXPECT_EQ(SumText(900, Contributors(20, 1000, -195)), "*");
  EXPECT_EQ(SumText(900, Contributors(20, 1000, -205)), "900");
}

TEST(SumRule, HoldsUnderEveryProfileButTheNationalOne) {
  for (const char* name :
       {"nhs-subnational", "opensafely", "midpoint6", "threshold10"}) {
    EXPECT_EQ(SumText(1000, Contributors(20, 950, 30), name), "*") << name;
  }
  EXPECT_EQ(SumText(1000, Contributors(1, 1000, 0), "nhs-national"), "1000");
}

TEST(SumRule, SumWithoutBasisIsHidden) {
  auto raw =
      RawTable::Create(RuleInfo(), {DimensionColumn("level", "Level"),
                                    FigureColumn("cost", ColumnKind::kSum)});
  ASSERT_TRUE(raw->AddRow({"a", 5000.0}).ok());
  EXPECT_EQ(GateUnder("nhs-subnational").Release(*raw)->at(0, "cost").text(),
            "*");
}

// --- ratios
// -------------------------------------------------------------------

// 21 events are printed as 20: a ratio of 95.2 of everybody would say so.
TEST(RatioRule, OfEverybodyAgainstThemselvesIsAsExpected) {
  ColumnSpec ratio = FigureColumn("ratio", ColumnKind::kRatio);
  ratio.numerator = "n";
  ratio.multiplier = 100;
  auto raw = RawTable::Create(
      RuleInfo(), {DimensionColumn("level", "Level"),
                   CountColumn("n", ColumnKind::kEvents, "Events"), ratio});
  ASSERT_TRUE(raw.ok()) << raw.status();
  ASSERT_TRUE(raw->AddRow({"everybody", int64_t{21}, 100.0}).ok());
  ASSERT_TRUE(raw->AddRow({"some", int64_t{21}, 105.0}).ok());
  const auto table = GateUnder("nhs-subnational").Release(*raw);
  ASSERT_TRUE(table.ok()) << table.status();
  EXPECT_EQ(table->at(0, "n").text(), "20");
  EXPECT_EQ(table->at(0, "ratio").text(), "100");
  EXPECT_EQ(table->at(1, "ratio").text(), "100");  // 105 x 20 / 21
}

// --- means and percentiles ---------------------------------------------------

std::string PersonFigure(ColumnSpec column, int64_t n, double value,
                         std::string_view profile = "nhs-subnational") {
  column.denominator = "n";
  auto raw = RawTable::Create(
      RuleInfo(), {DimensionColumn("level", "Level"),
                   CountColumn("n", ColumnKind::kPersons, "People"), column});
  EXPECT_TRUE(raw->AddRow({"a", n, value}).ok());
  const auto table = GateUnder(profile).Release(*raw);
  EXPECT_TRUE(table.ok()) << table.status();
  return table->at(0, column.name).text();
}

TEST(MeanRule, NeedsEightPeopleAndHasThreeFigures) {
  const ColumnSpec mean = FigureColumn("los", ColumnKind::kMean);
  EXPECT_EQ(PersonFigure(mean, 100, 4.5678), "4.57");
  EXPECT_EQ(PersonFigure(mean, 100000, 4.5678), "4.57");
  EXPECT_EQ(PersonFigure(mean, 8, 4.5678), "4.6");
  EXPECT_EQ(PersonFigure(mean, 8, 1234.5678), "1230");
  EXPECT_EQ(PersonFigure(mean, 7, 4.5678), "*");
  EXPECT_EQ(PersonFigure(mean, 7, 4.5678, "midpoint6"), "*");
  EXPECT_EQ(PersonFigure(mean, 9, 4.5678, "threshold10"), "*");
  EXPECT_EQ(PersonFigure(mean, 2, 4.5678, "nhs-national"), "4.57");
}

// One column holds 4.69 and 15.8, and stands beside shares of one decimal.
TEST(MeanRule, InPerCentHasOneDecimalLikeAShare) {
  ColumnSpec mean = FigureColumn("predicted", ColumnKind::kMean);
  mean.unit = "%";
  EXPECT_EQ(PersonFigure(mean, 1000, 4.6912), "4.7");
  EXPECT_EQ(PersonFigure(mean, 1000, 15.8412), "15.8");
  EXPECT_EQ(PersonFigure(mean, 1000, 0.0412), "0.0");
  EXPECT_EQ(PersonFigure(mean, 1000, 100), "100.0");
  EXPECT_EQ(PersonFigure(mean, 2, 4.6912, "nhs-national"), "4.7");
}

// 106 days of 14 stays are 7.57 and of no other number from 12 to 16.
TEST(MeanRule, DoesNotSayOfHowMany) {
  const ColumnSpec mean = FigureColumn("los", ColumnKind::kMean);
  for (int64_t n = 12; n <= 99; ++n) {
    for (int64_t days = n; days < 12 * n; ++days) {
      const double value = static_cast<double>(days) / static_cast<double>(n);
      const std::string text = PersonFigure(mean, n, value);
      const double printed = std::stod(text);
      for (int64_t other = std::max<int64_t>(n - 2, 10); other <= n + 2;
           ++other) {
        const double nearest =
            std::round(printed * static_cast<double>(other)) /
            static_cast<double>(other);
        EXPECT_NEAR(nearest, printed, 0.0500001) << text << " of " << other;
      }
      days += 6;
    }
  }
}

TEST(PercentileRule, NeedsEightPeopleInTheSmallerTail) {
  ColumnSpec p92 = FigureColumn("p92", ColumnKind::kPercentile);
  p92.percentile = 0.92;
  p92.step = 0.1;
  EXPECT_EQ(PersonFigure(p92, 100, 17.84), "17.8");
  EXPECT_EQ(PersonFigure(p92, 99, 17.84), "*");
  ColumnSpec median = FigureColumn("median", ColumnKind::kPercentile);
  median.percentile = 0.5;
  EXPECT_EQ(PersonFigure(median, 16, 12.6), "13");
  EXPECT_EQ(PersonFigure(median, 15, 12.6), "*");
  EXPECT_EQ(PersonFigure(median, 20, 12.6, "threshold10"), "13");
  EXPECT_EQ(PersonFigure(median, 19, 12.6, "threshold10"), "*");
}

// --- rates by events ---------------------------------------------------------

std::string StdRateText(int64_t events, double rate) {
  ColumnSpec column = FigureColumn("dsr", ColumnKind::kStdRate);
  column.numerator = "events";
  auto raw = RawTable::Create(
      RuleInfo(),
      {DimensionColumn("level", "Level"),
       CountColumn("events", ColumnKind::kEvents, "Events"), column});
  EXPECT_TRUE(raw->AddRow({"a", events, rate}).ok());
  return GateUnder("nhs-subnational").Release(*raw)->at(0, "dsr").text();
}

TEST(StandardisedRateRule, ScalesAndRoundsByEvents) {
  EXPECT_EQ(StdRateText(9, 90), "NA");
  EXPECT_EQ(StdRateText(10, 123.456), "123");
  EXPECT_EQ(StdRateText(12, 123.456), "103");     // x 10 / 12
  EXPECT_EQ(StdRateText(100, 123.456), "123.5");  // one decimal from 100 on
}

std::string ExpectedText(int64_t observed, double expected) {
  ColumnSpec e = FigureColumn("expected", ColumnKind::kRatio);
  e.role = ColumnRole::kExpected;
  e.numerator = "observed";
  auto raw = RawTable::Create(
      RuleInfo(),
      {DimensionColumn("level", "Level"),
       CountColumn("observed", ColumnKind::kEvents, "Observed"), e});
  EXPECT_TRUE(raw->AddRow({"a", observed, expected}).ok());
  return GateUnder("nhs-subnational").Release(*raw)->at(0, "expected").text();
}

// 98 and 99 print as 100 too.
TEST(ExpectedRule, IsPrintedOnlyWhereTheCountIsSurelyOneHundred) {
  EXPECT_EQ(ExpectedText(98, 81.3), "NA");
  EXPECT_EQ(ExpectedText(102, 81.3), "NA");
  EXPECT_EQ(ExpectedText(103, 81.3), "80");
  EXPECT_EQ(ExpectedText(5, 81.3), "*");
}

// --- index figures -----------------------------------------------------------

RawTable LifeExpectancy(int64_t deaths) {
  const ColumnSpec le = IndexColumn("le", "Life expectancy", "years", "deaths");
  auto raw = RawTable::Create(
      RuleInfo(), {DimensionColumn("area", "Area"),
                   CountColumn("deaths", ColumnKind::kEvents, "Deaths"), le,
                   LimitColumn("lo", "Lower", le, ColumnRole::kLower),
                   LimitColumn("hi", "Upper", le, ColumnRole::kUpper)});
  EXPECT_TRUE(raw.ok()) << raw.status();
  EXPECT_TRUE(raw->AddRow({"a", deaths, 81.2345, 80.06, 82.44}).ok());
  return *std::move(raw);
}

std::vector<std::string> RowTexts(const GatedTable& table, size_t row) {
  std::vector<std::string> texts;
  for (size_t i = 0; i < table.columns().size(); ++i) {
    texts.push_back(table.cell(row, i).text());
  }
  return texts;
}

TEST(IndexRule, HasThreeFiguresFromOneHundredEventsOn) {
  Gate gate = GateUnder("nhs-subnational");
  EXPECT_THAT(RowTexts(*gate.Release(LifeExpectancy(100)), 0),
              ElementsAre("a", "100", "81.2", "80.1", "82.4"));
  const auto few = gate.Release(LifeExpectancy(99));
  EXPECT_THAT(RowTexts(*few, 0), ElementsAre("a", "100", "NA", "NA", "NA"));
  EXPECT_EQ(few->at(0, "lo").reason(), NaReason::kTooFewEvents);
  EXPECT_THAT(RowTexts(*gate.Release(LifeExpectancy(4)), 0),
              ElementsAre("a", "*", "*", "*", "*"));
}

TEST(IndexRule, NationalProfileHasNoMinimum) {
  Gate gate = GateUnder("nhs-national");
  EXPECT_THAT(RowTexts(*gate.Release(LifeExpectancy(40)), 0),
              ElementsAre("a", "40", "81.2", "80.1", "82.4"));
}

TEST(IndexRule, TakesEventsOfTheBasisWhereNoColumnHasThem) {
  const ColumnSpec sii = IndexColumn("sii", "Slope index", "", "");
  const auto release = [&](int64_t events) {
    auto raw = RawTable::Create(
        RuleInfo(), {DimensionColumn("area", "Area"), sii,
                     LimitColumn("lo", "Lower", sii, ColumnRole::kLower)});
    EXPECT_TRUE(raw->AddRow({"a", -0.012345, -0.5}).ok());
    CellBasis basis;
    basis.events = events;
    raw->SetBasis({0, 1}, basis);  // its limit stands on the same
    return RowTexts(*GateUnder("nhs-subnational").Release(*raw), 0);
  };
  EXPECT_THAT(release(100), ElementsAre("a", "-0.0123", "-0.500"));
  EXPECT_THAT(release(99), ElementsAre("a", "NA", "NA"));
}

// --- model figures -----------------------------------------------------------

TEST(ModelRule, FiguresHaveTwoDecimals) {
  auto raw = RawTable::Create(RuleInfo(),
                              {DimensionColumn("model", "Model"),
                               FigureColumn("auc", ColumnKind::kModelMetric)});
  ASSERT_TRUE(raw->AddRow({"m", 0.78654}).ok());
  EXPECT_EQ(GateUnder("nhs-subnational").Release(*raw)->at(0, "auc").text(),
            "0.79");
}

TEST(ModelRule, AFigureMayAskForFewerDecimals) {
  ColumnSpec share = FigureColumn("capture", ColumnKind::kModelMetric);
  share.unit = "%";
  share.decimals = 0;
  auto raw =
      RawTable::Create(RuleInfo(), {DimensionColumn("model", "Model"), share});
  ASSERT_TRUE(raw->AddRow({"m", 13.33}).ok());
  EXPECT_EQ(GateUnder("nhs-subnational").Release(*raw)->at(0, "capture").text(),
            "13");
}

TEST(ModelRule, CoefficientNeedsEightEventsInEachLevel) {
  const auto release = [](int64_t events, std::string_view profile) {
    const ColumnSpec c = FigureColumn("coefficient", ColumnKind::kCoefficient);
    auto raw = RawTable::Create(
        RuleInfo(), {DimensionColumn("feature", "Feature"), c,
                     LimitColumn("lo", "Lower", c, ColumnRole::kLower)});
    EXPECT_TRUE(raw->AddRow({"smoker", 0.4567, 0.1234}).ok());
    CellBasis basis;
    basis.events = events;
    raw->SetBasis({0, 1}, basis);
    return RowTexts(*GateUnder(profile).Release(*raw), 0);
  };
  EXPECT_THAT(release(8, "nhs-subnational"),
              ElementsAre("smoker", "0.46", "0.12"));
  EXPECT_THAT(release(7, "nhs-subnational"), ElementsAre("smoker", "*", "*"));
  EXPECT_THAT(release(9, "threshold10"), ElementsAre("smoker", "*", "*"));
}

// --- survival ----------------------------------------------------------------

RawTable SurvivalTable() {
  auto raw = RawTable::Create(
      RuleInfo("km_counts"),
      {DimensionColumn("t", "Day"),
       MidpointColumn("at_risk_m6", ColumnKind::kPersons, "At risk"),
       MidpointColumn("events_m6", ColumnKind::kPersons, "Events")});
  EXPECT_TRUE(raw->AddRow({"10", int64_t{100}, int64_t{3}}).ok());
  EXPECT_TRUE(raw->AddRow({"20", int64_t{95}, int64_t{7}}).ok());
  EXPECT_TRUE(raw->AddRow({"30", int64_t{80}, int64_t{0}}).ok());
  return *std::move(raw);
}

TEST(SurvivalRule, CountsAreMidpointsWhateverTheProfile) {
  for (const char* name :
       {"nhs-subnational", "opensafely", "midpoint6", "threshold10"}) {
    const auto table = GateUnder(name).Release(SurvivalTable());
    ASSERT_TRUE(table.ok()) << table.status();
    EXPECT_EQ(GatedCsv(*table).substr(GatedCsv(*table).find("at_risk")),
              "at_risk_m6,events_m6\n10,99,3\n20,93,9\n30,81,0\n")
        << name;
  }
}

TEST(SurvivalRule, NationalProfileKeepsCounts) {
  const auto table = GateUnder("nhs-national").Release(SurvivalTable());
  EXPECT_THAT(RowTexts(*table, 1), ElementsAre("20", "95", "7"));
}

// S from the printed counts: 96/99, then times 84/93.
TEST(SurvivalRule, SurvivalFollowsFromPrintedCounts) {
  Gate gate = GateUnder("nhs-subnational");
  const auto counts = gate.Release(SurvivalTable());
  ASSERT_TRUE(counts.ok());
  std::vector<SurvivalCounts> printed;
  for (size_t row = 0; row < 2; ++row) {
    printed.push_back({10 * static_cast<int64_t>(row + 1),
                       *counts->at(row, "at_risk_m6").number(),
                       *counts->at(row, "events_m6").number()});
  }
  auto table = DerivedTable::Create(
      RuleInfo("km_table"),
      {DimensionColumn("t", "Day"), DerivedColumn("survival", "Survival")},
      {&*counts});
  ASSERT_TRUE(table.ok());
  for (const SurvivalStep& step : KaplanMeier(printed)) {
    ASSERT_TRUE(table
                    ->AddRow({DerivedCell::Text(std::to_string(step.days)),
                              DerivedCell::Number(step.survival.value, 3)})
                    .ok());
  }
  const auto released = gate.ReleaseDerived(*table);
  ASSERT_TRUE(released.ok());
  EXPECT_EQ(released->at(0, "survival").text(), "0.970");
  EXPECT_EQ(released->at(1, "survival").text(), "0.876");
}

TEST(SurvivalRule, MidpointIsForCountsOnly) {
  ColumnSpec column = FigureColumn("auc", ColumnKind::kModelMetric);
  column.midpoint = true;
  auto raw = RawTable::Create(RuleInfo(), {column});
  EXPECT_EQ(ExitCodeOf(GateUnder("midpoint6").Release(*raw).status()),
            kExitInvalidInput);
}

// --- 0 and 100 per cent ------------------------------------------------------

RawTable Share(int64_t x, int64_t n) {
  auto raw = RawTable::Create(RuleInfo(),
                              {DimensionColumn("level", "Level"),
                               CountColumn("x", ColumnKind::kPersons, "With"),
                               CountColumn("n", ColumnKind::kPersons, "All"),
                               ProportionColumn("share", "Share", "x", "n")});
  EXPECT_TRUE(raw->AddRow({"a", x, n, RawValue()}).ok());
  return *std::move(raw);
}

TEST(EveryoneRule, ZeroAndAllAreFlaggedAndReleasedInPlainColumns) {
  Gate gate = GateUnder("nhs-subnational");
  EXPECT_TRUE(gate.Release(Share(40, 40))->at(0, "share").everyone());
  EXPECT_TRUE(gate.Release(Share(0, 40))->at(0, "share").everyone());
  EXPECT_FALSE(gate.Release(Share(20, 40))->at(0, "share").everyone());
}

TEST(EveryoneRule, ZeroItselfIsHiddenUnderThreshold10) {
  EXPECT_EQ(
      GateUnder("threshold10").Release(Share(0, 40))->at(0, "share").text(),
      "*");
}

// --- files: register, log, report --------------------------------------------

class RuleFiles : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = testing::TempDir() + "rulesXXXXXX";
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    folder_ = name;
    log_ = std::make_unique<DecisionLog>(folder_ + "/decisions.jsonl");
    registry_ = std::make_unique<ReleaseRegistry>(folder_ + "/released.jsonl");
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  Gate MakeGate(std::string_view profile = "nhs-subnational") {
    GateOptions options;
    options.log = log_.get();
    options.registry = registry_.get();
    return Gate(*Profile::Named(profile), options);
  }
  std::string folder_;
  std::unique_ptr<DecisionLog> log_;
  std::unique_ptr<ReleaseRegistry> registry_;
};

TEST_F(RuleFiles, MidpointsAreRegisteredAsSuch) {
  Gate gate = MakeGate();
  ASSERT_TRUE(gate.Release(SurvivalTable()).ok());
  ASSERT_TRUE(gate.Release(SurvivalTable()).ok());  // consistent with itself
  const auto all = registry_->All();
  ASSERT_TRUE(all.ok());
  ASSERT_EQ(all->size(), 1u);
  EXPECT_EQ(all->front().cells.at("events_m6|t=20"), "m6:9");
}

RawTable Margin(std::vector<int64_t> counts, int64_t sum) {
  auto raw = RawTable::Create(
      RuleInfo("margin"), {DimensionColumn("level", "Level"),
                           CountColumn("n", ColumnKind::kPersons, "People")});
  std::vector<CellRef> parts;
  for (const int64_t n : counts) {
    EXPECT_TRUE(raw->AddRow({"L" + std::to_string(parts.size()), n}).ok());
    parts.push_back({parts.size(), 1});
  }
  raw->AddKnownMargin(parts, sum);
  return *std::move(raw);
}

TEST_F(RuleFiles, ReportCountsCellsAndRefusalsByTable) {
  Gate gate = MakeGate();
  ASSERT_TRUE(gate.Release(Margin({3, 8, 33, 0}, 44)).ok());
  EXPECT_FALSE(gate.Release(Margin({3, 0}, 3)).ok());
  EXPECT_FALSE(gate.Release(Margin({4, 0}, 4)).ok());
  const auto source = gate.Release(SurvivalTable());
  auto derived = DerivedTable::Create(
      RuleInfo("points"), {DerivedColumn("value", "Value")}, {&*source});
  ASSERT_TRUE(derived->AddRow({DerivedCell::Number(1, 0)}).ok());
  ASSERT_TRUE(derived->AddRow({DerivedCell::Star()}).ok());
  ASSERT_TRUE(gate.ReleaseDerived(*derived).ok());

  const auto log = log_->Read();
  ASSERT_TRUE(log.ok());
  const std::vector<SuppressionRow> report = SuppressionReport(*log, {});
  ASSERT_EQ(report.size(), 3u);
  EXPECT_EQ(report[0].table, "km_counts");
  EXPECT_EQ(report[0].released, 5);
  EXPECT_EQ(report[0].zero, 1);
  const SuppressionRow& margin = report[1];
  EXPECT_EQ(margin.table, "margin");
  EXPECT_EQ(margin.profile, "nhs-subnational");
  EXPECT_EQ(margin.released, 1);
  EXPECT_EQ(margin.zero, 1);
  EXPECT_EQ(margin.primary, 1);
  EXPECT_EQ(margin.secondary, 1);
  EXPECT_EQ(margin.refused, 2);
  EXPECT_THAT(margin.reason, HasSubstr("could be narrowed"));
  EXPECT_TRUE(report[2].derived);
  EXPECT_EQ(report[2].released, 1);
  EXPECT_EQ(report[2].secondary, 1);
}

TEST_F(RuleFiles, ReportHasARowForEachCutAndPeriod) {
  const auto cut = [](const char* column, const char* period, int64_t n) {
    TableInfo info = RuleInfo("prevalence");
    info.period = period;
    auto raw = RawTable::Create(
        std::move(info), {DimensionColumn(column, "Cut"),
                          CountColumn("n", ColumnKind::kPersons, "People")});
    EXPECT_TRUE(raw->AddRow({"L1", n}).ok());
    return *std::move(raw);
  };
  Gate gate = MakeGate();
  ASSERT_TRUE(gate.Release(cut("practice", "2026-09", 3)).ok());
  ASSERT_TRUE(gate.Release(cut("sex", "2026-10", 33)).ok());
  ASSERT_TRUE(gate.Release(cut("practice", "2026-10", 33)).ok());
  const auto log = log_->Read();
  ASSERT_TRUE(log.ok());
  const std::vector<SuppressionRow> report = SuppressionReport(*log, {});
  ASSERT_EQ(report.size(), 3u);
  EXPECT_EQ(report[0].period, "2026-09");
  EXPECT_EQ(report[0].by, "practice");
  EXPECT_EQ(report[0].primary, 1);
  EXPECT_EQ(report[1].period, "2026-10");
  EXPECT_EQ(report[1].by, "practice");
  EXPECT_EQ(report[1].released, 1);
  EXPECT_EQ(report[2].by, "sex");
}

TEST_F(RuleFiles, ReportTakesOneProjectAndRelease) {
  Gate gate = MakeGate();
  ASSERT_TRUE(gate.Release(SurvivalTable()).ok());
  const auto log = log_->Read();
  EXPECT_EQ(SuppressionReport(*log, {"trial", "r2026-11"}).size(), 1u);
  EXPECT_EQ(SuppressionReport(*log, {"trial", "r2026-10"}).size(), 0u);
  EXPECT_EQ(SuppressionReport(*log, {"other", ""}).size(), 0u);
}

}  // namespace
}  // namespace tally::analytics
