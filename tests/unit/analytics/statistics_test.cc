// Statistics against published tables, inversion and properties.
#include <cmath>
#include <random>
#include <vector>

#include "analytics/statistics/distributions.h"
#include "analytics/statistics/figure.h"
#include "analytics/statistics/funnel.h"
#include "analytics/statistics/poisson.h"
#include "analytics/statistics/proportion.h"
#include "analytics/statistics/standardise.h"
#include "analytics/statistics/sum.h"
#include "gtest/gtest.h"

namespace tally::analytics {
namespace {

void ExpectRelative(double got, double want, double tolerance) {
  EXPECT_NEAR(got, want, tolerance * std::fabs(want));
}

TEST(NormalQuantile, EqualsPublishedValues) {
  ExpectRelative(NormalZ(0.05), 1.959963984540054, 1e-15);
  ExpectRelative(NormalZ(0.002), 3.090232306167813, 1e-15);
  ExpectRelative(NormalQuantile(0.9), 1.2815515655446004, 1e-15);
  ExpectRelative(NormalQuantile(0.01), -2.3263478740408408, 1e-15);
  ExpectRelative(NormalQuantile(1e-10), -6.361340902404056, 1e-14);
  ExpectRelative(NormalQuantile(1e-300), -37.0471, 1e-6);
  EXPECT_EQ(NormalQuantile(0.5), 0);
}

TEST(NormalQuantile, InvertsTheDistributionFunction) {
  for (double p = 1e-15; p < 0.5; p *= 1.7) {
    const double x = NormalQuantile(p);
    ExpectRelative(0.5 * std::erfc(-x / std::sqrt(2.0)), p, 1e-12);
  }
  for (double q = 1e-12; q < 0.5; q *= 1.9) {
    const double x = NormalQuantile(0.5 + q);
    ExpectRelative(0.5 * std::erf(x / std::sqrt(2.0)), (0.5 + q) - 0.5, 1e-12);
  }
}

TEST(NormalQuantile, RefusesWhatIsNoProbability) {
  EXPECT_TRUE(std::isnan(NormalQuantile(-0.1)));
  EXPECT_TRUE(std::isnan(NormalQuantile(1.1)));
  EXPECT_TRUE(std::isnan(NormalQuantile(std::nan(""))));
  EXPECT_EQ(NormalQuantile(0), -INFINITY);
  EXPECT_EQ(NormalQuantile(1), INFINITY);
}

TEST(ChiSquared, EqualsPublishedValues) {
  ExpectRelative(ChiSquaredQuantile(0.95, 1), 3.841458820694124, 1e-13);
  ExpectRelative(ChiSquaredQuantile(0.95, 2), 5.991464547107979, 1e-13);
  ExpectRelative(ChiSquaredQuantile(0.99, 10), 23.209251158954356, 1e-13);
  ExpectRelative(ChiSquaredQuantile(0.025, 20), 9.590777392264867, 1e-13);
  ExpectRelative(ChiSquaredQuantile(0.975, 4), 11.143286781877796, 1e-13);
  ExpectRelative(ChiSquaredQuantile(0.025, 2), 0.05063561596857975, 1e-13);
}

TEST(ChiSquared, HasClosedFormForTwoDegrees) {
  for (double q = 1e-14; q < 1; q *= 1.5) {
    ExpectRelative(ChiSquaredUpperQuantile(q, 2), -2 * std::log(q), 1e-12);
  }
}

TEST(ChiSquared, EqualsSquaredNormalForOneDegree) {
  for (double q = 1e-14; q < 0.9; q *= 1.5) {
    const double z = NormalZ(q);
    ExpectRelative(ChiSquaredUpperQuantile(q, 1), z * z, 1e-11);
  }
}

TEST(ChiSquared, InvertsItsOwnDistribution) {
  for (const double k : {1.0, 2.0, 3.0, 7.0, 20.0, 101.0, 2000.0, 2e6}) {
    for (double p = 1e-12; p < 0.5; p *= 3.1) {
      ExpectRelative(GammaP(k / 2, ChiSquaredQuantile(p, k) / 2), p, 1e-9);
      ExpectRelative(GammaQ(k / 2, ChiSquaredUpperQuantile(p, k) / 2), p, 1e-9);
    }
  }
}

// P(X <= n) of a Poisson variable is Q(n + 1, mean): an independent sum.
TEST(GammaQ, EqualsPoissonSums) {
  for (const double mean : {0.1, 1.0, 4.5, 30.0}) {
    double term = std::exp(-mean);
    double sum = term;
    for (int n = 0; n < 60; ++n) {
      ExpectRelative(GammaQ(n + 1, mean), sum, 1e-12);
      term *= mean / (n + 1);
      sum += term;
    }
  }
}

TEST(PairwiseSum, KeepsSmallTerms) {
  std::vector<double> terms(1 << 20, 0.1);
  ExpectRelative(PairwiseSum(terms), 0.1 * (1 << 20), 1e-14);
  EXPECT_EQ(PairwiseSum({}), 0);
}

// Newcombe, Stat. Med. 17 (1998), table I, score method without correction.
TEST(Wilson, EqualsNewcombesTable) {
  struct Row {
    int64_t x, n;
    double lower, upper;
  };
  for (const Row& row :
       {Row{81, 263, 0.2553, 0.3662}, Row{15, 148, 0.0624, 0.1605},
        Row{0, 20, 0.0000, 0.1611}, Row{1, 29, 0.0061, 0.1718}}) {
    const Estimate e = WilsonProportion(row.x, row.n);
    EXPECT_NEAR(e.lower.value(), row.lower, 5e-5);
    EXPECT_NEAR(e.upper.value(), row.upper, 5e-5);
  }
}

TEST(Wilson, LimitsSolveTheScoreEquation) {
  const double z = NormalZ(0.05);
  for (int64_t n = 1; n <= 60; ++n) {
    for (int64_t x = 0; x <= n; ++x) {
      const Estimate e = WilsonProportion(x, n);
      const double p = static_cast<double>(x) / static_cast<double>(n);
      EXPECT_LE(e.lower.value(), p);
      EXPECT_GE(e.upper.value(), p);
      for (const double limit : {e.lower.value(), e.upper.value()}) {
        if (limit == 0 || limit == 1) continue;
        const double size = static_cast<double>(n);
        const double distance = (p - limit) * (p - limit);
        EXPECT_NEAR(distance, z * z * limit * (1 - limit) / size, 1e-12);
      }
      const Estimate mirror = WilsonProportion(n - x, n);
      EXPECT_NEAR(mirror.lower.value(), 1 - e.upper.value(), 1e-12);
    }
  }
}

TEST(Wilson, GivesReasonsInsteadOfNumbers) {
  EXPECT_EQ(WilsonProportion(0, 0).value.reason(), NaReason::kNoDenominator);
  EXPECT_EQ(WilsonProportion(3, 2).value.reason(), NaReason::kInconsistent);
  EXPECT_EQ(WilsonProportion(-1, 2).value.reason(), NaReason::kInconsistent);
  EXPECT_EQ(WilsonProportion(0, 5).lower.value(), 0);
  EXPECT_EQ(WilsonProportion(5, 5).upper.value(), 1);
}

// Exact limits for a Poisson count, as printed in every table since 1936.
TEST(ExactPoisson, EqualsPublishedTable) {
  struct Row {
    double count, lower, upper;
  };
  for (const Row& row :
       {Row{0, 0, 3.6889}, Row{1, 0.0253, 5.5716}, Row{2, 0.2422, 7.2247},
        Row{5, 1.6235, 11.6683}, Row{9, 4.1154, 17.0848},
        Row{10, 4.7954, 18.3904}, Row{100, 81.3640, 121.6268}}) {
    const Estimate e = ExactPoissonLimits(row.count);
    EXPECT_NEAR(e.lower.value(), row.lower, 1e-4);
    EXPECT_NEAR(e.upper.value(), row.upper, 1e-4);
  }
}

TEST(ExactPoisson, TailsHaveHalfAlpha) {
  for (int n = 1; n < 40; ++n) {
    const Estimate e = ExactPoissonLimits(n);
    EXPECT_NEAR(GammaP(n, e.lower.value()), 0.025, 1e-12);
    EXPECT_NEAR(GammaQ(n + 1, e.upper.value()), 0.025, 1e-12);
  }
}

TEST(Byar, IsCloseToExactFromTenEvents) {
  for (double n = 10; n < 5000; n *= 1.3) {
    const Estimate byar = ByarLimits(n);
    const Estimate exact = ExactPoissonLimits(n);
    ExpectRelative(byar.lower.value(), exact.lower.value(), 2e-3);
    ExpectRelative(byar.upper.value(), exact.upper.value(), 2e-3);
  }
}

TEST(Byar, HandlesZeroAndImpossibleLimits) {
  EXPECT_EQ(ByarLimits(0).lower.value(), 0);
  EXPECT_GT(ByarLimits(0).upper.value(), 3);
  EXPECT_EQ(ByarLimits(0.3).lower.reason(), NaReason::kLimitUndefined);
  EXPECT_EQ(ByarLimits(-1).value.reason(), NaReason::kInconsistent);
}

TEST(EventLimits, SwitchesAtTen) {
  EXPECT_EQ(EventLimits(9).lower.value(), ExactPoissonLimits(9).lower.value());
  EXPECT_EQ(EventLimits(10).lower.value(), ByarLimits(10).lower.value());
}

TEST(CrudeRate, ScalesTheCount) {
  const Estimate e = CrudeRate(20, 4000, 1000);
  ExpectRelative(e.value.value(), 5, 1e-15);
  ExpectRelative(e.upper.value(), ByarLimits(20).upper.value() / 4, 1e-14);
  EXPECT_EQ(CrudeRate(1, 0, 1).value.reason(), NaReason::kNoDenominator);
}

TEST(Esp2013, HasNineteenBandsAddingUpTo100000) {
  double sum = 0;
  int next = 0;
  for (const StandardBand& band : Esp2013()) {
    sum += band.population;
    EXPECT_EQ(band.from, next);
    next = band.to + 1;
  }
  EXPECT_EQ(sum, 100000);
  EXPECT_EQ(next, 91);
}

TEST(Esp2013, CutBandsKeepTheirShareOfYears) {
  const auto adults = Esp2013Between(17, 90);
  ASSERT_EQ(adults.size(), 16u);
  EXPECT_EQ(adults[0].name, "15-19");
  EXPECT_EQ(adults[0].population, 5500.0 * 3 / 5);
  EXPECT_EQ(Esp2013Between(0, 90).size(), 19u);
  EXPECT_TRUE(Esp2013Between(91, 95).empty());
}

std::vector<BandCounts> UniformBands(double events, double people) {
  std::vector<BandCounts> counts;
  for (const StandardBand& band : Esp2013()) {
    counts.push_back({std::string(band.name), events, people});
  }
  return counts;
}

TEST(DirectlyStandardised, EqualsCrudeRateWhenAllBandsAgree) {
  const DirectRate rate =
      DirectlyStandardised(UniformBands(2, 400), Esp2013(), 100000);
  ExpectRelative(rate.rate.value.value(), 500, 1e-14);
  EXPECT_EQ(rate.events, 38);
}

// Worked from the definition with its own loop, band by band.
TEST(DirectlyStandardised, EqualsPlainDefinition) {
  std::mt19937_64 random(20261121);
  for (int round = 0; round < 200; ++round) {
    std::vector<BandCounts> counts;
    double rate = 0, variance = 0, events = 0;
    for (const StandardBand& band : Esp2013()) {
      const double n = static_cast<double>(random() % 900 + 100);
      const double x = static_cast<double>(random() % 30 + 1);
      counts.insert(counts.begin(), {std::string(band.name), x, n});
      rate += band.population * x / n;
      variance += x * (band.population / n) * (band.population / n);
      events += x;
    }
    rate /= 1e5;
    variance /= 1e10;
    const DirectRate got = DirectlyStandardised(counts, Esp2013(), 1000);
    const Estimate byar = ByarLimits(events);
    const double factor = std::sqrt(variance / events);
    ExpectRelative(got.rate.value.value(), 1000 * rate, 1e-12);
    ExpectRelative(got.rate.lower.value(),
                   1000 * (rate + factor * (byar.lower.value() - events)),
                   1e-9);
    ExpectRelative(got.rate.upper.value(),
                   1000 * (rate + factor * (byar.upper.value() - events)),
                   1e-9);
    ExpectRelative(got.spread.value(), 1000 * factor, 1e-12);
  }
}

TEST(DirectlyStandardised, NeedsTenEventsAndPeopleInEveryBand) {
  auto nine = UniformBands(0, 100);
  nine[0].events = 9;
  EXPECT_EQ(DirectlyStandardised(nine, Esp2013(), 1).rate.value.reason(),
            NaReason::kTooFewEvents);
  nine[1].events = 1;
  EXPECT_TRUE(DirectlyStandardised(nine, Esp2013(), 1).rate.value.known());
  auto hole = UniformBands(5, 100);
  hole[7].population = 0;
  EXPECT_EQ(DirectlyStandardised(hole, Esp2013(), 1).rate.value.reason(),
            NaReason::kEmptyBand);
  hole.erase(hole.begin() + 7);
  EXPECT_EQ(DirectlyStandardised(hole, Esp2013(), 1).rate.value.reason(),
            NaReason::kEmptyBand);
  auto strange = UniformBands(5, 100);
  strange[3].band = "15-20";
  EXPECT_FALSE(DirectlyStandardised(strange, Esp2013(), 1).rate.value.known());
  auto twice = UniformBands(5, 100);
  twice.push_back(twice[0]);
  EXPECT_EQ(DirectlyStandardised(twice, Esp2013(), 1).rate.value.reason(),
            NaReason::kInconsistent);
}

TEST(DirectlyStandardisedRepeat, EqualsPlainFormWhenNobodyRepeats) {
  const auto bands = UniformBands(3, 500);
  std::vector<RepeatCounts> repeats;
  for (const BandCounts& band : bands) repeats.push_back({band.band, 1, 3});
  const DirectRate plain = DirectlyStandardised(bands, Esp2013(), 1000);
  const DirectRate repeat =
      DirectlyStandardisedRepeat(repeats, bands, Esp2013(), 1000);
  ExpectRelative(repeat.rate.upper.value(), plain.rate.upper.value(), 1e-12);
}

TEST(DirectlyStandardisedRepeat, WidensWhenPeopleRepeat) {
  const auto bands = UniformBands(0, 500);
  std::vector<RepeatCounts> once, thrice;
  for (const BandCounts& band : bands) {
    once.push_back({band.band, 1, 3});
    thrice.push_back({band.band, 3, 1});
  }
  const DirectRate a = DirectlyStandardisedRepeat(once, bands, Esp2013(), 1000);
  const DirectRate b =
      DirectlyStandardisedRepeat(thrice, bands, Esp2013(), 1000);
  ExpectRelative(b.rate.value.value(), a.rate.value.value(), 1e-12);
  ExpectRelative(b.spread.value(), a.spread.value() * std::sqrt(3.0), 1e-12);
}

TEST(Indirect, ExpectsByBandNameAndRefusesStrangers) {
  const std::vector<BandCounts> people = {{"0-4", 0, 100}, {"5-9", 0, 50}};
  const std::vector<ReferenceRate> rates = {{"5-9", 0.1}, {"0-4", 0.02}};
  const auto expected = ExpectedEvents(people, rates);
  ASSERT_TRUE(expected.ok());
  ExpectRelative(*expected, 7, 1e-15);
  EXPECT_FALSE(
      ExpectedEvents(people, std::vector<ReferenceRate>{{"0-4", 1}}).ok());
  EXPECT_EQ(IndirectRatio(5, 0).value.reason(), NaReason::kNoExpected);
  ExpectRelative(IndirectRatio(14, 7).value.value(), 2, 1e-15);
}

TEST(ProportionFunnel, OutsideMeansBeyondNotOn) {
  const FunnelLimits limits = ProportionFunnelLimits(0.5, 400);
  ExpectRelative(limits.high95.value(), 0.5 + 0.025 * NormalZ(0.05), 1e-14);
  EXPECT_EQ(ClassifyProportion(200, 400, 0.5), FunnelClass::kInside);
  EXPECT_EQ(ClassifyProportion(0, 0, 0.5), FunnelClass::kNotAvailable);
  // p0 = 1: the limits are 1, and 1 lies on them.
  EXPECT_EQ(ClassifyProportion(10, 10, 1.0), FunnelClass::kInside);
  EXPECT_EQ(ClassifyProportion(9, 10, 1.0), FunnelClass::kLow998);
}

TEST(ProportionFunnel, ClassesFollowTheLimitsForEveryCount) {
  for (const double p0 : {0.02, 0.3, 0.9}) {
    for (int n = 1; n <= 300; n += 7) {
      const FunnelLimits limits = ProportionFunnelLimits(p0, n);
      for (int x = 0; x <= n; ++x) {
        const double p = static_cast<double>(x) / n;
        const FunnelClass c = ClassifyProportion(x, n, p0);
        EXPECT_EQ(c == FunnelClass::kHigh998, p > limits.high998.value());
        EXPECT_EQ(c == FunnelClass::kLow998, p < limits.low998.value());
      }
    }
  }
}

TEST(RatioFunnel, CurveAndClassAgree) {
  for (const double expected : {0.5, 3.0, 10.0, 47.3, 600.0}) {
    const FunnelLimits limits = RatioFunnelLimits(expected);
    for (double o = 0; o < 3 * expected + 20; o += 1) {
      const double ratio = o / expected;
      const FunnelClass c = ClassifyRatio(o, expected);
      const bool high = c == FunnelClass::kHigh95 || c == FunnelClass::kHigh998;
      if (std::fabs(ratio - limits.high95.value()) < 1e-9) continue;
      EXPECT_EQ(high, ratio > limits.high95.value()) << expected << " " << o;
      EXPECT_EQ(c == FunnelClass::kLow998, ratio < limits.low998.value());
    }
  }
}

TEST(OverDispersion, NeverNarrowsTheLimits) {
  EXPECT_EQ(OverDispersion({}), 1);
  const std::vector<double> small(50, 0.2);
  EXPECT_EQ(OverDispersion(small), 1);
  std::vector<double> wide(50, 2.0);
  wide[0] = 1000;  // winsorised away
  EXPECT_EQ(OverDispersion(wide), 4);
}

TEST(StandardisedDifference, FollowsItsDefinition) {
  EXPECT_NEAR(StandardisedDifference(0.6, 0.5).value(),
              0.1 / std::sqrt((0.24 + 0.25) / 2), 1e-15);
  EXPECT_EQ(StandardisedDifference(1, 1).value(), 0);
  EXPECT_EQ(StandardisedDifference(1, 0).reason(), NaReason::kLimitUndefined);
}

TEST(FigureTest, NeverHoldsAnInfinity) {
  EXPECT_FALSE(Figure::Of(INFINITY).known());
  EXPECT_FALSE(Figure::Of(std::nan("")).known());
  EXPECT_DEATH(Figure::Na(NaReason::kEmptyBand).value(), "");
}

}  // namespace
}  // namespace tally::analytics
