// C03: recorded prevalence by practice, crude and standardised.
#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <utility>

#include "absl/strings/str_format.h"
#include "analytics/disclosure/registry.h"
#include "analytics/measures/measure.h"
#include "analytics/measures/patient_list.h"
#include "analytics/statistics/standardise.h"
#include "base/exit_code.h"
#include "base/status.h"
#include "base/strings.h"
#include "measures/c03_conditions.h"
#include "measures/counted.h"
#include "measures/strata.h"
#include "measures/tables.h"

namespace tally::analytics {
namespace {

// One condition: people and cases by group.
struct Counted {
  const Condition* condition;
  GroupedStrata groups;
};

std::vector<ColumnSpec> PrevalenceColumns(
    const std::vector<GroupColumn>& groups, double multiplier) {
  std::vector<ColumnSpec> columns = {DimensionColumn("condition", "Condition")};
  for (const GroupColumn& group : groups) {
    const bool practice = group.name == "practice";
    columns.push_back(DimensionColumn(practice ? "area" : group.name,
                                      practice ? "Practice" : group.title));
  }
  const ColumnSpec crude =
      ProportionColumn("crude", "Prevalence, crude", "register", "list");
  ColumnSpec dsr;
  dsr.name = "dsr";
  dsr.kind = ColumnKind::kStdRate;
  dsr.title = "Prevalence, age-standardised";
  dsr.unit = PerUnit(multiplier);
  dsr.numerator = "register";
  dsr.multiplier = multiplier;
  for (ColumnSpec column :
       {CountColumn("register", ColumnKind::kPersons, "On the register"),
        CountColumn("list", ColumnKind::kPersons, "On the list"), crude,
        LimitColumn("crude_lo", "Crude, lower limit", crude,
                    ColumnRole::kLower),
        LimitColumn("crude_hi", "Crude, upper limit", crude,
                    ColumnRole::kUpper),
        dsr,
        LimitColumn("dsr_lo", "Standardised, lower limit", dsr,
                    ColumnRole::kLower),
        LimitColumn("dsr_hi", "Standardised, upper limit", dsr,
                    ColumnRole::kUpper)}) {
    columns.push_back(std::move(column));
  }
  for (ColumnSpec& column : ExpectedAndGap("register")) {
    columns.push_back(std::move(column));
  }
  return columns;
}

// Positions behind the grouping columns.
enum Offset : size_t {
  kRegister,
  kListSize,
  kCrude,
  kCrudeLow,
  kCrudeHigh,
  kDsr,
  kDsrLow,
  kDsrHigh,
  kExpectedCases,
  kGapCases,
};

// Adds one row with what stands behind its figures. A total has null counts:
// the gate sums its parts.
absl::Status AddRow(const Counted& counted, const Group& group,
                    const Strata& strata, std::optional<double> expected,
                    double multiplier, RawTable& table) {
  std::vector<RawValue> row(table.columns().size());
  row[0] = counted.condition->title;
  for (size_t i = 0; i < group.size(); ++i) row[1 + i] = group[i];
  const size_t base = 1 + group.size();
  const Stratum total = SumOfStrata(strata);
  if (expected.has_value()) {
    row[base + kRegister] = total.events;
    row[base + kListSize] = total.people;
    row[base + kExpectedCases] = *expected;
  }
  const DirectRate rate = StandardisedOver(
      strata,
      Esp2013Between(counted.condition->age_from, counted.condition->age_to),
      multiplier, false);
  if (rate.rate.value.known()) {
    row[base + kDsr] = rate.rate.value.value();
  }
  TALLY_RETURN_IF_ERROR(table.AddRow(std::move(row)));
  const CellRef dsr{table.rows() - 1, base + kDsr};
  if (rate.rate.value.known()) {
    CellBasis basis;
    basis.spread = rate.spread.value();
    table.SetBasis(dsr, basis);
  } else {
    table.SetNa(dsr, rate.rate.value.reason());
  }
  if (!expected.has_value()) {
    table.SetNa({dsr.row, base + kExpectedCases}, NaReason::kNotReleased);
  }
  return absl::OkStatus();
}

// Other measures count the same cases and, where a condition has no limits of
// age, the same people.
void NameGroup(const Counted& counted, CivilDay month,
               const CountedLevels& levels, CellRef cases, CellRef people,
               RawTable& table) {
  const Condition& condition = *counted.condition;
  table.SetCounted(cases, CountedCases("C03", condition.id, month, levels));
  if (AreAllAges(condition.age_from, condition.age_to)) {
    table.SetCounted(people, CountedPeople(month, levels));
  }
}

absl::Status AddCondition(const Counted& counted,
                          const std::vector<GroupColumn>& columns,
                          CivilDay month, double multiplier, RawTable& table) {
  const size_t group_columns = columns.size();
  const Strata all = SumOfGroups(counted.groups);
  const std::vector<Group> groups = SortedGroups(counted.groups);
  const size_t base = 1 + group_columns;
  std::vector<CellRef> cases, people;
  for (const Group& group : groups) {
    const Strata& strata = counted.groups.at(group);
    TALLY_ASSIGN_OR_RETURN(const double expected, ExpectedOver(strata, all));
    TALLY_RETURN_IF_ERROR(
        AddRow(counted, group, strata, expected, multiplier, table));
    cases.push_back({table.rows() - 1, base + kRegister});
    people.push_back({table.rows() - 1, base + kListSize});
    NameGroup(counted, month, LevelsOf(columns, group), cases.back(),
              people.back(), table);
  }
  if (groups.empty()) return absl::OkStatus();
  const Group total(group_columns, std::string(kAllLevels));
  TALLY_RETURN_IF_ERROR(
      AddRow(counted, total, all, std::nullopt, multiplier, table));
  const CellRef all_cases{table.rows() - 1, base + kRegister};
  const CellRef everybody{table.rows() - 1, base + kListSize};
  table.SetTotal(all_cases, std::move(cases));
  table.SetTotal(everybody, std::move(people));
  NameGroup(counted, month, {}, all_cases, everybody, table);
  return absl::OkStatus();
}

class Prevalence : public Measure {
 public:
  absl::StatusOr<std::vector<RawTable>> Compute(
      const MeasureContext& context) const override {
    std::vector<std::string> by = context.by;
    if (by.empty()) by = {"practice"};
    TALLY_ASSIGN_OR_RETURN(const std::vector<GroupColumn> groups,
                           GroupColumns(by));
    for (const GroupColumn& group : groups) {
      if (group.name == "age_band") {
        return UsageError(
            "--by: figures standardised for age are not grouped "
            "by age band");
      }
    }
    TALLY_ASSIGN_OR_RETURN(const std::vector<Condition> conditions,
                           ReadConditions(context.definition));
    TALLY_ASSIGN_OR_RETURN(const double multiplier,
                           context.definition.Parameter("multiplier"));
    TALLY_RETURN_IF_ERROR(MakePatientList(context));
    TALLY_RETURN_IF_ERROR(
        MakeConditionRegister(context, conditions, context.definition.id()));
    std::vector<ColumnSpec> columns = PrevalenceColumns(groups, multiplier);
    TableInfo info = context.Info("prevalence", "Recorded prevalence");
    info.notes = {
        "Standard: European Standard Population 2013, cut to the ages of the "
        "condition.",
        "Expected: rates by sex and age band of all practices together.",
        "NA: a standardised rate of fewer than 10 cases, or with an age band "
        "without people.",
        NaNote(columns)};
    if (!context.by.empty()) info.notes.push_back(CutNote(by));
    NoteOldest(context, context.month, info.notes);
    TALLY_RETURN_IF_ERROR(FillLinkedRows(context, "gp_event", info));
    TALLY_ASSIGN_OR_RETURN(
        RawTable table, RawTable::Create(std::move(info), std::move(columns)));
    if (!context.by.empty()) table.RefuseMostlyHidden();
    TALLY_ASSIGN_OR_RETURN(
        std::vector<GroupedStrata> all,
        CountConditions(context, groups, conditions, context.definition.id()));
    for (size_t i = 0; i < conditions.size(); ++i) {
      const Counted counted{&conditions[i], std::move(all[i])};
      // A condition without a single event was not asked for by the
      // agreement: its register would read as zero.
      if (SumOfStrata(SumOfGroups(counted.groups)).events == 0) continue;
      TALLY_RETURN_IF_ERROR(
          AddCondition(counted, groups, context.month, multiplier, table));
    }
    std::vector<RawTable> tables;
    tables.push_back(std::move(table));
    return tables;
  }

  std::vector<PagePart> Draw(
      const MeasureDefinition& definition,
      const std::vector<GatedTable>& tables) const override {
    return DrawPrevalence(definition, tables);
  }
};

}  // namespace

std::unique_ptr<Measure> MakeC03() { return std::make_unique<Prevalence>(); }

}  // namespace tally::analytics
