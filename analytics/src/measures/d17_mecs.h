// Pictures of D17.
// Threading: pure functions.  Secrets: none.
#ifndef TALLY_ANALYTICS_SRC_MEASURES_D17_MECS_H_
#define TALLY_ANALYTICS_SRC_MEASURES_D17_MECS_H_

#include <vector>

#include "analytics/dashboard/page_model.h"
#include "analytics/disclosure/gated_table.h"
#include "analytics/measures/definition.h"

namespace tally::analytics {

std::vector<PagePart> DrawMecs(const MeasureDefinition& definition,
                               const std::vector<GatedTable>& tables);

}  // namespace tally::analytics

#endif  // TALLY_ANALYTICS_SRC_MEASURES_D17_MECS_H_
