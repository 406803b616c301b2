#include "measures/index_column.h"

#include "absl/strings/str_format.h"

namespace tally::analytics {

void AddIndexColumns(TableBuilder& table, const std::string& name,
                     const std::string& title, const std::string& unit,
                     const std::string& numerator, bool limits) {
  const ColumnSpec column = IndexColumn(name, title, unit, numerator);
  table.Column(column);
  if (!limits) return;
  table.Column(LimitColumn(name + "_lo",
                           absl::StrFormat("%s, lower limit", title), column,
                           ColumnRole::kLower));
  table.Column(LimitColumn(name + "_hi",
                           absl::StrFormat("%s, upper limit", title), column,
                           ColumnRole::kUpper));
}

void SetIndex(TableBuilder& table, size_t row, const std::string& name,
              const Figure& figure) {
  if (figure.known()) {
    table.Set(row, name, figure.value());
  } else {
    table.SetNa(row, name, figure.reason());
  }
}

void SetIndex(TableBuilder& table, size_t row, const std::string& name,
              const Estimate& estimate) {
  SetIndex(table, row, name, estimate.value);
  SetIndex(table, row, name + "_lo", estimate.lower);
  SetIndex(table, row, name + "_hi", estimate.upper);
}

}  // namespace tally::analytics
