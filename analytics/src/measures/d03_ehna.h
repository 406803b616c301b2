// Pictures of D03.
// Threading: pure functions.  Secrets: none.
#ifndef TALLY_ANALYTICS_SRC_MEASURES_D03_EHNA_H_
#define TALLY_ANALYTICS_SRC_MEASURES_D03_EHNA_H_

#include <string_view>
#include <vector>

#include "analytics/dashboard/page_model.h"
#include "analytics/disclosure/gated_table.h"
#include "analytics/measures/definition.h"

namespace tally::analytics {

// The row of sight tests and hospital attendances.
inline constexpr std::string_view kEyeCareRow = "Eye care";

std::vector<PagePart> DrawEhna(const MeasureDefinition& definition,
                               const std::vector<GatedTable>& tables);

}  // namespace tally::analytics

#endif  // TALLY_ANALYTICS_SRC_MEASURES_D03_EHNA_H_
