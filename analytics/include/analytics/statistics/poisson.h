// Limits of a count of events: Byar's approximation and the exact Poisson
// limits, and the crude rate made from them.
//
// Ref: N. E. Breslow, N. E. Day, Statistical methods in cancer research II
// (IARC 1987), for Byar; F. Garwood, Biometrika 28 (1936), for the exact ones.
// Threading: pure functions.  Secrets: none.
#ifndef TALLY_ANALYTICS_STATISTICS_POISSON_H_
#define TALLY_ANALYTICS_STATISTICS_POISSON_H_

#include "analytics/statistics/figure.h"

namespace tally::analytics {

// Counts are whole numbers, but gated counts may stand for a scaled sum, so
// the type is double. A negative count gives kInconsistent.

// Lower limit of 0 is 0. A negative lower limit (only for counts between 0 and
// 1 or extreme alpha) is kLimitUndefined.
Estimate ByarLimits(double events, double alpha = kAlpha95);

// chi2(alpha/2, 2O)/2 and chi2(1 - alpha/2, 2O + 2)/2; lower of 0 is 0.
Estimate ExactPoissonLimits(double events, double alpha = kAlpha95);

// Exact below 10 events, Byar from 10: crude rates and indirect ratios.
Estimate EventLimits(double events, double alpha = kAlpha95);

// events / population x multiplier, limits likewise.
// NA: kNoDenominator unless population > 0.
Estimate CrudeRate(double events, double population, double multiplier,
                   double alpha = kAlpha95);

}  // namespace tally::analytics

#endif  // TALLY_ANALYTICS_STATISTICS_POISSON_H_
