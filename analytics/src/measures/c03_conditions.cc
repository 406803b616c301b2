#include "measures/c03_conditions.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_format.h"
#include "base/status.h"
#include "base/strings.h"

namespace tally::analytics {
namespace {

constexpr int64_t kOldest = 90;
constexpr int64_t kLongestLookBack = 1200;

bool IsCluster(std::string_view name) {
  if (name.empty() || name.size() > 64) return false;
  for (const char c : name) {
    const bool ok =
        (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
    if (!ok) return false;
  }
  return true;
}

absl::StatusOr<Condition> ReadCondition(const TomlTable& table) {
  TALLY_RETURN_IF_ERROR(
      table.OnlyKeys({"id", "title", "clusters", "resolved", "within_months",
                      "age_from", "age_to"}));
  Condition condition;
  TALLY_ASSIGN_OR_RETURN(condition.id, table.GetString("id"));
  TALLY_ASSIGN_OR_RETURN(condition.title, table.GetString("title"));
  TALLY_ASSIGN_OR_RETURN(condition.clusters, table.GetStrings("clusters"));
  TALLY_ASSIGN_OR_RETURN(condition.resolved, table.GetStrings("resolved"));
  TALLY_ASSIGN_OR_RETURN(const int64_t from,
                         table.GetInt("age_from", 0, kOldest));
  TALLY_ASSIGN_OR_RETURN(const int64_t to,
                         table.GetInt("age_to", from, kOldest));
  condition.age_from = static_cast<int>(from);
  condition.age_to = static_cast<int>(to);
  if (table.Find("within_months") != nullptr) {
    TALLY_ASSIGN_OR_RETURN(const int64_t months,
                           table.GetInt("within_months", 1, kLongestLookBack));
    condition.within_months = static_cast<int>(months);
  }
  if (condition.clusters.empty()) {
    return table.ErrorAt(table.line(), "clusters is empty");
  }
  for (const auto* list : {&condition.clusters, &condition.resolved}) {
    for (const std::string& cluster : *list) {
      if (!IsCluster(cluster)) {
        return table.ErrorAt(table.line(),
                             "a cluster is capitals, digits and underscores");
      }
    }
  }
  return condition;
}

}  // namespace

absl::StatusOr<std::vector<Condition>> ReadConditions(
    const MeasureDefinition& definition) {
  TALLY_ASSIGN_OR_RETURN(const TomlArray array,
                         definition.root().GetArray("condition"));
  std::vector<Condition> conditions;
  std::set<std::string> ids;
  std::set<std::string> titles;
  for (const TomlValue& value : array) {
    if (!value.is_table()) {
      return definition.root().ErrorAt(value.line(), "a condition is a table");
    }
    TALLY_ASSIGN_OR_RETURN(Condition condition, ReadCondition(value.AsTable()));
    if (!ids.insert(condition.id).second ||
        !titles.insert(condition.title).second) {
      return definition.root().ErrorAt(value.line(),
                                       "a condition is there twice");
    }
    conditions.push_back(std::move(condition));
  }
  return conditions;
}

namespace {

// Conditions in one column of condition_hit; a BIGINT without its sign.
constexpr size_t kConditionsAWord = 62;

std::string HitTable(std::string_view owner) {
  return "condition_hit_" + absl::AsciiStrToLower(ToAbsl(owner));
}

// HitTable (person, hits_0, ...): a bit a condition, so that one pass with
// an entry a person finds all of those that nothing resolves.
absl::Status MakeConditionHits(const MeasureContext& context,
                               const std::vector<Condition>& conditions,
                               std::string_view owner) {
  const size_t words = std::max<size_t>(
      1, (conditions.size() + kConditionsAWord - 1) / kConditionsAWord);
  std::string of_cluster, of_event, of_pair, left;
  for (size_t word = 0; word < words; ++word) {
    const std::string bit = absl::StrFormat(
        "CASE WHEN condition // %1$d = %2$d THEN CAST(1 AS BIGINT) << "
        "(condition %% %1$d) ELSE CAST(0 AS BIGINT) END",
        kConditionsAWord, word);
    of_cluster += absl::StrFormat(", bit_or(%s) AS hits_%d", bit, word);
    of_event += absl::StrFormat(", bit_or(c.hits_%1$d) AS hits_%1$d", word);
    of_pair += absl::StrFormat(", bit_or(%s) AS hits_%d", bit, word);
    left += absl::StrFormat(
        ", h.hits_%1$d & ~coalesce(r.hits_%1$d, 0) AS hits_%1$d", word);
  }
  const std::string counts = absl::StrFormat(
      "e.person IS NOT NULL AND e.event_date <= DATE '%s' "
      "AND (c.since IS NULL OR e.event_date >= c.since)",
      context.month.LastOfMonth().ToIso());
  // Resolved only by a later event: on the same day (or in the same month)
  // the diagnosis stands. Dates are compared of those alone for whom something
  // was recorded as resolved.
  TALLY_RETURN_IF_ERROR(context.connection.Execute(
      absl::StrFormat("CREATE OR REPLACE TEMPORARY TABLE condition_off AS "
                      "SELECT c.condition, e.person, max(e.event_date) AS day "
                      "FROM gp_event AS e INNER JOIN condition_cluster AS c "
                      "ON e.cluster_id = c.cluster_id WHERE c.resolves AND %s "
                      "GROUP BY c.condition, e.person",
                      counts)));
  return context.connection.Execute(absl::StrFormat(
      "CREATE OR REPLACE TEMPORARY TABLE %6$s AS "
      "WITH hit AS (SELECT e.person%1$s FROM gp_event AS e INNER JOIN "
      "(SELECT cluster_id, since%2$s FROM condition_cluster "
      "WHERE NOT resolves GROUP BY cluster_id, since) AS c "
      "ON e.cluster_id = c.cluster_id WHERE %3$s GROUP BY e.person), "
      "last_on AS (SELECT c.condition, e.person, max(e.event_date) AS day "
      "FROM (SELECT * FROM gp_event WHERE person IN "
      "(SELECT person FROM condition_off)) AS e "
      "INNER JOIN condition_cluster AS c ON e.cluster_id = c.cluster_id "
      "WHERE NOT c.resolves AND %3$s GROUP BY c.condition, e.person), "
      "resolved AS (SELECT person%4$s FROM (SELECT o.person, o.condition "
      "FROM condition_off AS o INNER JOIN last_on AS l "
      "ON l.person = o.person AND l.condition = o.condition "
      "AND o.day > l.day) GROUP BY person) "
      "SELECT h.person%5$s FROM hit AS h "
      "LEFT JOIN resolved AS r ON r.person = h.person",
      of_event, of_cluster, counts, of_pair, left, HitTable(owner)));
}

absl::Status MakeRegisterView(const MeasureContext& context, size_t conditions,
                              std::string_view owner) {
  std::string any;
  for (size_t word = 0; word == 0 || word * kConditionsAWord < conditions;
       ++word) {
    absl::StrAppendFormat(&any, " WHEN %1$d THEN hits_%1$d", word);
  }
  return context.connection.Execute(absl::StrFormat(
      "CREATE OR REPLACE TEMPORARY VIEW condition_register AS "
      "SELECT CAST(condition AS INTEGER) AS condition, person FROM (SELECT "
      "person, condition, CASE condition // %1$d%2$s END AS hits FROM "
      "%4$s, range(%3$d) AS r(condition)) "
      "WHERE (hits >> (condition %% %1$d)) & 1 = 1",
      kConditionsAWord, any, conditions, HitTable(owner)));
}

// condition_cluster: the clusters of all conditions, by their places.
absl::Status MakeConditionClusters(const MeasureContext& context,
                                   const std::vector<Condition>& conditions) {
  engine::Connection& connection = context.connection;
  TALLY_RETURN_IF_ERROR(connection.Execute(
      "CREATE OR REPLACE TEMPORARY TABLE condition_cluster (condition INTEGER, "
      "cluster_id VARCHAR, resolves BOOLEAN, since DATE)"));
  TALLY_ASSIGN_OR_RETURN(
      engine::PreparedStatement insert,
      connection.Prepare("INSERT INTO condition_cluster VALUES (?, ?, ?, ?)"));
  for (size_t i = 0; i < conditions.size(); ++i) {
    const Condition& condition = conditions[i];
    engine::Value since = engine::Value::Null();
    if (condition.within_months > 0) {
      TALLY_ASSIGN_OR_RETURN(
          const CivilDay first,
          context.month.AddMonths(1 - condition.within_months));
      since = engine::Value::Day(first.days());
    }
    const auto add = [&](const std::string& cluster, bool resolves) {
      return insert
          .Run({engine::Value::Int64(static_cast<int64_t>(i)),
                engine::Value::Text(cluster), engine::Value::Bool(resolves),
                since})
          .status();
    };
    for (const std::string& cluster : condition.clusters) {
      TALLY_RETURN_IF_ERROR(add(cluster, false));
    }
    for (const std::string& cluster : condition.resolved) {
      TALLY_RETURN_IF_ERROR(add(cluster, true));
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status MakeConditionRegister(const MeasureContext& context,
                                   const std::vector<Condition>& conditions,
                                   std::string_view owner) {
  TALLY_RETURN_IF_ERROR(context.base.Once(
      HitTable(owner) + " " + context.month.ToMonth(), [&]() -> absl::Status {
        TALLY_RETURN_IF_ERROR(MakeConditionClusters(context, conditions));
        return MakeConditionHits(context, conditions, owner);
      }));
  return MakeRegisterView(context, conditions.size(), owner);
}

absl::StatusOr<std::vector<GroupedStrata>> CountConditions(
    const MeasureContext& context, const std::vector<GroupColumn>& groups,
    const std::vector<Condition>& conditions, std::string_view owner) {
  std::vector<FlagQuestion> questions;
  for (size_t i = 0; i < conditions.size(); ++i) {
    questions.push_back(
        {WithinAges(conditions[i].age_from, conditions[i].age_to),
         absl::StrFormat("(f.hits_%d >> %d) & 1 = 1", i / kConditionsAWord,
                         i % kConditionsAWord)});
  }
  return CountFlagged(context, groups, questions, HitTable(owner));
}

}  // namespace tally::analytics
