#ifndef TALLY_WIRE_SRC_WIRE_WRITER_H_
#define TALLY_WIRE_SRC_WIRE_WRITER_H_

// Writes the protobuf wire format in its canonical form: shortest varints,
// defaults left out by the caller, fields in ascending order by the caller.
// Private to lib/wire.
//
// Threading: one thread per object.
// Secrets: record values pass through.

#include <bit>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>

namespace tally::wire {

static_assert(std::endian::native == std::endian::little,
              "fixed-width fields are copied as they lie in memory");

enum class WireType : uint8_t { kVarint = 0, kBytes = 2 };

constexpr uint8_t Tag(uint32_t field, WireType type) {
  return static_cast<uint8_t>(field << 3 | static_cast<uint8_t>(type));
}

constexpr uint32_t ZigZag32(int32_t value) {
  return static_cast<uint32_t>(value) << 1 ^ static_cast<uint32_t>(value >> 31);
}

constexpr uint64_t ZigZag64(int64_t value) {
  return static_cast<uint64_t>(value) << 1 ^ static_cast<uint64_t>(value >> 63);
}

class WireWriter {
 public:
  // Appends to `out`, which outlives the writer.
  explicit WireWriter(std::string& out) : out_(out) {}

  void Varint(uint64_t value) {
    while (value >= 0x80) {
      out_.push_back(static_cast<char>(value | 0x80));
      value >>= 7;
    }
    out_.push_back(static_cast<char>(value));
  }

  // Nothing for 0, which is the default.
  void VarintField(uint32_t field, uint64_t value) {
    if (value == 0) return;
    out_.push_back(static_cast<char>(Tag(field, WireType::kVarint)));
    Varint(value);
  }

  // Written also when empty.
  void BytesField(uint32_t field, std::string_view bytes) {
    out_.push_back(static_cast<char>(Tag(field, WireType::kBytes)));
    Varint(bytes.size());
    out_.append(bytes);
  }

 private:
  std::string& out_;
};

// Appends packed values one after the other. REQUIRES: `to` has room for
// kMaxVarintBytes; returns the end.
inline constexpr size_t kMaxVarintBytes = 10;

inline char* PutVarint(char* to, uint64_t value) {
  while (value >= 0x80) {
    *to++ = static_cast<char>(value | 0x80);
    value >>= 7;
  }
  *to++ = static_cast<char>(value);
  return to;
}

template <typename T>
std::string_view AsFixed(std::span<const T> values) {
  return {reinterpret_cast<const char*>(values.data()), values.size_bytes()};
}

}  // namespace tally::wire

#endif  // TALLY_WIRE_SRC_WIRE_WRITER_H_
