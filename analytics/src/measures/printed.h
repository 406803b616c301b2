// Looks things up in printed tables and charts: what pictures and measures that
// are read from printed figures share.
// Threading: pure functions.  Secrets: none: gated tables only.
#ifndef TALLY_ANALYTICS_SRC_MEASURES_PRINTED_H_
#define TALLY_ANALYTICS_SRC_MEASURES_PRINTED_H_

#include <functional>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "analytics/dashboard/page_model.h"
#include "analytics/disclosure/gated_table.h"
#include "analytics/disclosure/registry.h"

namespace tally::analytics {

// The table of that name, or null.
const GatedTable* PrintedTable(std::span<const GatedTable> tables,
                               std::string_view name);
// The same, null if it has no row.
const GatedTable* FilledTable(std::span<const GatedTable> tables,
                              std::string_view name);

// Whether the level of `column` is "All". REQUIRES: the column exists.
bool IsAllLevel(const GatedTable& table, size_t row, std::string_view column);

using ColumnLevels =
    std::initializer_list<std::pair<std::string_view, std::string_view>>;
// The first row with these texts in these columns; nothing if there is none.
// REQUIRES: the columns exist. Cost: O(rows).
std::optional<size_t> FindPrintedRow(const GatedTable& table,
                                     ColumnLevels levels);
// Whether one row has them.
bool HasLevels(const GatedTable& table, size_t row, ColumnLevels levels);

// The rows of a chart at one level of a column that have a printed number in
// `value`, in the order of the chart; `column` empty: all rows.
std::vector<size_t> ShownRows(const Chart& chart, std::string_view column,
                              std::string_view level, std::string_view value);
// That of `rows` with the largest number in `value`, the first of equal ones;
// nothing if there is none.
std::optional<size_t> LargestRow(const Chart& chart,
                                 const std::vector<size_t>& rows,
                                 std::string_view value);

}  // namespace tally::analytics

#endif  // TALLY_ANALYTICS_SRC_MEASURES_PRINTED_H_
