#ifndef TALLY_CRYPTO_HASH_TO_GROUP_H_
#define TALLY_CRYPTO_HASH_TO_GROUP_H_

// Hash to group: messages of the token scheme to ristretto255 elements.
//
// Role: sources, and anyone who checks vectors. The hub has no code that
// hashes an NHS Number: it does not call this.
// Spec: docs/spec/token-v1.md, "Derivations".
// Threading: safe.
// Secrets: the result has no key in it. Whoever sees it can find the message
// by trying all, so it must never be sent or stored.

#include <cstdint>
#include <span>
#include <string_view>

#include "absl/status/statusor.h"
#include "crypto/element.h"
#include "crypto/wiped_bytes.h"

namespace tally::crypto {

inline constexpr std::string_view kNhsNumberKind = "nhs-number";

// `lp1(kind) || lp2(value)`. kInvalidArgument if `kind` is longer than 255 or
// `value` longer than 65,535 bytes.
[[nodiscard]] absl::StatusOr<WipedBytes> EncodeMessage(std::string_view kind,
                                                       std::string_view value);

// HashToGroup of the suite. The identity has a chance of about 2^-252 and is
// reported as kInternal.
[[nodiscard]] absl::StatusOr<Element> HashToGroup(
    std::span<const uint8_t> message);

}  // namespace tally::crypto

#endif  // TALLY_CRYPTO_HASH_TO_GROUP_H_
