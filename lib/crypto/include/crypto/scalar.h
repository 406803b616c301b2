#ifndef TALLY_CRYPTO_SCALAR_H_
#define TALLY_CRYPTO_SCALAR_H_

// A secret scalar modulo the group order, decoded strictly.
//
// Role: private keys, conversion factors, blinding. Public scalars of proofs
// stay inside the library.
// Spec: docs/spec/token-v1.md, "Strict decoding".
// Threading: const functions from several threads.
// Secrets: yes; lives in guarded memory.

#include <cstdint>
#include <iosfwd>
#include <span>

#include "absl/status/statusor.h"
#include "crypto/secret.h"

namespace tally::crypto {

class Scalar {
 public:
  // Even over 1 .. L-1.
  [[nodiscard]] static absl::StatusOr<Scalar> Random();
  // 32 bytes little-endian, 0 < s < L, the source is wiped. libsodium would
  // take L + 7 for 7 and mask bit 255; we return kInvalidArgument for these,
  // for zero, and for any other length. Constant time in the value.
  [[nodiscard]] static absl::StatusOr<Scalar> TakeFrom(
      std::span<uint8_t> bytes);
  [[nodiscard]] static absl::StatusOr<Scalar> FromSecret(
      const Secret32& secret);

  Scalar(Scalar&&) noexcept = default;
  Scalar& operator=(Scalar&&) noexcept = default;

  // This times `other`, and one over this, modulo L. Never zero.
  [[nodiscard]] absl::StatusOr<Scalar> Times(const Scalar& other) const;
  [[nodiscard]] absl::StatusOr<Scalar> Inverse() const;

  bool EqualTo(const Scalar& other) const {
    return secret_.EqualTo(other.secret_);
  }
  const Secret32& secret() const { return secret_; }

 private:
  explicit Scalar(Secret32 secret) : secret_(std::move(secret)) {}
  Secret32 secret_;
};

void PrintTo(const Scalar&, std::ostream* out);
std::ostream& operator<<(std::ostream&, const Scalar&) = delete;

}  // namespace tally::crypto

#endif  // TALLY_CRYPTO_SCALAR_H_
