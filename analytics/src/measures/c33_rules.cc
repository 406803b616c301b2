#include "measures/c33_rules.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "base/status.h"
#include "base/strings.h"
#include "dataset/specification.h"
#include "engine/database.h"
#include "measures/counts.h"
#include "measures/repeats.h"

namespace tally::analytics {
namespace {

// Kind -> the keys that it needs.
const std::vector<std::pair<std::string, std::vector<std::string>>>&
RuleKinds() {
  static const auto& kinds =
      *new std::vector<std::pair<std::string, std::vector<std::string>>>{
          {"order", {"earlier", "later"}},
          {"after_death", {"date"}},
          {"sex_codes", {"sex"}},
          {"repeated_key", {"key"}},
          {"repeated_row", {}},
          {"overlap", {}},
          {"several", {}}};
  return kinds;
}

std::string RuleTable(const QualityRule& rule) {
  std::string table = rule.dataset;
  std::replace(table.begin(), table.end(), '-', '_');
  return table;
}

absl::StatusOr<QualityRule> ReadQualityRule(const TomlTable& table) {
  TALLY_RETURN_IF_ERROR(
      table.OnlyKeys({"id", "title", "dataset", "kind", "earlier", "later",
                      "date", "key", "known", "sex", "columns", "starts"}));
  QualityRule rule;
  const std::pair<std::string_view, std::string*> texts[] = {
      {"id", &rule.id},           {"title", &rule.title},
      {"dataset", &rule.dataset}, {"kind", &rule.kind},
      {"earlier", &rule.earlier}, {"later", &rule.later},
      {"date", &rule.date},       {"key", &rule.key},
      {"known", &rule.known},     {"sex", &rule.sex}};
  std::vector<std::string> needed = {"id", "title", "dataset", "kind"};
  TALLY_ASSIGN_OR_RETURN(const std::string kind, table.GetString("kind"));
  bool is_kind = false;
  for (const auto& [name, keys] : RuleKinds()) {
    if (name != kind) continue;
    is_kind = true;
    needed.insert(needed.end(), keys.begin(), keys.end());
  }
  if (!is_kind) return table.ErrorAt(table.line(), "there is no such kind");
  for (const auto& [key, target] : texts) {
    const bool must =
        std::find(needed.begin(), needed.end(), key) != needed.end();
    if (!must && table.Find(key) == nullptr) continue;
    TALLY_ASSIGN_OR_RETURN(*target, table.GetString(key));
  }
  if (rule.kind == "sex_codes") {
    TALLY_ASSIGN_OR_RETURN(rule.columns, table.GetStrings("columns"));
    TALLY_ASSIGN_OR_RETURN(rule.starts, table.GetStrings("starts"));
  }
  for (const std::string* name :
       {&rule.earlier, &rule.later, &rule.date, &rule.key, &rule.known}) {
    if (name->find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") !=
        std::string::npos) {
      return table.ErrorAt(table.line(), "a name of a column is none");
    }
  }
  return rule;
}

bool RuleHas(const MeasureContext& context, const QualityRule& rule,
             const std::string& column) {
  return context.release.Column(RuleTable(rule), column) != nullptr;
}

// Every statement gives source, rows checked, failures.
std::string OrderSql(const QualityRule& rule) {
  return absl::StrFormat(
      "SELECT source, count(*), count(*) FILTER (WHERE %s < %s) FROM %s "
      "WHERE %s IS NOT NULL AND %s IS NOT NULL GROUP BY source",
      rule.later, rule.earlier, RuleTable(rule), rule.earlier, rule.later);
}

// Relations with the deaths that are known: person; died, a date, or month.
std::vector<std::string> KnownDeaths(const MeasureContext& context) {
  std::vector<std::string> deaths;
  if (context.release.Column("ons_death", "date_of_death") != nullptr) {
    deaths.emplace_back(
        "SELECT person, date_of_death AS died FROM ons_death "
        "WHERE person IS NOT NULL AND date_of_death IS NOT NULL");
  }
  if (context.release.Column("gp_patient", "death_month") != nullptr) {
    deaths.emplace_back(
        "SELECT person, death_month AS month FROM gp_patient "
        "WHERE person IS NOT NULL AND death_month IS NOT NULL");
  }
  return deaths;
}

// quality_death (person, day_after, month_after): the first days that are after
// the earliest known death by its day, and by its month. Of registrations only
// the month is known.
absl::Status MakeQualityDeaths(const MeasureContext& context,
                               const std::vector<std::string>& deaths) {
  return context.base.Once("quality_death", [&] {
    return context.connection.Execute(absl::StrFormat(
        "CREATE OR REPLACE TEMPORARY TABLE quality_death AS SELECT person, "
        "min(died) + 1 AS day_after, CAST(date_trunc('month', "
        "least(min(died), min(month))) + INTERVAL 1 MONTH AS DATE) "
        "AS month_after FROM (SELECT CAST(NULL AS INTEGER) AS person, "
        "CAST(NULL AS DATE) AS died, CAST(NULL AS DATE) AS month WHERE false "
        "UNION ALL BY NAME %s) GROUP BY person",
        absl::StrJoin(deaths, " UNION ALL BY NAME ")));
  });
}

// Rows of people whose death is known, from the first day that is after it: of
// the month after, and of the day after where both dates are days.
std::string AfterDeathSql(const MeasureContext& context,
                          const QualityRule& rule) {
  const bool days = context.release.Grain(RuleTable(rule)) == "day" &&
                    context.release.Grain("ons_death") == "day";
  return absl::StrFormat(
      "WITH late AS (SELECT r.source, count(*) AS n FROM %2$s AS r "
      "INNER JOIN quality_death AS d ON d.person = r.person "
      "WHERE r.%1$s >= %3$s GROUP BY r.source), "
      "checked AS (SELECT source, count(*) AS n FROM %2$s "
      "WHERE %1$s IS NOT NULL AND person IS NOT NULL GROUP BY source) "
      "SELECT c.source, c.n, coalesce(l.n, 0) FROM checked AS c "
      "LEFT JOIN late AS l ON l.source IS NOT DISTINCT FROM c.source",
      rule.date, RuleTable(rule),
      days ? "least(d.day_after, d.month_after)" : "d.month_after");
}

std::string SexCodesSql(const MeasureContext& context,
                        const QualityRule& rule) {
  std::vector<std::string> met;
  for (const std::string& column : rule.columns) {
    if (!RuleHas(context, rule, column)) continue;
    for (const std::string& code : rule.starts) {
      met.push_back(absl::StrFormat("coalesce(starts_with(%s, %s), false)",
                                    column, engine::QuoteLiteral(code)));
    }
  }
  if (met.empty()) return "";
  return absl::StrFormat(
      "SELECT source, count(*), count(*) FILTER (WHERE %s) FROM %s "
      "WHERE sex = %s GROUP BY source",
      absl::StrJoin(met, " OR "), RuleTable(rule),
      engine::QuoteLiteral(rule.sex));
}

// What makes two rows the same: their key, their person, or all but keys.
RepeatQuery RepeatsOf(const MeasureContext& context, const QualityRule& rule) {
  RepeatQuery query;
  query.table = RuleTable(rule);
  if (rule.kind == "repeated_key") {
    query.columns = {rule.key};
    query.condition = rule.key + " IS NOT NULL";
    return query;
  }
  query.columns = {"person"};
  query.condition = "person IS NOT NULL";
  if (rule.kind == "several") return query;
  if (!rule.known.empty())
    query.condition += " AND " + rule.known + " IS NOT NULL";
  for (const auto& table : context.release.dictionary().tables) {
    if (table.name != query.table) continue;
    for (const auto& column : table.columns) {
      // A dictionary may say nothing of classes; the names are those of the
      // shipped specifications.
      const bool key =
          column.column_class == dataset::ColumnClass::kRecordKey ||
          column.name == "episode_id" || column.name == "spell_id" ||
          column.name == "pathway_id" || column.name == "attendance_id" ||
          column.name == "contact_id" || column.name == "referral_id";
      if (key || column.name == "person" || column.name == "source") continue;
      query.columns.push_back(column.name);
    }
  }
  return query;
}

// A registration that begins before the end of the latest one before it. Only
// who has several rows is put in order.
constexpr std::string_view kOverlapSql =
    "WITH known AS NOT MATERIALIZED (SELECT * FROM gp_patient "
    "WHERE person IS NOT NULL AND registration_start IS NOT NULL), "
    "checked AS (SELECT source, count(*) AS n FROM known GROUP BY source), "
    "inside AS (SELECT source, count(*) AS n FROM (SELECT source, "
    "registration_start, max(coalesce(registration_end, DATE '9999-12-01')) "
    "OVER (PARTITION BY source, person ORDER BY registration_start, "
    "coalesce(registration_end, DATE '9999-12-01') "
    "ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS until FROM known "
    "WHERE person IN (SELECT person FROM gp_patient GROUP BY person "
    "HAVING count(*) > 1)) WHERE registration_start < until GROUP BY source) "
    "SELECT c.source, c.n, coalesce(i.n, 0) FROM checked AS c "
    "LEFT JOIN inside AS i ON i.source IS NOT DISTINCT FROM c.source";

std::string FailureSql(const MeasureContext& context, const QualityRule& rule) {
  if (rule.kind == "order") return OrderSql(rule);
  if (rule.kind == "after_death") return AfterDeathSql(context, rule);
  if (rule.kind == "sex_codes") return SexCodesSql(context, rule);
  return std::string(kOverlapSql);
}

}  // namespace

absl::StatusOr<std::vector<QualityRule>> ReadQualityRules(
    const MeasureDefinition& definition) {
  const TomlTable& root = definition.root();
  TALLY_ASSIGN_OR_RETURN(const TomlArray list, root.GetArray("rule"));
  std::vector<QualityRule> rules;
  std::set<std::string> ids;
  for (const TomlValue& value : list) {
    if (!value.is_table()) return root.ErrorAt(value.line(), "[[rule]]");
    TALLY_ASSIGN_OR_RETURN(QualityRule rule, ReadQualityRule(value.AsTable()));
    if (!ids.insert(rule.id).second) {
      return root.ErrorAt(value.line(), "this rule is there twice");
    }
    rules.push_back(std::move(rule));
  }
  return rules;
}

absl::StatusOr<std::vector<RuleCount>> CountFailures(
    const MeasureContext& context, const QualityRule& rule) {
  std::vector<RuleCount> counts;
  if (!context.release.HasTable(RuleTable(rule))) return counts;
  std::vector<std::string> needed;
  if (rule.kind == "sex_codes") needed.emplace_back("sex");
  if (rule.kind == "overlap") {
    needed = {"registration_start", "registration_end"};
  }
  for (const std::string* column :
       {&rule.earlier, &rule.later, &rule.date, &rule.key, &rule.known}) {
    if (!column->empty()) needed.push_back(*column);
  }
  for (const std::string& column : needed) {
    if (!RuleHas(context, rule, column)) return counts;
  }
  if (rule.kind == "repeated_key" || rule.kind == "repeated_row" ||
      rule.kind == "several") {
    TALLY_ASSIGN_OR_RETURN(
        const std::vector<RepeatCount> repeats,
        CountRepeats(context.connection, RepeatsOf(context, rule)));
    for (const RepeatCount& count : repeats) {
      counts.push_back({count.source, count.rows, count.repeated});
    }
    return counts;
  }
  if (rule.kind == "after_death") {
    const std::vector<std::string> deaths = KnownDeaths(context);
    if (deaths.empty()) return counts;
    TALLY_RETURN_IF_ERROR(MakeQualityDeaths(context, deaths));
  }
  const std::string sql = FailureSql(context, rule);
  if (sql.empty()) return counts;
  TALLY_ASSIGN_OR_RETURN(
      std::vector<GroupedRow> rows,
      QueryGroups(context.connection, sql + " ORDER BY source", 1));
  for (const GroupedRow& row : rows) {
    counts.push_back({row.levels[0], row.counts[0], row.counts[1]});
  }
  return counts;
}

}  // namespace tally::analytics
