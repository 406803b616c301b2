#include "withheld_areas.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/status.h"

namespace tally::linkage {
namespace {

using engine::TableSchema;

std::vector<std::string> NamesOf(const TableSchema& schema) {
  std::vector<std::string> names;
  for (const engine::TableColumn& column : schema) names.push_back(column.name);
  return names;
}

std::vector<std::string> Among(const std::vector<std::string>& identifiers,
                               std::vector<std::string> wanted) {
  std::erase_if(wanted, [&](const std::string& name) {
    return std::find(identifiers.begin(), identifiers.end(), name) ==
           identifiers.end();
  });
  return wanted;
}

TableSchema GroupsSchema(const TableSchema& schema,
                         const std::vector<std::string>& identifiers) {
  TableSchema groups;
  for (const std::string& name : identifiers) {
    const auto it = std::find_if(
        schema.begin(), schema.end(),
        [&](const engine::TableColumn& c) { return c.name == name; });
    groups.push_back(*it);
  }
  groups.push_back({"group_rows", engine::SqlType::kBigint});
  return groups;
}

// The work on one table.
class Withholder {
 public:
  Withholder(std::string name, std::vector<std::string> identifiers,
             const TableSchema& schema, int min_k, ReleaseEngine& engine)
      : name_(std::move(name)),
        identifiers_(std::move(identifiers)),
        schema_(schema),
        min_k_(min_k),
        engine_(engine) {}

  // Makes the table of small groups of `from`; returns the rows in them.
  absl::StatusOr<int64_t> FindSmall(const std::string& from,
                                    const std::string& small) {
    TALLY_RETURN_IF_ERROR(
        engine_
            .Materialise(small, SmallGroupsSql(from, identifiers_, min_k_),
                         GroupsSchema(schema_, identifiers_))
            .status());
    return engine_.Count(
        {absl::StrCat("SELECT CAST(sum(group_rows) AS BIGINT) FROM ", small),
         {}});
  }

  // `from` with `columns` withheld in small groups, as table `to`; returns the
  // rows in which one of them had a value and has none now.
  absl::StatusOr<int64_t> Withhold(const std::string& from,
                                   const std::string& small,
                                   const std::vector<std::string>& columns,
                                   const std::string& to) {
    TALLY_RETURN_IF_ERROR(
        engine_
            .Materialise(to,
                         WithheldSql(from, small, identifiers_,
                                     NamesOf(schema_), columns),
                         schema_)
            .status());
    TALLY_ASSIGN_OR_RETURN(const int64_t before, Filled(from, columns));
    TALLY_ASSIGN_OR_RETURN(const int64_t after, Filled(to, columns));
    return before - after;
  }

 private:
  absl::StatusOr<int64_t> Filled(const std::string& table,
                                 const std::vector<std::string>& columns) {
    std::string condition;
    for (const std::string& column : columns) {
      absl::StrAppend(&condition, condition.empty() ? "" : " OR ", column,
                      " IS NOT NULL");
    }
    return engine_.Count(
        {absl::StrFormat("SELECT count(*) FROM %s WHERE %s", table, condition),
         {}});
  }

  const std::string name_;
  const std::vector<std::string> identifiers_;
  const TableSchema& schema_;
  const int min_k_;
  ReleaseEngine& engine_;
};

}  // namespace

absl::StatusOr<ProtectedRows> WithholdAreas(const TableRecipe& recipe,
                                            const std::string& name,
                                            const TableSchema& schema,
                                            int min_k, ReleaseEngine& engine) {
  ProtectedRows result;
  result.rows = TableRowsSql(recipe);
  result.line.table = name;
  result.line.min_k = min_k;
  result.line.quasi_identifiers = QuasiIdentifiersOf(recipe);
  const std::vector<std::string>& identifiers = result.line.quasi_identifiers;
  if (identifiers.empty() || min_k <= 1) return result;
  const std::string rows = "rows_" + name;
  TALLY_ASSIGN_OR_RETURN(result.line.rows,
                         engine.Materialise(rows, result.rows, schema));
  Withholder withholder(name, identifiers, schema, min_k, engine);
  TALLY_ASSIGN_OR_RETURN(result.line.rows_below_before,
                         withholder.FindSmall(rows, "small_0_" + name));
  result.line.rows_below_after = result.line.rows_below_before;
  std::string current = rows;
  std::string small = "small_0_" + name;
  const std::vector<std::string> steps[] = {
      Among(identifiers, {"lsoa21"}),
      Among(identifiers, {"practice_code", "prescriber_org"})};
  int64_t* const withheld[] = {&result.line.rows_area_withheld,
                               &result.line.rows_practice_withheld};
  for (size_t i = 0; i < 2; ++i) {
    if (steps[i].empty() || result.line.rows_below_after == 0) continue;
    const std::string next = absl::StrFormat("rows_%d_%s", i + 1, name);
    TALLY_ASSIGN_OR_RETURN(*withheld[i],
                           withholder.Withhold(current, small, steps[i], next));
    current = next;
    small = absl::StrFormat("small_%d_%s", i + 1, name);
    TALLY_ASSIGN_OR_RETURN(result.line.rows_below_after,
                           withholder.FindSmall(current, small));
  }
  result.rows = {absl::StrCat("SELECT * FROM ", current), {}};
  return result;
}

}  // namespace tally::linkage
