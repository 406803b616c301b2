// The kernels as programs run them: bit for bit the portable one, whatever the
// length, the place of a bad token and its kind; and the check on themselves.

#include <openssl/bn.h>
#include <sodium.h>

#include <memory>

#include "base/exit_code.h"
#include "crypto/random.h"
#include "crypto_fixture.h"
#include "kernels/vector_kernel.h"

namespace tally::crypto {
namespace {

using kernels::VectorKernel;
using kernels::VectorOps;

WipedBytes RandomElements(size_t count) {
  WipedBytes out(32 * count);
  for (size_t i = 0; i < count; ++i) {
    crypto_core_ristretto255_random(out.data() + 32 * i);
  }
  return out;
}

std::vector<NhsMessage> RandomMessages(size_t count) {
  std::vector<NhsMessage> out;
  for (size_t i = 0; i < count; ++i) {
    std::string digits;
    for (int j = 0; j < 10; ++j) {
      digits.push_back(static_cast<char>('0' + RandomUint64Below(10)));
    }
    out.push_back(Number(digits));
  }
  return out;
}

class EveryKernel : public testing::TestWithParam<std::string_view> {
 protected:
  void SetUp() override {
    for (const TokenKernel* kernel : AvailableKernels()) {
      if (kernel->name() == GetParam()) kernel_ = kernel;
    }
    if (kernel_ == nullptr) {
      GTEST_SKIP() << "this CPU has no " << GetParam();
    }
  }
  const TokenKernel* kernel_ = nullptr;
};
INSTANTIATE_TEST_SUITE_P(, EveryKernel, testing::Values("avx2", "avx512ifma"),
                         [](const auto& kernel) {
                           return std::string(kernel.param);
                         });

// Together with the test below: 100,000 elements over both kernels.
constexpr size_t kMany = 25000;

TEST_P(EveryKernel, ConvertsManyElementsLikePortable) {
  static const WipedBytes& in = *new WipedBytes(RandomElements(kMany));
  static const Scalar& factor = *new Scalar(Scalar::Random().value());
  static const WipedBytes& expected = *[] {
    auto* out = new WipedBytes(in.size());
    std::vector<uint8_t> rejected(kMany);
    EXPECT_THAT(PortableKernel().Convert(factor, in, *out, rejected),
                IsOkAndHolds(0u));
    return out;
  }();
  WipedBytes out(in.size());
  std::vector<uint8_t> rejected(kMany, 9);
  ASSERT_THAT(kernel_->Convert(factor, in, out, rejected), IsOkAndHolds(0u));
  EXPECT_TRUE(out == expected);
  EXPECT_THAT(rejected, testing::Each(0));
}

TEST_P(EveryKernel, TokenisesManyNumbersLikePortable) {
  static const std::vector<NhsMessage>& messages =
      *new std::vector<NhsMessage>(RandomMessages(kMany));
  static const Scalar& key = *new Scalar(Scalar::Random().value());
  static const WipedBytes& expected = *[] {
    auto* out = new WipedBytes(32 * kMany);
    EXPECT_OK(PortableKernel().Tokenise(key, messages, *out));
    return out;
  }();
  WipedBytes out(32 * kMany);
  ASSERT_OK(kernel_->Tokenise(key, messages, out));
  EXPECT_TRUE(out == expected);
}

TEST_P(EveryKernel, EveryLengthFrom0To300) {
  const Scalar key = Scalar::Random().value();
  const std::vector<NhsMessage> messages = RandomMessages(300);
  WipedBytes tokens(32 * 300), converted(32 * 300);
  std::vector<uint8_t> flags(300);
  ASSERT_OK(PortableKernel().Tokenise(key, messages, tokens));
  ASSERT_OK(PortableKernel().Convert(key, tokens, converted, flags));
  const auto is_start_of = [](const WipedBytes& part, const WipedBytes& all) {
    return std::equal(part.begin(), part.end(), all.begin());
  };
  for (size_t n = 0; n <= 300; ++n) {
    WipedBytes out(32 * n, 7);
    ASSERT_OK(kernel_->Tokenise(key, std::span(messages).first(n), out));
    ASSERT_TRUE(is_start_of(out, tokens)) << n;
    std::vector<uint8_t> rejected(n, 9);
    // In place.
    ASSERT_THAT(kernel_->Convert(key, out, out, rejected), IsOkAndHolds(0u));
    ASSERT_TRUE(is_start_of(out, converted)) << n;
    ASSERT_THAT(rejected, testing::Each(0));
  }
}

TEST_P(EveryKernel, ScalarsAtTheEdges) {
  const WipedBytes in = RandomElements(9);
  for (const std::string_view hex :
       {"0100000000000000000000000000000000000000000000000000000000000000",
        "0200000000000000000000000000000000000000000000000000000000000000",
        "ecd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010",
        "ebd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010",
        "f7e97a2e8d31092c6bce7b51ef7c6f0a00000000000000000000000000000008",
        "8888888888888888888888888888888888888888888888888888888888888808"}) {
    const Scalar scalar = ScalarFromHex(hex);
    WipedBytes out(in.size()), expected(in.size());
    std::vector<uint8_t> rejected(9);
    ASSERT_OK(PortableKernel().Convert(scalar, in, expected, rejected));
    ASSERT_OK(kernel_->Convert(scalar, in, out, rejected));
    EXPECT_EQ(out, expected) << hex;
  }
}

// All kinds of RFC 9496 in turn, in each lane and place of a batch.
TEST_P(EveryKernel, BadTokensOfEveryKindInEveryPlace) {
  constexpr std::string_view kKinds[] = {
      "0000000000000000000000000000000000000000000000000000000000000000",
      "0000000000000000000000000000000000000000000000000000000000000080",
      "00ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
      "f3ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
      "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
      "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
      "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
      "0100000000000000000000000000000000000000000000000000000000000000",
      "ed57ffd8c914fb201471d1c3d245ce3c746fcbe63a3679d51b6a516ebebe0e20",
      "26948d35ca62e643e26a83177332e6b6afeb9d08e4268b650f1f5bbd8d81d371",
      "3eb858e78f5a7254d8c9731174a94f76755fd3941c0ac93735c07ba14579630e",
      "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
      "e2f2ae0a6abc4e71a884a961c500515f58e30b6aa582dd8db6a65945e08d2df6"};
  constexpr size_t kTokens = 133;  // a batch and five
  const Scalar factor = Scalar::Random().value();
  const WipedBytes good = RandomElements(kTokens);
  WipedBytes right(good.size());
  std::vector<uint8_t> rejected(kTokens);
  ASSERT_OK(PortableKernel().Convert(factor, good, right, rejected));
  for (size_t round = 0; round < 2 * kTokens; ++round) {
    const size_t place = round % kTokens;
    const std::vector<uint8_t> bad = Bytes(kKinds[round % std::size(kKinds)]);
    WipedBytes in = good;
    WipedBytes expected = right;
    std::copy(bad.begin(), bad.end(), in.data() + 32 * place);
    std::fill_n(expected.data() + 32 * place, 32, uint8_t{0});
    WipedBytes out(in.size(), 0xff);
    ASSERT_THAT(kernel_->Convert(factor, in, out, rejected), IsOkAndHolds(1u))
        << round;
    ASSERT_EQ(out, expected) << round;
    for (size_t i = 0; i < kTokens; ++i) {
      ASSERT_EQ(rejected[i], i == place ? 1 : 0);
    }
  }
}

TEST_P(EveryKernel, ABatchOfNothingButBadTokens) {
  const Scalar factor = Scalar::Random().value();
  WipedBytes tokens(32 * 200, 0xff);
  std::vector<uint8_t> rejected(200);
  ASSERT_THAT(kernel_->Convert(factor, tokens, tokens, rejected),
              IsOkAndHolds(200u));
  EXPECT_THAT(tokens, testing::Each(0));
  EXPECT_THAT(rejected, testing::Each(1));
}

// Random bytes are mostly no elements: all verdicts are portable's.
TEST_P(EveryKernel, RandomBytesAreJudgedLikePortable) {
  const Scalar factor = Scalar::Random().value();
  WipedBytes in(32 * 4000);
  RandomBytes(in);
  for (size_t i = 0; i < in.size(); i += 32) {
    in[i] &= 0xfe;
    in[i + 31] &= 0x7f;
  }
  WipedBytes out(in.size()), expected(in.size());
  std::vector<uint8_t> rejected(4000), expected_rejected(4000);
  const auto count = kernel_->Convert(factor, in, out, rejected);
  EXPECT_THAT(PortableKernel().Convert(factor, in, expected, expected_rejected),
              IsOkAndHolds(*count));
  EXPECT_TRUE(out == expected);
  EXPECT_EQ(rejected, expected_rejected);
  EXPECT_LT(*count, 4000u);  // one in eight is an element
}

// --- the parts of VectorKernel ---------------------------------------------

TEST(VectorKernelParts, HalfIsTheInverseOfTwo) {
  std::array<uint8_t, 32> two{2};
  std::array<uint8_t, 32> half;
  ASSERT_EQ(crypto_core_ristretto255_scalar_invert(half.data(), two.data()), 0);
  EXPECT_EQ(half, kernels::kHalf);
}

TEST(VectorKernelParts, DigitsAreTheScalar) {
  const auto check = [](const std::array<uint8_t, 32>& scalar) {
    int8_t digits[64];
    kernels::RecodeScalar(scalar.data(), digits);
    const std::unique_ptr<BIGNUM, void (*)(BIGNUM*)> sum(BN_new(), BN_free);
    for (size_t i = 64; i > 0; --i) {
      BN_lshift(sum.get(), sum.get(), 4);
      const int digit = digits[i - 1];
      EXPECT_GE(digit, -8);
      EXPECT_LT(digit, 8);
      if (digit >= 0) {
        BN_add_word(sum.get(), static_cast<BN_ULONG>(digit));
      } else {
        BN_sub_word(sum.get(), static_cast<BN_ULONG>(-digit));
      }
    }
    std::array<uint8_t, 32> back;
    ASSERT_EQ(BN_bn2lebinpad(sum.get(), back.data(), 32), 32);
    EXPECT_EQ(back, scalar);
  };
  check({});
  check({1});
  check({8});
  std::array<uint8_t, 32> scalar;
  scalar.fill(0x88);
  scalar[31] = 0x08;
  check(scalar);
  scalar.fill(0xff);
  scalar[31] = 0x0f;
  check(scalar);
  for (int i = 0; i < 200; ++i) {
    crypto_core_ristretto255_scalar_random(scalar.data());
    check(scalar);
  }
}

// --- kernels with a fault ----------------------------------------------------

size_t WrongTokens(const kernels::HashPlan&, const int8_t*, const uint8_t*,
                   size_t count, uint8_t* out, void*) {
  std::memset(out, 1, 32 * count);
  return 0;
}
size_t WrongConversions(const int8_t*, const uint8_t*, size_t count,
                        uint8_t* out, uint8_t* rejected, void*) {
  std::memset(out, 1, 32 * count);
  std::memset(rejected, 0, count);
  return 0;
}
size_t RejectsAll(const int8_t*, const uint8_t*, size_t count, uint8_t* out,
                  uint8_t* rejected, void*) {
  std::memset(out, 0, 32 * count);
  std::memset(rejected, 1, count);
  return count;
}
size_t Identities(const kernels::HashPlan&, const int8_t*, const uint8_t*,
                  size_t count, uint8_t* out, void*) {
  std::memset(out, 1, 32 * count);
  return 1;
}
constexpr VectorOps kWrong = {"wrong", 64, 64, &WrongTokens, &WrongConversions};
constexpr VectorOps kLazy = {"lazy", 64, 64, &Identities, &RejectsAll};

TEST(VectorKernelFault, IsFoundInOneBlockWhateverTheSample) {
  const VectorKernel kernel(kWrong);  // as in production
  const Scalar key = Scalar::Random().value();
  const std::vector<NhsMessage> messages(4096, Number("9998242193"));
  WipedBytes out(32 * 4096);
  EXPECT_THAT(kernel.Tokenise(key, messages, out), ExitCodeIs(kExitIntegrity));
  EXPECT_THAT(out, testing::Each(0));
  const WipedBytes in = RandomElements(4096);
  std::vector<uint8_t> rejected(4096);
  EXPECT_THAT(kernel.Convert(key, in, out, rejected),
              ExitCodeIs(kExitIntegrity));
  EXPECT_THAT(out, testing::Each(0));
}

TEST(VectorKernelFault, IsFoundInPlaceAndInTheMask) {
  const Scalar key = Scalar::Random().value();
  std::vector<uint8_t> rejected(10);
  WipedBytes tokens = RandomElements(10);
  EXPECT_THAT(VectorKernel(kWrong, 1).Convert(key, tokens, tokens, rejected),
              ExitCodeIs(kExitIntegrity));
  tokens = RandomElements(10);
  EXPECT_THAT(VectorKernel(kLazy, 1).Convert(key, tokens, tokens, rejected),
              ExitCodeIs(kExitIntegrity));
}

TEST(VectorKernelFault, EndsTheSelfTest) {
  EXPECT_THAT(SelfTestKernel(VectorKernel(kWrong)), ExitCodeIs(kExitIntegrity));
}

TEST(VectorKernelFault, AnIdentityIsAnInternalErrorAndNothingIsGivenOut) {
  const Scalar key = Scalar::Random().value();
  const std::vector<NhsMessage> messages(3, Number("9998242193"));
  WipedBytes out(96);
  EXPECT_THAT(VectorKernel(kLazy).Tokenise(key, messages, out),
              StatusIs(absl::StatusCode::kInternal));
  EXPECT_THAT(out, testing::Each(0));
}

}  // namespace
}  // namespace tally::crypto
