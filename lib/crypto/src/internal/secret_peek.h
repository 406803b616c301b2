#ifndef TALLY_CRYPTO_SRC_INTERNAL_SECRET_PEEK_H_
#define TALLY_CRYPTO_SRC_INTERNAL_SECRET_PEEK_H_

// The library's own way into secrets. Programs use Reveal(SecretAccess).
//
// Spec: docs/spec/token-v1.md, "Secrets in memory".
// Threading: as SecretView.
// Secrets: opens them; keep each view short.

#include "crypto/scalar.h"
#include "crypto/secret.h"

namespace tally::crypto::internal {

struct SecretPeek {
  static SecretView View(const SecretBytes& secret);
  static SecretView View(const Secret32& secret) { return View(secret.bytes_); }
  static SecretView View(const Scalar& scalar) { return View(scalar.secret()); }
};

}  // namespace tally::crypto::internal

#endif  // TALLY_CRYPTO_SRC_INTERNAL_SECRET_PEEK_H_
