#ifndef TALLY_CRYPTO_ELEMENT_H_
#define TALLY_CRYPTO_ELEMENT_H_

// An element of the ristretto255 group, decoded strictly.
//
// Role: registry, proofs, ceremonies. libsodium 1.0.18 ignores the top bit of
// byte 31 and takes the identity for a point, so its own check is never enough.
// Spec: docs/spec/token-v1.md, "Strict decoding".
// Threading: values.
// Secrets: an element may be a token: it is not printed.

#include <array>
#include <cstddef>
#include <cstdint>
#include <iosfwd>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/error.h"

namespace tally::crypto {

class Scalar;

class Element {
 public:
  static constexpr size_t kSize = 32;
  using Bytes = std::array<uint8_t, kSize>;

  // 32 bytes, top bit clear, not the identity, canonical encoding of a point.
  // kInvalidArgument with reason ELEMENT_LENGTH, ELEMENT_TOP_BIT,
  // ELEMENT_IDENTITY or ELEMENT_INVALID. About 5 us. Not constant time: the
  // input is no secret.
  [[nodiscard]] static absl::StatusOr<Element> Decode(
      std::span<const uint8_t> bytes);
  // The same from 64 lower-case hexadecimal digits.
  [[nodiscard]] static absl::StatusOr<Element> DecodeHex(std::string_view hex);
  // The standard base of the group.
  static Element Generator();

  const Bytes& bytes() const { return bytes_; }
  std::string Hex() const;
  friend bool operator==(const Element&, const Element&) = default;

 private:
  friend struct ElementMaker;  // src/internal/group.h
  explicit Element(const Bytes& bytes) : bytes_(bytes) {}
  Bytes bytes_;
};

void PrintTo(const Element&, std::ostream* out);
std::ostream& operator<<(std::ostream&, const Element&) = delete;

// `scalar . element`. Constant time in the scalar. A result that is the
// identity cannot occur with a strict scalar and element (the order is prime);
// it is kInternal. About 50 us.
[[nodiscard]] absl::StatusOr<Element> Multiply(const Scalar& scalar,
                                               const Element& element);
// `scalar . G`.
[[nodiscard]] absl::StatusOr<Element> MultiplyBase(const Scalar& scalar);

// The three checks that need no arithmetic: length, top bit, identity. Empty if
// all pass. A few nanoseconds; run on every token as it arrives.
std::optional<Reason> CheckElementBytes(std::span<const uint8_t> bytes);

// CheckElementBytes over a packed list. kInvalidArgument with the reason and
// the first position (from 1, ErrorDetail.row) and the number of bad tokens
// (ErrorDetail.count), never the bytes. A length that is no multiple of 32 is
// ELEMENT_LENGTH.
[[nodiscard]] absl::Status CheckTokenBytes(std::span<const uint8_t> tokens);

}  // namespace tally::crypto

#endif  // TALLY_CRYPTO_ELEMENT_H_
