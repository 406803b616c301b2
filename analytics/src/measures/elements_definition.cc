// What a definition says of the elements of its rules.
#include <algorithm>
#include <cstdint>

#include "absl/strings/str_format.h"
#include "base/status.h"
#include "measures/code_lists.h"
#include "measures/element_sources.h"
#include "measures/elements.h"

namespace tally::analytics {
namespace {

constexpr int64_t kMostMonthsBack = 1200;
constexpr int64_t kMostRecords = 100'000;

absl::Status CheckDataset(const TomlTable& table, const RuleElement& element) {
  if (element.dataset.empty() || element.dataset == "gp-patient") {
    return absl::OkStatus();
  }
  const ElementSource* source = ElementSourceOf(element.dataset);
  if (source == nullptr) {
    return table.ErrorAt(table.line(), "dataset is none that rules can read");
  }
  if (!source->coded && !element.codes.empty()) {
    return table.ErrorAt(table.line(), "rules read no codes of this dataset");
  }
  if (element.emergency && element.dataset != "sus-apc") {
    return table.ErrorAt(table.line(), "emergency is of sus-apc only");
  }
  return absl::OkStatus();
}

absl::StatusOr<int> WholeNumber(const TomlTable& table, std::string_view key,
                                int otherwise, int64_t least, int64_t most) {
  if (table.Find(key) == nullptr) return otherwise;
  TALLY_ASSIGN_OR_RETURN(const int64_t value, table.GetInt(key, least, most));
  return static_cast<int>(value);
}

absl::StatusOr<bool> Flag(const TomlTable& table, std::string_view key) {
  if (table.Find(key) == nullptr) return false;
  return table.GetBool(key);
}

absl::Status ReadCodes(const TomlTable& table, RuleElement& element) {
  if (table.Find("codes") == nullptr) return absl::OkStatus();
  if (element.dataset == "sus-apc" || element.dataset == "gp-prescription") {
    TALLY_ASSIGN_OR_RETURN(element.codes, ReadCodePrefixes(table, "codes"));
    return absl::OkStatus();
  }
  TALLY_ASSIGN_OR_RETURN(element.codes, table.GetStrings("codes"));
  const bool columns = element.dataset == "gp-patient";
  for (const std::string& code : element.codes) {
    const bool fits =
        !code.empty() && std::all_of(code.begin(), code.end(), [&](char c) {
          return columns ? (c >= 'a' && c <= 'z') || c == '_'
                         : (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                               c == '_';
        });
    if (!fits) {
      return table.ErrorAt(table.Find("codes")->line(),
                           columns ? "a column is small letters"
                                   : "a cluster is capitals, digits and "
                                     "underscores");
    }
  }
  return absl::OkStatus();
}

}  // namespace

const std::vector<std::string>& RuleElementKeys() {
  static const auto& keys = *new std::vector<std::string>{
      "dataset",   "codes",    "look_back_months", "min_count", "distinct",
      "emergency", "age_from", "age_to",           "sex"};
  return keys;
}

absl::StatusOr<RuleElement> ReadRuleElement(const TomlTable& table) {
  RuleElement element;
  if (table.Find("dataset") != nullptr) {
    TALLY_ASSIGN_OR_RETURN(element.dataset, table.GetString("dataset"));
  }
  TALLY_RETURN_IF_ERROR(ReadCodes(table, element));
  TALLY_ASSIGN_OR_RETURN(
      element.look_back_months,
      WholeNumber(table, "look_back_months", 0, 0, kMostMonthsBack));
  TALLY_ASSIGN_OR_RETURN(element.min_count,
                         WholeNumber(table, "min_count", 1, 1, kMostRecords));
  TALLY_ASSIGN_OR_RETURN(element.distinct, Flag(table, "distinct"));
  TALLY_ASSIGN_OR_RETURN(element.emergency, Flag(table, "emergency"));
  TALLY_ASSIGN_OR_RETURN(element.age_from, WholeNumber(table, "age_from", 0, 0,
                                                       kOldestElementAge));
  TALLY_ASSIGN_OR_RETURN(element.age_to,
                         WholeNumber(table, "age_to", kOldestElementAge,
                                     element.age_from, kOldestElementAge));
  if (table.Find("sex") != nullptr) {
    TALLY_ASSIGN_OR_RETURN(element.sex, table.GetString("sex"));
    if (element.sex != "male" && element.sex != "female") {
      return table.ErrorAt(table.Find("sex")->line(), "sex is male or female");
    }
  }
  TALLY_RETURN_IF_ERROR(CheckDataset(table, element));
  if (element.dataset == "gp-patient" && element.codes.size() != 1) {
    return table.ErrorAt(table.line(),
                         "an element of gp-patient names one "
                         "column under codes");
  }
  return element;
}

}  // namespace tally::analytics
