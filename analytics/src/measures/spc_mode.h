// Which of the two published ways the control charts of a measure take.
// Threading: pure functions.  Secrets: none.
#ifndef TALLY_ANALYTICS_SRC_MEASURES_SPC_MODE_H_
#define TALLY_ANALYTICS_SRC_MEASURES_SPC_MODE_H_

#include <string>

#include "absl/status/statusor.h"
#include "analytics/measures/definition.h"
#include "analytics/statistics/spc.h"

namespace tally::analytics {

// `spc_mode` of [parameters]: "screened" (the way of the published R package)
// or "excel" (that of the published workbook). kInvalidArgument, with file and
// line, if it is missing or another text.
absl::StatusOr<SpcMode> ReadSpcMode(const MeasureDefinition& definition);

// For the notes of a chart: what became of large moving ranges.
std::string SpcModeNote(SpcMode mode);

}  // namespace tally::analytics

#endif  // TALLY_ANALYTICS_SRC_MEASURES_SPC_MODE_H_
