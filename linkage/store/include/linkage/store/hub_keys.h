// The hub's secrets while it is unsealed, and how they go away.
//
// Role: hub only. Opens the key directory (one Argon2id for the ring), loads
// storage, signing, box and audit keys, one conversion factor per source and
// epoch, and the project keys. Every factor is checked against the registry,
// c_s . pk_s == pk_hub, before it can be used; one that fails is kept out and
// reported. There is no type for a source key here.
//
// Who needs a key takes a lease and keeps it no longer than one piece of work.
// Seal() refuses new leases, tells the holders (Lease::revoked), waits for them
// and wipes everything.
//
// Spec: docs/spec/hub-directory-v1.md, "Keys"
// Threading: all methods may be called from any thread.
// Secrets: all of them; in locked memory, wiped by Seal and the destructor.

#ifndef TALLY_LINKAGE_STORE_HUB_KEYS_H_
#define TALLY_LINKAGE_STORE_HUB_KEYS_H_

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "crypto/key_directory.h"
#include "crypto/keys.h"
#include "crypto/registry.h"
#include "crypto/sealed_file.h"
#include "crypto/sign.h"

namespace tally::linkage {

struct HubKeysOptions {
  std::string directory;
  crypto::Environment environment = crypto::Environment::kExample;
  std::string domain;
  std::string hub_id;  // party of the hub's own keys
};

// What Unseal and CheckFactors found.
struct FactorCheck {
  std::string source;
  uint32_t source_epoch = 0;
  uint32_t hub_epoch = 0;
  std::string key_id;  // of the factor's public form, hex
  uint8_t stage = 1;
  uint8_t stages = 1;
  bool loaded = false;
  // Why it is not loaded: FACTOR_MISMATCH, KEY_UNKNOWN or EPOCH_RETIRED.
  std::string reason;
};

class HubKeys {
 public:
  class Lease;

  // Sealed at first.
  explicit HubKeys(HubKeysOptions options);
  ~HubKeys();
  HubKeys(const HubKeys&) = delete;
  HubKeys& operator=(const HubKeys&) = delete;

  // Makes the hub's own keys in an empty directory: ring, storage, sign, box,
  // audit. Leaves the hub sealed. Errors: RESOURCE_EXISTS if any is there.
  [[nodiscard]] absl::Status CreateOwnKeys(const crypto::RingSecret& secret);

  // Opens everything. With errors the hub stays sealed.
  // Errors: key errors (exit 10) for a wrong passphrase, file or environment.
  // A factor that fails its check is no error: see the result.
  [[nodiscard]] absl::StatusOr<std::vector<FactorCheck>> Unseal(
      const crypto::RingSecret& secret, const crypto::Registry& registry);

  // Wipes all keys once every lease is back.
  void Seal();
  bool sealed() const;

  // Checks every factor against a changed registry; those that fail are
  // withdrawn, those that pass again are back.
  [[nodiscard]] absl::StatusOr<std::vector<FactorCheck>> UseRegistry(
      const crypto::Registry& registry);

  // Keys for one piece of work. Errors: HUB_SEALED.
  [[nodiscard]] absl::StatusOr<Lease> Borrow();

  // Seals a new factor or project key into the directory and loads it.
  // Errors: HUB_SEALED; RESOURCE_EXISTS; for a factor FACTOR_MISMATCH.
  [[nodiscard]] absl::Status AddFactor(crypto::ConversionFactor factor,
                                       const crypto::Registry& registry);
  // Generates K_proj; returns its key id, hex.
  [[nodiscard]] absl::StatusOr<std::string> CreateProjectKey(
      std::string_view project);

 private:
  struct State;
  std::shared_ptr<State> state_;
};

// Borrowed keys. References stay valid while the lease lives.
class HubKeys::Lease {
 public:
  Lease(Lease&&) noexcept;
  Lease& operator=(Lease&&) noexcept;
  ~Lease();

  // True once Seal() waits for this lease: give it back soon.
  bool revoked() const;

  // The storage key that seals, and all that open.
  const crypto::StorageKey& storage() const;
  crypto::StorageKeyFinder storage_finder() const;
  const crypto::SigningKey& sign() const;
  const crypto::SigningKey& audit() const;
  const crypto::BoxKey& box() const;
  // Factors of all stages, in order. FACTOR_MISMATCH when the factor was
  // refused or there is none.
  [[nodiscard]] absl::StatusOr<std::vector<const crypto::ConversionFactor*>>
  Factors(std::string_view source, uint32_t source_epoch,
          uint32_t hub_epoch) const;
  // KEY_UNKNOWN when there is none.
  [[nodiscard]] absl::StatusOr<const crypto::ProjectKey*> Project(
      std::string_view project) const;

 private:
  friend class HubKeys;
  explicit Lease(std::shared_ptr<State> state);
  std::shared_ptr<State> state_;
};

}  // namespace tally::linkage

#endif  // TALLY_LINKAGE_STORE_HUB_KEYS_H_
