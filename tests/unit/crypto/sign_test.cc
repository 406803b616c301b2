#include "crypto/sign.h"

#include "crypto_fixture.h"

namespace tally::crypto {
namespace {

constexpr SignLabel kLabels[] = {SignLabel::kManifest, SignLabel::kRelease,
                                 SignLabel::kReceipt,  SignLabel::kRegistry,
                                 SignLabel::kCeremony, SignLabel::kCertificate,
                                 SignLabel::kEnrolment};

SigningKey Key(SignPurpose purpose = SignPurpose::kSign) {
  return SigningKey::Generate(Environment::kTest, "gp-one", purpose).value();
}

TEST(SigningKey, SignatureVerifiesUnderItsLabelOnly) {
  const SigningKey key = Key();
  for (const SignLabel label : kLabels) {
    ASSERT_OK_AND_ASSIGN(const Signature signature, key.Sign(label, "text"));
    for (const SignLabel other : kLabels) {
      EXPECT_EQ(Verify(other, "text", signature, key.public_key()).ok(),
                other == label);
    }
  }
}

TEST(SigningKey, LabelCannotBeMovedIntoTheMessage) {
  // "tally1-release" 0x00 "x" must not be had from another split.
  const SigningKey key = Key(SignPurpose::kAudit);
  const std::string note = std::string("tally1-release\0x", 16);
  ASSERT_OK_AND_ASSIGN(const Signature as_note, key.SignNote(note));
  // An audit key signs notes; this is why it signs nothing else and why hubs
  // publish it apart from the key that signs releases.
  EXPECT_OK(Verify(SignLabel::kRelease, "x", as_note, key.public_key()));
  EXPECT_THAT(Key(SignPurpose::kSign).SignNote(note), ExitCodeIs(kExitKey));
  EXPECT_THAT(Key(SignPurpose::kRegistry).SignNote(note), ExitCodeIs(kExitKey));
}

TEST(Verify, EveryFlippedBitIsFound) {
  const SigningKey key = Key();
  ASSERT_OK_AND_ASSIGN(const Signature signature,
                       key.Sign(SignLabel::kReceipt, "text"));
  for (size_t bit = 0; bit < 512; ++bit) {
    Signature changed = signature;
    changed[bit / 8] ^= static_cast<uint8_t>(1 << (bit % 8));
    EXPECT_THAT(Verify(SignLabel::kReceipt, "text", changed, key.public_key()),
                ReasonIs(Reason::kSignatureInvalid));
  }
  EXPECT_THAT(Verify(SignLabel::kReceipt, "texu", signature, key.public_key()),
              ReasonIs(Reason::kSignatureInvalid));
  EXPECT_THAT(
      Verify(SignLabel::kReceipt, "text", signature, Key().public_key()),
      ReasonIs(Reason::kSignatureInvalid));
}

TEST(SigningKey, SignsAsEd25519OverLabelZeroAndText) {
  // RFC 8032, test 2: secret 4ccd..., message 72; through the note path.
  ASSERT_OK_AND_ASSIGN(
      const SigningKey key,
      SigningKey::FromSeed(
          Environment::kTest, "gp-one", SignPurpose::kAudit,
          SecretFromHex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6"
                        "ed4fb8a6fb")));
  EXPECT_EQ(Hex(key.public_key()),
            "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c");
  EXPECT_EQ(Hex(*key.SignNote("\x72")),
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da08"
            "5ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00");
}

TEST(SignatureFile, GoesThroughTextAndBack) {
  const SigningKey key = Key();
  ASSERT_OK_AND_ASSIGN(const Signature signature,
                       key.Sign(SignLabel::kManifest, "text"));
  const std::string file = EncodeSignatureFile(signature);
  EXPECT_EQ(file.size(), 87u);
  EXPECT_THAT(DecodeSignatureFile(file), IsOkAndHolds(signature));
}

TEST(SignatureFile, OtherTextIsRefused) {
  const std::string good = EncodeSignatureFile(Signature{});
  for (const std::string& text :
       {std::string(), std::string("\n"), good.substr(0, 86), good + "\n",
        good.substr(1), " " + good, good.substr(0, 86) + "\r\n",
        good.substr(0, 85) + "B\n", good.substr(0, 86) + "==\n"}) {
    EXPECT_THAT(DecodeSignatureFile(text), ReasonIs(Reason::kSignatureInvalid));
  }
}

TEST(PublicKeyText, GoesThroughTextAndBack) {
  const SigningKey key = Key();
  const std::string text = EncodePublicKey(key.public_key());
  EXPECT_EQ(text.size(), 43u);
  EXPECT_THAT(DecodePublicKey(text), IsOkAndHolds(key.public_key()));
  EXPECT_THAT(DecodePublicKey(text + "="), ExitCodeIs(kExitUsage));
  EXPECT_THAT(DecodePublicKey(""), ExitCodeIs(kExitUsage));
}

TEST(Fingerprint, IsEightGroupsOfFour) {
  EXPECT_THAT(Fingerprint(Key().public_key()),
              testing::MatchesRegex("([0-9a-f]{4} ){7}[0-9a-f]{4}"));
}

TEST(SigningKey, IsNotPrinted) {
  EXPECT_EQ(testing::PrintToString(Key()), "[redacted]");
}

}  // namespace
}  // namespace tally::crypto
