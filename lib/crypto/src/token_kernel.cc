#include "crypto/token_kernel.h"

#include <sodium.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <ostream>
#include <string>
#include <vector>

#include "absl/strings/str_format.h"
#include "base/bytes.h"
#include "base/exit_code.h"
#include "base/status.h"
#include "base/strings.h"
#include "crypto/random.h"
#include "crypto/wiped_bytes.h"
#include "internal/secret_peek.h"

namespace tally::crypto {
namespace {

constexpr size_t kSize = kTokenSize;

// From tests/vectors/tally1.json: the key of gp-supplier-a, its factor, and the
// four rows. A test compares them with the file.
constexpr std::string_view kKey =
    "563fae8758ce3fd568791b8af6d7d189049721dcd8db41388cfcf5323bdb3b00";
constexpr std::string_view kFactor =
    "131d5241f8e320e30de09f9a908bf766fdf87768046580ed02b9a45eed63a301";
struct Row {
  std::string_view number;
  std::string_view source_token;
  std::string_view hub_token;
};
constexpr std::array<Row, 4> kRows = {{
    {"9998242193",
     "b4a460334bf94b146dc2e4d27ec1a2dc227c0339595bb02b22fa6b540c4f7563",
     "a8b20f61730246c70691aef0d4a76cf4589a10afd751d1583c10a83937c43f5a"},
    {"9991578153",
     "9e6c599fcec1d3594fd0056f8855a1f86ebc569ddf73d262ec746f9a83ad9d4d",
     "5e3753504c37ed18a18308934ff4699224b240e25fe7e10d942a796806d41205"},
    {"9996593878",
     "b2c2fdf4233d1ad95711c1a0efec605667c14fc0004baecfdb5901623cfe4d4e",
     "56518975670f37073b9f9e8d167908efa4636c9465c45833b834ab95d859a57b"},
    {"9997840801",
     "ee6956297caef1ad93e2ffceec121aeac285b1c633c230995667cc44ebbd202f",
     "f2cc693eb9e6cb7a57378fe9b0929b4169450f995befed738dfeeb3dc1f7a302"},
}};
// A full batch of the widest kernel, and of the next one a full vector and a
// part of one: every lane is used, and some lie behind the end of the list.
constexpr size_t kRandomNumbers = 128 + 8 + 5;

absl::Status Differs(const TokenKernel& kernel, std::string_view what) {
  return IntegrityError(absl::StrFormat(
      "self-test of the %s kernel: %s differ from the published vectors or "
      "from libsodium; this program must not run on this machine",
      kernel.name(), what));
}

absl::StatusOr<Scalar> ScalarFromHex(std::string_view hex) {
  TALLY_ASSIGN_OR_RETURN(std::string bytes, HexDecode(hex));
  return Scalar::TakeFrom(
      {reinterpret_cast<uint8_t*>(bytes.data()), bytes.size()});
}

absl::Status TestRows(const TokenKernel& kernel) {
  TALLY_ASSIGN_OR_RETURN(const Scalar key, ScalarFromHex(kKey));
  TALLY_ASSIGN_OR_RETURN(const Scalar factor, ScalarFromHex(kFactor));
  std::vector<NhsMessage> messages;
  std::string source;
  std::string hub;
  for (const Row& row : kRows) {
    TALLY_ASSIGN_OR_RETURN(const NhsMessage message,
                           NhsMessage::Create(row.number));
    messages.push_back(message);
    source += *HexDecode(row.source_token);
    hub += *HexDecode(row.hub_token);
  }
  WipedBytes out(kSize * kRows.size());
  TALLY_RETURN_IF_ERROR(kernel.Tokenise(key, messages, out));
  if (AsChars(out) != source) return Differs(kernel, "source tokens");
  std::array<uint8_t, kRows.size()> rejected{};
  TALLY_ASSIGN_OR_RETURN(const size_t count,
                         kernel.Convert(factor, out, out, rejected));
  if (count != 0 || AsChars(out) != hub) return Differs(kernel, "hub tokens");
  return absl::OkStatus();
}

// Tokens of random numbers under a random key.
absl::Status TokeniseRandomNumbers(const TokenKernel& kernel, WipedBytes& out) {
  TALLY_ASSIGN_OR_RETURN(const Scalar key, Scalar::Random());
  std::vector<NhsMessage> messages;
  RandomStream random;
  for (size_t i = 0; i < kRandomNumbers; ++i) {
    TALLY_ASSIGN_OR_RETURN(const NhsMessage message,
                           NhsMessage::Create(absl::StrFormat(
                               "%010d", random.Below(10'000'000'000))));
    messages.push_back(message);
  }
  WipedBytes expected(kSize * kRandomNumbers);
  TALLY_RETURN_IF_ERROR(PortableKernel().Tokenise(key, messages, expected));
  out.assign(expected.size(), 0xff);
  TALLY_RETURN_IF_ERROR(kernel.Tokenise(key, messages, out));
  if (out != expected) return Differs(kernel, "tokens of random numbers");
  return absl::OkStatus();
}

// Random elements, one of them spoilt, converted by a random factor.
absl::Status ConvertRandomElements(const TokenKernel& kernel, WipedBytes& in) {
  TALLY_ASSIGN_OR_RETURN(const Scalar factor, Scalar::Random());
  const SecretView raw = internal::SecretPeek::View(factor);
  WipedBytes expected(in.size());
  const size_t spoilt = static_cast<size_t>(RandomUint64Below(kRandomNumbers));
  in[kSize * spoilt + 31] |= 0x80;
  for (size_t i = 0; i < kRandomNumbers; ++i) {
    if (i != spoilt &&
        crypto_scalarmult_ristretto255(expected.data() + kSize * i, raw.data(),
                                       in.data() + kSize * i) != 0) {
      return Differs(kernel, "random elements");
    }
  }
  WipedBytes out(in.size(), 0xff);
  std::array<uint8_t, kRandomNumbers> rejected{};
  TALLY_ASSIGN_OR_RETURN(const size_t count,
                         kernel.Convert(factor, in, out, rejected));
  if (count != 1 || rejected[spoilt] != 1 || out != expected) {
    return Differs(kernel, "random elements");
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<NhsMessage> NhsMessage::Create(std::string_view ten_digits) {
  if (ten_digits.size() != kDigits ||
      !std::all_of(ten_digits.begin(), ten_digits.end(),
                   [](char c) { return c >= '0' && c <= '9'; })) {
    return absl::InvalidArgumentError("an NHS Number message has ten digits");
  }
  NhsMessage message;
  std::copy(ten_digits.begin(), ten_digits.end(), message.digits_.begin());
  return message;
}

void PrintTo(const NhsMessage&, std::ostream* out) { *out << "[redacted]"; }

absl::Status SelfTestKernel(const TokenKernel& kernel) {
  TALLY_RETURN_IF_ERROR(TestRows(kernel));
  WipedBytes elements;
  TALLY_RETURN_IF_ERROR(TokeniseRandomNumbers(kernel, elements));
  return ConvertRandomElements(kernel, elements);
}

}  // namespace tally::crypto
