#ifndef TALLY_DATASET_PSEUDONYM_H_
#define TALLY_DATASET_PSEUDONYM_H_

// A person in one project: 16 bytes that say nothing about who it is and that
// no other project shares. Unrelated to the token classes: no conversion leads
// here, and none leads back.
//
// Role: made by the hub while a release is written; read by the analyst as
// text. Never in logs, messages, errors or file names.
//
// Spec: docs/spec/manifest-v1.md, "Release folder".
// Threading: a value.
// Secrets: record-level; prints as [redacted].

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <ostream>
#include <span>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace tally::dataset {

class Pseudonym {
 public:
  static constexpr size_t kBytes = 16;

  // Returns kInvalidArgument unless `bytes` is 16 long.
  [[nodiscard]] static absl::StatusOr<Pseudonym> Create(
      std::span<const uint8_t> bytes);

  // Reads 32 lower-case hex digits; kInvalidArgument otherwise.
  [[nodiscard]] static absl::StatusOr<Pseudonym> FromText(
      std::string_view text);

  const std::array<uint8_t, kBytes>& bytes() const { return bytes_; }

  // 32 lower-case hex digits, for the release writer only.
  std::string ToText() const;

  friend bool operator==(const Pseudonym&, const Pseudonym&) = default;
  friend std::strong_ordering operator<=>(const Pseudonym&,
                                          const Pseudonym&) = default;

 private:
  explicit Pseudonym(const std::array<uint8_t, kBytes>& bytes)
      : bytes_(bytes) {}

  std::array<uint8_t, kBytes> bytes_;
};

std::ostream& operator<<(std::ostream&, const Pseudonym&) = delete;

// GoogleTest would otherwise print the bytes.
void PrintTo(const Pseudonym& pseudonym, std::ostream* out);

}  // namespace tally::dataset

#endif  // TALLY_DATASET_PSEUDONYM_H_
