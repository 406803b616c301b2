// C27: admissions and appointments that meet the rule of a procedure, and what
// its pictures draw.
// Threading: one connection; pure functions.  Secrets: record values stay in
// the engine.
#ifndef TALLY_ANALYTICS_SRC_MEASURES_C27_EBI_H_
#define TALLY_ANALYTICS_SRC_MEASURES_C27_EBI_H_

#include <vector>

#include "absl/status/status.h"
#include "analytics/measures/measure.h"
#include "measures/code_rules.h"

namespace tally::analytics {

// Makes the temporary table `ebi_event` (kind: id of the procedure; person,
// null for a row without one; month, its first day; cost_pence, null where
// there is no price): a row an admission from `from` to the end of the
// context's month, or an appointment attended in that time, for each procedure
// that it meets.
absl::Status MakeEbiEvents(const MeasureContext& context,
                           const std::vector<CodeRule>& rules, CivilDay from);

std::vector<PagePart> DrawEbi(const std::vector<GatedTable>& tables);

}  // namespace tally::analytics

#endif  // TALLY_ANALYTICS_SRC_MEASURES_C27_EBI_H_
