#ifndef TALLY_CRYPTO_REGISTRY_H_
#define TALLY_CRYPTO_REGISTRY_H_

// The public key registry, signed by the custodian.
//
// Role: every party reads it; only the custodian makes one ("RegistryBuilder").
// It says which keys exist, who is who, and how many people a source may send.
// Spec: docs/spec/token-v1.md, "Registry".
// Threading: const functions from several threads.
// Secrets: none.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/json.h"
#include "crypto/element.h"
#include "crypto/key_id.h"
#include "crypto/sign.h"
#include "crypto/token.h"

namespace tally::crypto {

enum class KeyStatus { kActive, kOverlap, kRetired };
std::string_view KeyStatusName(KeyStatus status);

struct RegistryKey {
  std::string party{};  // literally "hub" for hub keys
  KeyRole role = KeyRole::kSource;
  std::string domain{};
  uint32_t epoch = 1;
  Element public_key;
  KeyId key_id;
  KeyStatus status = KeyStatus::kActive;
  std::string not_before{};  // UTC date, "2026-11-21"
  uint8_t stage = 1;         // hub keys; 1 of 1 for sources, and not written
  uint8_t stages = 1;
};

enum class PartyRole { kSource, kHub, kCustodian };
std::string_view PartyRoleName(PartyRole role);

struct RegistryParty {
  std::string party{};
  PartyRole role = PartyRole::kSource;
  PublicKey sign_public{};
  PublicKey box_public{};
  std::optional<int64_t> person_limit{};  // sources, and always there
};

class Registry {
 public:
  static constexpr size_t kMaxBytes = 16u << 20;

  // Verifies `signature_file` (the text of registry.sig) over `json` with the
  // pinned key of the custodian, then parses and checks all of it.
  // SIGNATURE_INVALID; ENVIRONMENT_MISMATCH if it is another environment's;
  // kFailedPrecondition (exit 10) for a bad entry, naming it, and for an
  // example key in production.
  [[nodiscard]] static absl::StatusOr<Registry> Load(
      std::string_view json, std::string_view signature_file,
      const PublicKey& custodian, Environment environment);
  // Load from `path` and the `.sig` beside it ("registry.json" and
  // "registry.sig"). kNotFound (exit 10) if either is missing.
  [[nodiscard]] static absl::StatusOr<Registry> LoadFiles(
      std::string_view path, const PublicKey& custodian,
      Environment environment);
  // Parses and checks without a signature: for the custodian's own draft.
  [[nodiscard]] static absl::StatusOr<Registry> Parse(std::string_view json);

  Environment environment() const { return environment_; }
  int64_t version() const { return version_; }
  // Lower-case hexadecimal SHA-256 of the file before; 64 zeroes for the first.
  const std::string& previous() const { return previous_; }
  const std::vector<RegistryKey>& keys() const { return keys_; }
  const std::vector<RegistryParty>& parties() const { return parties_; }
  // The canonical bytes and their SHA-256.
  const std::string& json() const { return json_; }
  const std::string& sha256() const { return sha256_; }

  // Refuses a registry older than the one accepted last: kFailedPrecondition
  // (exit 10) if this version is lower than `version`, or equal with another
  // digest.
  [[nodiscard]] absl::Status CheckNotOlder(int64_t version,
                                           std::string_view sha256) const;

  // The active hub key of a domain and stage. KEY_UNKNOWN if there is none.
  [[nodiscard]] absl::StatusOr<RegistryKey> ActiveHubKey(
      std::string_view domain, uint8_t stage = 1) const;
  [[nodiscard]] absl::StatusOr<RegistryKey> HubKeyOfEpoch(
      std::string_view domain, uint32_t epoch, uint8_t stage = 1) const;
  // A source's key of one epoch. KEY_UNKNOWN if there is none; EPOCH_RETIRED,
  // with the current epoch as detail.limit, if it is retired.
  [[nodiscard]] absl::StatusOr<RegistryKey> SourceKeyOfEpoch(
      std::string_view source, std::string_view domain, uint32_t epoch) const;
  // The same by what CreateExtract carries: key id and epoch must name one
  // entry of this source. KEY_UNKNOWN, EPOCH_RETIRED.
  [[nodiscard]] absl::StatusOr<RegistryKey> FindSourceKey(
      std::string_view source, std::string_view domain, const KeyId& key_id,
      uint32_t epoch) const;
  // RESOURCE_NOT_FOUND, except that the only custodian and the only hub are
  // found with an empty name.
  [[nodiscard]] absl::StatusOr<RegistryParty> FindParty(std::string_view party,
                                                        PartyRole role) const;

 private:
  friend class RegistryBuilder;
  Registry() = default;
  [[nodiscard]] absl::Status ReadFields(const JsonValue& document);

  Environment environment_ = Environment::kExample;
  int64_t version_ = 1;
  std::string previous_;
  std::vector<RegistryKey> keys_;
  std::vector<RegistryParty> parties_;
  std::string json_;
  std::string sha256_;
};

// Makes the next registry. Only the custodian uses it.
class RegistryBuilder {
 public:
  // An empty first version, or the version after `before`.
  explicit RegistryBuilder(Environment environment);
  explicit RegistryBuilder(const Registry& before);
  // A draft taken up again: its own version and predecessor stay.
  [[nodiscard]] static RegistryBuilder Amend(const Registry& draft);

  // Adds a key or party. A party that is there with the same keys is left as it
  // is (its person limit is replaced); with other keys it is kAlreadyExists
  // (exit 7). Checks beyond that happen in Build().
  [[nodiscard]] absl::Status AddKey(RegistryKey key);
  [[nodiscard]] absl::Status AddParty(RegistryParty party);
  // kNotFound (exit 4) if there is no such key.
  [[nodiscard]] absl::Status SetStatus(std::string_view party, KeyRole role,
                                       std::string_view domain, uint32_t epoch,
                                       KeyStatus status);
  // Active keys of this source from before `epoch` become `overlap`: both are
  // accepted until the old one is retired.
  void OverlapEarlier(std::string_view source, std::string_view domain,
                      uint32_t epoch);
  // All checks of Registry::Parse, and the canonical bytes.
  [[nodiscard]] absl::StatusOr<Registry> Build() const;

 private:
  Environment environment_;
  int64_t version_ = 1;
  std::string previous_;
  std::vector<RegistryKey> keys_;
  std::vector<RegistryParty> parties_;
};

}  // namespace tally::crypto

#endif  // TALLY_CRYPTO_REGISTRY_H_
