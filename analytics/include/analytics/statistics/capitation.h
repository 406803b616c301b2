// Weighted capitation: shares of a budget by people weighted for need, and how
// fast allocations move towards them.
//
// Ref: NHS England, Technical guide to allocation formulae and pace of change.
// Threading: pure functions.  Secrets: none.
#ifndef TALLY_ANALYTICS_STATISTICS_CAPITATION_H_
#define TALLY_ANALYTICS_STATISTICS_CAPITATION_H_

#include <cstdint>
#include <span>
#include <vector>

#include "absl/status/statusor.h"

namespace tally::analytics {

// One area. `components[c]` are the indices of component c, which multiply;
// `factors` multiply the whole, as the market forces factor and the emergency
// ambulance cost adjustment do.
struct CapitationInput {
  double people = 0;
  std::vector<std::vector<double>> components;
  std::vector<double> factors;
  double baseline = 0;  // money, in any unit; 0: none
};

struct CapitationTerms {
  std::vector<double> weights;  // expenditure, by component
  double budget = 0;            // in the unit of the baselines
  double least_growth = 0;      // of an allocation, 0.01 = 1 %
  double most_growth = 0;
};

struct CapitationShare {
  std::vector<double> components;  // centred index by component
  double factor = 1;               // product of centred factors
  double index = 1;                // weighted over people
  double weighted = 0;             // people, adding up to all people
  double share = 0;                // of the budget, 0 to 1
  double target = 0;
  double distance = 0;    // (baseline - target) / target
  double allocation = 0;  // adding up to the budget
  double growth = 0;      // allocation / baseline - 1
};

// Every index and factor is centred: divided by its mean over people. The index
// of a component is the product of its own, centred again; components are
// combined by their expenditure weights, and factors multiply. Weighted people
// are rescaled to add up to all people. The allocation is baseline x (1 +
// growth), with the growth to the target held between the bounds, then scaled
// to the budget. Without baselines, distance, allocation and growth are 0.
// kInvalidArgument: no areas, no components, people or an index not above 0,
// areas with other numbers of indices than the first, as many weights as
// components not there or their sum not above 0, a baseline of some areas only,
// least_growth above most_growth, a budget not above 0.
absl::StatusOr<std::vector<CapitationShare>> WeightedCapitation(
    std::span<const CapitationInput> areas, const CapitationTerms& terms);

}  // namespace tally::analytics

#endif  // TALLY_ANALYTICS_STATISTICS_CAPITATION_H_
