#ifndef TALLY_CRYPTO_KEY_ID_H_
#define TALLY_CRYPTO_KEY_ID_H_

// The short public name of a key.
//
// Role: everywhere a key is mentioned. Commands print key id and epoch and
// never more.
// Spec: docs/spec/token-v1.md, "Derivations"; sealed-files-v1.md, "Key file".
// Threading: values.
// Secrets: none. A key id of a random secret tells nothing about it.

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <iosfwd>
#include <span>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "crypto/secret.h"

namespace tally::crypto {

class KeyId {
 public:
  static constexpr size_t kSize = 8;

  // First 8 bytes of SHA512("tally1-key-id" || 0x00 || public key).
  static KeyId OfPublic(std::span<const uint8_t> public_key);
  // First 8 bytes of SHA512("tally1-secret-id" || 0x00 || lp1(kind) ||
  // secret), for keys that have no public half.
  static KeyId OfSecret(std::string_view kind, const Secret32& secret);
  // 8 bytes, or 16 lower-case hexadecimal digits; else kInvalidArgument.
  [[nodiscard]] static absl::StatusOr<KeyId> FromBytes(
      std::span<const uint8_t> bytes);
  [[nodiscard]] static absl::StatusOr<KeyId> FromHex(std::string_view hex);

  const std::array<uint8_t, kSize>& bytes() const { return bytes_; }
  std::string Hex() const;
  friend auto operator<=>(const KeyId&, const KeyId&) = default;

 private:
  explicit KeyId(const std::array<uint8_t, kSize>& bytes) : bytes_(bytes) {}
  std::array<uint8_t, kSize> bytes_;
};

void PrintTo(const KeyId& id, std::ostream* out);  // a key id may be shown

}  // namespace tally::crypto

#endif  // TALLY_CRYPTO_KEY_ID_H_
