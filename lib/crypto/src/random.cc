#include "crypto/random.h"

#include <sodium.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <string>
#include <string_view>

#include "absl/strings/str_format.h"
#include "base/status.h"
#include "base/strings.h"
#include "crypto/wiped_bytes.h"
#include "internal/secret_peek.h"

namespace tally::crypto {
namespace {

// The part of the 64-bit range that `bound` divides evenly ends here; values
// beyond are drawn again, so that no remainder is likelier than another.
uint64_t RejectFrom(uint64_t bound) {
  const uint64_t excess =
      (std::numeric_limits<uint64_t>::max() % bound + 1) % bound;
  return std::numeric_limits<uint64_t>::max() - excess;
}

constexpr unsigned char kNonce[crypto_stream_chacha20_ietf_NONCEBYTES + 1] =
    "TallyStream1";
constexpr uint8_t kZeroes[4096] = {};

}  // namespace

void RandomBytes(std::span<uint8_t> out) {
  randombytes_buf(out.data(), out.size());
}

uint64_t RandomUint64Below(uint64_t bound) {
  TALLY_CHECK(bound > 0);
  const uint64_t last = RejectFrom(bound);
  uint64_t value = 0;
  do {
    randombytes_buf(&value, sizeof(value));
  } while (value > last);
  return value % bound;
}

std::string RandomHex(size_t bytes) {
  std::string raw(bytes, '\0');
  randombytes_buf(raw.data(), raw.size());
  return HexEncode({reinterpret_cast<const uint8_t*>(raw.data()), raw.size()});
}

std::string RandomUuid4() {
  std::array<uint8_t, 16> bytes;
  RandomBytes(bytes);
  bytes[6] = static_cast<uint8_t>((bytes[6] & 0x0f) | 0x40);
  bytes[8] = static_cast<uint8_t>((bytes[8] & 0x3f) | 0x80);
  const std::string hex = HexEncode(bytes);
  const std::string_view text = hex;
  return absl::StrFormat("%s-%s-%s-%s-%s", text.substr(0, 8), text.substr(8, 4),
                         text.substr(12, 4), text.substr(16, 4),
                         text.substr(20));
}

RandomStream::RandomStream() { randombytes_buf(key_.data(), key_.size()); }
RandomStream::RandomStream(const Secret32& seed) : seed_(&seed) {}
RandomStream::~RandomStream() {
  Wipe(block_.data(), block_.size());
  Wipe(key_.data(), key_.size());
}

void RandomStream::Refill() {
  used_ = 0;
  if (seed_ == nullptr) {
    // The key of one block makes the next key too and is gone with it: what
    // was given out cannot be made again from what is kept.
    std::array<uint8_t, kBlock + kKey> made;
    crypto_stream_chacha20_ietf(made.data(), made.size(), kNonce, key_.data());
    std::memcpy(block_.data(), made.data(), kBlock);
    std::memcpy(key_.data(), made.data() + kBlock, kKey);
    Wipe(made.data(), made.size());
    return;
  }
  constexpr uint32_t kBlocksPerRefill = kBlock / 64;
  static_assert(sizeof(kZeroes) == kBlock);
  TALLY_CHECK(counter_ <=
              std::numeric_limits<uint32_t>::max() - kBlocksPerRefill);
  const SecretView key = internal::SecretPeek::View(*seed_);
  crypto_stream_chacha20_ietf_xor_ic(block_.data(), kZeroes, kBlock, kNonce,
                                     counter_, key.data());
  counter_ += kBlocksPerRefill;
}

void RandomStream::Fill(std::span<uint8_t> out) {
  while (!out.empty()) {
    if (used_ == kBlock) Refill();
    const size_t n = std::min(out.size(), kBlock - used_);
    std::memcpy(out.data(), block_.data() + used_, n);
    used_ += n;
    out = out.subspan(n);
  }
}

uint64_t RandomStream::Next() {
  std::array<uint8_t, 8> bytes;
  if (kBlock - used_ >= bytes.size()) {
    std::memcpy(bytes.data(), block_.data() + used_, bytes.size());
    used_ += bytes.size();
  } else {
    Fill(bytes);
  }
  uint64_t value = 0;
  for (const uint8_t byte : bytes) value = value << 8 | byte;
  return value;
}

uint64_t RandomStream::Below(uint64_t bound) {
  TALLY_CHECK(bound > 0);
  while (true) {
    const uint64_t value = Next();
    // Fewer than `bound` values are drawn again: two divisions that nearly no
    // value needs.
    if (value <= std::numeric_limits<uint64_t>::max() - bound ||
        value <= RejectFrom(bound)) {
      return value % bound;
    }
  }
}

}  // namespace tally::crypto
