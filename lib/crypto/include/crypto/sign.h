#ifndef TALLY_CRYPTO_SIGN_H_
#define TALLY_CRYPTO_SIGN_H_

// Ed25519 signatures with one label per purpose.
//
// Role: sources sign manifests, the hub receipts, releases and its audit
// checkpoints, the custodian the registry; all sign ceremony messages.
// What is signed is `label || 0x00 || bytes`, so that a signature made for one
// purpose is never valid for another.
// Spec: docs/spec/token-v1.md, "Signatures".
// Threading: const functions from several threads.
// Secrets: SigningKey holds a seed in guarded memory.

#include <array>
#include <cstddef>
#include <cstdint>
#include <iosfwd>
#include <span>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "crypto/key_id.h"
#include "crypto/secret.h"
#include "crypto/token.h"

namespace tally::crypto {

using PublicKey = std::array<uint8_t, 32>;
using Signature = std::array<uint8_t, 64>;

enum class SignLabel {
  kManifest,     // "tally1-manifest": an extract's manifest, by its source
  kRelease,      // "tally1-release": a release's manifest.json, by the hub
  kReceipt,      // "tally1-receipt", by the hub
  kRegistry,     // "tally1-registry", by the custodian
  kCeremony,     // "tally1-ceremony": ceremony messages, by their sender
  kCertificate,  // "tally1-certificate": conversion certificates, by the hub
  kEnrolment,    // "tally1-enrolment": enrolment files, by the party itself
};
// The label's ASCII bytes.
std::string_view SignLabelText(SignLabel label);

// What a signing key is for. One party may hold several.
enum class SignPurpose { kSign, kAudit, kRegistry };
// "sign", "audit" or "registry".
std::string_view SignPurposeName(SignPurpose purpose);

class SigningKey {
 public:
  // A fresh key. Errors as Secret32::Random.
  [[nodiscard]] static absl::StatusOr<SigningKey> Generate(
      Environment environment, std::string_view party, SignPurpose purpose);
  // kInvalidArgument if `party` is no resource id.
  [[nodiscard]] static absl::StatusOr<SigningKey> FromSeed(
      Environment environment, std::string_view party, SignPurpose purpose,
      Secret32 seed);

  SigningKey(SigningKey&&) noexcept = default;
  SigningKey& operator=(SigningKey&&) noexcept = default;

  Environment environment() const { return environment_; }
  const std::string& party() const { return party_; }
  SignPurpose purpose() const { return purpose_; }
  const PublicKey& public_key() const { return public_key_; }
  KeyId key_id() const { return KeyId::OfPublic(public_key_); }
  const Secret32& seed() const { return seed_; }

  // Deterministic, about 20 us.
  [[nodiscard]] absl::StatusOr<Signature> Sign(
      SignLabel label, std::span<const uint8_t> message) const;
  [[nodiscard]] absl::StatusOr<Signature> Sign(SignLabel label,
                                               std::string_view message) const;
  // Signs the bytes as they are, without a label: the signed-note format of
  // the audit log prescribes that. Only for a key of purpose kAudit, which
  // signs nothing else (else kFailedPrecondition).
  [[nodiscard]] absl::StatusOr<Signature> SignNote(std::string_view text) const;

 private:
  SigningKey(Environment environment, std::string_view party,
             SignPurpose purpose, Secret32 seed, const PublicKey& public_key);
  Environment environment_;
  std::string party_;
  SignPurpose purpose_;
  Secret32 seed_;
  PublicKey public_key_;
};

// OK, or kInvalidArgument with reason SIGNATURE_INVALID.
[[nodiscard]] absl::Status Verify(SignLabel label,
                                  std::span<const uint8_t> message,
                                  const Signature& signature,
                                  const PublicKey& public_key);
[[nodiscard]] absl::Status Verify(SignLabel label, std::string_view message,
                                  const Signature& signature,
                                  const PublicKey& public_key);
[[nodiscard]] absl::Status VerifyNote(std::string_view text,
                                      const Signature& signature,
                                      const PublicKey& public_key);

// Exactly 64 bytes, or SIGNATURE_INVALID.
[[nodiscard]] absl::StatusOr<Signature> SignatureFromBytes(
    std::span<const uint8_t> bytes);
// A `.sig` file: B64 (URL-safe, no padding) and one newline.
std::string EncodeSignatureFile(const Signature& signature);
[[nodiscard]] absl::StatusOr<Signature> DecodeSignatureFile(
    std::string_view text);

// An Ed25519 public key as configuration files show it: 43 characters of B64.
std::string EncodePublicKey(const PublicKey& key);
[[nodiscard]] absl::StatusOr<PublicKey> DecodePublicKey(std::string_view text);

// What two people compare by telephone: the first 16 bytes of SHA-256 of the
// key in 8 groups of 4 hexadecimal digits.
std::string Fingerprint(std::span<const uint8_t> public_key);

void PrintTo(const SigningKey&, std::ostream* out);
std::ostream& operator<<(std::ostream&, const SigningKey&) = delete;

}  // namespace tally::crypto

#endif  // TALLY_CRYPTO_SIGN_H_
