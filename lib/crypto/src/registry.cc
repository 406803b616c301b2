#include "crypto/registry.h"

#include <algorithm>
#include <limits>
#include <set>
#include <tuple>
#include <utility>

#include "absl/strings/str_format.h"
#include "base/bytes.h"
#include "base/civil_day.h"
#include "base/error.h"
#include "base/exit_code.h"
#include "base/files.h"
#include "base/json.h"
#include "base/sha256.h"
#include "base/status.h"
#include "base/strings.h"
#include "crypto/example_keys.h"
#include "internal/registry_checks.h"

namespace tally::crypto {
namespace {

constexpr int kMaxDepth = 4;

absl::Status Bad(std::string_view where, std::string_view what) {
  return KeyError(absl::StrFormat("registry: %s: %s", where, what));
}

absl::StatusOr<PublicKey> GetPublicKey(const JsonValue& object,
                                       std::string_view key) {
  TALLY_ASSIGN_OR_RETURN(const std::string hex, object.GetString(key));
  const auto bytes = HexDecode(hex);
  PublicKey out;
  if (!bytes.ok() || bytes->size() != out.size()) {
    return absl::InvalidArgumentError(
        absl::StrFormat("%s has not 64 hexadecimal digits", key));
  }
  std::copy(bytes->begin(), bytes->end(), out.begin());
  return out;
}

absl::StatusOr<KeyRole> ParseKeyRole(std::string_view name) {
  for (const KeyRole role : {KeyRole::kSource, KeyRole::kHub}) {
    if (name == KeyRoleName(role)) return role;
  }
  return absl::InvalidArgumentError("role is not source or hub");
}

absl::StatusOr<KeyStatus> ParseKeyStatus(std::string_view name) {
  for (const KeyStatus status :
       {KeyStatus::kActive, KeyStatus::kOverlap, KeyStatus::kRetired}) {
    if (name == KeyStatusName(status)) return status;
  }
  return absl::InvalidArgumentError("status is not active, overlap or retired");
}

absl::StatusOr<RegistryKey> ParseKey(const JsonValue& value) {
  TALLY_ASSIGN_OR_RETURN(const std::string role_name, value.GetString("role"));
  TALLY_ASSIGN_OR_RETURN(const KeyRole role, ParseKeyRole(role_name));
  if (role == KeyRole::kHub) {
    TALLY_RETURN_IF_ERROR(
        value.OnlyKeys({"party", "role", "domain", "epoch", "public", "key_id",
                        "status", "not_before", "stage", "stages"}));
  } else {
    TALLY_RETURN_IF_ERROR(
        value.OnlyKeys({"party", "role", "domain", "epoch", "public", "key_id",
                        "status", "not_before"}));
  }
  TALLY_ASSIGN_OR_RETURN(const std::string hex, value.GetString("public"));
  TALLY_ASSIGN_OR_RETURN(const Element element, Element::DecodeHex(hex));
  TALLY_ASSIGN_OR_RETURN(const std::string id_hex, value.GetString("key_id"));
  TALLY_ASSIGN_OR_RETURN(const KeyId id, KeyId::FromHex(id_hex));
  RegistryKey key{.public_key = element, .key_id = id};
  key.role = role;
  TALLY_ASSIGN_OR_RETURN(key.party, value.GetString("party"));
  TALLY_ASSIGN_OR_RETURN(key.domain, value.GetString("domain"));
  TALLY_ASSIGN_OR_RETURN(
      const int64_t epoch,
      value.GetInt("epoch", 1, std::numeric_limits<int32_t>::max()));
  key.epoch = static_cast<uint32_t>(epoch);
  TALLY_ASSIGN_OR_RETURN(const std::string status, value.GetString("status"));
  TALLY_ASSIGN_OR_RETURN(key.status, ParseKeyStatus(status));
  TALLY_ASSIGN_OR_RETURN(key.not_before, value.GetString("not_before"));
  if (role == KeyRole::kHub) {
    TALLY_ASSIGN_OR_RETURN(const int64_t stage, value.GetInt("stage", 1, 255));
    TALLY_ASSIGN_OR_RETURN(const int64_t stages,
                           value.GetInt("stages", 1, 255));
    key.stage = static_cast<uint8_t>(stage);
    key.stages = static_cast<uint8_t>(stages);
  }
  return key;
}

absl::StatusOr<PartyRole> ParsePartyRole(std::string_view name) {
  for (const PartyRole role :
       {PartyRole::kSource, PartyRole::kHub, PartyRole::kCustodian}) {
    if (name == PartyRoleName(role)) return role;
  }
  return absl::InvalidArgumentError("role is not source, hub or custodian");
}

absl::StatusOr<RegistryParty> ParseParty(const JsonValue& value) {
  TALLY_RETURN_IF_ERROR(value.OnlyKeys(
      {"party", "role", "sign_public", "box_public", "person_limit"}));
  RegistryParty party;
  TALLY_ASSIGN_OR_RETURN(party.party, value.GetString("party"));
  TALLY_ASSIGN_OR_RETURN(const std::string role, value.GetString("role"));
  TALLY_ASSIGN_OR_RETURN(party.role, ParsePartyRole(role));
  TALLY_ASSIGN_OR_RETURN(party.sign_public, GetPublicKey(value, "sign_public"));
  TALLY_ASSIGN_OR_RETURN(party.box_public, GetPublicKey(value, "box_public"));
  if (value.Find("person_limit") != nullptr) {
    TALLY_ASSIGN_OR_RETURN(party.person_limit, value.GetInt("person_limit"));
  }
  return party;
}

// "keys[3]": how errors name an entry.
std::string EntryName(std::string_view list, size_t index) {
  return absl::StrFormat("%s[%d]", list, index);
}

absl::Status CheckKey(const RegistryKey& key, Environment environment) {
  TALLY_RETURN_IF_ERROR(Validate(KeyInfo{.environment = environment,
                                         .role = key.role,
                                         .party = key.party,
                                         .domain = key.domain,
                                         .epoch = key.epoch}));
  if (KeyId::OfPublic(key.public_key.bytes()) != key.key_id) {
    return KeyError("key_id is not that of the public key");
  }
  if (!CivilDay::Parse(key.not_before).ok()) {
    return KeyError("not_before is not a date");
  }
  if (key.stage < 1 || key.stage > key.stages) {
    return KeyError("stage is not between 1 and stages");
  }
  return RefuseExampleKey(environment, key.key_id);
}

absl::Status CheckParty(const RegistryParty& party, Environment environment) {
  if (!IsResourceId(party.party)) return KeyError("party is not a name");
  const bool is_source = party.role == PartyRole::kSource;
  if (is_source != party.person_limit.has_value()) {
    return KeyError("person_limit belongs to sources, and to all of them");
  }
  if (is_source && *party.person_limit < 1) {
    return KeyError("person_limit is not positive");
  }
  TALLY_RETURN_IF_ERROR(
      RefuseExampleKey(environment, KeyId::OfPublic(party.sign_public)));
  return RefuseExampleKey(environment, KeyId::OfPublic(party.box_public));
}

// Exactly one active hub key of each domain and stage that has any, and one
// number of stages.
absl::Status CheckHubKeys(const std::vector<RegistryKey>& keys) {
  std::set<std::pair<std::string, uint8_t>> routes;
  std::set<std::pair<std::string, uint8_t>> active;
  for (const RegistryKey& key : keys) {
    if (key.role != KeyRole::kHub) continue;
    const auto route = std::make_pair(key.domain, key.stage);
    routes.insert(route);
    if (key.status != KeyStatus::kActive) continue;
    if (!active.insert(route).second) {
      return Bad("keys",
                 absl::StrFormat("two active hub keys of domain %s, stage %d",
                                 key.domain, key.stage));
    }
    for (uint8_t stage = 1; stage <= key.stages; ++stage) {
      routes.insert({key.domain, stage});
      if (stage == 255) break;
    }
  }
  for (const auto& route : routes) {
    if (!active.contains(route)) {
      return Bad("keys",
                 absl::StrFormat("no active hub key of domain %s, stage %d",
                                 route.first, route.second));
    }
  }
  return absl::OkStatus();
}

bool IsHex64(std::string_view text) {
  const auto bytes = HexDecode(text);
  return bytes.ok() && bytes->size() == 32;
}

}  // namespace

namespace internal {

absl::Status CheckRegistryKeys(const std::vector<RegistryKey>& keys,
                               Environment environment) {
  std::set<std::tuple<std::string, KeyRole, std::string, uint32_t, uint8_t>>
      names;
  std::set<Element::Bytes> publics;
  for (size_t i = 0; i < keys.size(); ++i) {
    const RegistryKey& key = keys[i];
    const std::string where = EntryName("keys", i);
    if (const absl::Status s = CheckKey(key, environment); !s.ok()) {
      return Bad(where, ToStd(s.message()));
    }
    if (!names.emplace(key.party, key.role, key.domain, key.epoch, key.stage)
             .second) {
      return Bad(where, "a second key of this party, domain and epoch");
    }
    if (!publics.insert(key.public_key.bytes()).second) {
      return Bad(where, "a public key that is there already");
    }
  }
  return CheckHubKeys(keys);
}

absl::Status CheckRegistryParties(const std::vector<RegistryParty>& parties,
                                  Environment environment) {
  std::set<std::pair<std::string, PartyRole>> names;
  std::set<PublicKey> publics;
  for (size_t i = 0; i < parties.size(); ++i) {
    const RegistryParty& party = parties[i];
    const std::string where = EntryName("parties", i);
    if (const absl::Status s = CheckParty(party, environment); !s.ok()) {
      return Bad(where, ToStd(s.message()));
    }
    if (!names.emplace(party.party, party.role).second) {
      return Bad(where, "a party that is there already");
    }
    if (!publics.insert(party.sign_public).second ||
        !publics.insert(party.box_public).second) {
      return Bad(where, "a public key that is there already");
    }
  }
  return absl::OkStatus();
}

}  // namespace internal

std::string_view KeyStatusName(KeyStatus status) {
  switch (status) {
    case KeyStatus::kActive:
      return "active";
    case KeyStatus::kOverlap:
      return "overlap";
    case KeyStatus::kRetired:
      return "retired";
  }
  return "";
}

std::string_view PartyRoleName(PartyRole role) {
  switch (role) {
    case PartyRole::kSource:
      return "source";
    case PartyRole::kHub:
      return "hub";
    case PartyRole::kCustodian:
      return "custodian";
  }
  return "";
}

absl::StatusOr<Registry> Registry::Load(std::string_view json,
                                        std::string_view signature_file,
                                        const PublicKey& custodian,
                                        Environment environment) {
  TALLY_ASSIGN_OR_RETURN(const Signature signature,
                         DecodeSignatureFile(signature_file));
  // Over the bytes as read; nothing is parsed before.
  TALLY_RETURN_IF_ERROR(
      Verify(SignLabel::kRegistry, json, signature, custodian));
  TALLY_ASSIGN_OR_RETURN(Registry registry, Parse(json));
  if (registry.environment() != environment) {
    return Error(Reason::kEnvironmentMismatch,
                 absl::StrFormat("the registry belongs to the environment %s",
                                 EnvironmentName(registry.environment())));
  }
  return registry;
}

absl::StatusOr<Registry> Registry::LoadFiles(std::string_view path,
                                             const PublicKey& custodian,
                                             Environment environment) {
  const auto read = [](const std::string& name) {
    auto text = ReadFile(name, static_cast<int64_t>(kMaxBytes));
    if (absl::IsNotFound(text.status())) {
      return absl::StatusOr<std::string>(WithExitCode(text.status(), kExitKey));
    }
    return text;
  };
  const std::string file(path);
  std::string signature_path = file;
  if (signature_path.ends_with(".json")) {
    signature_path.resize(signature_path.size() - 5);
  }
  signature_path += ".sig";
  TALLY_ASSIGN_OR_RETURN(const std::string json, read(file));
  TALLY_ASSIGN_OR_RETURN(const std::string signature, read(signature_path));
  return Load(json, signature, custodian, environment);
}

absl::StatusOr<Registry> Registry::Parse(std::string_view json) {
  const auto document =
      ParseCanonicalJson(json, static_cast<int64_t>(kMaxBytes), kMaxDepth);
  if (!document.ok()) {
    return Bad("document", ToStd(document.status().message()));
  }
  Registry registry;
  registry.json_ = std::string(json);
  registry.sha256_ = Sha256Hex(json);
  if (const absl::Status s = registry.ReadFields(*document); !s.ok()) {
    return ExitCodeOf(s) == kExitKey ? s : Bad("document", ToStd(s.message()));
  }
  TALLY_RETURN_IF_ERROR(
      internal::CheckRegistryKeys(registry.keys_, registry.environment_));
  TALLY_RETURN_IF_ERROR(
      internal::CheckRegistryParties(registry.parties_, registry.environment_));
  return registry;
}

absl::Status Registry::ReadFields(const JsonValue& document) {
  TALLY_RETURN_IF_ERROR(document.OnlyKeys(
      {"environment", "keys", "parties", "previous", "suite", "version"}));
  TALLY_ASSIGN_OR_RETURN(const std::string suite, document.GetString("suite"));
  if (suite != kSuite) return Bad("suite", "is not that of this program");
  TALLY_ASSIGN_OR_RETURN(const std::string environment,
                         document.GetString("environment"));
  TALLY_ASSIGN_OR_RETURN(environment_, ParseEnvironment(environment));
  TALLY_ASSIGN_OR_RETURN(version_, document.GetInt("version"));
  if (version_ < 1) return Bad("version", "starts at 1");
  TALLY_ASSIGN_OR_RETURN(previous_, document.GetString("previous"));
  if (!IsHex64(previous_)) {
    return Bad("previous", "has not 64 hexadecimal digits");
  }
  const bool is_first = previous_ == std::string(64, '0');
  if (is_first != (version_ == 1)) {
    return Bad("previous", "is zero for version 1 and only then");
  }
  TALLY_ASSIGN_OR_RETURN(const JsonValue::Array* keys,
                         document.GetArray("keys"));
  for (size_t i = 0; i < keys->size(); ++i) {
    auto key = ParseKey((*keys)[i]);
    if (!key.ok()) {
      return Bad(EntryName("keys", i), ToStd(key.status().message()));
    }
    keys_.push_back(*std::move(key));
  }
  TALLY_ASSIGN_OR_RETURN(const JsonValue::Array* parties,
                         document.GetArray("parties"));
  for (size_t i = 0; i < parties->size(); ++i) {
    auto party = ParseParty((*parties)[i]);
    if (!party.ok()) {
      return Bad(EntryName("parties", i), ToStd(party.status().message()));
    }
    parties_.push_back(*std::move(party));
  }
  return absl::OkStatus();
}

}  // namespace tally::crypto
