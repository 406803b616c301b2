#ifndef TALLY_DEMO_LIST_WRITER_H_
#define TALLY_DEMO_LIST_WRITER_H_

// Writes the lists of every delivery: who has opted out, who may be used,
// which practices take part, which codes are restricted, and the tables that
// derivations look things up in. Mode 0600, as the pseudonymiser wants it.
//
// Spec: docs/population.md, "Lists".
// Threading: one caller.

#include <string>

#include "absl/status/status.h"
#include "demo/person.h"

namespace tally::demo {

// Below <directory>/<source>/<extract>/lists/:
//   type1.csv          NHS Number; GP suppliers only
//   national.csv       NHS Number and a comma: those that may be used
//   practices.csv      practice code
//   restricted.csv     code
//   care-homes.csv     address key
//   clusters.csv       code,cluster
//   postcode-lsoa.csv  postcode,lsoa21,imd_decile,rural_urban
// Cost: O(people) for each delivery.
[[nodiscard]] absl::Status WriteLists(const PersonMaker& maker,
                                      const std::string& directory);

}  // namespace tally::demo

#endif  // TALLY_DEMO_LIST_WRITER_H_
