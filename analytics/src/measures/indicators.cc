#include "measures/indicators.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "analytics/measures/patient_list.h"
#include "base/status.h"
#include "base/strings.h"
#include "engine/database.h"
#include "measures/activity.h"
#include "measures/counts.h"
#include "measures/indicator_rows.h"
#include "measures/list_stays.h"
#include "measures/table_months.h"

namespace tally::analytics {
namespace {

// --- reading -----------------------------------------------------------------

absl::StatusOr<std::vector<std::string>> ReadTexts(const TomlTable& table,
                                                   std::string_view key) {
  if (table.Find(key) == nullptr) return std::vector<std::string>();
  return table.GetStrings(key);
}

absl::Status CheckCondition(const IndicatorCondition& condition,
                            const IndicatorRows& rows, const TomlTable& table) {
  const IndicatorColumn* column = rows.Column(condition.column);
  if (column == nullptr) {
    return table.ErrorAt(
        table.line(),
        absl::StrFormat("%s has no column %s; it has %s", rows.name,
                        condition.column, JoinText(rows.Columns(), ", ")));
  }
  const bool codes = !condition.in.empty() || !condition.starts.empty();
  const bool range = condition.from.has_value() || condition.to.has_value();
  const int kinds = int{!condition.in.empty()} +
                    int{!condition.starts.empty()} + int{range} +
                    int{condition.is.has_value()};
  const bool fits =
      (column->type == IndicatorType::kCode && codes) ||
      (column->type == IndicatorType::kWhole && range) ||
      (column->type == IndicatorType::kTruth && condition.is.has_value());
  if (kinds == 1 && fits) return absl::OkStatus();
  return table.ErrorAt(table.line(),
                       "a condition has one of: in, starts (codes); from, to "
                       "(whole numbers); is (true or false)");
}

absl::StatusOr<std::vector<IndicatorCondition>> ReadIndicatorConditions(
    const TomlTable& indicator, std::string_view key,
    const IndicatorRows& rows) {
  std::vector<IndicatorCondition> conditions;
  if (indicator.Find(key) == nullptr) return conditions;
  TALLY_ASSIGN_OR_RETURN(const TomlArray list, indicator.GetArray(key));
  for (const TomlValue& value : list) {
    if (!value.is_table()) {
      return indicator.ErrorAt(value.line(), "a condition is a table");
    }
    const TomlTable& table = value.AsTable();
    TALLY_RETURN_IF_ERROR(
        table.OnlyKeys({"column", "in", "starts", "from", "to", "is"}));
    IndicatorCondition& condition = conditions.emplace_back();
    TALLY_ASSIGN_OR_RETURN(condition.column, table.GetString("column"));
    TALLY_ASSIGN_OR_RETURN(condition.in, ReadTexts(table, "in"));
    TALLY_ASSIGN_OR_RETURN(condition.starts, ReadTexts(table, "starts"));
    if (table.Find("from") != nullptr) {
      TALLY_ASSIGN_OR_RETURN(condition.from, table.GetInt("from"));
    }
    if (table.Find("to") != nullptr) {
      TALLY_ASSIGN_OR_RETURN(condition.to, table.GetInt("to"));
    }
    if (table.Find("is") != nullptr) {
      TALLY_ASSIGN_OR_RETURN(condition.is, table.GetBool("is"));
    }
    TALLY_RETURN_IF_ERROR(CheckCondition(condition, rows, table));
  }
  return conditions;
}

absl::Status ReadWords(const TomlTable& table, Indicator& indicator) {
  const std::pair<std::string_view, std::string*> texts[] = {
      {"id", &indicator.id},
      {"name", &indicator.name},
      {"programme", &indicator.programme},
      {"numerator", &indicator.numerator},
      {"denominator", &indicator.denominator},
      {"exclusions", &indicator.exclusions},
      {"direction", &indicator.direction},
      {"owner", &indicator.owner},
      {"rows", &indicator.rows}};
  for (const auto& [key, target] : texts) {
    TALLY_ASSIGN_OR_RETURN(*target, table.GetString(key));
  }
  TALLY_ASSIGN_OR_RETURN(const int64_t stage, table.GetInt("stage", 1, 8));
  TALLY_ASSIGN_OR_RETURN(indicator.minimum_count,
                         table.GetInt("minimum_count"));
  indicator.stage = static_cast<int>(stage);
  if (table.Find("target") != nullptr) {
    TALLY_ASSIGN_OR_RETURN(indicator.target, table.GetDouble("target"));
  }
  if (table.Find("items") != nullptr) {
    TALLY_ASSIGN_OR_RETURN(indicator.items, table.GetBool("items"));
  }
  return absl::OkStatus();
}

absl::StatusOr<Indicator> ReadIndicator(const TomlTable& table) {
  TALLY_RETURN_IF_ERROR(
      table.OnlyKeys({"id", "name", "programme", "numerator", "denominator",
                      "exclusions", "direction", "target", "owner", "stage",
                      "minimum_count", "rows", "items", "where", "of"}));
  Indicator indicator;
  TALLY_RETURN_IF_ERROR(ReadWords(table, indicator));
  if (indicator.direction != "higher" && indicator.direction != "lower" &&
      indicator.direction != "neither") {
    return table.ErrorAt(table.line(), "direction is higher, lower or neither");
  }
  const IndicatorRows* rows = FindIndicatorRows(indicator.rows);
  if (rows == nullptr) {
    std::vector<std::string> names;
    for (const IndicatorRows& kind : AllIndicatorRows()) {
      names.emplace_back(kind.name);
    }
    return table.ErrorAt(table.line(), absl::StrFormat("rows is one of %s",
                                                       JoinText(names, ", ")));
  }
  const TomlValue* of = table.Find("of");
  if (of == nullptr) return table.ErrorAt(table.line(), "of is missing");
  indicator.of_list = of->is_string() && of->AsString() == "list";
  if (!indicator.of_list) {
    TALLY_ASSIGN_OR_RETURN(indicator.of,
                           ReadIndicatorConditions(table, "of", *rows));
  }
  if (indicator.items && (!indicator.of_list || rows->name != "prescription")) {
    return table.ErrorAt(table.line(),
                         "items are of prescriptions, per people on the list");
  }
  TALLY_ASSIGN_OR_RETURN(indicator.where,
                         ReadIndicatorConditions(table, "where", *rows));
  return indicator;
}

// --- counting ----------------------------------------------------------------

std::string ConditionSql(const IndicatorCondition& condition,
                         const IndicatorRows& rows) {
  const std::string column =
      absl::StrFormat("(%s)", rows.Column(condition.column)->sql);
  std::vector<std::string> parts;
  for (const std::string& value : condition.in) {
    parts.push_back(
        absl::StrFormat("%s = %s", column, engine::QuoteLiteral(value)));
  }
  for (const std::string& value : condition.starts) {
    parts.push_back(absl::StrFormat("starts_with(%s, %s)", column,
                                    engine::QuoteLiteral(value)));
  }
  if (!parts.empty()) return "(" + absl::StrJoin(parts, " OR ") + ")";
  if (condition.is.has_value()) {
    return absl::StrFormat("%s = %s", column, *condition.is ? "true" : "false");
  }
  if (condition.from.has_value()) {
    parts.push_back(absl::StrFormat("%s >= %d", column, *condition.from));
  }
  if (condition.to.has_value()) {
    parts.push_back(absl::StrFormat("%s <= %d", column, *condition.to));
  }
  return absl::StrJoin(parts, " AND ");
}

std::string AllConditions(const std::vector<IndicatorCondition>& conditions,
                          const IndicatorRows& rows) {
  std::vector<std::string> parts = {"true"};
  for (const IndicatorCondition& condition : conditions) {
    parts.push_back(ConditionSql(condition, rows));
  }
  return absl::StrJoin(parts, " AND ");
}

// Why the release cannot carry an indicator, or an empty text.
std::string MissingColumn(const MeasureContext& context,
                          const Indicator& indicator,
                          const IndicatorRows& rows) {
  std::vector<IndicatorCondition> all = indicator.where;
  all.insert(all.end(), indicator.of.begin(), indicator.of.end());
  for (const IndicatorCondition& condition : all) {
    const IndicatorColumn* column = rows.Column(condition.column);
    if (!column->needs.empty() &&
        context.release.Column(rows.table, column->needs) == nullptr) {
      return absl::StrFormat("table %s has no column %s", rows.table,
                             column->needs);
    }
    if (column->name == "nights" &&
        context.release.Grain(rows.table) != "day") {
      return absl::StrFormat("dates of %s are not by day", rows.table);
    }
  }
  if (indicator.items &&
      context.release.Column(rows.table, "items") == nullptr) {
    return absl::StrFormat("table %s has no column items", rows.table);
  }
  return "";
}

// The two aggregates of an indicator; 0 below a rate, whose list comes later.
std::string Aggregates(const Indicator& indicator, const IndicatorRows& rows) {
  const std::string where = AllConditions(indicator.where, rows);
  const std::string of = AllConditions(indicator.of, rows);
  if (indicator.items) {
    return absl::StrFormat(
        ", CAST(coalesce(sum(items) FILTER (WHERE %s), 0) AS BIGINT), "
        "CAST(0 AS BIGINT)",
        where);
  }
  if (indicator.of_list) {
    return absl::StrFormat(", count(*) FILTER (WHERE %s), CAST(0 AS BIGINT)",
                           where);
  }
  return absl::StrFormat(
      ", count(*) FILTER (WHERE %1$s AND %2$s), count(*) FILTER (WHERE %2$s)",
      where, of);
}

using MonthIndex = std::map<std::string, size_t>;

absl::Status CountRows(const MeasureContext& context, const MonthIndex& months,
                       const IndicatorRows& rows, const std::string& relation,
                       const std::vector<CountedIndicator*>& counted) {
  std::string aggregates;
  std::vector<std::string> any;
  for (const CountedIndicator* one : counted) {
    aggregates += Aggregates(*one->indicator, rows);
    any.push_back(AllConditions(
        one->indicator->of_list ? one->indicator->where : one->indicator->of,
        rows));
  }
  // Rows that no indicator counts go first, and a month is written out once for
  // each of its groups.
  const std::string sql = absl::StrFormat(
      "SELECT * REPLACE (strftime(month, '%%Y-%%m') AS month) FROM ("
      "SELECT practice, month%s FROM %s WHERE practice <> '%s' "
      "AND month >= DATE '%s-01' AND ((%s)) GROUP BY practice, month)",
      aggregates, relation, kUnknown, months.begin()->first,
      absl::StrJoin(any, ") OR ("));
  TALLY_ASSIGN_OR_RETURN(const std::vector<GroupedRow> groups,
                         QueryGroups(context.connection, sql, 2));
  for (const GroupedRow& group : groups) {
    const auto month = months.find(group.levels[1]);
    if (month == months.end()) continue;
    for (size_t i = 0; i < counted.size(); ++i) {
      const IndicatorCount count{group.counts[2 * i], group.counts[2 * i + 1]};
      if (count.numerator == 0 && count.denominator == 0) continue;
      auto& of_practice = counted[i]->practices[group.levels[0]];
      of_practice.resize(months.size());
      of_practice[month->second] = count;
    }
  }
  return absl::OkStatus();
}

// People on the list below every rate, at practices without an event too.
absl::Status AddLists(const MeasureContext& context, const MonthIndex& months,
                      std::vector<CountedIndicator>& counted) {
  TALLY_ASSIGN_OR_RETURN(
      const std::vector<GroupedRow> lists,
      QueryGroups(context.connection,
                  absl::StrFormat("SELECT practice, strftime(month, '%%Y-%%m'),"
                                  " people FROM list_month "
                                  "WHERE practice <> '%s'",
                                  kUnknown),
                  2));
  for (CountedIndicator& one : counted) {
    if (!one.indicator->of_list) continue;
    for (const GroupedRow& list : lists) {
      const auto month = months.find(list.levels[1]);
      if (month == months.end()) continue;
      auto& of_practice = one.practices[list.levels[0]];
      of_practice.resize(months.size());
      of_practice[month->second].denominator = list.counts[0];
    }
  }
  return absl::OkStatus();
}

absl::Status CountKind(const MeasureContext& context,
                       const ActivityParts& parts, const MonthIndex& months,
                       const IndicatorRows& rows,
                       const std::vector<Indicator>& indicators,
                       CountedIndicators& out) {
  TALLY_ASSIGN_OR_RETURN(const IndicatorRelation relation,
                         RelationOf(context, parts, rows));
  std::optional<MonthRange> covered;
  if (relation.missing.empty()) {
    TALLY_ASSIGN_OR_RETURN(
        covered, TableMonths(context, rows.table,
                             {out.months.front(), out.months.back()}));
  }
  std::vector<CountedIndicator> counted;
  for (const Indicator& indicator : indicators) {
    if (indicator.rows != rows.name) continue;
    std::string missing = relation.missing;
    if (missing.empty() && !covered.has_value()) {
      missing =
          absl::StrFormat("table %s covers none of the months", rows.table);
    }
    if (missing.empty()) missing = MissingColumn(context, indicator, rows);
    if (missing.empty()) {
      counted.push_back({&indicator,
                         months.at(covered->first.ToMonth()),
                         months.at(covered->last.ToMonth()),
                         {}});
    } else {
      out.left_out[missing].push_back(indicator.name);
    }
  }
  if (counted.empty()) return absl::OkStatus();
  std::vector<CountedIndicator*> targets;
  for (CountedIndicator& one : counted) targets.push_back(&one);
  TALLY_RETURN_IF_ERROR(
      CountRows(context, months, rows, relation.sql, targets));
  TALLY_RETURN_IF_ERROR(AddLists(context, months, counted));
  for (CountedIndicator& one : counted) {
    out.indicators.push_back(std::move(one));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::vector<Indicator>> ReadIndicators(
    const MeasureDefinition& definition) {
  const TomlTable& root = definition.root();
  TALLY_ASSIGN_OR_RETURN(const TomlArray list, root.GetArray("indicator"));
  std::vector<Indicator> indicators;
  std::set<std::string> ids;
  for (const TomlValue& value : list) {
    if (!value.is_table()) {
      return root.ErrorAt(value.line(), "indicator is [[indicator]]");
    }
    TALLY_ASSIGN_OR_RETURN(Indicator indicator, ReadIndicator(value.AsTable()));
    if (!ids.insert(indicator.id).second) {
      return root.ErrorAt(value.line(), "this indicator is there twice");
    }
    indicators.push_back(std::move(indicator));
  }
  if (indicators.empty()) return root.ErrorAt(1, "there is no indicator");
  return indicators;
}

absl::StatusOr<CountedIndicators> CountIndicators(
    const MeasureContext& context, const std::vector<Indicator>& indicators,
    CivilDay first) {
  CountedIndicators out;
  MonthIndex months;
  for (CivilDay month = first.FirstOfMonth(); !(context.month < month);) {
    months.emplace(month.ToMonth(), out.months.size());
    out.months.push_back(month);
    TALLY_ASSIGN_OR_RETURN(month, month.AddMonths(1));
  }
  if (out.months.empty()) {
    return absl::InvalidArgumentError("there is no month to count");
  }
  TALLY_ASSIGN_OR_RETURN(const ActivityParts parts, MakeActivity(context));
  for (const IndicatorRows& rows : AllIndicatorRows()) {
    TALLY_RETURN_IF_ERROR(
        CountKind(context, parts, months, rows, indicators, out));
  }
  // In the order of the definition.
  std::sort(out.indicators.begin(), out.indicators.end(),
            [](const CountedIndicator& a, const CountedIndicator& b) {
              return a.indicator < b.indicator;
            });
  return out;
}

}  // namespace tally::analytics
