// Rows of a table over two things that are summed both ways, such as provider
// and treatment function, with "All" of either.
// Threading: one thread.  Secrets: exact counts, on their way to the gate.
#ifndef TALLY_ANALYTICS_SRC_MEASURES_CROSSED_ROWS_H_
#define TALLY_ANALYTICS_SRC_MEASURES_CROSSED_ROWS_H_

#include <functional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "analytics/disclosure/raw_table.h"
#include "measures/tables.h"

namespace tally::analytics {

// A level of each of the two; "All" for all of them.
using CrossedUnit = std::pair<std::string, std::string>;

// Whether the figures of `unit` hold those of `cell`.
bool CoversUnit(const CrossedUnit& unit, const CrossedUnit& cell);

class CrossedRows {
 public:
  // Writes the figures of a row. Counts only where `counts` says so: the
  // others are sums, and the gate adds them up.
  using Fill =
      std::function<void(size_t row, const CrossedUnit& unit, bool counts)>;

  // `units` are the pairs that occur; `table` outlives this. Columns in `apart`
  // are no sums.
  CrossedRows(std::set<CrossedUnit> units, TableBuilder& table,
              std::vector<std::string> apart = {});

  // The levels that occur, in the order in which tables show them.
  const std::vector<std::string>& outer() const { return outer_; }
  const std::vector<std::string>& inner() const { return inner_; }

  // Adds a row a pair that occurs, a row a level with "All" of the other, and
  // one of all; nothing if no pair occurs. `tail` and `head` are the levels of
  // the dimensions behind the two and before them.
  void Add(const std::vector<std::string>& tail, const Fill& fill,
           const std::vector<std::string>& head = {});

  // Tells the audit that both ways to the sum of all give one number.
  // kNotFound if there is no such column. REQUIRES: `raw` was made by the
  // table's Finish().
  absl::Status JoinSums(const std::vector<std::string>& columns,
                        RawTable& raw) const;

 private:
  size_t Row(const CrossedUnit& unit, const Fill& fill, bool counts);

  std::set<CrossedUnit> units_;
  std::vector<std::string> outer_;
  std::vector<std::string> inner_;
  TableBuilder& table_;
  std::vector<std::string> apart_;
  std::vector<std::string> head_;
  std::vector<std::string> tail_;
  std::vector<std::pair<size_t, std::vector<size_t>>> sums_;
};

}  // namespace tally::analytics

#endif  // TALLY_ANALYTICS_SRC_MEASURES_CROSSED_ROWS_H_
