// A run record in memory: 40 bytes as they lie in the file.
//
// Spec: docs/spec/run-v1.md, "Record"
// Threading: values. Secrets: holds a hub token; owners wipe.

#ifndef TALLY_LINKAGE_INDEX_SRC_RECORD_H_
#define TALLY_LINKAGE_INDEX_SRC_RECORD_H_

#include <bit>
#include <cstdint>
#include <cstring>
#include <span>

#include "crypto/sealed_file.h"
#include "linkage/index/run_format.h"

namespace tally::linkage {

// T (32) | person_index (4, big-endian) | flags (1) | extra (3, big-endian).
// `extra` is zero in every published run and piece; only the merger's temporary
// files keep the number of the extract there.
struct Record {
  uint8_t bytes[crypto::kRunRecordSize];
};
static_assert(sizeof(Record) == 40 && alignof(Record) == 1);

inline constexpr uint32_t kMaxExtra = (uint32_t{1} << 20) - 1;

inline uint64_t LoadBigEndian64(const uint8_t* p) {
  uint64_t value;
  std::memcpy(&value, p, sizeof value);
  if constexpr (std::endian::native == std::endian::little) {
    value = __builtin_bswap64(value);
  }
  return value;
}
inline uint32_t LoadBigEndian32(const uint8_t* p) {
  uint32_t value;
  std::memcpy(&value, p, sizeof value);
  if constexpr (std::endian::native == std::endian::little) {
    value = __builtin_bswap32(value);
  }
  return value;
}
inline void StoreBigEndian32(uint32_t value, uint8_t* p) {
  if constexpr (std::endian::native == std::endian::little) {
    value = __builtin_bswap32(value);
  }
  std::memcpy(p, &value, sizeof value);
}

// The first eight bytes of the token as a number that sorts like them.
inline uint64_t Prefix(const Record& r) { return LoadBigEndian64(r.bytes); }
inline std::span<const uint8_t, 32> Token(const Record& r) {
  return std::span<const uint8_t, 32>(r.bytes, 32);
}
inline uint32_t PersonIndex(const Record& r) {
  return LoadBigEndian32(r.bytes + 32);
}
inline uint8_t Flags(const Record& r) { return r.bytes[36]; }
inline uint32_t Extra(const Record& r) {
  return LoadBigEndian32(r.bytes + 36) & 0xffffff;
}
inline void SetPlace(Record& r, uint32_t person_index, uint8_t flags,
                     uint32_t extra) {
  StoreBigEndian32(person_index, r.bytes + 32);
  StoreBigEndian32((uint32_t{flags} << 24) | extra, r.bytes + 36);
}

inline int CompareTokens(const Record& a, const Record& b) {
  return std::memcmp(a.bytes, b.bytes, kRunTokenBytes);
}
// By token, then person_index, then what follows: a total order.
inline bool Before(const Record& a, const Record& b) {
  const uint64_t pa = Prefix(a);
  const uint64_t pb = Prefix(b);
  if (pa != pb) return pa < pb;
  return std::memcmp(a.bytes + 8, b.bytes + 8, sizeof(Record) - 8) < 0;
}

}  // namespace tally::linkage

#endif  // TALLY_LINKAGE_INDEX_SRC_RECORD_H_
