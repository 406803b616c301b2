#ifndef TALLY_CRYPTO_INIT_H_
#define TALLY_CRYPTO_INIT_H_

// Starts the cryptographic library of the process.
//
// Role: every program that links crypto calls this once, before anything else
// of this library. Sees nothing.
// Spec: docs/spec/token-v1.md.
// Threading: safe from any thread; later calls do nothing.
// Secrets: none.

#include "absl/status/status.h"

namespace tally::crypto {

// Initialises libsodium and checks that it is at least the version this build
// accepts. Returns kFailedPrecondition (exit 2) for an older one, kInternal if
// the system gives no randomness. Programs then run SelfTestKernel() of
// "crypto/token_kernel.h" on the kernel they chose.
[[nodiscard]] absl::Status InitCrypto();

}  // namespace tally::crypto

#endif  // TALLY_CRYPTO_INIT_H_
