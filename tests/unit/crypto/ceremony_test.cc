#include "crypto/ceremony.h"

#include "base/bytes.h"
#include "crypto_fixture.h"
#include "temp_dir.h"

namespace tally::crypto {
namespace {

using testing::Not;

absl::Status Agree(const CeremonyHeader&) { return absl::OkStatus(); }

class Ceremony : public testing::Test {
 protected:
  Ceremony() : registry_(parties_.MakeRegistry()) {}

  absl::StatusOr<FactorRequest> Request() {
    return RequestFactor(registry_, "gp-one", "commissioning", 1,
                         parties_.source_key.scalar(), parties_.source_sign,
                         "");
  }
  absl::StatusOr<FactorAnswer> Answer(std::span<const uint8_t> step1) {
    return AnswerFactor(registry_, step1, parties_.hub_scalar,
                        parties_.custodian_box, parties_.custodian_sign, "",
                        Agree);
  }
  absl::StatusOr<CombinedFactor> Combine(std::span<const uint8_t> step2,
                                         std::span<const uint8_t> step3) {
    return CombineFactor(registry_, step2, step3, parties_.hub_box,
                         CeremonyLog::Open(dir_.Path("log")).value());
  }
  CeremonyHeader Header(CeremonyStep step) {
    CeremonyHeader header{.step = step,
                          .factor = {.environment = Environment::kTest,
                                     .domain = "commissioning",
                                     .source = "gp-one"},
                          .source_public = parties_.source_key.public_key(),
                          .hub_public = parties_.HubEntry().public_key};
    header.id.fill(7);
    return header;
  }

  TempDir dir_;
  Parties parties_;
  Registry registry_;
};

TEST_F(Ceremony, MakesTheFactorThatLeadsToTheHubKey) {
  ASSERT_OK_AND_ASSIGN(const FactorRequest request, Request());
  ASSERT_OK_AND_ASSIGN(const FactorAnswer answer,
                       Answer(request.for_custodian));
  EXPECT_EQ(answer.id, request.id);
  EXPECT_EQ(answer.hub_party, "hub-a");
  ASSERT_OK_AND_ASSIGN(const CombinedFactor combined,
                       Combine(request.for_hub, answer.for_hub));
  ASSERT_OK_AND_ASSIGN(const Scalar inverse,
                       parties_.source_key.scalar().Inverse());
  EXPECT_TRUE(
      combined.factor.scalar().EqualTo(*parties_.hub_scalar.Times(inverse)));
  EXPECT_EQ(combined.factor.info(), request.factor);
}

// What the custodian and the hub see are other scalars each time: nobody can
// tell from them whose key it is.
TEST_F(Ceremony, ValuesAreBlindedAfresh) {
  ASSERT_OK_AND_ASSIGN(const FactorRequest one, Request());
  ASSERT_OK_AND_ASSIGN(const FactorRequest two, Request());
  const auto value = [&](const FactorRequest& request) {
    return ScalarHex(OpenCeremonyMessage(request.for_custodian,
                                         parties_.custodian_box,
                                         parties_.source_sign.public_key())
                         ->value);
  };
  EXPECT_NE(value(one), value(two));
  EXPECT_NE(one.id, two.id);
}

TEST_F(Ceremony, MessagesOpenForTheirReceiverOnly) {
  ASSERT_OK_AND_ASSIGN(const FactorRequest request, Request());
  EXPECT_THAT(PeekCeremonyHeader(request.for_custodian, parties_.hub_box),
              Not(IsOk()));
  EXPECT_THAT(PeekCeremonyHeader(request.for_hub, parties_.custodian_box),
              Not(IsOk()));
  EXPECT_OK(PeekCeremonyHeader(request.for_hub, parties_.hub_box));
  EXPECT_THAT(Answer(request.for_hub), Not(IsOk()));
}

TEST_F(Ceremony, MessageHasTheLayoutOfTheSpecification) {
  const CeremonyHeader header = Header(CeremonyStep::kBlind);
  const Scalar value = ScalarFromHex("07" + std::string(62, '0'));
  ASSERT_OK_AND_ASSIGN(
      const WipedBytes file,
      SealCeremonyMessage(
          {.header = header, .value = *Scalar::FromSecret(value.secret())},
          parties_.source_sign, parties_.hub_box.public_key()));
  ASSERT_OK_AND_ASSIGN(const WipedBytes opened, parties_.hub_box.Open(file));
  const std::string m =
      "54414c4c59434531"  // TALLYCE1
      "02"
      "0474657374"
      "0d636f6d6d697373696f6e696e67"
      "0667702d6f6e65"
      "00000001"
      "00000001"
      "01"
      "01" +
      header.source_public.Hex() + header.hub_public.Hex() +
      "07070707070707070707070707070707"
      "07" +
      std::string(62, '0');
  ASSERT_EQ(opened.size(), m.size() / 2 + 64);
  EXPECT_EQ(Hex(std::span(opened).first(m.size() / 2)), m);
  std::string signed_text("tally1-ceremony\0", 16);
  ASSERT_OK_AND_ASSIGN(const Signature signature,
                       SignatureFromBytes(std::span(opened).last(64)));
  EXPECT_OK(Verify(SignLabel::kCeremony, std::span(opened).first(m.size() / 2),
                   signature, parties_.source_sign.public_key()));
}

TEST_F(Ceremony, EveryChangedByteOfAFileIsFound) {
  ASSERT_OK_AND_ASSIGN(const FactorRequest request, Request());
  for (size_t i = 0; i < request.for_custodian.size(); i += 5) {
    WipedBytes changed = request.for_custodian;
    changed[i] ^= 1;
    EXPECT_THAT(Answer(changed), ExitCodeIs(kExitInvalidInput)) << i;
  }
}

// A message that is sealed rightly but says something else than the registry,
// or is signed by somebody else.
TEST_F(Ceremony, WrongFieldsAreRefusedByTheCustodian) {
  const Parties others;
  const auto answer = [&](const CeremonyHeader& header,
                          const SigningKey& sender) {
    return Answer(*SealCeremonyMessage(
                      {.header = header, .value = *Scalar::Random()}, sender,
                      parties_.custodian_box.public_key()))
        .status();
  };
  const CeremonyHeader good = Header(CeremonyStep::kBlindedInverse);
  EXPECT_OK(answer(good, parties_.source_sign));
  EXPECT_THAT(answer(good, parties_.hub_sign),
              ReasonIs(Reason::kSignatureInvalid));
  EXPECT_THAT(answer(good, others.source_sign),
              ReasonIs(Reason::kSignatureInvalid));
  CeremonyHeader bad = good;
  bad.step = CeremonyStep::kBlind;
  EXPECT_THAT(answer(bad, parties_.source_sign), ExitCodeIs(kExitInvalidInput));
  bad = good;
  bad.factor.environment = Environment::kExample;
  EXPECT_THAT(answer(bad, parties_.source_sign),
              ReasonIs(Reason::kEnvironmentMismatch));
  bad = good;
  bad.factor.domain = "research";
  EXPECT_THAT(answer(bad, parties_.source_sign), ReasonIs(Reason::kKeyUnknown));
  bad = good;
  bad.factor.source = "gp-two";
  EXPECT_THAT(answer(bad, parties_.source_sign),
              ReasonIs(Reason::kResourceNotFound));
  bad = good;
  bad.factor.source_epoch = 2;
  EXPECT_THAT(answer(bad, parties_.source_sign), ReasonIs(Reason::kKeyUnknown));
  bad = good;
  bad.factor.hub_epoch = 2;
  EXPECT_THAT(answer(bad, parties_.source_sign), ReasonIs(Reason::kKeyUnknown));
  bad = good;
  bad.factor.stages = 2;
  EXPECT_THAT(answer(bad, parties_.source_sign), ReasonIs(Reason::kKeyUnknown));
  bad = good;
  bad.source_public = others.source_key.public_key();
  EXPECT_THAT(answer(bad, parties_.source_sign), ReasonIs(Reason::kKeyUnknown));
  bad = good;
  bad.hub_public = others.HubEntry().public_key;
  EXPECT_THAT(answer(bad, parties_.source_sign), ReasonIs(Reason::kKeyUnknown));
}

TEST_F(Ceremony, KeyThatIsNotActiveGetsNoFactor) {
  ASSERT_OK_AND_ASSIGN(const FactorRequest request, Request());
  for (const KeyStatus status : {KeyStatus::kOverlap, KeyStatus::kRetired}) {
    RegistryBuilder builder = parties_.Builder();
    ASSERT_OK(builder.SetStatus("gp-one", KeyRole::kSource, "commissioning", 1,
                                status));
    registry_ = *builder.Build();
    EXPECT_THAT(Answer(request.for_custodian), ExitCodeIs(kExitKey));
    EXPECT_THAT(Request(), ExitCodeIs(kExitKey));
  }
}

TEST_F(Ceremony, CustodianWithAnotherHubKeyIsRefused) {
  ASSERT_OK_AND_ASSIGN(const FactorRequest request, Request());
  parties_.hub_scalar = *Scalar::Random();
  EXPECT_THAT(Answer(request.for_custodian), ReasonIs(Reason::kKeyUnknown));
}

TEST_F(Ceremony, CallersRefusalIsPassedOn) {
  ASSERT_OK_AND_ASSIGN(const FactorRequest request, Request());
  EXPECT_THAT(
      AnswerFactor(
          registry_, request.for_custodian, parties_.hub_scalar,
          parties_.custodian_box, parties_.custodian_sign, "",
          [](const CeremonyHeader&) { return ConflictError("issued before"); }),
      ExitCodeIs(kExitConflict));
}

TEST_F(Ceremony, MessagesOfTwoCeremoniesDoNotCombine) {
  ASSERT_OK_AND_ASSIGN(const FactorRequest one, Request());
  ASSERT_OK_AND_ASSIGN(const FactorRequest two, Request());
  ASSERT_OK_AND_ASSIGN(const FactorAnswer answer, Answer(one.for_custodian));
  EXPECT_THAT(Combine(two.for_hub, answer.for_hub),
              ExitCodeIs(kExitInvalidInput));
  EXPECT_THAT(Combine(answer.for_hub, one.for_hub),
              ExitCodeIs(kExitInvalidInput));
}

// A source that blinds with one scalar and sends another: found by the check
// against the public keys, not months later by zero matches.
TEST_F(Ceremony, WrongBlindIsFactorMismatch) {
  ASSERT_OK_AND_ASSIGN(const FactorRequest request, Request());
  ASSERT_OK_AND_ASSIGN(const FactorAnswer answer,
                       Answer(request.for_custodian));
  ASSERT_OK_AND_ASSIGN(const CeremonyHeader header,
                       PeekCeremonyHeader(request.for_hub, parties_.hub_box));
  ASSERT_OK_AND_ASSIGN(
      const WipedBytes wrong,
      SealCeremonyMessage({.header = header, .value = *Scalar::Random()},
                          parties_.source_sign, parties_.hub_box.public_key()));
  EXPECT_THAT(Combine(wrong, answer.for_hub),
              ReasonIs(Reason::kFactorMismatch));
}

TEST_F(Ceremony, ValueMustBeAStrictScalar) {
  // The header's bytes with L + 7 as value, signed and sealed by hand.
  ASSERT_OK_AND_ASSIGN(
      const WipedBytes good,
      SealCeremonyMessage({.header = Header(CeremonyStep::kBlindedInverse),
                           .value = *Scalar::Random()},
                          parties_.source_sign,
                          parties_.custodian_box.public_key()));
  ASSERT_OK_AND_ASSIGN(WipedBytes m, parties_.custodian_box.Open(good));
  m.resize(m.size() - 64);
  const auto value =
      Bytes("f4d3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");
  std::copy(value.begin(), value.end(), m.end() - 32);
  ASSERT_OK_AND_ASSIGN(const Signature signature,
                       parties_.source_sign.Sign(SignLabel::kCeremony, m));
  m.insert(m.end(), signature.begin(), signature.end());
  EXPECT_THAT(Answer(*SealTo(parties_.custodian_box.public_key(), m)),
              ExitCodeIs(kExitInvalidInput));
}

TEST_F(Ceremony, SealedTextThatIsNoMessageIsInvalidInput) {
  for (const size_t size : {0, 7, 8, 9, 100, 300}) {
    const std::vector<uint8_t> text(size, 'T');
    EXPECT_THAT(Answer(*SealTo(parties_.custodian_box.public_key(), text)),
                ExitCodeIs(kExitInvalidInput));
  }
  EXPECT_THAT(Answer(std::vector<uint8_t>(3000, 1)),
              ExitCodeIs(kExitInvalidInput));
}

TEST_F(Ceremony, ImportStoresTheFactorOnce) {
  KeyDirectory keys =
      KeyDirectory::Create(dir_.Path("keys"), Environment::kTest, "hub-a",
                           KeyHolder::kParty, *RingSecret::Passphrase("x"))
          .value();
  ASSERT_OK(StoreKey(keys, parties_.hub_box));
  ASSERT_OK_AND_ASSIGN(const FactorRequest request, Request());
  ASSERT_OK_AND_ASSIGN(const FactorAnswer answer,
                       Answer(request.for_custodian));
  ASSERT_OK(
      ImportFactor(registry_, request.for_hub, answer.for_hub, keys, "hub-a"));
  EXPECT_OK(LoadFactor(keys, request.factor));
  EXPECT_THAT(
      ImportFactor(registry_, request.for_hub, answer.for_hub, keys, "hub-a"),
      ExitCodeIs(kExitConflict));
}

TEST_F(Ceremony, LogRefusesRepeatsAndCutsATornLine) {
  CeremonyId id{};
  {
    ASSERT_OK_AND_ASSIGN(CeremonyLog log, CeremonyLog::Open(dir_.Path("log")));
    ASSERT_OK(log.Add(id, CeremonyStep::kBlind));
    EXPECT_THAT(log.Add(id, CeremonyStep::kBlind), ExitCodeIs(kExitConflict));
    EXPECT_OK(log.Add(id, CeremonyStep::kBlindedFactor));
  }
  const std::string good = Slurp(dir_.Path("log"));
  EXPECT_EQ(good,
            std::string(32, '0') + " 2\n" + std::string(32, '0') + " 3\n");
  WriteFile(dir_.Path("log"), good + "0123");
  ASSERT_OK_AND_ASSIGN(const CeremonyLog log,
                       CeremonyLog::Open(dir_.Path("log")));
  EXPECT_TRUE(log.Contains(id, CeremonyStep::kBlind));
  EXPECT_FALSE(log.Contains(id, CeremonyStep::kBlindedInverse));
  EXPECT_EQ(Slurp(dir_.Path("log")), good);
  WriteFile(dir_.Path("log"), "rubbish\n" + good);
  EXPECT_THAT(CeremonyLog::Open(dir_.Path("log")), ExitCodeIs(kExitIntegrity));
}

}  // namespace
}  // namespace tally::crypto
