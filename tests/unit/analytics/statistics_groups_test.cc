// Student's t, means, quantiles, inequality, ranks, queues and change against
// published values, closed forms and properties.
#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

#include "analytics/statistics/change.h"
#include "analytics/statistics/distributions.h"
#include "analytics/statistics/inequality.h"
#include "analytics/statistics/linear_system.h"
#include "analytics/statistics/mean.h"
#include "analytics/statistics/queue.h"
#include "analytics/statistics/random_draws.h"
#include "analytics/statistics/ranking.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tally::analytics {
namespace {

using ::testing::ElementsAre;

void ExpectClose(double got, double want, double tolerance) {
  EXPECT_NEAR(got, want, tolerance * std::fabs(want));
}

TEST(StudentT, EqualsTables) {
  const struct {
    double q, k, t;
  } kTable[] = {
      {0.025, 1, 12.706204736174704},   {0.001, 1, 318.30883898555044},
      {0.4, 1, 0.32491969623290625},    {1e-10, 1, 3183098861.8379066},
      {0.025, 2, 4.3026527297494637},   {0.001, 2, 22.327124770119875},
      {0.025, 3, 3.1824463052837095},   {1e-10, 3, 2225.7692846830932},
      {0.025, 5, 2.5705818356363155},   {0.4, 5, 0.26718086570414507},
      {0.025, 10, 2.2281388519862747},  {1e-10, 10, 25.466008021697726},
      {0.025, 30, 2.0422724563012383},  {0.001, 30, 3.3851848668293051},
      {0.025, 200, 1.9718962236339094}, {0.4, 200, 0.25368437919014764},
      {0.025, 1e6, 1.959966356814107},  {1e-10, 1e6, 6.3614068488767426},
  };
  for (const auto& row : kTable) {
    ExpectClose(StudentTUpperQuantile(row.q, row.k), row.t, 1e-12);
    ExpectClose(StudentTUpper(row.t, row.k), row.q, 1e-11);
    EXPECT_EQ(StudentTUpperQuantile(1 - row.q, row.k),
              -StudentTUpperQuantile(1 - (1 - row.q), row.k));
  }
}

TEST(StudentT, HasClosedFormsForOneAndTwoDegrees) {
  for (double q = 1e-12; q < 0.5; q *= 1.9) {
    ExpectClose(StudentTUpperQuantile(q, 1), 1 / std::tan(M_PI * q), 1e-12);
    const double a = 4 * q * (1 - q);
    ExpectClose(StudentTUpperQuantile(q, 2), (1 - 2 * q) * std::sqrt(2 / a),
                1e-12);
  }
}

TEST(BetaI, IsSymmetricAndHasClosedForms) {
  for (double x = 0.01; x < 1; x += 0.07) {
    ExpectClose(BetaI(x, 1 - x, 1, 1), x, 1e-13);
    ExpectClose(BetaI(x, 1 - x, 3, 1), x * x * x, 1e-13);
    ExpectClose(BetaI(x, 1 - x, 2, 2), x * x * (3 - 2 * x), 1e-12);
    EXPECT_NEAR(BetaI(x, 1 - x, 2.5, 40) + BetaI(1 - x, x, 40, 2.5), 1, 1e-13);
  }
  EXPECT_EQ(BetaI(0, 1, 2, 3), 0);
  EXPECT_EQ(BetaI(1, 0, 2, 3), 1);
  EXPECT_TRUE(std::isnan(BetaI(0.5, 0.5, 0, 3)));
}

TEST(MeanOf, HasStudentsLimits) {
  const std::vector<double> values = {2, 4, 4, 4, 5, 5, 7, 9};
  const Estimate mean = MeanOf(values);
  EXPECT_DOUBLE_EQ(mean.value.value(), 5);
  const double half =
      StudentTUpperQuantile(0.025, 7) * std::sqrt(32.0 / 7) / std::sqrt(8.0);
  ExpectClose(mean.lower.value(), 5 - half, 1e-14);
  ExpectClose(mean.upper.value(), 5 + half, 1e-14);
  EXPECT_EQ(MeanOf(std::vector<double>{3}).value.reason(),
            NaReason::kTooFewValues);
  EXPECT_EQ(MeanLimits(1, -1, 5).value.reason(), NaReason::kInconsistent);
}

TEST(Quantile, IsLinearBetweenNeighbours) {
  const std::vector<double> values = {1, 2, 4, 8};
  EXPECT_DOUBLE_EQ(Quantile(values, 0).value(), 1);
  EXPECT_DOUBLE_EQ(Quantile(values, 0.5).value(), 3);
  EXPECT_DOUBLE_EQ(Quantile(values, 0.9).value(), 6.8);
  EXPECT_DOUBLE_EQ(Quantile(values, 1).value(), 8);
  EXPECT_EQ(Quantile({}, 0.5).reason(), NaReason::kTooFewValues);
  EXPECT_EQ(Quantile(values, 1.5).reason(), NaReason::kInconsistent);
}

TEST(BandedQuantile, IsLinearInsideTheBand) {
  // 10 in week 0, none in week 1, 30 in week 2.
  const std::vector<int64_t> weeks = {10, 0, 30};
  EXPECT_DOUBLE_EQ(BandedQuantile(weeks, 1, 0.25).value(), 1);
  EXPECT_DOUBLE_EQ(BandedQuantile(weeks, 1, 0.5).value(), 2 + 10.0 / 30);
  EXPECT_DOUBLE_EQ(BandedQuantile(weeks, 7, 1).value(), 21);
  EXPECT_DOUBLE_EQ(BandedQuantile(weeks, 1, 0).value(), 0);
  EXPECT_EQ(BandedQuantile(std::vector<int64_t>{0, 0}, 1, 0.5).reason(),
            NaReason::kTooFewValues);
  EXPECT_EQ(BandedQuantile(std::vector<int64_t>{-1, 2}, 1, 0.5).reason(),
            NaReason::kInconsistent);
}

TEST(QuantileGroups, FollowTheFormula) {
  std::vector<double> values;
  for (int i = 1; i <= 23; ++i) values.push_back(i * 10);
  const std::vector<int> up = QuantileGroups(values, 5, false);
  const std::vector<int> down = QuantileGroups(values, 5, true);
  for (int rank = 1; rank <= 23; ++rank) {
    const int want =
        static_cast<int>(6 - std::ceil((24 - rank) / (23 / 5.0) - 1e-12));
    EXPECT_EQ(up[static_cast<size_t>(rank - 1)], std::max(want, 1)) << rank;
    EXPECT_EQ(down[static_cast<size_t>(23 - rank)], std::max(want, 1)) << rank;
  }
}

TEST(QuantileGroups, GiveTiesTheLowestRank) {
  EXPECT_THAT(QuantileGroups(std::vector<double>{5, 5, 5, 9}, 2, false),
              ElementsAre(1, 1, 1, 2));
  EXPECT_THAT(QuantileGroups(std::vector<double>{1, 2}, 3, false),
              ElementsAre());
}

TEST(RandomDraws, RepeatForASeedAndLookNormal) {
  RandomDraws one(7);
  RandomDraws two(7);
  double sum = 0;
  double squares = 0;
  double beyond = 0;
  constexpr int kDraws = 200'000;
  for (int i = 0; i < kDraws; ++i) {
    const double draw = one.Normal();
    EXPECT_EQ(draw, two.Normal());
    sum += draw;
    squares += draw * draw;
    beyond += std::fabs(draw) > 1.959963984540054;
  }
  EXPECT_NEAR(sum / kDraws, 0, 0.01);
  EXPECT_NEAR(squares / kDraws, 1, 0.015);
  EXPECT_NEAR(beyond / kDraws, 0.05, 0.0025);
}

std::vector<InequalityGroup> Deciles() {
  const std::vector<double> people = {9000,  9500,  10000, 10400, 10800,
                                      11000, 11200, 11100, 10900, 10700};
  const std::vector<double> rates = {312, 298, 270, 255, 241,
                                     228, 220, 205, 199, 180};
  std::vector<InequalityGroup> groups;
  for (size_t i = 0; i < 10; ++i) {
    groups.push_back({people[i], rates[i], rates[i] / 1.08, rates[i] * 1.08});
  }
  return groups;
}

TEST(SlopeIndex, EqualsWeightedLeastSquares) {
  const SlopeIndex index =
      SlopeIndexOfInequality(Deciles(), ValueScale::kLog, false, 1, 1000);
  ExpectClose(index.sii.value.value(), -136.7609875572367, 1e-12);
  ExpectClose(index.rii.value.value(), 0.5542023916340998, 1e-12);
}

TEST(SlopeIndex, HasTheLimitsOfASecondSimulation) {
  // Limits of two million draws made elsewhere.
  for (const uint64_t seed : {1u, 2u}) {
    const SlopeIndex index =
        SlopeIndexOfInequality(Deciles(), ValueScale::kLog, false, seed);
    EXPECT_NEAR(index.sii.lower.value(), -157.472, 0.3);
    EXPECT_NEAR(index.sii.upper.value(), -116.497, 0.3);
    EXPECT_NEAR(index.rii.lower.value(), 0.50554, 0.001);
    EXPECT_NEAR(index.rii.upper.value(), 0.60620, 0.001);
  }
}

TEST(SlopeIndex, SaysThatTheDeprivedDoWorseByItsSign) {
  const SlopeIndex index =
      SlopeIndexOfInequality(Deciles(), ValueScale::kLog, true, 1, 2000);
  ExpectClose(index.sii.value.value(), 136.7609875572367, 1e-12);
  ExpectClose(index.rii.value.value(), 1 / 0.5542023916340998, 1e-12);
  EXPECT_GT(index.sii.lower.value(), 0);
  EXPECT_GT(index.rii.lower.value(), 1);
}

TEST(SlopeIndex, OfALineIsTheLine) {
  // Equal groups on y = 100 - 40 b: the slope is -40 whatever the scale says.
  std::vector<InequalityGroup> groups;
  for (int i = 0; i < 10; ++i) {
    const double y = 100 - 40 * (i + 0.5) / 10;
    groups.push_back({500, y, y, y});
  }
  for (const ValueScale scale : {ValueScale::kPlain, ValueScale::kLog}) {
    const SlopeIndex index =
        SlopeIndexOfInequality(groups, scale, false, 3, 200);
    ExpectClose(index.sii.value.value(), -40, 1e-12);
    ExpectClose(index.rii.value.value(), 0.6, 1e-12);
    EXPECT_NEAR(index.sii.lower.value(), -40, 1e-9);
    EXPECT_NEAR(index.sii.upper.value(), -40, 1e-9);
  }
}

TEST(SlopeIndex, RefusesWhatItCannotFit) {
  std::vector<InequalityGroup> groups = Deciles();
  groups.resize(4);
  EXPECT_EQ(SlopeIndexOfInequality(groups, ValueScale::kLog, false, 1, 10)
                .sii.value.reason(),
            NaReason::kTooFewValues);
  groups = Deciles();
  groups[3].population = 0;
  EXPECT_EQ(SlopeIndexOfInequality(groups, ValueScale::kLog, false, 1, 10)
                .rii.value.reason(),
            NaReason::kNoDenominator);
  groups = Deciles();
  for (const double lower : {0.0, -0.5}) {
    groups[3].lower = lower;
    EXPECT_EQ(SlopeIndexOfInequality(groups, ValueScale::kLog, false, 1, 10)
                  .rii.value.reason(),
              NaReason::kLimitUndefined);
  }
  groups[3].lower = groups[3].value + 1;
  EXPECT_EQ(SlopeIndexOfInequality(groups, ValueScale::kLog, false, 1, 10)
                .rii.value.reason(),
            NaReason::kInconsistent);
}

TEST(ConcentrationIndex, IsNegativeWhereTheDeprivedHaveMore) {
  ExpectClose(ConcentrationIndex(Deciles()).value(), -0.09464257568385914,
              1e-12);
  std::vector<InequalityGroup> flat = Deciles();
  for (InequalityGroup& group : flat) group.value = 7;
  EXPECT_NEAR(ConcentrationIndex(flat).value(), 0, 1e-14);
}

TEST(Gini, IsZeroForEqualsAndNearOneForOneOfMany) {
  EXPECT_NEAR(Gini(std::vector<int64_t>{0, 0, 0, 50}).value(), 0, 1e-14);
  EXPECT_DOUBLE_EQ(Gini(std::vector<int64_t>{999, 0, 0, 1}).value(), 0.999);
  // By pairs: half the mean difference over the mean.
  const std::vector<int64_t> persons = {5, 3, 0, 2};
  double differences = 0;
  const std::vector<int> events = {0, 0, 0, 0, 0, 1, 1, 1, 3, 3};
  for (const int a : events) {
    for (const int b : events) differences += std::abs(a - b);
  }
  ExpectClose(Gini(persons).value(), differences / (2 * 10 * 9), 1e-13);
  EXPECT_EQ(Gini(std::vector<int64_t>{4}).reason(), NaReason::kNoExpected);
  EXPECT_EQ(Gini({}).reason(), NaReason::kNoDenominator);
  EXPECT_EQ(Gini(std::vector<int64_t>{4, -1}).reason(),
            NaReason::kInconsistent);
}

TEST(SolvePositiveDefinite, SolvesRandomSystemsAndRefusesSingularOnes) {
  std::mt19937_64 bits(5);
  std::uniform_real_distribution<double> value(-1, 1);
  for (size_t n = 1; n <= 12; ++n) {
    std::vector<double> root(n * n);
    for (double& v : root) v = value(bits);
    SymmetricMatrix a(n);
    for (size_t i = 0; i < n; ++i) {
      for (size_t j = 0; j < n; ++j) {
        for (size_t k = 0; k < n; ++k) {
          a.At(i, j) += root[i * n + k] * root[j * n + k];
        }
      }
      a.At(i, i) += 1;
    }
    std::vector<double> x(n);
    for (double& v : x) v = value(bits);
    std::vector<double> b(n, 0.0);
    for (size_t i = 0; i < n; ++i) {
      for (size_t j = 0; j < n; ++j) b[i] += a.At(i, j) * x[j];
    }
    const auto solved = SolvePositiveDefinite(a, b);
    ASSERT_TRUE(solved.has_value());
    for (size_t i = 0; i < n; ++i) EXPECT_NEAR((*solved)[i], x[i], 1e-10);
  }
  SymmetricMatrix singular(2);
  singular.At(0, 0) = singular.At(1, 0) = singular.At(1, 1) = 1;
  EXPECT_FALSE(
      SolvePositiveDefinite(singular, std::vector<double>{1, 1}).has_value());
}

TEST(QueueFigures, FollowTheFormulas) {
  QueueInputs in{.demand = 30,
                 .capacity = 27,
                 .queue = 1200,
                 .target_wait = 52,
                 .mean_wait = 20};
  const QueueFigures over = QueueFiguresOf(in);
  ExpectClose(over.load.value(), 30.0 / 27, 1e-14);
  EXPECT_DOUBLE_EQ(over.target_mean_wait.value(), 13);
  EXPECT_DOUBLE_EQ(over.target_queue.value(), 390);
  ExpectClose(over.relief_capacity.value(), 30 + (1200.0 - 390) / 26, 1e-14);
  EXPECT_FALSE(over.target_capacity.known());
  ExpectClose(over.pressure.value(), 40.0 / 52, 1e-14);
  in.queue = 780;  // twice the target, not more
  in.cv_demand = 1.1;
  in.cv_capacity = 0.8;
  const QueueFigures at = QueueFiguresOf(in);
  EXPECT_FALSE(at.relief_capacity.known());
  ExpectClose(at.target_capacity.value(),
              30 + (1.1 * 1.1 + 0.8 * 0.8) / 2 * 4 / 52, 1e-14);
}

TEST(QueueFigures, HaveReasonsWhereTheyHaveNoValue) {
  EXPECT_EQ(QueueFiguresOf({.demand = 3}).load.reason(),
            NaReason::kNoDenominator);
  EXPECT_EQ(QueueFiguresOf({.demand = 3, .capacity = 4}).pressure.reason(),
            NaReason::kNoDenominator);
  EXPECT_EQ(QueueFiguresOf({.demand = -3}).load.reason(),
            NaReason::kInconsistent);
}

TEST(RankIntervals, AreThePlacesOfCertainValues) {
  const std::vector<RankedValue> values = {{10, 0}, {30, 0}, {20, 0}, {20, 0}};
  const auto ranks = RankIntervals(values, 1);
  EXPECT_EQ(ranks[0].rank, 4);
  EXPECT_EQ(ranks[1].rank, 1);
  EXPECT_EQ(ranks[2].rank, 2);
  EXPECT_EQ(ranks[3].rank, 2);
  for (const RankInterval& one : ranks) {
    EXPECT_EQ(one.low, one.rank);
    EXPECT_EQ(one.high, one.rank);
  }
}

TEST(RankIntervals, CoverAllPlacesOfValuesThatNobodyCanTell) {
  const std::vector<RankedValue> values(20, RankedValue{5, 1});
  for (const RankInterval& one : RankIntervals(values, 4)) {
    EXPECT_LE(one.low, 2);
    EXPECT_GE(one.high, 19);
  }
}

TEST(NearestAreas, OrderByDistanceThenCode) {
  const std::vector<PeerArea> areas = {
      {"E0", {0, 5}}, {"E3", {1, 5}}, {"E1", {-1, 5}}, {"E2", {3, 5}}};
  EXPECT_THAT(NearestAreas(areas, 0, std::vector<double>{1, 9}, 2),
              ElementsAre("E1", "E3"));
  const std::vector<PeerArea> tenths = {
      {"E0", {0.3}}, {"E1", {0.4}}, {"E2", {0.2}}};
  EXPECT_THAT(NearestAreas(tenths, 0, std::vector<double>{1}),
              ElementsAre("E1", "E2"));
  EXPECT_THAT(NearestAreas(areas, 3, std::vector<double>{1, 9}),
              ElementsAre("E3", "E0", "E1"));
}

TEST(AnnualChange, OfCompoundGrowthIsTheRateOfGrowth) {
  std::vector<YearRate> years;
  for (int i = 0; i < 6; ++i)
    years.push_back({2019.0 + i, 80 * std::pow(1.03, i)});
  const Estimate change = AnnualChange(years);
  EXPECT_NEAR(change.value.value(), 0.03, 1e-12);
  EXPECT_NEAR(change.lower.value(), 0.03, 1e-6);
  years[2].rate = 0;
  EXPECT_EQ(AnnualChange(years).value.reason(), NaReason::kInconsistent);
  years.resize(3);
  EXPECT_EQ(AnnualChange(years).value.reason(), NaReason::kTooFewValues);
}

TEST(SplitCostChange, AddsUpToTheChange) {
  const std::vector<CostLine> lines = {{100, 20, 130, 21}, {50, 200, 40, 190}};
  const CostChange change = SplitCostChange(lines);
  double whole = 0;
  for (const CostLine& line : lines) {
    whole += line.quantity1 * line.price1 - line.quantity0 * line.price0;
  }
  EXPECT_NEAR(change.volume.value() + change.mix.value() + change.price.value(),
              whole, 1e-9);
  // One thing changed at a time.
  const CostChange price =
      SplitCostChange(std::vector<CostLine>{{10, 5, 10, 6}});
  EXPECT_EQ(price.volume.value(), 0);
  EXPECT_EQ(price.mix.value(), 0);
  EXPECT_EQ(price.price.value(), 10);
  EXPECT_EQ(SplitCostChange({}).mix.reason(), NaReason::kNoDenominator);
}

}  // namespace
}  // namespace tally::analytics
