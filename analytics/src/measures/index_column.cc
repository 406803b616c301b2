#include "measures/index_column.h"

#include <cmath>

namespace tally::analytics {
namespace {

// An index is printed with three significant figures.
double ThreeSignificant(double value) {
  if (value == 0) return 0;
  const double scale =
      std::pow(10.0, 2 - std::floor(std::log10(std::abs(value))));
  return std::round(value * scale) / scale;
}

}  // namespace

void AddIndexColumns(TableBuilder& table, const std::string& name,
                     const std::string& title, const std::string& unit,
                     const std::string& numerator, bool limits) {
  ColumnSpec column;
  column.name = name;
  column.kind = ColumnKind::kModelMetric;
  column.title = title;
  column.unit = unit;
  column.numerator = numerator;
  table.Column(column);
  if (!limits) return;
  for (const char* end : {"_lo", "_hi"}) {
    ColumnSpec limit = column;
    limit.name = name + end;
    limit.title = title + (end[1] == 'l' ? ", lower limit" : ", upper limit");
    table.Column(limit);
  }
}

void SetIndex(TableBuilder& table, size_t row, const std::string& name,
              const Figure& figure) {
  if (figure.known()) {
    table.Set(row, name, ThreeSignificant(figure.value()));
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
