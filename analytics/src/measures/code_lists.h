// Lists of codes as definitions write them: prefixes ("I21", "I252") and ranges
// of three-character codes ("C00-C97").
// Threading: pure functions.  Secrets: none.
#ifndef TALLY_ANALYTICS_SRC_MEASURES_CODE_LISTS_H_
#define TALLY_ANALYTICS_SRC_MEASURES_CODE_LISTS_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "base/toml.h"

namespace tally::analytics {

// The prefixes that `table` lists under `key`, ranges written out.
// kInvalidArgument (exit 2) with file and line for a code that is not capitals
// and digits, and a range that is not from a letter and two digits to the same
// letter and two digits, not lower.
absl::StatusOr<std::vector<std::string>> ReadCodePrefixes(
    const TomlTable& table, std::string_view key);

// Whether `code` starts with one of `prefixes`.
bool HasPrefix(std::string_view code, const std::vector<std::string>& prefixes);

}  // namespace tally::analytics

#endif  // TALLY_ANALYTICS_SRC_MEASURES_CODE_LISTS_H_
