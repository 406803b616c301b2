// Looking keys and parties up, and making the next registry.

#include <algorithm>
#include <tuple>
#include <utility>

#include "absl/strings/str_format.h"
#include "base/error.h"
#include "base/exit_code.h"
#include "base/json.h"
#include "base/status.h"
#include "base/strings.h"
#include "crypto/registry.h"

namespace tally::crypto {
namespace {

absl::Status Unknown(std::string message) {
  return Error(Reason::kKeyUnknown, std::move(message));
}

// The epoch that sources should use now, or 0.
uint32_t CurrentEpoch(const std::vector<RegistryKey>& keys,
                      std::string_view source, std::string_view domain) {
  uint32_t epoch = 0;
  for (const RegistryKey& key : keys) {
    if (key.role == KeyRole::kSource && key.party == source &&
        key.domain == domain && key.status == KeyStatus::kActive) {
      epoch = std::max(epoch, key.epoch);
    }
  }
  return epoch;
}

absl::Status RefuseRetired(const std::vector<RegistryKey>& keys,
                           const RegistryKey& key) {
  if (key.status != KeyStatus::kRetired) return absl::OkStatus();
  const uint32_t current = CurrentEpoch(keys, key.party, key.domain);
  return Error(Reason::kEpochRetired,
               absl::StrFormat("epoch %d of %s is retired; the current epoch "
                               "is %d",
                               key.epoch, key.party, current),
               {.limit = current});
}

JsonValue KeyToJson(const RegistryKey& key) {
  JsonValue out = JsonValue::MakeObject();
  out.Set("party", key.party);
  out.Set("role", KeyRoleName(key.role));
  out.Set("domain", key.domain);
  out.Set("epoch", key.epoch);
  out.Set("public", key.public_key.Hex());
  out.Set("key_id", key.key_id.Hex());
  out.Set("status", KeyStatusName(key.status));
  out.Set("not_before", key.not_before);
  if (key.role == KeyRole::kHub) {
    out.Set("stage", int{key.stage});
    out.Set("stages", int{key.stages});
  }
  return out;
}

JsonValue PartyToJson(const RegistryParty& party) {
  JsonValue out = JsonValue::MakeObject();
  out.Set("party", party.party);
  out.Set("role", PartyRoleName(party.role));
  out.Set("sign_public", HexEncode(party.sign_public));
  out.Set("box_public", HexEncode(party.box_public));
  if (party.person_limit.has_value()) {
    out.Set("person_limit", *party.person_limit);
  }
  return out;
}

}  // namespace

absl::Status Registry::CheckNotOlder(int64_t version,
                                     std::string_view sha256) const {
  if (version_ < version) {
    return KeyError(absl::StrFormat(
        "registry version %d is older than version %d, which was accepted "
        "before",
        version_, version));
  }
  if (version_ == version && sha256_ != sha256) {
    return KeyError(absl::StrFormat(
        "registry version %d differs from the one that was accepted before",
        version_));
  }
  return absl::OkStatus();
}

absl::StatusOr<RegistryKey> Registry::ActiveHubKey(std::string_view domain,
                                                   uint8_t stage) const {
  for (const RegistryKey& key : keys_) {
    if (key.role == KeyRole::kHub && key.domain == domain &&
        key.stage == stage && key.status == KeyStatus::kActive) {
      return key;
    }
  }
  return Unknown(absl::StrFormat("no active hub key of domain %s", domain));
}

absl::StatusOr<RegistryKey> Registry::HubKeyOfEpoch(std::string_view domain,
                                                    uint32_t epoch,
                                                    uint8_t stage) const {
  for (const RegistryKey& key : keys_) {
    if (key.role == KeyRole::kHub && key.domain == domain &&
        key.epoch == epoch && key.stage == stage) {
      return key;
    }
  }
  return Unknown(
      absl::StrFormat("no hub key of domain %s, epoch %d", domain, epoch));
}

absl::StatusOr<RegistryKey> Registry::SourceKeyOfEpoch(std::string_view source,
                                                       std::string_view domain,
                                                       uint32_t epoch) const {
  for (const RegistryKey& key : keys_) {
    if (key.role == KeyRole::kSource && key.party == source &&
        key.domain == domain && key.epoch == epoch) {
      TALLY_RETURN_IF_ERROR(RefuseRetired(keys_, key));
      return key;
    }
  }
  return Unknown(absl::StrFormat("no key of %s in domain %s, epoch %d", source,
                                 domain, epoch));
}

absl::StatusOr<RegistryKey> Registry::FindSourceKey(std::string_view source,
                                                    std::string_view domain,
                                                    const KeyId& key_id,
                                                    uint32_t epoch) const {
  TALLY_ASSIGN_OR_RETURN(RegistryKey key,
                         SourceKeyOfEpoch(source, domain, epoch));
  if (key.key_id != key_id) {
    return Unknown(absl::StrFormat(
        "key id %s is not that of %s, epoch %d, in the registry", key_id.Hex(),
        source, epoch));
  }
  return key;
}

absl::StatusOr<RegistryParty> Registry::FindParty(std::string_view party,
                                                  PartyRole role) const {
  const RegistryParty* found = nullptr;
  for (const RegistryParty& entry : parties_) {
    if (entry.role != role || (!party.empty() && entry.party != party)) {
      continue;
    }
    if (found != nullptr) {
      return Error(Reason::kResourceNotFound,
                   absl::StrFormat("the registry has several parties with the "
                                   "role %s: say which",
                                   PartyRoleName(role)));
    }
    found = &entry;
  }
  if (found == nullptr) {
    return Error(
        Reason::kResourceNotFound,
        absl::StrFormat("the registry has no %s%s%s", PartyRoleName(role),
                        party.empty() ? "" : " ", party));
  }
  return *found;
}

RegistryBuilder::RegistryBuilder(Environment environment)
    : environment_(environment), previous_(64, '0') {}

RegistryBuilder::RegistryBuilder(const Registry& before)
    : environment_(before.environment()),
      version_(before.version() + 1),
      previous_(before.sha256()),
      keys_(before.keys()),
      parties_(before.parties()) {}

RegistryBuilder RegistryBuilder::Amend(const Registry& draft) {
  RegistryBuilder builder(draft);
  builder.version_ = draft.version();
  builder.previous_ = draft.previous();
  return builder;
}

absl::Status RegistryBuilder::AddKey(RegistryKey key) {
  for (const RegistryKey& have : keys_) {
    if (std::tie(have.party, have.role, have.domain, have.epoch, have.stage) !=
        std::tie(key.party, key.role, key.domain, key.epoch, key.stage)) {
      continue;
    }
    if (have.public_key == key.public_key) return absl::OkStatus();
    return WithExitCode(
        absl::AlreadyExistsError(absl::StrFormat(
            "the registry has another key of %s, domain %s, epoch %d",
            key.party, key.domain, key.epoch)),
        kExitConflict);
  }
  keys_.push_back(std::move(key));
  return absl::OkStatus();
}

absl::Status RegistryBuilder::AddParty(RegistryParty party) {
  for (RegistryParty& have : parties_) {
    if (have.party != party.party || have.role != party.role) continue;
    if (have.sign_public != party.sign_public ||
        have.box_public != party.box_public) {
      return WithExitCode(absl::AlreadyExistsError(absl::StrFormat(
                              "the registry has other keys of %s %s",
                              PartyRoleName(party.role), party.party)),
                          kExitConflict);
    }
    have.person_limit = party.person_limit;
    return absl::OkStatus();
  }
  parties_.push_back(std::move(party));
  return absl::OkStatus();
}

absl::Status RegistryBuilder::SetStatus(std::string_view party, KeyRole role,
                                        std::string_view domain, uint32_t epoch,
                                        KeyStatus status) {
  bool found = false;
  for (RegistryKey& key : keys_) {
    if (key.party == party && key.role == role && key.domain == domain &&
        key.epoch == epoch) {
      key.status = status;
      found = true;
    }
  }
  if (found) return absl::OkStatus();
  return NotFoundError(absl::StrFormat("no key of %s, domain %s, epoch %d",
                                       party, domain, epoch));
}

void RegistryBuilder::OverlapEarlier(std::string_view source,
                                     std::string_view domain, uint32_t epoch) {
  for (RegistryKey& key : keys_) {
    if (key.role == KeyRole::kSource && key.party == source &&
        key.domain == domain && key.epoch < epoch &&
        key.status == KeyStatus::kActive) {
      key.status = KeyStatus::kOverlap;
    }
  }
}

absl::StatusOr<Registry> RegistryBuilder::Build() const {
  JsonValue document = JsonValue::MakeObject();
  document.Set("environment", EnvironmentName(environment_));
  document.Set("suite", kSuite);
  document.Set("version", version_);
  document.Set("previous", previous_);
  JsonValue keys = JsonValue::MakeArray();
  for (const RegistryKey& key : keys_) keys.Append(KeyToJson(key));
  JsonValue parties = JsonValue::MakeArray();
  for (const RegistryParty& party : parties_) {
    parties.Append(PartyToJson(party));
  }
  document.Set("keys", std::move(keys));
  document.Set("parties", std::move(parties));
  return Registry::Parse(DumpCanonicalJson(document));
}

}  // namespace tally::crypto
