// The reference kernel: libsodium, one token after the other.

#include <sodium.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>

#include "base/bytes.h"
#include "base/status.h"
#include "crypto/element.h"
#include "crypto/token_kernel.h"
#include "internal/declassify.h"
#include "internal/message_blocks.h"
#include "internal/secret_peek.h"
#include "internal/wiped_array.h"

namespace tally::crypto {
namespace {

using internal::kMessageHead;
using internal::kMessageTail;

constexpr size_t kSize = kTokenSize;

// Hashes NHS Number messages with two SHA-512 compressions each: the state
// after the constant block of zeroes is kept.
class MessageHasher {
 public:
  MessageHasher() {
    const std::array<uint8_t, 128> zero_block{};
    crypto_hash_sha512_init(&after_zeroes_);
    crypto_hash_sha512_update(&after_zeroes_, zero_block.data(),
                              zero_block.size());
    std::copy(kMessageHead.begin(), kMessageHead.end(), first_.data());
    std::copy(kMessageTail.begin(), kMessageTail.end(),
              first_.data() + kDigitsAt + NhsMessage::kDigits);
    second_.data()[64] = 0x01;
    std::copy(kMessageTail.begin() + internal::kTagAt, kMessageTail.end(),
              second_.data() + 65);
  }
  ~MessageHasher() { Wipe(&state_, sizeof(state_)); }
  MessageHasher(const MessageHasher&) = delete;
  MessageHasher& operator=(const MessageHasher&) = delete;

  void Hash(const NhsMessage& message, uint8_t* out64) {
    std::memcpy(first_.data() + kDigitsAt, message.digits().data(),
                NhsMessage::kDigits);
    state_ = after_zeroes_;
    crypto_hash_sha512_update(&state_, first_.data(), first_.size());
    crypto_hash_sha512_final(&state_, second_.data());
    crypto_hash_sha512(out64, second_.data(), second_.size());
  }

 private:
  static constexpr size_t kDigitsAt = kMessageHead.size();
  crypto_hash_sha512_state after_zeroes_;
  crypto_hash_sha512_state state_;
  internal::WipedArray<internal::kFirstHashed> first_;
  internal::WipedArray<internal::kSecondHashed> second_;
};

class Portable final : public TokenKernel {
 public:
  std::string_view name() const override { return "portable"; }

  absl::Status Tokenise(const Scalar& key, std::span<const NhsMessage> messages,
                        std::span<uint8_t> out) const override {
    TALLY_CHECK(out.size() == kSize * messages.size());
    const SecretView scalar = internal::SecretPeek::View(key);
    MessageHasher hasher;
    internal::WipedArray<64> wide;
    internal::WipedArray<kSize> element;
    for (size_t i = 0; i < messages.size(); ++i) {
      hasher.Hash(messages[i], wide.data());
      crypto_core_ristretto255_from_hash(element.data(), wide.data());
      // An identity ends the call, which anyone can see.
      if (internal::Declassify(crypto_scalarmult_ristretto255(
                                   out.data() + kSize * i, scalar.data(),
                                   element.data()) != 0)) {
        Wipe(out.data(), out.size());
        return absl::InternalError("a token is the identity");
      }
    }
    return absl::OkStatus();
  }

  absl::StatusOr<size_t> Convert(const Scalar& factor,
                                 std::span<const uint8_t> in,
                                 std::span<uint8_t> out,
                                 std::span<uint8_t> rejected) const override {
    TALLY_CHECK(in.size() == out.size());
    TALLY_CHECK(in.size() == kSize * rejected.size());
    const SecretView scalar = internal::SecretPeek::View(factor);
    size_t count = 0;
    internal::WipedArray<kSize> result;
    for (size_t i = 0; i < rejected.size(); ++i) {
      const auto token = in.subspan(kSize * i, kSize);
      // libsodium decodes by itself and says whether it could; what it lets
      // through is refused before. Which token is refused is no secret.
      const bool bad = CheckElementBytes(token).has_value() ||
                       internal::Declassify(crypto_scalarmult_ristretto255(
                                                result.data(), scalar.data(),
                                                token.data()) != 0);
      rejected[i] = bad ? 1 : 0;
      if (bad) {
        ++count;
        std::memset(out.data() + kSize * i, 0, kSize);
      } else {
        std::memcpy(out.data() + kSize * i, result.data(), kSize);
      }
    }
    return count;
  }
};

}  // namespace

const TokenKernel& PortableKernel() {
  static const Portable& kernel = *new Portable;  // never destroyed
  return kernel;
}

}  // namespace tally::crypto
