#include "custodian_fixture.h"

#include "base/bytes.h"
#include "crypto/init.h"

namespace tally::custodian {
namespace {

using crypto::Environment;

class CryptoEnvironment : public testing::Environment {
 public:
  void SetUp() override { ASSERT_OK(crypto::InitCrypto()); }
};
[[maybe_unused]] const testing::Environment* const kEnvironment =
    testing::AddGlobalTestEnvironment(new CryptoEnvironment);

}  // namespace

SourceParty::SourceParty(std::string_view name, uint32_t epoch)
    : key(crypto::SourceKey::Generate({.environment = Environment::kTest,
                                       .role = crypto::KeyRole::kSource,
                                       .party = std::string(name),
                                       .domain = "commissioning",
                                       .epoch = epoch})
              .value()),
      sign(crypto::SigningKey::Generate(Environment::kTest, name,
                                        crypto::SignPurpose::kSign)
               .value()),
      box(crypto::BoxKey::Generate(Environment::kTest, name).value()) {}

std::string SourceParty::Enrolment() const {
  crypto::Enrolment e;
  e.environment = Environment::kTest;
  e.role = crypto::PartyRole::kSource;
  e.party = key.info().party;
  e.domain = key.info().domain;
  e.sign_public = sign.public_key();
  e.box_public = box.public_key();
  e.epoch = key.info().epoch;
  e.public_key = key.public_key();
  e.key_id = key.key_id();
  return crypto::WriteEnrolment(e, sign, &key.scalar()).value();
}

HubParty::HubParty()
    : sign(crypto::SigningKey::Generate(Environment::kTest, "hub-a",
                                        crypto::SignPurpose::kSign)
               .value()),
      box(crypto::BoxKey::Generate(Environment::kTest, "hub-a").value()) {}

std::string HubParty::Enrolment() const {
  crypto::Enrolment e;
  e.environment = Environment::kTest;
  e.role = crypto::PartyRole::kHub;
  e.party = "hub-a";
  e.domain = "commissioning";
  e.sign_public = sign.public_key();
  e.box_public = box.public_key();
  return crypto::WriteEnrolment(e, sign, nullptr).value();
}

CustodianTest::CustodianTest() : source_("gp-one") {
  configuration_.environment = Environment::kTest;
  configuration_.directory = dir_.Path("ceremony");
  configuration_.registry = dir_.Path("registry.json");
  WriteFile(dir_.Path("passphrase"), "correct horse\n");
  configuration_.passphrase = "file:" + dir_.Path("passphrase");
}

crypto::Registry CustodianTest::SetUpRegistry() {
  CeremonyRoom room = CeremonyRoom::OpenOrCreate(configuration_).value();
  const auto made = room.EnsureHubKey("commissioning", 1).value();
  RegistryDesk desk =
      RegistryDesk::Open(configuration_.registry, configuration_.environment,
                         room.sign_key().public_key())
          .value();
  crypto::RegistryBuilder next = desk.Next().value();
  EXPECT_OK(next.AddParty(room.PartyEntry()));
  EXPECT_OK(AddHubKey(next, made.first, "2026-11-01"));
  for (const std::string& text : {source_.Enrolment(), hub_.Enrolment()}) {
    const crypto::Enrolment enrolment =
        crypto::ReadEnrolment(text, configuration_.environment).value();
    std::optional<int64_t> limit;
    if (enrolment.role == crypto::PartyRole::kSource) limit = 1000;
    EXPECT_OK(AddEnrolment(next, enrolment, limit, "2026-11-01"));
  }
  EXPECT_OK(desk.WriteDraft(next));
  return desk.Sign(room.sign_key()).value();
}

crypto::FactorRequest CustodianTest::WriteRequest(
    const crypto::Registry& registry) {
  crypto::FactorRequest request =
      crypto::RequestFactor(registry, "gp-one", "commissioning",
                            source_.key.info().epoch, source_.key.scalar(),
                            source_.sign, "")
          .value();
  WriteFile(dir_.Path("request.step1"), AsChars(request.for_custodian));
  return request;
}

}  // namespace tally::custodian
