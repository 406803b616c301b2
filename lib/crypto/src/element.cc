#include "crypto/element.h"

#include <sodium.h>

#include <algorithm>
#include <ostream>
#include <string>

#include "absl/strings/str_format.h"
#include "base/bytes.h"
#include "base/exit_code.h"
#include "base/strings.h"
#include "crypto/scalar.h"
#include "internal/group.h"
#include "internal/secret_peek.h"

namespace tally::crypto {
namespace {

std::string_view Explain(Reason fault) {
  switch (fault) {
    case Reason::kElementLength:
      return "a group element has 32 bytes";
    case Reason::kElementTopBit:
      return "top bit of a group element is set";
    case Reason::kElementIdentity:
      return "a group element is the identity";
    default:
      return "bytes are not the encoding of a group element";
  }
}

}  // namespace

std::optional<Reason> CheckElementBytes(std::span<const uint8_t> bytes) {
  if (bytes.size() != Element::kSize) return Reason::kElementLength;
  if (bytes[31] >= 0x80) return Reason::kElementTopBit;
  if (sodium_is_zero(bytes.data(), bytes.size()) == 1) {
    return Reason::kElementIdentity;
  }
  return std::nullopt;
}

absl::Status CheckTokenBytes(std::span<const uint8_t> tokens) {
  constexpr size_t kSize = Element::kSize;
  if (tokens.size() % kSize != 0) {
    return Error(Reason::kElementLength,
                 "the tokens are not a multiple of 32 bytes");
  }
  std::optional<Reason> first;
  int64_t row = 0;
  int64_t count = 0;
  for (size_t i = 0; i < tokens.size() / kSize; ++i) {
    const auto fault = CheckElementBytes(tokens.subspan(i * kSize, kSize));
    if (!fault.has_value()) continue;
    if (++count == 1) {
      first = fault;
      row = static_cast<int64_t>(i) + 1;
    }
  }
  if (!first.has_value()) return absl::OkStatus();
  return Error(*first,
               absl::StrFormat("%s: token %d is the first of %d",
                               Explain(*first), row, count),
               {.row = row, .count = count});
}

absl::StatusOr<Element> Element::Decode(std::span<const uint8_t> bytes) {
  std::optional<Reason> fault = CheckElementBytes(bytes);
  if (!fault.has_value() &&
      crypto_core_ristretto255_is_valid_point(bytes.data()) != 1) {
    fault = Reason::kElementInvalid;
  }
  if (fault.has_value()) return Error(*fault, std::string(Explain(*fault)));
  Bytes out;
  std::copy(bytes.begin(), bytes.end(), out.begin());
  return Element(out);
}

absl::StatusOr<Element> Element::DecodeHex(std::string_view hex) {
  const auto bytes = HexDecode(hex);
  if (!bytes.ok()) {
    return Error(Reason::kElementLength,
                 "a group element has 64 lower-case hexadecimal digits");
  }
  return Decode(AsBytes(*bytes));
}

Element Element::Generator() {
  const uint8_t one[32] = {1};
  Bytes out;
  // Cannot fail: the scalar is one.
  static_cast<void>(crypto_scalarmult_ristretto255_base(out.data(), one));
  return Element(out);
}

std::string Element::Hex() const { return HexEncode(bytes_); }

void PrintTo(const Element&, std::ostream* out) { *out << "[redacted]"; }

absl::StatusOr<Element> Multiply(const Scalar& scalar, const Element& element) {
  const SecretView s = internal::SecretPeek::View(scalar);
  Element::Bytes out;
  const int failed = crypto_scalarmult_ristretto255(out.data(), s.data(),
                                                    element.bytes().data());
  if (failed != 0) {
    return absl::InternalError("a product of group elements is the identity");
  }
  return ElementMaker::Make(out);
}

absl::StatusOr<Element> MultiplyBase(const Scalar& scalar) {
  const SecretView s = internal::SecretPeek::View(scalar);
  Element::Bytes out;
  const int failed = crypto_scalarmult_ristretto255_base(out.data(), s.data());
  if (failed != 0) {
    return absl::InternalError("a public key is the identity");
  }
  return ElementMaker::Make(out);
}

}  // namespace tally::crypto
