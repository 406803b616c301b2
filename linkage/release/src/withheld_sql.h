#ifndef TALLY_LINKAGE_RELEASE_SRC_WITHHELD_SQL_H_
#define TALLY_LINKAGE_RELEASE_SRC_WITHHELD_SQL_H_

// The statements of min_k, over tables of keys (KeysSql).
//
// Threading: pure functions.
// Secrets: none.

#include <string>
#include <string_view>
#include <vector>

#include "engine/sql_engine.h"
#include "linkage/release/release_sql.h"

namespace tally::linkage {

// From `keys`, a SELECT of keys or of a slice of their combinations: the
// combinations of `identifiers` that fewer than `k` people share, with their
// rows: identifiers, group_rows BIGINT. `present`: one of the identifiers,
// which then has a value in every combination; empty for all combinations.
SqlStatement SmallGroupsSql(std::string_view keys,
                            const std::vector<std::string>& identifiers, int k,
                            std::string_view present = "");
// The people with rows of `from` whose combination of `identifiers` is in
// `small`: person, group_rows = 1; itself a `small` over {"person"}.
SqlStatement PeopleInSql(std::string_view from, std::string_view small,
                         const std::vector<std::string>& identifiers);
// The rows of `from` (a table, of keys or rows, or a SELECT in parentheses),
// `withheld` set to NULL where the combination of `identifiers` is in `small`.
// NULL is equal to NULL here.
SqlStatement WithheldSql(std::string_view from, std::string_view small,
                         const std::vector<std::string>& identifiers,
                         const std::vector<std::string>& all_columns,
                         std::string_view withheld);
// Of a slice of people, how many have each value of an organisation's column in
// all the tables together: value, n_persons BIGINT, key_rows BIGINT.
SqlStatement OrganisationsSql(const std::vector<std::string>& tables,
                              std::string_view column, Slice slice);
// From such counts of all slices, the values that fewer than `k` people have:
// value, group_rows.
SqlStatement SmallOrganisationsSql(std::string_view counts,
                                   std::string_view column, int k);

}  // namespace tally::linkage

#endif  // TALLY_LINKAGE_RELEASE_SRC_WITHHELD_SQL_H_
