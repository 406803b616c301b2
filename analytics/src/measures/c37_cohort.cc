// C37: a cohort by declared rules, and how many people each step leaves.
#include "measures/c37_cohort.h"

#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <utility>

#include "absl/strings/str_format.h"
#include "analytics/dashboard/wording.h"
#include "analytics/disclosure/registry.h"
#include "analytics/measures/measure.h"
#include "analytics/measures/patient_list.h"
#include "base/status.h"
#include "base/strings.h"
#include "measures/counted.h"
#include "measures/counts.h"
#include "measures/tables.h"

namespace tally::analytics {
namespace {

absl::StatusOr<CohortStep> ReadCohortStep(const TomlTable& table) {
  std::vector<std::string> keys = {"cohort", "rule", "keep"};
  keys.insert(keys.end(), RuleElementKeys().begin(), RuleElementKeys().end());
  TALLY_RETURN_IF_ERROR(table.OnlyKeys(keys));
  CohortStep step;
  TALLY_ASSIGN_OR_RETURN(step.rule, table.GetString("rule"));
  TALLY_ASSIGN_OR_RETURN(const std::string keep, table.GetString("keep"));
  if (keep != "include" && keep != "exclude") {
    return table.ErrorAt(table.line(), "keep is include or exclude");
  }
  step.include = keep == "include";
  TALLY_ASSIGN_OR_RETURN(step.element, ReadRuleElement(table));
  if (step.element.everybody()) {
    return table.ErrorAt(table.line(), "a step that everybody meets");
  }
  return step;
}

// Who is in the cohort after all steps, by the step that removed them: 0 for
// those who remain, else the number of the step from 1.
absl::StatusOr<std::vector<GroupedRow>> RemovedBy(
    const MeasureContext& context, const Cohort& cohort,
    const std::vector<GroupColumn>& groups) {
  std::vector<RuleElement> elements;
  for (const CohortStep& step : cohort.steps) elements.push_back(step.element);
  TALLY_RETURN_IF_ERROR(MatchElements(context, elements,
                                      context.month.LastOfMonth(),
                                      "patient_list", "cohort_hit"));
  // A person is removed by the first step whose answer is the wrong one: of an
  // inclusion that they miss, of an exclusion that they meet.
  std::string step = "CASE WHEN false THEN 0";
  for (size_t i = 0; i < cohort.steps.size(); ++i) {
    absl::StrAppendFormat(&step, " WHEN %scoalesce(%s > 0, false) THEN %d",
                          cohort.steps[i].include ? "NOT " : "",
                          ElementsMetSql(i, i + 1), i + 1);
  }
  step += " ELSE 0 END";
  std::string columns;
  for (const GroupColumn& group : groups) {
    columns += absl::StrFormat("l.%s, ", group.sql);
  }
  return QueryGroups(
      context.connection,
      absl::StrFormat("SELECT %sCAST(%s AS BIGINT) AS step, count(*) "
                      "FROM patient_list AS l LEFT JOIN cohort_hit AS h "
                      "ON h.person = l.person GROUP BY ALL",
                      columns, step),
      groups.size());
}

TableBuilder AttritionTable(TableInfo info,
                            const std::vector<GroupColumn>& groups) {
  TableBuilder table(std::move(info));
  table.Dimension("cohort", "Cohort");
  for (const GroupColumn& group : groups) {
    const bool practice = group.name == "practice";
    table.Dimension(practice ? "area" : group.name,
                    practice ? "Practice" : group.title);
  }
  table.Dimension("step", "Step")
      .Dimension("rule", "Rule")
      .Persons("remaining", "Remaining")
      .Persons("removed", "Removed");
  return table;
}

// What the gate must know: each number of remaining people is that of the next
// step and those whom it removed.
using Chains = std::vector<std::vector<size_t>>;

size_t AddStep(const Cohort& cohort, const std::vector<std::string>& group,
               size_t step, TableBuilder& table) {
  std::vector<std::string> levels = {cohort.title};
  levels.insert(levels.end(), group.begin(), group.end());
  levels.push_back(absl::StrFormat("%02d", step));
  // Who meets a rule stays, or goes: that is half of the rule.
  levels.push_back(step == 0 ? "On the list"
                   : cohort.steps[step - 1].include
                       ? cohort.steps[step - 1].rule
                       : "without: " + cohort.steps[step - 1].rule);
  return table.AddRow(levels);
}

void AddChain(const Cohort& cohort, const std::vector<std::string>& group,
              const std::string& everybody, const std::vector<int64_t>& removed,
              TableBuilder& table, Chains& chains) {
  // removed[0] are those who remain at the end.
  std::vector<size_t> rows;
  for (size_t step = 0; step <= cohort.steps.size(); ++step) {
    const size_t row = AddStep(cohort, group, step, table);
    if (step > 0) table.Set(row, "removed", removed[step]);
    if (step == cohort.steps.size()) table.Set(row, "remaining", removed[0]);
    rows.push_back(row);
  }
  table.Counted(rows.front(), "remaining", everybody);
  chains.push_back(std::move(rows));
}

absl::StatusOr<RawTable> FinishChains(TableBuilder& builder,
                                      const Chains& chains) {
  TALLY_ASSIGN_OR_RETURN(RawTable table, builder.Finish());
  TALLY_ASSIGN_OR_RETURN(const size_t remaining,
                         table.ColumnIndex("remaining"));
  TALLY_ASSIGN_OR_RETURN(const size_t removed, table.ColumnIndex("removed"));
  for (const std::vector<size_t>& rows : chains) {
    for (size_t i = 0; i + 1 < rows.size(); ++i) {
      table.SetTotal({rows[i], remaining},
                     {{rows[i + 1], remaining}, {rows[i + 1], removed}});
    }
    table.SetNa({rows[0], removed}, NaReason::kNoDenominator);
  }
  return table;
}

class CohortBuilder : public Measure {
 public:
  absl::StatusOr<std::vector<RawTable>> Compute(
      const MeasureContext& context) const override {
    TALLY_ASSIGN_OR_RETURN(const std::vector<GroupColumn> groups,
                           GroupColumns(context.by));
    TALLY_ASSIGN_OR_RETURN(const std::vector<Cohort> cohorts,
                           ReadCohorts(context.definition));
    TALLY_RETURN_IF_ERROR(MakePatientList(context));
    std::vector<std::string> notes = {
        "Rules are applied in their order; a person counts as removed by the "
        "first that they fail. A remaining number is the sum of the printed "
        "numbers after it."};
    std::vector<const Cohort*> here;
    TALLY_RETURN_IF_ERROR(SplitCohorts(context, cohorts, here, notes));
    TableInfo info = context.Info("cohort_attrition", "People after each rule");
    // The rules are the cohort: another set of rules is another one.
    info.cohort = RulesInWords(cohorts);
    info.notes = notes;
    TALLY_RETURN_IF_ERROR(FillLinkedRows(context, "gp_patient", info));
    TableBuilder table = AttritionTable(std::move(info), groups);
    if (!context.by.empty()) table.RefuseMostlyHidden();
    Chains chains;
    for (const Cohort* cohort : here) {
      TALLY_ASSIGN_OR_RETURN(const std::vector<GroupedRow> rows,
                             RemovedBy(context, *cohort, groups));
      std::map<std::vector<std::string>, std::vector<int64_t>> counts;
      for (const GroupedRow& row : rows) {
        std::vector<int64_t>& of_group = counts[row.levels];
        of_group.resize(cohort->steps.size() + 1);
        of_group[static_cast<size_t>(row.counts[0])] += row.counts[1];
      }
      for (const auto& [group, removed] : counts) {
        AddChain(*cohort, group,
                 CountedPeople(context.month, LevelsOf(groups, group)), removed,
                 table, chains);
      }
    }
    std::vector<RawTable> tables;
    TALLY_ASSIGN_OR_RETURN(RawTable finished, FinishChains(table, chains));
    tables.push_back(std::move(finished));
    return tables;
  }

  std::vector<PagePart> Draw(
      const MeasureDefinition&,
      const std::vector<GatedTable>& tables) const override {
    return DrawAttrition(tables);
  }

 private:
  static absl::Status SplitCohorts(const MeasureContext& context,
                                   const std::vector<Cohort>& cohorts,
                                   std::vector<const Cohort*>& here,
                                   std::vector<std::string>& notes) {
    std::vector<RuleElement> elements;
    for (const Cohort& cohort : cohorts) {
      std::string missing;
      for (const CohortStep& step : cohort.steps) {
        if (missing.empty()) missing = ElementMissing(context, step.element);
      }
      if (!missing.empty()) {
        notes.push_back(
            absl::StrFormat("%s is not available: %s.", cohort.title, missing));
        continue;
      }
      here.push_back(&cohort);
      for (const CohortStep& step : cohort.steps) {
        elements.push_back(step.element);
      }
    }
    TALLY_ASSIGN_OR_RETURN(const std::vector<std::string> look_backs,
                           LookBackNotes(context, elements));
    notes.insert(notes.end(), look_backs.begin(), look_backs.end());
    TALLY_ASSIGN_OR_RETURN(const std::vector<std::string> unseen,
                           ClustersWithoutRecords(context, elements));
    if (!unseen.empty()) {
      notes.push_back(absl::StrFormat(
          "Code clusters of the rules without any record in this release: %s.",
          JoinText(unseen, ", ")));
    }
    return absl::OkStatus();
  }

  static std::string RulesInWords(const std::vector<Cohort>& cohorts) {
    std::string words;
    for (const Cohort& cohort : cohorts) {
      words += cohort.title + ":";
      for (const CohortStep& step : cohort.steps) {
        words += absl::StrFormat(" %s %s;", step.include ? "with" : "without",
                                 step.rule);
      }
      words += " ";
    }
    return words;
  }
};

}  // namespace

absl::StatusOr<std::vector<Cohort>> ReadCohorts(
    const MeasureDefinition& definition) {
  const TomlTable& root = definition.root();
  TALLY_ASSIGN_OR_RETURN(const TomlArray titles, root.GetArray("cohort"));
  std::vector<Cohort> cohorts;
  std::set<std::string> ids;
  for (const TomlValue& value : titles) {
    if (!value.is_table()) {
      return root.ErrorAt(value.line(), "a cohort is a table");
    }
    const TomlTable& table = value.AsTable();
    TALLY_RETURN_IF_ERROR(table.OnlyKeys({"id", "title"}));
    Cohort& cohort = cohorts.emplace_back();
    TALLY_ASSIGN_OR_RETURN(cohort.id, table.GetString("id"));
    TALLY_ASSIGN_OR_RETURN(cohort.title, table.GetString("title"));
    if (!ids.insert(cohort.id).second) {
      return table.ErrorAt(table.line(), "the cohort is there twice");
    }
  }
  TALLY_ASSIGN_OR_RETURN(const TomlArray steps, root.GetArray("step"));
  for (const TomlValue& value : steps) {
    if (!value.is_table()) {
      return root.ErrorAt(value.line(), "a step is a table");
    }
    const TomlTable& table = value.AsTable();
    TALLY_ASSIGN_OR_RETURN(const std::string id, table.GetString("cohort"));
    const auto cohort = std::find_if(cohorts.begin(), cohorts.end(),
                                     [&](const auto& c) { return c.id == id; });
    if (cohort == cohorts.end()) {
      return table.ErrorAt(table.line(), "the step belongs to no cohort");
    }
    TALLY_ASSIGN_OR_RETURN(cohort->steps.emplace_back(), ReadCohortStep(table));
  }
  for (const Cohort& cohort : cohorts) {
    if (cohort.steps.empty()) {
      return root.ErrorAt(root.Find("cohort")->line(),
                          absl::StrFormat("%s has no steps", cohort.id));
    }
  }
  return cohorts;
}

std::vector<PagePart> DrawAttrition(const std::vector<GatedTable>& tables) {
  if (tables.empty() || tables[0].rows() == 0) return {};
  const GatedTable& table = tables[0];
  Chart chart("cohort-attrition", "attrition", table,
              {"cohort", "step", "rule", "remaining", "removed"},
              [](const GatedTable&, size_t) { return true; });
  chart.SelectBy("cohort", "Cohort", table.at(0, "cohort").text());
  chart.unit = "people";
  chart.options.Set("x", "remaining")
      .Set("y", "rule")
      .Set("removed", "removed");
  for (const std::string& cohort : chart.LevelsOf("cohort")) {
    size_t first = chart.rows(), last = 0;
    for (size_t row = 0; row < chart.rows(); ++row) {
      if (chart.cell(row, 0).text() != cohort) continue;
      first = std::min(first, row);
      last = row;
    }
    const std::string title = FirstSaid(
        {Say("$0: $1 people of $2", cohort, chart.cell(last, 3),
             chart.cell(first, 3))},
        absl::StrFormat("%s: too few people to print their number", cohort));
    chart.Describe(
        cohort, title,
        absl::StrFormat("People who remain after each of %d rules. %s.",
                        last - first, title));
  }
  PagePart part{"population", {{6, chart.title + "."}}, {}};
  part.charts.push_back(std::move(chart));
  std::vector<PagePart> parts;
  parts.push_back(std::move(part));
  return parts;
}

std::unique_ptr<Measure> MakeC37() { return std::make_unique<CohortBuilder>(); }

}  // namespace tally::analytics
