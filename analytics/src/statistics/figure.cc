#include "analytics/statistics/figure.h"

#include <cmath>

#include "base/status.h"

namespace tally::analytics {

std::string_view NaReasonText(NaReason reason) {
  switch (reason) {
    case NaReason::kNoDenominator:
      return "nobody in the denominator";
    case NaReason::kTooFewEvents:
      return "fewer events than the method needs";
    case NaReason::kTooFewValues:
      return "fewer values than the method needs";
    case NaReason::kTooWide:
      return "an interval too wide to say anything";
    case NaReason::kEmptyBand:
      return "an age band without people";
    case NaReason::kNoExpected:
      return "nothing expected";
    case NaReason::kLimitUndefined:
      return "no limit at this count";
    case NaReason::kInconsistent:
      return "the counts contradict each other";
    case NaReason::kReferenceMissing:
      return "a reference file is missing";
    case NaReason::kNotReleased:
      return "not printed under the disclosure profile";
  }
  return "not available";
}

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
