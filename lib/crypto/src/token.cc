#include "crypto/token.h"

#include <algorithm>
#include <array>
#include <optional>
#include <ostream>

#include "absl/strings/str_format.h"
#include "base/error.h"
#include "base/exit_code.h"
#include "base/strings.h"
#include "crypto/element.h"

namespace tally::crypto {
namespace {

absl::StatusOr<std::array<uint8_t, kTokenSize>> CheckedBytes(
    std::span<const uint8_t> bytes) {
  if (const std::optional<Reason> fault = CheckElementBytes(bytes)) {
    return Error(*fault, "a token is not an encoded group element");
  }
  std::array<uint8_t, kTokenSize> out;
  std::copy(bytes.begin(), bytes.end(), out.begin());
  return out;
}

}  // namespace

absl::StatusOr<SourceToken> SourceToken::Create(
    std::span<const uint8_t> bytes) {
  auto checked = CheckedBytes(bytes);
  if (!checked.ok()) return checked.status();
  return SourceToken(*checked);
}

absl::StatusOr<HubToken> HubToken::Create(std::span<const uint8_t> bytes) {
  auto checked = CheckedBytes(bytes);
  if (!checked.ok()) return checked.status();
  return HubToken(*checked);
}

void PrintTo(const SourceToken&, std::ostream* out) { *out << "[redacted]"; }
void PrintTo(const HubToken&, std::ostream* out) { *out << "[redacted]"; }

std::string_view EnvironmentName(Environment environment) {
  switch (environment) {
    case Environment::kExample:
      return "example";
    case Environment::kTest:
      return "test";
    case Environment::kProduction:
      return "production";
  }
  return "";
}

absl::StatusOr<Environment> ParseEnvironment(std::string_view name) {
  for (const Environment environment :
       {Environment::kExample, Environment::kTest, Environment::kProduction}) {
    if (name == EnvironmentName(environment)) return environment;
  }
  return UsageError("environment is not example, test or production");
}

std::string_view KeyRoleName(KeyRole role) {
  return role == KeyRole::kHub ? "hub" : "source";
}

absl::Status Validate(const KeyInfo& info) {
  if (!IsResourceId(info.party)) return UsageError("party is not a name");
  if (!IsResourceId(info.domain)) return UsageError("domain is not a name");
  if (info.epoch < 1) return UsageError("epoch starts at 1");
  if (info.role == KeyRole::kHub && info.party != "hub") {
    return UsageError("the party of a hub key is literally \"hub\"");
  }
  return absl::OkStatus();
}

std::string_view ScreenMark(Environment environment) {
  return environment == Environment::kExample ? "EXAMPLE " : "";
}

}  // namespace tally::crypto
