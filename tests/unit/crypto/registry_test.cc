#include "crypto/registry.h"

#include "base/bytes.h"
#include "base/sha256.h"
#include "crypto_fixture.h"
#include "temp_dir.h"

namespace tally::crypto {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string SignatureOf(const Parties& parties, std::string_view json) {
  return EncodeSignatureFile(
      *parties.custodian_sign.Sign(SignLabel::kRegistry, json));
}

// The registry with one text in place of another.
std::string Replaced(const Registry& registry, std::string_view from,
                     std::string_view to) {
  std::string json = registry.json();
  const size_t at = json.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return json.replace(at, from.size(), to);
}

TEST(Registry, GoesThroughItsBytesAndBack) {
  const Parties parties;
  const Registry made = parties.MakeRegistry();
  ASSERT_OK_AND_ASSIGN(
      const Registry read,
      Registry::Load(made.json(), SignatureOf(parties, made.json()),
                     parties.custodian_sign.public_key(), Environment::kTest));
  EXPECT_EQ(read.json(), made.json());
  EXPECT_EQ(read.sha256(), Sha256Hex(made.json()));
  EXPECT_EQ(read.version(), 1);
  EXPECT_EQ(read.previous(), std::string(64, '0'));
  EXPECT_EQ(read.keys().size(), 2u);
  EXPECT_EQ(read.parties().size(), 3u);
  EXPECT_EQ(read.json().back(), '\n');
}

TEST(Registry, EveryChangedByteIsFound) {
  const Parties parties;
  const Registry made = parties.MakeRegistry();
  const std::string signature = SignatureOf(parties, made.json());
  for (size_t i = 0; i < made.json().size(); i += 7) {
    std::string json = made.json();
    json[i] = static_cast<char>(json[i] ^ 1);
    EXPECT_THAT(
        Registry::Load(json, signature, parties.custodian_sign.public_key(),
                       Environment::kTest),
        ReasonIs(Reason::kSignatureInvalid));
  }
}

TEST(Registry, SignatureOfAnotherKeyOrLabelIsRefused) {
  const Parties parties;
  const Registry made = parties.MakeRegistry();
  const PublicKey& pinned = parties.custodian_sign.public_key();
  const std::string by_hub = EncodeSignatureFile(
      *parties.hub_sign.Sign(SignLabel::kRegistry, made.json()));
  EXPECT_THAT(Registry::Load(made.json(), by_hub, pinned, Environment::kTest),
              ReasonIs(Reason::kSignatureInvalid));
  const std::string other_label = EncodeSignatureFile(
      *parties.custodian_sign.Sign(SignLabel::kRelease, made.json()));
  EXPECT_THAT(
      Registry::Load(made.json(), other_label, pinned, Environment::kTest),
      ReasonIs(Reason::kSignatureInvalid));
}

TEST(Registry, AnotherEnvironmentIsRefused) {
  const Parties parties;
  const Registry made = parties.MakeRegistry();
  EXPECT_THAT(Registry::Load(made.json(), SignatureOf(parties, made.json()),
                             parties.custodian_sign.public_key(),
                             Environment::kProduction),
              ReasonIs(Reason::kEnvironmentMismatch));
}

TEST(Registry, FilesAreReadWithTheSignatureBesideThem) {
  const TempDir dir;
  const Parties parties;
  const Registry made = parties.MakeRegistry();
  const PublicKey& pinned = parties.custodian_sign.public_key();
  const std::string path = dir.Path("registry.json");
  EXPECT_THAT(Registry::LoadFiles(path, pinned, Environment::kTest),
              ExitCodeIs(kExitKey));
  WriteFile(path, made.json());
  EXPECT_THAT(Registry::LoadFiles(path, pinned, Environment::kTest),
              ExitCodeIs(kExitKey));
  WriteFile(dir.Path("registry.sig"), SignatureOf(parties, made.json()));
  EXPECT_OK(Registry::LoadFiles(path, pinned, Environment::kTest));
}

TEST(Registry, NextVersionNamesTheOneBefore) {
  const Parties parties;
  const Registry first = parties.MakeRegistry();
  ASSERT_OK_AND_ASSIGN(const Registry second, RegistryBuilder(first).Build());
  EXPECT_EQ(second.version(), 2);
  EXPECT_EQ(second.previous(), first.sha256());
  EXPECT_OK(second.CheckNotOlder(1, first.sha256()));
  EXPECT_OK(second.CheckNotOlder(2, second.sha256()));
  EXPECT_THAT(first.CheckNotOlder(2, second.sha256()), ExitCodeIs(kExitKey));
  EXPECT_THAT(second.CheckNotOlder(2, first.sha256()), ExitCodeIs(kExitKey));
}

// One fault each; the message names the entry.
TEST(Registry, EveryRuleIsChecked) {
  const Parties parties;
  const Registry good = parties.MakeRegistry();
  const std::string pk = parties.source_key.public_key().Hex();
  const std::string kid = parties.source_key.key_id().Hex();
  struct Case {
    std::string from;
    std::string to;
    std::string_view says;
  };
  const std::vector<Case> cases = {
      {R"("environment":"test")", R"("environment":"none")", "document"},
      {R"("suite":"tally1-)", R"("suite":"tally2-)", "suite"},
      {R"("version":1)", R"("version":0)", "version"},
      {R"("version":1)", R"("version":2)", "previous"},
      {R"("version":1)", R"("version":"1")", "version"},
      {R"("previous":"0000)", R"("previous":"0001)", "previous"},
      {R"("previous":"0000)", R"("previous":"000)", "previous"},
      {R"("key_id":")" + kid, R"("key_id":"0011223344556677)", "keys[1]"},
      {R"("public":")" + pk, R"("public":")" + std::string(64, '0'), "keys[1]"},
      {R"("role":"source","status":"active")",
       R"("role":"hub","status":"active")", "keys[1]"},
      {R"("party":"gp-one","public")", R"("party":"GP-ONE","public")",
       "keys[1]"},
      {R"("not_before":"2026-11-01")", R"("not_before":"2026-11-31")",
       "keys[0]"},
      {R"("stage":1,"stages":1)", R"("stage":2,"stages":1)", "keys[0]"},
      {R"("stage":1,"stages":1)", R"("stage":1,"stages":0)", "keys[0]"},
      {R"("stage":1,"stages":1)", R"("stage":1,"stages":2)", "no active"},
      {R"("stage":1,"stages":1)", R"("stage":1)", "keys[0]"},
      {R"("epoch":1)", R"("epoch":0)", "keys[0]"},
      {R"("epoch":1)", R"("epoch":4294967296)", "keys[0]"},
      {R"("status":"active")", R"("status":"open")", "keys[0]"},
      {R"("status":"active")", R"("status":"retired")", "no active"},
      {R"("person_limit":1000)", R"("person_limit":0)", "parties[2]"},
      {R"(,"person_limit":1000)", "", "parties[2]"},
      {R"("role":"custodian")", R"("role":"auditor")", "parties[0]"},
      {R"("party":"hub-a")", R"("party":"Hub-a")", "parties[1]"},
      {R"("domain":)", R"("domaim":)", "keys[0]"},
      {"\n", " \n", "document"},
      {"\n", "", "document"},
      {R"({"environment")", R"({ "environment")", "document"},
  };
  for (const Case& c : cases) {
    EXPECT_THAT(
        Registry::Parse(Replaced(good, c.from, c.to)),
        StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr(c.says)))
        << c.to;
    EXPECT_THAT(Registry::Parse(Replaced(good, c.from, c.to)),
                ExitCodeIs(kExitKey));
  }
}

TEST(RegistryBuilder, RefusesWhatParseRefuses) {
  const Parties parties;
  // A public key twice, under another name.
  RegistryBuilder twice = parties.Builder();
  RegistryKey copy = parties.SourceEntry();
  copy.party = "gp-two";
  ASSERT_OK(twice.AddKey(copy));
  EXPECT_THAT(twice.Build(), ExitCodeIs(kExitKey));
  // Two active hub keys of one domain.
  RegistryBuilder hubs = parties.Builder();
  const Parties others;
  RegistryKey hub = others.HubEntry();
  hub.epoch = 2;
  ASSERT_OK(hubs.AddKey(hub));
  EXPECT_THAT(hubs.Build(), StatusIs(absl::StatusCode::kFailedPrecondition,
                                     HasSubstr("two active hub keys")));
  ASSERT_OK(hubs.SetStatus("hub", KeyRole::kHub, "commissioning", 1,
                           KeyStatus::kOverlap));
  EXPECT_OK(hubs.Build());
}

TEST(RegistryBuilder, SameEntryAgainChangesNothingOtherKeysConflict) {
  const Parties parties;
  const Parties others;
  RegistryBuilder builder = parties.Builder();
  EXPECT_OK(builder.AddKey(parties.SourceEntry()));
  EXPECT_THAT(builder.AddKey(others.SourceEntry()), ExitCodeIs(kExitConflict));
  RegistryParty party =
      *parties.MakeRegistry().FindParty("gp-one", PartyRole::kSource);
  party.person_limit = 5;
  EXPECT_OK(builder.AddParty(party));
  EXPECT_EQ(
      builder.Build()->FindParty("gp-one", PartyRole::kSource)->person_limit,
      5);
  party.sign_public[0] ^= 1;
  EXPECT_THAT(builder.AddParty(party), ExitCodeIs(kExitConflict));
}

TEST(Registry, FindsKeysByWhatAnUploadCarries) {
  const Parties parties;
  const Registry registry = parties.MakeRegistry();
  const KeyId kid = parties.source_key.key_id();
  EXPECT_OK(registry.FindSourceKey("gp-one", "commissioning", kid, 1));
  EXPECT_THAT(registry.FindSourceKey("gp-two", "commissioning", kid, 1),
              ReasonIs(Reason::kKeyUnknown));
  EXPECT_THAT(registry.FindSourceKey("gp-one", "research", kid, 1),
              ReasonIs(Reason::kKeyUnknown));
  EXPECT_THAT(registry.FindSourceKey("gp-one", "commissioning", kid, 2),
              ReasonIs(Reason::kKeyUnknown));
  EXPECT_THAT(registry.FindSourceKey("gp-one", "commissioning",
                                     *KeyId::FromHex("0011223344556677"), 1),
              ReasonIs(Reason::kKeyUnknown));
  EXPECT_OK(registry.ActiveHubKey("commissioning"));
  EXPECT_THAT(registry.ActiveHubKey("commissioning", 2),
              ReasonIs(Reason::kKeyUnknown));
  EXPECT_THAT(registry.ActiveHubKey("research"), ReasonIs(Reason::kKeyUnknown));
}

TEST(Registry, RetiredEpochNamesTheCurrentOne) {
  const Parties parties;
  RegistryBuilder builder = parties.Builder();
  const Parties next;
  RegistryKey key = next.SourceEntry();
  key.epoch = 2;
  ASSERT_OK(builder.AddKey(key));
  ASSERT_OK(builder.SetStatus("gp-one", KeyRole::kSource, "commissioning", 1,
                              KeyStatus::kRetired));
  ASSERT_OK_AND_ASSIGN(const Registry registry, builder.Build());
  const auto found = registry.FindSourceKey("gp-one", "commissioning",
                                            parties.source_key.key_id(), 1);
  EXPECT_THAT(found, ReasonIs(Reason::kEpochRetired));
  EXPECT_EQ(DetailOf(found.status())->limit, 2);
  EXPECT_THAT(builder.SetStatus("gp-one", KeyRole::kSource, "commissioning", 9,
                                KeyStatus::kRetired),
              ExitCodeIs(kExitNotFound));
}

TEST(Registry, OnlyPartyOfARoleIsFoundWithoutAName) {
  const Parties parties;
  RegistryBuilder builder = parties.Builder();
  EXPECT_EQ(parties.MakeRegistry().FindParty("", PartyRole::kHub)->party,
            "hub-a");
  EXPECT_THAT(parties.MakeRegistry().FindParty("hub-b", PartyRole::kHub),
              ReasonIs(Reason::kResourceNotFound));
  const Parties others;
  RegistryParty second =
      *others.MakeRegistry().FindParty("hub-a", PartyRole::kHub);
  second.party = "hub-b";
  ASSERT_OK(builder.AddParty(second));
  ASSERT_OK_AND_ASSIGN(const Registry registry, builder.Build());
  EXPECT_THAT(registry.FindParty("", PartyRole::kHub), Not(IsOk()));
  EXPECT_OK(registry.FindParty("hub-b", PartyRole::kHub));
}

TEST(Registry, ProductionRefusesExampleKeys) {
  const Parties parties(Environment::kProduction);
  EXPECT_OK(parties.Builder().Build());
  RegistryBuilder builder = parties.Builder();
  const SourceKey vector_key = VectorSourceKey("gp-supplier-a");
  RegistryKey key{.public_key = vector_key.public_key(),
                  .key_id = vector_key.key_id()};
  key.party = "gp-supplier-a";
  key.domain = "commissioning";
  key.not_before = "2026-11-01";
  ASSERT_OK(builder.AddKey(key));
  EXPECT_THAT(builder.Build(), StatusIs(absl::StatusCode::kFailedPrecondition,
                                        HasSubstr("example key")));
}

}  // namespace
}  // namespace tally::crypto
