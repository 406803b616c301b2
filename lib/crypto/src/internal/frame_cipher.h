#ifndef TALLY_CRYPTO_SRC_INTERNAL_FRAME_CIPHER_H_
#define TALLY_CRYPTO_SRC_INTERNAL_FRAME_CIPHER_H_

// XChaCha20-Poly1305-IETF for the frames of sealed files, of which there are
// gigabytes: the sub-key by libsodium, the cipher by OpenSSL, whose code for
// this CPU is two to three times as fast as libsodium's. The bytes are the
// same. Where OpenSSL does not offer the cipher (a configuration for FIPS only)
// libsodium does all of it.
//
// Spec: docs/spec/sealed-files-v1.md, "Sealed container";
// docs/adr/0098-frames-by-openssl.md.
// Threading: from any thread.
// Secrets: the key; what is derived from it is wiped before the call returns.

#include <cstdint>
#include <span>

#include "crypto/secret.h"
#include "internal/sealed_format.h"

namespace tally::crypto::internal {

using SealNonce = std::span<const uint8_t, kSealNonceSize>;

// Writes the ciphertext of `plain` and its tag. REQUIRES: `key` has 32 bytes;
// `sealed` has kSealTagSize bytes more than `plain` and does not overlap it.
void SealFrame(const SecretView& key, SealNonce nonce,
               std::span<const uint8_t> ad, std::span<const uint8_t> plain,
               std::span<uint8_t> sealed);

// Opens `sealed` in place: its first bytes, all but kSealTagSize, become the
// plaintext. False when the tag does not fit; the bytes are then zero.
// REQUIRES: `key` has 32 bytes, `sealed` at least kSealTagSize.
[[nodiscard]] bool OpenFrame(const SecretView& key, SealNonce nonce,
                             std::span<const uint8_t> ad,
                             std::span<uint8_t> sealed);

// What the two do where OpenSSL lacks the cipher, and the oracle of their test.
void SealFrameBySodium(const SecretView& key, SealNonce nonce,
                       std::span<const uint8_t> ad,
                       std::span<const uint8_t> plain,
                       std::span<uint8_t> sealed);
[[nodiscard]] bool OpenFrameBySodium(const SecretView& key, SealNonce nonce,
                                     std::span<const uint8_t> ad,
                                     std::span<uint8_t> sealed);

}  // namespace tally::crypto::internal

#endif  // TALLY_CRYPTO_SRC_INTERNAL_FRAME_CIPHER_H_
