// A random order of the numbers 0 to n - 1, in memory of a root of n.
//
// A Feistel network of eight rounds over a x b >= n, keyed afresh from the
// system's random numbers; numbers that fall beyond n walk on until they do
// not. The round function is SipHash-2-4, a pseudorandom function, so what
// comes out tells nothing about the order of what went in: of persons nothing
// about that of their tokens, of record keys nothing about the old ones. A half
// takes no more values than the root of n, so what each round adds to it is
// made once.
//
// Spec: docs/adr/0061-person-numbers-from-a-permutation.md
// Threading: const use from several threads.
// Secrets: what the rounds add, for the life of the object; wiped.

#ifndef TALLY_LINKAGE_INDEX_NUMBER_PERMUTATION_H_
#define TALLY_LINKAGE_INDEX_NUMBER_PERMUTATION_H_

#include <cstdint>
#include <span>
#include <vector>

#include "crypto/wiped_bytes.h"

namespace tally::linkage {

// SipHash-2-4 of one 64-bit word (little-endian) under a 128-bit key.
uint64_t SipHash24(uint64_t key0, uint64_t key1, uint64_t word);

class NumberPermutation {
 public:
  static constexpr uint64_t kMostNumbers = uint64_t{1} << 32;
  // REQUIRES: n <= kMostNumbers. Memory: 16 bytes times the root of n, a
  // megabyte at most.
  explicit NumberPermutation(uint64_t n);
  NumberPermutation(const NumberPermutation&) = delete;
  NumberPermutation& operator=(const NumberPermutation&) = delete;

  // REQUIRES: i < n.
  uint64_t At(uint64_t i) const;
  // At(first), At(first + 1) and so on: a third of the time of one by one.
  // REQUIRES: first + out.size() <= n.
  void Fill(uint64_t first, std::span<uint64_t> out) const;

 private:
  uint64_t Once(uint64_t i) const;

  uint64_t n_;
  uint32_t a_ = 1;
  uint32_t b_ = 1;
  // Of rounds 0, 2, ..: what each right half adds to the left one (b_ numbers
  // below a_). Of those between: the reverse (a_ numbers below b_).
  std::vector<uint16_t, crypto::WipingAllocator<uint16_t>> steps_;
};

}  // namespace tally::linkage

#endif  // TALLY_LINKAGE_INDEX_NUMBER_PERMUTATION_H_
