#ifndef TALLY_CRYPTO_SECRET_ACCESS_H_
#define TALLY_CRYPTO_SECRET_ACCESS_H_

// Mints the capability to read raw secret bytes.
//
// Role: included by exactly one reviewed file per program. A program that
// seals, signs and converts through this library needs no access at all.
// Spec: docs/spec/token-v1.md, "Secrets in memory".
// Threading: safe.
// Secrets: whoever holds the result can read every key of the process.

#include "crypto/secret.h"

namespace tally::crypto {

[[nodiscard]] SecretAccess MintSecretAccess();

}  // namespace tally::crypto

#endif  // TALLY_CRYPTO_SECRET_ACCESS_H_
