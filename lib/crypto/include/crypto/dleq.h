#ifndef TALLY_CRYPTO_DLEQ_H_
#define TALLY_CRYPTO_DLEQ_H_

// Proof of equal discrete logarithms (RFC 9497 section 2.2).
//
// Role: a source proves which key made its canary tokens; later the hub proves
// its conversions. It says: the k with B = k.G also gives D[i] = k.C[i].
// Spec: docs/spec/token-v1.md, "Proofs".
// Threading: safe.
// Secrets: the prover's scalar. The nonce mixes fresh randomness with the
// secret, so that a cloned machine's repeated random state does not repeat it:
// two proofs with one nonce reveal the key.

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "crypto/element.h"
#include "crypto/scalar.h"

namespace tally::crypto {

inline constexpr size_t kMaxDleqPairs = 65535;
using DleqProof = std::array<uint8_t, 64>;

// REQUIRES nothing of the relation: a prover with another k makes a proof that
// does not verify. Lists of unequal length, empty or above kMaxDleqPairs are
// kInvalidArgument. Cost: two multiplications and additions per pair.
[[nodiscard]] absl::StatusOr<DleqProof> ProveDleq(const Scalar& k,
                                                  const Element& b,
                                                  std::span<const Element> c,
                                                  std::span<const Element> d);

// OK, or kInvalidArgument. Cost: twice that of proving.
[[nodiscard]] absl::Status VerifyDleq(const Element& b,
                                      std::span<const Element> c,
                                      std::span<const Element> d,
                                      const DleqProof& proof);

}  // namespace tally::crypto

#endif  // TALLY_CRYPTO_DLEQ_H_
