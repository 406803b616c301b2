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
  Withholder(const TableSchema& schema, int min_k, ReleaseEngine& engine)
      : schema_(schema), min_k_(min_k), engine_(engine) {}

  // Makes the table `small` of the combinations of `keys` in `from` that fewer
  // than min_k people share; returns the rows in them.
  absl::StatusOr<int64_t> FindSmall(const std::string& from,
                                    const std::vector<std::string>& keys,
                                    const std::string& small) {
    TALLY_RETURN_IF_ERROR(engine_
                              .Materialise(small,
                                           SmallGroupsSql(from, keys, min_k_),
                                           GroupsSchema(schema_, keys))
                              .status());
    return engine_.Count(
        {absl::StrCat("SELECT CAST(sum(group_rows) AS BIGINT) FROM ", small),
         {}});
  }

  // `from` with `column` withheld where `keys` are in `small`, as table `to`;
  // returns the rows in which it had a value and has none now.
  absl::StatusOr<int64_t> Withhold(const std::string& from,
                                   const std::string& small,
                                   const std::vector<std::string>& keys,
                                   const std::string& column,
                                   const std::string& to) {
    TALLY_RETURN_IF_ERROR(
        engine_
            .Materialise(
                to, WithheldSql(from, small, keys, NamesOf(schema_), {column}),
                schema_)
            .status());
    TALLY_ASSIGN_OR_RETURN(const int64_t before, Filled(from, column));
    TALLY_ASSIGN_OR_RETURN(const int64_t after, Filled(to, column));
    return before - after;
  }

 private:
  absl::StatusOr<int64_t> Filled(const std::string& table,
                                 const std::string& column) {
    return engine_.Count(
        {absl::StrFormat("SELECT count(*) FROM %s WHERE %s IS NOT NULL", table,
                         column),
         {}});
  }

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
  Withholder withholder(schema, min_k, engine);
  TALLY_ASSIGN_OR_RETURN(
      result.line.rows_below_before,
      withholder.FindSmall(rows, identifiers, "small_0_" + name));
  result.line.rows_below_after = result.line.rows_below_before;
  std::string current = rows;
  const auto step = [&](int number, const std::string& small,
                        const std::vector<std::string>& keys,
                        const std::string& column) -> absl::StatusOr<int64_t> {
    const std::string next = absl::StrFormat("rows_%d_%s", number, name);
    TALLY_ASSIGN_OR_RETURN(
        const int64_t withheld,
        withholder.Withhold(current, small, keys, column, next));
    current = next;
    return withheld;
  };
  // Someone who is rare among all: the small area goes.
  int number = 1;
  if (!Among(identifiers, {"lsoa21"}).empty() &&
      result.line.rows_below_before > 0) {
    TALLY_ASSIGN_OR_RETURN(
        result.line.rows_area_withheld,
        step(number++, "small_0_" + name, identifiers, "lsoa21"));
  }
  // An organisation with hardly anybody names its people by itself.
  for (const std::string& column :
       Among(identifiers, {"practice_code", "prescriber_org"})) {
    const std::string small = absl::StrFormat("small_%s_%s", column, name);
    TALLY_ASSIGN_OR_RETURN(const int64_t few,
                           withholder.FindSmall(current, {column}, small));
    if (few == 0) continue;
    TALLY_ASSIGN_OR_RETURN(const int64_t withheld,
                           step(number++, small, {column}, column));
    result.line.rows_practice_withheld += withheld;
  }
  if (number > 1) {
    TALLY_ASSIGN_OR_RETURN(
        result.line.rows_below_after,
        withholder.FindSmall(current, identifiers, "small_1_" + name));
  }
  result.rows = {absl::StrCat("SELECT * FROM ", current), {}};
  return result;
}

}  // namespace tally::linkage
