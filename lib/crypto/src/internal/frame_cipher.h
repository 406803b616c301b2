#ifndef TALLY_CRYPTO_SRC_INTERNAL_FRAME_CIPHER_H_
#define TALLY_CRYPTO_SRC_INTERNAL_FRAME_CIPHER_H_

// The cipher of a sealed container's frames: XChaCha20-Poly1305-IETF, the bytes
// of libsodium's. HChaCha20 is libsodium's, which makes a key for each frame;
// the frame is OpenSSL's ChaCha20-Poly1305, which takes half of libsodium's
// time: frames are megabytes, and a merge spent half its time on them.
//
// Spec: docs/spec/sealed-files-v1.md, "Sealed container".
// Threading: pure functions.
// Secrets: the file key stays in its locked memory; a frame's own key lies on
//   the stack and in OpenSSL's context, both wiped.

#include <cstddef>
#include <cstdint>
#include <span>

#include "absl/status/status.h"
#include "crypto/secret.h"
#include "internal/sealed_format.h"

namespace tally::crypto::internal {

using FrameNonce = std::span<const uint8_t, kSealNonceSize>;

// OK if this OpenSSL has the cipher; kFailedPrecondition otherwise (a machine
// configured for other ciphers only).
[[nodiscard]] absl::Status CheckFrameCipher();

// Seals `plain` into `sealed`. REQUIRES: sealed.size() is plain.size() + 16;
// both are apart; the nonce was never used with this key.
void SealFrame(const Secret32& key, FrameNonce nonce,
               std::span<const uint8_t> ad, std::span<const uint8_t> plain,
               std::span<uint8_t> sealed);

// Opens `sealed` in place: its first size() - 16 bytes are the plaintext then.
// False if the tag does not fit; all of it is wiped then, for what lies there
// is not authentic. REQUIRES: sealed.size() >= 16.
[[nodiscard]] bool OpenFrame(const Secret32& key, FrameNonce nonce,
                             std::span<const uint8_t> ad,
                             std::span<uint8_t> sealed);

}  // namespace tally::crypto::internal

#endif  // TALLY_CRYPTO_SRC_INTERNAL_FRAME_CIPHER_H_
