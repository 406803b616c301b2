// C09: steps from event to event, journeys, and references they are held
// against.
#include "measures/c09_pathways.h"

#include <algorithm>
#include <map>
#include <memory>
#include <utility>

#include "absl/strings/str_format.h"
#include "analytics/disclosure/registry.h"
#include "analytics/measures/patient_list.h"
#include "base/exit_code.h"
#include "base/status.h"
#include "base/strings.h"
#include "measures/counts.h"
#include "measures/tables.h"

namespace tally::analytics {
namespace {

constexpr std::string_view kOtherLevel = "other";
constexpr std::string_view kStartStep = "Start";
constexpr std::string_view kEndStep = "End";
constexpr std::string_view kStepArrow = " > ";

struct PathwaySettings {
  int64_t months = 0;
  int64_t collapse_days = 0;
  int64_t fewest_persons = 0;
  int64_t longest = 0;
  int64_t most_variants = 0;
};

absl::StatusOr<PathwaySettings> ReadSettings(
    const MeasureDefinition& definition) {
  TALLY_ASSIGN_OR_RETURN(const TomlTable table,
                         definition.root().GetTable("parameters"));
  PathwaySettings settings;
  const std::tuple<const char*, int64_t*, int64_t, int64_t> keys[] = {
      {"months", &settings.months, 1, 120},
      {"collapse_days", &settings.collapse_days, 0, 365},
      {"fewest_persons", &settings.fewest_persons, 1, 1000000},
      {"longest", &settings.longest, 1, kMostSteps},
      {"most_variants", &settings.most_variants, 1, 400}};
  for (const auto& [key, value, low, high] : keys) {
    TALLY_ASSIGN_OR_RETURN(*value, table.GetInt(key, low, high));
  }
  return settings;
}

// What the tables have in common: all but name and title.
absl::StatusOr<TableInfo> PathwayInfo(const MeasureContext& context,
                                      CivilDay from,
                                      const std::vector<std::string>& untold) {
  TableInfo info = context.Info("", "");
  TALLY_RETURN_IF_ERROR(FillLinkedRows(context, "sus_apc", info));
  info.period =
      absl::StrFormat("%s to %s", from.ToMonth(), context.month.ToMonth());
  if (!untold.empty()) {
    info.notes.push_back(
        "Not in this release by day: " + JoinText(untold, ", ") + ".");
  }
  return info;
}

// The name of an activity by its position as text; "unknown" stands for none.
std::string StepName(const std::vector<PathwayActivity>& activities,
                     const std::string& position, std::string_view none) {
  if (position == kUnknown) return std::string(none);
  return activities.at(std::stoul(position)).name;
}

constexpr std::string_view kEdges =
    "CREATE OR REPLACE TEMPORARY TABLE pathway_edge AS "
    "SELECT person, activity AS a, next_activity AS b, "
    "date_diff('day', day, next_day) AS gap FROM pathway_step UNION ALL "
    "SELECT person, NULL AS a, activity AS b, NULL AS gap FROM pathway_step "
    "WHERE turn = 1";

absl::StatusOr<RawTable> EdgeTable(
    const MeasureContext& context,
    const std::vector<PathwayActivity>& activities,
    const PathwaySettings& settings, TableInfo info) {
  TALLY_RETURN_IF_ERROR(context.connection.Execute(kEdges));
  TALLY_RETURN_IF_ERROR(context.connection.Execute(
      "CREATE OR REPLACE TEMPORARY TABLE pathway_edge_count AS "
      "SELECT a, b, count(*) AS n, count(DISTINCT person) AS persons, "
      "CAST(round(10 * quantile_cont(gap, 0.5)) AS BIGINT) AS median_tenths, "
      "CAST(round(10 * quantile_cont(gap, 0.9)) AS BIGINT) AS p90_tenths "
      "FROM pathway_edge GROUP BY a, b"));
  TALLY_ASSIGN_OR_RETURN(
      const std::vector<GroupedRow> rows,
      QueryGroups(context.connection,
                  "SELECT CAST(a AS VARCHAR), CAST(b AS VARCHAR), n, persons, "
                  "median_tenths, p90_tenths FROM pathway_edge_count "
                  "WHERE persons >= ? ORDER BY a NULLS FIRST, b NULLS LAST",
                  2, {engine::Value::Int64(settings.fewest_persons)}));
  TableBuilder table(std::move(info));
  table.Dimension("from", "From")
      .Dimension("to", "To")
      .Events("n", "Times")
      .Persons("persons", "People")
      .Percentile("median_gap", "Median days between", "days", "persons", 0.5)
      .Percentile("p90_gap", "90 % within", "days", "persons", 0.9);
  for (const GroupedRow& row : rows) {
    const size_t at =
        table.AddRow({StepName(activities, row.levels[0], kStartStep),
                      StepName(activities, row.levels[1], kEndStep)});
    table.Set(at, "n", row.counts[0]).Set(at, "persons", row.counts[1]);
    if (row.levels[0] == kUnknown || row.levels[1] == kUnknown) continue;
    table.Set(at, "median_gap", static_cast<double>(row.counts[2]) / 10)
        .Set(at, "p90_gap", static_cast<double>(row.counts[3]) / 10);
  }
  TALLY_ASSIGN_OR_RETURN(
      const std::vector<GroupedRow> other,
      QueryGroups(context.connection,
                  "SELECT count(*), count(DISTINCT e.person) "
                  "FROM pathway_edge AS e INNER JOIN pathway_edge_count AS c "
                  "ON e.a IS NOT DISTINCT FROM c.a "
                  "AND e.b IS NOT DISTINCT FROM c.b WHERE c.persons < ?",
                  0, {engine::Value::Int64(settings.fewest_persons)}));
  if (other.at(0).counts[1] >= settings.fewest_persons) {
    const size_t at =
        table.AddRow({std::string(kOtherLevel), std::string(kOtherLevel)});
    table.Set(at, "n", other[0].counts[0])
        .Set(at, "persons", other[0].counts[1]);
  }
  TALLY_RETURN_IF_ERROR(context.connection.Execute("DROP TABLE pathway_edge"));
  TALLY_RETURN_IF_ERROR(
      context.connection.Execute("DROP TABLE pathway_edge_count"));
  return table.Finish();
}

// "Attendance > Emergency admission" of a number whose hexadecimal digits are
// the activities, from 1, the first lowest; 15 says that there were more.
std::string StepsOf(int64_t code,
                    const std::vector<PathwayActivity>& activities) {
  std::string steps;
  for (; code > 0; code /= 16) {
    if (!steps.empty()) steps += kStepArrow;
    const auto digit = static_cast<size_t>(code % 16);
    steps += digit <= activities.size() ? activities[digit - 1].name : "...";
  }
  return steps;
}

absl::StatusOr<RawTable> VariantTable(
    const MeasureContext& context,
    const std::vector<PathwayActivity>& activities,
    const PathwaySettings& settings, TableInfo info) {
  // Persons of each sequence; the order of the sum does not matter.
  TALLY_ASSIGN_OR_RETURN(
      const std::vector<GroupedRow> rows,
      QueryGroups(
          context.connection,
          absl::StrFormat(
              "SELECT code, count(*) FROM (SELECT person, CAST(sum(CASE "
              "WHEN turn <= %1$d THEN (activity + 1) ELSE 15 END * "
              "(CAST(1 AS BIGINT) << (4 * (turn - 1)))) AS BIGINT) AS code "
              "FROM pathway_step WHERE turn <= %1$d + 1 GROUP BY person) "
              "GROUP BY code",
              settings.longest),
          0));
  std::vector<std::pair<int64_t, std::string>> variants;  // persons, steps
  int64_t other = 0;
  for (const GroupedRow& row : rows) {
    if (row.counts[1] < settings.fewest_persons) {
      other += row.counts[1];
    } else {
      variants.emplace_back(row.counts[1], StepsOf(row.counts[0], activities));
    }
  }
  std::sort(variants.begin(), variants.end(), [](const auto& a, const auto& b) {
    return a.first != b.first ? a.first > b.first : a.second < b.second;
  });
  while (variants.size() > static_cast<size_t>(settings.most_variants)) {
    other += variants.back().first;
    variants.pop_back();
  }
  info.notes.push_back(
      "Shares are of the people whose journeys are shown; rare ones are "
      "together, or left out where they are too few.");
  info.denominator = "People whose journeys are shown, alone or together";
  TableBuilder table(std::move(info));
  table.Dimension("variant_id", "Journey")
      .Dimension("steps", "Steps")
      .Persons("persons", "People")
      .Persons("all_persons", "All people shown")
      .Proportion("share", "Share of people", "persons", "all_persons", false);
  if (other >= settings.fewest_persons) {
    variants.emplace_back(other, std::string(kOtherLevel));
  }
  std::vector<std::pair<size_t, std::string>> parts;
  for (size_t i = 0; i < variants.size(); ++i) {
    const bool last = variants[i].second == kOtherLevel;
    const size_t row = table.AddRow(
        {last ? std::string(kOtherLevel) : absl::StrFormat("V%02d", i + 1),
         variants[i].second});
    table.Set(row, "persons", variants[i].first);
    parts.emplace_back(row, "persons");
    if (i > 0) table.Same(row, 0, "all_persons");
  }
  if (!parts.empty()) table.TotalOf(0, "all_persons", parts);
  return table.Finish();
}

// People whose events hold the steps in this order.
absl::StatusOr<int64_t> Conforming(const MeasureContext& context,
                                   const std::vector<size_t>& steps) {
  std::string with, last;
  for (size_t i = 0; i < steps.size(); ++i) {
    const std::string before =
        i == 0 ? ""
               : absl::StrFormat(
                     "INNER JOIN %s AS r ON r.person = s.person "
                     "AND s.turn > r.turn ",
                     last);
    last = absl::StrFormat("reached_%d", i);
    with += absl::StrFormat(
        "%s%s AS (SELECT s.person, min(s.turn) AS turn FROM pathway_step AS s "
        "%sWHERE s.activity = %d GROUP BY s.person)",
        i == 0 ? "WITH " : ", ", last, before, steps[i]);
  }
  TALLY_ASSIGN_OR_RETURN(
      const std::vector<GroupedRow> rows,
      QueryGroups(context.connection,
                  absl::StrFormat("%s SELECT count(*) FROM %s", with, last),
                  0));
  return rows.at(0).counts[0];
}

// A reference with its steps as positions of activities.
struct Reference {
  std::string name;
  std::vector<size_t> steps;
};

absl::StatusOr<std::vector<Reference>> ReadReferences(
    const MeasureDefinition& definition,
    const std::vector<PathwayActivity>& activities) {
  std::vector<Reference> references;
  const TomlValue* list = definition.root().Find("reference");
  if (list == nullptr) return references;
  TALLY_ASSIGN_OR_RETURN(const TomlArray array,
                         definition.root().GetArray("reference"));
  for (const TomlValue& value : array) {
    if (!value.is_table()) {
      return definition.root().ErrorAt(value.line(), "a reference is a table");
    }
    const TomlTable& table = value.AsTable();
    TALLY_RETURN_IF_ERROR(table.OnlyKeys({"name", "steps"}));
    Reference reference;
    TALLY_ASSIGN_OR_RETURN(reference.name, table.GetString("name"));
    TALLY_ASSIGN_OR_RETURN(const std::vector<std::string> steps,
                           table.GetStrings("steps"));
    for (const std::string& step : steps) {
      const auto found = std::find_if(
          activities.begin(), activities.end(),
          [&](const PathwayActivity& a) { return a.name == step; });
      if (found == activities.end()) {
        return table.ErrorAt(value.line(), "a step is no activity");
      }
      reference.steps.push_back(
          static_cast<size_t>(found - activities.begin()));
    }
    if (reference.steps.empty()) {
      return table.ErrorAt(value.line(), "a reference needs steps");
    }
    references.push_back(std::move(reference));
  }
  return references;
}

absl::StatusOr<RawTable> ConformanceTable(
    const MeasureContext& context, const std::vector<Reference>& references,
    TableInfo info) {
  TableBuilder table(std::move(info));
  table.Dimension("reference", "Reference journey")
      .Persons("persons", "People whose journey holds it")
      .Persons("all_persons", "People with any event")
      .Proportion("share", "Share", "persons", "all_persons", false);
  TALLY_ASSIGN_OR_RETURN(
      const std::vector<GroupedRow> all,
      QueryGroups(context.connection,
                  "SELECT count(*) FROM pathway_step WHERE turn = 1", 0));
  for (const Reference& reference : references) {
    TALLY_ASSIGN_OR_RETURN(const int64_t persons,
                           Conforming(context, reference.steps));
    const size_t row = table.AddRow({reference.name});
    table.Set(row, "persons", persons)
        .Set(row, "all_persons", all.at(0).counts[0]);
  }
  return table.Finish();
}

class Pathways : public Measure {
 public:
  absl::StatusOr<std::vector<RawTable>> Compute(
      const MeasureContext& context) const override {
    if (!context.by.empty()) {
      return UsageError("--by: journeys are not grouped");
    }
    TALLY_ASSIGN_OR_RETURN(const PathwaySettings settings,
                           ReadSettings(context.definition));
    TALLY_ASSIGN_OR_RETURN(const std::vector<PathwayActivity> activities,
                           ReadActivities(context.definition));
    TALLY_ASSIGN_OR_RETURN(const std::vector<Reference> references,
                           ReadReferences(context.definition, activities));
    TALLY_ASSIGN_OR_RETURN(
        const CivilDay from,
        context.month.AddMonths(1 - static_cast<int>(settings.months)));
    TALLY_ASSIGN_OR_RETURN(
        const std::vector<std::string> untold,
        MakePathwaySteps(context, activities, from, context.month.LastOfMonth(),
                         settings.collapse_days));
    TALLY_ASSIGN_OR_RETURN(const TableInfo common,
                           PathwayInfo(context, from, untold));
    const auto info = [&](const char* name, const char* title) {
      TableInfo named = common;
      named.table = name;
      named.title = title;
      return named;
    };
    std::vector<RawTable> tables;
    const auto add = [&](absl::StatusOr<RawTable> table) -> absl::Status {
      TALLY_RETURN_IF_ERROR(table.status());
      tables.push_back(*std::move(table));
      return absl::OkStatus();
    };
    TALLY_RETURN_IF_ERROR(
        add(EdgeTable(context, activities, settings,
                      info("dfg_edges", "Steps from one event to the next"))));
    TALLY_RETURN_IF_ERROR(add(VariantTable(
        context, activities, settings,
        info("variants", "Journeys by their sequence of events"))));
    TALLY_RETURN_IF_ERROR(add(ConformanceTable(
        context, references,
        info("conformance", "Journeys that hold a reference"))));
    TALLY_RETURN_IF_ERROR(
        context.connection.Execute("DROP TABLE pathway_step"));
    return tables;
  }

  std::vector<PagePart> Draw(
      const MeasureDefinition&,
      const std::vector<GatedTable>& tables) const override {
    return DrawPathways(tables);
  }
};

}  // namespace

std::unique_ptr<Measure> MakeC09() { return std::make_unique<Pathways>(); }

}  // namespace tally::analytics
