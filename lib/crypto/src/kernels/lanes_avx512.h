// Eight 64-bit lanes of AVX-512 with 52-bit multiply-add.
//
// Spec: docs/spec/kernel-v1.md, "Lanes".
// Threading: values.
// Secrets: values pass through; nothing branches on a lane.
#ifndef TALLY_CRYPTO_SRC_KERNELS_LANES_AVX512_H_
#define TALLY_CRYPTO_SRC_KERNELS_LANES_AVX512_H_

#include <immintrin.h>

#include <cstddef>
#include <cstdint>

// NOLINTNEXTLINE(google-build-namespaces): compiled for one CPU and nobody else
namespace {

struct Avx512Lanes {
  static constexpr size_t kLanes = 8;

  // One bit a lane.
  struct Mask {
    __mmask8 bits;
    friend Mask operator&(Mask a, Mask b) {
      return {static_cast<__mmask8>(a.bits & b.bits)};
    }
    friend Mask operator|(Mask a, Mask b) {
      return {static_cast<__mmask8>(a.bits | b.bits)};
    }
    friend Mask operator~(Mask a) { return {static_cast<__mmask8>(~a.bits)}; }
  };

  __m512i v;

  static Avx512Lanes All(uint64_t value) {
    return {_mm512_set1_epi64(static_cast<int64_t>(value))};
  }
  static Avx512Lanes Load(const uint64_t* lanes) {
    return {_mm512_loadu_si512(lanes)};
  }
  void Store(uint64_t* lanes) const { _mm512_storeu_si512(lanes, v); }

  friend Avx512Lanes operator+(Avx512Lanes a, Avx512Lanes b) {
    return {_mm512_add_epi64(a.v, b.v)};
  }
  friend Avx512Lanes operator-(Avx512Lanes a, Avx512Lanes b) {
    return {_mm512_sub_epi64(a.v, b.v)};
  }
  friend Avx512Lanes operator&(Avx512Lanes a, Avx512Lanes b) {
    return {_mm512_and_si512(a.v, b.v)};
  }
  friend Avx512Lanes operator|(Avx512Lanes a, Avx512Lanes b) {
    return {_mm512_or_si512(a.v, b.v)};
  }
  friend Avx512Lanes operator^(Avx512Lanes a, Avx512Lanes b) {
    return {_mm512_xor_si512(a.v, b.v)};
  }
  template <int kBits>
  Avx512Lanes Shl() const {
    return {_mm512_slli_epi64(v, kBits)};
  }
  template <int kBits>
  Avx512Lanes Shr() const {
    return {_mm512_srli_epi64(v, kBits)};
  }
  template <int kBits>
  Avx512Lanes RotateRight() const {
    return {_mm512_ror_epi64(v, kBits)};
  }
  // a & b | ~a & c, and the majority of three.
  static Avx512Lanes Choose(Avx512Lanes a, Avx512Lanes b, Avx512Lanes c) {
    return {_mm512_ternarylogic_epi64(a.v, b.v, c.v, 0xca)};
  }
  static Avx512Lanes Majority(Avx512Lanes a, Avx512Lanes b, Avx512Lanes c) {
    return {_mm512_ternarylogic_epi64(a.v, b.v, c.v, 0xe8)};
  }
  static Avx512Lanes Xor3(Avx512Lanes a, Avx512Lanes b, Avx512Lanes c) {
    return {_mm512_ternarylogic_epi64(a.v, b.v, c.v, 0x96)};
  }

  // sum + the low (high) 52 bits of a x b. Bits 52 to 63 of a and b are
  // ignored.
  static Avx512Lanes AddLow52(Avx512Lanes sum, Avx512Lanes a, Avx512Lanes b) {
    return {_mm512_madd52lo_epu64(sum.v, a.v, b.v)};
  }
  static Avx512Lanes AddHigh52(Avx512Lanes sum, Avx512Lanes a, Avx512Lanes b) {
    return {_mm512_madd52hi_epu64(sum.v, a.v, b.v)};
  }

  // 19 a and 38 a, modulo 2^64. One instruction: a constant that is known
  // would be made four shifts and sums.
  static Avx512Lanes Times19(Avx512Lanes a) { return Times(a, 19); }
  static Avx512Lanes Times38(Avx512Lanes a) { return Times(a, 38); }
  static Avx512Lanes Times(Avx512Lanes a, int64_t factor) {
    __m512i b = _mm512_set1_epi64(factor);
    asm("" : "+v"(b));
    return {_mm512_mullo_epi64(a.v, b)};
  }

  static Mask IsZero(Avx512Lanes a) {
    return {_mm512_testn_epi64_mask(a.v, a.v)};
  }
  // All lanes, or none; `bit` is 0 or 1.
  static Mask AllIf(uint64_t bit) { return {static_cast<__mmask8>(0 - bit)}; }
  // `yes` where the mask is set, else `no`. `yes` is read before: a processor
  // need not do a read under a mask that is zero. Read for this mask, so that a
  // compiler does not read it once for many and keep it on the stack, from
  // where it would be read under the masks.
  static Avx512Lanes Select(Mask mask, Avx512Lanes yes, Avx512Lanes no) {
    asm("" : "+v"(yes.v) : "Yk"(mask.bits));
    return {_mm512_mask_blend_epi64(mask.bits, no.v, yes.v)};
  }
  // Lane i at bit i.
  static uint32_t Bits(Mask mask) { return mask.bits; }
};

}  // namespace

#endif  // TALLY_CRYPTO_SRC_KERNELS_LANES_AVX512_H_
