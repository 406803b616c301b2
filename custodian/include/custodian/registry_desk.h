#ifndef TALLY_CUSTODIAN_REGISTRY_DESK_H_
#define TALLY_CUSTODIAN_REGISTRY_DESK_H_

// The registry where it is made: the signed one, and the draft of the next.
//
// Entries are added to `registry.draft.json` beside `registry.json`; signing
// makes the draft the registry, writes `registry.sig` and keeps the version
// before as `registry-<version>.json` with its signature. A crash between any
// two of these steps is made good by signing again.
//
// Role: the custodian.
// Spec: docs/spec/token-v1.md, "Registry".
// Threading: one thread.
// Secrets: the signing key, when signing.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "crypto/enrolment.h"
#include "crypto/registry.h"
#include "crypto/sign.h"
#include "custodian/hub_key.h"

namespace tally::custodian {

class RegistryDesk {
 public:
  // Reads registry, signature and draft. kExitIntegrity if the signature does
  // not hold or the draft does not follow the registry; other errors as
  // crypto::Registry.
  [[nodiscard]] static absl::StatusOr<RegistryDesk> Open(
      std::string_view path, crypto::Environment environment,
      const crypto::PublicKey& custodian);

  const std::optional<crypto::Registry>& current() const { return current_; }
  const std::optional<crypto::Registry>& draft() const { return draft_; }
  // Signing was interrupted: nothing may be added before it is done again.
  bool interrupted() const { return interrupted_; }

  // What the next version holds: the draft, else the registry, else nothing.
  // kExitConflict while signing is interrupted.
  [[nodiscard]] absl::StatusOr<crypto::RegistryBuilder> Next() const;
  // Writes it as the draft. All checks of the registry run first. Nothing is
  // written if it changes nothing.
  [[nodiscard]] absl::Status WriteDraft(const crypto::RegistryBuilder& next);

  // Makes the draft the registry. kExitNotFound if there is no draft.
  [[nodiscard]] absl::StatusOr<crypto::Registry> Sign(
      const crypto::SigningKey& key);

  const std::string& path() const { return path_; }

 private:
  RegistryDesk(std::string_view path, crypto::Environment environment);
  std::string Beside(std::string_view suffix) const;

  std::string path_;
  crypto::Environment environment_;
  std::optional<crypto::Registry> current_;
  std::optional<crypto::Registry> draft_;
  bool interrupted_ = false;
};

// Adds what an enrolment file says, from `not_before` (a date) on. A source
// needs a person limit, a hub has none (kExitUsage). The active key of an
// earlier epoch of the same source becomes `overlap`: both are accepted until
// it is retired.
[[nodiscard]] absl::Status AddEnrolment(crypto::RegistryBuilder& builder,
                                        const crypto::Enrolment& enrolment,
                                        std::optional<int64_t> person_limit,
                                        std::string_view not_before);

// Adds the public half of a hub key.
[[nodiscard]] absl::Status AddHubKey(crypto::RegistryBuilder& builder,
                                     const HubKey& key,
                                     std::string_view not_before);

}  // namespace tally::custodian

#endif  // TALLY_CUSTODIAN_REGISTRY_DESK_H_
