// A table of figures that were computed from gated tables and from nothing
// else: points of a control chart, forecasts, ranks, benchmarks. No new count
// of people stands behind it, so there is nothing to audit; it still passes
// the gate, which stamps, logs and registers it (Gate::ReleaseDerived).
// Runs in: the analyst's program. Must never hold: a number that is not
// printed in a source or computed from printed numbers of the sources.
//
// What the maker owes, for the gate cannot see how a number was computed:
//  - every number is computed from GatedCell::number() of the sources (and from
//    published reference figures), never from a RawTable or a query;
//  - a number that stands on a suppressed source cell is DerivedCell::Star(),
//    one that stands on an NA cell is DerivedCell::Na(). Leaving a `*` out of a
//    sum, or taking it as 0 or 5, is a different figure and needs a different
//    name. A cell that merely repeats a source is DerivedCell::Copy();
//  - no more decimals than the sources can carry.
//
// Spec: docs/measures/disclosure.md, "Figures from released figures".
// Threading: not safe for concurrent change.
// Secrets: none: every source has passed the gate.
#ifndef TALLY_ANALYTICS_DISCLOSURE_DERIVED_TABLE_H_
#define TALLY_ANALYTICS_DISCLOSURE_DERIVED_TABLE_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "analytics/disclosure/column.h"
#include "analytics/disclosure/gated_table.h"
#include "analytics/disclosure/raw_table.h"
#include "analytics/statistics/figure.h"

namespace tally::analytics {

// One cell of a derived table.
class DerivedCell {
 public:
  // A level or a note. An empty level is printed as "unknown".
  static DerivedCell Text(std::string text);
  // A number printed with `decimals` decimals, 0 to 6. A figure that is not
  // known becomes NA with its reason.
  static DerivedCell Number(double value, int decimals);
  static DerivedCell Number(const Figure& figure, int decimals);
  // `*`: it stands on a hidden cell.
  static DerivedCell Star();
  static DerivedCell Na(NaReason reason);
  // What a cell of a source prints: text, number, `*` or NA.
  static DerivedCell Copy(const GatedCell& cell);

 private:
  friend class DerivedTable;
  friend class Gate;
  DerivedCell() = default;

  GatedCell::State state_ = GatedCell::State::kNotAvailable;
  double number_ = 0;
  int decimals_ = -1;  // -1: text_ is the number as printed
  std::string text_;
  NaReason reason_ = NaReason::kNotReleased;
  bool everyone_ = false;
};

// A gated table as a derived one remembers it.
struct DerivedSource {
  std::string measure_id;  // "C03"
  std::string table;       // "prevalence"
  std::string release;     // "r2026-11"
  std::string project;
  std::string profile;
  std::string linked_share_pct;

  // "C03/prevalence@r2026-11"
  std::string Name() const;
};

class DerivedTable {
 public:
  // `sources` are every gated table that a number of this table stands on;
  // what is needed of them is copied. The columns are of kind dimension, text
  // or derived; roles and `of` say which limits belong to which value.
  // kInvalidArgument (exit 8): no source, a source that is null, sources of
  // another project than `info` or of several profiles, a column of another
  // kind, or a name that RawTable::Create would refuse.
  // REQUIRES: info.rows_linked and rows_all are left 0; the share of rows
  // linked is the lowest of the sources'.
  [[nodiscard]] static absl::StatusOr<DerivedTable> Create(
      TableInfo info, std::vector<ColumnSpec> columns,
      const std::vector<const GatedTable*>& sources);

  // Appends a row. kInvalidArgument unless it has one cell per column, text
  // (UTF-8) in dimensions and text columns, anything but text in derived ones,
  // finite numbers and 0 to 6 decimals.
  absl::Status AddRow(std::vector<DerivedCell> cells);

  const TableInfo& info() const { return info_; }
  const std::vector<ColumnSpec>& columns() const { return columns_; }
  const std::vector<DerivedSource>& sources() const { return sources_; }
  size_t rows() const { return rows_.size(); }

 private:
  friend class Gate;
  DerivedTable() = default;

  TableInfo info_;
  std::vector<ColumnSpec> columns_;
  std::vector<DerivedSource> sources_;
  std::vector<std::vector<DerivedCell>> rows_;
};

}  // namespace tally::analytics

#endif  // TALLY_ANALYTICS_DISCLOSURE_DERIVED_TABLE_H_
