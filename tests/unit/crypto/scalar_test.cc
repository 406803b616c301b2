#include "crypto/scalar.h"

#include "crypto_fixture.h"
#include "internal/group.h"

namespace tally::crypto {
namespace {

// L, little-endian.
constexpr std::string_view kOrder =
    "edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010";

absl::Status TakeHex(std::string_view hex) {
  std::vector<uint8_t> bytes = Bytes(hex);
  return Scalar::TakeFrom(bytes).status();
}

TEST(Scalar, OneAndTheLargestAreTaken) {
  EXPECT_OK(TakeHex(
      "0100000000000000000000000000000000000000000000000000000000000000"));
  EXPECT_OK(TakeHex(
      "ecd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010"));
}

TEST(Scalar, EverythingThatLibsodiumWouldReduceIsRefused) {
  const std::string zero(64, '0');
  EXPECT_THAT(TakeHex(zero), ExitCodeIs(kExitInvalidInput));
  EXPECT_THAT(TakeHex(kOrder), ExitCodeIs(kExitInvalidInput));
  // L + 7, which libsodium takes for 7.
  EXPECT_THAT(
      TakeHex(
          "f4d3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010"),
      ExitCodeIs(kExitInvalidInput));
  // 2^255 - 1, and seven with bit 255, which libsodium masks.
  EXPECT_THAT(
      TakeHex(
          "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"),
      ExitCodeIs(kExitInvalidInput));
  EXPECT_THAT(
      TakeHex(
          "0700000000000000000000000000000000000000000000000000000000000080"),
      ExitCodeIs(kExitInvalidInput));
}

TEST(Scalar, OtherLengthsAreRefusedAndWiped) {
  for (const size_t size : {0, 31, 33}) {
    std::vector<uint8_t> bytes(size, 1);
    EXPECT_THAT(Scalar::TakeFrom(bytes), ExitCodeIs(kExitInvalidInput));
    EXPECT_THAT(bytes, testing::Each(0));
  }
}

TEST(Scalar, TakingWipesTheSource) {
  std::vector<uint8_t> bytes(32, 1);
  ASSERT_OK(Scalar::TakeFrom(bytes));
  EXPECT_THAT(bytes, testing::Each(0));
}

TEST(Scalar, InverseTimesItselfIsOne) {
  for (int i = 0; i < 20; ++i) {
    const Scalar x = Scalar::Random().value();
    ASSERT_OK_AND_ASSIGN(const Scalar inverse, x.Inverse());
    EXPECT_EQ(ScalarHex(*x.Times(inverse)), "01" + std::string(62, '0'));
  }
}

TEST(Scalar, RandomOnesDiffer) {
  EXPECT_FALSE(Scalar::Random()->EqualTo(*Scalar::Random()));
}

TEST(Scalar, IsNotPrinted) {
  EXPECT_EQ(testing::PrintToString(Scalar::Random().value()), "[redacted]");
}

TEST(IsStrictScalar, AgreesWithRangeOnEveryLastByte) {
  // 0x10 followed by a smaller low half is below L; 0x11 and above never is.
  for (int top = 0; top < 256; ++top) {
    std::vector<uint8_t> bytes(32, 0);
    bytes[0] = 1;
    bytes[31] = static_cast<uint8_t>(top);
    EXPECT_EQ(internal::IsStrictScalar(bytes), top <= 0x10) << top;
  }
}

}  // namespace
}  // namespace tally::crypto
