// Raw bytes of a secret are read with a capability that only
// MintSecretAccess() hands out.
// expect: private|protected
#include "crypto/secret.h"

size_t Run(const tally::crypto::Secret32& secret,
           const tally::crypto::SecretAccess& access) {
#ifdef TALLY_BAD
  const tally::crypto::SecretAccess own{};
  static_cast<void>(access);
  return secret.Reveal(own).size();
#else
  return secret.Reveal(access).size();
#endif
}
