// Deaths by cause and area, and life expectancy: what C15 counts and draws.
// Threading: one connection; pure functions.
// Secrets: exact counts pass through.
#ifndef TALLY_ANALYTICS_SRC_MEASURES_C15_MORTALITY_H_
#define TALLY_ANALYTICS_SRC_MEASURES_C15_MORTALITY_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "analytics/dashboard/page_model.h"
#include "analytics/disclosure/gated_table.h"
#include "analytics/disclosure/raw_table.h"
#include "analytics/measures/definition.h"
#include "analytics/measures/measure.h"

namespace tally::analytics {

// The table life_expectancy: by deprivation decile and sex, or by practice and
// sex when asked for. REQUIRES: MakeDeaths.
absl::StatusOr<RawTable> LifeExpectancyTable(const MeasureContext& context,
                                             bool by_practice);

std::vector<PagePart> DrawMortality(const MeasureDefinition& definition,
                                    const std::vector<GatedTable>& tables);

}  // namespace tally::analytics

#endif  // TALLY_ANALYTICS_SRC_MEASURES_C15_MORTALITY_H_
