#include "crypto/sign.h"

#include <sodium.h>

#include <algorithm>
#include <ostream>
#include <utility>

#include "base/bytes.h"
#include "base/error.h"
#include "base/exit_code.h"
#include "base/sha256.h"
#include "base/status.h"
#include "base/strings.h"
#include "internal/secret_peek.h"
#include "internal/wiped_array.h"

namespace tally::crypto {
namespace {

static_assert(crypto_sign_SEEDBYTES == Secret32::kSize);
static_assert(crypto_sign_PUBLICKEYBYTES == sizeof(PublicKey));
static_assert(crypto_sign_BYTES == sizeof(Signature));

// `label || 0x00 || message`, or the message as it is without a label.
std::string SignedBytes(std::string_view label, std::string_view message) {
  std::string out;
  out.reserve(label.size() + 1 + message.size());
  if (!label.empty()) {
    out.append(label);
    out.push_back('\0');
  }
  out.append(message);
  return out;
}

absl::Status BadSignature() {
  return Error(Reason::kSignatureInvalid, "a signature does not verify");
}

absl::Status VerifyBytes(std::string_view bytes, const Signature& signature,
                         const PublicKey& public_key) {
  if (crypto_sign_verify_detached(signature.data(), AsBytes(bytes).data(),
                                  bytes.size(), public_key.data()) != 0) {
    return BadSignature();
  }
  return absl::OkStatus();
}

absl::StatusOr<Signature> SignBytes(const Secret32& seed,
                                    std::string_view bytes) {
  // Open until the end: what signing leaves on the stack is cleared, too.
  const SecretView view = internal::SecretPeek::View(seed);
  internal::WipedArray<crypto_sign_SECRETKEYBYTES> secret_key;
  PublicKey public_key;
  crypto_sign_seed_keypair(public_key.data(), secret_key.data(), view.data());
  Signature signature;
  if (crypto_sign_detached(signature.data(), nullptr, AsBytes(bytes).data(),
                           bytes.size(), secret_key.data()) != 0) {
    return absl::InternalError("signing failed");
  }
  return signature;
}

}  // namespace

std::string_view SignLabelText(SignLabel label) {
  switch (label) {
    case SignLabel::kManifest:
      return "tally1-manifest";
    case SignLabel::kRelease:
      return "tally1-release";
    case SignLabel::kReceipt:
      return "tally1-receipt";
    case SignLabel::kRegistry:
      return "tally1-registry";
    case SignLabel::kCeremony:
      return "tally1-ceremony";
    case SignLabel::kCertificate:
      return "tally1-certificate";
    case SignLabel::kEnrolment:
      return "tally1-enrolment";
  }
  TALLY_CHECK(false);
  return "";
}

std::string_view SignPurposeName(SignPurpose purpose) {
  switch (purpose) {
    case SignPurpose::kSign:
      return "sign";
    case SignPurpose::kAudit:
      return "audit";
    case SignPurpose::kRegistry:
      return "registry";
  }
  TALLY_CHECK(false);
  return "";
}

SigningKey::SigningKey(Environment environment, std::string_view party,
                       SignPurpose purpose, Secret32 seed,
                       const PublicKey& public_key)
    : environment_(environment),
      party_(party),
      purpose_(purpose),
      seed_(std::move(seed)),
      public_key_(public_key) {}

absl::StatusOr<SigningKey> SigningKey::Generate(Environment environment,
                                                std::string_view party,
                                                SignPurpose purpose) {
  TALLY_ASSIGN_OR_RETURN(Secret32 seed, Secret32::Random());
  return FromSeed(environment, party, purpose, std::move(seed));
}

absl::StatusOr<SigningKey> SigningKey::FromSeed(Environment environment,
                                                std::string_view party,
                                                SignPurpose purpose,
                                                Secret32 seed) {
  if (!IsResourceId(party)) return UsageError("party is not a name");
  internal::WipedArray<crypto_sign_SECRETKEYBYTES> secret_key;
  PublicKey public_key;
  {
    const SecretView view = internal::SecretPeek::View(seed);
    crypto_sign_seed_keypair(public_key.data(), secret_key.data(), view.data());
  }
  return SigningKey(environment, party, purpose, std::move(seed), public_key);
}

absl::StatusOr<Signature> SigningKey::Sign(
    SignLabel label, std::span<const uint8_t> message) const {
  return Sign(label, AsChars(message));
}

absl::StatusOr<Signature> SigningKey::Sign(SignLabel label,
                                           std::string_view message) const {
  return SignBytes(seed_, SignedBytes(SignLabelText(label), message));
}

absl::StatusOr<Signature> SigningKey::SignNote(std::string_view text) const {
  if (purpose_ != SignPurpose::kAudit) {
    return KeyError("only an audit key signs notes");
  }
  return SignBytes(seed_, text);
}

absl::Status Verify(SignLabel label, std::span<const uint8_t> message,
                    const Signature& signature, const PublicKey& public_key) {
  return Verify(label, AsChars(message), signature, public_key);
}

absl::Status Verify(SignLabel label, std::string_view message,
                    const Signature& signature, const PublicKey& public_key) {
  return VerifyBytes(SignedBytes(SignLabelText(label), message), signature,
                     public_key);
}

absl::Status VerifyNote(std::string_view text, const Signature& signature,
                        const PublicKey& public_key) {
  return VerifyBytes(text, signature, public_key);
}

absl::StatusOr<Signature> SignatureFromBytes(std::span<const uint8_t> bytes) {
  Signature out;
  if (bytes.size() != out.size()) {
    return Error(Reason::kSignatureInvalid, "a signature has 64 bytes");
  }
  std::copy(bytes.begin(), bytes.end(), out.begin());
  return out;
}

std::string EncodeSignatureFile(const Signature& signature) {
  return Base64UrlEncode(signature) + "\n";
}

absl::StatusOr<Signature> DecodeSignatureFile(std::string_view text) {
  if (text.empty() || text.back() != '\n') {
    return Error(Reason::kSignatureInvalid,
                 "a signature file is one line of Base64 and a newline");
  }
  text.remove_suffix(1);
  const auto bytes = Base64UrlDecode(text);
  if (!bytes.ok()) {
    return Error(Reason::kSignatureInvalid,
                 "a signature file is URL-safe Base64 without padding");
  }
  return SignatureFromBytes(AsBytes(*bytes));
}

std::string EncodePublicKey(const PublicKey& key) {
  return Base64UrlEncode(key);
}

absl::StatusOr<PublicKey> DecodePublicKey(std::string_view text) {
  const auto bytes = Base64UrlDecode(text);
  PublicKey key;
  if (!bytes.ok() || bytes->size() != key.size()) {
    return UsageError(
        "a public key is 43 characters of URL-safe Base64 without padding");
  }
  std::copy(bytes->begin(), bytes->end(), key.begin());
  return key;
}

std::string Fingerprint(std::span<const uint8_t> public_key) {
  const std::string hex = Sha256Hex(AsChars(public_key));
  std::string out;
  for (size_t group = 0; group < 8; ++group) {
    if (group > 0) out.push_back(' ');
    out.append(hex, group * 4, 4);
  }
  return out;
}

void PrintTo(const SigningKey&, std::ostream* out) { *out << "[redacted]"; }

}  // namespace tally::crypto
