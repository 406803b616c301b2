// Four 64-bit lanes of AVX2.
//
// Spec: docs/spec/kernel-v1.md, "Lanes".
// Threading: values.
// Secrets: values pass through; nothing branches on a lane.
#ifndef TALLY_CRYPTO_SRC_KERNELS_LANES_AVX2_H_
#define TALLY_CRYPTO_SRC_KERNELS_LANES_AVX2_H_

#include <immintrin.h>

#include <cstddef>
#include <cstdint>

// NOLINTNEXTLINE(google-build-namespaces): compiled for one CPU and nobody else
namespace {

struct Avx2Lanes {
  static constexpr size_t kLanes = 4;

  // A lane is all ones or zero.
  struct Mask {
    __m256i v;
    friend Mask operator&(Mask a, Mask b) {
      return {_mm256_and_si256(a.v, b.v)};
    }
    friend Mask operator|(Mask a, Mask b) {
      return {_mm256_or_si256(a.v, b.v)};
    }
    friend Mask operator~(Mask a) {
      return {_mm256_xor_si256(a.v, _mm256_set1_epi64x(-1))};
    }
  };

  __m256i v;

  static Avx2Lanes All(uint64_t value) {
    return {_mm256_set1_epi64x(static_cast<int64_t>(value))};
  }
  static Avx2Lanes Load(const uint64_t* lanes) {
    return {_mm256_loadu_si256(reinterpret_cast<const __m256i*>(lanes))};
  }
  void Store(uint64_t* lanes) const {
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(lanes), v);
  }

  friend Avx2Lanes operator+(Avx2Lanes a, Avx2Lanes b) {
    return {_mm256_add_epi64(a.v, b.v)};
  }
  friend Avx2Lanes operator-(Avx2Lanes a, Avx2Lanes b) {
    return {_mm256_sub_epi64(a.v, b.v)};
  }
  friend Avx2Lanes operator&(Avx2Lanes a, Avx2Lanes b) {
    return {_mm256_and_si256(a.v, b.v)};
  }
  friend Avx2Lanes operator|(Avx2Lanes a, Avx2Lanes b) {
    return {_mm256_or_si256(a.v, b.v)};
  }
  friend Avx2Lanes operator^(Avx2Lanes a, Avx2Lanes b) {
    return {_mm256_xor_si256(a.v, b.v)};
  }
  template <int kBits>
  Avx2Lanes Shl() const {
    return {_mm256_slli_epi64(v, kBits)};
  }
  template <int kBits>
  Avx2Lanes Shr() const {
    return {_mm256_srli_epi64(v, kBits)};
  }
  template <int kBits>
  Avx2Lanes RotateRight() const {
    return Shr<kBits>() | Shl<64 - kBits>();
  }
  // a & b | ~a & c, and the majority of three.
  static Avx2Lanes Choose(Avx2Lanes a, Avx2Lanes b, Avx2Lanes c) {
    return c ^ (a & (b ^ c));
  }
  static Avx2Lanes Majority(Avx2Lanes a, Avx2Lanes b, Avx2Lanes c) {
    return (a & b) | (c & (a | b));
  }
  static Avx2Lanes Xor3(Avx2Lanes a, Avx2Lanes b, Avx2Lanes c) {
    return a ^ b ^ c;
  }

  // The product of the low 32 bits of each lane.
  static Avx2Lanes Mul32(Avx2Lanes a, Avx2Lanes b) {
    return {_mm256_mul_epu32(a.v, b.v)};
  }

  static Mask IsZero(Avx2Lanes a) {
    return {_mm256_cmpeq_epi64(a.v, _mm256_setzero_si256())};
  }
  // All lanes, or none; `bit` is 0 or 1.
  static Mask AllIf(uint64_t bit) { return {All(0 - bit).v}; }
  // `yes` where the mask is set, else `no`.
  static Avx2Lanes Select(Mask mask, Avx2Lanes yes, Avx2Lanes no) {
    return {_mm256_blendv_epi8(no.v, yes.v, mask.v)};
  }
  // Lane i at bit i.
  static uint32_t Bits(Mask mask) {
    return static_cast<uint32_t>(
        _mm256_movemask_pd(_mm256_castsi256_pd(mask.v)));
  }
};

}  // namespace

#endif  // TALLY_CRYPTO_SRC_KERNELS_LANES_AVX2_H_
