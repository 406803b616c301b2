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

// The earliest known death of a person: by its day where both dates are days,
// else by its month. Of registrations only the month is known.
std::string AfterDeathSql(const MeasureContext& context,
                          const QualityRule& rule) {
  const bool days = context.release.Grain(RuleTable(rule)) == "day" &&
                    context.release.Grain("ons_death") == "day";
  std::vector<std::string> deaths;
  if (context.release.Column("ons_death", "date_of_death") != nullptr) {
    deaths.push_back(absl::StrFormat(
        "SELECT person, date_trunc('month', date_of_death) AS died_month, "
        "%s AS died FROM ons_death "
        "WHERE person IS NOT NULL AND date_of_death IS NOT NULL",
        days ? "date_of_death" : "CAST(NULL AS DATE)"));
  }
  if (context.release.Column("gp_patient", "death_month") != nullptr) {
    deaths.emplace_back(
        "SELECT person, date_trunc('month', death_month) AS died_month, "
        "CAST(NULL AS DATE) AS died FROM gp_patient "
        "WHERE person IS NOT NULL AND death_month IS NOT NULL");
  }
  if (deaths.empty()) return "";
  return absl::StrFormat(
      "SELECT r.source, count(*), count(*) FILTER (WHERE coalesce(r.%1$s > "
      "d.died, false) OR date_trunc('month', r.%1$s) > d.died_month) "
      "FROM %2$s AS r LEFT JOIN (SELECT person, min(died) AS died, "
      "min(died_month) AS died_month FROM (%3$s) GROUP BY person) AS d "
      "ON d.person = r.person WHERE r.%1$s IS NOT NULL "
      "AND r.person IS NOT NULL GROUP BY r.source",
      rule.date, RuleTable(rule), absl::StrJoin(deaths, " UNION ALL "));
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

std::string RepeatedKeySql(const QualityRule& rule) {
  return absl::StrFormat(
      "SELECT source, CAST(sum(n) AS BIGINT), CAST(sum(n - 1) AS BIGINT) FROM "
      "(SELECT source, count(*) AS n FROM %2$s WHERE %1$s IS NOT NULL "
      "GROUP BY source, %1$s) GROUP BY source",
      rule.key, RuleTable(rule));
}

std::string RepeatedRowSql(const MeasureContext& context,
                           const QualityRule& rule) {
  std::vector<std::string> columns = {"person", "source"};
  for (const auto& table : context.release.dictionary().tables) {
    if (table.name != RuleTable(rule)) continue;
    for (const auto& column : table.columns) {
      // A dictionary may say nothing of classes; the names are those of the
      // shipped specifications.
      const bool key =
          column.column_class == dataset::ColumnClass::kRecordKey ||
          column.name == "episode_id" || column.name == "spell_id" ||
          column.name == "pathway_id" || column.name == "attendance_id" ||
          column.name == "contact_id" || column.name == "referral_id";
      if (key || column.name == "person" || column.name == "source") continue;
      columns.push_back(column.name);
    }
  }
  // Rows are put together only where their hashes are the same: far fewer.
  return absl::StrFormat(
      "WITH hashed AS NOT MATERIALIZED (SELECT *, hash(%3$s) AS h FROM %1$s "
      "WHERE person IS NOT NULL%2$s), "
      "again AS (SELECT h FROM hashed GROUP BY h HAVING count(*) > 1), "
      "repeated AS (SELECT source, CAST(sum(n - 1) AS BIGINT) AS more FROM "
      "(SELECT source, count(*) AS n FROM hashed SEMI JOIN again "
      "ON again.h = hashed.h GROUP BY %3$s) GROUP BY source), "
      "counted AS (SELECT source, count(*) AS n FROM hashed GROUP BY source) "
      "SELECT c.source, c.n, coalesce(r.more, 0) FROM counted AS c "
      "LEFT JOIN repeated AS r ON r.source IS NOT DISTINCT FROM c.source",
      RuleTable(rule),
      rule.known.empty() ? ""
                         : absl::StrFormat(" AND %s IS NOT NULL", rule.known),
      absl::StrJoin(columns, ", "));
}

// A registration that begins before the end of the latest one before it.
constexpr std::string_view kOverlapSql =
    "SELECT source, count(*), count(*) FILTER (WHERE registration_start < "
    "until) FROM (SELECT source, registration_start, max(coalesce("
    "registration_end, DATE '9999-12-01')) OVER (PARTITION BY source, person "
    "ORDER BY registration_start, coalesce(registration_end, "
    "DATE '9999-12-01') ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) "
    "AS until FROM gp_patient WHERE person IS NOT NULL "
    "AND registration_start IS NOT NULL) GROUP BY source";

std::string SeveralSql(const QualityRule& rule) {
  return absl::StrFormat(
      "SELECT source, CAST(sum(n) AS BIGINT), CAST(sum(n - 1) AS BIGINT) FROM "
      "(SELECT source, count(*) AS n FROM %s WHERE person IS NOT NULL "
      "GROUP BY source, person) GROUP BY source",
      RuleTable(rule));
}

std::string FailureSql(const MeasureContext& context, const QualityRule& rule) {
  if (rule.kind == "order") return OrderSql(rule);
  if (rule.kind == "after_death") return AfterDeathSql(context, rule);
  if (rule.kind == "sex_codes") return SexCodesSql(context, rule);
  if (rule.kind == "repeated_key") return RepeatedKeySql(rule);
  if (rule.kind == "repeated_row") return RepeatedRowSql(context, rule);
  if (rule.kind == "overlap") return std::string(kOverlapSql);
  return SeveralSql(rule);
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
