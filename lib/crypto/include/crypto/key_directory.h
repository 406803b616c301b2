#ifndef TALLY_CRYPTO_KEY_DIRECTORY_H_
#define TALLY_CRYPTO_KEY_DIRECTORY_H_

// A party's key directory: one ring that a passphrase opens, and all its other
// keys sealed under the ring.
//
// Role: every program with keys. One Argon2id opens the directory; hundreds of
// keys then open in milliseconds.
// Spec: docs/spec/sealed-files-v1.md, "Key directory".
// Threading: const functions from several threads; Seal() needs the object
// alone. Several processes may read one directory; files are never replaced.
// Secrets: holds the ring open in guarded memory until Seal() or destruction.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "crypto/key_file.h"
#include "crypto/keys.h"
#include "crypto/secret.h"
#include "crypto/sign.h"
#include "crypto/token.h"

namespace tally::crypto {

// What opens ring.key.
class RingSecret {
 public:
  // A passphrase; copied into guarded memory, the caller wipes its own. Empty
  // is allowed outside production.
  [[nodiscard]] static absl::StatusOr<RingSecret> Passphrase(
      std::string_view passphrase);
  // The raw output of a key command: exactly 32 bytes, else kFailedPrecondition
  // (exit 10).
  [[nodiscard]] static absl::StatusOr<RingSecret> FromKeyCommand(
      std::string_view output);

  RingSecret(RingSecret&&) noexcept = default;
  RingSecret& operator=(RingSecret&&) noexcept = default;

  bool is_command() const { return is_command_; }
  const SecretBytes& bytes() const { return bytes_; }

 private:
  RingSecret(SecretBytes bytes, bool is_command)
      : bytes_(std::move(bytes)), is_command_(is_command) {}
  SecretBytes bytes_;
  bool is_command_;
};

struct Argon2Parameters {
  uint64_t ops = 0;
  uint64_t mem_bytes = 0;
};
enum class KeyHolder { kCustodian, kParty };
// Production: SENSITIVE (ops 4, 1 GiB) for the custodian, MODERATE (ops 3,
// 256 MiB) for the others, and no less is accepted on opening. Example and
// test: ops 1, 8 MiB.
Argon2Parameters RingParameters(Environment environment, KeyHolder holder);

// Which file to open. Fields that do not apply stay empty.
struct KeySelector {
  KeyKind kind = KeyKind::kRing;
  std::string party{};
  std::string domain{};
  std::optional<uint32_t> epoch{};
  std::string peer{};
  std::optional<uint32_t> peer_epoch{};
  std::optional<uint8_t> stage{};
  std::optional<KeyId> kid{};  // required for kStorage
};

struct OpenedKey {
  KeyHeader header;
  Secret32 secret;
};

class KeyDirectory {
 public:
  // Makes `path` (0700) if need be and a fresh ring.key for `owner` in it.
  // Errors: kAlreadyExists (exit 7) if there is one; kFailedPrecondition
  // (exit 10) for a bad owner, mode, or an empty passphrase in production.
  [[nodiscard]] static absl::StatusOr<KeyDirectory> Create(
      std::string_view path, Environment environment, std::string_view owner,
      KeyHolder holder, const RingSecret& secret);

  // Opens ring.key. Errors: kNotFound (exit 10) if there is none; all else
  // kFailedPrecondition (exit 10): wrong passphrase, mode, owner or
  // environment, weak parameters, or unlocked memory in production.
  // Cost: one Argon2id (0.9 s and 256 MiB for a party in production).
  [[nodiscard]] static absl::StatusOr<KeyDirectory> Open(
      std::string_view path, Environment environment, KeyHolder holder,
      const RingSecret& secret);

  KeyDirectory(KeyDirectory&&) noexcept = default;
  KeyDirectory& operator=(KeyDirectory&&) noexcept = default;

  const std::string& path() const { return path_; }
  Environment environment() const { return environment_; }
  const std::string& owner() const { return owner_; }
  KeyId ring_id() const;

  // What is there, by the clear text of each line; opens no secret. Files that
  // do not end in ".key" are passed over; one that does not parse, that has
  // another name than its contents call for, or a second ring is an error
  // (exit 10).
  [[nodiscard]] absl::StatusOr<std::vector<KeyHeader>> List() const;

  // Seals `secret` into a new file: O_EXCL, 0600, fsync of file and directory.
  // `header.environment` must be this directory's; kid and created are filled
  // in if empty. kAlreadyExists (exit 7) if the file is there: keys are never
  // overwritten. Most callers use the typed functions below.
  [[nodiscard]] absl::Status Store(KeyHeader header, const Secret32& secret);

  // Opens one file. kNotFound (exit 10) if it is not there; kFailedPrecondition
  // (exit 10) if it was sealed under another ring, altered, renamed, belongs to
  // another environment, has a mode or owner that is not safe, or in production
  // is an example key or one repeated byte. The key id is recomputed by the
  // typed functions, which know how.
  [[nodiscard]] absl::StatusOr<OpenedKey> Load(const KeySelector& which) const;

  // Removes one key file and its directory entry: a retired factor, the key of
  // a closed project. kNotFound as Load.
  [[nodiscard]] absl::Status Destroy(const KeySelector& which);

  // Seals the ring under another passphrase, with fresh salt: the one file is
  // replaced by rename.
  [[nodiscard]] absl::Status ChangeSecret(KeyHolder holder,
                                          const RingSecret& secret);

 private:
  KeyDirectory(std::string path, Environment environment, std::string owner,
               Secret32 ring);
  std::string path_;
  Environment environment_;
  std::string owner_;
  Secret32 ring_;
};

// Typed storing and opening. Each recomputes the key id after opening and
// compares; production refuses example keys. Source keys are in
// "crypto/source_key_file.h".
[[nodiscard]] absl::Status StoreKey(KeyDirectory& directory,
                                    const ConversionFactor& factor);
[[nodiscard]] absl::StatusOr<ConversionFactor> LoadFactor(
    const KeyDirectory& directory, const FactorInfo& info);
// Every factor in the directory, in order of file name.
[[nodiscard]] absl::StatusOr<std::vector<ConversionFactor>> LoadAllFactors(
    const KeyDirectory& directory);

[[nodiscard]] absl::Status StoreKey(KeyDirectory& directory,
                                    const ProjectKey& key);
[[nodiscard]] absl::StatusOr<ProjectKey> LoadProjectKey(
    const KeyDirectory& directory, std::string_view domain,
    std::string_view project);
[[nodiscard]] absl::StatusOr<std::vector<ProjectKey>> LoadAllProjectKeys(
    const KeyDirectory& directory);

[[nodiscard]] absl::Status StoreKey(KeyDirectory& directory,
                                    const StorageKey& key);
// All storage keys, newest (by `created`, then key id) first: the first one
// seals, all of them open.
[[nodiscard]] absl::StatusOr<std::vector<StorageKey>> LoadStorageKeys(
    const KeyDirectory& directory);

[[nodiscard]] absl::Status StoreKey(KeyDirectory& directory,
                                    const SigningKey& key);
[[nodiscard]] absl::StatusOr<SigningKey> LoadSigningKey(
    const KeyDirectory& directory, std::string_view party, SignPurpose purpose);

[[nodiscard]] absl::Status StoreKey(KeyDirectory& directory, const BoxKey& key);
[[nodiscard]] absl::StatusOr<BoxKey> LoadBoxKey(const KeyDirectory& directory,
                                                std::string_view party);

}  // namespace tally::crypto

#endif  // TALLY_CRYPTO_KEY_DIRECTORY_H_
