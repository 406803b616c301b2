// Who was on which practice's list in every month, not only in the reference
// month: an admission of two years ago belongs to the practice of that time.
// Runs in: the analyst's program.
//
// Spec: docs/measures/README.md, "Activity".
// Threading: one connection.  Secrets: record values stay in the engine.
#ifndef TALLY_ANALYTICS_SRC_MEASURES_LIST_STAYS_H_
#define TALLY_ANALYTICS_SRC_MEASURES_LIST_STAYS_H_

#include "absl/status/status.h"
#include "analytics/measures/measure.h"

namespace tally::analytics {

// Makes the temporary tables
//   list_stay (person, practice, from_month, to_month: first days of months,
//     both included, to_month at most the context's month): the months in which
//     a person was on the list of a practice. No two rows of a person share a
//     month, and two of one practice may adjoin; who has several registrations
//     is at the one that patient_list takes, month by month.
//   list_month (practice, month, people): people on the list, for every month
//     from 71 months before the context's up to it in which there is anyone.
// In the context's month they say what `patient_list` says. Made once for a
// run. REQUIRES: gp_patient with practice_code, registration_start and
// registration_end. Cost: one pass over gp_patient and a sort of the people
// with several registrations.
absl::Status MakeListStays(const MeasureContext& context);

}  // namespace tally::analytics

#endif  // TALLY_ANALYTICS_SRC_MEASURES_LIST_STAYS_H_
