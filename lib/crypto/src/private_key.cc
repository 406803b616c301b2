#include "crypto/private_key.h"

#include "base/bytes.h"
#include "base/status.h"
#include "internal/group.h"

namespace tally::crypto {

absl::StatusOr<Scalar> DerivePrivateKey(const Secret32& seed,
                                        const KeyInfo& info) {
  TALLY_RETURN_IF_ERROR(Validate(info));
  return internal::DeriveScalar(seed, AsBytes(internal::EncodeKeyInfo(info)),
                                internal::kDstKey);
}

}  // namespace tally::crypto
