// D01: weighted lists, shares and targets from released lists and weight files.
#include <algorithm>
#include <optional>
#include <set>

#include "absl/strings/str_format.h"
#include "analytics/disclosure/registry.h"
#include "analytics/measures/patient_list.h"
#include "analytics/measures/reference.h"
#include "base/exit_code.h"
#include "base/status.h"
#include "base/strings.h"
#include "measures/d01_capitation.h"

namespace tally::analytics {
namespace {

constexpr std::string_view kFactor = "factor";
constexpr std::string_view kPracticeIndices = "capitation_practice";
constexpr double kPencePerPound = 100;

// Indices by area: component ("factor" for those that multiply the whole), then
// name.
using AreaIndices =
    std::map<std::string,
             std::map<std::pair<std::string, std::string>, double>>;

struct WeightFiles {
  AreaIndices indices;
  std::vector<std::string> components;  // in the order of their file
  CapitationTerms terms;
  std::map<std::string, double> baselines;  // pounds
  std::vector<std::string> citations;
};

absl::Status ReadIndices(const std::string& folder, CivilDay month,
                         std::string_view id, bool with_component,
                         WeightFiles& files) {
  std::vector<ReferenceColumn> columns = {{"area", ReferenceType::kText},
                                          {"index", ReferenceType::kText},
                                          {"value", ReferenceType::kNumber}};
  if (with_component) columns.push_back({"component", ReferenceType::kText});
  TALLY_ASSIGN_OR_RETURN(const ReferenceFile file,
                         ReferenceFile::Read(folder, id, columns, month));
  for (size_t row = 0; row < file.rows(); ++row) {
    const double value = file.Number(row, 2);
    if (!(value > 0)) return file.ErrorAt(row, "an index is above 0");
    const std::string component =
        with_component ? file.Text(row, 3) : std::string(kFactor);
    const bool is_new =
        files.indices[file.Text(row, 0)]
            .emplace(std::pair(component, file.Text(row, 1)), value)
            .second;
    if (!is_new) return file.ErrorAt(row, "the index is there twice");
  }
  files.citations.push_back(file.Citation());
  return absl::OkStatus();
}

absl::Status ReadComponents(const std::string& folder, CivilDay month,
                            WeightFiles& files) {
  TALLY_ASSIGN_OR_RETURN(
      const ReferenceFile file,
      ReferenceFile::Read(folder, "capitation_components",
                          {{"component", ReferenceType::kText},
                           {"weight", ReferenceType::kNumber}},
                          month));
  for (size_t row = 0; row < file.rows(); ++row) {
    const std::string& component = file.Text(row, 0);
    const bool plain =
        !component.empty() && component.size() <= 40 &&
        std::all_of(component.begin(), component.end(),
                    [](char c) { return (c >= 'a' && c <= 'z') || c == '_'; });
    if (!plain || component == kFactor) {
      return file.ErrorAt(row,
                          "a component is small letters and underscores, and "
                          "not the word factor");
    }
    if (!(file.Number(row, 1) > 0)) {
      return file.ErrorAt(row, "a weight is above 0");
    }
    files.components.push_back(component);
    files.terms.weights.push_back(file.Number(row, 1));
  }
  files.citations.push_back(file.Citation());
  return absl::OkStatus();
}

absl::Status ReadBudget(const std::string& folder, CivilDay month,
                        WeightFiles& files) {
  TALLY_ASSIGN_OR_RETURN(
      const ReferenceFile file,
      ReferenceFile::Read(folder, "capitation_budget",
                          {{"budget_pence", ReferenceType::kInteger},
                           {"least_growth", ReferenceType::kNumber},
                           {"most_growth", ReferenceType::kNumber}},
                          month));
  if (file.rows() != 1) {
    return UsageError("capitation_budget.toml: it has one row");
  }
  files.terms.budget = static_cast<double>(file.Integer(0, 0)) / kPencePerPound;
  files.terms.least_growth = file.Number(0, 1);
  files.terms.most_growth = file.Number(0, 2);
  if (!(files.terms.budget > 0)) return file.ErrorAt(0, "a budget is above 0");
  if (files.terms.least_growth > files.terms.most_growth) {
    return file.ErrorAt(0, "least_growth is above most_growth");
  }
  files.citations.push_back(file.Citation());
  return absl::OkStatus();
}

// Baselines are optional: without them there is no distance from target.
absl::Status ReadBaselines(const std::string& folder, CivilDay month,
                           std::string_view id, WeightFiles& files) {
  if (!HasReference(folder, id)) return absl::OkStatus();
  TALLY_ASSIGN_OR_RETURN(
      const ReferenceFile file,
      ReferenceFile::Read(folder, id,
                          {{"area", ReferenceType::kText},
                           {"baseline_pence", ReferenceType::kInteger}},
                          month));
  for (size_t row = 0; row < file.rows(); ++row) {
    if (file.Integer(row, 1) <= 0) {
      return file.ErrorAt(row, "a baseline is above 0");
    }
    const bool is_new =
        files.baselines
            .emplace(file.Text(row, 0),
                     static_cast<double>(file.Integer(row, 1)) / kPencePerPound)
            .second;
    if (!is_new) return file.ErrorAt(row, "the area is there twice");
  }
  files.citations.push_back(file.Citation());
  return absl::OkStatus();
}

absl::StatusOr<WeightFiles> ReadAreaWeights(const std::string& folder,
                                            CivilDay month) {
  WeightFiles files;
  TALLY_RETURN_IF_ERROR(
      ReadIndices(folder, month, "capitation_indices", true, files));
  TALLY_RETURN_IF_ERROR(ReadComponents(folder, month, files));
  TALLY_RETURN_IF_ERROR(ReadBudget(folder, month, files));
  TALLY_RETURN_IF_ERROR(
      ReadBaselines(folder, month, "capitation_baseline", files));
  return files;
}

absl::StatusOr<WeightFiles> ReadPracticeWeights(const std::string& folder,
                                                CivilDay month) {
  WeightFiles files;
  TALLY_RETURN_IF_ERROR(
      ReadIndices(folder, month, kPracticeIndices, false, files));
  TALLY_RETURN_IF_ERROR(ReadBudget(folder, month, files));
  TALLY_RETURN_IF_ERROR(
      ReadBaselines(folder, month, "capitation_practice_baseline", files));
  // One component: age and sex; all others multiply.
  files.terms.weights = {1};
  return files;
}

// Areas that can be weighed, with what is known of each.
struct WeighedAreas {
  std::vector<std::string> names;
  std::vector<size_t> rows;  // of the released table
  std::vector<CapitationInput> inputs;
  std::vector<std::string> left_out;
  bool somebody_unknown = false;  // people of no known practice: no area
};

absl::StatusOr<CapitationInput> InputOf(
    const std::map<std::pair<std::string, std::string>, double>& indices,
    const WeightFiles& files, double people) {
  CapitationInput input;
  input.people = people;
  input.components.resize(files.components.size());
  for (const auto& [key, value] : indices) {
    if (key.first == kFactor) {
      input.factors.push_back(value);
      continue;
    }
    const auto found =
        std::find(files.components.begin(), files.components.end(), key.first);
    if (found == files.components.end()) {
      return UsageError(absl::StrFormat(
          "the weight files have an index of the component %s, which has no "
          "weight",
          key.first));
    }
    input.components[static_cast<size_t>(found - files.components.begin())]
        .push_back(value);
  }
  return input;
}

using IndexKeys = std::set<std::pair<std::string, std::string>>;

IndexKeys KeysOf(
    const std::map<std::pair<std::string, std::string>, double>& indices) {
  IndexKeys keys;
  for (const auto& [key, value] : indices) keys.insert(key);
  return keys;
}

// Every area must have each index that some area of the table has, whichever
// comes first.
absl::StatusOr<WeighedAreas> GatherAreas(const GatedTable& lists,
                                         const WeightFiles& files,
                                         bool age_and_sex) {
  WeighedAreas areas;
  IndexKeys wanted;
  for (size_t row = 0; row < lists.rows(); ++row) {
    const auto found = files.indices.find(lists.at(row, "area").text());
    if (found != files.indices.end()) wanted.merge(KeysOf(found->second));
  }
  for (size_t row = 0; row < lists.rows(); ++row) {
    const std::string& name = lists.at(row, "area").text();
    if (name == kAllLevels) continue;
    const auto people = lists.at(row, "crude").number();
    const auto indices = files.indices.find(name);
    if (name == kUnknown && indices == files.indices.end()) {
      areas.somebody_unknown = true;
      continue;
    }
    std::optional<double> weighted;
    if (age_and_sex) weighted = lists.at(row, "age_sex_weighted").number();
    const bool usable = people.has_value() && *people > 0 &&
                        indices != files.indices.end() &&
                        (!age_and_sex || weighted.has_value());
    const bool baseline =
        files.baselines.empty() || files.baselines.contains(name);
    if (!usable || KeysOf(indices->second) != wanted || !baseline) {
      areas.left_out.push_back(name);
      continue;
    }
    TALLY_ASSIGN_OR_RETURN(CapitationInput input,
                           InputOf(indices->second, files, *people));
    if (age_and_sex) {
      input.components.push_back({*weighted / *people});
    }
    if (!files.baselines.empty()) input.baseline = files.baselines.at(name);
    areas.names.push_back(name);
    areas.rows.push_back(row);
    areas.inputs.push_back(std::move(input));
  }
  return areas;
}

// The first of some names, for a reader to find them.
std::string FirstOf(std::vector<std::string> names) {
  constexpr size_t kMostNames = 5;
  if (names.size() > kMostNames) {
    names.resize(kMostNames);
    names.emplace_back("...");
  }
  return names.empty() ? "nothing" : JoinText(names, ", ");
}

// Why there are no shares, or nothing if there are: those of a budget are of
// all areas, and what one of them should have is no gift to the others.
std::optional<std::string> WhyNoShares(const WeighedAreas& areas,
                                       const WeightFiles& files) {
  if (areas.names.empty()) {
    std::vector<std::string> names;
    for (const auto& [area, values] : files.indices) names.push_back(area);
    return "no area has a printed list and all of its weights; the files are "
           "about: " +
           FirstOf(std::move(names));
  }
  if (areas.left_out.empty()) return std::nullopt;
  return "shares of a budget need all areas, and the list is not printed or a "
         "weight file has not all that the others have of: " +
         FirstOf(areas.left_out);
}

std::vector<ColumnSpec> CapitationColumns(
    const std::vector<std::string>& components, bool baselines) {
  std::vector<ColumnSpec> columns = {
      DimensionColumn("area", "Area"),
      DerivedColumn("crude", "People on the list", "people")};
  for (const std::string& component : components) {
    std::string words = component;
    std::replace(words.begin(), words.end(), '_', ' ');
    columns.push_back(
        DerivedColumn("index_" + component, "Index: " + words, "index"));
  }
  columns.push_back(
      DerivedColumn("index_factors", "Factors that multiply", "index"));
  columns.push_back(DerivedColumn("index", "All indices together", "index"));
  columns.push_back(DerivedColumn("weighted", "Weighted people", "people"));
  columns.push_back(DerivedColumn("share", "Share of the budget", "%"));
  columns.push_back(DerivedColumn("target", "Target", "pounds"));
  if (!baselines) return columns;
  columns.push_back(DerivedColumn("baseline", "Baseline", "pounds"));
  columns.push_back(
      DerivedColumn("dft", "Baseline's distance from target", "%"));
  columns.push_back(DerivedColumn("pace", "Growth of the allocation", "%"));
  columns.push_back(DerivedColumn("allocation", "Next allocation", "pounds"));
  return columns;
}

absl::StatusOr<DerivedTable> SharesTable(
    const DeriveContext& context, const GatedTable& lists,
    const WeightFiles& files, const WeighedAreas& areas,
    const std::vector<std::string>& components, std::string name,
    std::string title) {
  TALLY_ASSIGN_OR_RETURN(const std::vector<CapitationShare> shares,
                         WeightedCapitation(areas.inputs, files.terms));
  TableInfo info = context.Info(std::move(name), std::move(title), lists);
  // Files of one source are cited once.
  const std::set<std::string> cited(files.citations.begin(),
                                    files.citations.end());
  for (const std::string& citation : cited) {
    info.notes.push_back("Weights and money: " + citation + ".");
  }
  if (areas.somebody_unknown) {
    info.notes.emplace_back("People of no known practice have no share.");
  }
  const bool baselines = !files.baselines.empty();
  TALLY_ASSIGN_OR_RETURN(
      DerivedTable table,
      DerivedTable::Create(std::move(info),
                           CapitationColumns(components, baselines), {&lists}));
  for (size_t i = 0; i < shares.size(); ++i) {
    const CapitationShare& share = shares[i];
    std::vector<DerivedCell> row = {
        DerivedCell::Text(areas.names[i]),
        DerivedCell::Copy(lists.at(areas.rows[i], "crude"))};
    for (const double index : share.components) {
      row.push_back(DerivedCell::Number(index, 4));
    }
    row.push_back(DerivedCell::Number(share.factor, 4));
    row.push_back(DerivedCell::Number(share.index, 4));
    row.push_back(DerivedCell::Number(share.weighted, 0));
    row.push_back(DerivedCell::Number(100 * share.share, 3));
    row.push_back(DerivedCell::Number(share.target, 0));
    if (baselines) {
      row.push_back(DerivedCell::Number(areas.inputs[i].baseline, 0));
      row.push_back(DerivedCell::Number(100 * share.distance, 2));
      row.push_back(DerivedCell::Number(100 * share.growth, 2));
      row.push_back(DerivedCell::Number(share.allocation, 0));
    }
    TALLY_RETURN_IF_ERROR(table.AddRow(std::move(row)));
  }
  return table;
}

}  // namespace

const std::string* PracticeAreas::Of(const std::string& practice) const {
  if (citation.empty()) return &practice;
  const auto found = area_of.find(practice);
  return found == area_of.end() ? nullptr : &found->second;
}

absl::StatusOr<PracticeAreas> ReadPracticeAreas(const std::string& folder,
                                                CivilDay month) {
  PracticeAreas areas;
  if (!HasReference(folder, "practice_areas")) return areas;
  TALLY_ASSIGN_OR_RETURN(
      const ReferenceFile file,
      ReferenceFile::Read(
          folder, "practice_areas",
          {{"practice", ReferenceType::kText}, {"area", ReferenceType::kText}},
          month));
  for (size_t row = 0; row < file.rows(); ++row) {
    if (!areas.area_of.emplace(file.Text(row, 0), file.Text(row, 1)).second) {
      return file.ErrorAt(row, "the practice is there twice");
    }
  }
  areas.citation = file.Citation();
  return areas;
}

absl::Status CheckWeights(const std::string& folder, CivilDay month) {
  TALLY_RETURN_IF_ERROR(ReadAreaWeights(folder, month).status());
  if (!HasReference(folder, kPracticeIndices)) return absl::OkStatus();
  return ReadPracticeWeights(folder, month).status();
}

absl::StatusOr<std::vector<DerivedTable>> WeighAreas(
    const DeriveContext& context, const GatedTable& lists) {
  TALLY_ASSIGN_OR_RETURN(const WeightFiles files,
                         ReadAreaWeights(context.comparators, context.month));
  TALLY_ASSIGN_OR_RETURN(const WeighedAreas areas,
                         GatherAreas(lists, files, false));
  std::vector<DerivedTable> tables;
  if (const auto why = WhyNoShares(areas, files)) {
    context.Lacks("capitation", *why);
    return tables;
  }
  TALLY_ASSIGN_OR_RETURN(
      DerivedTable table,
      SharesTable(context, lists, files, areas, files.components, "capitation",
                  "Weighted capitation"));
  tables.push_back(std::move(table));
  return tables;
}

absl::StatusOr<std::vector<DerivedTable>> WeighPractices(
    const DeriveContext& context, const GatedTable& lists) {
  std::vector<DerivedTable> tables;
  if (!HasReference(context.comparators, kPracticeIndices)) {
    context.Lacks("capitation_practice",
                  "there is no reference file capitation_practice.toml");
    return tables;
  }
  TALLY_ASSIGN_OR_RETURN(
      const WeightFiles files,
      ReadPracticeWeights(context.comparators, context.month));
  TALLY_ASSIGN_OR_RETURN(const WeighedAreas areas,
                         GatherAreas(lists, files, true));
  if (const auto why = WhyNoShares(areas, files)) {
    context.Lacks("capitation_practice", *why);
    return tables;
  }
  TALLY_ASSIGN_OR_RETURN(
      DerivedTable table,
      SharesTable(context, lists, files, areas, {"age_sex"},
                  "capitation_practice", "Weighted lists of practices"));
  tables.push_back(std::move(table));
  return tables;
}

}  // namespace tally::analytics
