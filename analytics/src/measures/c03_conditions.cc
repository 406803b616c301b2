#include "measures/c03_conditions.h"

#include <set>
#include <utility>

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
  TALLY_ASSIGN_OR_RETURN(const int64_t from, table.GetInt("age_from"));
  TALLY_ASSIGN_OR_RETURN(const int64_t to, table.GetInt("age_to"));
  if (from < 0 || to > kOldest || from > to) {
    return table.ErrorAt(table.line(), "ages lie in 0 to 90, from before to");
  }
  condition.age_from = static_cast<int>(from);
  condition.age_to = static_cast<int>(to);
  if (table.Find("within_months") != nullptr) {
    TALLY_ASSIGN_OR_RETURN(const int64_t months, table.GetInt("within_months"));
    if (months < 1 || months > kLongestLookBack) {
      return table.ErrorAt(table.line(), "within_months is 1 to 1200");
    }
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

absl::Status MakeConditionRegister(const MeasureContext& context,
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
  // Resolved only by a later event: on the same day (or in the same month)
  // the diagnosis stands.
  return connection.Execute(
      "CREATE OR REPLACE TEMPORARY TABLE condition_register AS "
      "SELECT condition, person FROM (SELECT c.condition, e.person, "
      "max(e.event_date) FILTER (NOT c.resolves) AS last_on, "
      "max(e.event_date) FILTER (c.resolves) AS last_off "
      "FROM gp_event AS e INNER JOIN condition_cluster AS c "
      "ON e.cluster_id = c.cluster_id "
      "WHERE e.person IS NOT NULL AND e.event_date <= ? "
      "AND (c.since IS NULL OR e.event_date >= c.since) "
      "GROUP BY c.condition, e.person) "
      "WHERE last_on IS NOT NULL AND (last_off IS NULL OR last_off <= last_on)",
      {engine::Value::Day(context.month.LastOfMonth().days())});
}

}  // namespace tally::analytics
