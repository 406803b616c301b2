#include "measures/tables.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_format.h"
#include "analytics/dashboard/page_model.h"
#include "base/error.h"
#include "base/status.h"
#include "base/strings.h"

namespace tally::analytics {

std::string PerUnit(double multiplier) {
  return "per " + WithThousands(absl::StrFormat("%.0f", multiplier));
}

std::string CutNote(const std::vector<std::string>& by) {
  return absl::StrFormat("By %s.", JoinText(by, ", "));
}

std::vector<ColumnSpec> ExpectedAndGap(std::string recorded) {
  ColumnSpec expected;
  expected.name = "expected";
  expected.kind = ColumnKind::kRatio;
  expected.role = ColumnRole::kExpected;
  expected.title = "Expected cases";
  expected.unit = "persons";
  expected.numerator = std::move(recorded);
  ColumnSpec gap = expected;
  gap.name = "gap";
  gap.title = "Expected minus recorded";
  gap.role = ColumnRole::kGap;
  gap.of = "expected";
  return {std::move(expected), std::move(gap)};
}

std::string NaNote(const std::vector<ColumnSpec>& columns) {
  const auto named = [&](auto&& is) {
    const auto found = std::find_if(columns.begin(), columns.end(), is);
    return found == columns.end() ? nullptr : &*found;
  };
  const ColumnSpec* expected = named([](const ColumnSpec& column) {
    return column.role == ColumnRole::kExpected;
  });
  if (expected == nullptr) return "";
  const ColumnSpec* events = named([&](const ColumnSpec& column) {
    return column.name == expected->numerator;
  });
  TALLY_CHECK(events != nullptr);
  std::vector<std::string> counts;
  std::string ratios;
  for (const ColumnSpec& column : columns) {
    if (column.role == ColumnRole::kExpected ||
        column.role == ColumnRole::kGap) {
      counts.push_back(absl::StrFormat("\"%s\"", column.title));
    } else if (column.kind == ColumnKind::kRatio &&
               column.role == ColumnRole::kValue) {
      ratios += absl::StrFormat(
          "; \"%s\" where \"%s\" is below %d, or where nothing is expected",
          column.title, events->title, column.minimum_events);
    }
  }
  return absl::StrFormat(
      "NA: %s where \"%s\" may be below %d before rounding%s.",
      JoinText(counts, " and "), events->title, kManyEvents, ratios);
}

TableBuilder& TableBuilder::Column(ColumnSpec column) {
  index_[column.name] = columns_.size();
  columns_.push_back(std::move(column));
  return *this;
}

TableBuilder& TableBuilder::Dimension(std::string name, std::string title) {
  return Column(DimensionColumn(std::move(name), std::move(title)));
}

TableBuilder& TableBuilder::Persons(std::string name, std::string title) {
  return Column(
      CountColumn(std::move(name), ColumnKind::kPersons, std::move(title)));
}

TableBuilder& TableBuilder::Events(std::string name, std::string title) {
  return Column(
      CountColumn(std::move(name), ColumnKind::kEvents, std::move(title)));
}

TableBuilder& TableBuilder::Text(std::string name, std::string title) {
  ColumnSpec column;
  column.name = std::move(name);
  column.kind = ColumnKind::kText;
  column.title = std::move(title);
  return Column(std::move(column));
}

TableBuilder& TableBuilder::WithLimits(const ColumnSpec& value, bool limits) {
  Column(value);
  if (!limits) return *this;
  Column(LimitColumn(value.name + "_lo",
                     absl::StrFormat("%s, lower limit", value.title), value,
                     ColumnRole::kLower));
  return Column(LimitColumn(value.name + "_hi",
                            absl::StrFormat("%s, upper limit", value.title),
                            value, ColumnRole::kUpper));
}

TableBuilder& TableBuilder::Proportion(std::string name, std::string title,
                                       std::string numerator,
                                       std::string denominator, bool limits) {
  return WithLimits(
      ProportionColumn(std::move(name), std::move(title), std::move(numerator),
                       std::move(denominator)),
      limits);
}

TableBuilder& TableBuilder::CrudeRate(std::string name, std::string title,
                                      std::string numerator,
                                      std::string denominator,
                                      double multiplier, bool limits) {
  ColumnSpec column;
  column.name = std::move(name);
  column.kind = ColumnKind::kRate;
  column.title = std::move(title);
  column.unit = PerUnit(multiplier);
  column.numerator = std::move(numerator);
  column.denominator = std::move(denominator);
  column.multiplier = multiplier;
  return WithLimits(column, limits);
}

TableBuilder& TableBuilder::StandardisedRate(std::string name,
                                             std::string title,
                                             std::string numerator,
                                             double multiplier) {
  ColumnSpec column;
  column.name = std::move(name);
  column.kind = ColumnKind::kStdRate;
  column.title = std::move(title);
  // Per one is no unit: such rows carry theirs in a column of its own.
  if (multiplier != 1) column.unit = PerUnit(multiplier);
  column.numerator = std::move(numerator);
  column.multiplier = multiplier;
  return WithLimits(column, true);
}

TableBuilder& TableBuilder::IndirectRatio(std::string name, std::string title,
                                          std::string observed,
                                          double multiplier) {
  ColumnSpec expected;
  expected.name = "expected";
  expected.kind = ColumnKind::kRatio;
  expected.role = ColumnRole::kExpected;
  expected.title = "Expected";
  expected.unit = "events";
  expected.numerator = observed;
  Column(std::move(expected));
  ColumnSpec column;
  column.name = std::move(name);
  column.kind = ColumnKind::kRatio;
  column.title = std::move(title);
  column.unit = multiplier == 1 ? "ratio" : absl::StrFormat("x %g", multiplier);
  column.numerator = std::move(observed);
  column.multiplier = multiplier;
  return WithLimits(column, true);
}

TableBuilder& TableBuilder::Sum(std::string name, std::string title,
                                std::string unit, std::string of) {
  ColumnSpec column;
  column.name = std::move(name);
  column.kind = ColumnKind::kSum;
  column.numerator = std::move(of);
  column.title = std::move(title);
  column.unit = std::move(unit);
  return Column(std::move(column));
}

TableBuilder& TableBuilder::Mean(std::string name, std::string title,
                                 std::string unit, std::string denominator) {
  ColumnSpec column;
  column.name = std::move(name);
  column.kind = ColumnKind::kMean;
  column.title = std::move(title);
  column.unit = std::move(unit);
  column.denominator = std::move(denominator);
  return Column(std::move(column));
}

TableBuilder& TableBuilder::Percentile(std::string name, std::string title,
                                       std::string unit,
                                       std::string denominator,
                                       double percentile, double step) {
  ColumnSpec column;
  column.name = std::move(name);
  column.kind = ColumnKind::kPercentile;
  column.title = std::move(title);
  column.unit = std::move(unit);
  column.denominator = std::move(denominator);
  column.percentile = percentile;
  column.step = step;
  return Column(std::move(column));
}

size_t TableBuilder::At(std::string_view column) const {
  const auto found = index_.find(column);
  TALLY_CHECK(found != index_.end());
  return found->second;
}

size_t TableBuilder::AddRow(const std::vector<std::string>& levels) {
  std::vector<RawValue>& row = rows_.emplace_back(columns_.size());
  size_t next = 0;
  for (size_t i = 0; i < columns_.size() && next < levels.size(); ++i) {
    if (columns_[i].kind == ColumnKind::kDimension) row[i] = levels[next++];
  }
  TALLY_CHECK(next == levels.size());
  return rows_.size() - 1;
}

TableBuilder& TableBuilder::Set(size_t row, std::string_view column,
                                RawValue value) {
  rows_.at(row)[At(column)] = std::move(value);
  return *this;
}

TableBuilder& TableBuilder::SetNa(size_t row, std::string_view column,
                                  NaReason reason) {
  na_[{row, At(column)}] = reason;
  return *this;
}

TableBuilder& TableBuilder::SetRate(size_t row, std::string_view column,
                                    const DirectRate& rate) {
  if (!rate.rate.value.known()) {
    return SetNa(row, column, rate.rate.value.reason());
  }
  CellBasis basis;
  basis.spread = rate.spread.value();
  basis_[{row, At(column)}] = basis;
  return Set(row, column, rate.rate.value.value());
}

TableBuilder& TableBuilder::SetExpected(size_t row, std::string_view column,
                                        int64_t observed, double expected) {
  const size_t at = At(column);
  if (!(expected > 0)) {
    SetNa(row, "expected", NaReason::kNoExpected);
    return SetNa(row, column, NaReason::kNoExpected);
  }
  const double multiplier = columns_[at].multiplier;
  CellBasis basis;
  basis.spread = multiplier / expected;
  basis_[{row, at}] = basis;
  Set(row, "expected", expected);
  return Set(row, column,
             multiplier * static_cast<double>(observed) / expected);
}

TableBuilder& TableBuilder::SetSum(size_t row, std::string_view column,
                                   double total, int64_t contributors,
                                   double largest, double second) {
  CellBasis basis;
  basis.contributors = contributors;
  basis.largest = largest;
  basis.second = second;
  basis_[{row, At(column)}] = basis;
  return Set(row, column, total);
}

TableBuilder& TableBuilder::Total(size_t row, const std::vector<size_t>& parts,
                                  const std::vector<std::string>& apart) {
  for (size_t i = 0; i < columns_.size(); ++i) {
    const ColumnSpec& column = columns_[i];
    const bool count = column.kind == ColumnKind::kPersons ||
                       column.kind == ColumnKind::kEvents;
    const bool own =
        std::find(apart.begin(), apart.end(), column.name) != apart.end();
    if (!count || own) continue;
    std::vector<CellRef> cells;
    for (const size_t part : parts) {
      const bool there =
          !std::holds_alternative<std::monostate>(rows_.at(part)[i]) ||
          totals_.contains({part, i}) || same_.contains({part, i});
      if (there) cells.push_back({part, i});
    }
    if (!cells.empty()) totals_[{row, i}] = std::move(cells);
  }
  return *this;
}

TableBuilder& TableBuilder::TotalOf(
    size_t row, std::string_view column,
    const std::vector<std::pair<size_t, std::string>>& parts) {
  std::vector<CellRef> cells;
  for (const auto& [part, name] : parts) cells.push_back({part, At(name)});
  totals_[{row, At(column)}] = std::move(cells);
  return *this;
}

TableBuilder& TableBuilder::Same(size_t row, size_t original,
                                 std::string_view column) {
  const size_t at = At(column);
  same_[{row, at}] = {original, at};
  return *this;
}

TableBuilder& TableBuilder::Counted(size_t row, std::string_view column,
                                    std::string name) {
  counted_[{row, At(column)}] = std::move(name);
  return *this;
}

TableBuilder& TableBuilder::Within(std::string whole,
                                   std::vector<std::string> parts) {
  within_.emplace_back(std::move(whole), std::move(parts));
  return *this;
}

TableBuilder& TableBuilder::SameSum(
    std::string_view column, const std::vector<std::vector<size_t>>& groups) {
  const size_t at = At(column);
  auto& sums = same_sums_.emplace_back();
  for (const std::vector<size_t>& rows : groups) {
    std::vector<CellRef>& cells = sums.emplace_back();
    for (const size_t row : rows) cells.push_back({row, at});
  }
  return *this;
}

const RawValue& TableBuilder::Get(size_t row, std::string_view column) const {
  return rows_.at(row)[At(column)];
}

absl::StatusOr<RawTable> TableBuilder::Finish() {
  if (std::string note = NaNote(columns_); !note.empty()) {
    info_.notes.push_back(std::move(note));
  }
  TALLY_ASSIGN_OR_RETURN(RawTable table,
                         RawTable::Create(std::move(info_), columns_));
  for (std::vector<RawValue>& row : rows_) {
    TALLY_RETURN_IF_ERROR(table.AddRow(std::move(row)));
  }
  for (const auto& [cell, basis] : basis_) table.SetBasis(cell, basis);
  for (const auto& [cell, reason] : na_) table.SetNa(cell, reason);
  for (auto& [cell, parts] : totals_) table.SetTotal(cell, std::move(parts));
  for (const auto& [cell, original] : same_) table.SetSame(cell, original);
  for (auto& [cell, name] : counted_) table.SetCounted(cell, std::move(name));
  for (auto& [whole, parts] : within_) {
    table.AddColumnsWithin(whole, std::move(parts));
  }
  for (auto& groups : same_sums_) table.AddSameSum(std::move(groups));
  if (mostly_shown_) table.RefuseMostlyHidden();
  rows_.clear();
  return table;
}

}  // namespace tally::analytics
