#include "measures/printed.h"

#include <algorithm>

namespace tally::analytics {

const GatedTable* PrintedTable(std::span<const GatedTable> tables,
                               std::string_view name) {
  for (const GatedTable& table : tables) {
    if (table.info().table == name) return &table;
  }
  return nullptr;
}

const GatedTable* FilledTable(std::span<const GatedTable> tables,
                              std::string_view name) {
  const GatedTable* table = PrintedTable(tables, name);
  return table == nullptr || table->rows() == 0 ? nullptr : table;
}

bool IsAllLevel(const GatedTable& table, size_t row, std::string_view column) {
  return table.at(row, column).text() == kAllLevels;
}

bool HasLevels(const GatedTable& table, size_t row, ColumnLevels levels) {
  return std::all_of(levels.begin(), levels.end(), [&](const auto& level) {
    return table.at(row, level.first).text() == level.second;
  });
}

std::optional<size_t> FindPrintedRow(const GatedTable& table,
                                     ColumnLevels levels) {
  for (size_t row = 0; row < table.rows(); ++row) {
    if (HasLevels(table, row, levels)) return row;
  }
  return std::nullopt;
}

std::vector<size_t> ShownRows(const Chart& chart, std::string_view column,
                              std::string_view level, std::string_view value) {
  const size_t number = chart.ColumnIndex(value);
  std::vector<size_t> rows;
  for (size_t row = 0; row < chart.rows(); ++row) {
    const bool here =
        column.empty() || chart.text(row, chart.ColumnIndex(column)) == level;
    if (here && chart.number(row, number).has_value()) rows.push_back(row);
  }
  return rows;
}

std::optional<size_t> LargestRow(const Chart& chart,
                                 const std::vector<size_t>& rows,
                                 std::string_view value) {
  const size_t column = chart.ColumnIndex(value);
  std::optional<size_t> best;
  for (const size_t row : rows) {
    const std::optional<double> number = chart.number(row, column);
    if (!number.has_value()) continue;
    if (!best.has_value() || *number > *chart.number(*best, column)) best = row;
  }
  return best;
}

}  // namespace tally::analytics
