#ifndef TALLY_PSEUDONYMISER_SRC_REKEY_H_
#define TALLY_PSEUDONYMISER_SRC_REKEY_H_

// Record keys made anew: the same key gives the same random number everywhere
// in one extract, and another one in the next. A keyed hash under a key that
// lives as long as the reading of one delivery.
//
// Threading: const functions from any thread.
// Secrets: the key, 16 bytes; wiped with the object.

#include <array>
#include <cstdint>
#include <string_view>

namespace tally::pseudonymiser {

class Rekey {
 public:
  Rekey();  // draws the key
  ~Rekey();
  Rekey(const Rekey&) = delete;
  Rekey& operator=(const Rekey&) = delete;

  // A number from `min` to `max` for `value` of the column called `column`;
  // with more than ten digits where the range has room for that, so that it
  // never looks like an NHS Number. REQUIRES: min <= max.
  int64_t Number(std::string_view column, std::string_view value, int64_t min,
                 int64_t max) const;

  // 64 bits of a keyed hash: for sets of keys that need not be kept as text.
  uint64_t Hash(std::string_view value) const;

 private:
  std::array<uint8_t, 16> key_;
};

}  // namespace tally::pseudonymiser

#endif  // TALLY_PSEUDONYMISER_SRC_REKEY_H_
