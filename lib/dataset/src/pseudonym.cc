#include "dataset/pseudonym.h"

#include <algorithm>

#include "base/bytes.h"
#include "base/strings.h"

namespace tally::dataset {

absl::StatusOr<Pseudonym> Pseudonym::Create(std::span<const uint8_t> bytes) {
  if (bytes.size() != kBytes) {
    return absl::InvalidArgumentError("a pseudonym has 16 bytes");
  }
  std::array<uint8_t, kBytes> value{};
  std::copy(bytes.begin(), bytes.end(), value.begin());
  return Pseudonym(value);
}

absl::StatusOr<Pseudonym> Pseudonym::FromText(std::string_view text) {
  absl::StatusOr<std::string> bytes = HexDecode(text);
  if (!bytes.ok()) {
    return absl::InvalidArgumentError("a pseudonym has 32 hex digits");
  }
  return Create(AsBytes(*bytes));
}

std::string Pseudonym::ToText() const { return HexEncode(bytes_); }

void PrintTo(const Pseudonym&, std::ostream* out) { *out << "[redacted]"; }

}  // namespace tally::dataset
