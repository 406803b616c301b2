#ifndef TALLY_BENCH_REPORT_H_
#define TALLY_BENCH_REPORT_H_

// How a benchmark says what it found. A row is one figure with its rival, which
// was measured in the same rounds, and its bar; a line of it goes to stdout
// and, with `--json FILE` among the arguments, a line of JSON to the end of
// FILE. scripts/bench makes one table of the lines of all benchmarks
// (bench_table).
//
//   int main(int argc, char** argv) {
//     bench::Report report(&argc, argv);
//     ...
//     report.Add({.name = "merge", .unit = "s", .size = people,
//                 .values = ours, .rival = "DuckDB", .rival_values = theirs,
//                 .bar = bench::RatioAtMost(1)});
//     return report.ExitCode();
//   }
//
// A benchmark that finds its answer wrong adds no row and ends with another
// code than 0 and 1.
//
// Spec: docs/performance.md, "The file of figures".
// Threading: one thread per object.
// Secrets: none.

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/json.h"

namespace tally::bench {

// What a figure, or its ratio to the rival's, must reach.
struct Bar {
  enum class On {
    kNothing,
    kRatioAtLeast,
    kRatioAtMost,
    kValueAtLeast,
    kValueAtMost
  };
  On on = On::kNothing;
  double limit = 0;
};
inline Bar RatioAtLeast(double limit) {
  return {Bar::On::kRatioAtLeast, limit};
}
inline Bar RatioAtMost(double limit) { return {Bar::On::kRatioAtMost, limit}; }
inline Bar ValueAtLeast(double limit) {
  return {Bar::On::kValueAtLeast, limit};
}
inline Bar ValueAtMost(double limit) { return {Bar::On::kValueAtMost, limit}; }

// What a benchmark measured.
struct Row {
  std::string name;
  // "s" is time for all of `size`; a unit that ends with "/s" is a rate; others
  // say nothing about time.
  std::string unit;
  int64_t size = 0;                       // items in a round; 0 = does not grow
  std::vector<double> values;             // one a round, at least one
  std::string rival = {};                 // empty = none
  std::vector<double> rival_values = {};  // one a round, in the same unit
  Bar bar = {};
  int64_t peak_bytes = 0;  // most memory of a process; 0 = not measured
  // What a program costs at all no longer rules at this size: an item may cost
  // hardly more at larger ones (kMostGrowth). A size with a bar counts as such.
  bool is_steady = false;
};

// The most memory of one process in all rounds, in MiB: a row of one value, for
// a limit must hold in each.
Row MemoryRow(std::string name, int64_t size, int64_t peak_bytes, Bar bar);

// What is said of it. A ratio is value / rival of a round.
struct Figure {
  std::string name;
  std::string unit;
  int64_t size = 0;
  int rounds = 0;
  double value = 0;  // median, as all of these
  double low = 0;    // least and most of the rounds
  double high = 0;
  std::string rival;
  double rival_value = 0;
  double ratio = 0;
  Bar bar;
  bool met = true;  // true without a bar
  int64_t peak_bytes = 0;
  bool is_steady = false;

  JsonValue ToJson() const;
  // kInvalidArgument when it is not what ToJson() gives.
  [[nodiscard]] static absl::StatusOr<Figure> FromJson(const JsonValue& json);
};

// The middle one; of an even number the mean of the two in the middle, so that
// neither bars above nor bars below are favoured. REQUIRES: not empty.
double Median(std::vector<double> values);

// REQUIRES: values, and rival_values of the same number or none.
Figure Summarise(const Row& row);

class Report {
 public:
  // Takes `--json FILE` out of the arguments, wherever it stands. Ends the
  // program with 2 when FILE is missing. First of all in main: it may start the
  // program again (UseLargePages).
  Report(int* argc, char** argv);

  // Prints the row and appends it to FILE; ends the program with 2 when FILE
  // cannot be written.
  void Add(const Row& row);

  // 0; 1 when a row missed its bar.
  int ExitCode() const { return missed_ ? 1 : 0; }

 private:
  std::string file_;
  bool missed_ = false;
};

// The most memory this process has had, for Row::peak_bytes.
int64_t PeakBytes();

// Seconds that have gone by since some moment, of the clock on the wall and of
// a processor: this thread's, or all of this process's.
double WallSeconds();
double ThreadSeconds();
double ProcessSeconds();

}  // namespace tally::bench

#endif  // TALLY_BENCH_REPORT_H_
