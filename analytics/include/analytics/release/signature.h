// Ed25519 signatures of the hub, checked with OpenSSL: the analyst's program
// links no crypto library of ours and holds no secret.
// Runs in: the analyst's program.
//
// Spec: docs/spec/release-v1.md, "Signature".
// Threading: pure functions.
// Secrets: none.
#ifndef TALLY_ANALYTICS_RELEASE_SIGNATURE_H_
#define TALLY_ANALYTICS_RELEASE_SIGNATURE_H_

#include <string_view>

#include "absl/status/status.h"

namespace tally::analytics {

// What is signed is the label, a zero byte, and the bytes of the file.
inline constexpr std::string_view kReleaseLabel = "tally1-release";

// Checks `signature_file` (64 bytes in URL-safe Base64 without padding, and a
// newline) over `manifest` under `release_key` (32 bytes in the same form).
// kInvalidArgument, exit 2: the key is malformed. kDataLoss, exit 11: the
// signature is malformed, or not of this key over these bytes.
absl::Status VerifyReleaseSignature(std::string_view release_key,
                                    std::string_view manifest,
                                    std::string_view signature_file);

// OK if `release_key` is a public key in the right form; else exit 2.
absl::Status CheckReleaseKey(std::string_view release_key);

}  // namespace tally::analytics

#endif  // TALLY_ANALYTICS_RELEASE_SIGNATURE_H_
