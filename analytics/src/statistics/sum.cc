#include "analytics/statistics/sum.h"

namespace tally::analytics {

double PairwiseSum(std::span<const double> terms) {
  // Eight is small enough for the error and large enough for speed.
  if (terms.size() <= 8) {
    double sum = 0;
    for (const double term : terms) sum += term;
    return sum;
  }
  const size_t half = terms.size() / 2;
  return PairwiseSum(terms.first(half)) + PairwiseSum(terms.subspan(half));
}

}  // namespace tally::analytics
