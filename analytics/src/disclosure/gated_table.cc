#include "analytics/disclosure/gated_table.h"

#include "absl/strings/str_format.h"
#include "base/exit_code.h"
#include "base/status.h"

namespace tally::analytics {

std::optional<double> GatedCell::number() const {
  if (state_ != State::kCount && state_ != State::kFigure) return std::nullopt;
  return number_;
}

const GatedCell& GatedTable::cell(size_t row, size_t column) const {
  TALLY_CHECK(row < cells_.size() && column < columns_.size());
  return cells_[row][column];
}

absl::StatusOr<size_t> GatedTable::ColumnIndex(std::string_view name) const {
  for (size_t i = 0; i < columns_.size(); ++i) {
    if (columns_[i].name == name) return i;
  }
  return NotFoundError(
      absl::StrFormat("no column %s in table %s", name, info_.table));
}

const GatedCell& GatedTable::at(size_t row, std::string_view column) const {
  const absl::StatusOr<size_t> index = ColumnIndex(column);
  TALLY_CHECK(index.ok());
  return cell(row, *index);
}

}  // namespace tally::analytics
