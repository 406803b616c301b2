// The operations of a field on lanes as functions over plain words, so that a
// test can run them on the lanes of a CPU that its own object must not use.
//
// An object that is compiled for one CPU includes this and what the kernels
// include, and nothing else (docs/spec/kernel-v1.md, "Files").
// Threading: pure functions. Secrets: none.
#ifndef TALLY_TESTS_UNIT_CRYPTO_FIELD_PROBE_H_
#define TALLY_TESTS_UNIT_CRYPTO_FIELD_PROBE_H_

#include <cstddef>
#include <cstdint>

namespace tally::crypto {

// Words come limb by limb, the lanes of a limb side by side. Every function
// fills at most kMostWords of `out`.
struct FieldProbe {
  static constexpr size_t kMostWords = 8 * 10 * 8;

  // Of two factors: product, square, sum, difference and twice of products.
  void (*factors)(const uint64_t* a, const uint64_t* b, uint64_t* out);
  // Of two elements: sum, difference, both carried, a as words and back, and
  // which lanes of a are zero and negative.
  void (*elements)(const uint64_t* a, const uint64_t* b, uint64_t* out);
  // A sum, carried.
  void (*loose)(const uint64_t* a, uint64_t* out);
};

// `F`: a field of `kLimbs` limbs on lanes that have no linkage, or on those of
// the tests.
template <typename F, size_t kLimbs>
struct ProbeOf {
  using V = typename F::Lanes;

  static void Factors(const uint64_t* a_words, const uint64_t* b_words,
                      uint64_t* out) {
    const auto a = Read<typename F::Factor>(a_words);
    const auto b = Read<typename F::Factor>(b_words);
    const auto wide = F::MulWide(a, b);
    const auto square = F::SqWide(b);
    const auto difference = F::SubWide(wide, square);
    out = Write(F::Mul(a, b), out);
    out = Write(F::Sq(b), out);
    out = Write(F::AddWide(wide, square), out);
    out = Write(difference, out);
    out = Write(F::TwiceWide(wide), out);
    Write(F::TwiceMinus(wide, difference), out);
  }

  static void Elements(const uint64_t* a_words, const uint64_t* b_words,
                       uint64_t* out) {
    const auto a = Read<typename F::Fe>(a_words);
    const auto b = Read<typename F::Fe>(b_words);
    out = Write(F::Add(a, b), out);
    out = Write(F::Sub(a, b), out);
    out = Write(F::Carry(F::Add(a, b)), out);
    out = Write(F::AsFactor(F::Sub(a, b)), out);
    V words[4];
    F::ToWords(a, words);
    for (const V& word : words) {
      word.Store(out);
      out += V::kLanes;
    }
    out = Write(F::FromWords(words), out);
    out[0] = V::Bits(F::IsZero(a));
    out[1] = V::Bits(F::IsNegative(a));
    Write(F::Select(F::IsNegative(a), a, b), out + 2);
  }

  static void Loose(const uint64_t* a, uint64_t* out) {
    Write(F::Carry(Read<typename F::Loose>(a)), out);
  }

  static constexpr FieldProbe kProbe = {&Factors, &Elements, &Loose};

 private:
  template <typename E>
  static E Read(const uint64_t* words) {
    E out;
    for (size_t i = 0; i < kLimbs; ++i) {
      out.l[i] = V::Load(words + i * V::kLanes);
    }
    return out;
  }
  template <typename E>
  static uint64_t* Write(const E& a, uint64_t* out) {
    for (size_t i = 0; i < kLimbs; ++i) a.l[i].Store(out + i * V::kLanes);
    return out + kLimbs * V::kLanes;
  }
};

// For CPUs that have what the kernels of these names ask for.
extern const FieldProbe kAvx2FieldProbe;
extern const FieldProbe kAvx512FieldProbe;

}  // namespace tally::crypto

#endif  // TALLY_TESTS_UNIT_CRYPTO_FIELD_PROBE_H_
