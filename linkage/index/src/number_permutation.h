// A random order of the numbers 0 to n - 1, in constant memory.
//
// A Feistel network of eight rounds over a x b >= n, keyed afresh from the
// system's random numbers; numbers that fall beyond n walk on until they do
// not. The round function is SipHash-2-4, a pseudorandom function, so the order
// of persons tells nothing about the order of their tokens.
//
// Threading: const use from several threads.
// Secrets: the keys, for the life of the object; wiped.

#ifndef TALLY_LINKAGE_INDEX_SRC_NUMBER_PERMUTATION_H_
#define TALLY_LINKAGE_INDEX_SRC_NUMBER_PERMUTATION_H_

#include <array>
#include <cstdint>

namespace tally::linkage {

// SipHash-2-4 of one 64-bit word (little-endian) under a 128-bit key.
uint64_t SipHash24(uint64_t key0, uint64_t key1, uint64_t word);

class NumberPermutation {
 public:
  // REQUIRES: n <= 2^62.
  explicit NumberPermutation(uint64_t n);
  ~NumberPermutation();
  NumberPermutation(const NumberPermutation&) = delete;
  NumberPermutation& operator=(const NumberPermutation&) = delete;

  // REQUIRES: i < n.
  uint64_t At(uint64_t i) const;

 private:
  static constexpr int kRounds = 8;
  uint64_t Once(uint64_t i) const;

  uint64_t n_;
  uint64_t a_ = 1;
  uint64_t b_ = 1;
  std::array<uint64_t, 2> key_{};
};

}  // namespace tally::linkage

#endif  // TALLY_LINKAGE_INDEX_SRC_NUMBER_PERMUTATION_H_
