// Providers, practices and contractors that became others: a series keeps its
// history under the successor.
// Runs in: the analyst's program.
//
// Reference file `provider_successors` (not needed):
//   provider    code of a provider, practice or contractor that is no more
//   successor   code of the one that took over; it may have a successor itself
//   month       the first month of the successor, "2025-04"
// A line counts from its month on: figures of an earlier month know nothing of
// it. A registration at a practice that closed is one at its successor; who is
// registered at both counts once. Other reference files name the successor.
//
// Spec: docs/measures/README.md, "Reference files".
// Threading: one connection.  Secrets: record values stay in the engine.
#ifndef TALLY_ANALYTICS_SRC_MEASURES_SUCCESSORS_H_
#define TALLY_ANALYTICS_SRC_MEASURES_SUCCESSORS_H_

#include "absl/status/status.h"
#include "analytics/measures/measure.h"

namespace tally::analytics {

// Makes `provider_code`, `practice_code`, `contractor_ods` and `prescriber_org`
// of the release those of the last successor at the context's month, by
// temporary views over its tables; without a file they are as they are. Once
// for a run. Cost: a comparison a line and row, of statements that read the
// column. kInvalidArgument (exit 2), naming file and line: a provider twice, or
// that succeeds itself, also by way of others; a month that is none.
absl::Status UseProviderSuccessors(const MeasureContext& context);

}  // namespace tally::analytics

#endif  // TALLY_ANALYTICS_SRC_MEASURES_SUCCESSORS_H_
