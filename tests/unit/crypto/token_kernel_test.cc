#include <sodium.h>
#include <stdlib.h>

#include "base/bytes.h"
#include "crypto/random.h"
#include "crypto/token_converter.h"
#include "crypto/token_kernel.h"
#include "crypto_fixture.h"
#include "internal/group.h"
#include "internal/secret_peek.h"
#include "kernels/dispatch.h"

namespace tally::crypto {
namespace {

using testing::Each;
using testing::HasSubstr;

WipedBytes RandomTokens(size_t count) {
  WipedBytes out(32 * count);
  for (size_t i = 0; i < count; ++i) {
    crypto_core_ristretto255_random(out.data() + 32 * i);
  }
  return out;
}

// The slow plain twin: one element at a time through the strict decoder.
WipedBytes PlainConvert(const Scalar& factor, const WipedBytes& in) {
  WipedBytes out;
  for (size_t i = 0; i < in.size(); i += 32) {
    const auto element = Element::Decode(std::span(in).subspan(i, 32));
    const Element::Bytes bytes =
        element.ok() ? Multiply(factor, *element)->bytes() : Element::Bytes{};
    out.insert(out.end(), bytes.begin(), bytes.end());
  }
  return out;
}

std::string RandomDigits(RandomStream& random) {
  std::string digits;
  for (int i = 0; i < 10; ++i) {
    digits.push_back(static_cast<char>('0' + random.Below(10)));
  }
  return digits;
}

TEST(NhsMessage, TakesTenAsciiDigitsOnly) {
  EXPECT_OK(NhsMessage::Create("0123456789"));
  for (const std::string_view text :
       {"", "123456789", "12345678901", "123456789 ", "12345-7890",
        "123456789a", "\xd9\xa1\xd9\xa2\xd9\xa3\xd9\xa4\xd9\xa5"}) {
    EXPECT_THAT(NhsMessage::Create(text),
                StatusIs(absl::StatusCode::kInvalidArgument));
  }
}

TEST(NhsMessage, IsNotPrinted) {
  EXPECT_EQ(testing::PrintToString(Number("9998242193")), "[redacted]");
}

TEST(PortableKernel, EqualsHashAndMultiplyOnRandomNumbers) {
  RandomStream random;
  const Scalar key = Scalar::Random().value();
  std::vector<NhsMessage> messages;
  std::vector<std::string> numbers;
  for (int i = 0; i < 40; ++i) {
    numbers.push_back(RandomDigits(random));
    messages.push_back(Number(numbers.back()));
  }
  WipedBytes out(32 * messages.size());
  ASSERT_OK(PortableKernel().Tokenise(key, messages, out));
  for (size_t i = 0; i < numbers.size(); ++i) {
    const std::string message =
        std::string("\x0anhs-number\x00\x0a", 13) + numbers[i];
    ASSERT_OK_AND_ASSIGN(
        const Element hash,
        internal::HashToGroup({AsBytes(message)}, internal::kDstGroup));
    EXPECT_EQ(Hex(std::span(out).subspan(32 * i, 32)),
              Multiply(key, hash)->Hex());
  }
}

// libsodium alone: the hashes of RFC 9380 byte by byte, and its product.
WipedBytes SodiumTokens(const Scalar& key,
                        const std::vector<NhsMessage>& messages) {
  const std::string dst = std::string(internal::kDstGroup) +
                          static_cast<char>(internal::kDstGroup.size());
  const SecretView scalar = internal::SecretPeek::View(key);
  WipedBytes out(32 * messages.size());
  for (size_t i = 0; i < messages.size(); ++i) {
    const auto& digits = messages[i].digits();
    const std::string first = std::string(128, '\0') + '\x0a' + "nhs-number" +
                              std::string("\x00\x0a", 2) +
                              std::string(digits.begin(), digits.end()) +
                              std::string("\x00\x40\x00", 3) + dst;
    std::array<uint8_t, 64> hash, wide;
    crypto_hash_sha512(hash.data(), AsBytes(first).data(), first.size());
    const std::string second =
        std::string(hash.begin(), hash.end()) + '\x01' + dst;
    crypto_hash_sha512(wide.data(), AsBytes(second).data(), second.size());
    std::array<uint8_t, 32> element;
    crypto_core_ristretto255_from_hash(element.data(), wide.data());
    EXPECT_EQ(crypto_scalarmult_ristretto255(out.data() + 32 * i, scalar.data(),
                                             element.data()),
              0);
  }
  return out;
}

WipedBytes SodiumConversions(const Scalar& factor, const WipedBytes& in) {
  const SecretView scalar = internal::SecretPeek::View(factor);
  WipedBytes out(in.size());
  for (size_t at = 0; at < in.size(); at += 32) {
    EXPECT_EQ(crypto_scalarmult_ristretto255(out.data() + at, scalar.data(),
                                             in.data() + at),
              0);
  }
  return out;
}

std::vector<NhsMessage> RandomNumbers(size_t count) {
  RandomStream random;
  std::vector<NhsMessage> out;
  for (size_t i = 0; i < count; ++i)
    out.push_back(Number(RandomDigits(random)));
  return out;
}

TEST(PortableKernel, ThousandsOfTokensAndConversionsAreLibsodiums) {
  constexpr size_t kMany = 3000;
  const Scalar key = Scalar::Random().value();
  const Scalar factor = Scalar::Random().value();
  const std::vector<NhsMessage> messages = RandomNumbers(kMany);
  WipedBytes tokens(32 * kMany), converted(32 * kMany);
  std::vector<uint8_t> rejected(kMany, 9);
  ASSERT_OK(PortableKernel().Tokenise(key, messages, tokens));
  EXPECT_TRUE(tokens == SodiumTokens(key, messages));
  EXPECT_THAT(PortableKernel().Convert(factor, tokens, converted, rejected),
              IsOkAndHolds(0u));
  EXPECT_TRUE(converted == SodiumConversions(factor, tokens));
  EXPECT_THAT(rejected, Each(0));
}

TEST(PortableKernel, EveryLengthFrom0To300) {
  constexpr size_t kMost = 300;
  const Scalar key = Scalar::Random().value();
  const std::vector<NhsMessage> messages = RandomNumbers(kMost);
  const WipedBytes tokens = SodiumTokens(key, messages);
  const WipedBytes converted = SodiumConversions(key, tokens);
  for (size_t n = 0; n <= kMost; ++n) {
    WipedBytes out(32 * n, 1);
    ASSERT_OK(
        PortableKernel().Tokenise(key, std::span(messages).first(n), out));
    ASSERT_TRUE(std::equal(out.begin(), out.end(), tokens.begin())) << n;
    std::fill(out.begin(), out.end(), 1);
    std::vector<uint8_t> rejected(n, 1);
    ASSERT_THAT(PortableKernel().Convert(key, std::span(tokens).first(32 * n),
                                         out, rejected),
                IsOkAndHolds(0u));
    ASSERT_TRUE(std::equal(out.begin(), out.end(), converted.begin())) << n;
    ASSERT_THAT(rejected, Each(0)) << n;
  }
}

TEST(PortableKernel, ConvertsInPlace) {
  const Scalar factor = Scalar::Random().value();
  WipedBytes tokens = RandomTokens(20);
  const WipedBytes expected = PlainConvert(factor, tokens);
  std::vector<uint8_t> rejected(20);
  ASSERT_THAT(PortableKernel().Convert(factor, tokens, tokens, rejected),
              IsOkAndHolds(0u));
  EXPECT_EQ(tokens, expected);
}

// One bad token in each place: its neighbours are right, its place is zero.
TEST(PortableKernel, RejectsABadTokenInEveryLane) {
  const Scalar factor = Scalar::Random().value();
  const WipedBytes good = RandomTokens(17);
  const std::vector<std::vector<uint8_t>> bad = {
      std::vector<uint8_t>(32, 0),
      Bytes("0000000000000000000000000000000000000000000000000000000000000080"),
      Bytes("edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"),
      Bytes("0100000000000000000000000000000000000000000000000000000000000000"),
  };
  for (size_t lane = 0; lane < 17; ++lane) {
    const auto& spoilt = bad[lane % bad.size()];
    WipedBytes in = good;
    std::copy(spoilt.begin(), spoilt.end(),
              in.begin() + static_cast<ptrdiff_t>(32 * lane));
    WipedBytes out(in.size(), 0xff);
    std::vector<uint8_t> rejected(17, 9);
    ASSERT_THAT(PortableKernel().Convert(factor, in, out, rejected),
                IsOkAndHolds(1u));
    EXPECT_EQ(out, PlainConvert(factor, in));
    for (size_t i = 0; i < 17; ++i) EXPECT_EQ(rejected[i], i == lane ? 1 : 0);
  }
}

TEST(PortableKernel, ConvertedSourceTokenIsTokenUnderTheHubKey) {
  const Scalar source = Scalar::Random().value();
  const Scalar hub = Scalar::Random().value();
  ASSERT_OK_AND_ASSIGN(const Scalar inverse, source.Inverse());
  ASSERT_OK_AND_ASSIGN(const Scalar factor, hub.Times(inverse));
  RandomStream random;
  std::vector<NhsMessage> messages;
  for (int i = 0; i < 10; ++i) messages.push_back(Number(RandomDigits(random)));
  WipedBytes tokens(320);
  WipedBytes direct(320);
  std::vector<uint8_t> rejected(10);
  ASSERT_OK(PortableKernel().Tokenise(source, messages, tokens));
  ASSERT_OK(PortableKernel().Tokenise(hub, messages, direct));
  ASSERT_OK(PortableKernel().Convert(factor, tokens, tokens, rejected));
  EXPECT_EQ(tokens, direct);
}

TEST(SelfTestKernel, PassesForEveryKernelOfThisMachine) {
  for (const TokenKernel* kernel : AvailableKernels()) {
    EXPECT_OK(SelfTestKernel(*kernel)) << kernel->name();
  }
}

TEST(SelfTestKernel, RowsAreThoseOfTheVectorFile) {
  // The compiled-in copy cannot drift from the file: both give one answer.
  const JsonValue file = VectorFile("tally1.json");
  const SourceKey key = VectorSourceKey("gp-supplier-a");
  for (const JsonValue& row : **file.GetArray("rows")) {
    WipedBytes token(32);
    const NhsMessage message = Number(Text(row, "nhs_number"));
    ASSERT_OK(TokeniseBatch(PortableKernel(), key, {&message, 1}, token));
    EXPECT_EQ(Hex(token), Text(*row.Find("source_token"), "gp-supplier-a"));
  }
}

// Kernels with one fault each: the self-test must find all of them.
class FaultyKernel : public TokenKernel {
 public:
  enum class Fault { kNone, kToken, kConversion, kMask, kNeighbour };
  // `place`: which token or conversion of a list is wrong; none of a list that
  // ends before, as of a kernel with a fault in one lane.
  explicit FaultyKernel(Fault fault, size_t place = 0)
      : fault_(fault), place_(place) {}
  std::string_view name() const override { return "faulty"; }
  absl::Status Tokenise(const Scalar& key, std::span<const NhsMessage> messages,
                        std::span<uint8_t> out) const override {
    const absl::Status status = PortableKernel().Tokenise(key, messages, out);
    if (fault_ == Fault::kToken) Spoil(out);
    return status;
  }
  absl::StatusOr<size_t> Convert(const Scalar& factor,
                                 std::span<const uint8_t> in,
                                 std::span<uint8_t> out,
                                 std::span<uint8_t> rejected) const override {
    auto count = PortableKernel().Convert(factor, in, out, rejected);
    if (fault_ == Fault::kConversion) Spoil(out);
    if (fault_ == Fault::kMask) std::fill(rejected.begin(), rejected.end(), 0);
    if (fault_ == Fault::kNeighbour && *count > 0) Spoil(out);
    return count;
  }

 private:
  void Spoil(std::span<uint8_t> out) const {
    if (out.size() > 32 * place_) out[32 * place_ + 5] ^= 1;
  }
  Fault fault_;
  size_t place_;
};

TEST(SelfTestKernel, FindsEveryKindOfFault) {
  using Fault = FaultyKernel::Fault;
  EXPECT_OK(SelfTestKernel(FaultyKernel(Fault::kNone)));
  for (const Fault fault :
       {Fault::kToken, Fault::kConversion, Fault::kMask, Fault::kNeighbour}) {
    EXPECT_THAT(SelfTestKernel(FaultyKernel(fault)),
                ExitCodeIs(kExitIntegrity));
  }
}

// Upper lanes, the second vector, the last of a batch of 64 and of 128, and the
// next batch up to a lane of its second vector, which is not full.
TEST(SelfTestKernel, FindsAFaultInEveryLaneVectorAndBatch) {
  using Fault = FaultyKernel::Fault;
  for (const size_t place : {4, 5, 6, 7, 8, 15, 63, 64, 127, 128, 136, 140}) {
    for (const Fault fault : {Fault::kToken, Fault::kConversion}) {
      EXPECT_THAT(SelfTestKernel(FaultyKernel(fault, place)),
                  ExitCodeIs(kExitIntegrity))
          << place;
    }
  }
}

class SelectKernelTest : public testing::Test {
 protected:
  ~SelectKernelTest() override { unsetenv("TALLY_KERNEL"); }
};

TEST_F(SelectKernelTest, AutoIsTheFirstThatThisMachineRuns) {
  for (const std::string_view name : {"", "auto"}) {
    EXPECT_THAT(SelectKernel(name), IsOkAndHolds(AvailableKernels().front()));
  }
  EXPECT_EQ(AvailableKernels().back(), &PortableKernel());
}

TEST_F(SelectKernelTest, EveryAvailableKernelCanBeForced) {
  for (const TokenKernel* kernel : AvailableKernels()) {
    EXPECT_THAT(SelectKernel(kernel->name()), IsOkAndHolds(kernel));
    setenv("TALLY_KERNEL", std::string(kernel->name()).c_str(), 1);
    EXPECT_THAT(SelectKernel("auto"), IsOkAndHolds(kernel));
    unsetenv("TALLY_KERNEL");
  }
}

TEST_F(SelectKernelTest, RefusesKernelsThatTheCpuLacks) {
  const std::array<const TokenKernel*, 1> old_cpu = {&PortableKernel()};
  for (const std::string_view name : {"avx2", "avx512ifma"}) {
    const auto chosen = kernels::ChooseKernel(name, nullptr, old_cpu);
    EXPECT_THAT(chosen, ExitCodeIs(kExitUsage));
    EXPECT_THAT(chosen.status().message(), HasSubstr("limits.kernel"));
    EXPECT_THAT(chosen.status().message(), HasSubstr("this CPU"));
  }
  EXPECT_THAT(kernels::ChooseKernel("auto", nullptr, old_cpu),
              IsOkAndHolds(&PortableKernel()));
  EXPECT_THAT(kernels::ChooseKernel("auto", "avx2", old_cpu),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       HasSubstr("TALLY_KERNEL asks for the kernel avx2")));
}

TEST_F(SelectKernelTest, RefusesUnknownWords) {
  for (const std::string_view name : {"fast", "AUTO", "avx512"}) {
    EXPECT_THAT(SelectKernel(name), ExitCodeIs(kExitUsage));
  }
  setenv("TALLY_KERNEL", "", 1);
  EXPECT_THAT(SelectKernel("auto"), ExitCodeIs(kExitUsage));
}

TEST_F(SelectKernelTest, EnvironmentVariableTakesTheSettingsPlace) {
  setenv("TALLY_KERNEL", "portable", 1);
  EXPECT_THAT(SelectKernel("avx2"), IsOkAndHolds(&PortableKernel()));
  setenv("TALLY_KERNEL", "auto", 1);
  EXPECT_THAT(SelectKernel("portable"),
              IsOkAndHolds(AvailableKernels().front()));
}

TEST(TokenConverter, RefusesFactorsThatDoNotBelongTogether) {
  const auto make = [](FactorInfo info) {
    return ConversionFactor::Create(std::move(info), Scalar::Random().value())
        .value();
  };
  FactorInfo info;
  info.domain = "commissioning";
  info.source = "gp-one";
  info.stages = 2;
  const ConversionFactor first = make(info);
  info.stage = 2;
  const ConversionFactor second = make(info);
  info.source_epoch = 2;
  const ConversionFactor other_epoch = make(info);
  const TokenKernel& kernel = PortableKernel();
  EXPECT_OK(TokenConverter::Create({&first, &second}, kernel));
  using Factors = std::vector<const ConversionFactor*>;
  for (const Factors& factors :
       {Factors{}, Factors{&first}, Factors{&second, &first},
        Factors{&first, &first}, Factors{&first, &other_epoch}}) {
    EXPECT_THAT(TokenConverter::Create(factors, kernel),
                ReasonIs(Reason::kFactorMismatch));
  }
}

TEST(TokenConverter, TwoStagesAreOneMultiplicationByTheProduct) {
  FactorInfo info;
  info.domain = "commissioning";
  info.source = "gp-one";
  info.stages = 2;
  const Scalar c1 = Scalar::Random().value();
  const Scalar c2 = Scalar::Random().value();
  ASSERT_OK_AND_ASSIGN(
      const ConversionFactor first,
      ConversionFactor::Create(info, *Scalar::FromSecret(c1.secret())));
  info.stage = 2;
  ASSERT_OK_AND_ASSIGN(
      const ConversionFactor second,
      ConversionFactor::Create(info, *Scalar::FromSecret(c2.secret())));
  ASSERT_OK_AND_ASSIGN(
      const TokenConverter converter,
      TokenConverter::Create({&first, &second}, PortableKernel()));
  ASSERT_OK_AND_ASSIGN(const Scalar product, c1.Times(c2));
  WipedBytes in = RandomTokens(3);
  in[32 + 31] |= 0x80;  // the second is bad
  WipedBytes out(96);
  std::vector<uint8_t> rejected(3);
  EXPECT_THAT(converter.Convert(in, out, rejected), IsOkAndHolds(1u));
  EXPECT_EQ(out, PlainConvert(product, in));
  EXPECT_THAT(rejected, testing::ElementsAre(0, 1, 0));
}

}  // namespace
}  // namespace tally::crypto
