// Waiting lists as queues: load, target sizes and the capacity to get there.
//
// Ref: K. Fong et al., Understanding waiting list pressures, medRxiv (2022);
// J. F. C. Kingman, Math. Proc. Camb. Phil. Soc. 57 (1961).
// Threading: pure functions.  Secrets: none.
#ifndef TALLY_ANALYTICS_STATISTICS_QUEUE_H_
#define TALLY_ANALYTICS_STATISTICS_QUEUE_H_

#include "analytics/statistics/figure.h"

namespace tally::analytics {

// One unit of time throughout, weeks.
struct QueueInputs {
  double demand = 0;       // additions a week
  double capacity = 0;     // removals a week
  double queue = 0;        // waiting now
  double target_wait = 0;  // weeks in which nearly all are to be seen
  double mean_wait = 0;    // weeks, of those waiting
  double cv_demand = 1;    // coefficients of variation of the weekly figures
  double cv_capacity = 1;
  double weeks_to_target = 26;
  double factor = 4;  // of the target capacity
};

struct QueueFigures {
  Figure load = Figure::Na(NaReason::kNoDenominator);
  Figure target_mean_wait = Figure::Na(NaReason::kNoDenominator);
  Figure target_queue = Figure::Na(NaReason::kNoDenominator);
  // One of the two: relief while the queue is more than twice its target.
  Figure relief_capacity = Figure::Na(NaReason::kNoDenominator);
  Figure target_capacity = Figure::Na(NaReason::kNoDenominator);
  Figure pressure = Figure::Na(NaReason::kNoDenominator);
};

// load = demand / capacity; target mean wait = target wait / 4; target queue =
// demand x target wait / 4; relief capacity = demand + (queue - target queue) /
// weeks to target where queue > 2 x target queue; else target capacity =
// demand + (cv_d^2 + cv_c^2) / 2 x factor / target wait; pressure = 2 x mean
// wait / target wait.
// NA: kInconsistent for a negative figure; kNoDenominator for load without
// capacity and for the rest unless target wait, factor and weeks to target are
// above 0.
QueueFigures QueueFiguresOf(const QueueInputs& inputs);

}  // namespace tally::analytics

#endif  // TALLY_ANALYTICS_STATISTICS_QUEUE_H_
