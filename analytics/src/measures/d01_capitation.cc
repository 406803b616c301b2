// D01: weighted capitation: lists, and the shares of a budget made from them.
#include "measures/d01_capitation.h"

#include <map>
#include <memory>
#include <utility>

#include "absl/strings/str_format.h"
#include "analytics/disclosure/registry.h"
#include "analytics/measures/patient_list.h"
#include "analytics/measures/reference.h"
#include "base/exit_code.h"
#include "base/status.h"
#include "measures/counts.h"
#include "measures/tables.h"

namespace tally::analytics {
namespace {

// Weighted people of one practice: their sum, and the two largest weights, as
// the gate asks for.
struct WeightedList {
  int64_t people = 0;
  double weighted = 0;
  double largest = 0;
  double second = 0;

  void Add(int64_t count, double weight) {
    people += count;
    weighted += static_cast<double>(count) * weight;
    for (int64_t i = 0; i < count && i < 2; ++i) {
      if (weight > largest) {
        second = largest;
        largest = weight;
      } else if (weight > second) {
        second = weight;
      }
    }
  }
};

absl::StatusOr<RawTable> ListTable(const MeasureContext& context,
                                   const PracticeAreas& areas) {
  TALLY_ASSIGN_OR_RETURN(
      const std::vector<GroupedRow> rows,
      QueryGroups(context.connection,
                  "SELECT practice, count(*) FROM patient_list "
                  "GROUP BY practice ORDER BY practice",
                  1));
  std::map<std::string, int64_t> lists;
  int64_t left_out = 0;
  for (const GroupedRow& row : rows) {
    const std::string* area = areas.Of(row.levels[0]);
    if (area == nullptr) {
      ++left_out;
    } else {
      lists[*area] += row.counts[0];
    }
  }
  TableInfo info = context.Info("list_sizes", "Lists by area");
  if (areas.citation.empty()) {
    info.notes.emplace_back("Each practice is an area of its own.");
  } else {
    info.notes.push_back("Areas of practices: " + areas.citation + ".");
  }
  if (left_out > 0) {
    info.notes.push_back(
        absl::StrFormat("Practices that belong to no area: %d.", left_out));
  }
  TALLY_RETURN_IF_ERROR(FillLinkedRows(context, "gp_patient", info));
  TableBuilder table(std::move(info));
  table.Dimension("area", "Area").Persons("crude", "People on the list");
  std::vector<size_t> parts;
  for (const auto& [area, people] : lists) {
    const size_t row = table.AddRow({area});
    table.Set(row, "crude", people);
    parts.push_back(row);
  }
  if (!parts.empty()) {
    table.Total(table.AddRow({std::string(kAllLevels)}), parts);
  }
  return table.Finish();
}

// Lists weighted by the weights of capitation_age_sex.toml.
absl::StatusOr<RawTable> AgeSexTable(const MeasureContext& context) {
  TALLY_ASSIGN_OR_RETURN(
      const ReferenceFile weights,
      ReferenceFile::Read(context.comparators, "capitation_age_sex",
                          {{"sex", ReferenceType::kText},
                           {"age_from", ReferenceType::kInteger},
                           {"age_to", ReferenceType::kInteger},
                           {"weight", ReferenceType::kNumber}},
                          context.month));
  TALLY_RETURN_IF_ERROR(weights.Load(context.connection, "age_sex_weight"));
  TALLY_ASSIGN_OR_RETURN(
      const std::vector<GroupedRow> twice,
      QueryGroups(context.connection,
                  "SELECT CAST(count(*) AS BIGINT) FROM age_sex_weight AS a "
                  "INNER JOIN age_sex_weight AS b ON a.sex = b.sex "
                  "AND a.age_from <= b.age_to AND b.age_from <= a.age_to",
                  0));
  if (twice[0].counts[0] != static_cast<int64_t>(weights.rows())) {
    return UsageError("capitation_age_sex.toml: ages of one sex overlap");
  }
  for (size_t row = 0; row < weights.rows(); ++row) {
    if (!(weights.Number(row, 3) > 0)) {
      return weights.ErrorAt(row, "a weight is above 0");
    }
  }
  TALLY_ASSIGN_OR_RETURN(
      const std::vector<GroupedRow> rows,
      QueryGroups(context.connection,
                  "SELECT l.practice, CAST(w.weight AS VARCHAR), count(*) "
                  "FROM patient_list AS l INNER JOIN age_sex_weight AS w "
                  "ON w.sex = l.sex AND l.age BETWEEN w.age_from AND w.age_to "
                  "GROUP BY l.practice, w.weight ORDER BY l.practice, w.weight",
                  2));
  std::map<std::string, WeightedList> lists;
  for (const GroupedRow& row : rows) {
    lists[row.levels[0]].Add(row.counts[0],
                             std::strtod(row.levels[1].c_str(), nullptr));
  }
  TableInfo info =
      context.Info("age_sex_lists", "Lists weighted by age and sex");
  info.notes = {"Weights by age and sex: " + weights.Citation() + ".",
                "People whose sex or age has no weight are left out."};
  TALLY_RETURN_IF_ERROR(FillLinkedRows(context, "gp_patient", info));
  TableBuilder table(std::move(info));
  table.Dimension("area", "Practice")
      .Persons("crude", "People with a weight")
      .Sum("age_sex_weighted", "Weighted people", "people", "crude");
  for (const auto& [practice, list] : lists) {
    const size_t row = table.AddRow({practice});
    table.Set(row, "crude", list.people);
    table.SetSum(row, "age_sex_weighted", list.weighted, list.people,
                 list.largest, list.second);
  }
  return table.Finish();
}

class Capitation : public Measure {
 public:
  absl::StatusOr<std::vector<RawTable>> Compute(
      const MeasureContext& context) const override {
    if (!context.by.empty()) {
      return UsageError(
          "--by: lists are weighted by area and by practice; they are not "
          "grouped otherwise");
    }
    TALLY_RETURN_IF_ERROR(MakePatientList(context));
    TALLY_ASSIGN_OR_RETURN(
        const PracticeAreas areas,
        ReadPracticeAreas(context.comparators, context.month));
    TALLY_RETURN_IF_ERROR(CheckWeights(context.comparators, context.month));
    std::vector<RawTable> tables;
    TALLY_ASSIGN_OR_RETURN(RawTable lists, ListTable(context, areas));
    tables.push_back(std::move(lists));
    if (HasReference(context.comparators, "capitation_age_sex")) {
      TALLY_ASSIGN_OR_RETURN(RawTable by_age, AgeSexTable(context));
      tables.push_back(std::move(by_age));
    } else {
      const std::string why =
          "there is no reference file capitation_age_sex.toml";
      context.Lacks("age_sex_lists", why);
      context.Lacks("capitation_practice", why);
    }
    return tables;
  }

  absl::StatusOr<std::vector<DerivedTable>> Derive(
      const DeriveContext& context) const override {
    std::vector<DerivedTable> tables;
    const std::string& id = context.definition.id();
    const GatedTable* lists = context.Find(id, "list_sizes");
    if (lists != nullptr) {
      TALLY_ASSIGN_OR_RETURN(tables, WeighAreas(context, *lists));
    }
    const GatedTable* by_age = context.Find(id, "age_sex_lists");
    if (by_age == nullptr) return tables;
    TALLY_ASSIGN_OR_RETURN(std::vector<DerivedTable> practices,
                           WeighPractices(context, *by_age));
    for (DerivedTable& table : practices) tables.push_back(std::move(table));
    return tables;
  }

  std::vector<PagePart> Draw(
      const MeasureDefinition& definition,
      const std::vector<GatedTable>& tables) const override {
    return DrawCapitation(definition, tables);
  }
};

}  // namespace

std::unique_ptr<Measure> MakeD01() { return std::make_unique<Capitation>(); }

}  // namespace tally::analytics
