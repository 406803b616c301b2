// C20: which spells are an index, which readmission belongs to which, and how
// that is drawn.
// Threading: one connection; pure functions.  Secrets: record values stay in
// the engine.
#ifndef TALLY_ANALYTICS_SRC_MEASURES_C20_READMISSION_H_
#define TALLY_ANALYTICS_SRC_MEASURES_C20_READMISSION_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "analytics/measures/measure.h"

namespace tally::analytics {

// Makes the temporary table `readmission_index`, a row an index spell that was
// discharged from `from` to `to`, both included: practice, provider, month
// (of discharge, "2025-04"), age_band, sex, imd_decile, admission, diagnosis
// (texts, null: unknown), well_baby, gap_days to its readmission and reason
// (chapter of the readmission's first diagnosis); both null without one. Gaps
// are 0 to 29 days. REQUIRES: MakeHospitalChains.
absl::Status MakeReadmissionIndex(const MeasureContext& context, CivilDay from,
                                  CivilDay to);

std::vector<PagePart> DrawReadmissions(const MeasureDefinition& definition,
                                       const std::vector<GatedTable>& tables);

}  // namespace tally::analytics

#endif  // TALLY_ANALYTICS_SRC_MEASURES_C20_READMISSION_H_
