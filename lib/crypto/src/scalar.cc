#include "crypto/scalar.h"

#include <sodium.h>

#include <cstring>
#include <ostream>

#include "base/exit_code.h"
#include "base/status.h"
#include "internal/clear_stack.h"
#include "internal/group.h"
#include "internal/secret_peek.h"

namespace tally::crypto {
namespace internal {

bool IsStrictScalar(std::span<const uint8_t> bytes) {
  if (bytes.size() != 32) return false;
  WipedArray<64> wide;
  std::memcpy(wide.data(), bytes.data(), 32);
  ScalarBytes reduced;
  crypto_core_ristretto255_scalar_reduce(reduced.data(), wide.data());
  const int same = sodium_memcmp(reduced.data(), bytes.data(), 32);
  const int zero = sodium_is_zero(bytes.data(), 32);
  return same == 0 && zero == 0;
}

}  // namespace internal

absl::StatusOr<Scalar> Scalar::Random() {
  internal::ScalarBytes bytes;
  crypto_core_ristretto255_scalar_random(bytes.data());
  return TakeFrom(bytes.span());
}

absl::StatusOr<Scalar> Scalar::TakeFrom(std::span<uint8_t> bytes) {
  const bool strict = internal::IsStrictScalar(bytes);
  if (!strict) {
    Wipe(bytes.data(), bytes.size());
    internal::ClearStack();
    return InputError("bytes are not the encoding of a scalar");
  }
  TALLY_ASSIGN_OR_RETURN(Secret32 secret, Secret32::TakeFrom(bytes));
  return Scalar(std::move(secret));
}

absl::StatusOr<Scalar> Scalar::FromSecret(const Secret32& secret) {
  internal::ScalarBytes bytes;
  const SecretView view = internal::SecretPeek::View(secret);
  std::memcpy(bytes.data(), view.data(), view.size());
  return TakeFrom(bytes.span());
}

absl::StatusOr<Scalar> Scalar::Times(const Scalar& other) const {
  internal::ScalarBytes product;
  {
    const SecretView x = internal::SecretPeek::View(*this);
    const SecretView y = internal::SecretPeek::View(other);
    crypto_core_ristretto255_scalar_mul(product.data(), x.data(), y.data());
  }
  return TakeFrom(product.span());
}

absl::StatusOr<Scalar> Scalar::Inverse() const {
  internal::ScalarBytes inverse;
  {
    const SecretView x = internal::SecretPeek::View(*this);
    if (crypto_core_ristretto255_scalar_invert(inverse.data(), x.data()) != 0) {
      return absl::InternalError("zero has no inverse");
    }
  }
  return TakeFrom(inverse.span());
}

void PrintTo(const Scalar&, std::ostream* out) { *out << "[redacted]"; }

}  // namespace tally::crypto
