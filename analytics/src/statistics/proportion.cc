#include "analytics/statistics/proportion.h"

#include <cmath>

#include "analytics/statistics/distributions.h"

namespace tally::analytics {

Estimate WilsonProportion(int64_t x, int64_t n, double alpha) {
  if (n < 0 || x < 0 || x > n) return Estimate::Na(NaReason::kInconsistent);
  if (n == 0) return Estimate::Na(NaReason::kNoDenominator);
  const double z = NormalZ(alpha);
  const double events = static_cast<double>(x);
  const double size = static_cast<double>(n);
  const double root = z * std::sqrt(z * z + 4 * events * (1 - events / size));
  const double below = 2 * (size + z * z);
  double lower = (2 * events + z * z - root) / below;
  double upper = (2 * events + z * z + root) / below;
  if (x == 0) lower = 0;  // exactly, not 1e-19
  if (x == n) upper = 1;
  return {Figure::Of(events / size), Figure::Of(lower), Figure::Of(upper)};
}

Figure StandardisedDifference(double p1, double p2) {
  const bool inside = p1 >= 0 && p1 <= 1 && p2 >= 0 && p2 <= 1;
  if (!inside) return Figure::Na(NaReason::kInconsistent);
  if (p1 == p2) return Figure::Of(0);
  return Figure::Of((p1 - p2) / std::sqrt((p1 * (1 - p1) + p2 * (1 - p2)) / 2));
}

}  // namespace tally::analytics
