#include "crypto/canary.h"

#include "base/sha256.h"
#include "crypto/hash_to_group.h"
#include "crypto_fixture.h"
#include "internal/group.h"

namespace tally::crypto {
namespace {

// Modulus 11 check digit of nine digits, or -1.
int CheckDigit(std::string_view nine) {
  int sum = 0;
  for (size_t i = 0; i < 9; ++i) {
    sum += (nine[i] - '0') * static_cast<int>(10 - i);
  }
  const int digit = 11 - sum % 11;
  return digit == 11 ? 0 : digit == 10 ? -1 : digit;
}

TEST(Canary, NumbersAreTheFirstSixteenOfTheNeverIssuedRange) {
  size_t found = 0;
  for (int n = 1; found < kCanaryCount; ++n) {
    ASSERT_LT(n, 100);
    std::string nine = std::to_string(999000000 + n);
    const int digit = CheckDigit(nine);
    if (digit < 0) continue;
    EXPECT_EQ(nine + static_cast<char>('0' + digit), CanaryNumbers()[found]);
    ++found;
  }
}

TEST(Canary, IsCanaryNumberKnowsThoseAndNoOthers) {
  for (const std::string_view number : CanaryNumbers()) {
    EXPECT_TRUE(IsCanaryNumber(number));
  }
  EXPECT_FALSE(IsCanaryNumber("9998242193"));
  EXPECT_FALSE(IsCanaryNumber(""));
}

TEST(Canary, ConstantsAreTheHashesOfTheNumbers) {
  std::string all;
  for (size_t i = 0; i < kCanaryCount; ++i) {
    ASSERT_OK_AND_ASSIGN(const WipedBytes message,
                         EncodeMessage(kNhsNumberKind, CanaryNumbers()[i]));
    ASSERT_OK_AND_ASSIGN(const Element element, HashToGroup(message));
    EXPECT_EQ(element, CanaryElements()[i]);
    all.append(element.bytes().begin(), element.bytes().end());
  }
  EXPECT_EQ(Sha256Hex(all),
            "2327c078c46ac97d4361bf0c3a7de89c56bd73e3709fdb320e387270af19bcac");
}

TEST(Canary, ProofWithTheNonceOfTheSpecificationIsExact) {
  const SourceKey key = VectorSourceKey("gp-supplier-a");
  std::vector<Element> tokens;
  for (const Element& element : CanaryElements()) {
    tokens.push_back(Multiply(key.scalar(), element).value());
  }
  internal::ScalarBytes nonce;
  nonce.data()[0] = 0x39;
  nonce.data()[1] = 0x30;
  EXPECT_EQ(
      Hex(*internal::ProveWithNonce(key.scalar(), key.public_key(),
                                    CanaryElements(), tokens,
                                    internal::kTallyDleq, nonce)),
      "6f89c21e6c5166749a901796bcb01a3e2a3111c01cafee1d3796b8fb54d1130c3d3d4c"
      "2664112f048a641ccbb1ecaf6892dfd52bc0a315dbeca22c83edf7c50e");
}

TEST(Canary, ProofOfTheRegisteredKeyIsAccepted) {
  const SourceKey key = VectorSourceKey("national-apc");
  ASSERT_OK_AND_ASSIGN(const CanaryProof made, MakeCanaryProof(key));
  EXPECT_OK(VerifyCanaryProof(key.public_key(), made.tokens, made.proof));
  const LocalTokenKey local(VectorSourceKey("national-apc"), PortableKernel());
  ASSERT_OK_AND_ASSIGN(const CanaryProof other, local.ProveCanary());
  EXPECT_EQ(other.tokens, made.tokens);
}

TEST(Canary, AnotherKeyOrEpochIsCanaryInvalid) {
  ASSERT_OK_AND_ASSIGN(const CanaryProof made,
                       MakeCanaryProof(VectorSourceKey("gp-supplier-a", 2)));
  for (const SourceKey& registered :
       {VectorSourceKey("gp-supplier-a", 1), VectorSourceKey("national-apc")}) {
    EXPECT_THAT(
        VerifyCanaryProof(registered.public_key(), made.tokens, made.proof),
        ReasonIs(Reason::kCanaryInvalid));
  }
}

// A source that writes numbers in another form (spaces, say) makes other
// tokens, with a key that is right.
TEST(Canary, WrongCanonicalFormIsCanaryInvalid) {
  const SourceKey key = VectorSourceKey("gp-supplier-a");
  std::vector<Element> c;
  std::vector<Element> d;
  std::vector<uint8_t> tokens;
  for (const std::string_view number : CanaryNumbers()) {
    const std::string spaced =
        std::string(number.substr(0, 3)) + " " + std::string(number.substr(3));
    const WipedBytes message = EncodeMessage(kNhsNumberKind, spaced).value();
    c.push_back(HashToGroup(message).value());
    d.push_back(Multiply(key.scalar(), c.back()).value());
    tokens.insert(tokens.end(), d.back().bytes().begin(),
                  d.back().bytes().end());
  }
  ASSERT_OK_AND_ASSIGN(const DleqProof proof,
                       ProveDleq(key.scalar(), key.public_key(), c, d));
  EXPECT_THAT(VerifyCanaryProof(key.public_key(), tokens, proof),
              ReasonIs(Reason::kCanaryInvalid));
}

TEST(Canary, WrongSizesAndBadElementsAreCanaryInvalid) {
  const SourceKey key = VectorSourceKey("gp-supplier-a");
  ASSERT_OK_AND_ASSIGN(const CanaryProof made, MakeCanaryProof(key));
  const std::span<const uint8_t> tokens = made.tokens;
  const std::span<const uint8_t> proof = made.proof;
  for (const size_t size : {0, 32, 480, 511}) {
    EXPECT_THAT(VerifyCanaryProof(key.public_key(), tokens.first(size), proof),
                ReasonIs(Reason::kCanaryInvalid));
  }
  for (const size_t size : {0, 63}) {
    EXPECT_THAT(VerifyCanaryProof(key.public_key(), tokens, proof.first(size)),
                ReasonIs(Reason::kCanaryInvalid));
  }
  std::vector<uint8_t> spoilt(tokens.begin(), tokens.end());
  spoilt[31] |= 0x80;
  EXPECT_THAT(VerifyCanaryProof(key.public_key(), spoilt, proof),
              ReasonIs(Reason::kCanaryInvalid));
}

}  // namespace
}  // namespace tally::crypto
