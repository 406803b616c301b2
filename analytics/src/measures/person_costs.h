// What the care of each person cost, and how much emergency care they had, in
// the twelve months that end with the context's month.
// Threading: one connection.  Secrets: record values stay in the engine.
#ifndef TALLY_ANALYTICS_SRC_MEASURES_PERSON_COSTS_H_
#define TALLY_ANALYTICS_SRC_MEASURES_PERSON_COSTS_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "analytics/measures/measure.h"

namespace tally::analytics {

// Makes the temporary table `person_year` (person; pence BIGINT: cost of
// admissions, attended appointments and attendances as activity.h has it, and
// net ingredient cost of items; events BIGINT: emergency admissions and first
// unplanned attendances), a row a person with any. Made once for a run.
// Returns in words what is in the costs and in the events of this release; an
// empty text: nothing is; and what a page must say of the prices.
// REQUIRES and errors: as MakeActivity.
struct PersonYear {
  std::string costs;
  std::string events;
  std::vector<std::string> notes;
};
absl::StatusOr<PersonYear> MakePersonYear(const MeasureContext& context);

}  // namespace tally::analytics

#endif  // TALLY_ANALYTICS_SRC_MEASURES_PERSON_COSTS_H_
