#ifndef TALLY_BENCH_TABLE_H_
#define TALLY_BENCH_TABLE_H_

// Figures for people: one line, or one table of those of all benchmarks.
//
// Spec: docs/performance.md, "The file of figures".
// Threading: pure functions.
// Secrets: none.

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "bench/report.h"

namespace tally::bench {

// What an item may cost at most at a larger size, beside the base of growth.
inline constexpr double kMostGrowth = 1.15;

// One line without line feed.
std::string OneLine(const Figure& figure);

// Reads lines of JSON, as Report writes them. kInvalidArgument names the line.
absl::StatusOr<std::vector<Figure>> ReadFigures(std::string_view lines);

// Nanoseconds of an item; 0 when the figure says nothing about time or size.
double ItemNanoseconds(const Figure& figure);

// The base of growth of a name is its smallest size that has a bar or is
// steady. For each larger one: a figure of its own, the cost of an item beside
// the one at the base, with kMostGrowth as its bar.
std::vector<Figure> GrowthBeyondBase(const std::vector<Figure>& figures);

// A table for people, in the order given: figure, rival, ratio, bar, whether it
// is met, peak memory, and the cost of an item beside that of the smallest size
// of the same name.
std::string FormatTable(const std::vector<Figure>& figures);

// The list for machines: one array, one figure a line.
std::string FormatJson(const std::vector<Figure>& figures);

}  // namespace tally::bench

#endif  // TALLY_BENCH_TABLE_H_
