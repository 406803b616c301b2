// Conditions as C03 and D03 read them from their definition files, who has
// them, and the pictures of C03.
// Threading: one connection; pure functions.  Secrets: record values stay in
// the engine.
#ifndef TALLY_ANALYTICS_SRC_MEASURES_C03_CONDITIONS_H_
#define TALLY_ANALYTICS_SRC_MEASURES_C03_CONDITIONS_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "analytics/dashboard/page_model.h"
#include "analytics/disclosure/gated_table.h"
#include "analytics/measures/definition.h"
#include "analytics/measures/measure.h"
#include "measures/strata.h"

namespace tally::analytics {

struct Condition {
  std::string id;
  std::string title;
  std::vector<std::string> clusters;
  std::vector<std::string> resolved;
  int within_months = 0;  // 0: however long ago
  int age_from = 0;
  int age_to = 90;
};

// kInvalidArgument (exit 2) with file and line: a key unknown or missing, an
// id twice, ages outside 0 to 90, a cluster that is no [A-Z0-9_]+.
absl::StatusOr<std::vector<Condition>> ReadConditions(
    const MeasureDefinition& definition);

// Makes the temporary view `condition_register` (condition, its place in
// `conditions`; person): who had each of them recorded up to the end of the
// context's month, and not recorded as resolved later. Replaces one that is
// there. Cost: one pass over the events with an entry for each person; of
// conditions that can be resolved, for each person and condition; a further
// time for the same `owner` nothing. Reading one condition costs a pass over
// the people. `owner` is the id of the measure in whose definition they stand.
absl::Status MakeConditionRegister(const MeasureContext& context,
                                   const std::vector<Condition>& conditions,
                                   std::string_view owner);

// People of patient_list at the ages of each condition, and who of them has it:
// in the order of `conditions`. REQUIRES: patient_list, and the register of
// `conditions` and `owner`. Cost and errors: as CountFlagged.
absl::StatusOr<std::vector<GroupedStrata>> CountConditions(
    const MeasureContext& context, const std::vector<GroupColumn>& groups,
    const std::vector<Condition>& conditions, std::string_view owner);

std::vector<PagePart> DrawPrevalence(const MeasureDefinition& definition,
                                     const std::vector<GatedTable>& tables);

}  // namespace tally::analytics

#endif  // TALLY_ANALYTICS_SRC_MEASURES_C03_CONDITIONS_H_
