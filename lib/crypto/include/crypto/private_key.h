#ifndef TALLY_CRYPTO_PRIVATE_KEY_H_
#define TALLY_CRYPTO_PRIVATE_KEY_H_

// From seed and name to private key.
//
// Role: sources for their own keys, the custodian for the hub's. Apart from
// "crypto/source_key.h", so that the custodian has no type for a source key.
// Spec: docs/spec/token-v1.md, "Derivations".
// Threading: safe.
// Secrets: seed in, scalar out, both in guarded memory.

#include "absl/status/statusor.h"
#include "crypto/scalar.h"
#include "crypto/secret.h"
#include "crypto/token.h"

namespace tally::crypto {

// `k` = first non-zero HashToScalar(seed || lp2(info) || counter, DST_K).
// kInvalidArgument if `info` is bad.
[[nodiscard]] absl::StatusOr<Scalar> DerivePrivateKey(const Secret32& seed,
                                                      const KeyInfo& info);

}  // namespace tally::crypto

#endif  // TALLY_CRYPTO_PRIVATE_KEY_H_
