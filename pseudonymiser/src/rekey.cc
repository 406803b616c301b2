#include "rekey.h"

#include <sodium.h>

#include <algorithm>
#include <string>

#include "base/bytes.h"
#include "base/config.h"
#include "crypto/random.h"

namespace tally::pseudonymiser {
namespace {

constexpr int64_t kElevenDigits = 10'000'000'000;
// Room enough that two keys of one extract hardly ever meet.
constexpr int64_t kWideRange = int64_t{1} << 48;

}  // namespace

Rekey::Rekey() { crypto::RandomBytes(key_); }

Rekey::~Rekey() { WipeMemory(key_.data(), key_.size()); }

uint64_t Rekey::Hash(std::string_view value) const {
  static_assert(crypto_shorthash_KEYBYTES == 16);
  std::array<uint8_t, crypto_shorthash_BYTES> out;
  crypto_shorthash(out.data(), AsBytes(value).data(), value.size(),
                   key_.data());
  uint64_t number = 0;
  for (const uint8_t byte : out) number = number << 8 | byte;
  return number;
}

int64_t Rekey::Number(std::string_view column, std::string_view value,
                      int64_t min, int64_t max) const {
  std::string input(column);
  input.push_back('\0');
  input.append(value);
  if (min < kElevenDigits && max >= kElevenDigits + kWideRange) {
    min = kElevenDigits;
  }
  // Unsigned arithmetic: the width of the whole int64 range fits, and 0 means
  // all of it.
  const uint64_t width =
      static_cast<uint64_t>(max) - static_cast<uint64_t>(min) + 1;
  const uint64_t hash = Hash(input);
  const uint64_t offset = width == 0 ? hash : hash % width;
  return static_cast<int64_t>(static_cast<uint64_t>(min) + offset);
}

}  // namespace tally::pseudonymiser
