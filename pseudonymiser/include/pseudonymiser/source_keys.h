#ifndef TALLY_PSEUDONYMISER_SOURCE_KEYS_H_
#define TALLY_PSEUDONYMISER_SOURCE_KEYS_H_

// The keys of this source: made once, opened with one passphrase, checked
// against the registry before anything is done with them.
//
// Spec: docs/spec/sealed-files-v1.md, "Key directory".
// Threading: one thread opens; const functions afterwards from any.
// Secrets: holds open keys in guarded memory; shows ids and public halves.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "crypto/enrolment.h"
#include "crypto/key_directory.h"
#include "crypto/registry.h"
#include "crypto/source_key.h"
#include "pseudonymiser/configuration.h"

namespace tally::pseudonymiser {

// What opens the key directory: the configured reference, else a question on
// the terminal (twice when `fresh`, to find typing mistakes), else
// kFailedPrecondition (exit 10): there is never a prompt without a terminal.
absl::StatusOr<crypto::RingSecret> ReadRingSecret(
    const Configuration& configuration, bool fresh);

class SourceKeys {
 public:
  // Makes the key directory where there is none, then the keys that are
  // missing: storage, sign, box, and the source key of `epoch`. Keys that are
  // there stay. Errors of crypto::KeyDirectory.
  [[nodiscard]] static absl::StatusOr<SourceKeys> Create(
      const Configuration& configuration, uint32_t epoch);

  // Opens the directory, storage keys and signing key; the source key is
  // opened by LoadTokenKey. Errors: exit 10.
  [[nodiscard]] static absl::StatusOr<SourceKeys> Open(
      const Configuration& configuration);

  // Newest first; the first one seals.
  const std::vector<crypto::StorageKey>& storage() const { return storage_; }
  const crypto::SigningKey& sign() const { return *sign_; }
  const crypto::KeyDirectory& directory() const { return *directory_; }

  // Epochs of the source keys that are here, ascending.
  absl::StatusOr<std::vector<uint32_t>> Epochs() const;
  absl::StatusOr<crypto::SourceKey> LoadSource(uint32_t epoch) const;
  absl::StatusOr<crypto::BoxKey> LoadBox() const;

  // The newest source key here that the registry accepts. KEY_UNKNOWN (exit
  // 10) when there is none: not enrolled yet, or another public key is
  // registered; EPOCH_RETIRED when all are retired.
  absl::StatusOr<crypto::SourceKey> LoadRegistered(
      const crypto::Registry& registry) const;

  // What goes to the custodian.
  absl::StatusOr<std::string> MakeEnrolment(uint32_t epoch) const;

 private:
  SourceKeys(const Configuration& configuration,
             crypto::KeyDirectory directory);
  absl::Status LoadCommon();

  const Configuration* configuration_;
  std::optional<crypto::KeyDirectory> directory_;
  std::vector<crypto::StorageKey> storage_;
  std::optional<crypto::SigningKey> sign_;
};

// The registry, verified with the configured key of the custodian, not older
// than the one accepted last. `remember`: it becomes the one accepted last, in
// the state directory.
absl::StatusOr<crypto::Registry> LoadRegistry(
    const Configuration& configuration, bool remember);

// The hub's signing key: the one party of role hub in the registry.
absl::StatusOr<crypto::PublicKey> HubSignKey(const crypto::Registry& registry);

}  // namespace tally::pseudonymiser

#endif  // TALLY_PSEUDONYMISER_SOURCE_KEYS_H_
