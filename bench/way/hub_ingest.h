#ifndef TALLY_BENCH_WAY_HUB_INGEST_H_
#define TALLY_BENCH_WAY_HUB_INGEST_H_

// The hub's ingest: 25 rows of twelve columns a person, read, checked and
// sealed in advance, over mTLS to the published extract, beside DuckDB that
// copies the published rows.
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
absl::Status HubIngest(const Places& places, int64_t people, int rounds,
                       Report& report);

}  // namespace tally::bench

#endif  // TALLY_BENCH_WAY_HUB_INGEST_H_
