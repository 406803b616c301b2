#ifndef TALLY_CRYPTO_WIPED_BYTES_H_
#define TALLY_CRYPTO_WIPED_BYTES_H_

// Byte buffers that are zeroed before their memory is given back.
//
// Role: everywhere tokens, frames of sealed files or blinded values pass
// through ordinary memory. Long-lived keys belong into Secret32 instead, which
// is locked and guarded; there are too many tokens for that.
// Spec: docs/spec/token-v1.md, "Secrets in memory".
// Threading: as std::vector.
// Secrets: the contents may be secret; nothing here prints them.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace tally::crypto {

// Overwrites `size` bytes with zeroes; the compiler may not leave it out.
void Wipe(void* data, size_t size);

// std::allocator that wipes what it frees.
template <typename T>
class WipingAllocator {
 public:
  using value_type = T;

  WipingAllocator() = default;
  template <typename U>
  // NOLINTNEXTLINE(google-explicit-constructor): rebinding must be implicit
  WipingAllocator(const WipingAllocator<U>&) {}

  T* allocate(size_t n) { return std::allocator<T>().allocate(n); }
  void deallocate(T* p, size_t n) {
    Wipe(p, n * sizeof(T));
    std::allocator<T>().deallocate(p, n);
  }
  friend bool operator==(const WipingAllocator&, const WipingAllocator&) {
    return true;
  }
};

// A growing buffer for secret bytes. Growth wipes the smaller block too.
using WipedBytes = std::vector<uint8_t, WipingAllocator<uint8_t>>;

}  // namespace tally::crypto

#endif  // TALLY_CRYPTO_WIPED_BYTES_H_
