// The conditions of C03, read from its definition file, and its pictures.
// Threading: pure functions.  Secrets: none.
#ifndef TALLY_ANALYTICS_SRC_MEASURES_C03_CONDITIONS_H_
#define TALLY_ANALYTICS_SRC_MEASURES_C03_CONDITIONS_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "analytics/dashboard/page_model.h"
#include "analytics/disclosure/gated_table.h"
#include "analytics/measures/definition.h"

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

std::vector<PagePart> DrawPrevalence(const MeasureDefinition& definition,
                                     const std::vector<GatedTable>& tables);

}  // namespace tally::analytics

#endif  // TALLY_ANALYTICS_SRC_MEASURES_C03_CONDITIONS_H_
