#ifndef TALLY_DATASET_ROUNDING_H_
#define TALLY_DATASET_ROUNDING_H_

// How the number of opted-out rows is written wherever it is written: rounded,
// as text. An exact count, compared over deliveries, would tell who opted out.
//
// Role: source (manifest), hub (receipt, reports). Disclosure control of
// figures is another matter and lives with the analyst.
//
// Spec: docs/spec/manifest-v1.md, "Rounded counts".
// Threading: pure functions.
// Secrets: takes an exact count; only the rounded text may be kept.

#include <cstdint>
#include <string>
#include <string_view>

namespace tally::dataset {

// "0" for 0, "*" for 1 to 7, else the nearest multiple of 5.
std::string RoundCount(uint64_t count);

// True for a text that RoundCount can give: one value, one text.
bool IsRoundedCount(std::string_view text);

}  // namespace tally::dataset

#endif  // TALLY_DATASET_ROUNDING_H_
