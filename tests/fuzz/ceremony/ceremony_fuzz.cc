// Ceremony messages, before sealing: what parses re-encodes to the same bytes.
// The same bytes are also sealed to a receiver, so that opening sees them.

#include <algorithm>
#include <array>
#include <memory>

#include "base/status.h"
#include "crypto/ceremony.h"
#include "crypto/init.h"
#include "internal/ceremony_format.h"

namespace tally::crypto {
namespace {

const BoxKey& Receiver() {
  static const BoxKey& key = *[] {
    TALLY_CHECK(InitCrypto().ok());
    std::array<uint8_t, 32> secret;
    secret.fill(6);
    return new BoxKey(BoxKey::FromSecret(Environment::kTest, "custodian",
                                         *Secret32::TakeFrom(secret))
                          .value());
  }();
  return key;
}

void CheckMessage(std::span<const uint8_t> bytes) {
  const auto parsed = internal::ParseCeremony(bytes);
  const auto sealed = SealTo(Receiver().public_key(), bytes);
  TALLY_CHECK(sealed.ok());
  const auto peeked = PeekCeremonyHeader(*sealed, Receiver());
  // A sealed file has a largest size; below it both agree.
  if (sealed->size() <= 2048) TALLY_CHECK(peeked.ok() == parsed.ok());
  if (!parsed.ok()) return;
  std::array<uint8_t, 32> value;
  std::ranges::copy(parsed->value(), value.begin());
  auto scalar = Scalar::TakeFrom(value);
  if (!scalar.ok()) return;
  const auto encoded = internal::EncodeCeremony(
      {.header = parsed->header, .value = *std::move(scalar)});
  TALLY_CHECK(encoded.ok());
  TALLY_CHECK(std::ranges::equal(*encoded, bytes.first(bytes.size() - 64)));
}

}  // namespace
}  // namespace tally::crypto

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  tally::crypto::Receiver();
  tally::crypto::CheckMessage({data, size});
  return 0;
}
