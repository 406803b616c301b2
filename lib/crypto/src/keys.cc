#include "crypto/keys.h"

#include <sodium.h>

#include <ostream>
#include <utility>

#include "base/exit_code.h"
#include "base/status.h"
#include "internal/check_name.h"
#include "internal/secret_peek.h"

namespace tally::crypto {
StorageKey::StorageKey(Environment environment, std::string_view party,
                       Secret32 secret)
    : environment_(environment),
      party_(party),
      secret_(std::move(secret)),
      key_id_(KeyId::OfSecret("storage", secret_)) {}

absl::StatusOr<StorageKey> StorageKey::Generate(Environment environment,
                                                std::string_view party) {
  TALLY_ASSIGN_OR_RETURN(Secret32 secret, Secret32::Random());
  return FromSecret(environment, party, std::move(secret));
}

absl::StatusOr<StorageKey> StorageKey::FromSecret(Environment environment,
                                                  std::string_view party,
                                                  Secret32 secret) {
  TALLY_RETURN_IF_ERROR(internal::CheckName("party", party));
  return StorageKey(environment, party, std::move(secret));
}

BoxKey::BoxKey(Environment environment, std::string_view party, Secret32 secret,
               const PublicKey& public_key)
    : environment_(environment),
      party_(party),
      secret_(std::move(secret)),
      public_key_(public_key) {}

absl::StatusOr<BoxKey> BoxKey::Generate(Environment environment,
                                        std::string_view party) {
  TALLY_ASSIGN_OR_RETURN(Secret32 secret, Secret32::Random());
  return FromSecret(environment, party, std::move(secret));
}

absl::StatusOr<BoxKey> BoxKey::FromSecret(Environment environment,
                                          std::string_view party,
                                          Secret32 secret) {
  TALLY_RETURN_IF_ERROR(internal::CheckName("party", party));
  PublicKey public_key;
  {
    const SecretView view = internal::SecretPeek::View(secret);
    if (crypto_scalarmult_base(public_key.data(), view.data()) != 0) {
      return absl::InternalError("a box key has no public half");
    }
  }
  return BoxKey(environment, party, std::move(secret), public_key);
}

absl::StatusOr<WipedBytes> BoxKey::Open(std::span<const uint8_t> sealed) const {
  if (sealed.size() < crypto_box_SEALBYTES) {
    return InputError("a sealed message is too short");
  }
  WipedBytes out(sealed.size() - crypto_box_SEALBYTES);
  const SecretView view = internal::SecretPeek::View(secret_);
  if (crypto_box_seal_open(out.data(), sealed.data(), sealed.size(),
                           public_key_.data(), view.data()) != 0) {
    return InputError(
        "a sealed message is not for this key, or has been altered");
  }
  return out;
}

absl::StatusOr<WipedBytes> SealTo(const PublicKey& receiver,
                                  std::span<const uint8_t> message) {
  WipedBytes out(message.size() + crypto_box_SEALBYTES);
  if (crypto_box_seal(out.data(), message.data(), message.size(),
                      receiver.data()) != 0) {
    return InputError("a box key is of small order");
  }
  return out;
}

void PrintTo(const StorageKey&, std::ostream* out) { *out << "[redacted]"; }
void PrintTo(const BoxKey&, std::ostream* out) { *out << "[redacted]"; }

}  // namespace tally::crypto
