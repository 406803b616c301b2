#include "crypto_fixture.h"

#include <algorithm>
#include <utility>

#include "base/bytes.h"
#include "base/strings.h"
#include "crypto/init.h"
#include "crypto/secret_access.h"
#include "temp_dir.h"

namespace tally::crypto {
namespace {

class CryptoEnvironment : public testing::Environment {
 public:
  void SetUp() override { ASSERT_OK(InitCrypto()); }
};
[[maybe_unused]] const testing::Environment* const kEnvironment =
    testing::AddGlobalTestEnvironment(new CryptoEnvironment);

KeyInfo SourceInfo(Environment environment) {
  return {.environment = environment,
          .role = KeyRole::kSource,
          .party = "gp-one",
          .domain = "commissioning",
          .epoch = 1};
}

RegistryParty Party(std::string_view name, PartyRole role,
                    const SigningKey& sign, const BoxKey& box) {
  RegistryParty party;
  party.party = std::string(name);
  party.role = role;
  party.sign_public = sign.public_key();
  party.box_public = box.public_key();
  if (role == PartyRole::kSource) party.person_limit = 1000;
  return party;
}

}  // namespace

std::vector<uint8_t> Bytes(std::string_view hex) {
  const std::string bytes = HexDecode(hex).value();
  return {bytes.begin(), bytes.end()};
}

std::string Hex(std::span<const uint8_t> bytes) { return HexEncode(bytes); }

Secret32 RepeatedSecret(uint8_t byte) {
  std::vector<uint8_t> bytes(32, byte);
  return Secret32::TakeFrom(bytes).value();
}

Secret32 SecretFromHex(std::string_view hex) {
  std::vector<uint8_t> bytes = Bytes(hex);
  return Secret32::TakeFrom(bytes).value();
}

Scalar ScalarFromHex(std::string_view hex) {
  std::vector<uint8_t> bytes = Bytes(hex);
  return Scalar::TakeFrom(bytes).value();
}

Element ElementFromHex(std::string_view hex) {
  return Element::DecodeHex(hex).value();
}

std::string SecretHex(const Secret32& secret) {
  const SecretAccess access = MintSecretAccess();
  return HexEncode(secret.Reveal(access).bytes());
}
std::string ScalarHex(const Scalar& scalar) {
  return SecretHex(scalar.secret());
}

JsonValue VectorFile(std::string_view name) {
  const std::string path =
      std::string(TALLY_SOURCE_DIR) + "/tests/vectors/" + std::string(name);
  return ParseJson(Slurp(path), 16).value();
}

std::string Text(const JsonValue& object, std::string_view key) {
  return object.GetString(key).value();
}

SourceKey VectorSourceKey(std::string_view party, uint32_t epoch) {
  const uint8_t seed = party == "gp-supplier-a" ? 1 : 2;
  return SourceKey::FromSeed({.environment = Environment::kExample,
                              .role = KeyRole::kSource,
                              .party = std::string(party),
                              .domain = "commissioning",
                              .epoch = epoch},
                             RepeatedSecret(seed))
      .value();
}

ConversionFactor VectorFactor(std::string_view party) {
  const JsonValue file = VectorFile("tally1.json");
  FactorInfo info;
  info.domain = "commissioning";
  info.source = std::string(party);
  return ConversionFactor::Create(
             info, ScalarFromHex(Text(*file.Find("factors"), party)))
      .value();
}

NhsMessage Number(std::string_view ten_digits) {
  return NhsMessage::Create(ten_digits).value();
}

Parties::Parties(Environment e)
    : environment(e),
      hub_scalar(Scalar::Random().value()),
      source_key(SourceKey::Generate(SourceInfo(e)).value()),
      custodian_sign(
          SigningKey::Generate(e, "custodian", SignPurpose::kRegistry).value()),
      custodian_box(BoxKey::Generate(e, "custodian").value()),
      hub_sign(SigningKey::Generate(e, "hub-a", SignPurpose::kSign).value()),
      hub_box(BoxKey::Generate(e, "hub-a").value()),
      source_sign(
          SigningKey::Generate(e, "gp-one", SignPurpose::kSign).value()),
      source_box(BoxKey::Generate(e, "gp-one").value()) {}

RegistryKey Parties::SourceEntry() const {
  RegistryKey key{.public_key = source_key.public_key(),
                  .key_id = source_key.key_id()};
  key.party = "gp-one";
  key.role = KeyRole::kSource;
  key.domain = "commissioning";
  key.not_before = "2026-11-01";
  return key;
}

RegistryKey Parties::HubEntry() const {
  const Element element = MultiplyBase(hub_scalar).value();
  RegistryKey key{.public_key = element,
                  .key_id = KeyId::OfPublic(element.bytes())};
  key.party = "hub";
  key.role = KeyRole::kHub;
  key.domain = "commissioning";
  key.not_before = "2026-11-01";
  return key;
}

RegistryBuilder Parties::Builder() const {
  RegistryBuilder builder(environment);
  EXPECT_OK(builder.AddKey(HubEntry()));
  EXPECT_OK(builder.AddKey(SourceEntry()));
  EXPECT_OK(builder.AddParty(Party("custodian", PartyRole::kCustodian,
                                   custodian_sign, custodian_box)));
  EXPECT_OK(
      builder.AddParty(Party("hub-a", PartyRole::kHub, hub_sign, hub_box)));
  EXPECT_OK(builder.AddParty(
      Party("gp-one", PartyRole::kSource, source_sign, source_box)));
  return builder;
}

Registry Parties::MakeRegistry() const { return Builder().Build().value(); }

}  // namespace tally::crypto
