#ifndef TALLY_DEMO_SRC_LANES_LANES_H_
#define TALLY_DEMO_SRC_LANES_LANES_H_

// The lanes of the demo, one file each: tables of people with their rows, and
// beside them what a measure must find. The figures are written by hand; a
// helper may build rows from a line of a table, but never a figure from rows.
//
// Spec: docs/population.md, "Lanes".

#include "demo/cast.h"

namespace tally::demo {

// The end of the newest month, to which queues and lists look back.
inline constexpr int kCensus = Ymd(2026, 10, 31);

Lane CipLane();
Lane ReadmissionLane();
Lane FrequentLane();
Lane AcscLane();
Lane PolypharmacyLane();
Lane MortalityLane();
Lane QueueLane();
Lane PathwayLane();
Lane EyeCareLane();
Lane ProcedureLane();
Lane QualityLane();
Lane RiskLane();
Lane SegmentLane();
Lane InequalityLane();
Lane SeriesLane();
Lane CostLane();

}  // namespace tally::demo

#endif  // TALLY_DEMO_SRC_LANES_LANES_H_
