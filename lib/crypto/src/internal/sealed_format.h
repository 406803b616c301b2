#ifndef TALLY_CRYPTO_SRC_INTERNAL_SEALED_FORMAT_H_
#define TALLY_CRYPTO_SRC_INTERNAL_SEALED_FORMAT_H_

// The bytes of sealed files: header, context, frame headers.
//
// Spec: docs/spec/sealed-files-v1.md, "Sealed container".
// Threading: no state.
// Secrets: none; wraps and frames are sealed in sealed_file.cc.

#include <array>
#include <cstdint>
#include <span>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/error.h"
#include "crypto/sealed_file.h"

namespace tally::crypto::internal {

inline constexpr size_t kFileIdSize = 16;
inline constexpr size_t kSealNonceSize = 24;
inline constexpr size_t kSealTagSize = 16;
inline constexpr size_t kWrapAdSize = 40;  // of the header
inline constexpr size_t kWrapNonceAt = 40;
inline constexpr size_t kWrappedKeyAt = 64;
inline constexpr size_t kWrappedKeySize = 48;
inline constexpr size_t kFrameAdSize = 16;  // of the frame header

using SealedHeader = std::array<uint8_t, kSealedHeaderSize>;
using FrameHeader = std::array<uint8_t, kFrameHeaderSize>;
using FileId = std::array<uint8_t, kFileIdSize>;

// What a header says in clear.
struct SealedHeaderFields {
  SealedKind kind = SealedKind::kRun;
  uint32_t max_plaintext = 0;
  FileId file_id{};
  std::array<uint8_t, KeyId::kSize> storage_key_id{};
};

// Bytes 0 to 39 of `header`; the rest is left alone.
void EncodeHeaderFields(const SealedHeaderFields& fields, SealedHeader& header);
// kDataLoss with the reason of `kind` unless magic, kind, cipher, reserved
// bytes and bound are right.
absl::StatusOr<SealedHeaderFields> DecodeHeaderFields(
    const SealedHeader& header, SealedKind kind);

// lp1(environment) || lp1(domain) || lp2(path) || I2OSP(hub epoch, 4).
// kInvalidArgument for a bad domain, or a path that is empty, absolute, longer
// than 4,096 bytes, or has an empty, "." or ".." part.
absl::StatusOr<std::string> EncodeContext(const SealContext& context);

struct FrameFields {
  uint32_t ciphertext_size = 0;
  bool last = false;
  uint64_t sequence = 0;
};
void EncodeFrameFields(const FrameFields& fields, FrameHeader& header);
// False if the bytes cannot be a frame header with this bound.
bool DecodeFrameFields(const FrameHeader& header, uint32_t max_plaintext,
                       FrameFields& fields);

// The error of a damaged file of this kind.
absl::Status Damaged(SealedKind kind, std::string message);

}  // namespace tally::crypto::internal

#endif  // TALLY_CRYPTO_SRC_INTERNAL_SEALED_FORMAT_H_
