#include "crypto/key_id.h"

#include <sodium.h>

#include <algorithm>
#include <ostream>

#include "base/bytes.h"
#include "base/exit_code.h"
#include "base/status.h"
#include "base/strings.h"
#include "internal/group.h"
#include "internal/secret_peek.h"

namespace tally::crypto {
namespace {

using Id = std::array<uint8_t, KeyId::kSize>;

// First 8 bytes of SHA-512 over `label`, a zero byte and the parts.
Id ShortHash(std::string_view label, internal::Parts parts) {
  const std::array<uint8_t, 1> zero = {0};
  crypto_hash_sha512_state state;
  crypto_hash_sha512_init(&state);
  const auto add = [&state](std::span<const uint8_t> bytes) {
    crypto_hash_sha512_update(&state, bytes.data(), bytes.size());
  };
  add(AsBytes(label));
  add(zero);
  for (const std::span<const uint8_t> part : parts) add(part);
  internal::WipedArray<64> hash;
  crypto_hash_sha512_final(&state, hash.data());
  Wipe(&state, sizeof(state));
  Id id;
  std::copy_n(hash.data(), id.size(), id.begin());
  return id;
}

}  // namespace

KeyId KeyId::OfPublic(std::span<const uint8_t> public_key) {
  return KeyId(ShortHash("tally1-key-id", {public_key}));
}

KeyId KeyId::OfSecret(std::string_view kind, const Secret32& secret) {
  TALLY_CHECK(kind.size() <= 255);
  const std::array<uint8_t, 1> length = {static_cast<uint8_t>(kind.size())};
  const SecretView view = internal::SecretPeek::View(secret);
  return KeyId(
      ShortHash("tally1-secret-id", {length, AsBytes(kind), view.bytes()}));
}

absl::StatusOr<KeyId> KeyId::FromBytes(std::span<const uint8_t> bytes) {
  if (bytes.size() != kSize) return InputError("a key id has 8 bytes");
  Id id;
  std::copy(bytes.begin(), bytes.end(), id.begin());
  return KeyId(id);
}

absl::StatusOr<KeyId> KeyId::FromHex(std::string_view hex) {
  const auto bytes = HexDecode(hex);
  if (!bytes.ok()) {
    return InputError("a key id has 16 lower-case hexadecimal digits");
  }
  return FromBytes(AsBytes(*bytes));
}

std::string KeyId::Hex() const { return HexEncode(bytes_); }

void PrintTo(const KeyId& id, std::ostream* out) { *out << id.Hex(); }

}  // namespace tally::crypto
