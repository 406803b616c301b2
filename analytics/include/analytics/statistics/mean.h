// Means with Student's limits, quantiles, and quantile groups.
//
// Ref: R. J. Hyndman, Y. Fan, Sample quantiles, Am. Stat. 50 (1996), type 7.
// Threading: pure functions.  Secrets: none.
#ifndef TALLY_ANALYTICS_STATISTICS_MEAN_H_
#define TALLY_ANALYTICS_STATISTICS_MEAN_H_

#include <cstdint>
#include <span>
#include <vector>

#include "analytics/statistics/figure.h"

namespace tally::analytics {

// m -+ t(n - 1) s / sqrt(n), s the sample standard deviation.
// NA: kTooFewValues below n = 2, kInconsistent for s < 0.
Estimate MeanLimits(double mean, double deviation, double n,
                    double alpha = kAlpha95);

// The same from values. Cost: O(n).
Estimate MeanOf(std::span<const double> values, double alpha = kAlpha95);

// The p-quantile of ascending values, linear between neighbours (type 7).
// NA: kTooFewValues if there are none, kInconsistent unless 0 <= p <= 1.
Figure Quantile(std::span<const double> ascending, double p);

// The p-quantile of values that are known by band: counts[i] of them lie in
// [i width, (i + 1) width), evenly. Waiting times in weeks are published so.
// NA: kTooFewValues if all counts are 0, kInconsistent for a negative count,
// width <= 0 or p outside 0..1.
Figure BandedQuantile(std::span<const int64_t> counts, double width, double p);

// The quantile group, 1..groups, of each value: its ascending rank r (ties
// take the lowest) gives (q + 1) - ceil(((N + 1) - r) / (N / q)). With
// `highest_first` group 1 has the highest values. Empty if there are fewer
// values than groups, or no group. Cost: O(n log n).
std::vector<int> QuantileGroups(std::span<const double> values, int groups,
                                bool highest_first);

}  // namespace tally::analytics

#endif  // TALLY_ANALYTICS_STATISTICS_MEAN_H_
