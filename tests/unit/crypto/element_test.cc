#include "crypto/element.h"

#include <sodium.h>

#include "crypto_fixture.h"

namespace tally::crypto {
namespace {

using testing::Not;

const std::string kZero(64, '0');

TEST(Element, WrongLengthIsElementLength) {
  for (const size_t size : {0, 1, 31, 33, 64}) {
    const std::vector<uint8_t> bytes(size, 1);
    EXPECT_THAT(Element::Decode(bytes), ReasonIs(Reason::kElementLength));
    EXPECT_EQ(CheckElementBytes(bytes), Reason::kElementLength);
  }
}

TEST(Element, IdentityIsRefusedAndSoIsItsAlias) {
  EXPECT_THAT(Element::DecodeHex(kZero), ReasonIs(Reason::kElementIdentity));
  std::string alias = kZero;
  alias[62] = '8';
  EXPECT_THAT(Element::DecodeHex(alias), ReasonIs(Reason::kElementTopBit));
}

TEST(Element, NotAPointIsElementInvalid) {
  EXPECT_THAT(
      Element::DecodeHex(
          "26948d35ca62e643e26a83177332e6b6afeb9d08e4268b650f1f5bbd8d81d371"),
      ReasonIs(Reason::kElementInvalid));
}

// s + p encodes the same element; it must not decode.
TEST(Element, EncodingBeyondThePrimeIsRefused) {
  // 2 + p, where 2 is no element but shows the range check; and p itself.
  for (const std::string_view hex :
       {"efffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"}) {
    EXPECT_THAT(Element::DecodeHex(hex), Not(IsOk()));
  }
}

// Points of small order of Ed25519's curve, as Ed25519 encodes them.
TEST(Element, SmallOrderEncodingsOfEd25519AreRefused) {
  for (const std::string_view hex :
       {"0100000000000000000000000000000000000000000000000000000000000000",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "0000000000000000000000000000000000000000000000000000000000000080",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa"}) {
    EXPECT_THAT(Element::DecodeHex(hex), Not(IsOk())) << hex;
  }
}

TEST(Element, RandomStringsPassOneTimeInSixteen) {
  int passed = 0;
  constexpr int kTries = 4000;
  for (int i = 0; i < kTries; ++i) {
    std::array<uint8_t, 32> bytes;
    randombytes_buf(bytes.data(), bytes.size());
    if (Element::Decode(bytes).ok()) ++passed;
  }
  // 6.25 % of 4,000 is 250, with a standard deviation of 15; libsodium alone
  // would pass 500.
  EXPECT_GT(passed, 150);
  EXPECT_LT(passed, 350);
}

TEST(Element, HexIsLowerCaseOnly) {
  std::string hex = Element::Generator().Hex();
  EXPECT_OK(Element::DecodeHex(hex));
  hex[0] = 'E';
  EXPECT_THAT(Element::DecodeHex(hex), ReasonIs(Reason::kElementLength));
}

TEST(Element, IsNotPrinted) {
  EXPECT_EQ(testing::PrintToString(Element::Generator()), "[redacted]");
}

TEST(CheckTokenBytes, NamesTheFirstBadTokenAndHowManyThereAre) {
  std::vector<uint8_t> tokens;
  const Element good = Element::Generator();
  for (int i = 0; i < 5; ++i) {
    tokens.insert(tokens.end(), good.bytes().begin(), good.bytes().end());
  }
  EXPECT_OK(CheckTokenBytes(tokens));
  EXPECT_OK(CheckTokenBytes({}));
  std::fill_n(tokens.begin() + 64, 32, uint8_t{0});  // the third
  tokens[4 * 32 + 31] |= 0x80;                       // the fifth
  const absl::Status status = CheckTokenBytes(tokens);
  EXPECT_THAT(status, ReasonIs(Reason::kElementIdentity));
  EXPECT_EQ(DetailOf(status)->row, 3);
  EXPECT_EQ(DetailOf(status)->count, 2);
}

TEST(CheckTokenBytes, RefusesAPartOfAToken) {
  const std::vector<uint8_t> tokens(33, 1);
  EXPECT_THAT(CheckTokenBytes(tokens), ReasonIs(Reason::kElementLength));
}

TEST(CheckTokenBytes, SaysNothingOfTheBytes) {
  std::vector<uint8_t> tokens = Bytes(Element::Generator().Hex());
  tokens[31] |= 0x80;
  const std::string message(CheckTokenBytes(tokens).message());
  for (size_t i = 0; i + 6 <= 64; ++i) {
    EXPECT_EQ(message.find(Hex(tokens).substr(i, 6)), std::string::npos);
  }
}

TEST(Multiply, GoesBackByTheInverse) {
  const Scalar k = Scalar::Random().value();
  ASSERT_OK_AND_ASSIGN(const Element kg, MultiplyBase(k));
  EXPECT_EQ(*Multiply(k, Element::Generator()), kg);
  EXPECT_EQ(*Multiply(*k.Inverse(), kg), Element::Generator());
}

}  // namespace
}  // namespace tally::crypto
