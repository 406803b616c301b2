// The rules of data quality that C33's definition lists, and how many rows
// fail them.
// Threading: one connection.  Secrets: exact counts pass through.
#ifndef TALLY_ANALYTICS_SRC_MEASURES_C33_RULES_H_
#define TALLY_ANALYTICS_SRC_MEASURES_C33_RULES_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "analytics/measures/measure.h"

namespace tally::analytics {

struct QualityRule {
  std::string id, title, dataset, kind;
  std::string earlier, later, date, key, known, sex;
  std::vector<std::string> columns, starts;
};

// kInvalidArgument (exit 2) with file and line: an unknown key or kind, a part
// of the kind that is missing, an id that is there twice.
absl::StatusOr<std::vector<QualityRule>> ReadQualityRules(
    const MeasureDefinition& definition);

struct RuleCount {
  std::string source;
  int64_t checked = 0;  // rows that the rule could be asked of
  int64_t failures = 0;
};

// By source. Empty if the release lacks the dataset or a column.
absl::StatusOr<std::vector<RuleCount>> CountFailures(
    const MeasureContext& context, const QualityRule& rule);

}  // namespace tally::analytics

#endif  // TALLY_ANALYTICS_SRC_MEASURES_C33_RULES_H_
