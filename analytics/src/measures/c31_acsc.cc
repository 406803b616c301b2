// C31: emergency admissions for ambulatory care sensitive conditions.
#include "measures/c31_acsc.h"

#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <utility>

#include "absl/strings/str_format.h"
#include "analytics/disclosure/registry.h"
#include "analytics/measures/patient_list.h"
#include "analytics/statistics/standardise.h"
#include "base/exit_code.h"
#include "base/status.h"
#include "base/strings.h"
#include "measures/code_rules.h"
#include "measures/counted.h"
#include "measures/counts.h"
#include "measures/hospital.h"
#include "measures/kinds.h"
#include "measures/months.h"
#include "measures/tables.h"

namespace tally::analytics {
namespace {

constexpr int kAcscMonths = 12;

// What is asked of the table of a year.
struct AcscRequest {
  std::string list_id;
  double multiplier = 1;
  std::vector<GroupColumn> groups;
  bool conditions = false;  // of groups too, not only of everybody
  CivilDay first;           // of the months
  EventLists lists;
};

absl::StatusOr<TableBuilder> AcscColumns(const MeasureContext& context,
                                         const AcscRequest& request) {
  TableInfo info = context.Info(
      "acsc", "Emergency admissions that care outside hospital can prevent");
  info.period = absl::StrFormat("%s to %s", request.first.ToMonth(),
                                context.month.ToMonth());
  info.notes = {
      absl::StrFormat("Conditions of the list %s. An admission counts once in "
                      "each group and once in all.",
                      request.list_id),
      "Standard: European Standard Population 2013; isr: rates of all "
      "practices by sex and age band.",
      "Admissions of people on a list in their month, whoever was on it in the "
      "middle of the year; the list is that of the middle.",
      "NA: fewer than 10 admissions, or an age band without people."};
  if (!context.by.empty()) info.notes.push_back(CutNote(context.by));
  NoteOldest(context, request.lists.middle, info.notes);
  TALLY_RETURN_IF_ERROR(FillLinkedRows(context, "sus_apc", info));
  TableBuilder table(std::move(info));
  table.Dimension("list_id", "List")
      .Dimension("group", "Group")
      .Dimension("condition", "Condition");
  for (const GroupColumn& group : request.groups) {
    table.Dimension(group.name == "practice" ? "area" : group.name,
                    group.title);
  }
  table.Persons("list", "On the list")
      .Events("admissions", "Admissions")
      .StandardisedRate("dsr", "Age-standardised rate", "admissions",
                        request.multiplier)
      .StandardisedRate("isr", "Indirectly standardised rate", "admissions",
                        request.multiplier);
  if (!context.by.empty()) table.RefuseMostlyHidden();
  return table;
}

std::string AcscGroupTitle(const std::string& group) {
  if (group == "vaccine") return "Vaccine-preventable";
  if (group == "chronic") return "Chronic";
  if (group == "acute") return "Acute";
  return group;
}

// What a row of the table is about: a condition, a group, or all.
struct AcscKind {
  std::string key;  // as in acsc_event.kind
  std::string group;
  std::string condition;
};

std::vector<AcscKind> AcscKinds(const std::vector<CodeRule>& rules,
                                bool conditions) {
  const std::string all(kAllLevels);
  std::vector<AcscKind> kinds;
  std::set<std::string> groups;
  for (const CodeRule& rule : rules) {
    if (conditions && rule.counts_as == rule.id) {
      kinds.push_back({"c:" + rule.id, AcscGroupTitle(rule.group), rule.title});
    }
  }
  for (const CodeRule& rule : rules) {
    if (groups.insert(rule.group).second) {
      kinds.push_back({"g:" + rule.group, AcscGroupTitle(rule.group), all});
    }
  }
  kinds.push_back({"all", all, all});
  return kinds;
}

// Adds a row and returns its place.
size_t AddAcscRow(const AcscRequest& request, const AcscKind& kind,
                  const Group& group, const Strata& strata, const Strata& all,
                  TableBuilder& table) {
  std::vector<std::string> levels = {request.list_id, kind.group,
                                     kind.condition};
  levels.insert(levels.end(), group.begin(), group.end());
  const size_t row = table.AddRow(levels);
  const Stratum total = SumOfStrata(strata);
  table.Set(row, "list", total.people)
      .Set(row, "admissions", total.events)
      .SetRate(row, "dsr",
               StandardisedOver(strata, Esp2013(), request.multiplier, true))
      .SetRate(row, "isr", IndirectRateOver(strata, all, request.multiplier))
      .Counted(
          row, "list",
          CountedPeople(request.lists.middle, LevelsOf(request.groups, group)));
  return row;
}

// The rows of a kind: its groups, then everybody.
void AddAcscKind(const AcscRequest& request, const AcscKind& kind,
                 const GroupedStrata& strata, TableBuilder& table) {
  const Strata all = SumOfGroups(strata);
  // Conditions are too rare for areas, unless they were asked for.
  std::vector<size_t> parts;
  if (request.conditions || kind.condition == kAllLevels) {
    for (const Group& group : SortedGroups(strata)) {
      parts.push_back(
          AddAcscRow(request, kind, group, strata.at(group), all, table));
    }
  }
  const Group everywhere(request.groups.size(), std::string(kAllLevels));
  const size_t total = AddAcscRow(request, kind, everywhere, all, all, table);
  if (!parts.empty()) table.Total(total, parts);
}

absl::StatusOr<RawTable> AcscTable(const MeasureContext& context,
                                   const std::vector<CodeRule>& rules,
                                   AcscRequest request) {
  TALLY_ASSIGN_OR_RETURN(request.multiplier,
                         context.definition.Parameter("multiplier"));
  TALLY_ASSIGN_OR_RETURN(request.list_id,
                         context.definition.root().GetString("list_id"));
  TALLY_ASSIGN_OR_RETURN(request.lists, MakeEventLists(context, request.first));
  TALLY_ASSIGN_OR_RETURN(TableBuilder table, AcscColumns(context, request));
  TALLY_ASSIGN_OR_RETURN(
      const KindStrata counted,
      CountKinds(context, request.groups,
                 absl::StrFormat("(SELECT kind, person, CAST(date_trunc("
                                 "'month', admission_date) AS DATE) AS month "
                                 "FROM acsc_event "
                                 "WHERE admission_date >= DATE '%s')",
                                 request.first.ToIso()),
                 request.lists));
  for (const AcscKind& kind : AcscKinds(rules, true)) {
    AddAcscKind(request, kind, counted.Of(kind.key), table);
  }
  return table.Finish();
}

absl::StatusOr<RawTable> AcscMonths(const MeasureContext& context,
                                    const std::vector<CodeRule>& rules,
                                    CivilDay from) {
  TableInfo info =
      context.Info("acsc_month", "Such admissions by month and group");
  info.period =
      absl::StrFormat("%s to %s", from.ToMonth(), context.month.ToMonth());
  info.cohort = "Emergency admissions with a condition of the list";
  info.notes = {
      "Admissions of everybody, on a list or not. An admission counts once in "
      "each group and once in all."};
  TALLY_RETURN_IF_ERROR(FillLinkedRows(context, "sus_apc", info));
  TableBuilder table(std::move(info));
  table.Dimension("month", "Month")
      .Dimension("group", "Group")
      .Events("admissions", "Admissions");
  TALLY_ASSIGN_OR_RETURN(
      const std::vector<GroupedRow> rows,
      QueryGroups(context.connection,
                  "SELECT strftime(admission_date, '%Y-%m') AS month, kind, "
                  "count(*) FROM acsc_event WHERE NOT starts_with(kind, 'c:') "
                  "GROUP BY month, kind",
                  2));
  std::map<std::pair<std::string, std::string>, int64_t> counts;
  for (const GroupedRow& row : rows) {
    counts[{row.levels[0], row.levels[1]}] = row.counts[0];
  }
  for (CivilDay month = from; month <= context.month;) {
    for (const AcscKind& kind : AcscKinds(rules, false)) {
      const auto found = counts.find({month.ToMonth(), kind.key});
      const size_t row = table.AddRow({month.ToMonth(), kind.group});
      table.Set(row, "admissions",
                found == counts.end() ? int64_t{0} : found->second);
    }
    TALLY_ASSIGN_OR_RETURN(month, month.AddMonths(1));
  }
  return table.Finish();
}

// The table acsc_event (kind, spell_no, person, admission_date): a row an
// admission and kind, from `from` on.
absl::Status MakeAcscEvents(const MeasureContext& context,
                            const std::vector<CodeRule>& rules, CivilDay from) {
  engine::Connection& connection = context.connection;
  TALLY_RETURN_IF_ERROR(MakeHospitalSpells(context));
  const std::string day = PlacedDay(context, "sus_apc", "admission_date");
  TALLY_RETURN_IF_ERROR(connection.Execute(
      absl::StrFormat("CREATE OR REPLACE TEMPORARY TABLE acsc_spell AS "
                      "SELECT spell_no, person, %1$s AS admission_date "
                      "FROM provider_spell WHERE admission_method LIKE '2%%' "
                      "AND %1$s BETWEEN ? AND ?",
                      day),
      {engine::Value::Day(from.days()),
       engine::Value::Day(context.month.LastOfMonth().days())}));
  TALLY_RETURN_IF_ERROR(
      MakeCodeTable(connection, "acsc_code",
                    "SELECT e.spell_no AS unit, e.diagnoses, e.procedures "
                    "FROM spell_episode AS e INNER JOIN acsc_spell AS s "
                    "ON s.spell_no = e.spell_no WHERE e.place = 1"));
  TALLY_RETURN_IF_ERROR(ApplyCodeRules(connection, rules, {"acsc_code", ""}));
  TALLY_RETURN_IF_ERROR(connection.Execute(
      "CREATE OR REPLACE TEMPORARY TABLE acsc_kind (rule INTEGER, kind "
      "VARCHAR)"));
  for (size_t i = 0; i < rules.size(); ++i) {
    for (const std::string& kind :
         {"c:" + rules[i].counts_as, "g:" + rules[i].group,
          std::string("all")}) {
      TALLY_RETURN_IF_ERROR(
          connection.Execute("INSERT INTO acsc_kind VALUES (?, ?)",
                             {engine::Value::Int64(static_cast<int64_t>(i)),
                              engine::Value::Text(kind)}));
    }
  }
  TALLY_RETURN_IF_ERROR(connection.Execute(
      "CREATE OR REPLACE TEMPORARY TABLE acsc_event AS "
      "SELECT h.kind, s.spell_no, s.person, s.admission_date FROM ("
      "SELECT DISTINCT k.kind, r.unit FROM rule_hit AS r "
      "INNER JOIN acsc_kind AS k ON k.rule = r.rule) AS h "
      "INNER JOIN acsc_spell AS s ON s.spell_no = h.unit"));
  return connection.Execute("DROP TABLE acsc_code");
}

// The columns asked for, without "condition", which asks for conditions.
absl::Status ReadAcscGroups(const std::vector<std::string>& by,
                            AcscRequest& request) {
  std::vector<std::string> names;
  for (const std::string& name : by) {
    if (name == "condition" && !request.conditions) {
      request.conditions = true;
    } else {
      names.push_back(name);
    }
    if (name == "age_band") {
      return UsageError(
          "--by: figures standardised for age are not grouped by age band");
    }
  }
  if (names.empty()) names = {"practice"};
  TALLY_ASSIGN_OR_RETURN(request.groups, GroupColumns(names));
  return absl::OkStatus();
}

class Acsc : public Measure {
 public:
  absl::StatusOr<std::vector<RawTable>> Compute(
      const MeasureContext& context) const override {
    AcscRequest request;
    TALLY_RETURN_IF_ERROR(ReadAcscGroups(context.by, request));
    TALLY_ASSIGN_OR_RETURN(const std::vector<CodeRule> rules,
                           ReadCodeRules(context.definition));
    TALLY_ASSIGN_OR_RETURN(const double trend,
                           context.definition.Parameter("trend_months"));
    TALLY_ASSIGN_OR_RETURN(const MonthRange covered,
                           CoveredMonths(context.release));
    TALLY_ASSIGN_OR_RETURN(
        const CivilDay back,
        context.month.AddMonths(
            1 - std::max(kAcscMonths, static_cast<int>(trend))));
    TALLY_ASSIGN_OR_RETURN(request.first,
                           context.month.AddMonths(1 - kAcscMonths));
    const CivilDay from = std::max(back, covered.first);
    TALLY_RETURN_IF_ERROR(
        MakeAcscEvents(context, rules, std::min(request.first, from)));
    std::vector<RawTable> tables;
    TALLY_ASSIGN_OR_RETURN(RawTable year,
                           AcscTable(context, rules, std::move(request)));
    tables.push_back(std::move(year));
    if (!context.by.empty()) return tables;
    TALLY_ASSIGN_OR_RETURN(RawTable months, AcscMonths(context, rules, from));
    tables.push_back(std::move(months));
    return tables;
  }

  std::vector<PagePart> Draw(
      const MeasureDefinition&,
      const std::vector<GatedTable>& tables) const override {
    return DrawAcsc(tables);
  }
};

}  // namespace

std::unique_ptr<Measure> MakeC31() { return std::make_unique<Acsc>(); }

}  // namespace tally::analytics
