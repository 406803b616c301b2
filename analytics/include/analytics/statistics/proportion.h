// Proportions with Wilson's score limits.
//
// (2x + z^2 -+ z sqrt(z^2 + 4x(1 - x/n))) / (2(n + z^2)); valid for x = 0 and
// x = n, where the limit is exactly 0 or 1.
// Ref: E. B. Wilson, Probable inference, J. Am. Stat. Assoc. 22 (1927).
// Threading: pure functions.  Secrets: none.
#ifndef TALLY_ANALYTICS_STATISTICS_PROPORTION_H_
#define TALLY_ANALYTICS_STATISTICS_PROPORTION_H_

#include <cstdint>

#include "analytics/statistics/figure.h"

namespace tally::analytics {

// x of n, as a share 0 to 1. `alpha` = 0.05 for 95 % limits.
// NA: kNoDenominator if n = 0, kInconsistent unless 0 <= x <= n.
Estimate WilsonProportion(int64_t x, int64_t n, double alpha = kAlpha95);

// Standardised difference of two shares,
// (p1 - p2) / sqrt((p1(1-p1) + p2(1-p2)) / 2). 0 if both are equal.
// NA: kInconsistent unless both lie in 0 to 1; kLimitUndefined if they differ
// and the variance is zero (0 against 1).
Figure StandardisedDifference(double p1, double p2);

}  // namespace tally::analytics

#endif  // TALLY_ANALYTICS_STATISTICS_PROPORTION_H_
