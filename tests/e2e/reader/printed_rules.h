// The rules of the profile nhs-subnational, written down once more from
// docs/measures/disclosure.md and without the gate's code: each cell that was
// printed against the exact figures behind it.
// Threading: pure functions.
// Secrets: exact counts; messages name table, column and rule, no value.
#ifndef TALLY_TESTS_E2E_READER_PRINTED_RULES_H_
#define TALLY_TESTS_E2E_READER_PRINTED_RULES_H_

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "analytics/disclosure/gated_table.h"
#include "analytics/disclosure/raw_table.h"

namespace tally::analytics {

// Reads the exact figures that only the gate may see.
class RawTableProbe {
 public:
  static const std::vector<std::vector<RawValue>>& Rows(const RawTable& table) {
    return table.rows_;
  }
  static const auto& Totals(const RawTable& table) { return table.totals_; }
  static const auto& Same(const RawTable& table) { return table.same_; }
  static const auto& Basis(const RawTable& table) { return table.basis_; }
};

// A table as it is written to files.
using PrintedGrid = std::vector<std::vector<std::string>>;

inline PrintedGrid GridOf(const GatedTable& table) {
  PrintedGrid grid(table.rows());
  for (size_t row = 0; row < table.rows(); ++row) {
    for (size_t column = 0; column < table.columns().size(); ++column) {
      grid[row].push_back(table.cell(row, column).text());
    }
  }
  return grid;
}

class PrintedRules {
 public:
  PrintedRules(const RawTable& raw, const PrintedGrid& grid)
      : raw_(raw), grid_(grid), rows_(RawTableProbe::Rows(raw)) {}

  // What breaks a rule, in words; empty: nothing does.
  std::vector<std::string> Broken() {
    broken_.clear();
    if (grid_.size() != rows_.size()) broken_.push_back("rows are missing");
    for (size_t row = 0; row < grid_.size() && broken_.empty(); ++row) {
      for (size_t column = 0; column < raw_.columns().size(); ++column) {
        Check({row, column});
      }
    }
    return broken_;
  }

 private:
  static constexpr int64_t kFewest = 8;  // the smallest count in print
  static constexpr int64_t kManyEvents = 100;

  const std::string& Text(CellRef cell) const {
    return grid_[cell.row][cell.column];
  }
  static std::optional<double> Number(const std::string& text) {
    if (text == "*" || text == "NA" || text.empty()) return std::nullopt;
    return std::strtod(text.c_str(), nullptr);
  }
  static size_t Decimals(const std::string& text) {
    const size_t point = text.find('.');
    return point == std::string::npos ? 0 : text.size() - point - 1;
  }
  // Digits from the first that is not zero to the last one of the unit; zeros
  // before the point may be places.
  static bool HasThreeFigures(const std::string& text) {
    const double value = std::fabs(std::strtod(text.c_str(), nullptr));
    if (value == 0) return true;
    const int exponent = static_cast<int>(std::floor(std::log10(value)));
    const double unit = std::pow(10.0, exponent - 2);
    return std::fabs(value / unit - std::round(value / unit)) < 1e-6;
  }

  static bool IsCount(const ColumnSpec& column) {
    return column.kind == ColumnKind::kPersons ||
           column.kind == ColumnKind::kEvents;
  }

  // The exact count of a cell: totals are added up here.
  std::optional<int64_t> Exact(CellRef cell) const {
    const auto& totals = RawTableProbe::Totals(raw_);
    const auto total = totals.find(cell);
    if (total != totals.end()) {
      int64_t sum = 0;
      for (const CellRef part : total->second) sum += Exact(part).value_or(0);
      return sum;
    }
    const auto& same = RawTableProbe::Same(raw_);
    const auto original = same.find(cell);
    if (original != same.end()) return Exact(original->second);
    const auto* count = std::get_if<int64_t>(&rows_[cell.row][cell.column]);
    if (count == nullptr) return std::nullopt;
    return *count;
  }

  std::optional<double> ExactFigure(size_t row, const std::string& name) const {
    const auto column = raw_.ColumnIndex(name);
    if (!column.ok()) return std::nullopt;
    const auto* figure = std::get_if<double>(&rows_[row][*column]);
    if (figure == nullptr) return std::nullopt;
    return *figure;
  }

  std::optional<CellRef> Named(size_t row, const std::string& name) const {
    const auto column = raw_.ColumnIndex(name);
    if (name.empty() || !column.ok()) return std::nullopt;
    return CellRef{row, *column};
  }

  void Say(CellRef cell, const std::string& what) {
    broken_.push_back(raw_.info().measure_id + "/" + raw_.info().table + "." +
                      raw_.columns()[cell.column].name + ": " + what);
  }

  void Check(CellRef cell) {
    const ColumnSpec& column = raw_.columns()[cell.column];
    if (column.kind == ColumnKind::kDimension ||
        column.kind == ColumnKind::kText) {
      return;
    }
    if (!Number(Text(cell)).has_value()) return;  // nothing is told
    if (IsCount(column)) return CheckCount(cell);
    CheckParts(cell);
    switch (column.kind) {
      case ColumnKind::kProportion:
        return CheckShare(cell, 100, 1);
      case ColumnKind::kRate:
        return CheckShare(cell, column.multiplier, 1);
      case ColumnKind::kStdRate:
      case ColumnKind::kRatio:
        return CheckStandardised(cell);
      case ColumnKind::kMean:
      case ColumnKind::kPercentile:
        return CheckPeople(cell);
      case ColumnKind::kSum:
        return CheckSum(cell);
      case ColumnKind::kIndex:
        return CheckIndex(cell);
      case ColumnKind::kModelMetric:
      case ColumnKind::kCoefficient:
        return CheckModel(cell);
      default:
        return Say(cell, "is of a kind that has no rule");
    }
  }

  void CheckCount(CellRef cell) {
    const std::optional<int64_t> exact = Exact(cell);
    if (!exact.has_value()) return Say(cell, "a count of nothing");
    const auto printed = static_cast<int64_t>(*Number(Text(cell)));
    if (raw_.columns()[cell.column].midpoint) {
      const int64_t middle = *exact == 0 ? 0 : (*exact + 5) / 6 * 6 - 3;
      if (printed != middle) Say(cell, "is not the middle of its six");
      return;
    }
    if (*exact > 0 && *exact < kFewest) Say(cell, "a small count is printed");
    if (printed > 0 && printed < kFewest)
      Say(cell, "a small number is printed");
    if (printed % 5 != 0 || Decimals(Text(cell)) > 0) {
      Say(cell, "is not rounded to five");
    }
    if (std::llabs(printed - *exact) > 2) Say(cell, "is not the nearest five");
    if ((printed == 0) != (*exact == 0)) Say(cell, "a zero that is none");
  }

  // What stands on a `*` is one; denominators are not too small.
  void CheckParts(CellRef cell) {
    const ColumnSpec& column = raw_.columns()[cell.column];
    if (column.role == ColumnRole::kPeer) return;
    for (const std::string& name : {column.numerator, column.denominator}) {
      const auto part = Named(cell.row, name);
      if (part.has_value() && Text(*part) == "*") {
        Say(cell, "stands on a hidden count");
      }
    }
    const auto whole = Named(cell.row, column.denominator);
    if (whole.has_value() && Exact(*whole).value_or(0) < kFewest) {
      Say(cell, "has too small a denominator");
    }
  }

  void CheckShare(CellRef cell, double multiplier, size_t decimals) {
    const ColumnSpec& column = raw_.columns()[cell.column];
    if (Decimals(Text(cell)) > decimals) Say(cell, "has too many decimals");
    if (column.role == ColumnRole::kPeer) return;  // of another row
    const auto part = Named(cell.row, column.numerator);
    const auto whole = Named(cell.row, column.denominator);
    if (!part.has_value() || !whole.has_value()) return;
    const std::optional<double> x = Number(Text(*part));
    const std::optional<double> n = Number(Text(*whole));
    if (!x.has_value() || !n.has_value() || *n == 0) return;
    const bool share = column.kind == ColumnKind::kProportion;
    const double value = multiplier * (share ? std::min(*x, *n) : *x) / *n;
    const double printed = *Number(Text(cell));
    if (column.role == ColumnRole::kValue &&
        std::fabs(printed - value) > 0.0501) {
      Say(cell, "is not made of the printed counts");
    }
    // Limits of the exact counts would be elsewhere; these enclose the printed.
    if (column.role == ColumnRole::kLower && printed > value + 0.051) {
      Say(cell, "a lower limit above its value");
    }
    if (column.role == ColumnRole::kUpper && printed < value - 0.051) {
      Say(cell, "an upper limit below its value");
    }
    if (share && column.role != ColumnRole::kValue &&
        column.alpha == kAlpha95) {
      CheckWilson(cell, std::min(*x, *n) / *n, *n);
    }
  }

  // Wilson's limits of the printed counts.
  void CheckWilson(CellRef cell, double p, double n) {
    const double z = 1.959963984540054;
    const double middle = p + z * z / (2 * n);
    const double wide = z * std::sqrt(p * (1 - p) / n + z * z / (4 * n * n));
    const bool lower = raw_.columns()[cell.column].role == ColumnRole::kLower;
    const double limit =
        100 * (lower ? middle - wide : middle + wide) / (1 + z * z / n);
    if (std::fabs(*Number(Text(cell)) - limit) > 0.0501) {
      Say(cell, "is not the limit of the printed counts");
    }
  }

  void CheckStandardised(CellRef cell) {
    const ColumnSpec& column = raw_.columns()[cell.column];
    const auto events = Named(cell.row, column.numerator);
    if (!events.has_value()) return;
    const double printed = Number(Text(*events)).value_or(0);
    const auto exact = static_cast<double>(Exact(*events).value_or(0));
    if (column.role == ColumnRole::kExpected ||
        column.role == ColumnRole::kGap) {
      // A printed 100 may be 98.
      if (printed - 2 < kManyEvents) Say(cell, "is told below 100 events");
      return;
    }
    if (exact < 10 || printed < 10) Say(cell, "stands on under ten events");
    if (printed < kManyEvents && !HasThreeFigures(Text(cell))) {
      Say(cell, "has more than three figures");
    }
    if (printed >= kManyEvents && Decimals(Text(cell)) > 1) {
      Say(cell, "has too many decimals");
    }
    const auto value = ExactFigure(cell.row, column.name);
    if (column.role != ColumnRole::kValue || !value.has_value()) return;
    // What is compared with itself is as expected: scaled it would say of how
    // many.
    const bool of_itself =
        column.kind == ColumnKind::kRatio &&
        std::fabs(*value - column.multiplier) < 1e-9 * column.multiplier;
    const double scaled = of_itself ? *value : *value * printed / exact;
    const double most = std::max(0.0501, std::fabs(scaled) * 0.00501);
    if (std::fabs(*Number(Text(cell)) - scaled) > most) {
      Say(cell, "is not scaled to the printed events");
    }
  }

  void CheckPeople(CellRef cell) {
    const ColumnSpec& column = raw_.columns()[cell.column];
    const auto people = Named(cell.row, column.denominator);
    if (!people.has_value()) return Say(cell, "names no people");
    const auto n = static_cast<double>(Exact(*people).value_or(0));
    if (column.kind == ColumnKind::kMean) {
      if (!HasThreeFigures(Text(cell))) Say(cell, "has over three figures");
      return;
    }
    const double tail = n * std::min(column.percentile, 1 - column.percentile);
    if (tail + 1e-9 < kFewest) Say(cell, "has under eight people beyond it");
    const double steps = *Number(Text(cell)) / column.step;
    if (std::fabs(steps - std::round(steps)) > 1e-6) {
      Say(cell, "is not in whole steps");
    }
  }

  void CheckSum(CellRef cell) {
    const auto& basis = RawTableProbe::Basis(raw_);
    const auto found = basis.find(cell);
    if (found == basis.end()) return Say(cell, "a sum of nobody");
    const CellBasis& b = found->second;
    const double sum =
        ExactFigure(cell.row, raw_.columns()[cell.column].name).value_or(0);
    if (sum == 0 && b.contributors == 0) return CheckNothing(cell);
    if (b.contributors < kFewest) Say(cell, "a sum of too few");
    if (b.largest + b.second > 0.9 * sum) Say(cell, "two hold nine tenths");
    if (sum - b.largest - b.second < 0.1 * b.largest) {
      Say(cell, "the largest can be told from the rest");
    }
    if (!HasThreeFigures(Text(cell))) Say(cell, "has over three figures");
  }

  // Nothing of nobody is 0, and stands beside no hidden count.
  void CheckNothing(CellRef cell) {
    if (Text(cell) != "0") Say(cell, "nothing that is something");
    for (size_t column = 0; column < raw_.columns().size(); ++column) {
      const CellRef other{cell.row, column};
      if (IsCount(raw_.columns()[column]) && Text(other) == "*") {
        Say(cell, "tells of a hidden count");
      }
    }
  }

  void CheckIndex(CellRef cell) {
    const ColumnSpec& column = raw_.columns()[cell.column];
    if (!HasThreeFigures(Text(cell))) Say(cell, "has over three figures");
    const auto events = Named(cell.row, column.numerator);
    if (events.has_value()) {
      const double printed = Number(Text(*events)).value_or(0);
      if (Exact(*events).value_or(0) < kManyEvents || printed < kManyEvents) {
        Say(cell, "stands on under 100 events");
      }
      return;
    }
    if (BasisEvents(cell) < kManyEvents) {
      Say(cell, "stands on under 100 events");
    }
  }

  void CheckModel(CellRef cell) {
    const ColumnSpec& column = raw_.columns()[cell.column];
    if (Decimals(Text(cell)) > 2) Say(cell, "has too many decimals");
    if (column.kind == ColumnKind::kCoefficient &&
        BasisEvents(cell) < kFewest) {
      Say(cell, "a coefficient of too few");
    }
  }

  int64_t BasisEvents(CellRef cell) const {
    const auto& basis = RawTableProbe::Basis(raw_);
    auto found = basis.find(cell);
    const auto of = Named(cell.row, raw_.columns()[cell.column].of);
    if (found == basis.end() && of.has_value()) found = basis.find(*of);
    return found == basis.end() ? 0 : found->second.events;
  }

  const RawTable& raw_;
  const PrintedGrid& grid_;
  const std::vector<std::vector<RawValue>>& rows_;
  std::vector<std::string> broken_;
};

}  // namespace tally::analytics

#endif  // TALLY_TESTS_E2E_READER_PRINTED_RULES_H_
