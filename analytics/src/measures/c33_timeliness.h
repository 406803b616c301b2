// How long after the end of its period each extract came: the timeliness of
// C33, read from the release's linkage report.
// Threading: pure functions.  Secrets: none: dates of deliveries.
#ifndef TALLY_ANALYTICS_SRC_MEASURES_C33_TIMELINESS_H_
#define TALLY_ANALYTICS_SRC_MEASURES_C33_TIMELINESS_H_

#include <optional>

#include "absl/status/statusor.h"
#include "analytics/measures/measure.h"

namespace tally::analytics {

// The table dq_timeliness: a row an extract of the release, with the day on
// which it was made and the days from the end of its period to that day. A
// revision was preceded by a first extract, of which a release knows nothing:
// the column `revision` says which ones are. Nothing if the release has no
// linkage report. kDataLoss (exit 11) if that is malformed.
absl::StatusOr<std::optional<RawTable>> TimelinessTable(
    const MeasureContext& context);

// A bar an extract, the latest first.
Chart TimelinessChart(const GatedTable& table);

}  // namespace tally::analytics

#endif  // TALLY_ANALYTICS_SRC_MEASURES_C33_TIMELINESS_H_
