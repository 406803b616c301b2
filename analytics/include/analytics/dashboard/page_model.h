// What a page shows, before it is HTML: charts, their data tables and
// sentences, all made from gated tables. The schema of the JSON in the page.
// Runs in: the analyst's program.
//
// Spec: docs/spec/dashboard-v1.md.
// Threading: values.
// Secrets: none: a chart's cells come from a GatedTable, and what is computed
// beside them is computed from these printed cells.
#ifndef TALLY_ANALYTICS_DASHBOARD_PAGE_MODEL_H_
#define TALLY_ANALYTICS_DASHBOARD_PAGE_MODEL_H_

#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "analytics/disclosure/gated_table.h"
#include "analytics/statistics/figure.h"
#include "base/json.h"

namespace tally::analytics {

// A column of a chart's data table.
struct ChartColumn {
  std::string name;
  std::string title;
  std::string unit;
  bool numeric = false;
  int decimals = -1;  // of every number in it; -1: they differ
};

class Chart {
 public:
  // Takes `columns` (names of the table's columns) of the rows that `keep`
  // accepts. REQUIRES: the columns exist.
  Chart(std::string id, std::string type, const GatedTable& table,
        const std::vector<std::string>& columns,
        const std::function<bool(const GatedTable&, size_t)>& keep);

  const std::string& id() const { return id_; }
  const std::string& type() const { return type_; }
  // Those of the table first, then those that were computed.
  const std::vector<ChartColumn>& columns() const { return columns_; }
  size_t rows() const { return rows_.size(); }
  // A cell of the table. REQUIRES: the column was not computed.
  const GatedCell& cell(size_t row, size_t column) const;
  // The number of any cell; nothing for `*`, NA and text.
  std::optional<double> number(size_t row, size_t column) const;
  // Any cell as it is written to files, and as a reader sees it; a level in its
  // words, where it has some.
  const std::string& text(size_t row, size_t column) const;
  std::string display_text(size_t row, size_t column) const;

  // Adds a column of numbers that `compute` makes from the printed cells of
  // this chart: a control limit, a fitted value, a sum from zero. They are in
  // the data table and the CSV like all others. `compute` must use nothing but
  // printed cells; a Figure without a value is printed as NA.
  // REQUIRES: column.decimals >= 0, a name that no other column has.
  void AddComputed(ChartColumn column,
                   const std::function<Figure(size_t row)>& compute);
  // The same for words, such as the kind of a point.
  void AddComputedText(ChartColumn column,
                       const std::function<std::string(size_t row)>& compute);

  // Says the levels of a column in words, "A" as "White: British (A)", in the
  // picture, the table, the drop-down list and text(); cell() keeps the level
  // as it was printed. Call it before SelectBy, Describe and LevelsOf.
  // REQUIRES: a column of the table, not a computed one.
  void SayLevels(std::string_view column,
                 const std::function<std::string(const std::string&)>& words);

  // Orders rows by a number, largest first or last; cells without a number
  // come last, ties by the first column.
  void SortBy(std::string_view column, bool descending);

  // A drop-down list that shows the rows of one level at a time, with the
  // level shown first. The page without script shows that one.
  void SelectBy(std::string_view column, std::string label,
                std::string first_level);
  // Title and summary of one level of the drop-down list; those of the first
  // level become the chart's own.
  void Describe(const std::string& level, std::string level_title,
                std::string level_summary);
  // The column of SelectBy, or empty, and its first level.
  const std::string& select_column() const { return select_column_; }
  const std::string& first_level() const { return first_level_; }
  // Levels of a column in the order of the rows.
  std::vector<std::string> LevelsOf(std::string_view column) const;
  // Whether no row has a value there: every cell is NA or empty, and there are
  // rows. The first column always has one.
  bool IsEmptyColumn(size_t column) const;
  // REQUIRES: the column exists.
  size_t ColumnIndex(std::string_view name) const;

  // Computed from the cells, never written by hand.
  std::string title;
  std::string summary;  // also the alternative text
  std::string unit;
  std::string denominator;
  std::string source;
  std::string method;
  std::vector<std::string> notes;
  JsonValue options = JsonValue::MakeObject();

  JsonValue ToJson() const;

 private:
  struct ComputedCell {
    std::optional<double> number;
    std::string text;
  };
  struct Row {
    std::vector<GatedCell> cells;
    std::vector<ComputedCell> computed;
  };

  void FindDecimals();
  JsonValue CellJson(size_t row, size_t column) const;
  void CheckNewColumn(const ChartColumn& column) const;

  std::string id_;
  std::string type_;
  std::vector<ChartColumn> columns_;
  size_t gated_columns_ = 0;
  std::vector<Row> rows_;
  // By column: what SayLevels made of each level.
  std::map<size_t, std::map<std::string, std::string>> words_;
  std::string select_column_;
  std::string select_label_;
  std::string first_level_;
  JsonValue descriptions_ = JsonValue::MakeObject();
};

// A sentence; the three of lowest rank open the page.
struct Sentence {
  int rank;
  std::string text;
};

// What one measure gives to one page.
struct PagePart {
  std::string page;  // "needs"
  std::vector<Sentence> sentences;
  std::vector<Chart> charts;
};

// "1,204", "12.3", "*", "NA": a cell as a reader sees it.
std::string DisplayText(const GatedCell& cell);
// "1,204"
std::string WithThousands(std::string_view number);

}  // namespace tally::analytics

#endif  // TALLY_ANALYTICS_DASHBOARD_PAGE_MODEL_H_
