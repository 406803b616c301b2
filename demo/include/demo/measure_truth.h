#ifndef TALLY_DEMO_MEASURE_TRUTH_H_
#define TALLY_DEMO_MEASURE_TRUTH_H_

// What the commissioning measures must find in a release of everybody, before
// the disclosure gate: kept by bookkeeping, as demo/ledger.h.
//
// Spec: docs/population.md, "Truth of the measures".
// Threading: one writer.

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <tuple>

#include "absl/status/status.h"

namespace tally::demo {

// A column of a table of a measure.
struct Figure {
  std::string_view measure;
  std::string_view table;
  std::string_view column;
};

class MeasureTruth {
 public:
  // Adds `value` to the figure of `dimensions`, "key=value" joined by ";": the
  // area first, where there is one, then the others in alphabetical order.
  void Add(const Figure& figure, std::string_view dimensions,
           int64_t value = 1);

  // Adds it for area=`area` and for area=All. `more`: dimensions beside the
  // area, "" or "month=2026-01;pod=emergency".
  void AddForArea(const Figure& figure, std::string_view area,
                  std::string_view more, int64_t value = 1);

  // Sets a figure that is no count: a rate, a share, a mean.
  void Set(const Figure& figure, std::string_view dimensions, double value);

  // The figure that was added, 0 if nothing was.
  int64_t Get(const Figure& figure, std::string_view dimensions) const;

  // Writes `directory`/measures.csv with the columns measure, table,
  // dimensions, column, value, in that order of sorting. Fails as
  // WriteFileAtomically.
  [[nodiscard]] absl::Status Write(std::string_view directory) const;

 private:
  // By measure, table, dimensions, column.
  using Key = std::tuple<std::string, std::string, std::string, std::string>;
  std::map<Key, int64_t> figures_;
  std::map<Key, double> set_;
};

}  // namespace tally::demo

#endif  // TALLY_DEMO_MEASURE_TRUTH_H_
