// The rules of C37's cohorts, and its picture.
// Threading: pure functions.  Secrets: none.
#ifndef TALLY_ANALYTICS_SRC_MEASURES_C37_COHORT_H_
#define TALLY_ANALYTICS_SRC_MEASURES_C37_COHORT_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "analytics/dashboard/page_model.h"
#include "analytics/disclosure/gated_table.h"
#include "analytics/measures/definition.h"
#include "measures/elements.h"

namespace tally::analytics {

// One rule: who meets the element stays (include) or goes.
struct CohortStep {
  std::string rule;
  bool include = true;
  RuleElement element;
};

struct Cohort {
  std::string id;
  std::string title;
  std::vector<CohortStep> steps;  // in the order in which they are applied
};

// The cohorts of [[cohort]] with their rows of `step`. kInvalidArgument (exit
// 2) with file and line: a step of no cohort, a cohort without steps, a step
// that everybody meets.
absl::StatusOr<std::vector<Cohort>> ReadCohorts(
    const MeasureDefinition& definition);

std::vector<PagePart> DrawAttrition(const std::vector<GatedTable>& tables);

}  // namespace tally::analytics

#endif  // TALLY_ANALYTICS_SRC_MEASURES_C37_COHORT_H_
