#include "crypto/key_directory.h"

#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <utility>

#include "absl/strings/str_format.h"
#include "base/bytes.h"
#include "base/civil_day.h"
#include "base/exit_code.h"
#include "base/files.h"
#include "base/status.h"
#include "base/strings.h"
#include "crypto/example_keys.h"
#include "crypto/random.h"
#include "internal/secret_peek.h"
#include "internal/wiped_array.h"

namespace tally::crypto {
namespace {

constexpr size_t kNonceSize = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;
constexpr size_t kTagSize = crypto_aead_xchacha20poly1305_ietf_ABYTES;
constexpr int64_t kMaxKeyFileBytes = 4096;
constexpr int kKeyMode = 0600;
constexpr int kDirectoryMode = 0700;

std::string RandomText(size_t size) {
  std::string out(size, '\0');
  randombytes_buf(out.data(), out.size());
  return out;
}

// The 32 bytes that seal ring.key.
absl::StatusOr<Secret32> WrappingKey(const RingSecret& secret,
                                     const KeyFile& file) {
  internal::WipedArray<32> key;
  const SecretView view = internal::SecretPeek::View(secret.bytes());
  if (file.kdf == KeyKdf::kCommand) {
    if (!secret.is_command()) {
      return KeyError("this ring is opened by a key command, not a passphrase");
    }
    std::memcpy(key.data(), view.data(), key.size());
    return Secret32::TakeFrom(key.span());
  }
  if (secret.is_command()) {
    return KeyError("this ring is opened by a passphrase, not a key command");
  }
  if (crypto_pwhash(
          key.data(), key.size(), reinterpret_cast<const char*>(view.data()),
          view.size(), AsBytes(file.salt).data(), *file.ops,
          static_cast<size_t>(*file.mem), crypto_pwhash_ALG_ARGON2ID13) != 0) {
    return KeyError("not enough memory to open the ring");
  }
  return Secret32::TakeFrom(key.span());
}

// Fills in the ciphertext of `file` over `secret`.
void SealInto(KeyFile& file, const Secret32& wrapping, const Secret32& secret) {
  const std::string ad = KeyFileAssociatedData(file);
  file.ciphertext.resize(Secret32::kSize + kTagSize);
  const SecretView key = internal::SecretPeek::View(wrapping);
  const SecretView plain = internal::SecretPeek::View(secret);
  crypto_aead_xchacha20poly1305_ietf_encrypt(
      reinterpret_cast<uint8_t*>(file.ciphertext.data()), nullptr, plain.data(),
      plain.size(), AsBytes(ad).data(), ad.size(), nullptr,
      AsBytes(file.nonce).data(), key.data());
}

absl::StatusOr<Secret32> OpenSealed(const KeyFile& file,
                                    const Secret32& wrapping,
                                    std::string_view refusal) {
  const std::string ad = KeyFileAssociatedData(file);
  internal::WipedArray<32> plain;
  const SecretView key = internal::SecretPeek::View(wrapping);
  if (crypto_aead_xchacha20poly1305_ietf_decrypt(
          plain.data(), nullptr, nullptr, AsBytes(file.ciphertext).data(),
          file.ciphertext.size(), AsBytes(ad).data(), ad.size(),
          AsBytes(file.nonce).data(), key.data()) != 0) {
    return KeyError(std::string(refusal));
  }
  return Secret32::TakeFrom(plain.span());
}

absl::StatusOr<KeyFile> ReadKeyFile(const std::string& path) {
  TALLY_ASSIGN_OR_RETURN(const UniqueFd fd, OpenSecretFile(path));
  TALLY_ASSIGN_OR_RETURN(const std::string text,
                         ReadAll(fd.get(), kMaxKeyFileBytes, path));
  absl::StatusOr<KeyFile> file = ParseKeyFile(text);
  if (!file.ok()) {
    return KeyError(
        absl::StrFormat("%s: %s", path, ToStd(file.status().message())));
  }
  return file;
}

// A ring file for `owner`, without its ciphertext. `existing` keeps kid and
// creation time when only the passphrase changes.
KeyFile NewRingFile(Environment environment, std::string_view owner,
                    KeyHolder holder, const RingSecret& secret,
                    const Secret32& ring) {
  KeyFile file;
  file.header.environment = environment;
  file.header.kind = KeyKind::kRing;
  file.header.party = std::string(owner);
  file.header.kid = KeyId::OfSecret("ring", ring);
  file.header.created = NowUtcRfc3339();
  file.kdf = secret.is_command() ? KeyKdf::kCommand : KeyKdf::kArgon2id13;
  if (!secret.is_command()) {
    const Argon2Parameters parameters = RingParameters(environment, holder);
    file.ops = parameters.ops;
    file.mem = parameters.mem_bytes;
    file.salt = RandomText(crypto_pwhash_SALTBYTES);
  }
  file.nonce = RandomText(kNonceSize);
  return file;
}

absl::Status CheckRingSecret(Environment environment,
                             const RingSecret& secret) {
  if (environment == Environment::kProduction && secret.bytes().size() == 0) {
    return KeyError("production refuses a ring without a passphrase");
  }
  return absl::OkStatus();
}

absl::Status CheckRingFile(const KeyFile& file, Environment environment,
                           KeyHolder holder) {
  if (file.header.kind != KeyKind::kRing) {
    return KeyError("ring.key does not hold a ring");
  }
  if (file.header.environment != environment) {
    return KeyError(absl::StrFormat("ring.key belongs to the environment %s",
                                    EnvironmentName(file.header.environment)));
  }
  if (environment == Environment::kProduction &&
      file.kdf == KeyKdf::kArgon2id13) {
    const Argon2Parameters least = RingParameters(environment, holder);
    if (*file.ops < least.ops || *file.mem < least.mem_bytes) {
      return KeyError(
          "production refuses a ring with weak Argon2id parameters");
    }
  }
  return absl::OkStatus();
}

KeyHeader HeaderOf(const KeySelector& which, Environment environment) {
  KeyHeader header;
  header.environment = environment;
  header.kind = which.kind;
  header.party = which.party;
  header.domain = which.domain;
  header.epoch = which.epoch;
  header.peer = which.peer;
  header.peer_epoch = which.peer_epoch;
  header.stage = which.stage;
  header.kid = which.kid;
  return header;
}

}  // namespace

absl::StatusOr<RingSecret> RingSecret::Passphrase(std::string_view passphrase) {
  TALLY_ASSIGN_OR_RETURN(SecretBytes bytes, SecretBytes::CopyOf(passphrase));
  return RingSecret(std::move(bytes), /*is_command=*/false);
}

absl::StatusOr<RingSecret> RingSecret::FromKeyCommand(std::string_view output) {
  if (output.size() != Secret32::kSize) {
    return KeyError("a key command must write exactly 32 bytes");
  }
  TALLY_ASSIGN_OR_RETURN(SecretBytes bytes, SecretBytes::CopyOf(output));
  return RingSecret(std::move(bytes), /*is_command=*/true);
}

Argon2Parameters RingParameters(Environment environment, KeyHolder holder) {
  if (environment != Environment::kProduction) return {1, uint64_t{8} << 20};
  if (holder == KeyHolder::kCustodian) {
    return {crypto_pwhash_argon2id_OPSLIMIT_SENSITIVE,
            crypto_pwhash_argon2id_MEMLIMIT_SENSITIVE};
  }
  return {crypto_pwhash_argon2id_OPSLIMIT_MODERATE,
          crypto_pwhash_argon2id_MEMLIMIT_MODERATE};
}

KeyDirectory::KeyDirectory(std::string path, Environment environment,
                           std::string owner, Secret32 ring)
    : path_(std::move(path)),
      environment_(environment),
      owner_(std::move(owner)),
      ring_(std::move(ring)) {}

KeyId KeyDirectory::ring_id() const { return KeyId::OfSecret("ring", ring_); }

absl::StatusOr<KeyDirectory> KeyDirectory::Create(std::string_view path,
                                                  Environment environment,
                                                  std::string_view owner,
                                                  KeyHolder holder,
                                                  const RingSecret& secret) {
  if (!IsResourceId(owner)) return UsageError("the owner is not a name");
  TALLY_RETURN_IF_ERROR(CheckRingSecret(environment, secret));
  std::string directory(path);
  TALLY_RETURN_IF_ERROR(MakeDirectories(directory, kDirectoryMode));
  const std::string ring_path = JoinPath(directory, "ring.key");
  if (FileExists(ring_path)) {
    return WithExitCode(absl::AlreadyExistsError(
                            absl::StrFormat("%s is there already", ring_path)),
                        kExitConflict);
  }
  TALLY_ASSIGN_OR_RETURN(Secret32 ring, Secret32::Random());
  KeyFile file = NewRingFile(environment, owner, holder, secret, ring);
  TALLY_ASSIGN_OR_RETURN(const Secret32 wrapping, WrappingKey(secret, file));
  SealInto(file, wrapping, ring);
  TALLY_RETURN_IF_ERROR(
      CreateFileExclusive(ring_path, FormatKeyFile(file), kKeyMode));
  return Open(path, environment, holder, secret);
}

absl::StatusOr<KeyDirectory> KeyDirectory::Open(std::string_view path,
                                                Environment environment,
                                                KeyHolder holder,
                                                const RingSecret& secret) {
  TALLY_RETURN_IF_ERROR(CheckRingSecret(environment, secret));
  std::string directory(path);
  TALLY_ASSIGN_OR_RETURN(const KeyFile file,
                         ReadKeyFile(JoinPath(directory, "ring.key")));
  TALLY_RETURN_IF_ERROR(CheckRingFile(file, environment, holder));
  TALLY_ASSIGN_OR_RETURN(const Secret32 wrapping, WrappingKey(secret, file));
  TALLY_ASSIGN_OR_RETURN(
      Secret32 ring,
      OpenSealed(file, wrapping,
                 "ring.key does not open: wrong passphrase, or it has been "
                 "altered"));
  if (KeyId::OfSecret("ring", ring) != *file.header.kid) {
    return KeyError("ring.key does not hold the key that it names");
  }
  TALLY_RETURN_IF_ERROR(RequireLockedMemory(environment));
  return KeyDirectory(std::move(directory), environment, file.header.party,
                      std::move(ring));
}

absl::StatusOr<std::vector<KeyHeader>> KeyDirectory::List() const {
  TALLY_ASSIGN_OR_RETURN(const std::vector<std::string> names,
                         ListDirectory(path_));
  std::vector<KeyHeader> headers;
  for (const std::string& name : names) {
    if (!name.ends_with(".key")) continue;
    TALLY_ASSIGN_OR_RETURN(const KeyFile file,
                           ReadKeyFile(JoinPath(path_, name)));
    if (KeyFileName(file.header) != name) {
      return KeyError(absl::StrFormat("%s holds another key than its name says",
                                      JoinPath(path_, name)));
    }
    headers.push_back(file.header);
  }
  return headers;
}

absl::Status KeyDirectory::Store(KeyHeader header, const Secret32& secret) {
  if (header.kind == KeyKind::kRing) {
    return absl::InvalidArgumentError("a directory has one ring");
  }
  if (header.environment != environment_) {
    return KeyError("a key belongs to another environment than its directory");
  }
  if (!header.kid.has_value()) {
    header.kid = KeyId::OfSecret(KeyKindName(header.kind), secret);
  }
  TALLY_RETURN_IF_ERROR(RefuseExampleKey(environment_, *header.kid));
  if (environment_ == Environment::kProduction && secret.IsOneRepeatedByte()) {
    return KeyError("production refuses a secret that is one repeated byte");
  }
  if (header.created.empty()) header.created = NowUtcRfc3339();
  KeyFile file;
  file.header = std::move(header);
  file.kdf = KeyKdf::kRing;
  file.nonce = RandomText(kNonceSize);
  SealInto(file, ring_, secret);
  TALLY_RETURN_IF_ERROR(Validate(file));
  const std::string path = JoinPath(path_, KeyFileName(file.header));
  const absl::Status created =
      CreateFileExclusive(path, FormatKeyFile(file), kKeyMode);
  if (absl::IsAlreadyExists(created))
    return WithExitCode(created, kExitConflict);
  return created;
}

absl::StatusOr<OpenedKey> KeyDirectory::Load(const KeySelector& which) const {
  const KeyHeader wanted = HeaderOf(which, environment_);
  const std::string path = JoinPath(path_, KeyFileName(wanted));
  TALLY_ASSIGN_OR_RETURN(const KeyFile file, ReadKeyFile(path));
  if (file.header.environment != environment_) {
    return KeyError(absl::StrFormat("%s belongs to the environment %s", path,
                                    EnvironmentName(file.header.environment)));
  }
  if (KeyFileName(file.header) != KeyFileName(wanted)) {
    return KeyError(
        absl::StrFormat("%s holds another key than its name says", path));
  }
  TALLY_ASSIGN_OR_RETURN(
      Secret32 secret,
      OpenSealed(file, ring_,
                 absl::StrFormat("%s does not open: sealed under another ring, "
                                 "or it has been altered",
                                 path)));
  TALLY_RETURN_IF_ERROR(RefuseExampleKey(environment_, *file.header.kid));
  if (environment_ == Environment::kProduction && secret.IsOneRepeatedByte()) {
    return KeyError(absl::StrFormat(
        "%s: production refuses a secret that is one repeated byte", path));
  }
  TALLY_RETURN_IF_ERROR(RequireLockedMemory(environment_));
  return OpenedKey{file.header, std::move(secret)};
}

absl::Status KeyDirectory::Destroy(const KeySelector& which) {
  if (which.kind == KeyKind::kRing) {
    return absl::InvalidArgumentError("the ring is not destroyed by itself");
  }
  const std::string path =
      JoinPath(path_, KeyFileName(HeaderOf(which, environment_)));
  if (!FileExists(path)) {
    return WithExitCode(
        absl::NotFoundError(absl::StrFormat("%s is not there", path)),
        kExitKey);
  }
  return RemoveFile(path);
}

absl::Status KeyDirectory::ChangeSecret(KeyHolder holder,
                                        const RingSecret& secret) {
  TALLY_RETURN_IF_ERROR(CheckRingSecret(environment_, secret));
  const std::string path = JoinPath(path_, "ring.key");
  TALLY_ASSIGN_OR_RETURN(const KeyFile before, ReadKeyFile(path));
  KeyFile file = NewRingFile(environment_, owner_, holder, secret, ring_);
  file.header.created = before.header.created;
  TALLY_ASSIGN_OR_RETURN(const Secret32 wrapping, WrappingKey(secret, file));
  SealInto(file, wrapping, ring_);
  return WriteFileAtomically(path, FormatKeyFile(file), kKeyMode);
}

}  // namespace tally::crypto
