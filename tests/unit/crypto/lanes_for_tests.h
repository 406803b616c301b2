#ifndef TALLY_TESTS_UNIT_CRYPTO_LANES_FOR_TESTS_H_
#define TALLY_TESTS_UNIT_CRYPTO_LANES_FOR_TESTS_H_

// Lanes in plain C++: emulated ones, which any CPU runs, and checked ones,
// which count every use that real lanes would get wrong in silence.
//
// Threading: one thread. Secrets: none.

#include <bit>
#include <cstddef>
#include <cstdint>

namespace tally::crypto {

// How often checked lanes were misused: a factor too large for the multiplier,
// a sum that overflowed, a difference below zero.
inline int lane_faults = 0;

template <size_t kN, bool kChecked>
struct PlainLanes {
  static constexpr size_t kLanes = kN;
  using Self = PlainLanes;

  struct Mask {
    bool on[kN];
    friend Mask operator&(Mask a, const Mask& b) {
      for (size_t i = 0; i < kN; ++i) a.on[i] &= b.on[i];
      return a;
    }
    friend Mask operator|(Mask a, const Mask& b) {
      for (size_t i = 0; i < kN; ++i) a.on[i] |= b.on[i];
      return a;
    }
    friend Mask operator~(Mask a) {
      for (size_t i = 0; i < kN; ++i) a.on[i] ^= true;
      return a;
    }
  };

  uint64_t v[kN];

  static Self All(uint64_t value) {
    Self out;
    for (uint64_t& lane : out.v) lane = value;
    return out;
  }
  static Self Load(const uint64_t* lanes) {
    Self out;
    for (size_t i = 0; i < kN; ++i) out.v[i] = lanes[i];
    return out;
  }
  void Store(uint64_t* lanes) const {
    for (size_t i = 0; i < kN; ++i) lanes[i] = v[i];
  }

  friend Self operator+(Self a, const Self& b) {
    for (size_t i = 0; i < kN; ++i) {
      a.v[i] += b.v[i];
      Check(a.v[i] >= b.v[i]);
    }
    return a;
  }
  friend Self operator-(Self a, const Self& b) {
    for (size_t i = 0; i < kN; ++i) {
      Check(a.v[i] >= b.v[i]);
      a.v[i] -= b.v[i];
    }
    return a;
  }
  friend Self operator&(Self a, const Self& b) {
    for (size_t i = 0; i < kN; ++i) a.v[i] &= b.v[i];
    return a;
  }
  friend Self operator|(Self a, const Self& b) {
    for (size_t i = 0; i < kN; ++i) a.v[i] |= b.v[i];
    return a;
  }
  friend Self operator^(Self a, const Self& b) {
    for (size_t i = 0; i < kN; ++i) a.v[i] ^= b.v[i];
    return a;
  }
  template <int kBits>
  Self Shl() const {
    Self out;
    for (size_t i = 0; i < kN; ++i) out.v[i] = v[i] << kBits;
    return out;
  }
  template <int kBits>
  Self Shr() const {
    Self out;
    for (size_t i = 0; i < kN; ++i) out.v[i] = v[i] >> kBits;
    return out;
  }
  template <int kBits>
  Self RotateRight() const {
    Self out;
    for (size_t i = 0; i < kN; ++i) out.v[i] = std::rotr(v[i], kBits);
    return out;
  }
  static Self Choose(const Self& a, const Self& b, const Self& c) {
    return c ^ (a & (b ^ c));
  }
  static Self Majority(const Self& a, const Self& b, const Self& c) {
    return (a & b) | (c & (a | b));
  }
  static Self Xor3(const Self& a, const Self& b, const Self& c) {
    return a ^ b ^ c;
  }

  static Self Mul32(Self a, const Self& b) {
    for (size_t i = 0; i < kN; ++i) {
      Check(a.v[i] >> 32 == 0 && b.v[i] >> 32 == 0);
      a.v[i] = (a.v[i] & 0xffffffff) * (b.v[i] & 0xffffffff);
    }
    return a;
  }
  static Self AddLow52(const Self& sum, const Self& a, const Self& b) {
    return sum + Product52(a, b, 0);
  }
  static Self AddHigh52(const Self& sum, const Self& a, const Self& b) {
    return sum + Product52(a, b, 52);
  }
  static Self Times19(const Self& a) { return Times(a, 19); }
  static Self Times38(const Self& a) { return Times(a, 38); }

  static Mask IsZero(const Self& a) {
    Mask out;
    for (size_t i = 0; i < kN; ++i) out.on[i] = a.v[i] == 0;
    return out;
  }
  static Mask AllIf(uint64_t bit) {
    Mask out;
    for (bool& on : out.on) on = bit & 1;
    return out;
  }
  // Without a branch: what is selected may be marked as secret. A compiler that
  // sees that `bits` are all or none (clang) loads from one of two addresses
  // instead; vectors give it no such choice.
  static Self Select(const Mask& mask, const Self& yes, const Self& no) {
    Self out;
    for (size_t i = 0; i < kN; ++i) {
      uint64_t bits = 0 - static_cast<uint64_t>(mask.on[i]);
      __asm__("" : "+r"(bits));
      out.v[i] = (yes.v[i] & bits) | (no.v[i] & ~bits);
    }
    return out;
  }
  static uint32_t Bits(const Mask& mask) {
    uint32_t bits = 0;
    for (size_t i = 0; i < kN; ++i) {
      bits |= static_cast<uint32_t>(mask.on[i]) << i;
    }
    return bits;
  }

 private:
  static void Check([[maybe_unused]] bool fine) {
    if constexpr (kChecked) lane_faults += fine ? 0 : 1;
  }
  static Self Times(Self a, uint64_t factor) {
    for (uint64_t& lane : a.v) {
      if constexpr (kChecked) Check(lane <= UINT64_MAX / factor);
      lane *= factor;
    }
    return a;
  }
  static Self Product52(Self a, const Self& b, int shift) {
    constexpr uint64_t kLow = (uint64_t{1} << 52) - 1;
    __extension__ using Wide = unsigned __int128;
    for (size_t i = 0; i < kN; ++i) {
      if constexpr (kChecked) Check(a.v[i] <= kLow && b.v[i] <= kLow);
      const Wide product = Wide{a.v[i] & kLow} * (b.v[i] & kLow);
      a.v[i] = static_cast<uint64_t>(product >> shift) & kLow;
    }
    return a;
  }
};

template <size_t kN>
using EmulatedLanes = PlainLanes<kN, false>;
template <size_t kN>
using CheckedLanes = PlainLanes<kN, true>;

}  // namespace tally::crypto

#endif  // TALLY_TESTS_UNIT_CRYPTO_LANES_FOR_TESTS_H_
