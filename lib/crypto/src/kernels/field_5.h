// The field of 2^255 - 19 in five limbs of 51 bits, one element a lane, for
// lanes that multiply 52 bits.
//
// A lane type V has All, +, -, &, |, Shl, Shr, AddLow52, AddHigh52, Times19,
// Times38, IsZero, Select and a Mask (lanes_avx512.h). AddLow52 and AddHigh52
// ignore bits 52 to 63 of what they multiply, so a missing carry would give
// wrong products in silence: what may be multiplied and what may not are two
// types.
//
// Spec: docs/spec/kernel-v1.md, "Field of five limbs".
// Threading: pure functions.
// Secrets: values pass through; nothing branches on a limb.
#ifndef TALLY_CRYPTO_SRC_KERNELS_FIELD_5_H_
#define TALLY_CRYPTO_SRC_KERNELS_FIELD_5_H_

#include <cstddef>
#include <cstdint>

#include "kernels/field_words.h"

namespace tally::crypto::kernels {

template <typename V>
struct Field5 {
  using Lanes = V;
  using Mask = typename V::Mask;

  // Each limb < 2^51 + 2^15. The value is below 2p.
  struct Fe {
    V l[5];
  };
  // What may be multiplied.
  using Factor = Fe;
  // A sum or a difference: each limb < 2^54. To be carried.
  struct Loose {
    V l[5];
  };
  // A product, or the sum or difference of two, before anything is carried:
  // each limb < 2^61.7. Products < 2^60.1, sums and doubles < 2^61.1.
  struct Wide {
    V l[5];
  };
  // The sum or the difference of two products, carried.
  using Sum = Fe;

  static constexpr uint64_t kLimb = (uint64_t{1} << 51) - 1;

  static TALLY_INLINE Fe Constant(const FieldWords& w) {
    return {{V::All(w.w[0] & kLimb),
             V::All((w.w[0] >> 51 | w.w[1] << 13) & kLimb),
             V::All((w.w[1] >> 38 | w.w[2] << 26) & kLimb),
             V::All((w.w[2] >> 25 | w.w[3] << 39) & kLimb),
             V::All(w.w[3] >> 12 & kLimb)}};
  }
  // Bits 0 to 254 of four words; bit 255 is ignored.
  static TALLY_INLINE Fe FromWords(const V w[4]) {
    const V mask = V::All(kLimb);
    return {{w[0] & mask,
             (w[0].template Shr<51>() | w[1].template Shl<13>()) & mask,
             (w[1].template Shr<38>() | w[2].template Shl<26>()) & mask,
             (w[2].template Shr<25>() | w[3].template Shl<39>()) & mask,
             w[3].template Shr<12>() & mask}};
  }
  // The value below p, as four words.
  static TALLY_INLINE void ToWords(const Fe& a, V w[4]) {
    const Fe c = Canonical(a);
    w[0] = c.l[0] | c.l[1].template Shl<51>();
    w[1] = c.l[1].template Shr<13>() | c.l[2].template Shl<38>();
    w[2] = c.l[2].template Shr<26>() | c.l[3].template Shl<25>();
    w[3] = c.l[3].template Shr<39>() | c.l[4].template Shl<12>();
  }

  static TALLY_INLINE Loose Add(const Fe& a, const Fe& b) {
    return {{a.l[0] + b.l[0], a.l[1] + b.l[1], a.l[2] + b.l[2], a.l[3] + b.l[3],
             a.l[4] + b.l[4]}};
  }
  // a - b + 2p: no limb of 2p is below one of b.
  static TALLY_INLINE Loose Sub(const Fe& a, const Fe& b) {
    const V first = V::All(2 * kLimb - 36);
    const V other = V::All(2 * kLimb);
    return {{a.l[0] + first - b.l[0], a.l[1] + other - b.l[1],
             a.l[2] + other - b.l[2], a.l[3] + other - b.l[3],
             a.l[4] + other - b.l[4]}};
  }
  static TALLY_INLINE Fe Carry(const Loose& a) { return CarryOnce(a.l); }
  static TALLY_INLINE Factor AsFactor(const Loose& a) { return CarryOnce(a.l); }

  // Columns of 51 bits. The high halves of column k weigh 2^52: they go to
  // column k + 1 twice. With inputs < 2^52, at most 14 halves meet in a column,
  // counted by weight: it stays below 14 x 2^52, and what is folded below
  // 14 x 2^52 x 20 < 2^61.
  static TALLY_INLINE Wide MulWide(const Factor& a, const Factor& b) {
    const V zero = V::All(0);
    const V a0 = a.l[0], a1 = a.l[1], a2 = a.l[2], a3 = a.l[3], a4 = a.l[4];
    const V b0 = b.l[0], b1 = b.l[1], b2 = b.l[2], b3 = b.l[3], b4 = b.l[4];
    V h1 = High(zero, a0, b0);
    V h2 = High(High(zero, a0, b1), a1, b0);
    V h3 = High(High(High(zero, a0, b2), a1, b1), a2, b0);
    V h4 = High(High(High(High(zero, a0, b3), a1, b2), a2, b1), a3, b0);
    V h5 = High(High(High(High(High(zero, a0, b4), a1, b3), a2, b2), a3, b1),
                a4, b0);
    V h6 = High(High(High(High(zero, a1, b4), a2, b3), a3, b2), a4, b1);
    V h7 = High(High(High(zero, a2, b4), a3, b3), a4, b2);
    V h8 = High(High(zero, a3, b4), a4, b3);
    V h9 = High(zero, a4, b4);
    h1 = h1 + h1;
    h2 = h2 + h2;
    h3 = h3 + h3;
    h4 = h4 + h4;
    h5 = h5 + h5;
    h6 = h6 + h6;
    h7 = h7 + h7;
    h8 = h8 + h8;
    h9 = h9 + h9;
    const V c5 = Low(Low(Low(Low(h5, a1, b4), a2, b3), a3, b2), a4, b1);
    const V c6 = Low(Low(Low(h6, a2, b4), a3, b3), a4, b2);
    const V c7 = Low(Low(h7, a3, b4), a4, b3);
    const V c8 = Low(h8, a4, b4);
    const V c0 = Low(zero, a0, b0);
    const V c1 = Low(Low(h1, a0, b1), a1, b0);
    const V c2 = Low(Low(Low(h2, a0, b2), a1, b1), a2, b0);
    const V c3 = Low(Low(Low(Low(h3, a0, b3), a1, b2), a2, b1), a3, b0);
    const V c4 =
        Low(Low(Low(Low(Low(h4, a0, b4), a1, b3), a2, b2), a3, b1), a4, b0);
    return Fold(c0, c1, c2, c3, c4, c5, c6, c7, c8, h9);
  }

  // Products of two limbs count twice, their high halves four times. Where all
  // of a column that is folded counts twice, 38 takes the place of 19.
  static TALLY_INLINE Wide SqWide(const Factor& a) {
    const V zero = V::All(0);
    const V a0 = a.l[0], a1 = a.l[1], a2 = a.l[2], a3 = a.l[3], a4 = a.l[4];
    const V h2 = High(zero, a0, a1);
    const V h3 = High(zero, a0, a2);
    const V h4 = High(High(zero, a0, a3), a1, a2);
    const V h5 = High(High(zero, a0, a4), a1, a3);
    const V h6 = High(High(zero, a1, a4), a2, a3);
    const V h7 = High(zero, a2, a4);
    const V h8 = High(zero, a3, a4);
    const V h9 = High(zero, a4, a4);
    const V c5 = High(Low(Low(Twice(h5), a1, a4), a2, a3), a2, a2);
    const V c6 = Low(Twice(Low(Twice(h6), a2, a4)), a3, a3);
    const V c7 = High(Low(Twice(h7), a3, a4), a3, a3);
    const V c8 = Low(h8.template Shl<2>(), a4, a4);
    const V c0 = Low(zero, a0, a0);
    const V c1 = Twice(High(Low(zero, a0, a1), a0, a0));
    const V c2 = Low(Twice(Low(Twice(h2), a0, a2)), a1, a1);
    const V c3 = Twice(High(Low(Low(Twice(h3), a0, a3), a1, a2), a1, a1));
    const V c4 = Low(Twice(Low(Low(Twice(h4), a0, a4), a1, a3)), a2, a2);
    return {{c0 + V::Times38(c5), c1 + V::Times19(c6), c2 + V::Times38(c7),
             c3 + V::Times19(c8), c4 + V::Times38(h9)}};
  }

  static TALLY_INLINE Fe Mul(const Factor& a, const Factor& b) {
    return Reduce(MulWide(a, b));
  }
  static TALLY_INLINE void MulTo(const Factor& a, const Factor& b, Fe* out) {
    *out = Mul(a, b);
  }
  static TALLY_INLINE Fe Sq(const Factor& a) { return Reduce(SqWide(a)); }

  static TALLY_INLINE Fe Reduce(const Wide& a) { return CarryOnce(a.l); }
  static TALLY_INLINE Fe AddWide(const Wide& a, const Wide& b) {
    const V sums[5] = {a.l[0] + b.l[0], a.l[1] + b.l[1], a.l[2] + b.l[2],
                       a.l[3] + b.l[3], a.l[4] + b.l[4]};
    return CarryOnce(sums);
  }
  // a - b + 1024 p: no limb of 1024 p is below one of b.
  static TALLY_INLINE Fe SubWide(const Wide& a, const Wide& b) {
    const V first = V::All(512 * (2 * kLimb - 36));
    const V other = V::All(512 * 2 * kLimb);
    const V sums[5] = {a.l[0] + first - b.l[0], a.l[1] + other - b.l[1],
                       a.l[2] + other - b.l[2], a.l[3] + other - b.l[3],
                       a.l[4] + other - b.l[4]};
    return CarryOnce(sums);
  }
  // 2a.
  static TALLY_INLINE Fe TwiceWide(const Wide& a) { return AddWide(a, a); }
  // 2a - b + 2p.
  static TALLY_INLINE Fe TwiceMinus(const Wide& a, const Fe& b) {
    const V first = V::All(2 * kLimb - 36);
    const V other = V::All(2 * kLimb);
    const V sums[5] = {
        a.l[0] + a.l[0] + (first - b.l[0]), a.l[1] + a.l[1] + (other - b.l[1]),
        a.l[2] + a.l[2] + (other - b.l[2]), a.l[3] + a.l[3] + (other - b.l[3]),
        a.l[4] + a.l[4] + (other - b.l[4])};
    return CarryOnce(sums);
  }

  // Below p, each limb below 2^51.
  static TALLY_INLINE Fe Canonical(const Fe& a) {
    const V mask = V::All(kLimb);
    // 1 if the value is p or more: then adding 19 reaches 2^255.
    V q = (a.l[0] + V::All(19)).template Shr<51>();
    q = (a.l[1] + q).template Shr<51>();
    q = (a.l[2] + q).template Shr<51>();
    q = (a.l[3] + q).template Shr<51>();
    q = (a.l[4] + q).template Shr<51>();
    Fe c;
    V t = a.l[0] + V::Times19(q);
    c.l[0] = t & mask;
    t = a.l[1] + t.template Shr<51>();
    c.l[1] = t & mask;
    t = a.l[2] + t.template Shr<51>();
    c.l[2] = t & mask;
    t = a.l[3] + t.template Shr<51>();
    c.l[3] = t & mask;
    t = a.l[4] + t.template Shr<51>();
    c.l[4] = t & mask;
    return c;
  }
  static TALLY_INLINE Mask IsZero(const Fe& a) {
    const Fe c = Canonical(a);
    return V::IsZero(c.l[0] | c.l[1] | c.l[2] | c.l[3] | c.l[4]);
  }
  // Whether the value below p is odd.
  static TALLY_INLINE Mask IsNegative(const Fe& a) {
    return ~V::IsZero(Canonical(a).l[0] & V::All(1));
  }
  static TALLY_INLINE Fe Select(Mask mask, const Fe& yes, const Fe& no) {
    return {
        {V::Select(mask, yes.l[0], no.l[0]), V::Select(mask, yes.l[1], no.l[1]),
         V::Select(mask, yes.l[2], no.l[2]), V::Select(mask, yes.l[3], no.l[3]),
         V::Select(mask, yes.l[4], no.l[4])}};
  }

 private:
  static TALLY_INLINE V Low(V sum, V a, V b) { return V::AddLow52(sum, a, b); }
  static TALLY_INLINE V High(V sum, V a, V b) {
    return V::AddHigh52(sum, a, b);
  }
  static TALLY_INLINE V Twice(V a) { return a + a; }
  // 2^255 is 19.
  static TALLY_INLINE Wide Fold(V c0, V c1, V c2, V c3, V c4, V c5, V c6, V c7,
                                V c8, V c9) {
    return {{c0 + V::Times19(c5), c1 + V::Times19(c6), c2 + V::Times19(c7),
             c3 + V::Times19(c8), c4 + V::Times19(c9)}};
  }
  // All limbs at once. Limbs < 2^61.7: what is carried is < 2^10.7, from
  // the last limb to the first 19 times that: < 2^15.
  static TALLY_INLINE Fe CarryOnce(const V l[5]) {
    const V mask = V::All(kLimb);
    return {{Low(l[0] & mask, l[4].template Shr<51>(), V::All(19)),
             (l[1] & mask) + l[0].template Shr<51>(),
             (l[2] & mask) + l[1].template Shr<51>(),
             (l[3] & mask) + l[2].template Shr<51>(),
             (l[4] & mask) + l[3].template Shr<51>()}};
  }
};

}  // namespace tally::crypto::kernels

#endif  // TALLY_CRYPTO_SRC_KERNELS_FIELD_5_H_
