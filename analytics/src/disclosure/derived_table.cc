#include "analytics/disclosure/derived_table.h"

#include <cmath>
#include <utility>

#include "absl/strings/str_format.h"
#include "base/exit_code.h"
#include "base/status.h"
#include "base/strings.h"
#include "disclosure/table_names.h"

namespace tally::analytics {
namespace {

constexpr int kMostDecimals = 6;

bool HoldsText(ColumnKind kind) {
  return kind == ColumnKind::kDimension || kind == ColumnKind::kText;
}

}  // namespace

DerivedCell DerivedCell::Text(std::string text) {
  DerivedCell cell;
  cell.state_ = GatedCell::State::kText;
  cell.text_ = std::move(text);
  return cell;
}

DerivedCell DerivedCell::Number(double value, int decimals) {
  DerivedCell cell;
  cell.state_ = GatedCell::State::kFigure;
  cell.number_ = value;
  // -1 is what Copy leaves; a wrong argument must not pass for it.
  cell.decimals_ = decimals < 0 ? kMostDecimals + 1 : decimals;
  return cell;
}

DerivedCell DerivedCell::Number(const Figure& figure, int decimals) {
  return figure.known() ? Number(figure.value(), decimals)
                        : Na(figure.reason());
}

DerivedCell DerivedCell::Star() {
  DerivedCell cell;
  cell.state_ = GatedCell::State::kSuppressed;
  return cell;
}

DerivedCell DerivedCell::Na(NaReason reason) {
  DerivedCell cell;
  cell.reason_ = reason;
  return cell;
}

DerivedCell DerivedCell::Copy(const GatedCell& source) {
  DerivedCell cell;
  cell.state_ = source.state_;
  cell.number_ = source.number_;
  cell.text_ = source.text_;
  cell.reason_ = source.reason_;
  cell.everyone_ = source.everyone_;
  return cell;
}

std::string DerivedSource::Name() const {
  return absl::StrFormat("%s/%s@%s", measure_id, table, release);
}

absl::StatusOr<DerivedTable> DerivedTable::Create(
    TableInfo info, std::vector<ColumnSpec> columns,
    const std::vector<const GatedTable*>& sources) {
  TALLY_RETURN_IF_ERROR(CheckTableNames(info.table, columns));
  const auto bad = [&](std::string_view what) {
    return InputError(absl::StrFormat("table %s %s", info.table, what));
  };
  for (const ColumnSpec& column : columns) {
    if (!HoldsText(column.kind) && column.kind != ColumnKind::kDerived) {
      return bad(absl::StrFormat("is derived, and column %s is of another kind",
                                 column.name));
    }
  }
  if (sources.empty()) return bad("is derived and names no source");
  DerivedTable table;
  for (const GatedTable* source : sources) {
    if (source == nullptr) return bad("has a source that is not there");
    const TableInfo& from = source->info();
    table.sources_.push_back({from.measure_id, from.table, from.release,
                              from.project, source->profile(),
                              source->linked_share_pct()});
    if (from.project != info.project) return bad("mixes projects");
    if (source->profile() != sources.front()->profile()) {
      return bad("mixes disclosure profiles");
    }
  }
  table.info_ = std::move(info);
  table.info_.rows_linked = 0;
  table.info_.rows_all = 0;
  table.columns_ = std::move(columns);
  return table;
}

absl::Status DerivedTable::AddRow(std::vector<DerivedCell> cells) {
  if (cells.size() != columns_.size()) {
    return InputError(absl::StrFormat("a row has %d cells, not %d",
                                      cells.size(), columns_.size()));
  }
  for (size_t i = 0; i < cells.size(); ++i) {
    const DerivedCell& cell = cells[i];
    const auto bad = [&](std::string_view what) {
      return InputError(
          absl::StrFormat("column %s: %s", columns_[i].name, what));
    };
    const bool text = cell.state_ == GatedCell::State::kText;
    if (columns_[i].kind == ColumnKind::kDimension && !text) {
      return bad("a level is text");
    }
    if (columns_[i].kind == ColumnKind::kText && !text) {
      return bad("a note is text");
    }
    if (columns_[i].kind == ColumnKind::kDerived && text) {
      return bad("a figure is no text");
    }
    if (text && !IsValidUtf8(cell.text_)) return bad("text is UTF-8");
    if (!std::isfinite(cell.number_)) return bad("a figure is finite");
    if (cell.decimals_ > kMostDecimals) return bad("has 0 to 6 decimals");
  }
  rows_.push_back(std::move(cells));
  return absl::OkStatus();
}

}  // namespace tally::analytics
