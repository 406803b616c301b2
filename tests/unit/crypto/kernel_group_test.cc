// The group on checked and emulated lanes, and whole batches on emulated ones,
// against libsodium.

#include <sodium.h>

#include <vector>

#include "crypto_fixture.h"
#include "kernels/batch.h"
#include "kernels/field_10.h"
#include "kernels/field_5.h"
#include "kernels/vector_kernel.h"
#include "lanes_for_tests.h"

namespace tally::crypto {
namespace {

using kernels::Field10;
using kernels::Field5;

template <typename F>
class KernelGroup : public testing::Test {
 protected:
  using V = typename F::Lanes;
  using Group = kernels::Ristretto<F>;
  static constexpr size_t kLanes = V::kLanes;
  using Bytes32 = std::array<uint8_t, 32>;

  KernelGroup() { lane_faults = 0; }
  ~KernelGroup() override { EXPECT_EQ(lane_faults, 0); }

  static void Load(const std::vector<Bytes32>& in, V words[4]) {
    for (size_t lane = 0; lane < kLanes; ++lane) {
      for (size_t i = 0; i < 4; ++i) {
        std::memcpy(&words[i].v[lane], in[lane].data() + 8 * i, 8);
      }
    }
  }
  static Bytes32 Lane(const V words[4], size_t lane) {
    Bytes32 out;
    for (size_t i = 0; i < 4; ++i) {
      std::memcpy(out.data() + 8 * i, &words[i].v[lane], 8);
    }
    return out;
  }
  static std::vector<Bytes32> Encode(const typename Group::Point& half) {
    const auto doubled = Group::Double2(half);
    V words[4];
    Group::Encode(doubled, Group::Invert(doubled.product), words);
    std::vector<Bytes32> out;
    for (size_t lane = 0; lane < kLanes; ++lane) {
      out.push_back(Lane(words, lane));
    }
    return out;
  }
  static Bytes32 Sum(const Bytes32& a, const Bytes32& b) {
    Bytes32 out;
    EXPECT_EQ(crypto_core_ristretto255_add(out.data(), a.data(), b.data()), 0);
    return out;
  }
};

using GroupFields =
    testing::Types<Field5<CheckedLanes<8>>, Field5<EmulatedLanes<8>>,
                   Field10<CheckedLanes<4>>, Field10<EmulatedLanes<4>>>;
TYPED_TEST_SUITE(KernelGroup, GroupFields);

TYPED_TEST(KernelGroup, DecodesAndMultipliesLikeLibsodium) {
  using G = typename TestFixture::Group;
  using B32 = typename TestFixture::Bytes32;
  std::vector<B32> in(TestFixture::kLanes);
  for (B32& token : in) crypto_core_ristretto255_random(token.data());
  typename TypeParam::Lanes words[2][4];
  TestFixture::Load(in, words[0]);
  TestFixture::Load(in, words[1]);
  typename G::Point points[2];
  typename TypeParam::Mask bad[2];
  G::Decode(words, points, bad);
  EXPECT_EQ(TypeParam::Lanes::Bits(bad[0] | bad[1]), 0u);

  B32 scalar;
  crypto_core_ristretto255_scalar_random(scalar.data());
  int8_t digits[64];
  kernels::RecodeScalar(scalar.data(), digits);
  typename G::Cached table[8];
  const auto out = TestFixture::Encode(G::Multiply(points[1], digits, table));
  for (size_t lane = 0; lane < in.size(); ++lane) {
    B32 product;
    ASSERT_EQ(crypto_scalarmult_ristretto255(product.data(), scalar.data(),
                                             in[lane].data()),
              0);
    EXPECT_EQ(out[lane], TestFixture::Sum(product, product));
  }
}

TYPED_TEST(KernelGroup, MapsUniformBytesLikeLibsodium) {
  using B32 = typename TestFixture::Bytes32;
  std::vector<B32> in[2];
  for (auto& half : in) {
    half.resize(TestFixture::kLanes);
    for (B32& bytes : half) randombytes_buf(bytes.data(), 32);
  }
  in[0][0] = {};  // both maps at zero
  in[1][0] = {};
  in[0][1].fill(0xff);
  typename TypeParam::Lanes words[2][4];
  TestFixture::Load(in[0], words[0]);
  TestFixture::Load(in[1], words[1]);
  const auto out = TestFixture::Encode(TestFixture::Group::FromHash(words));
  for (size_t lane = 1; lane < TestFixture::kLanes; ++lane) {
    std::array<uint8_t, 64> wide;
    std::copy(in[0][lane].begin(), in[0][lane].end(), wide.begin());
    std::copy(in[1][lane].begin(), in[1][lane].end(), wide.begin() + 32);
    B32 element;
    crypto_core_ristretto255_from_hash(element.data(), wide.data());
    EXPECT_EQ(out[lane], TestFixture::Sum(element, element));
  }
}

TYPED_TEST(KernelGroup, RefusesBadEncodingsInEveryLane) {
  using B32 = typename TestFixture::Bytes32;
  const std::vector<B32> bad = [] {
    std::vector<B32> out(4);  // the identity
    out[1][0] = 1;            // negative
    out[2].fill(0xff);        // not below p
    crypto_core_ristretto255_random(out[3].data());
    out[3][31] |= 0x80;  // top bit
    return out;
  }();
  for (size_t lane = 0; lane < TestFixture::kLanes; ++lane) {
    std::vector<B32> in(TestFixture::kLanes);
    for (B32& token : in) crypto_core_ristretto255_random(token.data());
    in[lane] = bad[lane % bad.size()];
    typename TypeParam::Lanes words[2][4];
    TestFixture::Load(in, words[0]);
    TestFixture::Load(in, words[1]);
    typename TestFixture::Group::Point points[2];
    typename TypeParam::Mask masks[2];
    TestFixture::Group::Decode(words, points, masks);
    // The identity decodes; a product with it is refused when it is encoded.
    const uint32_t expected = lane % bad.size() == 0 ? 0 : 1u << lane;
    const auto doubled = TestFixture::Group::Double2(points[0]);
    EXPECT_EQ(TypeParam::Lanes::Bits(masks[0]), expected);
    EXPECT_EQ(TypeParam::Lanes::Bits(masks[0] | doubled.identity), 1u << lane);
  }
}

TYPED_TEST(KernelGroup, InvertsZeroToZero) {
  using G = typename TestFixture::Group;
  const auto zero = TypeParam::Constant({{0, 0, 0, 0}});
  EXPECT_EQ(TypeParam::Lanes::Bits(TypeParam::IsZero(G::Invert(zero))),
            (1u << TestFixture::kLanes) - 1);
}

// Whole batches, hashing included, in plain C++.
template <typename F>
constexpr kernels::VectorOps EmulatedOps(const char* name) {
  using B = kernels::Batch<F>;
  return {name, B::kTokens, sizeof(typename B::Work), &B::Tokenise,
          &B::Convert};
}

TEST(EmulatedKernel, EqualsPortable) {
  const kernels::VectorOps all[] = {
      EmulatedOps<Field5<EmulatedLanes<8>>>("emulated, five limbs"),
      EmulatedOps<Field10<EmulatedLanes<4>>>("emulated, ten limbs")};
  const Scalar key = Scalar::Random().value();
  std::vector<NhsMessage> messages;
  for (const char* number :
       {"9998242193", "9991578153", "9996593878", "9997840801", "0123456789",
        "9998242193", "0000000000", "9999999999", "1111111111"}) {
    messages.push_back(Number(number));
  }
  const size_t n = messages.size();
  WipedBytes expected(32 * n);
  ASSERT_OK(PortableKernel().Tokenise(key, messages, expected));
  for (const kernels::VectorOps& ops : all) {
    const kernels::VectorKernel kernel(ops, 2);
    WipedBytes out(32 * n);
    ASSERT_OK(kernel.Tokenise(key, messages, out)) << ops.name;
    EXPECT_EQ(out, expected) << ops.name;
    out[32 * 3 + 31] |= 0x80;
    WipedBytes converted(out.size());
    WipedBytes plain(out.size());
    std::vector<uint8_t> rejected(n), plain_rejected(n);
    ASSERT_THAT(kernel.Convert(key, out, converted, rejected),
                IsOkAndHolds(1u));
    ASSERT_OK(PortableKernel().Convert(key, out, plain, plain_rejected));
    EXPECT_EQ(converted, plain) << ops.name;
    EXPECT_EQ(rejected, plain_rejected) << ops.name;
  }
}

}  // namespace
}  // namespace tally::crypto
