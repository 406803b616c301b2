// Builds the table of a measure: its columns by what they mean, its rows cell
// by cell, its totals.
//
//   TableBuilder table(context.Info("acsc", "Admissions that ..."));
//   table.Dimension("area", "Practice")
//       .Persons("list", "On the list")
//       .Events("admissions", "Admissions")
//       .StandardisedRate("dsr", "Age-standardised rate", "admissions",
//       100000);
//   const size_t row = table.AddRow({"Z90001"});
//   table.Set(row, "list", people).Set(row, "admissions", count);
//   table.SetRate(row, "dsr", rate);
//   table.Total(table.AddRow({"All"}), rows);
//   return table.Finish();
//
// Threading: one thread.  Secrets: exact counts, on their way to the gate.
#ifndef TALLY_ANALYTICS_SRC_MEASURES_TABLES_H_
#define TALLY_ANALYTICS_SRC_MEASURES_TABLES_H_

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "analytics/disclosure/raw_table.h"
#include "analytics/statistics/figure.h"
#include "analytics/statistics/standardise.h"

namespace tally::analytics {

// "per 100,000", the unit of a rate.
std::string PerUnit(double multiplier);

// "By practice, sex.": a note, never a part of the cohort, for the register
// joins tables of one cohort, and cuts of one table must be joined.
std::string CutNote(const std::vector<std::string>& by);

// The columns `expected` and `gap` (expected minus recorded) of the cases that
// column `recorded` counts.
std::vector<ColumnSpec> ExpectedAndGap(std::string recorded);

// When the gate prints NA for expected counts and what is computed from them
// (docs/measures/disclosure.md); empty if no column is expected. TableBuilder
// adds it to the notes by itself. REQUIRES: their events are a column.
std::string NaNote(const std::vector<ColumnSpec>& columns);

class TableBuilder {
 public:
  explicit TableBuilder(TableInfo info) : info_(std::move(info)) {}

  // --- columns, in the order in which they are printed ---
  TableBuilder& Dimension(std::string name, std::string title);
  TableBuilder& Persons(std::string name, std::string title);
  TableBuilder& Events(std::string name, std::string title);
  TableBuilder& Text(std::string name, std::string title);
  // `name`, `name`_lo, `name`_hi: numerator / denominator in per cent with
  // Wilson's limits; the gate computes all three. `limits` false: `name` only.
  TableBuilder& Proportion(std::string name, std::string title,
                           std::string numerator, std::string denominator,
                           bool limits = true);
  // `name`, `name`_lo, `name`_hi: numerator / denominator x multiplier with
  // Poisson limits; the gate computes all three.
  TableBuilder& CrudeRate(std::string name, std::string title,
                          std::string numerator, std::string denominator,
                          double multiplier, bool limits = true);
  // `name`, `name`_lo, `name`_hi: a directly standardised rate of the events
  // in `numerator`; set with SetRate.
  TableBuilder& StandardisedRate(std::string name, std::string title,
                                 std::string numerator, double multiplier);
  // `expected`, `name`, `name`_lo, `name`_hi: the events in `observed` over the
  // expected ones, times `multiplier`; set with SetExpected. One to a table.
  TableBuilder& IndirectRatio(std::string name, std::string title,
                              std::string observed, double multiplier = 1);
  // Money or a quantity: set with SetSum.
  // Of the events or persons in `of`: printed for as many as are printed.
  TableBuilder& Sum(std::string name, std::string title, std::string unit,
                    std::string of);
  // The mean of values of the persons or events in `denominator`.
  TableBuilder& Mean(std::string name, std::string title, std::string unit,
                     std::string denominator);
  // A percentile, 0 to 1, printed in whole steps of `step`.
  TableBuilder& Percentile(std::string name, std::string title,
                           std::string unit, std::string denominator,
                           double percentile, double step = 1);
  // Any other column.
  TableBuilder& Column(ColumnSpec column);

  // --- rows ---
  // Adds a row with its levels, one for each dimension in their order. Returns
  // its number. REQUIRES: the columns are complete.
  size_t AddRow(const std::vector<std::string>& levels);
  // REQUIRES: the column exists, here and below.
  TableBuilder& Set(size_t row, std::string_view column, RawValue value);
  TableBuilder& SetNa(size_t row, std::string_view column, NaReason reason);
  // A standardised rate with its spread, or why there is none.
  TableBuilder& SetRate(size_t row, std::string_view column,
                        const DirectRate& rate);
  // A ratio of IndirectRatio. NA unless expected > 0.
  TableBuilder& SetExpected(size_t row, std::string_view column,
                            int64_t observed, double expected);
  // `contributors` people, the two largest contributions among them.
  TableBuilder& SetSum(size_t row, std::string_view column, double total,
                       int64_t contributors, double largest, double second);
  // The row's counts, unless they are named in `apart`, are sums of those of
  // `parts`.
  TableBuilder& Total(size_t row, const std::vector<size_t>& parts,
                      const std::vector<std::string>& apart = {});
  // The count of `column` in `row` is the sum of these cells.
  TableBuilder& TotalOf(
      size_t row, std::string_view column,
      const std::vector<std::pair<size_t, std::string>>& parts);
  // A whole number of `column` in `row` is that of `original`: one thing that
  // stands in two places.
  TableBuilder& Same(size_t row, size_t original, std::string_view column);
  // See RawTable::SetCounted.
  TableBuilder& Counted(size_t row, std::string_view column, std::string name);
  // See RawTable::AddColumnsWithin.
  TableBuilder& Within(std::string whole, std::vector<std::string> parts);
  // See RawTable::AddSameSum: the column's counts of these groups of rows.
  TableBuilder& SameSum(std::string_view column,
                        const std::vector<std::vector<size_t>>& groups);
  // See RawTable::RefuseMostlyHidden.
  TableBuilder& RefuseMostlyHidden() {
    mostly_shown_ = true;
    return *this;
  }

  // The value that was set, or null. For totals of exact figures.
  const RawValue& Get(size_t row, std::string_view column) const;
  size_t rows() const { return rows_.size(); }

  // The table. Errors: as RawTable::Create and AddRow.
  absl::StatusOr<RawTable> Finish();

 private:
  size_t At(std::string_view column) const;
  TableBuilder& WithLimits(const ColumnSpec& value, bool limits);

  TableInfo info_;
  std::vector<ColumnSpec> columns_;
  std::map<std::string, size_t, std::less<>> index_;
  std::vector<std::vector<RawValue>> rows_;
  std::map<CellRef, CellBasis> basis_;
  std::map<CellRef, NaReason> na_;
  std::map<CellRef, std::vector<CellRef>> totals_;
  std::map<CellRef, CellRef> same_;
  std::map<CellRef, std::string> counted_;
  std::vector<std::pair<std::string, std::vector<std::string>>> within_;
  std::vector<std::vector<std::vector<CellRef>>> same_sums_;
  bool mostly_shown_ = false;
};

}  // namespace tally::analytics

#endif  // TALLY_ANALYTICS_SRC_MEASURES_TABLES_H_
