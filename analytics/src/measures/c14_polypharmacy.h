// What C14 reads from its definition, and its pictures.
// Threading: pure functions.  Secrets: none.
#ifndef TALLY_ANALYTICS_SRC_MEASURES_C14_POLYPHARMACY_H_
#define TALLY_ANALYTICS_SRC_MEASURES_C14_POLYPHARMACY_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "analytics/dashboard/page_model.h"
#include "analytics/disclosure/gated_table.h"
#include "analytics/measures/definition.h"

namespace tally::analytics {

// Medicines that one person has together: one of each set of BNF prefixes.
struct RiskyCombination {
  std::string id;
  std::string title;
  std::vector<std::vector<std::string>> all_of;
};

struct PolypharmacyRules {
  int64_t window_months = 0;
  std::vector<int64_t> thresholds;  // ascending, from 1
  std::vector<int64_t> ages_from;   // ascending, the first is 0
  std::vector<std::string> chapters;
  int64_t smallest_area = 0;
  int64_t headline = 0;  // one of the thresholds
  std::vector<RiskyCombination> combinations;
};

// kInvalidArgument (exit 2) with file and line: a key missing or unknown,
// thresholds or ages that do not rise, a headline that is no threshold, a
// combination of fewer than two sets.
absl::StatusOr<PolypharmacyRules> ReadPolypharmacyRules(
    const MeasureDefinition& definition);

// "all ages", "65+".
std::string AgeFromText(int64_t age_from);

std::vector<PagePart> DrawPolypharmacy(const MeasureDefinition& definition,
                                       const std::vector<GatedTable>& tables);

}  // namespace tally::analytics

#endif  // TALLY_ANALYTICS_SRC_MEASURES_C14_POLYPHARMACY_H_
