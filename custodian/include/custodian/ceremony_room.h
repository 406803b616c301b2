#ifndef TALLY_CUSTODIAN_CEREMONY_ROOM_H_
#define TALLY_CUSTODIAN_CEREMONY_ROOM_H_

// The custodian's ceremony directory, opened: its keys, its transcript, and
// what is done with them.
//
// Role: the custodian, one process at a time.
// Spec: docs/spec/token-v1.md, "Hub key", "Factor ceremony", "Transcript".
// Threading: one thread.
// Secrets: all keys of the custodian, for as long as the object lives.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/files.h"
#include "crypto/ceremony.h"
#include "crypto/key_directory.h"
#include "crypto/keys.h"
#include "crypto/registry.h"
#include "crypto/sign.h"
#include "custodian/configuration.h"
#include "custodian/hub_key.h"
#include "custodian/transcript.h"

namespace tally::custodian {

// What the registry calls the custodian.
inline constexpr std::string_view kCustodianParty = "custodian";

class CeremonyRoom {
 public:
  // Opens what `hub-key create` has made. kExitKey as KeyDirectory::Open,
  // kExitConflict if another process has it open.
  [[nodiscard]] static absl::StatusOr<CeremonyRoom> Open(
      const Configuration& configuration);
  // The same, making directory, ring, signing key and box key where they are
  // missing.
  [[nodiscard]] static absl::StatusOr<CeremonyRoom> OpenOrCreate(
      const Configuration& configuration);

  CeremonyRoom(CeremonyRoom&&) noexcept = default;
  CeremonyRoom& operator=(CeremonyRoom&&) noexcept = default;

  const crypto::KeyDirectory& keys() const { return keys_; }
  const crypto::SigningKey& sign_key() const { return sign_key_; }
  const crypto::BoxKey& box_key() const { return box_key_; }
  Transcript& transcript() { return transcript_; }
  const Transcript& transcript() const { return transcript_; }

  // The custodian's own entry of the registry.
  crypto::RegistryParty PartyEntry() const;

  // Makes and stores a hub key; one that is there already is opened instead, so
  // that an interrupted run can be repeated. The second says whether it is new.
  [[nodiscard]] absl::StatusOr<std::pair<HubKey, bool>> EnsureHubKey(
      std::string_view domain, uint32_t epoch);

  // Answers step 1 into a new file `FACTOR-FILE.step3` of `out_directory`,
  // whose path is returned. A ceremony or factor that the transcript has is
  // kExitConflict; if the run that noted it died before the file had its name,
  // the file gets it now. With `dry_run` all is checked and nothing written.
  [[nodiscard]] absl::StatusOr<std::string> AnswerFactorFile(
      const crypto::Registry& registry, std::string_view step1_file,
      std::string_view hub_party, std::string_view out_directory, bool dry_run);

 private:
  CeremonyRoom(FileLock lock, crypto::KeyDirectory keys,
               crypto::SigningKey sign_key, crypto::BoxKey box_key,
               Transcript transcript);
  [[nodiscard]] static absl::StatusOr<CeremonyRoom> Assemble(
      FileLock lock, crypto::KeyDirectory keys);

  FileLock lock_;
  crypto::KeyDirectory keys_;
  crypto::SigningKey sign_key_;
  crypto::BoxKey box_key_;
  Transcript transcript_;
};

}  // namespace tally::custodian

#endif  // TALLY_CUSTODIAN_CEREMONY_ROOM_H_
