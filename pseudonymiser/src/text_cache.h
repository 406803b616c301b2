#ifndef TALLY_PSEUDONYMISER_SRC_TEXT_CACHE_H_
#define TALLY_PSEUDONYMISER_SRC_TEXT_CACHE_H_

// Remembers what short texts came to, so that a date or a code is checked once
// and then looked up. Direct-mapped: a slot holds the last text that fell on
// it, so memory is fixed and a miss costs no more than the work itself.
//
// Threading: one thread.
// Secrets: holds values of fields that are no identifiers; wiped by nobody,
// dies with its worker.

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <vector>

namespace tally::pseudonymiser {

// A fast hash of short texts. Not for untrusted hash tables that must not
// degrade: a collision here only costs a miss.
inline uint64_t QuickHash(std::string_view text) {
  uint64_t hash = text.size() * 0x9E37'79B9'7F4A'7C15;
  const char* p = text.data();
  size_t left = text.size();
  while (left >= 8) {
    uint64_t word = 0;
    std::memcpy(&word, p, 8);
    hash = (hash ^ word) * 0xD6E8'FEB8'6659'FD93;
    hash ^= hash >> 32;
    p += 8;
    left -= 8;
  }
  uint64_t word = 0;
  for (size_t i = 0; i < left; ++i) {
    word |= uint64_t{static_cast<uint8_t>(p[i])} << (8 * i);
  }
  hash = (hash ^ word) * 0xD6E8'FEB8'6659'FD93;
  return hash ^ hash >> 32;
}

template <typename Value>
class TextCache {
 public:
  // REQUIRES: slots is a power of two.
  explicit TextCache(size_t slots) : slots_(slots) {}

  // Longer texts are not kept.
  static constexpr size_t kMaxText = 23;

  // What `text` came to, or null.
  const Value* Find(std::string_view text) const {
    if (text.size() > kMaxText) return nullptr;
    const Slot& slot = slots_[QuickHash(text) & (slots_.size() - 1)];
    if (slot.length != text.size() + 1 ||
        std::string_view(slot.text.data(), text.size()) != text) {
      return nullptr;
    }
    return &slot.value;
  }

  void Put(std::string_view text, const Value& value) {
    if (text.size() > kMaxText) return;
    Slot& slot = slots_[QuickHash(text) & (slots_.size() - 1)];
    slot.length = static_cast<uint8_t>(text.size() + 1);
    std::copy(text.begin(), text.end(), slot.text.begin());
    slot.value = value;
  }

 private:
  struct Slot {
    uint8_t length = 0;  // one more than the text's; 0 = free
    std::array<char, kMaxText> text;
    Value value;
  };
  std::vector<Slot> slots_;
};

}  // namespace tally::pseudonymiser

#endif  // TALLY_PSEUDONYMISER_SRC_TEXT_CACHE_H_
