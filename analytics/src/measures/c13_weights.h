// Prescribing of the reference month against prescribing units and average
// daily quantities, where the operator gives them.
// Threading: one connection.  Secrets: exact counts pass through.
#ifndef TALLY_ANALYTICS_SRC_MEASURES_C13_WEIGHTS_H_
#define TALLY_ANALYTICS_SRC_MEASURES_C13_WEIGHTS_H_

#include <optional>

#include "absl/status/statusor.h"
#include "analytics/disclosure/raw_table.h"
#include "analytics/measures/measure.h"
#include "measures/c13_prescribing.h"

namespace tally::analytics {

// The table rx_weighted; nothing without star_pu.toml. Without adq.toml, or
// without quantities in the release, its columns of quantities are NA.
// kInvalidArgument (exit 2) with file and line: a weight below 0, ages that
// are none or overlap, a quantity of 0 or less.
// REQUIRES: CountPrescribing.
absl::StatusOr<std::optional<RawTable>> WeightedPrescribing(
    const MeasureContext& context, const PrescribingRules& rules,
    const RxCounts& counts);

}  // namespace tally::analytics

#endif  // TALLY_ANALYTICS_SRC_MEASURES_C13_WEIGHTS_H_
