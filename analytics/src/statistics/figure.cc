#include "analytics/statistics/figure.h"

#include <cmath>

#include "base/status.h"

namespace tally::analytics {

Figure Figure::Of(double value) {
  if (!std::isfinite(value)) return Na(NaReason::kLimitUndefined);
  return Figure(true, value, NaReason::kNoDenominator);
}

Figure Figure::Na(NaReason reason) { return Figure(false, 0, reason); }

double Figure::value() const {
  TALLY_CHECK(known_);
  return value_;
}

NaReason Figure::reason() const {
  TALLY_CHECK(!known_);
  return reason_;
}

}  // namespace tally::analytics
