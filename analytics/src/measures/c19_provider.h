// C19: figures from released figures, and what its pictures draw.
// Threading: pure functions.  Secrets: none.
#ifndef TALLY_ANALYTICS_SRC_MEASURES_C19_PROVIDER_H_
#define TALLY_ANALYTICS_SRC_MEASURES_C19_PROVIDER_H_

#include <vector>

#include "absl/status/statusor.h"
#include "analytics/measures/measure.h"

namespace tally::analytics {

// provider_overview; and, where the reference file contract_plan is there,
// provider_plan and provider_bridge. Errors: as ReferenceFile::Read;
// kInvalidArgument (exit 2) for a line of the plan that is there twice, of no
// type of activity, or below 0.
absl::StatusOr<std::vector<DerivedTable>> DeriveProviders(
    const DeriveContext& context);

std::vector<PagePart> DrawProviderReport(const std::vector<GatedTable>& tables);

}  // namespace tally::analytics

#endif  // TALLY_ANALYTICS_SRC_MEASURES_C19_PROVIDER_H_
