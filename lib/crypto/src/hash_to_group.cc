#include "crypto/hash_to_group.h"

#include <sodium.h>

#include "absl/strings/str_format.h"
#include "base/bytes.h"
#include "base/exit_code.h"
#include "base/status.h"
#include "internal/group.h"
#include "internal/secret_peek.h"

namespace tally::crypto {
namespace internal {

void Expand(Parts message, std::string_view dst, WipedArray<64>& out) {
  TALLY_CHECK(dst.size() <= 255);
  const std::array<uint8_t, 128> zero_block{};
  // Output length 64 in two bytes, then the zero byte of b0.
  const std::array<uint8_t, 3> length = {0x00, 0x40, 0x00};
  const std::array<uint8_t, 1> one = {0x01};
  const std::array<uint8_t, 1> dst_length = {static_cast<uint8_t>(dst.size())};

  crypto_hash_sha512_state state;
  const auto add = [&state](std::span<const uint8_t> bytes) {
    crypto_hash_sha512_update(&state, bytes.data(), bytes.size());
  };
  WipedArray<64> b0;
  crypto_hash_sha512_init(&state);
  add(zero_block);
  for (const std::span<const uint8_t> part : message) add(part);
  add(length);
  add(AsBytes(dst));
  add(dst_length);
  crypto_hash_sha512_final(&state, b0.data());

  crypto_hash_sha512_init(&state);
  add(b0.span());
  add(one);
  add(AsBytes(dst));
  add(dst_length);
  crypto_hash_sha512_final(&state, out.data());
  Wipe(&state, sizeof(state));
}

void HashToScalar(Parts message, std::string_view dst, ScalarBytes& out) {
  WipedArray<64> wide;
  Expand(message, dst, wide);
  crypto_core_ristretto255_scalar_reduce(out.data(), wide.data());
}

absl::StatusOr<Element> HashToGroup(Parts message, std::string_view dst) {
  WipedArray<64> wide;
  Expand(message, dst, wide);
  Element::Bytes out;
  if (crypto_core_ristretto255_from_hash(out.data(), wide.data()) != 0 ||
      CheckElementBytes(out).has_value()) {
    return absl::InternalError("a message hashes to the identity");
  }
  return ElementMaker::Make(out);
}

absl::StatusOr<Scalar> DeriveScalar(const Secret32& seed,
                                    std::span<const uint8_t> info,
                                    std::string_view dst) {
  TALLY_CHECK(info.size() <= 0xffff);
  const std::array<uint8_t, 2> length = {
      static_cast<uint8_t>(info.size() >> 8),
      static_cast<uint8_t>(info.size() & 0xff)};
  const SecretView view = SecretPeek::View(seed);
  for (int counter = 0; counter < 256; ++counter) {
    const std::array<uint8_t, 1> last = {static_cast<uint8_t>(counter)};
    ScalarBytes scalar;
    HashToScalar({view.bytes(), length, info, last}, dst, scalar);
    // Zero has a chance of 2^-252: saying so gives nothing away.
    if (sodium_is_zero(scalar.data(), scalar.size()) == 0) {
      return Scalar::TakeFrom(scalar.span());
    }
  }
  return absl::InternalError("no private key can be derived from the seed");
}

std::string EncodeKeyInfo(const KeyInfo& info) {
  ByteWriter writer;
  writer.Lp1(EnvironmentName(info.environment));
  writer.Lp1(KeyRoleName(info.role));
  writer.Lp1(info.party);
  writer.Lp1(info.domain);
  writer.U32(info.epoch);
  return writer.Take();
}

}  // namespace internal

absl::StatusOr<WipedBytes> EncodeMessage(std::string_view kind,
                                         std::string_view value) {
  if (kind.size() > 0xff || value.size() > 0xffff) {
    return InputError("a message's kind or value is too long");
  }
  WipedBytes out;
  out.reserve(3 + kind.size() + value.size());
  out.push_back(static_cast<uint8_t>(kind.size()));
  out.insert(out.end(), kind.begin(), kind.end());
  out.push_back(static_cast<uint8_t>(value.size() >> 8));
  out.push_back(static_cast<uint8_t>(value.size() & 0xff));
  out.insert(out.end(), value.begin(), value.end());
  return out;
}

absl::StatusOr<Element> HashToGroup(std::span<const uint8_t> message) {
  return internal::HashToGroup({message}, internal::kDstGroup);
}

}  // namespace tally::crypto
