// Control charts and forecasts against worked series and properties.
#include <cmath>
#include <random>
#include <vector>

#include "analytics/statistics/forecast.h"
#include "analytics/statistics/spc.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tally::analytics {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;

std::vector<SpcRule> RulesOf(const std::vector<SpcPoint>& chart) {
  std::vector<SpcRule> rules;
  for (const SpcPoint& point : chart) rules.push_back(point.rule);
  return rules;
}

TEST(XmrChart, HasLimitsFromTheMovingRange) {
  const std::vector<double> values = {10, 12, 11, 13, 9,  11, 12,
                                      10, 11, 13, 12, 10, 11};
  const auto chart = XmrChart(values, SpcMode::kExcel);
  double sum = 0;
  for (size_t i = 1; i < values.size(); ++i) {
    sum += std::fabs(values[i] - values[i - 1]);
  }
  const double mean = 145.0 / 13;
  for (const SpcPoint& point : chart) {
    EXPECT_DOUBLE_EQ(point.mean, mean);
    EXPECT_NEAR(*point.upper, mean + 2.66 * sum / 12, 1e-12);
    EXPECT_NEAR(*point.lower, mean - 2.66 * sum / 12, 1e-12);
    EXPECT_FALSE(point.trial);
    EXPECT_EQ(point.rule, SpcRule::kNone);
  }
  EXPECT_TRUE(XmrChart(std::span(values).first(12))[0].trial);
}

TEST(XmrChart, ScreensOneOutlyingRangeOnce) {
  std::vector<double> values;
  for (int i = 0; i < 20; ++i) values.push_back(i % 2 == 0 ? 10 : 11);
  values[10] = 60;
  const auto all = XmrChart(values, SpcMode::kExcel);
  const auto screened = XmrChart(values, SpcMode::kScreened);
  EXPECT_NEAR(*screened[0].upper - screened[0].mean, 2.66, 1e-12);
  EXPECT_GT(*all[0].upper - all[0].mean, 10);
  EXPECT_EQ(screened[10].rule, SpcRule::kBeyondLimit);
  EXPECT_TRUE(screened[10].high);
}

TEST(XmrChart, OfOneValueHasNoLimits) {
  const auto chart = XmrChart(std::vector<double>{4});
  ASSERT_EQ(chart.size(), 1u);
  EXPECT_FALSE(chart[0].upper.has_value());
  EXPECT_EQ(chart[0].rule, SpcRule::kNone);
  EXPECT_TRUE(XmrChart({}).empty());
}

TEST(XmrChart, OfMostlyEqualNeighboursHasNoLimits) {
  // 47 ranges, of which 2 are 20 and 45 are 0.
  std::vector<double> values(48, 0);
  values[5] = 20;
  for (const SpcMode mode : {SpcMode::kScreened, SpcMode::kExcel}) {
    const auto chart = XmrChart(values, mode);
    EXPECT_FALSE(chart[0].upper.has_value());
    EXPECT_FALSE(chart[0].lower.has_value());
    EXPECT_DOUBLE_EQ(chart[0].mean, 20.0 / 48);
    EXPECT_THAT(RulesOf(chart), Each(SpcRule::kNone));
    EXPECT_EQ(VariationOf(chart, Direction::kLowerIsBetter),
              Variation::kTooEqual);
    EXPECT_EQ(AssuranceOf(chart, 5, Direction::kLowerIsBetter),
              Assurance::kNotJudged);
  }
  // Half of the ranges are 0: that is not more than half.
  const auto half = XmrChart(std::vector<double>{1, 1, 2, 2, 1});
  EXPECT_NEAR(*half[0].upper - half[0].mean, 2.66 * 0.5, 1e-12);
}

TEST(XmrChart, OfAConstantHasNoSpecialCause) {
  const auto chart = XmrChart(std::vector<double>(15, 3));
  EXPECT_THAT(RulesOf(chart), Each(SpcRule::kNone));
  EXPECT_FALSE(chart[0].upper.has_value());
  for (const double value : {0.1, 97.3, 0.95}) {
    for (size_t n = 2; n < 30; ++n) {
      EXPECT_THAT(RulesOf(XmrChart(std::vector<double>(n, value))),
                  Each(SpcRule::kNone))
          << value << " x " << n;
    }
  }
}

// A series around 0 whose limits are wide enough for nothing but its own rule.
TEST(XmrChart, MarksSevenRisingPointsAndNotSix) {
  std::vector<double> values = {0, 9, -9, 9, -9, 9, -9};
  const std::vector<double> rising = {-6, -4, -2, 0, 2, 4, 6};
  values.insert(values.end(), rising.begin(), rising.end());
  values.push_back(-9);
  // -9, -6, ... 6 is a run of eight.
  auto rules = RulesOf(XmrChart(values));
  for (size_t i = 6; i < 14; ++i) EXPECT_EQ(rules[i], SpcRule::kTrend) << i;
  EXPECT_EQ(rules[5], SpcRule::kNone);
  EXPECT_EQ(rules[14], SpcRule::kNone);
  values.erase(values.begin() + 7, values.begin() + 9);  // -9, -2, 0, 2, 4, 6
  rules = RulesOf(XmrChart(values));
  EXPECT_THAT(rules, Each(SpcRule::kNone));
}

TEST(XmrChart, MarksSevenOnOneSideAndNotSix) {
  const std::vector<double> six = {-6, 6, -6, 4, 2, 4, 2, 4, 2, -6, -2, -4};
  EXPECT_THAT(RulesOf(XmrChart(six)), Each(SpcRule::kNone));
  const std::vector<double> seven = {-6, 6, -6, 4,  1,  4, 1,
                                     4,  1, 4,  -6, -3, -4};
  const auto rules = RulesOf(XmrChart(seven));
  for (size_t i = 0; i < rules.size(); ++i) {
    EXPECT_EQ(rules[i], i >= 3 && i <= 9 ? SpcRule::kShift : SpcRule::kNone)
        << i;
  }
}

TEST(XmrChart, EndsARunAtAPointOnTheMean) {
  const std::vector<double> values = {-5, -7, 5, 3, 5, 0, 3, 5, 3, -5, -7, 0};
  double sum = 0;
  for (const double value : values) sum += value;
  ASSERT_EQ(sum, 0);
  EXPECT_THAT(RulesOf(XmrChart(values)), Each(SpcRule::kNone));
  // Nor where the mean is rounded.
  for (const double moved : {0.1, 0.3, 1.1}) {
    std::vector<double> away = values;
    for (double& value : away) value += moved;
    EXPECT_THAT(RulesOf(XmrChart(away)), Each(SpcRule::kNone)) << moved;
  }
}

TEST(XmrChart, MarksTwoOfThreeNearALimit) {
  // Mean 0, limits at 12.7, two thirds at 8.5.
  std::vector<double> values = {2,  -2, 2,    -2, 2,  -2, 2,  -2,
                                10, 4,  10.5, -3, -6, -5, -6, -4};
  double sum = 0;
  for (const double value : values) sum += value;
  values.push_back(-sum);
  const auto chart = XmrChart(values);
  const double reach = *chart[0].upper - chart[0].mean;
  ASSERT_GT(reach, 10.5);
  ASSERT_LT(reach * 2 / 3, 10);
  EXPECT_EQ(chart[8].rule, SpcRule::kNearLimit);
  EXPECT_EQ(chart[9].rule, SpcRule::kNone);
  EXPECT_EQ(chart[10].rule, SpcRule::kNearLimit);
  EXPECT_TRUE(chart[8].high);
}

TEST(XmrChart, StartsAllOverAtARebase) {
  std::vector<double> values;
  for (int i = 0; i < 14; ++i) values.push_back(i % 2 == 0 ? 10 : 12);
  for (int i = 0; i < 14; ++i) values.push_back(i % 2 == 0 ? 30 : 32);
  const std::vector<size_t> rebase = {14};
  const auto chart = XmrChart(values, SpcMode::kScreened, rebase);
  EXPECT_DOUBLE_EQ(chart[13].mean, 11);
  EXPECT_DOUBLE_EQ(chart[14].mean, 31);
  EXPECT_THAT(RulesOf(chart), Each(SpcRule::kNone));
  EXPECT_EQ(XmrChart(values)[0].rule, SpcRule::kBeyondLimit);
}

TEST(Variation, IsReadFromTheLastPoint) {
  std::vector<double> values;
  for (int i = 0; i < 14; ++i) values.push_back(i % 2 == 0 ? 10 : 12);
  EXPECT_EQ(VariationOf(XmrChart(values), Direction::kHigherIsBetter),
            Variation::kCommonCause);
  // Mean 11.53, limits 5.32 away: 10 and 12 stay on both sides of the mean.
  values.push_back(19);
  const auto chart = XmrChart(values);
  EXPECT_EQ(VariationOf(chart, Direction::kHigherIsBetter),
            Variation::kImprovement);
  EXPECT_EQ(VariationOf(chart, Direction::kLowerIsBetter), Variation::kConcern);
  EXPECT_EQ(VariationOf(chart, Direction::kNeither), Variation::kNeutralHigh);
}

TEST(Variation, IsNotJudgedByFewerThanTwelvePoints) {
  std::vector<double> values;
  for (int i = 0; i < 11; ++i) values.push_back(i % 2 == 0 ? 10 : 12);
  for (size_t n = 0; n <= values.size(); ++n) {
    const auto chart = XmrChart(std::span(values).first(n));
    EXPECT_EQ(VariationOf(chart, Direction::kNeither), Variation::kTooFew);
    EXPECT_EQ(AssuranceOf(chart, 50, Direction::kLowerIsBetter),
              Assurance::kNotJudged);
  }
  values.push_back(12);
  EXPECT_EQ(VariationOf(XmrChart(values), Direction::kNeither),
            Variation::kCommonCause);
  // What counts is the part since limits began anew.
  const std::vector<size_t> rebase = {4};
  EXPECT_EQ(VariationOf(XmrChart(values, SpcMode::kScreened, rebase),
                        Direction::kNeither),
            Variation::kTooFew);
}

TEST(Variation, IsNotJudgedWhereMostPointsAreSpecial) {
  // One value moves the mean and is left out of the ranges: mean 14.27, and
  // the 14 others lie on one side of it.
  std::vector<double> values;
  for (int i = 0; i < 14; ++i) values.push_back(i % 2 == 0 ? 10 : 12);
  values.push_back(60);
  const auto chart = XmrChart(values);
  EXPECT_EQ(VariationOf(chart, Direction::kLowerIsBetter),
            Variation::kUnstable);
  EXPECT_EQ(AssuranceOf(chart, 50, Direction::kLowerIsBetter),
            Assurance::kNotJudged);
  EXPECT_EQ(SpecialMonths(chart), (std::pair<size_t, size_t>(15, 15)));
  EXPECT_FALSE(IsJudged(Variation::kUnstable));
  EXPECT_TRUE(IsJudged(Variation::kConcern));
}

TEST(Assurance, ComparesTheTargetWithTheLimits) {
  std::vector<double> values;
  for (int i = 0; i < 14; ++i) values.push_back(i % 2 == 0 ? 10 : 12);
  const auto chart = XmrChart(values);
  const auto of = [&](double target, Direction direction) {
    return AssuranceOf(chart, target, direction);
  };
  EXPECT_EQ(of(2, Direction::kHigherIsBetter), Assurance::kPass);
  EXPECT_EQ(of(20, Direction::kHigherIsBetter), Assurance::kFail);
  EXPECT_EQ(of(11, Direction::kHigherIsBetter), Assurance::kInconsistent);
  EXPECT_EQ(of(20, Direction::kLowerIsBetter), Assurance::kPass);
  EXPECT_EQ(of(2, Direction::kLowerIsBetter), Assurance::kFail);
  EXPECT_EQ(of(2, Direction::kNeither), Assurance::kNoTarget);
  EXPECT_EQ(AssuranceOf(chart, std::nullopt, Direction::kLowerIsBetter),
            Assurance::kNoTarget);
}

std::vector<double> TrendAndSeason(size_t months) {
  std::vector<double> values;
  for (size_t t = 0; t < months; ++t) {
    const double season =
        40 * std::sin(2 * M_PI * static_cast<double>(t % 12) / 12);
    values.push_back(500 + 3 * static_cast<double>(t) + season);
  }
  return values;
}

TEST(HoltWinters, ContinuesATrendWithSeasonExactly) {
  const std::vector<double> all = TrendAndSeason(60);
  for (const size_t months : {24u, 31u, 48u}) {
    const auto fitted = FitHoltWinters(std::span(all).first(months));
    ASSERT_TRUE(fitted.has_value());
    EXPECT_NEAR(fitted->error, 0, 1e-12);
    for (size_t h = 1; h <= 12; ++h) {
      EXPECT_NEAR(fitted->Forecast(h), all[months + h - 1], 1e-7);
    }
  }
  EXPECT_FALSE(FitHoltWinters(std::span(all).first(23)).has_value());
}

TEST(HoltWinters, FindsNoWorseFactorsThanAGrid) {
  std::vector<double> values = TrendAndSeason(48);
  std::mt19937_64 bits(2);
  std::normal_distribution<double> noise(0, 15);
  for (double& value : values) value += noise(bits);
  const auto fitted = FitHoltWinters(values);
  ASSERT_TRUE(fitted.has_value());
  EXPECT_GT(fitted->a, 0);
  EXPECT_LT(fitted->a, 1);
  // The seasonal naive method would miss by the trend of a year.
  double naive = 0;
  for (size_t t = 12; t < values.size(); ++t) {
    naive += std::pow(values[t] - values[t - 12], 2);
  }
  EXPECT_LT(fitted->error, naive);
}

TEST(ForecastMonths, TakesTheModelThatWasBetter) {
  const auto trend = ForecastMonths(TrendAndSeason(48), 12);
  ASSERT_TRUE(trend.has_value());
  EXPECT_EQ(trend->model, ForecastModel::kHoltWinters);
  ASSERT_EQ(trend->points.size(), 12u);
  const auto all = TrendAndSeason(60);
  for (size_t h = 0; h < 12; ++h) {
    EXPECT_NEAR(trend->points[h].point, all[48 + h], 1e-6);
    EXPECT_NEAR(trend->points[h].high95, all[48 + h], 1e-6);
  }
  EXPECT_EQ(trend->backtest.size(), 12u);
  EXPECT_EQ(trend->backtest[0].origins, 24);
  EXPECT_EQ(trend->backtest[11].origins, 13);
  EXPECT_NEAR(trend->backtest[0].mase.value(), 0, 1e-9);
}

TEST(ForecastMonths, RepeatsASeasonThatDoesNotChange) {
  std::vector<double> values;
  for (int t = 0; t < 36; ++t) values.push_back(t % 12 == 0 ? 0 : 10 + t % 12);
  const auto forecast = ForecastMonths(values, 14);
  ASSERT_TRUE(forecast.has_value());
  EXPECT_EQ(forecast->model, ForecastModel::kSeasonalNaive);
  EXPECT_EQ(forecast->points[0].point, 0);
  EXPECT_EQ(forecast->points[13].point, 11);
  EXPECT_EQ(forecast->backtest[0].mase.reason(), NaReason::kNoDenominator);
  EXPECT_EQ(forecast->backtest[0].mape.value(), 0);
  EXPECT_EQ(forecast->backtest[0].cover80, 1);
}

TEST(ForecastMonths, NeedsTwoYears) {
  EXPECT_FALSE(ForecastMonths(TrendAndSeason(23), 6).has_value());
  EXPECT_FALSE(ForecastMonths(TrendAndSeason(36), 0).has_value());
  const auto short_series = ForecastMonths(TrendAndSeason(24), 6);
  ASSERT_TRUE(short_series.has_value());
  EXPECT_EQ(short_series->model, ForecastModel::kSeasonalNaive);
  ASSERT_EQ(short_series->backtest.size(), 1u);
  EXPECT_EQ(short_series->backtest[0].origins, 12);
  EXPECT_EQ(short_series->points[5].high95 - short_series->points[5].point,
            short_series->points[0].high95 - short_series->points[0].point);
}

TEST(ChanceOfSumAbove, IsThatOfWholePastSums) {
  // Each year one more than the year before: each of the 12 past sums of 11
  // months was missed by 11, and 22 judged months hold two spans of 11. The
  // forecast is twice 1 and nine times 2.
  std::vector<double> values;
  for (int t = 0; t < 34; ++t) values.push_back(t / 12);
  const auto forecast = ForecastMonths(values, 11);
  ASSERT_TRUE(forecast.has_value());
  EXPECT_EQ(forecast->summed.origins, 12);
  EXPECT_DOUBLE_EQ(forecast->summed.sigma, 11);
  EXPECT_DOUBLE_EQ(forecast->summed.spans, 2);
  EXPECT_NEAR(ChanceOfSumAbove(*forecast, 20).value(), 0.5, 1e-12);
  // P(T > 1) with two degrees of freedom is 1/2 - 1/(2 sqrt 3).
  const double tail = 0.5 - 0.5 / std::sqrt(3.0);
  EXPECT_NEAR(ChanceOfSumAbove(*forecast, 31).value(), tail, 1e-9);
  EXPECT_NEAR(ChanceOfSumAbove(*forecast, 9).value(), 1 - tail, 1e-9);
}

TEST(ChanceOfSumAbove, NeedsTwelvePastSumsAndMayBeCertain) {
  const auto few = ForecastMonths(TrendAndSeason(24), 6);
  EXPECT_EQ(ChanceOfSumAbove(*few, 0).reason(), NaReason::kTooFewValues);
  const auto flat = ForecastMonths(std::vector<double>(30, 5.0), 4);
  EXPECT_EQ(ChanceOfSumAbove(*flat, 20).value(), 0);
  EXPECT_EQ(ChanceOfSumAbove(*flat, 19.9).value(), 1);
}

TEST(ChanceOfSumAbove, CoversSumsOfAWanderingLevel) {
  // Errors of months added up as if they were independent cover 46 % here.
  std::mt19937_64 bits(5);
  std::normal_distribution<double> normal(0, 10);
  constexpr int kSeries = 600;
  constexpr size_t kMonths = 31, kAhead = 5;
  int inside80 = 0;
  int inside95 = 0;
  for (int i = 0; i < kSeries; ++i) {
    std::vector<double> values;
    double level = 1000;
    for (size_t t = 0; t < kMonths + kAhead; ++t) {
      level += normal(bits);
      values.push_back(level + normal(bits));
    }
    double sum = 0;
    for (size_t t = kMonths; t < values.size(); ++t) sum += values[t];
    const auto forecast =
        ForecastMonths(std::span(values).first(kMonths), kAhead);
    const double above = ChanceOfSumAbove(*forecast, sum).value();
    inside80 += above > 0.1 && above < 0.9;
    inside95 += above > 0.025 && above < 0.975;
  }
  EXPECT_GT(inside80, 0.7 * kSeries);
  EXPECT_LT(inside80, 0.9 * kSeries);
  EXPECT_GT(inside95, 0.9 * kSeries);
}

TEST(ForecastMonths, CoversAboutWhatItsIntervalsSay) {
  std::mt19937_64 bits(11);
  std::normal_distribution<double> noise(0, 20);
  double cover80 = 0;
  double cover95 = 0;
  constexpr int kSeries = 12;
  for (int i = 0; i < kSeries; ++i) {
    std::vector<double> values = TrendAndSeason(60);
    for (double& value : values) value += noise(bits);
    const auto forecast = ForecastMonths(values, 6);
    ASSERT_TRUE(forecast.has_value());
    cover80 += forecast->backtest[0].cover80 / kSeries;
    cover95 += forecast->backtest[0].cover95 / kSeries;
    for (const BacktestRow& row : forecast->backtest) {
      EXPECT_GE(row.sigma, row.mae);
      EXPECT_GT(row.pinball, 0);
    }
  }
  EXPECT_NEAR(cover80, 0.8, 0.06);
  EXPECT_NEAR(cover95, 0.95, 0.04);
}

TEST(ForecastModel, HasAName) {
  EXPECT_EQ(ForecastModelText(ForecastModel::kSeasonalNaive), "seasonal naive");
}

}  // namespace
}  // namespace tally::analytics
