#ifndef TALLY_CRYPTO_SRC_INTERNAL_REGISTRY_CHECKS_H_
#define TALLY_CRYPTO_SRC_INTERNAL_REGISTRY_CHECKS_H_

// The rules that every registry obeys, read or made.
//
// Spec: docs/spec/token-v1.md, "Registry".
// Threading: no state.
// Secrets: none.

#include <vector>

#include "absl/status/status.h"
#include "crypto/registry.h"

namespace tally::crypto::internal {

// Each entry by itself; (party, role, domain, epoch, stage) and public key
// unique; exactly one active hub key of each domain and stage.
absl::Status CheckRegistryKeys(const std::vector<RegistryKey>& keys,
                               Environment environment);

// Each entry by itself; (party, role) and every public key unique; a person
// limit for sources only.
absl::Status CheckRegistryParties(const std::vector<RegistryParty>& parties,
                                  Environment environment);

}  // namespace tally::crypto::internal

#endif  // TALLY_CRYPTO_SRC_INTERNAL_REGISTRY_CHECKS_H_
