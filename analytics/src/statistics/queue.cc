#include "analytics/statistics/queue.h"

namespace tally::analytics {

namespace {

// With waits spread as in a queue, 98 % are seen within four mean waits.
constexpr double kMeanWaitsInATarget = 4;

}  // namespace

QueueFigures QueueFiguresOf(const QueueInputs& in) {
  QueueFigures out;
  const bool sound = in.demand >= 0 && in.capacity >= 0 && in.queue >= 0 &&
                     in.mean_wait >= 0 && in.cv_demand >= 0 &&
                     in.cv_capacity >= 0;
  if (!sound) {
    const Figure na = Figure::Na(NaReason::kInconsistent);
    return {na, na, na, na, na, na};
  }
  if (in.capacity > 0) out.load = Figure::Of(in.demand / in.capacity);
  if (!(in.target_wait > 0) || !(in.factor > 0) || !(in.weeks_to_target > 0)) {
    return out;
  }
  const double target_mean = in.target_wait / kMeanWaitsInATarget;
  const double target_queue = in.demand * target_mean;
  out.target_mean_wait = Figure::Of(target_mean);
  out.target_queue = Figure::Of(target_queue);
  out.pressure = Figure::Of(2 * in.mean_wait / in.target_wait);
  if (in.queue > 2 * target_queue) {
    out.relief_capacity =
        Figure::Of(in.demand + (in.queue - target_queue) / in.weeks_to_target);
  } else {
    const double spread =
        (in.cv_demand * in.cv_demand + in.cv_capacity * in.cv_capacity) / 2;
    out.target_capacity =
        Figure::Of(in.demand + spread * in.factor / in.target_wait);
  }
  return out;
}

}  // namespace tally::analytics
