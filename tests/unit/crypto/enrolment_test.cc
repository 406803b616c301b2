#include "crypto/enrolment.h"

#include "crypto_fixture.h"

namespace tally::crypto {
namespace {

using testing::HasSubstr;
using testing::Not;

class EnrolmentTest : public testing::Test {
 protected:
  Enrolment Source() const {
    Enrolment e;
    e.environment = Environment::kTest;
    e.role = PartyRole::kSource;
    e.party = "gp-one";
    e.domain = "commissioning";
    e.sign_public = parties_.source_sign.public_key();
    e.box_public = parties_.source_box.public_key();
    e.epoch = 1;
    e.public_key = parties_.source_key.public_key();
    e.key_id = parties_.source_key.key_id();
    return e;
  }
  Enrolment Hub() const {
    Enrolment e;
    e.environment = Environment::kTest;
    e.role = PartyRole::kHub;
    e.party = "hub-a";
    e.domain = "commissioning";
    e.sign_public = parties_.hub_sign.public_key();
    e.box_public = parties_.hub_box.public_key();
    return e;
  }
  std::string SourceFile() const {
    return WriteEnrolment(Source(), parties_.source_sign,
                          &parties_.source_key.scalar())
        .value();
  }
  Parties parties_;
};

TEST_F(EnrolmentTest, SourceGoesThroughItsFile) {
  ASSERT_OK_AND_ASSIGN(const Enrolment read,
                       ReadEnrolment(SourceFile(), Environment::kTest));
  EXPECT_EQ(read.party, "gp-one");
  EXPECT_EQ(read.role, PartyRole::kSource);
  EXPECT_EQ(read.epoch, 1u);
  EXPECT_EQ(*read.public_key, parties_.source_key.public_key());
  EXPECT_EQ(*read.key_id, parties_.source_key.key_id());
  EXPECT_EQ(read.sign_public, parties_.source_sign.public_key());
  EXPECT_EQ(read.box_public, parties_.source_box.public_key());
}

TEST_F(EnrolmentTest, HubGoesThroughItsFile) {
  ASSERT_OK_AND_ASSIGN(const std::string file,
                       WriteEnrolment(Hub(), parties_.hub_sign, nullptr));
  ASSERT_OK_AND_ASSIGN(const Enrolment read,
                       ReadEnrolment(file, Environment::kTest));
  EXPECT_EQ(read.role, PartyRole::kHub);
  EXPECT_FALSE(read.public_key.has_value());
  EXPECT_EQ(file.find("proof"), std::string::npos);
}

TEST_F(EnrolmentTest, EveryChangedByteIsFound) {
  const std::string good = SourceFile();
  for (size_t i = 0; i < good.size(); ++i) {
    std::string changed = good;
    changed[i] = changed[i] == '1' ? '2' : '1';
    EXPECT_THAT(ReadEnrolment(changed, Environment::kTest), Not(IsOk())) << i;
  }
}

TEST_F(EnrolmentTest, AnotherEnvironmentIsRefused) {
  EXPECT_THAT(ReadEnrolment(SourceFile(), Environment::kProduction),
              ReasonIs(Reason::kEnvironmentMismatch));
}

// Whoever does not hold the key cannot enrol its public half.
TEST_F(EnrolmentTest, ForeignPublicKeyCannotBeEnrolled) {
  const Parties others;
  Enrolment e = Source();
  e.public_key = others.source_key.public_key();
  e.key_id = others.source_key.key_id();
  EXPECT_THAT(
      WriteEnrolment(e, parties_.source_sign, &parties_.source_key.scalar()),
      Not(IsOk()));
  // Nor with a proof taken from the owner's own file.
  const std::string mine = SourceFile();
  const std::string theirs =
      WriteEnrolment(
          [&] {
            Enrolment o = Source();
            o.public_key = others.source_key.public_key();
            o.key_id = others.source_key.key_id();
            o.sign_public = others.source_sign.public_key();
            o.box_public = others.source_box.public_key();
            return o;
          }(),
          others.source_sign, &others.source_key.scalar())
          .value();
  const auto proof_of = [](const std::string& file) {
    const size_t at = file.find("\"proof\":\"") + 9;
    return file.substr(at, 192);
  };
  std::string spliced = mine;
  spliced.replace(spliced.find(proof_of(mine)), 192, proof_of(theirs));
  EXPECT_THAT(ReadEnrolment(spliced, Environment::kTest), Not(IsOk()));
}

TEST_F(EnrolmentTest, FieldsMustFitTheRole) {
  Enrolment hub_with_key = Hub();
  hub_with_key.epoch = 1;
  EXPECT_THAT(WriteEnrolment(hub_with_key, parties_.hub_sign, nullptr),
              ExitCodeIs(kExitInvalidInput));
  Enrolment source_without = Source();
  source_without.public_key.reset();
  EXPECT_THAT(WriteEnrolment(source_without, parties_.source_sign,
                             &parties_.source_key.scalar()),
              ExitCodeIs(kExitInvalidInput));
  Enrolment custodian = Hub();
  custodian.role = PartyRole::kCustodian;
  EXPECT_THAT(WriteEnrolment(custodian, parties_.hub_sign, nullptr),
              ExitCodeIs(kExitInvalidInput));
  Enrolment bad_name = Hub();
  bad_name.party = "../hub";
  EXPECT_THAT(WriteEnrolment(bad_name, parties_.hub_sign, nullptr),
              ExitCodeIs(kExitInvalidInput));
  EXPECT_THAT(WriteEnrolment(Hub(), parties_.source_sign, nullptr),
              ExitCodeIs(kExitInvalidInput));
}

TEST_F(EnrolmentTest, FingerprintsNameEveryKey) {
  const std::string text = EnrolmentFingerprints(Source());
  EXPECT_THAT(text, HasSubstr(Fingerprint(parties_.source_sign.public_key())));
  EXPECT_THAT(text, HasSubstr(Fingerprint(parties_.source_box.public_key())));
  EXPECT_THAT(text, HasSubstr(parties_.source_key.key_id().Hex()));
}

}  // namespace
}  // namespace tally::crypto
