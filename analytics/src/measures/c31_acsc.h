// C31: what its pictures draw.
// Threading: pure functions.  Secrets: none.
#ifndef TALLY_ANALYTICS_SRC_MEASURES_C31_ACSC_H_
#define TALLY_ANALYTICS_SRC_MEASURES_C31_ACSC_H_

#include <vector>

#include "analytics/measures/measure.h"

namespace tally::analytics {

std::vector<PagePart> DrawAcsc(const std::vector<GatedTable>& tables);

}  // namespace tally::analytics

#endif  // TALLY_ANALYTICS_SRC_MEASURES_C31_ACSC_H_
