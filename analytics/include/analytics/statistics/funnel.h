// Control limits of funnel plots: where a unit of a given size would lie by
// chance alone, at 95 % and 99.8 %.
//
// Ref: D. J. Spiegelhalter, Funnel plots for comparing institutional
// performance, Stat. Med. 24 (2005); over-dispersion: Stat. Med. 24 (2005).
// Threading: pure functions.  Secrets: none.
#ifndef TALLY_ANALYTICS_STATISTICS_FUNNEL_H_
#define TALLY_ANALYTICS_STATISTICS_FUNNEL_H_

#include <span>
#include <string_view>

#include "analytics/statistics/figure.h"

namespace tally::analytics {

// Where a unit lies. Outside means beyond a limit, not on it.
enum class FunnelClass {
  kInside,
  kHigh95,
  kHigh998,
  kLow95,
  kLow998,
  kNotAvailable,
};
std::string_view FunnelClassText(FunnelClass c);

struct FunnelLimits {
  Figure low998, low95, high95, high998;
};

// p0 -+ z sqrt(p0 (1 - p0) / n) x sqrt(phi), held to 0..1, with z of
// Phi^-1(0.975) and Phi^-1(0.999). `phi` = 1 without over-dispersion.
// NA: kNoDenominator unless n > 0, kInconsistent unless 0 <= p0 <= 1, phi >= 1.
FunnelLimits ProportionFunnelLimits(double p0, double n, double phi = 1.0);

// The class of x of n. kNotAvailable where the limits are.
FunnelClass ClassifyProportion(double x, double n, double p0, double phi = 1.0);

// The class of O observed where E is expected: high if chi2(1-p, 2O)/2 > E,
// low if chi2(p, 2O+2)/2 < E, for p = 0.975 and 0.999.
// kNotAvailable unless O >= 0 and E > 0.
FunnelClass ClassifyRatio(double observed, double expected);

// The ratio limits at an expected count: the smallest O / E that would be
// high, the largest that would be low, joined over whole O. Interpolated
// between whole counts so that the curve is smooth.
FunnelLimits RatioFunnelLimits(double expected);

// Over-dispersion: the mean of z_i^2 after winsorising 10 % on each side; at
// least 1. `z` are (p_i - p0) / sqrt(p0 (1 - p0) / n_i). 1 if `z` is empty.
double OverDispersion(std::span<const double> z);

}  // namespace tally::analytics

#endif  // TALLY_ANALYTICS_STATISTICS_FUNNEL_H_
