#ifndef TALLY_CRYPTO_SRC_INTERNAL_CEREMONY_FORMAT_H_
#define TALLY_CRYPTO_SRC_INTERNAL_CEREMONY_FORMAT_H_

// The bytes of a ceremony message, before sealing and after opening.
//
// Spec: docs/spec/token-v1.md, "Factor ceremony".
// Threading: no state.
// Secrets: the value; wiped with the object that holds it.

#include <cstdint>
#include <span>

#include "absl/status/statusor.h"
#include "crypto/ceremony.h"
#include "internal/wiped_array.h"

namespace tally::crypto::internal {

struct ParsedCeremony {
  ParsedCeremony(const CeremonyHeader& h, std::span<const uint8_t> m,
                 const Signature& s)
      : header(h), signed_bytes(m.begin(), m.end()), signature(s) {}
  CeremonyHeader header;
  WipedBytes signed_bytes;  // M, the value included
  Signature signature;

  std::span<const uint8_t> value() const {
    return std::span<const uint8_t>(signed_bytes).last(32);
  }
};

// M of a message. kInvalidArgument if its names or numbers are bad.
absl::StatusOr<WipedBytes> EncodeCeremony(const CeremonyMessage& message);

// Exactly `M || signature`, strictly; the value is not looked at and the
// signature not checked. kInvalidArgument (exit 8) otherwise.
absl::StatusOr<ParsedCeremony> ParseCeremony(std::span<const uint8_t> opened);

}  // namespace tally::crypto::internal

#endif  // TALLY_CRYPTO_SRC_INTERNAL_CEREMONY_FORMAT_H_
