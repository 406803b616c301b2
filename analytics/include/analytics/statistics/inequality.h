// Inequality over ordered groups: slope and relative index of inequality,
// concentration index and Gini coefficient.
//
// Ref: E. R. Pamuk, Population Studies 39 (1985), for SII and RII; A. Wagstaff,
// P. Paci, E. van Doorslaer, Soc. Sci. Med. 33 (1991), for the concentration
// index.
// Threading: pure functions.  Secrets: none.
#ifndef TALLY_ANALYTICS_STATISTICS_INEQUALITY_H_
#define TALLY_ANALYTICS_STATISTICS_INEQUALITY_H_

#include <cstdint>
#include <span>
#include <vector>

#include "analytics/statistics/figure.h"

namespace tally::analytics {

// One group, from the most deprived to the least.
struct InequalityGroup {
  double population = 0;
  double value = 0;
  double lower = 0;  // 95 % limits of the value
  double upper = 0;
};

// On which scale a value's error is taken to be normal.
enum class ValueScale {
  kPlain,  // a mean
  kLog,    // a rate: value and limits above 0
  kLogit,  // a proportion: value and limits inside 0..1
};

struct SlopeIndex {
  Estimate sii;
  Estimate rii;
};

inline constexpr int kInequalityDraws = 100'000;

// With a_i the share of the population and b_i its cumulative mid-point, least
// squares of sqrt(a) y on sqrt(a) and b sqrt(a) without intercept give c0 and
// c1: SII = c1, RII = (c0 + c1) / c0. Where a high value is bad, -SII and
// 1 / RII: positive, and above 1, always say that the deprived do worse.
// Limits: `draws` draws of y ~ N(value, se) on the scale, se = (upper - lower)
// / (2 x 1.959963984540054), at positions round(N alpha / 2) and N - that.
// NA: kTooFewValues below 5 groups or above 100; kNoDenominator for a group
// without people; kInconsistent where lower <= value <= upper does not hold or
// a value is off its scale. kLimitUndefined: RII where an end of the line is
// not above 0, its limits where that is so in any draw, and all of both where a
// draw is not finite. REQUIRES: draws >= 1. Cost: O(draws x groups); 100,000
// draws of 10 groups take about 50 ms.
SlopeIndex SlopeIndexOfInequality(std::span<const InequalityGroup> groups,
                                  ValueScale scale, bool high_is_bad,
                                  uint64_t seed, int draws = kInequalityDraws,
                                  double alpha = kAlpha95);

// (2 / mu) sum a_i h_i R_i - 1, with a_i the share of the population, h_i the
// mean of the group, R_i its cumulative mid-point and mu the mean of all.
// Below 0: the first groups have more. `lower` and `upper` are not used.
// NA: kTooFewValues below 2 groups, kNoDenominator, kNoExpected unless mu > 0.
Figure ConcentrationIndex(std::span<const InequalityGroup> groups);

// People by how many events they had: persons[i] had i events.
// Gini: the concentration index of people in the order of their events; 0 when
// all have the same. NA: kNoDenominator without people, kNoExpected without
// events, kInconsistent for a negative count.
Figure Gini(std::span<const int64_t> persons);

}  // namespace tally::analytics

#endif  // TALLY_ANALYTICS_STATISTICS_INEQUALITY_H_
