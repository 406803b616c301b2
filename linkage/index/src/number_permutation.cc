#include "number_permutation.h"

#include <bit>
#include <cmath>
#include <span>

#include "base/status.h"
#include "crypto/random.h"
#include "crypto/wiped_bytes.h"

namespace tally::linkage {

namespace {

struct SipState {
  uint64_t v0, v1, v2, v3;

  void Round() {
    v0 += v1;
    v1 = std::rotl(v1, 13) ^ v0;
    v0 = std::rotl(v0, 32);
    v2 += v3;
    v3 = std::rotl(v3, 16) ^ v2;
    v0 += v3;
    v3 = std::rotl(v3, 21) ^ v0;
    v2 += v1;
    v1 = std::rotl(v1, 17) ^ v2;
    v2 = std::rotl(v2, 32);
  }
  void Absorb(uint64_t word) {
    v3 ^= word;
    Round();
    Round();
    v0 ^= word;
  }
};

// A number below `bound` from 64 uniform bits.
uint64_t Below(uint64_t bits, uint64_t bound) {
  __extension__ using Wide = unsigned __int128;
  return static_cast<uint64_t>((Wide{bits} * bound) >> 64);
}

}  // namespace

uint64_t SipHash24(uint64_t key0, uint64_t key1, uint64_t word) {
  SipState s{key0 ^ 0x736f6d6570736575, key1 ^ 0x646f72616e646f6d,
             key0 ^ 0x6c7967656e657261, key1 ^ 0x7465646279746573};
  s.Absorb(word);
  s.Absorb(uint64_t{8} << 56);  // the length
  s.v2 ^= 0xff;
  for (int i = 0; i < 4; ++i) s.Round();
  return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}

NumberPermutation::NumberPermutation(uint64_t n) : n_(n) {
  TALLY_CHECK(n <= uint64_t{1} << 62);
  a_ = static_cast<uint64_t>(std::sqrt(static_cast<double>(n)));
  if (a_ == 0) a_ = 1;
  b_ = (n + a_ - 1) / a_;
  if (b_ == 0) b_ = 1;
  crypto::RandomBytes(
      std::span<uint8_t>(reinterpret_cast<uint8_t*>(key_.data()), sizeof key_));
}

NumberPermutation::~NumberPermutation() {
  crypto::Wipe(key_.data(), sizeof key_);
}

uint64_t NumberPermutation::Once(uint64_t i) const {
  uint64_t left = i / b_;
  uint64_t right = i % b_;
  for (uint64_t round = 0; round < kRounds; round += 2) {
    // The round's number goes into the top byte: halves stay below 2^32.
    left += Below(SipHash24(key_[0], key_[1], round << 56 | right), a_);
    if (left >= a_) left -= a_;
    right += Below(SipHash24(key_[0], key_[1], (round + 1) << 56 | left), b_);
    if (right >= b_) right -= b_;
  }
  return left * b_ + right;
}

uint64_t NumberPermutation::At(uint64_t i) const {
  do {
    i = Once(i);
  } while (i >= n_);
  return i;
}

}  // namespace tally::linkage
