#include "linkage/store/validation_report.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "base/json.h"
#include "base/status.h"

namespace tally::linkage {

namespace {
constexpr std::array<std::pair<ValidationOutcome, std::string_view>, 3> kNames{
    {{ValidationOutcome::kAccept, "accept"},
     {ValidationOutcome::kWarn, "warn"},
     {ValidationOutcome::kReject, "reject"}}};

std::optional<ValidationOutcome> FromName(std::string_view name) {
  for (const auto& [outcome, text] : kNames) {
    if (text == name) return outcome;
  }
  return std::nullopt;
}
}  // namespace

std::string_view ValidationOutcomeName(ValidationOutcome outcome) {
  for (const auto& [value, name] : kNames) {
    if (value == outcome) return name;
  }
  return "";
}

ValidationOutcome ValidationReport::Worst() const {
  ValidationOutcome worst = ValidationOutcome::kAccept;
  for (const ValidationResult& one : results) {
    worst = std::max(worst, one.result);
  }
  return worst;
}

std::string ValidationReport::ToJson(std::string_view extract_name) const {
  JsonValue list = JsonValue::MakeArray();
  for (const ValidationResult& one : results) {
    JsonValue json = JsonValue::MakeObject();
    json.Set("dataset", JsonValue(one.dataset));
    json.Set("check", JsonValue(one.check));
    json.Set("result", JsonValue(ValidationOutcomeName(one.result)));
    json.Set("value", JsonValue(one.value));
    json.Set("bound", JsonValue(one.bound));
    list.Append(std::move(json));
  }
  JsonValue report = JsonValue::MakeObject();
  report.Set("extract", JsonValue(extract_name));
  report.Set("results", std::move(list));
  return report.Dump() + "\n";
}

absl::StatusOr<ValidationReport> ValidationReport::Parse(
    std::string_view json) {
  TALLY_ASSIGN_OR_RETURN(const JsonValue report, ParseJson(json, 3));
  TALLY_ASSIGN_OR_RETURN(const JsonValue::Array* list,
                         report.GetArray("results"));
  ValidationReport parsed;
  for (const JsonValue& item : *list) {
    ValidationResult one;
    TALLY_ASSIGN_OR_RETURN(one.dataset, item.GetString("dataset"));
    TALLY_ASSIGN_OR_RETURN(one.check, item.GetString("check"));
    TALLY_ASSIGN_OR_RETURN(const std::string result, item.GetString("result"));
    const std::optional<ValidationOutcome> outcome = FromName(result);
    if (!outcome.has_value()) {
      return absl::InvalidArgumentError("an unknown outcome in a report");
    }
    one.result = *outcome;
    TALLY_ASSIGN_OR_RETURN(one.value, item.GetDouble("value"));
    TALLY_ASSIGN_OR_RETURN(one.bound, item.GetDouble("bound"));
    parsed.results.push_back(std::move(one));
  }
  return parsed;
}

}  // namespace tally::linkage
