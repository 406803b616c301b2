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

// Of tokens and of conversions, for each kernel. What libsodium says of them
// takes most of the time and is asked once.
constexpr size_t kMany = 50000;

TEST(AllKernels, ConvertManyElementsLikePortable) {
  if (AvailableKernels().size() == 1) GTEST_SKIP() << "this CPU has no other";
  const WipedBytes in = RandomElements(kMany);
  const Scalar factor = Scalar::Random().value();
  WipedBytes expected(in.size());
  std::vector<uint8_t> rejected(kMany, 9);
  ASSERT_THAT(PortableKernel().Convert(factor, in, expected, rejected),
              IsOkAndHolds(0u));
  for (const TokenKernel* kernel : AvailableKernels()) {
    if (kernel == &PortableKernel()) continue;
    WipedBytes out(in.size());
    std::fill(rejected.begin(), rejected.end(), 9);
    ASSERT_THAT(kernel->Convert(factor, in, out, rejected), IsOkAndHolds(0u));
    EXPECT_TRUE(out == expected) << kernel->name();
    EXPECT_THAT(rejected, testing::Each(0)) << kernel->name();
  }
}

TEST(AllKernels, TokeniseManyNumbersLikePortable) {
  if (AvailableKernels().size() == 1) GTEST_SKIP() << "this CPU has no other";
  const std::vector<NhsMessage> messages = RandomMessages(kMany);
  const Scalar key = Scalar::Random().value();
  WipedBytes expected(32 * kMany);
  ASSERT_OK(PortableKernel().Tokenise(key, messages, expected));
  for (const TokenKernel* kernel : AvailableKernels()) {
    if (kernel == &PortableKernel()) continue;
    WipedBytes out(32 * kMany);
    ASSERT_OK(kernel->Tokenise(key, messages, out));
    EXPECT_TRUE(out == expected) << kernel->name();
  }
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

// Apart, at every place of a line of 64 bytes, with nothing written beside it.
TEST_P(EveryKernel, EveryLengthFrom0To300ApartAndWhereverItLies) {
  constexpr size_t kMost = 300, kRoom = 64;
  const Scalar key = Scalar::Random().value();
  const std::vector<NhsMessage> messages = RandomMessages(kMost);
  WipedBytes tokens(32 * kMost), converted(32 * kMost);
  std::vector<uint8_t> flags(kMost);
  ASSERT_OK(PortableKernel().Tokenise(key, messages, tokens));
  tokens[32 * 3 + 31] |= 0x80;  // the fourth is bad
  ASSERT_OK(PortableKernel().Convert(key, tokens, converted, flags));
  for (size_t n = 0; n <= kMost; ++n) {
    const size_t at = n % kRoom, to = (7 * n + 1) % kRoom;
    WipedBytes in(32 * n + 2 * kRoom, 0xa5), out(in.size(), 0x5a);
    std::vector<uint8_t> rejected(n + 2 * kRoom, 9);
    std::copy_n(tokens.begin(), 32 * n, in.data() + at);
    const WipedBytes before = in;
    ASSERT_THAT(kernel_->Convert(key, std::span(in).subspan(at, 32 * n),
                                 std::span(out).subspan(to, 32 * n),
                                 std::span(rejected).subspan(to, n)),
                IsOkAndHolds(n > 3 ? 1u : 0u))
        << n;
    WipedBytes expected(out.size(), 0x5a);
    std::copy_n(converted.begin(), 32 * n, expected.data() + to);
    std::vector<uint8_t> expected_rejected(rejected.size(), 9);
    std::copy_n(flags.begin(), n, expected_rejected.data() + to);
    ASSERT_TRUE(out == expected) << n;
    ASSERT_EQ(rejected, expected_rejected) << n;
    ASSERT_TRUE(in == before) << n;
    out.assign(out.size(), 0x5a);
    ASSERT_OK(kernel_->Tokenise(key, std::span(messages).first(n),
                                std::span(out).subspan(to, 32 * n)));
    expected.assign(out.size(), 0x5a);
    std::copy_n(tokens.begin(), 32 * n, expected.data() + to);
    if (n > 3) expected[to + 32 * 3 + 31] ^= 0x80;
    ASSERT_TRUE(out == expected) << n;
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

// What another decoder would take for an element: one good and one bad in turn,
// so that each index is seen.
TEST_P(EveryKernel, AliasesAndPointsOfOtherEncodingsAreRefusedWithTheirIndex) {
  std::vector<std::vector<uint8_t>> bad;
  // s + p for every s below 19: all that fit 255 bits.
  for (int s = 0; s < 19; ++s) {
    bad.push_back(
        Bytes("edffffffffffffffffffffffffffffff"
              "ffffffffffffffffffffffffffffff7f"));
    bad.back()[0] = static_cast<uint8_t>(0xed + s);
  }
  // Points of small order, as Ed25519 encodes them.
  for (const std::string_view hex :
       {"0100000000000000000000000000000000000000000000000000000000000000",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"}) {
    bad.push_back(Bytes(hex));
  }
  // Minus an element, an element with the top bit, and the first ones with it.
  const WipedBytes good = RandomElements(60);
  for (size_t i = 0; i < 10; ++i) {
    std::vector<uint8_t> negative(32);
    unsigned borrow = 0;
    for (size_t j = 0; j < 32; ++j) {
      const unsigned p = j == 0 ? 0xed : j == 31 ? 0x7f : 0xff;
      const unsigned difference = p - good[32 * i + j] - borrow;
      negative[j] = static_cast<uint8_t>(difference);
      borrow = difference >> 8 & 1;
    }
    bad.push_back(negative);
    bad.emplace_back(good.begin() + static_cast<ptrdiff_t>(32 * i),
                     good.begin() + static_cast<ptrdiff_t>(32 * i + 32));
    bad.back()[31] |= 0x80;
  }
  const size_t without = bad.size();
  for (size_t i = 0; i < 25; ++i) {
    bad.push_back(bad[i % without]);
    bad.back()[31] |= 0x80;
  }
  WipedBytes in;
  for (size_t i = 0; i < bad.size(); ++i) {
    const auto element = std::span(good).subspan(32 * (i % 60), 32);
    in.insert(in.end(), element.begin(), element.end());
    in.insert(in.end(), bad[i].begin(), bad[i].end());
  }
  const Scalar factor = Scalar::Random().value();
  WipedBytes out(in.size(), 7), expected(in.size());
  std::vector<uint8_t> rejected(2 * bad.size(), 9), portable(rejected.size());
  ASSERT_THAT(kernel_->Convert(factor, in, out, rejected),
              IsOkAndHolds(bad.size()));
  for (size_t i = 0; i < rejected.size(); ++i) {
    ASSERT_EQ(rejected[i], i % 2) << i;
  }
  ASSERT_OK(PortableKernel().Convert(factor, in, expected, portable));
  EXPECT_TRUE(out == expected);
  EXPECT_EQ(portable, rejected);
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

// Twice each element, one of them wrong.
size_t wrong_place = 0;
size_t TwiceAllButOne(const int8_t*, const uint8_t* in, size_t count,
                      uint8_t* out, uint8_t* rejected, void*) {
  for (size_t i = 0; i < count; ++i) {
    EXPECT_EQ(
        crypto_core_ristretto255_add(out + 32 * i, in + 32 * i, in + 32 * i),
        0);
    rejected[i] = 0;
  }
  if (wrong_place < count) std::memset(out + 32 * wrong_place, 1, 32);
  return 0;
}
constexpr VectorOps kOneWrong = {"one wrong", 64, 64, &WrongTokens,
                                 &TwiceAllButOne};

// One in eight is computed again here: each place of a block as often.
TEST(VectorKernelFault, IsFoundInEveryPlaceOneTimeInSoMany) {
  const VectorKernel kernel(kOneWrong, 8);
  const Scalar two = ScalarFromHex(
      "0200000000000000000000000000000000000000000000000000000000000000");
  const WipedBytes in = RandomElements(8);
  WipedBytes out(in.size());
  std::vector<uint8_t> rejected(8);
  constexpr int kTries = 400;
  for (wrong_place = 0; wrong_place < 8; ++wrong_place) {
    int found = 0;
    for (int i = 0; i < kTries; ++i) {
      found += kernel.Convert(two, in, out, rejected).ok() ? 0 : 1;
    }
    // 50 with a standard deviation of 6.6.
    EXPECT_GT(found, 12) << wrong_place;
    EXPECT_LT(found, 90) << wrong_place;
  }
  for (int i = 0; i < kTries; ++i) {
    EXPECT_OK(kernel.Convert(two, in, out, rejected));  // none is wrong
  }
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
