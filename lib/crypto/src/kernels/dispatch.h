#ifndef TALLY_CRYPTO_SRC_KERNELS_DISPATCH_H_
#define TALLY_CRYPTO_SRC_KERNELS_DISPATCH_H_

// Which kernel a program runs. Apart from SelectKernel() so that tests can
// stand for other CPUs.
//
// Spec: docs/spec/kernel-v1.md, "Selection".
// Threading: safe.
// Secrets: none.

#include <span>
#include <string_view>

#include "absl/status/statusor.h"
#include "crypto/token_kernel.h"

namespace tally::crypto::kernels {

// As SelectKernel(). `forced` is TALLY_KERNEL, null if it is not set.
// `available`: the kernels that this build has and this CPU runs, the fastest
// first. REQUIRES: it is not empty.
[[nodiscard]] absl::StatusOr<const TokenKernel*> ChooseKernel(
    std::string_view configured, const char* forced,
    std::span<const TokenKernel* const> available);

}  // namespace tally::crypto::kernels

#endif  // TALLY_CRYPTO_SRC_KERNELS_DISPATCH_H_
