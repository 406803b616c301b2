#ifndef TALLY_DEMO_CONDITIONS_H_
#define TALLY_DEMO_CONDITIONS_H_

// Long-term conditions and other coded events of the synthetic population:
// their clinical codes (invented; no code of a real terminology), the cluster
// each code belongs to, and how many people of each age have a condition.
//
// Spec: docs/population.md, "Conditions".
// Threading: constants; ConditionMaker is immutable after construction.

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "demo/person.h"
#include "demo/random.h"

namespace tally::demo {

struct Condition {
  const char* id;       // as the measures name it
  const char* cluster;  // code cluster
  int64_t concept_id;   // the code that a GP system records
  int minimum_age;      // nobody younger has it
  // Cases per 1,000 people of age 0-16, 17-39, 40-64, 65-79, 80 and over.
  std::array<int, 5> rate;
};

std::span<const Condition> Conditions();

// Codes that are no condition, for background events.
struct Background {
  const char* cluster;
  int64_t concept_id;
  double low1, high1;  // range of the first value; equal: no value
  double low2, high2;
  const char* unit;
};
std::span<const Background> Backgrounds();

// Further clusters, in which only actors have events (docs/population.md,
// "Lanes").
struct LaneCluster {
  const char* cluster;
  int64_t concept_id;
};
std::span<const LaneCluster> LaneClusters();

// The code that is recorded for a cluster of any of the three lists.
// REQUIRES: there is such a cluster.
int64_t ClusterCode(std::string_view cluster);
// The number of the condition with this cluster, or -1.
int ConditionOf(std::string_view cluster);

// A code on every source's list of restricted codes.
inline constexpr int64_t kRestrictedConcept = 990999000000101;
// A code of no cluster.
inline constexpr int64_t kUnclusteredConcept = 990998000000102;

// Says who has which condition: in each age band exactly round(rate x people)
// of them, spread by a fixed permutation.
class ConditionMaker {
 public:
  explicit ConditionMaker(const PersonMaker& maker);
  // True if `person` has condition number `condition`.
  bool Has(const Person& person, size_t condition) const;

 private:
  const PersonMaker& maker_;
  std::vector<std::vector<Quota>> quotas_;  // by condition, band
};

}  // namespace tally::demo

#endif  // TALLY_DEMO_CONDITIONS_H_
