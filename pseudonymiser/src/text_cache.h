#ifndef TALLY_PSEUDONYMISER_SRC_TEXT_CACHE_H_
#define TALLY_PSEUDONYMISER_SRC_TEXT_CACHE_H_

// Remembers what short texts came to, so that a date or a code is checked once
// and then looked up. Direct-mapped: a slot holds the last text that fell on
// it, so memory is fixed and a miss costs no more than the work itself.
//
// Threading: one thread.
// Secrets: holds values of fields that are no identifiers; wiped by nobody,
// dies with its worker.

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>
#include <vector>

namespace tally::pseudonymiser {

// A text of at most kMaxText bytes in three words and its length, made and
// compared without a loop. Two texts are equal exactly when their keys are.
class ShortText {
 public:
  static constexpr size_t kMaxText = 24;

  // Empty for a longer text.
  static std::optional<ShortText> Of(std::string_view text) {
    const char* const p = text.data();
    const size_t size = text.size();
    ShortText key;
    key.length_ = size;
    // Words that overlap hold some bytes twice; the length says which.
    if (size > kMaxText) return std::nullopt;
    if (size >= 8) {
      key.words_[0] = Load<uint64_t>(p);
      key.words_[1] = Load<uint64_t>(p + size - 8);
      if (size > 16) key.words_[2] = Load<uint64_t>(p + 8);
    } else if (size >= 4) {
      key.words_[0] = Load<uint32_t>(p) | uint64_t{Load<uint32_t>(p + size - 4)}
                                              << 32;
    } else if (size > 0) {
      key.words_[0] = Load<uint8_t>(p) |
                      uint64_t{Load<uint8_t>(p + size / 2)} << 8 |
                      uint64_t{Load<uint8_t>(p + size - 1)} << 16;
    }
    return key;
  }

  // Two multiplications side by side, each of which mixes all bits of two
  // words. Not for hash tables that must not degrade under texts somebody
  // chose: in a direct-mapped table a collision only costs a miss.
  uint64_t Hash() const {
    return Mix(words_[0] ^ 0x9E37'79B9'7F4A'7C15,
               words_[1] ^ 0xD6E8'FEB8'6659'FD93) ^
           Mix(words_[2] ^ 0xA076'1D64'78BD'642F,
               length_ ^ 0xE703'7ED1'A0B4'28DB);
  }

  friend bool operator==(const ShortText& a, const ShortText& b) {
    return ((a.words_[0] ^ b.words_[0]) | (a.words_[1] ^ b.words_[1]) |
            (a.words_[2] ^ b.words_[2]) | (a.length_ ^ b.length_)) == 0;
  }

  // Equal to no text.
  static ShortText None() {
    ShortText key;
    key.length_ = kMaxText + 1;
    return key;
  }

 private:
  static uint64_t Mix(uint64_t a, uint64_t b) {
    __extension__ using Wide = unsigned __int128;
    const Wide product = Wide{a} * b;
    return static_cast<uint64_t>(product) ^
           static_cast<uint64_t>(product >> 64);
  }
  template <typename T>
  static T Load(const char* from) {
    T value;
    std::memcpy(&value, from, sizeof(T));
    return value;
  }

  std::array<uint64_t, 3> words_{};
  uint64_t length_ = 0;
};

template <typename Value>
class TextCache {
 public:
  // REQUIRES: slots is a power of two.
  explicit TextCache(size_t slots) : slots_(slots) {}

  // What `text` came to, or null. Longer texts than ShortText's are not kept.
  const Value* Find(std::string_view text) const {
    const std::optional<ShortText> key = ShortText::Of(text);
    if (!key) return nullptr;
    const Slot& slot = slots_[key->Hash() & (slots_.size() - 1)];
    return slot.key == *key ? &slot.value : nullptr;
  }

  void Put(std::string_view text, const Value& value) {
    const std::optional<ShortText> key = ShortText::Of(text);
    if (!key) return;
    slots_[key->Hash() & (slots_.size() - 1)] = {.key = *key, .value = value};
  }

 private:
  struct Slot {
    ShortText key = ShortText::None();
    Value value{};
  };
  std::vector<Slot> slots_;
};

}  // namespace tally::pseudonymiser

#endif  // TALLY_PSEUDONYMISER_SRC_TEXT_CACHE_H_
