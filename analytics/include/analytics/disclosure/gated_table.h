// A table whose every cell has passed the disclosure gate. The only kind of
// table that writers, charts and sentences accept; only the gate makes one.
// Runs in: the analyst's program.
//
// Threading: immutable after construction.
// Secrets: none. A suppressed cell holds no number.
#ifndef TALLY_ANALYTICS_DISCLOSURE_GATED_TABLE_H_
#define TALLY_ANALYTICS_DISCLOSURE_GATED_TABLE_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "analytics/disclosure/column.h"
#include "analytics/disclosure/raw_table.h"
#include "analytics/statistics/figure.h"

namespace tally::analytics {

// One printed cell.
class GatedCell {
 public:
  enum class State {
    kText,          // a level or note
    kCount,         // a printed count
    kFigure,        // a printed figure
    kSuppressed,    // `*`
    kNotAvailable,  // NA, with a reason
  };

  State state() const { return state_; }
  bool suppressed() const { return state_ == State::kSuppressed; }
  // The printed number; nullopt for `*`, NA and text.
  std::optional<double> number() const;
  // The cell as it is written to files: "Z90001", "1200", "4.1", "*", "NA".
  // No thousands separator; the decimals that the rules allow.
  const std::string& text() const { return text_; }
  // Why a cell is NA. REQUIRES: state() == kNotAvailable.
  NaReason reason() const { return reason_; }
  // A proportion of 0 or 100 %: it tells something about everyone.
  bool everyone() const { return everyone_; }

 private:
  friend class DerivedCell;  // copies what is printed, and makes none
  friend class Gate;
  friend class GateRun;
  GatedCell() = default;

  State state_ = State::kNotAvailable;
  double number_ = 0;
  std::string text_;
  NaReason reason_ = NaReason::kNotReleased;
  bool everyone_ = false;
};

class GatedTable {
 public:
  GatedTable(GatedTable&&) = default;
  GatedTable& operator=(GatedTable&&) = default;
  GatedTable(const GatedTable&) = default;
  GatedTable& operator=(const GatedTable&) = default;

  // Everything but the exact counts of rows linked.
  const TableInfo& info() const { return info_; }
  // "96.3", "*" or "NA": rows with a person among all rows, in per cent.
  const std::string& linked_share_pct() const { return linked_share_pct_; }
  const std::string& profile() const { return profile_; }
  const std::string& profile_description() const {
    return profile_description_;
  }

  const std::vector<ColumnSpec>& columns() const { return columns_; }
  size_t rows() const { return cells_.size(); }
  // REQUIRES: row < rows(), column < columns().size().
  const GatedCell& cell(size_t row, size_t column) const;
  // kNotFound if there is no column of that name.
  absl::StatusOr<size_t> ColumnIndex(std::string_view name) const;
  // The cell of a column by name. REQUIRES: it exists.
  const GatedCell& at(size_t row, std::string_view column) const;

  // Cells printed as `*`.
  int64_t suppressed_cells() const { return suppressed_cells_; }

 private:
  friend class Gate;
  friend class GateRun;
  GatedTable() = default;

  TableInfo info_;
  std::string linked_share_pct_;
  std::string profile_;
  std::string profile_description_;
  std::vector<ColumnSpec> columns_;
  std::vector<std::vector<GatedCell>> cells_;
  int64_t suppressed_cells_ = 0;
};

}  // namespace tally::analytics

#endif  // TALLY_ANALYTICS_DISCLOSURE_GATED_TABLE_H_
