// A table of exact figures, as a measure computed it. It cannot be printed,
// written or drawn: no writer takes it. Only the gate turns it into a
// GatedTable.
// Runs in: the analyst's program. Must never hold: a person, a pseudonym.
//
// Beside the values it states what the gate must know about them: which cells
// are totals of which, which are the same number, which margins the reader is
// assumed to know exactly, and what stands behind a derived figure.
// Threading: not safe for concurrent change.
// Secrets: small counts. There is no operator<< and no text form.
#ifndef TALLY_ANALYTICS_DISCLOSURE_RAW_TABLE_H_
#define TALLY_ANALYTICS_DISCLOSURE_RAW_TABLE_H_

#include <compare>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "analytics/disclosure/column.h"
#include "analytics/statistics/figure.h"

namespace tally::analytics {

// Null, a count, a figure, a level. Null in a dimension is "unknown".
using RawValue = std::variant<std::monostate, int64_t, double, std::string>;

struct CellRef {
  size_t row;
  size_t column;
  friend auto operator<=>(const CellRef&, const CellRef&) = default;
};

// What every figure carries with it.
struct TableInfo {
  std::string table;            // "prevalence"; [a-z][a-z0-9_]*
  std::string title;            // for people
  std::string measure_id;       // "C03"
  std::string measure_version;  // "1"
  std::string definition_sha256;
  std::string project;
  std::string release;
  std::string period;       // "2026-11", "2025"
  std::string cohort;       // the definition in words; never a list of people
  std::string denominator;  // in words
  std::string anchor;       // dataset in which people were looked for
  std::string method;       // in words
  std::vector<std::string> notes;
  // Rows with a person and all rows behind the figures; printed as a share.
  int64_t rows_linked = 0;
  int64_t rows_all = 0;
};

// What stands behind one derived figure.
struct CellBasis {
  std::optional<double> spread;  // std_rate, ratio: effect of one event
  int64_t events = 0;            // index, coefficient: see column.h
  int64_t contributors = 0;      // sum: people behind it
  double largest = 0;            // sum: the two largest contributions
  double second = 0;
};

class RawTable {
 public:
  // kInvalidArgument if a name is malformed, repeated, forbidden (person,
  // pseudonym, person_index, token, nhs_number), or a reference to another
  // column leads nowhere.
  [[nodiscard]] static absl::StatusOr<RawTable> Create(
      TableInfo info, std::vector<ColumnSpec> columns);

  // Appends a row. kInvalidArgument unless it has one value per column, of a
  // type that the column's kind allows, and counts are not negative.
  // Derived cells (proportion, rate, limits of all kinds but index and
  // coefficient, gap, peer) are null: the gate computes them. The row's number
  // is rows() - 1 afterwards.
  absl::Status AddRow(std::vector<RawValue> values);

  // `total` is the sum of `parts`; it is printed by the profile like any
  // count, and the audit knows the sum. Of one part, it prints what that does.
  // REQUIRES: count cells of this table, no cycle (the gate checks it).
  void SetTotal(CellRef total, std::vector<CellRef> parts);
  // Both cells are one number; `cell` prints what `original` prints.
  void SetSame(CellRef cell, CellRef original);
  // The sum of `parts` equals `whole` for every reader; nothing is printed
  // from it (it only joins the audit).
  void AddEquality(CellRef whole, std::vector<CellRef> parts);
  // In every row the counts of columns `parts` are of different ones of those
  // in `whole`: together they are no more. A proportion says so by itself of
  // its numerator, where it is no more than the denominator. REQUIRES: columns
  // of counts; the gate checks names and counts.
  void AddColumnsWithin(std::string whole, std::vector<std::string> parts);
  // The cells of each group add up to one number, which stands nowhere: the
  // same people, grouped in several ways.
  void AddSameSum(std::vector<std::vector<CellRef>> groups);
  // A sum of cells that readers are assumed to know exactly, such as the list
  // size of a practice.
  void AddKnownMargin(std::vector<CellRef> parts, int64_t exact);
  // `cell` counts what every cell of this name (CountedKey) does, in the tables
  // of this measure or another: the gate takes them for one number as long as
  // nothing contradicts it. Nothing where the cell holds no count, or the name
  // is empty.
  void SetCounted(CellRef cell, std::string name);
  void SetBasis(CellRef cell, CellBasis basis);
  // `row` is compared with `peer` by columns of role kPeer.
  void SetPeer(size_t row, size_t peer);
  // The table is refused when more of its counts are hidden than shown, totals
  // and zeros left out: for breakdowns that somebody asked for.
  void RefuseMostlyHidden() { mostly_shown_ = true; }
  // A figure that could not be computed, with its reason.
  void SetNa(CellRef cell, NaReason reason);

  const TableInfo& info() const { return info_; }
  const std::vector<ColumnSpec>& columns() const { return columns_; }
  size_t rows() const { return rows_.size(); }
  // The column's position. kNotFound if there is none.
  absl::StatusOr<size_t> ColumnIndex(std::string_view name) const;

 private:
  friend class Gate;
  friend class GateRun;
  friend class RawTableProbe;  // of the tests: nothing that goes out defines it
  struct Relation {
    CellRef whole;
    std::vector<CellRef> parts;
  };
  struct Margin {
    std::vector<CellRef> parts;
    int64_t exact;
  };
  struct ColumnsWithin {
    std::string whole;
    std::vector<std::string> parts;
  };

  RawTable(TableInfo info, std::vector<ColumnSpec> columns)
      : info_(std::move(info)), columns_(std::move(columns)) {}

  TableInfo info_;
  std::vector<ColumnSpec> columns_;
  std::vector<std::vector<RawValue>> rows_;
  std::map<CellRef, std::vector<CellRef>> totals_;
  std::map<CellRef, CellRef> same_;
  std::vector<Relation> equalities_;
  std::vector<Margin> margins_;
  std::vector<ColumnsWithin> within_;
  std::vector<std::vector<std::vector<CellRef>>> same_sums_;
  std::map<CellRef, std::string> counted_;
  std::map<CellRef, CellBasis> basis_;
  std::map<size_t, size_t> peers_;
  std::map<CellRef, NaReason> na_;
  bool mostly_shown_ = false;
};

}  // namespace tally::analytics

#endif  // TALLY_ANALYTICS_DISCLOSURE_RAW_TABLE_H_
