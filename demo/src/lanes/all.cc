#include <utility>
#include <vector>

#include "lanes/lanes.h"

namespace tally::demo {

std::vector<Lane> AllLanes() {
  using Maker = Lane (*)();
  constexpr Maker kMakers[] = {
      CipLane,          ReadmissionLane, FrequentLane, AcscLane,
      PolypharmacyLane, MortalityLane,   QueueLane,    PathwayLane,
      ProcedureLane,    EyeCareLane,     QualityLane,  RiskLane,
      SegmentLane,      InequalityLane,  SeriesLane,   CostLane};
  std::vector<Lane> lanes;
  for (const Maker maker : kMakers) lanes.push_back(maker());
  return lanes;
}

}  // namespace tally::demo
