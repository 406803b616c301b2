#ifndef TALLY_CRYPTO_SRC_INTERNAL_MESSAGE_BLOCKS_H_
#define TALLY_CRYPTO_SRC_INTERNAL_MESSAGE_BLOCKS_H_

// What surrounds the ten digits of an NHS Number in the two hashes that make it
// an element, for every kernel.
//
// Spec: docs/spec/token-v1.md, "Hashing" and "Message".
// Threading: constants.
// Secrets: none.

#include <array>
#include <cstddef>
#include <cstdint>

#include "crypto/token_kernel.h"
#include "internal/group.h"

namespace tally::crypto::internal {

// What follows the ten digits in the first hash: output length 64 in two
// bytes, a zero byte, the tag and the tag's length.
using MessageTail = std::array<uint8_t, 3 + kDstGroup.size() + 1>;
constexpr MessageTail MakeMessageTail() {
  MessageTail tail{};
  tail[1] = 0x40;
  for (size_t i = 0; i < kDstGroup.size(); ++i) {
    tail[3 + i] = static_cast<uint8_t>(kDstGroup[i]);
  }
  tail.back() = static_cast<uint8_t>(kDstGroup.size());
  return tail;
}
inline constexpr MessageTail kMessageTail = MakeMessageTail();
// The second hash is of the first one, a byte 1, the tag and its length.
inline constexpr size_t kTagAt = 3;  // in the tail

// lp1("nhs-number") and the length of ten digits in two bytes.
inline constexpr std::array<uint8_t, 13> kMessageHead = {
    10, 'n', 'h', 's', '-', 'n', 'u', 'm', 'b', 'e', 'r', 0, 10};

inline constexpr size_t kFirstHashed =
    kMessageHead.size() + NhsMessage::kDigits + kMessageTail.size();
inline constexpr size_t kSecondHashed = 64 + 1 + kMessageTail.size() - kTagAt;
// Two blocks are enough only while each fits one compression.
static_assert(kFirstHashed <= 111);
static_assert(kSecondHashed <= 111);

}  // namespace tally::crypto::internal

#endif  // TALLY_CRYPTO_SRC_INTERNAL_MESSAGE_BLOCKS_H_
