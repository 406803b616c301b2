// What measures of prescribing share: which BNF codes are medicines, how
// groups of them are named, and what a row counts as.
//
// A BNF code is 2 characters chapter, 4 section, 6 paragraph, 7 subparagraph,
// 9 chemical substance; longer ones name product, strength and form.
// Runs in: the analyst's program.
// Threading: pure functions; one connection.
// Secrets: record values stay in the engine.
#ifndef TALLY_ANALYTICS_SRC_MEASURES_PRESCRIPTIONS_H_
#define TALLY_ANALYTICS_SRC_MEASURES_PRESCRIPTIONS_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "analytics/measures/measure.h"

namespace tally::analytics {

inline constexpr size_t kBnfParagraph = 6;
inline constexpr size_t kBnfSubstance = 9;

// A named group of medicines: codes that start with one of `prefixes`.
struct BnfGroup {
  std::string id;
  std::string title;
  std::vector<std::string> prefixes;
};

// The chapters of `chapters` in [parameters], two digits each.
// kInvalidArgument (exit 2) with file and line: none, one twice, none of 01 to
// 23, or one of 18 to 23, which are appliances.
absl::StatusOr<std::vector<std::string>> ReadChapters(
    const MeasureDefinition& definition);

// The groups of [[`key`]] with id, title and prefixes (2 to 9 characters).
// kInvalidArgument (exit 2) with file and line for an unknown key, an id or a
// title that is there twice, or a prefix that is none.
absl::StatusOr<std::vector<BnfGroup>> ReadBnfGroups(
    const MeasureDefinition& definition, std::string_view key);
// One table of that kind, its prefixes under `prefixes_key`; keys are not
// checked.
absl::StatusOr<BnfGroup> ReadBnfGroup(const TomlTable& table,
                                      std::string_view prefixes_key);
// kInvalidArgument unless there are some, each of 2 to 9 of [0-9A-Z].
absl::Status CheckBnfPrefixes(const TomlTable& table,
                              const std::vector<std::string>& prefixes);

// The SQL condition that `column` is a substance of one of the chapters.
std::string InChapters(std::string_view column,
                       const std::vector<std::string>& chapters);
// The SQL condition that `column` starts with one of the prefixes.
std::string StartsWithOne(std::string_view column,
                          const std::vector<std::string>& prefixes);
// The SQL expression of how many items a row of gp_prescription is: `items`
// where the release has it and it is known, else 1. 0 is an item that was not
// supplied.
std::string ItemsSql(const MeasureContext& context);

}  // namespace tally::analytics

#endif  // TALLY_ANALYTICS_SRC_MEASURES_PRESCRIPTIONS_H_
