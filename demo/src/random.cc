#include "demo/random.h"

#include <algorithm>

#include "base/status.h"

namespace tally::demo {
namespace {

// The finaliser of SplitMix64 (Steele, Lea, Flood 2014): a bijection of 64
// bits whose outputs pass the usual statistical batteries.
uint64_t Mix(uint64_t z) {
  z += 0x9e3779b97f4a7c15ULL;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
  return z ^ (z >> 31);
}

// FNV-1a, only to turn a stream's name into a number.
uint64_t NameBits(std::string_view name) {
  uint64_t hash = 0xcbf29ce484222325ULL;
  for (const char c : name) {
    hash = (hash ^ static_cast<uint8_t>(c)) * 0x100000001b3ULL;
  }
  return hash;
}

constexpr uint64_t kRounds = 6;

__extension__ using Uint128 = unsigned __int128;

}  // namespace

Draws::Draws(uint64_t seed, std::string_view stream)
    : key_(Mix(seed ^ Mix(NameBits(stream)))) {}

uint64_t Draws::Bits(uint64_t index, uint64_t part) const {
  return Mix(Mix(key_ ^ Mix(index)) + part * 0xd1342543de82ef95ULL);
}

uint64_t Draws::Below(uint64_t bound, uint64_t index, uint64_t part) const {
  TALLY_CHECK(bound > 0);
  // The high half of a 64 x 64 product scales without division.
  const Uint128 product = static_cast<Uint128>(Bits(index, part)) * bound;
  return static_cast<uint64_t>(product >> 64);
}

int64_t Draws::Between(int64_t low, int64_t high, uint64_t index,
                       uint64_t part) const {
  TALLY_CHECK(low <= high);
  return low + static_cast<int64_t>(
                   Below(static_cast<uint64_t>(high - low) + 1, index, part));
}

Permutation::Permutation(uint64_t seed, std::string_view name, uint64_t size)
    : size_(size), half_bits_(1), half_mask_(1), round_(seed, name) {
  TALLY_CHECK(size > 0);
  while ((uint64_t{1} << (2 * half_bits_)) < size) ++half_bits_;
  half_mask_ = (uint64_t{1} << half_bits_) - 1;
}

uint64_t Permutation::Forward(uint64_t value) const {
  uint64_t left = value >> half_bits_;
  uint64_t right = value & half_mask_;
  for (uint64_t round = 0; round < kRounds; ++round) {
    const uint64_t next = left ^ (round_.Bits(right, round) & half_mask_);
    left = right;
    right = next;
  }
  return (left << half_bits_) | right;
}

uint64_t Permutation::Backward(uint64_t value) const {
  uint64_t left = value >> half_bits_;
  uint64_t right = value & half_mask_;
  for (uint64_t round = kRounds; round-- > 0;) {
    const uint64_t previous = right ^ (round_.Bits(left, round) & half_mask_);
    right = left;
    left = previous;
  }
  return (left << half_bits_) | right;
}

uint64_t Permutation::At(uint64_t index) const {
  TALLY_CHECK(index < size_);
  uint64_t value = Forward(index);
  while (value >= size_) value = Forward(value);
  return value;
}

uint64_t Permutation::IndexOf(uint64_t value) const {
  TALLY_CHECK(value < size_);
  uint64_t index = Backward(value);
  while (index >= size_) index = Backward(index);
  return index;
}

Quota::Quota(uint64_t seed, std::string_view name, uint64_t size,
             uint64_t count)
    : order_(seed, name, size), count_(std::min(count, size)) {}

bool Quota::Contains(uint64_t index) const { return order_.At(index) < count_; }

}  // namespace tally::demo
