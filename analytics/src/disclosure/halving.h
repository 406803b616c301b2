// How much of a list holds together.
// Threading: pure functions.  Secrets: none.
#ifndef TALLY_ANALYTICS_SRC_DISCLOSURE_HALVING_H_
#define TALLY_ANALYTICS_SRC_DISCLOSURE_HALVING_H_

#include <cstddef>

#include "absl/status/statusor.h"
#include "base/status.h"

namespace tally::analytics {

// The greatest number of first elements, of `count`, that `possible` holds for:
// all of them are tried first, then halves. `possible(n)` is an
// absl::StatusOr<bool>; it holds for 0 and, where it holds for n, for less.
// Errors: those of `possible`. Cost: 1 + log2(count) calls.
template <typename Possible>
absl::StatusOr<size_t> MostPossible(size_t count, const Possible& possible) {
  if (count == 0) return 0;
  TALLY_ASSIGN_OR_RETURN(const bool all, possible(count));
  if (all) return count;
  size_t good = 0, bad = count;
  while (bad - good > 1) {
    const size_t middle = good + (bad - good) / 2;
    TALLY_ASSIGN_OR_RETURN(const bool ok, possible(middle));
    (ok ? good : bad) = middle;
  }
  return good;
}

}  // namespace tally::analytics

#endif  // TALLY_ANALYTICS_SRC_DISCLOSURE_HALVING_H_
