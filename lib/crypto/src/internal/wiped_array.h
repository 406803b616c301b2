#ifndef TALLY_CRYPTO_SRC_INTERNAL_WIPED_ARRAY_H_
#define TALLY_CRYPTO_SRC_INTERNAL_WIPED_ARRAY_H_

// A small array on the stack that wipes itself.
//
// Spec: docs/spec/token-v1.md, "Secrets in memory".
// Threading: values.
// Secrets: the contents may be secret; cannot be copied.

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "crypto/wiped_bytes.h"

namespace tally::crypto::internal {

template <size_t kN>
class WipedArray {
 public:
  WipedArray() = default;
  WipedArray(const WipedArray&) = delete;
  WipedArray& operator=(const WipedArray&) = delete;
  ~WipedArray() { Wipe(bytes_.data(), kN); }

  uint8_t* data() { return bytes_.data(); }
  const uint8_t* data() const { return bytes_.data(); }
  static constexpr size_t size() { return kN; }
  std::span<uint8_t, kN> span() { return bytes_; }
  std::span<const uint8_t, kN> span() const { return bytes_; }

 private:
  std::array<uint8_t, kN> bytes_{};
};

}  // namespace tally::crypto::internal

#endif  // TALLY_CRYPTO_SRC_INTERNAL_WIPED_ARRAY_H_
