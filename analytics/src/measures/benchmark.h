// Areas against a comparator and among each other, from printed indicators:
// what C24 and D05 share.
// Threading: pure functions.  Secrets: none: printed and published figures.
#ifndef TALLY_ANALYTICS_SRC_MEASURES_BENCHMARK_H_
#define TALLY_ANALYTICS_SRC_MEASURES_BENCHMARK_H_

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "analytics/measures/measure.h"
#include "measures/indicator_series.h"

namespace tally::analytics {

// In the printed unit of the indicator.
struct Comparator {
  double value = 0;
  double lo = 0;
  double hi = 0;
};

struct BenchmarkRequest {
  std::string programme;                       // empty: all
  std::optional<std::set<std::string>> areas;  // nothing: all
  // Comparators by indicator; empty: the areas together.
  std::optional<std::map<std::string, Comparator>> comparators;
  std::vector<std::string> notes;
};

// The table `benchmark` of the yearly tables of C29, or none without them.
// An area without a printed value has no row. Where the areas together are the
// comparator and one of them is not printed, the comparator is `*`.
// z = (value - comparator) / sqrt(se^2 + comparator's se^2), se = (hi - lo) /
// (2 x 1.96). `compared`: whether the intervals lie apart. Nearest areas are
// those of the reference file `peer_variables`, if it is there.
// `seed` and `neighbours` are parameters of the definition.
absl::StatusOr<std::vector<DerivedTable>> BenchmarkTables(
    const DeriveContext& context, const BenchmarkRequest& request);

// Charts begin with `id`, which no other measure has on these pages.
std::vector<PagePart> DrawBenchmark(const std::vector<GatedTable>& tables,
                                    const std::string& id,
                                    const std::vector<std::string>& pages,
                                    const std::string& against);

}  // namespace tally::analytics

#endif  // TALLY_ANALYTICS_SRC_MEASURES_BENCHMARK_H_
