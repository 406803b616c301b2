// Reading the definition of C05.
#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/str_format.h"
#include "base/error.h"
#include "base/status.h"
#include "measures/c05_risk.h"
#include "measures/code_lists.h"

namespace tally::analytics {
namespace {

const std::vector<std::string>& KnownFeatures() {
  static const auto& features = *new std::vector<std::string>{
      "age",           "age_squared",  "female",        "deprived",
      "deficits",      "conditions",   "charlson_1987", "charlson_2011",
      "emergency_12",  "emergency_24", "ed_12",         "ed_24",
      "outpatient_12", "outpatient_24"};
  return features;
}

absl::StatusOr<std::vector<RuleElement>> ReadNamedElements(
    const TomlTable& root, std::string_view key) {
  TALLY_ASSIGN_OR_RETURN(const TomlArray array, root.GetArray(key));
  std::vector<RuleElement> elements;
  std::set<std::string> names;
  for (const TomlValue& value : array) {
    if (!value.is_table()) {
      return root.ErrorAt(value.line(), "an entry is a table");
    }
    const TomlTable& table = value.AsTable();
    std::vector<std::string> keys = {"name"};
    keys.insert(keys.end(), RuleElementKeys().begin(), RuleElementKeys().end());
    TALLY_RETURN_IF_ERROR(table.OnlyKeys(keys));
    TALLY_ASSIGN_OR_RETURN(const std::string name, table.GetString("name"));
    if (!names.insert(name).second) {
      return table.ErrorAt(table.line(), "the name is there twice");
    }
    TALLY_ASSIGN_OR_RETURN(elements.emplace_back(), ReadRuleElement(table));
    if (elements.back().everybody()) {
      return table.ErrorAt(table.line(), "an entry that everybody meets");
    }
  }
  return elements;
}

absl::Status ReadCharlson(const TomlTable& root, RiskDefinition& out) {
  TALLY_ASSIGN_OR_RETURN(const TomlArray array, root.GetArray("charlson"));
  std::vector<std::vector<std::string>> cancels;
  for (const TomlValue& value : array) {
    if (!value.is_table()) {
      return root.ErrorAt(value.line(), "a group is a table");
    }
    const TomlTable& table = value.AsTable();
    TALLY_RETURN_IF_ERROR(table.OnlyKeys(
        {"id", "weight_1987", "weight_2011", "codes", "cancels"}));
    CharlsonGroup& group = out.charlson.emplace_back();
    TALLY_ASSIGN_OR_RETURN(group.id, table.GetString("id"));
    TALLY_ASSIGN_OR_RETURN(group.weight_1987, table.GetInt("weight_1987"));
    TALLY_ASSIGN_OR_RETURN(group.weight_2011, table.GetInt("weight_2011"));
    TALLY_ASSIGN_OR_RETURN(group.prefixes, ReadCodePrefixes(table, "codes"));
    cancels.emplace_back();
    if (table.Find("cancels") != nullptr) {
      TALLY_ASSIGN_OR_RETURN(cancels.back(), table.GetStrings("cancels"));
    }
  }
  for (size_t i = 0; i < cancels.size(); ++i) {
    for (const std::string& id : cancels[i]) {
      const auto found =
          std::find_if(out.charlson.begin(), out.charlson.end(),
                       [&](const CharlsonGroup& g) { return g.id == id; });
      if (found == out.charlson.end()) {
        return root.ErrorAt(array[i].line(), "cancels names no group");
      }
      out.charlson[i].cancels.push_back(
          static_cast<size_t>(found - out.charlson.begin()));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<PointSteps> ReadSteps(const TomlTable& root,
                                     std::string_view key) {
  TALLY_ASSIGN_OR_RETURN(const TomlArray array, root.GetArray(key));
  PointSteps steps;
  for (const TomlValue& value : array) {
    const bool pair = value.is_array() && value.AsArray().size() == 2 &&
                      value.AsArray()[0].is_int() &&
                      value.AsArray()[1].is_int();
    if (!pair) return root.ErrorAt(value.line(), "a step is [from, points]");
    const int64_t from = value.AsArray()[0].AsInt();
    if (steps.empty() ? from != 0 : from <= steps.back().first) {
      return root.ErrorAt(value.line(), "steps begin at 0 and ascend");
    }
    steps.emplace_back(from, value.AsArray()[1].AsInt());
  }
  if (steps.empty()) {
    return root.ErrorAt(root.Find(key)->line(), "there are no steps");
  }
  return steps;
}

absl::Status ReadFrailty(const TomlTable& root, RiskDefinition& out) {
  constexpr size_t kCodeLength = 3;
  if (root.Find("frailty") == nullptr) return absl::OkStatus();
  TALLY_ASSIGN_OR_RETURN(const TomlArray array, root.GetArray("frailty"));
  for (const TomlValue& value : array) {
    const bool pair = value.is_array() && value.AsArray().size() == 2 &&
                      value.AsArray()[0].is_string() &&
                      value.AsArray()[1].is_int();
    if (!pair || value.AsArray()[0].AsString().size() != kCodeLength ||
        value.AsArray()[1].AsInt() <= 0) {
      return root.ErrorAt(value.line(),
                          "an entry is [code of three characters, tenths]");
    }
    if (!out.frailty_tenths
             .emplace(value.AsArray()[0].AsString(), value.AsArray()[1].AsInt())
             .second) {
      return root.ErrorAt(value.line(), "the code is there twice");
    }
  }
  return absl::OkStatus();
}

absl::Status ReadBands(const TomlTable& root, RiskDefinition& out) {
  TALLY_ASSIGN_OR_RETURN(const TomlArray array, root.GetArray("band"));
  for (const TomlValue& value : array) {
    if (!value.is_table()) {
      return root.ErrorAt(value.line(), "a band is a table");
    }
    const TomlTable& table = value.AsTable();
    TALLY_RETURN_IF_ERROR(table.OnlyKeys({"model", "name", "low"}));
    TALLY_ASSIGN_OR_RETURN(const std::string model, table.GetString("model"));
    ScoreBand band;
    TALLY_ASSIGN_OR_RETURN(band.name, table.GetString("name"));
    TALLY_ASSIGN_OR_RETURN(band.low, table.GetInt("low"));
    std::vector<ScoreBand>& bands = out.bands[model];
    if (bands.empty() ? band.low != 0 : band.low <= bands.back().low) {
      return table.ErrorAt(table.line(), "bands begin at 0 and ascend");
    }
    if (!bands.empty()) bands.back().high = band.low - 1;
    bands.push_back(std::move(band));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<RiskDefinition> ReadRiskDefinition(
    const MeasureDefinition& definition) {
  const TomlTable& root = definition.root();
  RiskDefinition out;
  TALLY_ASSIGN_OR_RETURN(out.deficits, ReadNamedElements(root, "deficit"));
  TALLY_ASSIGN_OR_RETURN(out.conditions, ReadNamedElements(root, "condition"));
  TALLY_RETURN_IF_ERROR(ReadCharlson(root, out));
  TALLY_RETURN_IF_ERROR(ReadFrailty(root, out));
  TALLY_RETURN_IF_ERROR(ReadBands(root, out));
  TALLY_ASSIGN_OR_RETURN(const TomlTable parameters,
                         root.GetTable("parameters"));
  TALLY_ASSIGN_OR_RETURN(out.hierarchy,
                         parameters.GetBool("charlson_hierarchy"));
  TALLY_ASSIGN_OR_RETURN(const int64_t months,
                         parameters.GetInt("charlson_months"));
  out.charlson_months = static_cast<int>(months);
  TALLY_ASSIGN_OR_RETURN(out.stay_points, ReadSteps(root, "lace_stay"));
  TALLY_ASSIGN_OR_RETURN(out.charlson_points, ReadSteps(root, "lace_charlson"));
  TALLY_ASSIGN_OR_RETURN(out.emergency_points,
                         parameters.GetInt("lace_emergency"));
  TALLY_ASSIGN_OR_RETURN(out.most_visits, parameters.GetInt("lace_visits"));
  TALLY_ASSIGN_OR_RETURN(out.features, root.GetStrings("features"));
  for (const std::string& feature : out.features) {
    const auto& known = KnownFeatures();
    if (std::find(known.begin(), known.end(), feature) == known.end()) {
      return root.ErrorAt(root.Find("features")->line(),
                          "features names a column that there is not");
    }
  }
  return out;
}

}  // namespace tally::analytics
