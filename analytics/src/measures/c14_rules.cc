// What C14 reads from its definition file.
#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/str_format.h"
#include "base/status.h"
#include "measures/c14_polypharmacy.h"
#include "measures/prescriptions.h"

namespace tally::analytics {
namespace {

constexpr int64_t kC14OldestAge = 90;

absl::StatusOr<std::vector<int64_t>> C14Rising(const TomlTable& table,
                                               std::string_view key,
                                               int64_t from, int64_t to) {
  TALLY_ASSIGN_OR_RETURN(const TomlArray array, table.GetArray(key));
  std::vector<int64_t> numbers;
  for (const TomlValue& value : array) {
    const bool fits = value.is_int() && value.AsInt() >= from &&
                      value.AsInt() <= to &&
                      (numbers.empty() || value.AsInt() > numbers.back());
    if (!fits) {
      return table.ErrorAt(value.line(),
                           absl::StrFormat("%s are whole numbers that rise, %d "
                                           "to %d",
                                           std::string(key), from, to));
    }
    numbers.push_back(value.AsInt());
  }
  if (numbers.empty()) {
    return table.ErrorAt(table.Find(key)->line(),
                         absl::StrFormat("%s is empty", std::string(key)));
  }
  return numbers;
}

absl::StatusOr<RiskyCombination> ReadCombination(const TomlTable& table) {
  TALLY_RETURN_IF_ERROR(table.OnlyKeys({"id", "title", "all_of"}));
  RiskyCombination combination;
  TALLY_ASSIGN_OR_RETURN(combination.id, table.GetString("id"));
  TALLY_ASSIGN_OR_RETURN(combination.title, table.GetString("title"));
  TALLY_ASSIGN_OR_RETURN(const TomlArray sets, table.GetArray("all_of"));
  for (const TomlValue& set : sets) {
    std::vector<std::string>& prefixes = combination.all_of.emplace_back();
    if (!set.is_array()) return table.ErrorAt(set.line(), "all_of holds lists");
    for (const TomlValue& prefix : set.AsArray()) {
      if (!prefix.is_string()) {
        return table.ErrorAt(prefix.line(), "a BNF prefix is a text");
      }
      prefixes.push_back(prefix.AsString());
    }
    TALLY_RETURN_IF_ERROR(CheckBnfPrefixes(table, prefixes));
  }
  if (combination.all_of.size() < 2) {
    return table.ErrorAt(table.line(), "a combination has two sets or more");
  }
  return combination;
}

absl::StatusOr<std::vector<RiskyCombination>> ReadCombinations(
    const TomlTable& root) {
  std::vector<RiskyCombination> combinations;
  if (root.Find("combination") == nullptr) return combinations;
  TALLY_ASSIGN_OR_RETURN(const TomlArray array, root.GetArray("combination"));
  std::set<std::string> titles;
  for (const TomlValue& value : array) {
    if (!value.is_table()) {
      return root.ErrorAt(value.line(), "a combination is a table");
    }
    TALLY_ASSIGN_OR_RETURN(RiskyCombination combination,
                           ReadCombination(value.AsTable()));
    if (!titles.insert(combination.title).second) {
      return root.ErrorAt(value.line(), "a combination is there twice");
    }
    combinations.push_back(std::move(combination));
  }
  return combinations;
}

}  // namespace

std::string AgeFromText(int64_t age_from) {
  return age_from == 0 ? "all ages" : absl::StrFormat("%d+", age_from);
}

absl::StatusOr<PolypharmacyRules> ReadPolypharmacyRules(
    const MeasureDefinition& definition) {
  TALLY_ASSIGN_OR_RETURN(const TomlTable table,
                         definition.root().GetTable("parameters"));
  TALLY_RETURN_IF_ERROR(
      table.OnlyKeys({"window_months", "thresholds", "ages_from", "chapters",
                      "smallest_area", "headline"}));
  PolypharmacyRules rules;
  TALLY_ASSIGN_OR_RETURN(rules.window_months, table.GetInt("window_months"));
  TALLY_ASSIGN_OR_RETURN(rules.thresholds,
                         C14Rising(table, "thresholds", 1, 1000));
  TALLY_ASSIGN_OR_RETURN(rules.ages_from,
                         C14Rising(table, "ages_from", 0, kC14OldestAge));
  if (rules.ages_from.front() != 0) {
    return table.ErrorAt(table.Find("ages_from")->line(),
                         "the first of ages_from is 0: all ages");
  }
  TALLY_ASSIGN_OR_RETURN(rules.chapters, ReadChapters(definition));
  TALLY_ASSIGN_OR_RETURN(rules.smallest_area, table.GetInt("smallest_area"));
  TALLY_ASSIGN_OR_RETURN(rules.headline, table.GetInt("headline"));
  if (std::find(rules.thresholds.begin(), rules.thresholds.end(),
                rules.headline) == rules.thresholds.end()) {
    return table.ErrorAt(table.Find("headline")->line(),
                         "headline is one of the thresholds");
  }
  TALLY_ASSIGN_OR_RETURN(rules.combinations,
                         ReadCombinations(definition.root()));
  return rules;
}

}  // namespace tally::analytics
