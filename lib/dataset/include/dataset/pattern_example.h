#ifndef TALLY_DATASET_PATTERN_EXAMPLE_H_
#define TALLY_DATASET_PATTERN_EXAMPLE_H_

// Values that a pattern describes, for made-up data: a release's dictionary
// says "[A-Z][0-9]{5}", a synthetic release needs "K40317".
//
// Role: analyst (`commissioning synth`).
//
// Spec: docs/spec/dataset-v1.md, "Patterns".
// Threading: pure functions.
// Secrets: none; nothing here comes from a record.

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace tally::dataset {

// A value that `pattern` describes, the same for the same `seed` on every
// machine. Of a class, letters and digits are preferred to signs; an open
// repeat (* +) adds at most four. kInvalidArgument as Pattern::Create.
[[nodiscard]] absl::StatusOr<std::string> ExampleOfPattern(
    std::string_view pattern, uint64_t seed);

}  // namespace tally::dataset

#endif  // TALLY_DATASET_PATTERN_EXAMPLE_H_
