// Seeded draws for intervals that are simulated: the same numbers on every
// machine. Not for secrets.
//
// Ref: M. Matsumoto, T. Nishimura, ACM TOMACS 8 (1998), for the generator,
// whose bits the C++ standard fixes; G. E. P. Box, M. E. Muller, Ann. Math.
// Stat. 29 (1958), for normal draws.
// Threading: one thread.  Secrets: none.
#ifndef TALLY_ANALYTICS_STATISTICS_RANDOM_DRAWS_H_
#define TALLY_ANALYTICS_STATISTICS_RANDOM_DRAWS_H_

#include <cstdint>
#include <random>

namespace tally::analytics {

class RandomDraws {
 public:
  explicit RandomDraws(uint64_t seed) : bits_(seed) {}

  // Uniform in (0, 1), never an end.
  double Uniform();
  // Standard normal.
  double Normal();

 private:
  std::mt19937_64 bits_;
  bool has_spare_ = false;
  double spare_ = 0;
};

}  // namespace tally::analytics

#endif  // TALLY_ANALYTICS_STATISTICS_RANDOM_DRAWS_H_
