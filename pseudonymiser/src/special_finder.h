#ifndef TALLY_PSEUDONYMISER_SRC_SPECIAL_FINDER_H_
#define TALLY_PSEUDONYMISER_SRC_SPECIAL_FINDER_H_

// Finds the bytes that matter to a CSV reader (comma, quote, LF, CR, NUL)
// 64 at a time. SSE2 belongs to every x86-64; elsewhere a plain loop makes the
// same mask (the test compares the two).
//
// Threading: one thread per object.
// Secrets: looks at a caller's bytes, keeps none.

#include <bit>
#include <cstddef>
#include <cstdint>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace tally::pseudonymiser {

class SpecialFinder {
 public:
  // How many bytes after `size` must be readable.
  static constexpr size_t kPadding = 64;

  // REQUIRES: size + kPadding bytes at `data` can be read.
  SpecialFinder(const char* data, size_t size) : data_(data), size_(size) {
    Load(0);
  }

  // Place of the first special byte at or after `pos`, or `size`.
  size_t Next(size_t pos) {
    if (pos >= size_) return size_;
    if (pos - base_ >= 64) Load(pos & ~size_t{63});
    uint64_t mask = mask_ & (~uint64_t{0} << (pos & 63));
    while (mask == 0) {
      if (base_ + 64 >= size_) return size_;
      Load(base_ + 64);
      mask = mask_;
    }
    return base_ + static_cast<size_t>(std::countr_zero(mask));
  }

  // Bit i says whether p[i] is special, of 64 bytes.
  static uint64_t PlainMask(const char* p) {
    uint64_t mask = 0;
    for (int i = 0; i < 64; ++i) {
      const char c = p[i];
      const bool special =
          c == ',' || c == '"' || c == '\n' || c == '\r' || c == '\0';
      mask |= uint64_t{special} << i;
    }
    return mask;
  }
#if defined(__SSE2__)
  static uint64_t VectorMask(const char* p) {
    uint64_t mask = 0;
    for (int i = 0; i < 4; ++i) {
      const __m128i v =
          _mm_loadu_si128(reinterpret_cast<const __m128i*>(p + 16 * i));
      const __m128i structure =
          _mm_or_si128(_mm_cmpeq_epi8(v, _mm_set1_epi8(',')),
                       _mm_cmpeq_epi8(v, _mm_set1_epi8('"')));
      const __m128i line_end =
          _mm_or_si128(_mm_cmpeq_epi8(v, _mm_set1_epi8('\n')),
                       _mm_cmpeq_epi8(v, _mm_set1_epi8('\r')));
      const __m128i nul = _mm_cmpeq_epi8(v, _mm_setzero_si128());
      const int bits = _mm_movemask_epi8(
          _mm_or_si128(_mm_or_si128(structure, line_end), nul));
      mask |= uint64_t{static_cast<uint32_t>(bits)} << (16 * i);
    }
    return mask;
  }
#endif

 private:
  void Load(size_t base) {
    base_ = base;
#if defined(__SSE2__)
    mask_ = VectorMask(data_ + base);
#else
    mask_ = PlainMask(data_ + base);
#endif
    if (size_ - base_ < 64) mask_ &= (uint64_t{1} << (size_ - base_)) - 1;
  }

  const char* data_;
  size_t size_;
  size_t base_ = 0;
  uint64_t mask_ = 0;
};

}  // namespace tally::pseudonymiser

#endif  // TALLY_PSEUDONYMISER_SRC_SPECIAL_FINDER_H_
