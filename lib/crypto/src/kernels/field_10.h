// The field of 2^255 - 19 in ten limbs of 26 and 25 bits in turn, one element a
// lane, for lanes that multiply 32 bits.
//
// A lane type V has All, +, -, &, |, Shl, Shr, Mul32, IsZero, Select and a Mask
// (lanes_avx2.h). Mul32 ignores bits 32 to 63 of what it multiplies.
//
// Spec: docs/spec/kernel-v1.md, "Field of ten limbs".
// Threading: pure functions.
// Secrets: values pass through; nothing branches on a limb.
#ifndef TALLY_CRYPTO_SRC_KERNELS_FIELD_10_H_
#define TALLY_CRYPTO_SRC_KERNELS_FIELD_10_H_

#include <cstddef>
#include <cstdint>

#include "kernels/field_words.h"

namespace tally::crypto::kernels {

template <typename V>
struct Field10 {
  using Lanes = V;
  using Mask = typename V::Mask;

  // What may be multiplied: limbs 0, 2, ... < 1.5 x 2^27 + 2^9, the others
  // < 1.5 x 2^26 + 2^16. 19 times that fits 32 bits, and so do 4 times the
  // others.
  struct Factor {
    V l[10];
  };
  // Limbs 0, 2, ... < 2^26 + 2^9, the others < 2^25 + 2^16. The value is below
  // 2p.
  struct Fe : Factor {};
  // The sum or the difference of two elements is small enough as it is.
  using Loose = Factor;
  // A product of which sums are made: carried at once, since its columns would
  // have to wait in memory.
  using Wide = Fe;
  // The sum or the difference of two products.
  using Sum = Factor;

  static constexpr uint64_t kEven = (uint64_t{1} << 26) - 1;
  static constexpr uint64_t kOdd = (uint64_t{1} << 25) - 1;

  static TALLY_INLINE Fe Constant(const FieldWords& w) {
    return {{{V::All(w.w[0] & kEven), V::All(w.w[0] >> 26 & kOdd),
              V::All((w.w[0] >> 51 | w.w[1] << 13) & kEven),
              V::All(w.w[1] >> 13 & kOdd), V::All(w.w[1] >> 38 & kEven),
              V::All(w.w[2] & kOdd), V::All(w.w[2] >> 25 & kEven),
              V::All((w.w[2] >> 51 | w.w[3] << 13) & kOdd),
              V::All(w.w[3] >> 12 & kEven), V::All(w.w[3] >> 38 & kOdd)}}};
  }
  // Bits 0 to 254 of four words; bit 255 is ignored.
  static TALLY_INLINE Fe FromWords(const V w[4]) {
    const V even = V::All(kEven), odd = V::All(kOdd);
    return {{{w[0] & even, w[0].template Shr<26>() & odd,
              (w[0].template Shr<51>() | w[1].template Shl<13>()) & even,
              w[1].template Shr<13>() & odd, w[1].template Shr<38>() & even,
              w[2] & odd, w[2].template Shr<25>() & even,
              (w[2].template Shr<51>() | w[3].template Shl<13>()) & odd,
              w[3].template Shr<12>() & even, w[3].template Shr<38>() & odd}}};
  }
  // The value below p, as four words.
  static TALLY_INLINE void ToWords(const Fe& a, V w[4]) {
    const Fe c = Canonical(a);
    w[0] = c.l[0] | c.l[1].template Shl<26>() | c.l[2].template Shl<51>();
    w[1] = c.l[2].template Shr<13>() | c.l[3].template Shl<13>() |
           c.l[4].template Shl<38>();
    w[2] = c.l[5] | c.l[6].template Shl<25>() | c.l[7].template Shl<51>();
    w[3] = c.l[7].template Shr<13>() | c.l[8].template Shl<12>() |
           c.l[9].template Shl<38>();
  }

  static TALLY_INLINE Loose Add(const Fe& a, const Fe& b) {
    return {{a.l[0] + b.l[0], a.l[1] + b.l[1], a.l[2] + b.l[2], a.l[3] + b.l[3],
             a.l[4] + b.l[4], a.l[5] + b.l[5], a.l[6] + b.l[6], a.l[7] + b.l[7],
             a.l[8] + b.l[8], a.l[9] + b.l[9]}};
  }
  // a - b + 2p: no limb of 2p is below one of b.
  static TALLY_INLINE Loose Sub(const Fe& a, const Fe& b) {
    const V first = V::All(2 * kEven - 36);
    const V even = V::All(2 * kEven), odd = V::All(2 * kOdd);
    return {{a.l[0] + first - b.l[0], a.l[1] + odd - b.l[1],
             a.l[2] + even - b.l[2], a.l[3] + odd - b.l[3],
             a.l[4] + even - b.l[4], a.l[5] + odd - b.l[5],
             a.l[6] + even - b.l[6], a.l[7] + odd - b.l[7],
             a.l[8] + even - b.l[8], a.l[9] + odd - b.l[9]}};
  }
  static TALLY_INLINE const Factor& AsFactor(const Loose& a) { return a; }

  // All limbs at once. Limbs < 2^29: what is carried is < 2^4.
  static TALLY_INLINE Fe Carry(const Loose& a) {
    const V even = V::All(kEven), odd = V::All(kOdd);
    return {{{(a.l[0] & even) + V::Mul32(a.l[9].template Shr<25>(), V::All(19)),
              (a.l[1] & odd) + a.l[0].template Shr<26>(),
              (a.l[2] & even) + a.l[1].template Shr<25>(),
              (a.l[3] & odd) + a.l[2].template Shr<26>(),
              (a.l[4] & even) + a.l[3].template Shr<25>(),
              (a.l[5] & odd) + a.l[4].template Shr<26>(),
              (a.l[6] & even) + a.l[5].template Shr<25>(),
              (a.l[7] & odd) + a.l[6].template Shr<26>(),
              (a.l[8] & even) + a.l[7].template Shr<25>(),
              (a.l[9] & odd) + a.l[8].template Shr<26>()}}};
  }

  // Two limbs of odd place weigh 2^50, their column 2^51: such a product counts
  // twice. The first column has the largest sum: with factors as large as may
  // be 124.5 x (1.5 x 2^27 + 2^9)^2 < 2^62.2.
  //
  // Row by row: ten columns and a limb fit 16 registers, and the limbs of b
  // come from memory.
  static __attribute__((noinline)) void MulTo(const Factor& a, const Factor& b,
                                              Fe* out) {
    V n[10];  // 19 b
    n[1] = Times19(b.l[1]);
    n[2] = Times19(b.l[2]);
    n[3] = Times19(b.l[3]);
    n[4] = Times19(b.l[4]);
    n[5] = Times19(b.l[5]);
    n[6] = Times19(b.l[6]);
    n[7] = Times19(b.l[7]);
    n[8] = Times19(b.l[8]);
    n[9] = Times19(b.l[9]);
    V c[10];
    FirstRow(c, a.l[0], b.l);
    StayInMemory(a.l, b.l, n);
    AddRow(c, a.l[1] + a.l[1], a.l[1], n[9], b.l[0], b.l[1], b.l[2], b.l[3],
           b.l[4], b.l[5], b.l[6], b.l[7], b.l[8]);
    StayInMemory(a.l, b.l, n);
    AddRow(c, a.l[2], a.l[2], n[8], n[9], b.l[0], b.l[1], b.l[2], b.l[3],
           b.l[4], b.l[5], b.l[6], b.l[7]);
    StayInMemory(a.l, b.l, n);
    AddRow(c, a.l[3] + a.l[3], a.l[3], n[7], n[8], n[9], b.l[0], b.l[1], b.l[2],
           b.l[3], b.l[4], b.l[5], b.l[6]);
    StayInMemory(a.l, b.l, n);
    AddRow(c, a.l[4], a.l[4], n[6], n[7], n[8], n[9], b.l[0], b.l[1], b.l[2],
           b.l[3], b.l[4], b.l[5]);
    StayInMemory(a.l, b.l, n);
    AddRow(c, a.l[5] + a.l[5], a.l[5], n[5], n[6], n[7], n[8], n[9], b.l[0],
           b.l[1], b.l[2], b.l[3], b.l[4]);
    StayInMemory(a.l, b.l, n);
    AddRow(c, a.l[6], a.l[6], n[4], n[5], n[6], n[7], n[8], n[9], b.l[0],
           b.l[1], b.l[2], b.l[3]);
    StayInMemory(a.l, b.l, n);
    AddRow(c, a.l[7] + a.l[7], a.l[7], n[3], n[4], n[5], n[6], n[7], n[8], n[9],
           b.l[0], b.l[1], b.l[2]);
    StayInMemory(a.l, b.l, n);
    AddRow(c, a.l[8], a.l[8], n[2], n[3], n[4], n[5], n[6], n[7], n[8], n[9],
           b.l[0], b.l[1]);
    StayInMemory(a.l, b.l, n);
    AddRow(c, a.l[9] + a.l[9], a.l[9], n[1], n[2], n[3], n[4], n[5], n[6], n[7],
           n[8], n[9], b.l[0]);
    Reduce(c, out);
  }

  // As Mul, each product of two different limbs once, and twice as much.
  // NOLINTNEXTLINE(readability-function-size): straight-line limb code.
  static __attribute__((noinline)) void SqTo(const Factor& a, Fe* out) {
    V n[10];  // 19 a, where a column comes round
    n[5] = Times19(a.l[5]);
    n[6] = Times19(a.l[6]);
    n[7] = Times19(a.l[7]);
    n[8] = Times19(a.l[8]);
    n[9] = Times19(a.l[9]);
    V c[10];
    const V one0 = a.l[0];
    const V two0 = one0 + one0;
    c[0] = V::Mul32(one0, a.l[0]);
    c[1] = V::Mul32(two0, a.l[1]);
    c[2] = V::Mul32(two0, a.l[2]);
    c[3] = V::Mul32(two0, a.l[3]);
    c[4] = V::Mul32(two0, a.l[4]);
    c[5] = V::Mul32(two0, a.l[5]);
    c[6] = V::Mul32(two0, a.l[6]);
    c[7] = V::Mul32(two0, a.l[7]);
    c[8] = V::Mul32(two0, a.l[8]);
    c[9] = V::Mul32(two0, a.l[9]);
    StayInMemory(a.l, a.l, n);
    const V one1 = a.l[1];
    const V two1 = one1 + one1;
    const V four1 = two1 + two1;
    c[2] = c[2] + V::Mul32(two1, a.l[1]);
    c[3] = c[3] + V::Mul32(two1, a.l[2]);
    c[4] = c[4] + V::Mul32(four1, a.l[3]);
    c[5] = c[5] + V::Mul32(two1, a.l[4]);
    c[6] = c[6] + V::Mul32(four1, a.l[5]);
    c[7] = c[7] + V::Mul32(two1, a.l[6]);
    c[8] = c[8] + V::Mul32(four1, a.l[7]);
    c[9] = c[9] + V::Mul32(two1, a.l[8]);
    c[0] = c[0] + V::Mul32(four1, n[9]);
    StayInMemory(a.l, a.l, n);
    const V one2 = a.l[2];
    const V two2 = one2 + one2;
    c[4] = c[4] + V::Mul32(one2, a.l[2]);
    c[5] = c[5] + V::Mul32(two2, a.l[3]);
    c[6] = c[6] + V::Mul32(two2, a.l[4]);
    c[7] = c[7] + V::Mul32(two2, a.l[5]);
    c[8] = c[8] + V::Mul32(two2, a.l[6]);
    c[9] = c[9] + V::Mul32(two2, a.l[7]);
    c[0] = c[0] + V::Mul32(two2, n[8]);
    c[1] = c[1] + V::Mul32(two2, n[9]);
    StayInMemory(a.l, a.l, n);
    const V one3 = a.l[3];
    const V two3 = one3 + one3;
    const V four3 = two3 + two3;
    c[6] = c[6] + V::Mul32(two3, a.l[3]);
    c[7] = c[7] + V::Mul32(two3, a.l[4]);
    c[8] = c[8] + V::Mul32(four3, a.l[5]);
    c[9] = c[9] + V::Mul32(two3, a.l[6]);
    c[0] = c[0] + V::Mul32(four3, n[7]);
    c[1] = c[1] + V::Mul32(two3, n[8]);
    c[2] = c[2] + V::Mul32(four3, n[9]);
    StayInMemory(a.l, a.l, n);
    const V one4 = a.l[4];
    const V two4 = one4 + one4;
    c[8] = c[8] + V::Mul32(one4, a.l[4]);
    c[9] = c[9] + V::Mul32(two4, a.l[5]);
    c[0] = c[0] + V::Mul32(two4, n[6]);
    c[1] = c[1] + V::Mul32(two4, n[7]);
    c[2] = c[2] + V::Mul32(two4, n[8]);
    c[3] = c[3] + V::Mul32(two4, n[9]);
    StayInMemory(a.l, a.l, n);
    const V one5 = a.l[5];
    const V two5 = one5 + one5;
    const V four5 = two5 + two5;
    c[0] = c[0] + V::Mul32(two5, n[5]);
    c[1] = c[1] + V::Mul32(two5, n[6]);
    c[2] = c[2] + V::Mul32(four5, n[7]);
    c[3] = c[3] + V::Mul32(two5, n[8]);
    c[4] = c[4] + V::Mul32(four5, n[9]);
    StayInMemory(a.l, a.l, n);
    const V one6 = a.l[6];
    const V two6 = one6 + one6;
    c[2] = c[2] + V::Mul32(one6, n[6]);
    c[3] = c[3] + V::Mul32(two6, n[7]);
    c[4] = c[4] + V::Mul32(two6, n[8]);
    c[5] = c[5] + V::Mul32(two6, n[9]);
    StayInMemory(a.l, a.l, n);
    const V one7 = a.l[7];
    const V two7 = one7 + one7;
    const V four7 = two7 + two7;
    c[4] = c[4] + V::Mul32(two7, n[7]);
    c[5] = c[5] + V::Mul32(two7, n[8]);
    c[6] = c[6] + V::Mul32(four7, n[9]);
    StayInMemory(a.l, a.l, n);
    const V one8 = a.l[8];
    const V two8 = one8 + one8;
    c[6] = c[6] + V::Mul32(one8, n[8]);
    c[7] = c[7] + V::Mul32(two8, n[9]);
    StayInMemory(a.l, a.l, n);
    const V one9 = a.l[9];
    const V two9 = one9 + one9;
    c[8] = c[8] + V::Mul32(two9, n[9]);
    Reduce(c, out);
  }

  static TALLY_INLINE Fe Mul(const Factor& a, const Factor& b) {
    Fe out;
    MulTo(a, b, &out);
    return out;
  }
  static TALLY_INLINE Fe Sq(const Factor& a) {
    Fe out;
    SqTo(a, &out);
    return out;
  }

  static TALLY_INLINE Wide MulWide(const Factor& a, const Factor& b) {
    return Mul(a, b);
  }
  static TALLY_INLINE Wide SqWide(const Factor& a) { return Sq(a); }
  static TALLY_INLINE Sum AddWide(const Wide& a, const Wide& b) {
    return Add(a, b);
  }
  static TALLY_INLINE Sum SubWide(const Wide& a, const Wide& b) {
    return Sub(a, b);
  }
  // 2a.
  static TALLY_INLINE Sum TwiceWide(const Wide& a) { return Add(a, a); }
  // 2a - b + 4p: no limb of 4p is below one of b.
  static TALLY_INLINE Sum TwiceMinus(const Wide& a, const Sum& b) {
    const V first = V::All(4 * kEven - 72);
    const V even = V::All(4 * kEven), odd = V::All(4 * kOdd);
    return Carry(
        {{a.l[0] + a.l[0] + (first - b.l[0]), a.l[1] + a.l[1] + (odd - b.l[1]),
          a.l[2] + a.l[2] + (even - b.l[2]), a.l[3] + a.l[3] + (odd - b.l[3]),
          a.l[4] + a.l[4] + (even - b.l[4]), a.l[5] + a.l[5] + (odd - b.l[5]),
          a.l[6] + a.l[6] + (even - b.l[6]), a.l[7] + a.l[7] + (odd - b.l[7]),
          a.l[8] + a.l[8] + (even - b.l[8]),
          a.l[9] + a.l[9] + (odd - b.l[9])}});
  }

  // Below p, each limb below 2^26 or 2^25.
  static TALLY_INLINE Fe Canonical(const Fe& a) {
    // 1 if the value is p or more: then adding 19 reaches 2^255.
    V q = (a.l[0] + V::All(19)).template Shr<26>();
    q = (a.l[1] + q).template Shr<25>();
    q = (a.l[2] + q).template Shr<26>();
    q = (a.l[3] + q).template Shr<25>();
    q = (a.l[4] + q).template Shr<26>();
    q = (a.l[5] + q).template Shr<25>();
    q = (a.l[6] + q).template Shr<26>();
    q = (a.l[7] + q).template Shr<25>();
    q = (a.l[8] + q).template Shr<26>();
    q = (a.l[9] + q).template Shr<25>();
    const V even = V::All(kEven), odd = V::All(kOdd);
    Fe c;
    V t = a.l[0] + Times19(q);
    c.l[0] = t & even;
    t = a.l[1] + t.template Shr<26>();
    c.l[1] = t & odd;
    t = a.l[2] + t.template Shr<25>();
    c.l[2] = t & even;
    t = a.l[3] + t.template Shr<26>();
    c.l[3] = t & odd;
    t = a.l[4] + t.template Shr<25>();
    c.l[4] = t & even;
    t = a.l[5] + t.template Shr<26>();
    c.l[5] = t & odd;
    t = a.l[6] + t.template Shr<25>();
    c.l[6] = t & even;
    t = a.l[7] + t.template Shr<26>();
    c.l[7] = t & odd;
    t = a.l[8] + t.template Shr<25>();
    c.l[8] = t & even;
    t = a.l[9] + t.template Shr<26>();
    c.l[9] = t & odd;
    return c;
  }
  static TALLY_INLINE Mask IsZero(const Fe& a) {
    const Fe c = Canonical(a);
    return V::IsZero(c.l[0] | c.l[1] | c.l[2] | c.l[3] | c.l[4] | c.l[5] |
                     c.l[6] | c.l[7] | c.l[8] | c.l[9]);
  }
  // Whether the value below p is odd.
  static TALLY_INLINE Mask IsNegative(const Fe& a) {
    return ~V::IsZero(Canonical(a).l[0] & V::All(1));
  }
  static TALLY_INLINE Fe Select(Mask mask, const Fe& yes, const Fe& no) {
    Fe out;
    SelectLimbs(mask, yes.l, no.l, out.l);
    return out;
  }
  static TALLY_INLINE Factor Select(Mask mask, const Factor& yes,
                                    const Factor& no) {
    Factor out;
    SelectLimbs(mask, yes.l, no.l, out.l);
    return out;
  }

 private:
  // Carries columns < 2^63.7, in two chains at once. What the last column,
  // which is < 2^62.8, carries is < 2^37.8, 19 times that < 2^42, and what limb
  // 0 carries then < 2^16.
  static TALLY_INLINE void Reduce(V c[10], Fe* out) {
    const V even = V::All(kEven), odd = V::All(kOdd);
    V r = c[0].template Shr<26>(), s = c[4].template Shr<26>();
    c[0] = c[0] & even;
    c[4] = c[4] & even;
    c[1] = c[1] + r;
    c[5] = c[5] + s;
    r = c[1].template Shr<25>();
    s = c[5].template Shr<25>();
    c[1] = c[1] & odd;
    c[5] = c[5] & odd;
    c[2] = c[2] + r;
    c[6] = c[6] + s;
    r = c[2].template Shr<26>();
    s = c[6].template Shr<26>();
    c[2] = c[2] & even;
    c[6] = c[6] & even;
    c[3] = c[3] + r;
    c[7] = c[7] + s;
    r = c[3].template Shr<25>();
    s = c[7].template Shr<25>();
    c[3] = c[3] & odd;
    c[7] = c[7] & odd;
    c[4] = c[4] + r;
    c[8] = c[8] + s;
    r = c[4].template Shr<26>();
    s = c[8].template Shr<26>();
    c[4] = c[4] & even;
    c[8] = c[8] & even;
    c[5] = c[5] + r;
    c[9] = c[9] + s;
    s = c[9].template Shr<25>();
    c[9] = c[9] & odd;
    c[0] = c[0] + s + s.template Shl<1>() + s.template Shl<4>();
    r = c[0].template Shr<26>();
    c[0] = c[0] & even;
    c[1] = c[1] + r;
    *out = {{{c[0], c[1], c[2], c[3], c[4], c[5], c[6], c[7], c[8], c[9]}}};
  }
  static TALLY_INLINE V Times19(V a) { return V::Mul32(a, V::All(19)); }
  static TALLY_INLINE void SelectLimbs(Mask mask, const V yes[10],
                                       const V no[10], V out[10]) {
    out[0] = V::Select(mask, yes[0], no[0]);
    out[1] = V::Select(mask, yes[1], no[1]);
    out[2] = V::Select(mask, yes[2], no[2]);
    out[3] = V::Select(mask, yes[3], no[3]);
    out[4] = V::Select(mask, yes[4], no[4]);
    out[5] = V::Select(mask, yes[5], no[5]);
    out[6] = V::Select(mask, yes[6], no[6]);
    out[7] = V::Select(mask, yes[7], no[7]);
    out[8] = V::Select(mask, yes[8], no[8]);
    out[9] = V::Select(mask, yes[9], no[9]);
  }
  // From here on what lies behind these pointers is read again: held in
  // registers it would push the columns out of them.
  static TALLY_INLINE void StayInMemory(const V* a, const V* b, const V* n) {
    asm volatile("" : : "r"(a), "r"(b), "r"(n) : "memory");
  }
  static TALLY_INLINE void FirstRow(V c[10], V f, const V b[10]) {
    c[0] = V::Mul32(f, b[0]);
    c[1] = V::Mul32(f, b[1]);
    c[2] = V::Mul32(f, b[2]);
    c[3] = V::Mul32(f, b[3]);
    c[4] = V::Mul32(f, b[4]);
    c[5] = V::Mul32(f, b[5]);
    c[6] = V::Mul32(f, b[6]);
    c[7] = V::Mul32(f, b[7]);
    c[8] = V::Mul32(f, b[8]);
    c[9] = V::Mul32(f, b[9]);
  }
  // Adds the products of one limb, which is `f` in columns 0, 2, ... (twice the
  // limb, if its place is odd: the other's is odd there too) and `g` in the
  // others.
  static TALLY_INLINE void AddRow(V c[10], V f, V g, const V& b0, const V& b1,
                                  const V& b2, const V& b3, const V& b4,
                                  const V& b5, const V& b6, const V& b7,
                                  const V& b8, const V& b9) {
    c[0] = c[0] + V::Mul32(f, b0);
    c[1] = c[1] + V::Mul32(g, b1);
    c[2] = c[2] + V::Mul32(f, b2);
    c[3] = c[3] + V::Mul32(g, b3);
    c[4] = c[4] + V::Mul32(f, b4);
    c[5] = c[5] + V::Mul32(g, b5);
    c[6] = c[6] + V::Mul32(f, b6);
    c[7] = c[7] + V::Mul32(g, b7);
    c[8] = c[8] + V::Mul32(f, b8);
    c[9] = c[9] + V::Mul32(g, b9);
  }
};

}  // namespace tally::crypto::kernels

#endif  // TALLY_CRYPTO_SRC_KERNELS_FIELD_10_H_
