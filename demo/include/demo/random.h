#ifndef TALLY_DEMO_RANDOM_H_
#define TALLY_DEMO_RANDOM_H_

// Draws of the synthetic population: a pure function of (seed, stream, index),
// so that any part of the population can be made again, in any order and on
// any machine, with the same bytes. Not for secrets: keys, permutations of an
// extract and pseudonyms take their randomness from crypto/random.h.
//
// Spec: docs/population.md, "Draws".
// Threading: immutable after construction; any number of threads.

#include <cstdint>
#include <string_view>

namespace tally::demo {

// One family of draws. Streams with different names are independent.
class Draws {
 public:
  // `seed` is the population's seed, `stream` a name such as "sex".
  Draws(uint64_t seed, std::string_view stream);

  // 64 uniform bits for `index` (and `part`, where one index needs several).
  uint64_t Bits(uint64_t index, uint64_t part = 0) const;

  // Uniform in [0, bound). REQUIRES: bound > 0. The bias is below 2^-32 for
  // bounds up to 2^32: of no consequence to a synthetic population.
  uint64_t Below(uint64_t bound, uint64_t index, uint64_t part = 0) const;

  // Uniform in [low, high], both ends included. REQUIRES: low <= high.
  int64_t Between(int64_t low, int64_t high, uint64_t index,
                  uint64_t part = 0) const;

 private:
  uint64_t key_;
};

// A fixed bijection of [0, size): a Feistel network with cycle walking.
// `At` and `IndexOf` are inverse to each other. Cost: O(1) expected.
class Permutation {
 public:
  // REQUIRES: size > 0.
  Permutation(uint64_t seed, std::string_view name, uint64_t size);

  uint64_t size() const { return size_; }
  // The value at `index`. REQUIRES: index < size.
  uint64_t At(uint64_t index) const;
  // The index of `value`. REQUIRES: value < size.
  uint64_t IndexOf(uint64_t value) const;

 private:
  uint64_t Forward(uint64_t value) const;
  uint64_t Backward(uint64_t value) const;

  uint64_t size_;
  uint32_t half_bits_;
  uint64_t half_mask_;
  Draws round_;
};

// Picks exactly `count` of `size` indexes, spread by a fixed permutation: a
// rate is met to the person, never by chance.
class Quota {
 public:
  // REQUIRES: size > 0. A count above size picks everyone.
  Quota(uint64_t seed, std::string_view name, uint64_t size, uint64_t count);

  bool Contains(uint64_t index) const;
  uint64_t count() const { return count_; }

 private:
  Permutation order_;
  uint64_t count_;
};

}  // namespace tally::demo

#endif  // TALLY_DEMO_RANDOM_H_
