// What the hub checked of one extract before it published it: validation.json.
//
// One result a check: dataset (empty for the whole extract), check, result,
// value, bound. Counts and shares only, never a value of a record.
//
// Role: made at finalise, shown by GetExtract, copied into releases (C34).
// Spec: docs/spec/hub-directory-v1.md, "Validation report"
// Threading: values and pure functions.
// Secrets: none.

#ifndef TALLY_LINKAGE_STORE_VALIDATION_REPORT_H_
#define TALLY_LINKAGE_STORE_VALIDATION_REPORT_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace tally::linkage {

enum class ValidationOutcome { kAccept = 1, kWarn = 2, kReject = 3 };
std::string_view ValidationOutcomeName(ValidationOutcome outcome);

struct ValidationResult {
  std::string dataset;
  std::string check;
  ValidationOutcome result = ValidationOutcome::kAccept;
  double value = 0;
  double bound = 0;

  friend bool operator==(const ValidationResult&,
                         const ValidationResult&) = default;
};

struct ValidationReport {
  std::vector<ValidationResult> results;

  ValidationOutcome Worst() const;
  // {"extract":...,"results":[...]}, keys sorted, one final newline.
  std::string ToJson(std::string_view extract_name) const;
  [[nodiscard]] static absl::StatusOr<ValidationReport> Parse(
      std::string_view json);
};

}  // namespace tally::linkage

#endif  // TALLY_LINKAGE_STORE_VALIDATION_REPORT_H_
