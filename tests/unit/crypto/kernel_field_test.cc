// Both fields on checked lanes, against a plain big-integer oracle: values,
// bounds of limbs, and no misuse of a lane, for extreme limbs and random ones.
// The lanes that ship give the same limbs, bit for bit.

#include <openssl/bn.h>

#include <array>
#include <memory>
#include <vector>

#include "crypto/random.h"
#include "crypto_fixture.h"
#include "field_probe.h"
#include "kernels/field_10.h"
#include "kernels/field_5.h"
#include "lanes_for_tests.h"

namespace tally::crypto {
namespace {

using kernels::FieldWords;

struct FreeBn {
  void operator()(BIGNUM* n) const { BN_free(n); }
};

// A residue modulo 2^255 - 19.
class Residue {
 public:
  explicit Residue(uint64_t value = 0) : n_(BN_new()) {
    EXPECT_EQ(BN_set_word(n_.get(), value), 1);
  }
  Residue(const Residue& other) : n_(BN_dup(other.n_.get())) {}
  Residue& operator=(const Residue& other) {
    BN_copy(n_.get(), other.n_.get());
    return *this;
  }

  friend Residue operator+(const Residue& a, const Residue& b) {
    Residue out;
    BN_mod_add(out.n_.get(), a.n_.get(), b.n_.get(), P(), Context());
    return out;
  }
  friend Residue operator-(const Residue& a, const Residue& b) {
    Residue out;
    BN_mod_sub(out.n_.get(), a.n_.get(), b.n_.get(), P(), Context());
    return out;
  }
  friend Residue operator*(const Residue& a, const Residue& b) {
    Residue out;
    BN_mod_mul(out.n_.get(), a.n_.get(), b.n_.get(), P(), Context());
    return out;
  }
  friend bool operator==(const Residue& a, const Residue& b) {
    return BN_cmp(a.n_.get(), b.n_.get()) == 0;
  }
  Residue Shl(int bits) const {
    Residue out;
    BN_mod_lshift(out.n_.get(), n_.get(), bits, P(), Context());
    return out;
  }
  bool odd() const { return BN_is_odd(n_.get()) != 0; }
  std::array<uint8_t, 32> bytes() const {
    std::array<uint8_t, 32> out;
    BN_bn2lebinpad(n_.get(), out.data(), 32);
    return out;
  }

 private:
  static BN_CTX* Context() {
    static BN_CTX* context = BN_CTX_new();  // never destroyed
    return context;
  }
  static const BIGNUM* P() {
    static const BIGNUM* p = [] {
      BIGNUM* n = BN_new();
      BN_set_bit(n, 255);
      BN_sub_word(n, 19);
      return n;
    }();
    return p;
  }
  std::unique_ptr<BIGNUM, FreeBn> n_;
};

struct Five {
  using V = CheckedLanes<8>;
  using F = kernels::Field5<V>;
  static constexpr size_t kLimbs = 5;
  static constexpr int kAt[5] = {0, 51, 102, 153, 204};
  static constexpr std::string_view kKernel = "avx512ifma";
#ifdef TALLY_X86_KERNELS
  static constexpr const FieldProbe* kShipped = &kAvx512FieldProbe;
#else
  static constexpr const FieldProbe* kShipped = nullptr;
#endif
  static uint64_t Mask(size_t) { return (uint64_t{1} << 51) - 1; }
  static uint64_t FeLimit(size_t) {
    return (uint64_t{1} << 51) + (1 << 15) - 1;
  }
  static uint64_t FactorLimit(size_t i) { return FeLimit(i); }
  static uint64_t LooseLimit(size_t) { return (uint64_t{1} << 54) - 1; }
  static uint64_t SumLimit(size_t i) { return FeLimit(i); }
};
struct Ten {
  using V = CheckedLanes<4>;
  using F = kernels::Field10<V>;
  static constexpr size_t kLimbs = 10;
  static constexpr int kAt[10] = {0, 26, 51, 77, 102, 128, 153, 179, 204, 230};
  static constexpr std::string_view kKernel = "avx2";
#ifdef TALLY_X86_KERNELS
  static constexpr const FieldProbe* kShipped = &kAvx2FieldProbe;
#else
  static constexpr const FieldProbe* kShipped = nullptr;
#endif
  static uint64_t Mask(size_t i) {
    return (uint64_t{1} << (i % 2 == 0 ? 26 : 25)) - 1;
  }
  static uint64_t FeLimit(size_t i) {
    return Mask(i) + (i % 2 == 0 ? 1 << 9 : 1 << 16);
  }
  static uint64_t FactorLimit(size_t i) { return FeLimit(i) + 2 * Mask(i); }
  static uint64_t LooseLimit(size_t) { return (uint64_t{1} << 29) - 1; }
  static uint64_t SumLimit(size_t i) { return FactorLimit(i); }
};

template <typename T>
class KernelField : public testing::Test {
 protected:
  using Limit = uint64_t (*)(size_t);
  static constexpr size_t kLanes = T::V::kLanes;

  KernelField() { lane_faults = 0; }
  ~KernelField() override { EXPECT_EQ(lane_faults, 0); }

  // One lane's limbs: kind 0 to 7 are the extremes, the others random.
  static std::array<uint64_t, T::kLimbs> Limbs(size_t kind, Limit limit) {
    std::array<uint64_t, T::kLimbs> out{};
    for (size_t i = 0; i < T::kLimbs; ++i) {
      const bool first = i == 0;
      const uint64_t choice[] = {0, limit(i), T::Mask(i), limit(i) - 1};
      switch (kind) {
        case 0:
          break;
        case 1:
          out[i] = first ? 1 : 0;
          break;
        case 2:
          out[i] = T::Mask(i) - (first ? 19 : 0);
          break;  // p - 1
        case 3:
          out[i] = T::Mask(i) - (first ? 18 : 0);
          break;  // p
        case 4:
          out[i] = T::Mask(i) - (first ? 17 : 0);
          break;  // p + 1
        case 5:
          out[i] = T::Mask(i);
          break;  // 2^255 - 1
        case 6:
          out[i] = limit(i);
          break;
        case 7:
          out[i] = i % 2 == 0 ? limit(i) : 0;
          break;
        case 8:
          out[i] = choice[RandomUint64Below(4)];
          break;
        default:
          out[i] = RandomUint64Below(limit(i) + 1);
      }
    }
    return out;
  }
  static constexpr size_t kKinds = 12;

  template <typename E>
  static E Make(Limit limit, size_t round) {
    E out;
    for (size_t lane = 0; lane < kLanes; ++lane) {
      const auto limbs = Limbs((round + lane * 5) % kKinds, limit);
      for (size_t i = 0; i < T::kLimbs; ++i) out.l[i].v[lane] = limbs[i];
    }
    return out;
  }
  // As a FieldProbe reads them.
  template <typename E>
  static std::vector<uint64_t> Words(const E& a) {
    std::vector<uint64_t> out;
    for (const auto& limb : a.l) {
      out.insert(out.end(), std::begin(limb.v), std::end(limb.v));
    }
    return out;
  }
  template <typename E>
  static Residue Value(const E& a, size_t lane) {
    Residue out;
    for (size_t i = 0; i < T::kLimbs; ++i) {
      out = out + Residue(a.l[i].v[lane]).Shl(T::kAt[i]);
    }
    return out;
  }
  template <typename E, typename Expected>
  static void Expect(const char* what, const E& got, Limit limit,
                     const Expected& expected) {
    for (size_t lane = 0; lane < kLanes; ++lane) {
      EXPECT_TRUE(Value(got, lane) == expected(lane)) << what << " " << lane;
      for (size_t i = 0; i < T::kLimbs; ++i) {
        EXPECT_LE(got.l[i].v[lane], limit(i)) << what << " limb " << i;
      }
    }
  }
  // Every pair of kinds meets in some lane.
  static constexpr size_t kRounds = kKinds * kKinds;
};

using Fields = testing::Types<Five, Ten>;
TYPED_TEST_SUITE(KernelField, Fields);

TYPED_TEST(KernelField, ProductsAndSquares) {
  using F = typename TypeParam::F;
  using Factor = typename F::Factor;
  for (size_t r = 0; r < this->kRounds; ++r) {
    const auto a =
        this->template Make<Factor>(TypeParam::FactorLimit, r / this->kKinds);
    const auto b = this->template Make<Factor>(TypeParam::FactorLimit, r);
    const auto va = [&](size_t lane) { return this->Value(a, lane); };
    const auto vb = [&](size_t lane) { return this->Value(b, lane); };
    this->Expect("product", F::Mul(a, b), TypeParam::FeLimit,
                 [&](size_t l) { return va(l) * vb(l); });
    this->Expect("square", F::Sq(b), TypeParam::FeLimit,
                 [&](size_t l) { return vb(l) * vb(l); });
  }
}

TYPED_TEST(KernelField, SumsOfProducts) {
  using F = typename TypeParam::F;
  using Factor = typename F::Factor;
  for (size_t r = 0; r < this->kRounds; ++r) {
    const auto a =
        this->template Make<Factor>(TypeParam::FactorLimit, r / this->kKinds);
    const auto b = this->template Make<Factor>(TypeParam::FactorLimit, r);
    const auto ab = [&](size_t l) {
      return this->Value(a, l) * this->Value(b, l);
    };
    const auto bb = [&](size_t l) {
      return this->Value(b, l) * this->Value(b, l);
    };
    const auto wide = F::MulWide(a, b);
    const auto square = F::SqWide(b);
    const auto sum = F::AddWide(wide, square);
    const auto difference = F::SubWide(wide, square);
    this->Expect("sum", sum, TypeParam::SumLimit,
                 [&](size_t l) { return ab(l) + bb(l); });
    this->Expect("difference", difference, TypeParam::SumLimit,
                 [&](size_t l) { return ab(l) - bb(l); });
    this->Expect("twice", F::TwiceWide(wide), TypeParam::SumLimit,
                 [&](size_t l) { return ab(l) + ab(l); });
    this->Expect("twice minus", F::TwiceMinus(wide, difference),
                 TypeParam::SumLimit, [&](size_t l) { return ab(l) + bb(l); });
    // Such sums are factors.
    this->Expect("product of sums", F::Mul(sum, difference), TypeParam::FeLimit,
                 [&](size_t l) { return (ab(l) + bb(l)) * (ab(l) - bb(l)); });
  }
}

TYPED_TEST(KernelField, SumsAndCarries) {
  using F = typename TypeParam::F;
  using Fe = typename F::Fe;
  using Loose = typename F::Loose;
  for (size_t r = 0; r < this->kRounds; ++r) {
    const auto a =
        this->template Make<Fe>(TypeParam::FeLimit, r / this->kKinds);
    const auto b = this->template Make<Fe>(TypeParam::FeLimit, r);
    const auto loose = this->template Make<Loose>(TypeParam::LooseLimit, r);
    const auto sum = [&](size_t l) {
      return this->Value(a, l) + this->Value(b, l);
    };
    const auto difference = [&](size_t l) {
      return this->Value(a, l) - this->Value(b, l);
    };
    this->Expect("sum", F::Add(a, b), TypeParam::LooseLimit, sum);
    this->Expect("difference", F::Sub(a, b), TypeParam::LooseLimit, difference);
    this->Expect("carried sum", F::Carry(F::Add(a, b)), TypeParam::FeLimit,
                 sum);
    this->Expect("factor", F::AsFactor(F::Sub(a, b)), TypeParam::FactorLimit,
                 difference);
    this->Expect("carry", F::Carry(loose), TypeParam::FeLimit,
                 [&](size_t l) { return this->Value(loose, l); });
  }
}

TYPED_TEST(KernelField, WordsSignsAndZeroes) {
  using F = typename TypeParam::F;
  using V = typename TypeParam::V;
  using Fe = typename F::Fe;
  for (size_t r = 0; r < this->kRounds; ++r) {
    const auto a = this->template Make<Fe>(TypeParam::FeLimit, r);
    V words[4];
    F::ToWords(a, words);
    const auto zero = F::IsZero(a);
    const auto negative = F::IsNegative(a);
    for (size_t lane = 0; lane < V::kLanes; ++lane) {
      const Residue value = this->Value(a, lane);
      std::array<uint8_t, 32> bytes;
      for (size_t i = 0; i < 32; ++i) {
        bytes[i] = static_cast<uint8_t>(words[i / 8].v[lane] >> (8 * (i % 8)));
      }
      EXPECT_EQ(bytes, value.bytes());
      EXPECT_EQ(zero.on[lane], value == Residue(0));
      EXPECT_EQ(negative.on[lane], value.odd());
    }
    this->Expect("read back", F::FromWords(words), TypeParam::Mask,
                 [&](size_t l) { return this->Value(a, l); });
  }
}

TYPED_TEST(KernelField, ConstantsSatisfyWhatDefinesThem) {
  using F = typename TypeParam::F;
  const auto value = [&](const FieldWords& words) {
    return this->Value(F::Constant(words), 0);
  };
  const Residue one(1);
  const Residue d = value(kernels::kD);
  EXPECT_TRUE(value(kernels::kOne) == one);
  EXPECT_TRUE(d * Residue(121666) == Residue(0) - Residue(121665));
  EXPECT_TRUE(value(kernels::kTwoD) == d + d);
  const Residue i = value(kernels::kSqrtMinusOne);
  EXPECT_TRUE(i * i == Residue(0) - one);
  EXPECT_FALSE(i.odd());
  EXPECT_TRUE(value(kernels::kOneMinusDSquared) == one - d * d);
  EXPECT_TRUE(value(kernels::kDMinusOneSquared) == (d - one) * (d - one));
  const Residue ad1 = value(kernels::kSqrtAdMinusOne);
  EXPECT_TRUE(ad1 * ad1 == Residue(0) - d - one);
  const Residue inverse = value(kernels::kInverseRootAMinusD);
  EXPECT_TRUE(inverse * inverse * (Residue(0) - one - d) == one);
}

TYPED_TEST(KernelField, LanesThatShipGiveTheSameLimbs) {
  using F = typename TypeParam::F;
  const auto available = AvailableKernels();
  if (std::ranges::find(available, TypeParam::kKernel, &TokenKernel::name) ==
      available.end()) {
    GTEST_SKIP() << "this CPU has no " << TypeParam::kKernel;
  }
  const FieldProbe& shipped = *TypeParam::kShipped;
  const FieldProbe& checked = ProbeOf<F, TypeParam::kLimbs>::kProbe;
  using Out = std::array<uint64_t, FieldProbe::kMostWords>;
  for (size_t r = 0; r < this->kRounds; ++r) {
    const size_t other = r / this->kKinds;
    const auto words = [&]<typename E>(const E& a) { return this->Words(a); };
    using Factor = typename F::Factor;
    const auto f =
        words(this->template Make<Factor>(TypeParam::FactorLimit, r));
    const auto g =
        words(this->template Make<Factor>(TypeParam::FactorLimit, other));
    using Fe = typename F::Fe;
    const auto a = words(this->template Make<Fe>(TypeParam::FeLimit, r));
    const auto b = words(this->template Make<Fe>(TypeParam::FeLimit, other));
    using Loose = typename F::Loose;
    const auto l = words(this->template Make<Loose>(TypeParam::LooseLimit, r));
    Out expected{}, out{};
    checked.factors(g.data(), f.data(), expected.data());
    shipped.factors(g.data(), f.data(), out.data());
    EXPECT_EQ(out, expected) << "factors " << r;
    checked.elements(a.data(), b.data(), expected.data());
    shipped.elements(a.data(), b.data(), out.data());
    EXPECT_EQ(out, expected) << "elements " << r;
    checked.loose(l.data(), expected.data());
    shipped.loose(l.data(), out.data());
    EXPECT_EQ(out, expected) << "a sum " << r;
  }
}

// The largest that may be carried, beyond what products reach.
TEST(KernelField5, CarriesTheLargestColumns) {
  lane_faults = 0;
  Five::F::Wide wide;
  const uint64_t largest = 3744914861894074368;  // 2^61.7
  for (auto& limb : wide.l) limb = Five::V::All(largest);
  const auto out = Five::F::Reduce(wide);
  for (const auto& limb : out.l) EXPECT_LE(limb.v[0], Five::FeLimit(0));
  EXPECT_EQ(lane_faults, 0);
}

// The checks themselves bite.
TEST(CheckedLanes, CountEveryMisuse) {
  using V = CheckedLanes<4>;
  const V zero = V::All(0), one = V::All(1), all = V::All(~uint64_t{0});
  const auto faults = [](const auto& use) {
    lane_faults = 0;
    use();
    return lane_faults;
  };
  EXPECT_EQ(faults([&] { all + one; }), 4);
  EXPECT_EQ(faults([&] { zero - one; }), 4);
  EXPECT_EQ(faults([&] { V::Mul32(V::All(uint64_t{1} << 32), one); }), 4);
  EXPECT_EQ(faults([&] { V::AddLow52(zero, V::All(uint64_t{1} << 52), one); }),
            4);
  EXPECT_EQ(faults([&] { V::AddHigh52(zero, one, V::All(uint64_t{1} << 52)); }),
            4);
  EXPECT_EQ(faults([&] { V::Times19(V::All(uint64_t{1} << 60)); }), 4);
  EXPECT_EQ(faults([&] { one + one; }), 0);
  lane_faults = 0;
}

}  // namespace
}  // namespace tally::crypto
