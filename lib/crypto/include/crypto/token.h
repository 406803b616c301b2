#ifndef TALLY_CRYPTO_TOKEN_H_
#define TALLY_CRYPTO_TOKEN_H_

// Tokens, environments and the name of a key.
//
// Role: the words that source, hub and custodian share. A source token is what
// a source makes of a person; a hub token is what the hub makes of a source
// token. They are unrelated classes without conversions or printing: a hub
// token can never be sent where a source token is expected.
// Spec: docs/spec/token-v1.md.
// Threading: values.
// Secrets: tokens are personal data. They are never formatted as text; buffers
// that hold many of them are WipedBytes.

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <iosfwd>
#include <span>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace tally::crypto {

inline constexpr std::string_view kSuite = "tally1-ristretto255-SHA512";
inline constexpr size_t kTokenSize = 32;

// `T_s = k_s . HashToGroup(message)`. Made by a source, sent to the hub.
class SourceToken {
 public:
  // Checks length, top bit and identity, in that order (ELEMENT_LENGTH,
  // ELEMENT_TOP_BIT, ELEMENT_IDENTITY, all kInvalidArgument). Whether the
  // bytes decode is found out by conversion, which does it anyway.
  [[nodiscard]] static absl::StatusOr<SourceToken> Create(
      std::span<const uint8_t> bytes);
  const std::array<uint8_t, kTokenSize>& bytes() const { return bytes_; }
  friend auto operator<=>(const SourceToken&, const SourceToken&) = default;

 private:
  explicit SourceToken(const std::array<uint8_t, kTokenSize>& bytes)
      : bytes_(bytes) {}
  std::array<uint8_t, kTokenSize> bytes_;
};

// `T = c_s . T_s`: the same for one person from every source. Exists at the
// hub only, and never leaves it. Ordered by bytes, as index runs are.
class HubToken {
 public:
  // As SourceToken::Create.
  [[nodiscard]] static absl::StatusOr<HubToken> Create(
      std::span<const uint8_t> bytes);
  const std::array<uint8_t, kTokenSize>& bytes() const { return bytes_; }
  friend auto operator<=>(const HubToken&, const HubToken&) = default;

 private:
  explicit HubToken(const std::array<uint8_t, kTokenSize>& bytes)
      : bytes_(bytes) {}
  std::array<uint8_t, kTokenSize> bytes_;
};

void PrintTo(const SourceToken&, std::ostream* out);
void PrintTo(const HubToken&, std::ostream* out);
std::ostream& operator<<(std::ostream&, const SourceToken&) = delete;
std::ostream& operator<<(std::ostream&, const HubToken&) = delete;

// Which world a key belongs to. It enters every key's derivation.
enum class Environment { kExample, kTest, kProduction };
// "example", "test" or "production".
std::string_view EnvironmentName(Environment environment);
// Any other text is kInvalidArgument (exit 2).
[[nodiscard]] absl::StatusOr<Environment> ParseEnvironment(
    std::string_view name);

enum class KeyRole { kSource, kHub };
// "source" or "hub".
std::string_view KeyRoleName(KeyRole role);

// What a source or hub key is called. All of it enters the derivation.
struct KeyInfo {
  Environment environment = Environment::kExample;
  KeyRole role = KeyRole::kSource;
  std::string party{};   // a source's id; literally "hub" for a hub key
  std::string domain{};  // "commissioning"
  uint32_t epoch = 1;    // from 1

  friend bool operator==(const KeyInfo&, const KeyInfo&) = default;
};

// Names match ^[a-z][a-z0-9-]{0,62}$, epoch is at least 1, and the party of a
// hub key is "hub"; otherwise kInvalidArgument naming the field.
[[nodiscard]] absl::Status Validate(const KeyInfo& info);

// "EXAMPLE " in the example environment, otherwise empty: goes in front of key
// ids and party names on screen.
std::string_view ScreenMark(Environment environment);

}  // namespace tally::crypto

#endif  // TALLY_CRYPTO_TOKEN_H_
