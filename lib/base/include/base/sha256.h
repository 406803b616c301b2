#ifndef TALLY_BASE_SHA256_H_
#define TALLY_BASE_SHA256_H_

// SHA-256 of bytes and files, for digests that anyone may compute: manifests,
// specifications, released files. A digest is no key and no pseudonym: never
// hash an identifier with this.
//
// Threading: one thread per object.
// Secrets: none; for keyed digests see crypto.

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace tally {

class Sha256 {
 public:
  static constexpr size_t kBytes = 32;

  Sha256();
  ~Sha256();
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;

  void Update(std::string_view bytes);
  void Update(std::span<const uint8_t> bytes);

  // The digest of all that was given; the object starts again from nothing.
  std::array<uint8_t, kBytes> Finish();

  // The digest so far; the object goes on. Costs a copy of the state.
  std::array<uint8_t, kBytes> Peek() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// 32 bytes, and the same as 64 lower-case hex digits.
std::array<uint8_t, Sha256::kBytes> Sha256Of(std::string_view bytes);
std::string Sha256Hex(std::string_view bytes);

// Of a file's content, read in pieces of 1 MiB. Returns kNotFound, or the error
// of reading.
absl::StatusOr<std::string> Sha256HexOfFile(const std::string& path);

}  // namespace tally

#endif  // TALLY_BASE_SHA256_H_
