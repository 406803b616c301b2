#include "analytics/disclosure/column.h"

#include <utility>

namespace tally::analytics {

std::string_view ColumnKindName(ColumnKind kind) {
  switch (kind) {
    case ColumnKind::kUnknown:
      return "unknown";
    case ColumnKind::kDimension:
      return "dimension";
    case ColumnKind::kPersons:
      return "persons";
    case ColumnKind::kEvents:
      return "events";
    case ColumnKind::kSum:
      return "sum";
    case ColumnKind::kProportion:
      return "proportion";
    case ColumnKind::kRate:
      return "rate";
    case ColumnKind::kStdRate:
      return "std_rate";
    case ColumnKind::kRatio:
      return "ratio";
    case ColumnKind::kMean:
      return "mean";
    case ColumnKind::kPercentile:
      return "percentile";
    case ColumnKind::kModelMetric:
      return "model_metric";
    case ColumnKind::kCoefficient:
      return "coefficient";
    case ColumnKind::kIndex:
      return "index";
    case ColumnKind::kDerived:
      return "derived";
    case ColumnKind::kText:
      return "text";
  }
  return "unknown";
}

ColumnSpec DimensionColumn(std::string name, std::string title) {
  ColumnSpec column;
  column.name = std::move(name);
  column.kind = ColumnKind::kDimension;
  column.title = std::move(title);
  return column;
}

ColumnSpec CountColumn(std::string name, ColumnKind kind, std::string title) {
  ColumnSpec column;
  column.name = std::move(name);
  column.kind = kind;
  column.title = std::move(title);
  column.unit = kind == ColumnKind::kPersons ? "people" : "";
  return column;
}

ColumnSpec MidpointColumn(std::string name, ColumnKind kind,
                          std::string title) {
  ColumnSpec column = CountColumn(std::move(name), kind, std::move(title));
  column.midpoint = true;
  return column;
}

ColumnSpec IndexColumn(std::string name, std::string title, std::string unit,
                       std::string events) {
  ColumnSpec column;
  column.name = std::move(name);
  column.kind = ColumnKind::kIndex;
  column.title = std::move(title);
  column.unit = std::move(unit);
  column.numerator = std::move(events);
  return column;
}

ColumnSpec ProportionColumn(std::string name, std::string title,
                            std::string numerator, std::string denominator) {
  ColumnSpec column;
  column.name = std::move(name);
  column.kind = ColumnKind::kProportion;
  column.title = std::move(title);
  column.unit = "%";
  column.numerator = std::move(numerator);
  column.denominator = std::move(denominator);
  return column;
}

std::vector<std::string> DimensionNames(
    const std::vector<ColumnSpec>& columns) {
  std::vector<std::string> names;
  for (const ColumnSpec& column : columns) {
    if (column.kind == ColumnKind::kDimension) names.push_back(column.name);
  }
  return names;
}

ColumnSpec DerivedColumn(std::string name, std::string title,
                         std::string unit) {
  ColumnSpec column;
  column.name = std::move(name);
  column.kind = ColumnKind::kDerived;
  column.title = std::move(title);
  column.unit = std::move(unit);
  return column;
}

ColumnSpec LimitColumn(std::string name, std::string title,
                       const ColumnSpec& of, ColumnRole role, double alpha) {
  ColumnSpec column = of;
  column.name = std::move(name);
  column.title = std::move(title);
  column.role = role;
  column.of = of.name;
  column.alpha = alpha;
  return column;
}

}  // namespace tally::analytics
