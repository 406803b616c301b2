#ifndef TALLY_DEMO_NATIONAL_IDENTITY_H_
#define TALLY_DEMO_NATIONAL_IDENTITY_H_

// How the national source knows people: by their NHS Number, or by one of the
// faults that real national data have.
//
// Spec: docs/population.md, "What is planted".
// Threading: pure functions.

#include <cstdint>
#include <optional>
#include <string>

#include "demo/person.h"

namespace tally::demo {

inline constexpr const char* kNationalId = "national-apc";

struct NationalIdentity {
  std::string number;       // as written there; may be empty or faulty
  const char* reason = "";  // of rows that stay unlinked; empty: linked
  // Whose token the rows get: the person's own index, another's (a shared
  // number), or nobody's in the GP data (a replaced number).
  std::optional<uint64_t> token_of;
  bool withheld = false;  // hospital episodes carry a withheld-identity code
};

// Cost: O(1), for a shared number a walk to the next person who can be taken
// for this one.
NationalIdentity NationalIdentityOf(const PersonMaker& maker,
                                    const Person& person);

}  // namespace tally::demo

#endif  // TALLY_DEMO_NATIONAL_IDENTITY_H_
