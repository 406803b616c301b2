#ifndef TALLY_CRYPTO_KEY_FILE_H_
#define TALLY_CRYPTO_KEY_FILE_H_

// One key file: a line of ASCII that names a secret and holds it sealed.
//
// Role: every program with keys. This is the text format only: parsing opens
// nothing. "crypto/key_directory.h" seals and opens.
// Spec: docs/spec/sealed-files-v1.md, "Key file".
// Threading: values.
// Secrets: only sealed ones.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "crypto/key_id.h"
#include "crypto/token.h"

namespace tally::crypto {

enum class KeyKind {
  kRing,     // wraps the other files of its directory
  kSource,   // seed of k_s
  kHub,      // scalar k_hub
  kFactor,   // scalar c_s
  kProject,  // K_proj
  kStorage,  // wraps sealed files
  kSign,     // Ed25519 seed
  kBox,      // X25519 secret
};
// "ring", "source", "hub", "factor", "project", "storage", "sign", "box".
std::string_view KeyKindName(KeyKind kind);
[[nodiscard]] absl::StatusOr<KeyKind> ParseKeyKind(std::string_view name);

enum class KeyKdf {
  kArgon2id13,  // ring.key under a passphrase
  kCommand,     // ring.key under 32 bytes that a key command gives
  kRing,        // every other file
};

// Everything that the line says in clear. Empty optionals and strings are
// written as "-".
struct KeyHeader {
  Environment environment = Environment::kExample;
  KeyKind kind = KeyKind::kRing;
  std::string party{};                   // kSign: party/purpose
  std::string domain{};                  // kSource, kHub, kFactor, kProject
  std::optional<uint32_t> epoch{};       // kSource; hub epoch of kHub, kFactor
  std::string peer{};                    // kFactor: the source
  std::optional<uint32_t> peer_epoch{};  // kFactor: the source's epoch
  std::optional<uint8_t> stage{};        // kHub, kFactor
  std::optional<uint8_t> stages{};
  std::optional<KeyId> kid{};
  std::string created{};  // UTC, "2026-11-21T20:53:46Z"

  friend bool operator==(const KeyHeader&, const KeyHeader&) = default;
};

struct KeyFile {
  KeyHeader header{};
  KeyKdf kdf = KeyKdf::kRing;
  std::optional<uint64_t> ops{};  // kArgon2id13 only
  std::optional<uint64_t> mem{};  // bytes
  std::string salt{};             // 16 bytes, or empty
  std::string nonce{};            // 24 bytes
  std::string ciphertext{};       // 48 bytes

  friend bool operator==(const KeyFile&, const KeyFile&) = default;
};

// The largest Argon2id parameters that are ever run: a file that asks for more
// is refused before memory is taken.
inline constexpr uint64_t kMaxArgon2Ops = 16;
inline constexpr uint64_t kMaxArgon2MemBytes = uint64_t{4} << 30;

// Fields that a kind needs are there, others are not, and each is valid;
// otherwise kFailedPrecondition (exit 10) naming the field.
[[nodiscard]] absl::Status Validate(const KeyFile& file);

// The line, ended by one newline. REQUIRES: Validate(file) is OK.
std::string FormatKeyFile(const KeyFile& file);

// Accepts exactly what FormatKeyFile() writes: unknown, missing, repeated or
// reordered fields, other spacing, and anything that does not re-encode to the
// same bytes are kFailedPrecondition (exit 10).
[[nodiscard]] absl::StatusOr<KeyFile> ParseKeyFile(std::string_view text);

// The bytes that are authenticated with the ciphertext: all before " ct=".
std::string KeyFileAssociatedData(const KeyFile& file);

// The file's name inside its key directory, from what it holds:
// "ring.key", "source.commissioning.gp-supplier-a.1.key",
// "factor.commissioning.gp-supplier-a.1.1.1.key" and so on.
std::string KeyFileName(const KeyHeader& header);

}  // namespace tally::crypto

#endif  // TALLY_CRYPTO_KEY_FILE_H_
