// The group ristretto255 on lanes: one element a lane.
//
// F is a field on lanes (field_5.h, field_10.h). Formulas: RFC 9496 for
// decoding and the map; Hisil, Wong, Carter and Dawson 2008 for extended
// coordinates with a = -1; encoding of a batch of doubles with one inversion as
// by M. Hamburg.
//
// Spec: docs/spec/kernel-v1.md, "Group".
// Threading: pure functions.
// Secrets: the digits of the scalar and, at a source, the elements. No branch
// and no address depends on them.
#ifndef TALLY_CRYPTO_SRC_KERNELS_RISTRETTO_H_
#define TALLY_CRYPTO_SRC_KERNELS_RISTRETTO_H_

#include <cstddef>
#include <cstdint>

#include "kernels/field_words.h"

namespace tally::crypto::kernels {

// A scalar in signed digits of radix 16, the least first: each in [-8, 8].
constexpr size_t kScalarDigits = 64;

template <typename F>
struct Ristretto {
  using V = typename F::Lanes;
  using Mask = typename V::Mask;
  using Fe = typename F::Fe;
  using Factor = typename F::Factor;
  using Wide = typename F::Wide;
  using Sum = typename F::Sum;

  // x = X/Z, y = Y/Z, xy = T/Z.
  struct Point {
    Fe x, y, z, t;
  };
  // A summand: Y + X, Y - X, 2Z, 2dT.
  struct Cached {
    Factor plus, minus;
    Fe z2, t2d;
  };
  // What an encoding of twice a point is made of: e/g and f/h are its sines and
  // cosines; `product` is egfh, or 1 where that is zero.
  struct Doubled {
    Fe e, f, g, h, eg, fh, product;
    Mask identity;  // the double is the identity
  };
  struct Root {
    Fe root;
    Mask square;
  };

  // sqrt(u/v) if that is a square, else sqrt(sqrt(-1) u/v); never negative.
  // RFC 9496, section 4.2. Two at once: each waits for itself only.
  static void SqrtRatios(const Fe u[2], const Fe v[2], Root out[2]) {
    Fe power[2], v3[2];
    for (int i = 0; i < 2; ++i) {
      v3[i] = Mul(Sq(v[i]), v[i]);
      power[i] = Mul(Mul(Sq(v3[i]), v[i]), u[i]);
    }
    Power252(power);
    const Fe i_root = F::Constant(kSqrtMinusOne);
    for (int i = 0; i < 2; ++i) {
      const Fe r = Mul(Mul(power[i], v3[i]), u[i]);
      const Fe check = Mul(Sq(r), v[i]);
      const Fe minus_u = Negate(u[i]);
      const Mask right = Equal(check, u[i]);
      const Mask flipped = Equal(check, minus_u);
      const Mask flipped_i = Equal(check, Mul(minus_u, i_root));
      const Fe turned = F::Select(flipped | flipped_i, Mul(r, i_root), r);
      out[i] = {Absolute(turned), right | flipped};
    }
  }

  // Decodes four words a lane. Sets `bad` where they are no canonical encoding;
  // the point there is of no use. RFC 9496, section 4.3.1.
  static void Decode(const V words[2][4], Point out[2], Mask bad[2]) {
    const Fe one = F::Constant(kOne);
    const Fe d = F::Constant(kD);
    Fe s[2], u1[2], u2[2], v[2], ones[2] = {one, one}, ratio[2];
    for (int i = 0; i < 2; ++i) {
      s[i] = F::FromWords(words[i]);
      V back[4];
      F::ToWords(s[i], back);
      const V differs = (back[0] ^ words[i][0]) | (back[1] ^ words[i][1]) |
                        (back[2] ^ words[i][2]) | (back[3] ^ words[i][3]);
      bad[i] = ~V::IsZero(differs | (words[i][0] & V::All(1)));
      const Fe ss = Sq(s[i]);
      u1[i] = F::Carry(F::Sub(one, ss));
      u2[i] = F::Carry(F::Add(one, ss));
      const Fe u2u2 = Sq(u2[i]);
      v[i] = F::Carry(F::Sub(Negate(Mul(d, Sq(u1[i]))), u2u2));
      ratio[i] = Mul(v[i], u2u2);
    }
    Root root[2];
    SqrtRatios(ones, ratio, root);
    for (int i = 0; i < 2; ++i) {
      const Fe den_x = Mul(root[i].root, u2[i]);
      const Fe den_y = Mul(Mul(root[i].root, den_x), v[i]);
      const Fe sx = Mul(s[i], den_x);
      out[i].x = Absolute(F::Carry(F::Add(sx, sx)));
      out[i].y = Mul(u1[i], den_y);
      out[i].z = one;
      out[i].t = Mul(out[i].x, out[i].y);
      bad[i] = bad[i] | ~root[i].square | F::IsNegative(out[i].t) |
               F::IsZero(out[i].y);
    }
  }

  // The sum of the maps of two elements, each of four words. RFC 9496, section
  // 4.3.4.
  static Point FromHash(const V words[2][4]) {
    const Fe one = F::Constant(kOne);
    const Fe d = F::Constant(kD);
    const Fe minus_one = Negate(one);
    Fe t[2], r[2], u[2], v[2];
    for (int i = 0; i < 2; ++i) {
      t[i] = F::FromWords(words[i]);
      r[i] = Mul(Sq(t[i]), F::Constant(kSqrtMinusOne));
      u[i] =
          Mul(F::AsFactor(F::Add(r[i], one)), F::Constant(kOneMinusDSquared));
      const Fe rd = Mul(r[i], d);
      v[i] =
          Mul(F::AsFactor(F::Sub(minus_one, rd)), F::AsFactor(F::Add(r[i], d)));
    }
    Root root[2];
    SqrtRatios(u, v, root);
    Point sum[2];
    for (int i = 0; i < 2; ++i) {
      const Fe turned = Negate(Absolute(Mul(root[i].root, t[i])));
      const Fe s = F::Select(root[i].square, root[i].root, turned);
      const Fe c = F::Select(root[i].square, minus_one, r[i]);
      const Fe product = Mul(Mul(c, F::AsFactor(F::Sub(r[i], one))),
                             F::Constant(kDMinusOneSquared));
      const Fe n = F::Carry(F::Sub(product, v[i]));
      const Fe sv = Mul(s, v[i]);
      const Fe w0 = F::Carry(F::Add(sv, sv));
      const Fe w1 = Mul(n, F::Constant(kSqrtAdMinusOne));
      const Fe ss = Sq(s);
      const Fe w2 = F::Carry(F::Sub(one, ss));
      const Fe w3 = F::Carry(F::Add(one, ss));
      sum[i] = {Mul(w0, w3), Mul(w2, w1), Mul(w1, w3), Mul(w0, w2)};
    }
    return Add(sum[0], ToCached(sum[1]));
  }

  // The point times the scalar of `digits`. `table` is room for its multiples
  // up to 8. An entry is read part by part between the doublings before it is
  // added: reading then waits for no product, and no product for it.
  static Point Multiply(const Point& point, const int8_t digits[kScalarDigits],
                        Cached table[8]) {
    MakeTable(point, table);
    Point sum = Zero();
    Cached entry;
    for (size_t i = kScalarDigits; i-- > 0;) {
      const Digit digit = Split(digits[i]);
      const bool highest = i == kScalarDigits - 1;  // nothing to double yet
      if (!highest) Double<false>(sum);
      entry.plus = Lookup(table, digit, &Cached::plus, {{1, 0, 0, 0}});
      if (!highest) Double<false>(sum);
      entry.minus = Lookup(table, digit, &Cached::minus, {{1, 0, 0, 0}});
      if (!highest) Double<false>(sum);
      entry.z2 = Lookup(table, digit, &Cached::z2, {{2, 0, 0, 0}});
      if (!highest) Double<true>(sum);
      entry.t2d = Lookup(table, digit, &Cached::t2d, {{0, 0, 0, 0}});
      if (i > 0) {
        AddTo<false>(sum, Signed(entry, digit));
      } else {
        AddTo<true>(sum, Signed(entry, digit));
      }
    }
    return sum;
  }

  static Doubled Double2(const Point& p) {
    Doubled out;
    const Fe zz = Sq(p.z);
    const Fe dtt = Mul(Sq(p.t), F::Constant(kD));
    const Fe xx = Sq(p.x);
    const Fe yy = Sq(p.y);
    out.e = Mul(p.x, F::AsFactor(F::Add(p.y, p.y)));
    out.f = F::Carry(F::Add(zz, dtt));
    out.g = F::Carry(F::Add(yy, xx));
    out.h = F::Carry(F::Sub(zz, dtt));
    out.eg = Mul(out.e, out.g);
    out.fh = Mul(out.f, out.h);
    const Fe product = Mul(out.eg, out.fh);
    out.identity = F::IsZero(product);
    out.product = F::Select(out.identity, F::Constant(kOne), product);
    return out;
  }

  // The encoding of a double whose product has this inverse; nothing useful
  // where it is the identity.
  static void Encode(const Doubled& p, const Fe& inverse, V words[4]) {
    const Fe z_inverse = Mul(p.eg, inverse);
    const Fe t_inverse = Mul(p.fh, inverse);
    const Fe i_root = F::Constant(kSqrtMinusOne);
    const Mask turn = F::IsNegative(Mul(p.eg, z_inverse));
    const Fe e = F::Select(turn, p.g, p.e);
    Fe g = F::Select(turn, Negate(p.e), p.g);
    const Fe h = F::Select(turn, Mul(p.f, i_root), p.h);
    const Fe magic = F::Select(turn, i_root, F::Constant(kInverseRootAMinusD));
    const Mask flip = F::IsNegative(Mul(Mul(h, e), z_inverse));
    g = F::Select(flip, Negate(g), g);
    const Fe s = Mul(F::AsFactor(F::Sub(h, g)), Mul(magic, Mul(g, t_inverse)));
    F::ToWords(Absolute(s), words);
  }

  // The inverse; of zero, zero.
  static Fe Invert(const Fe& a) {
    Fe power[2] = {a, a};
    Fe a11;
    Power250(power, 1, &a11);
    return Mul(SqTimes(power[0], 5), a11);
  }

  // Field operations that stand alone, for code that runs once an element.
  static __attribute__((noinline)) Fe Mul(const Factor& a, const Factor& b) {
    return F::Mul(a, b);
  }
  static __attribute__((noinline)) Fe Sq(const Factor& a) { return F::Sq(a); }

 private:
  static TALLY_INLINE Point Zero() {
    const Fe one = F::Constant(kOne);
    const Fe zero = F::Constant({{0, 0, 0, 0}});
    return {zero, one, one, zero};
  }
  static TALLY_INLINE Fe Negate(const Fe& a) {
    return F::Carry(F::Sub(F::Constant({{0, 0, 0, 0}}), a));
  }
  static TALLY_INLINE Fe Absolute(const Fe& a) {
    return F::Select(F::IsNegative(a), Negate(a), a);
  }
  static TALLY_INLINE Mask Equal(const Fe& a, const Fe& b) {
    return F::IsZero(F::Carry(F::Sub(a, b)));
  }

  static Fe SqTimes(Fe a, int times) {
    for (int i = 0; i < times; ++i) a = Sq(a);
    return a;
  }
  // Squares `count` elements, 1 or 2, so many times.
  static void SqBoth(Fe a[2], int count, int times) {
    if (count == 2) {
      for (int i = 0; i < times; ++i) {
        a[0] = F::Sq(a[0]);
        a[1] = F::Sq(a[1]);
      }
    } else {
      for (int i = 0; i < times; ++i) a[0] = F::Sq(a[0]);
    }
  }
  // a^(2^250 - 1) of `count` elements; their 11th powers where asked for.
  static void Power250(Fe a[2], int count, Fe* eleventh) {
    Fe x[2], y[2], z[2];
    for (int i = 0; i < count; ++i) {
      const Fe a2 = Sq(a[i]);
      const Fe a9 = Mul(SqTimes(a2, 2), a[i]);
      const Fe a11 = Mul(a9, a2);
      if (eleventh != nullptr) eleventh[i] = a11;
      x[i] = Mul(Sq(a11), a9);  // 2^5 - 1
      y[i] = x[i];
    }
    const auto times = [count](Fe left[2], const Fe right[2]) {
      for (int i = 0; i < count; ++i) left[i] = Mul(left[i], right[i]);
    };
    const auto copy = [count](const Fe from[2], Fe to[2]) {
      for (int i = 0; i < count; ++i) to[i] = from[i];
    };
    SqBoth(y, count, 5);
    times(y, x);  // 2^10 - 1
    copy(y, x);
    SqBoth(y, count, 10);
    times(y, x);  // 2^20 - 1
    copy(y, z);
    SqBoth(z, count, 20);
    times(z, y);  // 2^40 - 1
    SqBoth(z, count, 10);
    times(z, x);  // 2^50 - 1
    copy(z, x);
    SqBoth(z, count, 50);
    times(z, x);  // 2^100 - 1
    copy(z, y);
    SqBoth(z, count, 100);
    times(z, y);  // 2^200 - 1
    SqBoth(z, count, 50);
    times(z, x);  // 2^250 - 1
    copy(z, a);
  }
  // a^(2^252 - 3) = a^((p - 5) / 8).
  static void Power252(Fe a[2]) {
    const Fe first[2] = {a[0], a[1]};
    Power250(a, 2, nullptr);
    SqBoth(a, 2, 2);
    for (int i = 0; i < 2; ++i) a[i] = Mul(a[i], first[i]);
  }

  static TALLY_INLINE Cached ToCached(const Point& p) {
    return {F::AsFactor(F::Add(p.y, p.x)), F::AsFactor(F::Sub(p.y, p.x)),
            F::Carry(F::Add(p.z, p.z)), Mul(p.t, F::Constant(kTwoD))};
  }
  static void MakeTable(const Point& point, Cached table[8]) {
    table[0] = ToCached(point);
    Point multiple = point;
    for (int i = 1; i < 8; ++i) {
      multiple = Add(multiple, table[0]);
      table[i] = ToCached(multiple);
    }
  }
  // A digit: its size, 0 to 8, and 1 if it is negative.
  struct Digit {
    uint64_t size, negative;
  };
  static TALLY_INLINE Digit Split(int8_t digit) {
    const uint64_t negative = static_cast<uint8_t>(digit) >> 7;
    const auto bits = static_cast<uint64_t>(static_cast<int64_t>(digit));
    return {(bits ^ (0 - negative)) + negative, negative};
  }
  // One part of the entry for a digit's size: that of all entries is read.
  template <typename Part>
  static TALLY_INLINE Part Lookup(const Cached table[8], Digit digit,
                                  Part Cached::*part,
                                  const FieldWords& of_zero) {
    Part found = F::Constant(of_zero);
    for (uint64_t i = 0; i < 8; ++i) {
      const Mask here = V::AllIf(((digit.size ^ (i + 1)) - 1) >> 63);
      found = F::Select(here, table[i].*part, found);
    }
    return found;
  }
  // The entry, or what is to be added to subtract it.
  static TALLY_INLINE Cached Signed(const Cached& entry, Digit digit) {
    const Mask swap = V::AllIf(digit.negative);
    return {F::Select(swap, entry.minus, entry.plus),
            F::Select(swap, entry.plus, entry.minus), entry.z2,
            F::Select(swap, Negate(entry.t2d), entry.t2d)};
  }

  // Twice a point in place; T only where it is asked for. Sums of products are
  // carried once, when they have been added.
  template <bool kWithT>
  static TALLY_INLINE void Double(Point& p) {
    const Wide xx = F::SqWide(p.x);
    const Wide yy = F::SqWide(p.y);
    const Sum y3 = F::AddWide(yy, xx);
    const Sum z3 = F::SubWide(yy, xx);
    const Sum x3 = F::TwiceWide(F::MulWide(p.x, p.y));
    const Sum t3 = F::TwiceMinus(F::SqWide(p.z), z3);
    F::MulTo(x3, t3, &p.x);
    F::MulTo(y3, z3, &p.y);
    F::MulTo(z3, t3, &p.z);
    if constexpr (kWithT) F::MulTo(x3, y3, &p.t);
  }
  template <bool kWithT>
  static TALLY_INLINE void AddTo(Point& p, const Cached& q) {
    const Wide a = F::MulWide(F::AsFactor(F::Sub(p.y, p.x)), q.minus);
    const Wide b = F::MulWide(F::AsFactor(F::Add(p.y, p.x)), q.plus);
    const Sum x3 = F::SubWide(b, a);
    const Sum y3 = F::AddWide(b, a);
    const Wide c = F::MulWide(q.t2d, p.t);
    const Wide d = F::MulWide(p.z, q.z2);
    const Sum z3 = F::AddWide(d, c);
    const Sum t3 = F::SubWide(d, c);
    F::MulTo(x3, t3, &p.x);
    F::MulTo(y3, z3, &p.y);
    F::MulTo(z3, t3, &p.z);
    if constexpr (kWithT) F::MulTo(x3, y3, &p.t);
  }
  static __attribute__((noinline)) Point Add(Point p, const Cached& q) {
    AddTo<true>(p, q);
    return p;
  }
};

}  // namespace tally::crypto::kernels

#endif  // TALLY_CRYPTO_SRC_KERNELS_RISTRETTO_H_
