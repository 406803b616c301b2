// C02: the population by age, sex, deprivation, ethnicity and practice.
#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <utility>

#include "absl/strings/str_format.h"
#include "analytics/disclosure/registry.h"
#include "analytics/measures/measure.h"
#include "analytics/measures/patient_list.h"
#include "base/status.h"
#include "base/strings.h"
#include "measures/areas.h"
#include "measures/c02_population.h"
#include "measures/counted.h"
#include "measures/counts.h"

namespace tally::analytics {
namespace {

// The columns of population_profile, in order.
enum Column : size_t {
  kBreakdown,
  kArea,
  kAgeBand,
  kSex,
  kImdDecile,
  kEthnicity,
  kPersons,
  kList,
  kShare,
  kComparatorShare,
  kColumns
};

const std::map<std::string, size_t, std::less<>>& LevelColumns() {
  static const auto& columns = *new std::map<std::string, size_t, std::less<>>{
      {"age_band", kAgeBand},
      {"sex", kSex},
      {"imd_decile", kImdDecile},
      {"ethnicity", kEthnicity}};
  return columns;
}

std::vector<ColumnSpec> ProfileColumns() {
  ColumnSpec share =
      ProportionColumn("share", "Share of the list", "persons", "list");
  ColumnSpec peer = share;
  peer.name = "comparator_share";
  peer.title = "Share in all practices";
  peer.role = ColumnRole::kPeer;
  peer.of = "share";
  return {DimensionColumn("breakdown", "Breakdown"),
          DimensionColumn("area", "Practice"),
          DimensionColumn("age_band", "Age band"),
          DimensionColumn("sex", "Sex"),
          DimensionColumn("imd_decile", "IMD decile"),
          DimensionColumn("ethnicity", "Ethnic group"),
          CountColumn("persons", ColumnKind::kPersons, "People"),
          CountColumn("list", ColumnKind::kPersons, "People on the list"),
          share,
          peer};
}

using LevelNames = std::vector<std::string>;

// One way of cutting the list: counts by area and levels.
struct PopulationCut {
  std::string name;
  std::vector<std::string> columns;  // without the practice
  bool by_practice = true;
  CivilDay month;
  std::vector<LevelNames> levels;                               // all, in order
  std::map<std::string, std::map<LevelNames, int64_t>> counts;  // by area
};

absl::Status Count(const MeasureContext& context, const Areas& areas,
                   PopulationCut& breakdown) {
  std::string columns = "practice";
  for (const std::string& column : breakdown.columns) columns += ", " + column;
  TALLY_ASSIGN_OR_RETURN(
      const std::vector<GroupedRow> rows,
      QueryGroups(context.connection,
                  absl::StrFormat("SELECT %1$s, count(*) FROM patient_list "
                                  "GROUP BY %1$s",
                                  columns),
                  1 + breakdown.columns.size()));
  std::set<LevelNames> levels;
  for (const GroupedRow& row : rows) {
    const std::string* area = areas.Of(row.levels[0]);
    if (area == nullptr) continue;
    const LevelNames level(row.levels.begin() + 1, row.levels.end());
    levels.insert(level);
    breakdown.counts[breakdown.by_practice ? *area : ""][level] +=
        row.counts[0];
  }
  breakdown.levels.assign(levels.begin(), levels.end());
  std::sort(breakdown.levels.begin(), breakdown.levels.end(),
            [](const LevelNames& a, const LevelNames& b) {
              return std::lexicographical_compare(a.begin(), a.end(), b.begin(),
                                                  b.end(), LevelLess);
            });
  return absl::OkStatus();
}

std::vector<RawValue> ProfileRow(const PopulationCut& breakdown,
                                 const std::string& area,
                                 const LevelNames& levels, RawValue persons) {
  std::vector<RawValue> row(kColumns);
  row[kBreakdown] = breakdown.name;
  row[kArea] = area;
  for (const size_t column : {kAgeBand, kSex, kImdDecile, kEthnicity}) {
    row[column] = std::string(kAllLevels);
  }
  for (size_t i = 0; i < levels.size(); ++i) {
    row[LevelColumns().find(breakdown.columns[i])->second] = levels[i];
  }
  row[kPersons] = std::move(persons);
  return row;
}

// What other measures call the people of a row; empty: they have none.
std::string NameOfPeople(const PopulationCut& breakdown, const Areas& areas,
                         const std::string& area, const LevelNames& levels) {
  if (area == kAllLevels && !areas.everybody) return "";
  CountedLevels of = {{"area", area}};
  for (size_t i = 0; i < levels.size(); ++i) {
    of[breakdown.columns[i]] = levels[i];
  }
  return CountedPeople(breakdown.month, std::move(of));
}

// Adds the rows of one area; returns the number of the first.
absl::StatusOr<size_t> AddArea(const PopulationCut& breakdown,
                               const Areas& areas, const std::string& area,
                               const std::map<LevelNames, int64_t>* counts,
                               RawTable& table) {
  const size_t first = table.rows();
  std::vector<CellRef> parts;
  for (const LevelNames& levels : breakdown.levels) {
    RawValue persons;
    if (counts != nullptr) {
      const auto found = counts->find(levels);
      persons = found == counts->end() ? int64_t{0} : found->second;
    }
    TALLY_RETURN_IF_ERROR(
        table.AddRow(ProfileRow(breakdown, area, levels, std::move(persons))));
    parts.push_back({table.rows() - 1, kPersons});
    table.SetCounted(parts.back(),
                     NameOfPeople(breakdown, areas, area, levels));
  }
  for (size_t i = 0; i < parts.size(); ++i) {
    const CellRef list{first + i, kList};
    if (i == 0) {
      table.SetTotal(list, parts);
    } else {
      table.SetSame(list, {first, kList});
    }
  }
  return first;
}

absl::Status AddBreakdown(const PopulationCut& breakdown, const Areas& areas,
                          RawTable& table) {
  const std::string all(kAllLevels);
  if (!breakdown.by_practice) {
    const auto found = breakdown.counts.find("");
    if (found == breakdown.counts.end()) return absl::OkStatus();
    TALLY_ASSIGN_OR_RETURN(const size_t first, AddArea(breakdown, areas, all,
                                                       &found->second, table));
    // All lists together are published with them.
    std::vector<CellRef> parts;
    int64_t everyone = 0;
    for (size_t i = 0; i < breakdown.levels.size(); ++i) {
      parts.push_back({first + i, kPersons});
    }
    for (const auto& [area, people] : areas.list) everyone += people;
    table.AddKnownMargin(std::move(parts), everyone);
    return absl::OkStatus();
  }
  std::vector<size_t> firsts;
  int64_t everyone = 0;
  for (const auto& [area, counts] : breakdown.counts) {
    TALLY_ASSIGN_OR_RETURN(const size_t first,
                           AddArea(breakdown, areas, area, &counts, table));
    firsts.push_back(first);
    // List sizes of practices are published.
    std::vector<CellRef> parts;
    for (size_t i = 0; i < breakdown.levels.size(); ++i) {
      parts.push_back({first + i, kPersons});
    }
    table.AddKnownMargin(std::move(parts), areas.list.at(area));
    everyone += areas.list.at(area);
  }
  TALLY_ASSIGN_OR_RETURN(const size_t total,
                         AddArea(breakdown, areas, all, nullptr, table));
  std::vector<CellRef> sums;
  for (size_t i = 0; i < breakdown.levels.size(); ++i) {
    std::vector<CellRef> parts;
    for (const size_t first : firsts) {
      parts.push_back({first + i, kPersons});
      table.SetPeer(first + i, total + i);
    }
    table.SetTotal({total + i, kPersons}, std::move(parts));
    sums.push_back({total + i, kPersons});
  }
  if (!sums.empty()) table.AddKnownMargin(std::move(sums), everyone);
  return absl::OkStatus();
}

PopulationCut Cut(std::string name, std::vector<std::string> columns) {
  PopulationCut breakdown;
  breakdown.name = std::move(name);
  breakdown.columns = std::move(columns);
  return breakdown;
}

std::vector<PopulationCut> UsualBreakdowns(const MeasureContext& context) {
  std::vector<PopulationCut> breakdowns;
  breakdowns.push_back(Cut("age and sex", {"age_band", "sex"}));
  if (context.release.Column("gp_patient", "imd_decile") != nullptr) {
    breakdowns.push_back(Cut("deprivation", {"imd_decile"}));
  }
  if (context.release.Column("gp_patient", "ethnic_category") != nullptr) {
    breakdowns.push_back(Cut("ethnic group", {"ethnicity"}));
  }
  return breakdowns;
}

absl::StatusOr<std::vector<PopulationCut>> AskedBreakdown(
    const std::vector<std::string>& by) {
  TALLY_ASSIGN_OR_RETURN(const std::vector<GroupColumn> columns,
                         GroupColumns(by));
  PopulationCut breakdown;
  breakdown.name = JoinText(by, " and ");
  breakdown.by_practice = false;
  for (const GroupColumn& column : columns) {
    if (column.name == "practice") {
      breakdown.by_practice = true;
    } else {
      breakdown.columns.push_back(column.name);
    }
  }
  return std::vector<PopulationCut>{std::move(breakdown)};
}

// An empty table of dependency ratios.
absl::StatusOr<RawTable> DependencyTable(const MeasureContext& context,
                                         int young_to, int old_from) {
  ColumnSpec ratio;
  ratio.name = "ratio";
  ratio.kind = ColumnKind::kRate;
  ratio.title = "Dependants per 100 of working age";
  ratio.unit = "per 100";
  ratio.numerator = "dependent";
  ratio.denominator = "working_age";
  ratio.multiplier = 100;
  TableInfo info = context.Info("dependency", "Dependency ratio");
  info.denominator =
      absl::StrFormat("People aged %d to %d", young_to + 1, old_from - 1);
  TALLY_RETURN_IF_ERROR(FillLinkedRows(context, "gp_patient", info));
  return RawTable::Create(
      std::move(info),
      {DimensionColumn("area", "Practice"),
       CountColumn("dependent", ColumnKind::kPersons, "Dependants"),
       CountColumn("working_age", ColumnKind::kPersons,
                   "People of working age"),
       ratio});
}

absl::StatusOr<RawTable> Dependency(const MeasureContext& context,
                                    const Areas& areas) {
  TALLY_ASSIGN_OR_RETURN(const double young,
                         context.definition.Parameter("young_to"));
  TALLY_ASSIGN_OR_RETURN(const double old,
                         context.definition.Parameter("old_from"));
  TALLY_ASSIGN_OR_RETURN(
      RawTable table,
      DependencyTable(context, static_cast<int>(young), static_cast<int>(old)));
  TALLY_ASSIGN_OR_RETURN(
      const std::vector<GroupedRow> rows,
      QueryGroups(
          context.connection,
          "SELECT practice, CAST(count_if(age <= ? OR age >= ?) AS BIGINT), "
          "CAST(count_if(age > ? AND age < ?) AS BIGINT) FROM patient_list "
          "GROUP BY practice ORDER BY practice",
          1,
          {engine::Value::Double(young), engine::Value::Double(old),
           engine::Value::Double(young), engine::Value::Double(old)}));
  std::map<std::string, std::pair<int64_t, int64_t>> counts;
  for (const GroupedRow& row : rows) {
    const std::string* area = areas.Of(row.levels[0]);
    if (area == nullptr) continue;
    counts[*area].first += row.counts[0];
    counts[*area].second += row.counts[1];
  }
  std::vector<CellRef> dependants, workers;
  for (const auto& [area, pair] : counts) {
    TALLY_RETURN_IF_ERROR(
        table.AddRow({area, pair.first, pair.second, RawValue()}));
    dependants.push_back({table.rows() - 1, 1});
    workers.push_back({table.rows() - 1, 2});
    // People of unknown age are in neither group.
    if (pair.first + pair.second == areas.list.at(area)) {
      table.AddKnownMargin({dependants.back(), workers.back()},
                           areas.list.at(area));
    }
  }
  TALLY_RETURN_IF_ERROR(table.AddRow(
      {std::string(kAllLevels), RawValue(), RawValue(), RawValue()}));
  table.SetTotal({table.rows() - 1, 1}, std::move(dependants));
  table.SetTotal({table.rows() - 1, 2}, std::move(workers));
  return table;
}

class PopulationProfile : public Measure {
 public:
  absl::StatusOr<std::vector<RawTable>> Compute(
      const MeasureContext& context) const override {
    std::vector<PopulationCut> breakdowns = UsualBreakdowns(context);
    if (!context.by.empty()) {
      TALLY_ASSIGN_OR_RETURN(breakdowns, AskedBreakdown(context.by));
    }
    TALLY_RETURN_IF_ERROR(MakePatientList(context));
    TALLY_ASSIGN_OR_RETURN(const double smallest,
                           context.definition.Parameter("smallest_area"));
    TALLY_ASSIGN_OR_RETURN(
        const Areas areas,
        ReadAreas(context.connection, static_cast<int64_t>(smallest)));
    TableInfo info = context.Info("population_profile", "Population profile");
    if (!areas.note.empty()) info.notes.push_back(areas.note);
    info.notes.push_back(
        "Totals and list sizes are counted and rounded by themselves: the "
        "cells "
        "beside them may add up to a little more or less.");
    TALLY_RETURN_IF_ERROR(FillLinkedRows(context, "gp_patient", info));
    TALLY_ASSIGN_OR_RETURN(RawTable table,
                           RawTable::Create(std::move(info), ProfileColumns()));
    if (!context.by.empty()) table.RefuseMostlyHidden();
    for (PopulationCut& breakdown : breakdowns) {
      breakdown.month = context.month;
      TALLY_RETURN_IF_ERROR(Count(context, areas, breakdown));
      TALLY_RETURN_IF_ERROR(AddBreakdown(breakdown, areas, table));
    }
    std::vector<RawTable> tables;
    tables.push_back(std::move(table));
    const bool in_years =
        context.release.Column("gp_patient", "year_of_birth") != nullptr ||
        context.release.Column("gp_patient", "age_fy") != nullptr;
    if (context.by.empty() && in_years) {
      TALLY_ASSIGN_OR_RETURN(RawTable dependency, Dependency(context, areas));
      tables.push_back(std::move(dependency));
    } else if (!in_years) {
      context.Lacks("dependency",
                    "gp_patient has neither year_of_birth nor age_fy, and it "
                    "needs ages in years");
    }
    return tables;
  }

  std::vector<PagePart> Draw(
      const MeasureDefinition& definition,
      const std::vector<GatedTable>& tables) const override {
    return DrawPopulation(definition, tables);
  }
};

}  // namespace

std::unique_ptr<Measure> MakeC02() {
  return std::make_unique<PopulationProfile>();
}

}  // namespace tally::analytics
