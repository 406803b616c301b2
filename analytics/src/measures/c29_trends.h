// C29's pictures.
// Threading: pure functions.  Secrets: none: gated tables only.
#ifndef TALLY_ANALYTICS_SRC_MEASURES_C29_TRENDS_H_
#define TALLY_ANALYTICS_SRC_MEASURES_C29_TRENDS_H_

#include <vector>

#include "analytics/measures/measure.h"

namespace tally::analytics {

std::vector<PagePart> DrawTrends(const MeasureDefinition& definition,
                                 const std::vector<GatedTable>& tables);

}  // namespace tally::analytics

#endif  // TALLY_ANALYTICS_SRC_MEASURES_C29_TRENDS_H_
