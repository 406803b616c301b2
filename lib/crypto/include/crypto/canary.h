#ifndef TALLY_CRYPTO_CANARY_H_
#define TALLY_CRYPTO_CANARY_H_

// Canary tokens: sixteen numbers that are never issued, tokenised with every
// upload, show wrong key, wrong epoch and wrong canonical form before any data
// move.
//
// Role: the hub verifies; it holds the sixteen group elements as constants and
// has no code that hashes NHS Numbers. The source's half is in
// "crypto/source_key.h".
// It proves the key, not the rows: a proof over real rows would have to show
// the hash of each number, which has no key in it and can be searched.
// Spec: docs/spec/token-v1.md, "Canary".
// Threading: safe.
// Secrets: none.

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "absl/status/status.h"
#include "crypto/dleq.h"
#include "crypto/element.h"

namespace tally::crypto {

inline constexpr size_t kCanaryCount = 16;

struct CanaryProof {
  std::array<uint8_t, kCanaryCount * Element::kSize> tokens;  // in order
  DleqProof proof;
};

// HashToGroup of the sixteen canary numbers, in order.
std::span<const Element> CanaryElements();

// Checks lengths (512 and 64 bytes), strict decoding and the proof with
// B = source_public, C = CanaryElements(), D = tokens. Any fault is
// kFailedPrecondition with reason CANARY_INVALID. About 2 ms.
[[nodiscard]] absl::Status VerifyCanaryProof(const Element& source_public,
                                             std::span<const uint8_t> tokens,
                                             std::span<const uint8_t> proof);

}  // namespace tally::crypto

#endif  // TALLY_CRYPTO_CANARY_H_
