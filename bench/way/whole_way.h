#ifndef TALLY_BENCH_WAY_WHOLE_WAY_H_
#define TALLY_BENCH_WAY_WHOLE_WAY_H_

// The whole way: a register, 22 events and 3 appointments a person, from CSV
// files through two sources, the hub over mTLS and a release to the analyst's
// download, beside DuckDB that reads the same files and writes them as Parquet.
//
// Spec: docs/performance.md, "How to measure".
// Threading: one thread.
// Secrets: none.

#include <cstdint>

#include "absl/status/status.h"
#include "bench/report.h"
#include "rival.h"

namespace tally::bench {

// Writes the files, runs `rounds` rounds, each in a world of its own, and
// reports. kDataLoss when what comes out is not what was put in; kInternal when
// a program fails.
absl::Status WholeWay(const Places& places, int64_t people, int rounds,
                      Report& report);

}  // namespace tally::bench

#endif  // TALLY_BENCH_WAY_WHOLE_WAY_H_
