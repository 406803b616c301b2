// Pairwise summation: the error grows with log n, and the result depends on
// the order of the terms only, never on the number of threads. Callers put
// terms into a total order first.
//
// Threading: pure function.  Secrets: none.
#ifndef TALLY_ANALYTICS_STATISTICS_SUM_H_
#define TALLY_ANALYTICS_STATISTICS_SUM_H_

#include <span>

namespace tally::analytics {

// The sum of `terms`, 0 if there are none. Cost: O(n), recursion O(log n).
double PairwiseSum(std::span<const double> terms);

}  // namespace tally::analytics

#endif  // TALLY_ANALYTICS_STATISTICS_SUM_H_
