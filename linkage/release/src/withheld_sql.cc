#include "withheld_sql.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "base/strings.h"

namespace tally::linkage {
namespace {

// The rows s and the group g have the same values.
std::string SameCombination(const std::vector<std::string>& identifiers) {
  std::vector<std::string> equal;
  for (const std::string& name : identifiers) {
    equal.push_back(
        absl::StrFormat("s.%1$s IS NOT DISTINCT FROM g.%1$s", name));
  }
  return absl::StrJoin(equal, " AND ");
}

}  // namespace

SqlStatement SmallGroupsSql(std::string_view keys,
                            const std::vector<std::string>& identifiers, int k,
                            std::string_view present) {
  const std::string names = absl::StrJoin(identifiers, ", ");
  std::string where;
  if (!present.empty()) {
    where = absl::StrCat(" WHERE ", ToAbsl(present), " IS NOT NULL");
  }
  return {absl::StrFormat(
              "SELECT %1$s, CAST(sum(key_rows) AS BIGINT) AS group_rows "
              "FROM (%2$s) AS s%3$s GROUP BY %1$s "
              "HAVING count(DISTINCT person) < %4$d",
              names, keys, where, k),
          {}};
}

SqlStatement PeopleInSql(std::string_view from, std::string_view small,
                         const std::vector<std::string>& identifiers) {
  return {absl::StrFormat(
              "SELECT DISTINCT s.person AS person, CAST(1 AS BIGINT) AS "
              "group_rows FROM %s AS s JOIN %s AS g ON %s "
              "WHERE s.person IS NOT NULL",
              from, small, SameCombination(identifiers)),
          {}};
}

SqlStatement WithheldSql(std::string_view from, std::string_view small,
                         const std::vector<std::string>& identifiers,
                         const std::vector<std::string>& all_columns,
                         std::string_view withheld) {
  std::vector<std::string> selected;
  for (const std::string& column : all_columns) {
    selected.push_back(
        column == withheld
            ? absl::StrFormat("CASE WHEN g.group_rows IS NULL THEN s.%1$s "
                              "ELSE NULL END AS %1$s",
                              column)
            : absl::StrFormat("s.%1$s AS %1$s", column));
  }
  return {absl::StrFormat("SELECT %s FROM %s AS s LEFT JOIN %s AS g ON %s",
                          absl::StrJoin(selected, ", "), from, small,
                          SameCombination(identifiers)),
          {}};
}

SqlStatement OrganisationsSql(const std::vector<std::string>& tables,
                              std::string_view column, Slice slice) {
  std::vector<std::string> parts;
  for (const std::string& table : tables) {
    parts.push_back(
        absl::StrFormat("SELECT person, key_rows, %1$s FROM %2$s "
                        "WHERE %1$s IS NOT NULL AND %3$s",
                        column, table, InSlice("person", slice)));
  }
  return {absl::StrFormat("SELECT %1$s, count(DISTINCT person) AS n_persons, "
                          "CAST(sum(key_rows) AS BIGINT) AS key_rows "
                          "FROM (%2$s) AS a GROUP BY %1$s",
                          column, absl::StrJoin(parts, " UNION ALL ")),
          {}};
}

SqlStatement SmallOrganisationsSql(std::string_view counts,
                                   std::string_view column, int k) {
  return {absl::StrFormat("SELECT %1$s, CAST(sum(key_rows) AS BIGINT) AS "
                          "group_rows FROM %2$s GROUP BY %1$s "
                          "HAVING CAST(sum(n_persons) AS BIGINT) < %3$d",
                          column, counts, k),
          {}};
}

}  // namespace tally::linkage
