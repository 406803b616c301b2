// Survival: Kaplan-Meier curves and the log-rank test.
//
// Ref: E. L. Kaplan, P. Meier, J. Am. Stat. Assoc. 53 (1958); M. Greenwood
// (1926) for the variance; J. D. Kalbfleisch, R. L. Prentice for limits on the
// scale of log(-log S); N. Mantel, Cancer Chemother. Rep. 50 (1966).
// Threading: pure functions.  Secrets: none.
#ifndef TALLY_ANALYTICS_STATISTICS_SURVIVAL_H_
#define TALLY_ANALYTICS_STATISTICS_SURVIVAL_H_

#include <cstdint>
#include <span>
#include <vector>

#include "analytics/statistics/figure.h"

namespace tally::analytics {

struct SurvivalTime {
  int64_t days = 0;  // from the start to the event or to the end of watching
  bool event = false;
};

// Counts of one time.
struct SurvivalCounts {
  int64_t days = 0;
  double at_risk = 0;  // just before
  double events = 0;
};

struct SurvivalStep {
  int64_t days = 0;
  double at_risk = 0;
  double events = 0;
  Estimate survival;
};

// A row for each day with an event; people who leave on the day of an event
// are at risk at it. Cost: O(n log n).
std::vector<SurvivalCounts> CountSurvival(std::span<const SurvivalTime> people);

// S = product of (1 - d / n); Greenwood's variance S^2 sum d / (n (n - d));
// limits S^exp(-+ z se), se = sqrt(sum d / (n (n - d))) / |log S|. Limits are
// kLimitUndefined where S is 0 or 1. Rows are in order of days; also of counts
// that the gate has rounded. NA from the first row on that has more events than
// people at risk (kInconsistent) or nobody at risk (kNoDenominator).
std::vector<SurvivalStep> KaplanMeier(std::span<const SurvivalCounts> counts,
                                      double alpha = kAlpha95);

struct LogRank {
  Figure chi_squared;
  int degrees = 0;
  Figure p;
};

// Whether the groups have one curve: observed less expected events of each
// group over all days of events, with the hypergeometric variance.
// NA: kTooFewValues below two groups with people, kTooFewEvents where the
// variance has no inverse (no events, or all on days with one group at risk).
// Cost: O(n log n + days x groups^2).
LogRank LogRankTest(std::span<const std::vector<SurvivalTime>> groups);

}  // namespace tally::analytics

#endif  // TALLY_ANALYTICS_STATISTICS_SURVIVAL_H_
