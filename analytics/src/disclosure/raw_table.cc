#include "analytics/disclosure/raw_table.h"

#include <cmath>
#include <utility>

#include "absl/strings/str_format.h"
#include "base/exit_code.h"
#include "base/status.h"
#include "base/strings.h"
#include "disclosure/table_names.h"

namespace tally::analytics {
namespace {

bool IsCount(ColumnKind kind) {
  return kind == ColumnKind::kPersons || kind == ColumnKind::kEvents;
}

// Computed by the gate from printed cells, so the measure leaves them null.
bool IsDerived(const ColumnSpec& column) {
  if (column.role == ColumnRole::kExpected) return false;
  const bool given = column.kind == ColumnKind::kIndex ||
                     column.kind == ColumnKind::kCoefficient;
  if (given && column.role != ColumnRole::kPeer) return false;
  return column.kind == ColumnKind::kProportion ||
         column.kind == ColumnKind::kRate || column.role != ColumnRole::kValue;
}

absl::Status CheckValue(const ColumnSpec& column, const RawValue& value) {
  const auto bad = [&](std::string_view what) {
    return InputError(absl::StrFormat("column %s: %s", column.name, what));
  };
  if (std::holds_alternative<std::monostate>(value)) return absl::OkStatus();
  if (IsDerived(column)) return bad("is computed by the gate");
  if (IsCount(column.kind)) {
    const int64_t* count = std::get_if<int64_t>(&value);
    if (count == nullptr) return bad("a count is a whole number");
    if (*count < 0) return bad("a count is not negative");
    return absl::OkStatus();
  }
  if (column.kind == ColumnKind::kDimension ||
      column.kind == ColumnKind::kText) {
    const std::string* text = std::get_if<std::string>(&value);
    if (text == nullptr) return bad("a level is text");
    if (!IsValidUtf8(*text)) return bad("a level is UTF-8");
    return absl::OkStatus();
  }
  const double* number = std::get_if<double>(&value);
  if (number == nullptr || !std::isfinite(*number)) {
    return bad("a figure is a finite number");
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<RawTable> RawTable::Create(TableInfo info,
                                          std::vector<ColumnSpec> columns) {
  TALLY_RETURN_IF_ERROR(CheckTableNames(info.table, columns));
  return RawTable(std::move(info), std::move(columns));
}

absl::Status RawTable::AddRow(std::vector<RawValue> values) {
  if (values.size() != columns_.size()) {
    return InputError(absl::StrFormat("a row has %d values, not %d",
                                      values.size(), columns_.size()));
  }
  for (size_t i = 0; i < values.size(); ++i) {
    TALLY_RETURN_IF_ERROR(CheckValue(columns_[i], values[i]));
  }
  rows_.push_back(std::move(values));
  return absl::OkStatus();
}

void RawTable::SetTotal(CellRef total, std::vector<CellRef> parts) {
  totals_[total] = std::move(parts);
}

void RawTable::SetSame(CellRef cell, CellRef original) {
  same_[cell] = original;
}

void RawTable::AddEquality(CellRef whole, std::vector<CellRef> parts) {
  equalities_.push_back({whole, std::move(parts)});
}

void RawTable::AddColumnsWithin(std::string whole,
                                std::vector<std::string> parts) {
  within_.push_back({std::move(whole), std::move(parts)});
}

void RawTable::AddSameSum(std::vector<std::vector<CellRef>> groups) {
  same_sums_.push_back(std::move(groups));
}

void RawTable::AddKnownMargin(std::vector<CellRef> parts, int64_t exact) {
  margins_.push_back({std::move(parts), exact});
}

void RawTable::SetCounted(CellRef cell, std::string name) {
  if (!name.empty()) counted_[cell] = std::move(name);
}

void RawTable::SetBasis(CellRef cell, CellBasis basis) { basis_[cell] = basis; }

void RawTable::SetPeer(size_t row, size_t peer) { peers_[row] = peer; }

void RawTable::SetNa(CellRef cell, NaReason reason) { na_[cell] = reason; }

absl::StatusOr<size_t> RawTable::ColumnIndex(std::string_view name) const {
  for (size_t i = 0; i < columns_.size(); ++i) {
    if (columns_[i].name == name) return i;
  }
  return NotFoundError(
      absl::StrFormat("no column %s in table %s", name, info_.table));
}

}  // namespace tally::analytics
