// Change over time: annual percentage change, and a change of cost split into
// volume, mix and price.
//
// Threading: pure functions.  Secrets: none.
#ifndef TALLY_ANALYTICS_STATISTICS_CHANGE_H_
#define TALLY_ANALYTICS_STATISTICS_CHANGE_H_

#include <span>

#include "analytics/statistics/figure.h"

namespace tally::analytics {

struct YearRate {
  double year = 0;
  double rate = 0;
};

// exp(slope of log rate on year) - 1, a share, with limits of Student's t on
// the slope. NA: kTooFewValues below 4 different years, kInconsistent for a
// rate that is not above 0.
Estimate AnnualChange(std::span<const YearRate> years, double alpha = kAlpha95);

// A line of activity before (0) and after (1).
struct CostLine {
  double quantity0 = 0, price0 = 0;
  double quantity1 = 0, price1 = 0;
};

// With Q the sum of quantities: volume = (Q1 / Q0 - 1) sum q0 p0; mix = sum (q1
// - q0 Q1 / Q0) p0; price = sum q1 (p1 - p0). They add up to the change.
// NA: kNoDenominator unless Q0 > 0.
struct CostChange {
  Figure volume = Figure::Na(NaReason::kNoDenominator);
  Figure mix = Figure::Na(NaReason::kNoDenominator);
  Figure price = Figure::Na(NaReason::kNoDenominator);
};
CostChange SplitCostChange(std::span<const CostLine> lines);

}  // namespace tally::analytics

#endif  // TALLY_ANALYTICS_STATISTICS_CHANGE_H_
