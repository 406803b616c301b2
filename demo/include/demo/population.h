#ifndef TALLY_DEMO_POPULATION_H_
#define TALLY_DEMO_POPULATION_H_

// Writes a whole synthetic population: the deliveries of two GP suppliers and
// one national source with their lists, and the truth about all of it.
//
// Files below the directory (docs/population.md):
//   <source>/<extract>/*.csv         one file a dataset
//   <source>/<extract>/lists/*       mode 0600
//   <source>/<extract>/period        the value for --period
//   reference/contract_plan.toml     of the lane "cost"
//   truth/<measure>.csv              dimensions,value
//   truth/measures.csv               what measures must find
//   truth/persons.csv                a line a person with every number used
//   truth/identifiers.txt            kind,value: for the leak search
//
// Threading: one caller.

#include <cstdint>
#include <functional>
#include <string>

#include "absl/status/status.h"
#include "demo/person.h"

namespace tally::demo {

// Makes everything below `directory`, which is made if need be. `progress` is
// called now and then with the people done. Equal options give equal bytes.
// Cost: O(people); memory about 12 MiB and 350 bytes a person.
[[nodiscard]] absl::Status WritePopulation(
    const PopulationOptions& options, const std::string& directory,
    const std::function<void(uint64_t done)>& progress);

}  // namespace tally::demo

#endif  // TALLY_DEMO_POPULATION_H_
