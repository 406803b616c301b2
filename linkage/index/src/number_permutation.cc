#include "linkage/index/number_permutation.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "base/status.h"
#include "crypto/random.h"

namespace tally::linkage {

namespace {

constexpr int kNumberRounds = 8;

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
  TALLY_CHECK(n <= kMostNumbers);
  // Rounded up, so that neither half has more than 2^16 values.
  const auto root =
      static_cast<uint64_t>(std::ceil(std::sqrt(static_cast<double>(n))));
  a_ = static_cast<uint32_t>(std::max<uint64_t>(root, 1));
  b_ = static_cast<uint32_t>(std::max<uint64_t>((n + a_ - 1) / a_, 1));
  uint64_t key[2];
  crypto::RandomBytes(
      std::span<uint8_t>(reinterpret_cast<uint8_t*>(key), sizeof key));
  steps_.reserve(size_t{kNumberRounds / 2} * (size_t{a_} + b_));
  for (uint64_t round = 0; round < kNumberRounds; ++round) {
    const uint64_t halves = round % 2 == 0 ? b_ : a_;
    const uint64_t bound = round % 2 == 0 ? a_ : b_;
    for (uint64_t half = 0; half < halves; ++half) {
      // The round's number goes into the top byte: halves are below 2^16.
      steps_.push_back(static_cast<uint16_t>(
          Below(SipHash24(key[0], key[1], round << 56 | half), bound)));
    }
  }
  crypto::Wipe(key, sizeof key);
}

uint64_t NumberPermutation::Once(uint64_t i) const {
  // Halves are below 2^16, so that no sum overflows; what wraps below zero is
  // above every half. No branch: it would be taken at random.
  auto left = static_cast<uint32_t>(i / b_);
  auto right = static_cast<uint32_t>(i % b_);
  const uint16_t* step = steps_.data();
  for (int round = 0; round < kNumberRounds; round += 2) {
    left += step[right];
    left = std::min(left, left - a_);
    step += b_;
    right += step[left];
    right = std::min(right, right - b_);
    step += a_;
  }
  return uint64_t{left} * b_ + right;
}

uint64_t NumberPermutation::At(uint64_t i) const {
  do {
    i = Once(i);
  } while (i >= n_);
  return i;
}

void NumberPermutation::Fill(uint64_t first, std::span<uint64_t> out) const {
  for (uint64_t& number : out) number = At(first++);
}

}  // namespace tally::linkage
