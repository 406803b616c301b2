// Places among others: ranks with their uncertainty, and the most similar
// areas.
//
// Ref: H. Goldstein, D. J. Spiegelhalter, J. R. Stat. Soc. A 159 (1996).
// Threading: pure functions.  Secrets: none.
#ifndef TALLY_ANALYTICS_STATISTICS_RANKING_H_
#define TALLY_ANALYTICS_STATISTICS_RANKING_H_

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace tally::analytics {

struct RankedValue {
  double value = 0;
  double error = 0;  // standard error
};

struct RankInterval {
  int rank = 0;  // 1 is the highest value; ties take the lowest number
  int low = 0;   // 2.5 and 97.5 % of the ranks drawn
  int high = 0;
};

inline constexpr int kRankDraws = 1000;

// Ranks of seeded draws of N(value, error), at positions round(N alpha / 2) and
// N - that of the sorted draws. Cost: O(draws x n log n).
// REQUIRES: draws >= 1, errors >= 0; areas in a fixed order, as by code: each
// gets the draws of its place.
std::vector<RankInterval> RankIntervals(std::span<const RankedValue> values,
                                        uint64_t seed, int draws = kRankDraws);

// An area and what it is compared by, the same variables for each.
struct PeerArea {
  std::string code;
  std::vector<double> variables;
};

// The `count` areas nearest to areas[of]: Euclid's distance over variables of
// mean 0 and deviation 1 times their weights, ties by code. A variable without
// variation counts for nothing. REQUIRES: of < areas.size(); every area has
// weights.size() variables. Cost: O(n (variables + log n)).
std::vector<std::string> NearestAreas(std::span<const PeerArea> areas,
                                      size_t of,
                                      std::span<const double> weights,
                                      size_t count = 10);

}  // namespace tally::analytics

#endif  // TALLY_ANALYTICS_STATISTICS_RANKING_H_
