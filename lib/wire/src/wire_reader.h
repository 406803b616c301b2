#ifndef TALLY_WIRE_SRC_WIRE_READER_H_
#define TALLY_WIRE_SRC_WIRE_READER_H_

// Reads the protobuf wire format in its canonical form only: a varint that
// could be shorter is refused. A caller takes the fields it expects in the
// order in which they must come; what is left over is an error. Private to
// lib/wire.
//
// Threading: one thread per object.
// Secrets: record values pass through.

#include <cstddef>
#include <cstdint>
#include <span>

#include "wire_writer.h"

namespace tally::wire {

// Reads one canonical varint of at most 64 bits from [at, end). Returns the
// byte behind it, or nullptr.
inline const uint8_t* GetVarint(const uint8_t* at, const uint8_t* end,
                                uint64_t& value) {
  if (at == end) return nullptr;
  uint64_t byte = *at++;
  value = byte & 0x7f;
  for (int shift = 7; byte >= 0x80; shift += 7) {
    if (at == end || shift > 63) return nullptr;
    byte = *at++;
    if (byte == 0) return nullptr;                // could be shorter
    if (shift == 63 && byte > 1) return nullptr;  // beyond 64 bits
    value |= (byte & 0x7f) << shift;
  }
  return at;
}

class WireReader {
 public:
  explicit WireReader(std::span<const uint8_t> bytes)
      : at_(bytes.data()), end_(bytes.data() + bytes.size()) {}

  bool AtEnd() const { return at_ == end_; }
  size_t remaining() const { return static_cast<size_t>(end_ - at_); }
  // 0 at the end; 0 is no tag.
  uint8_t PeekTag() const { return AtEnd() ? 0 : *at_; }

  // True, and past the tag, when the next field is this one.
  bool TakeTag(uint32_t field, WireType type) {
    if (PeekTag() != Tag(field, type)) return false;
    ++at_;
    return true;
  }

  bool Varint(uint64_t& value) {
    const uint8_t* next = GetVarint(at_, end_, value);
    if (next == nullptr) return false;
    at_ = next;
    return true;
  }

  // The payload of a field of wire type 2.
  bool Bytes(std::span<const uint8_t>& bytes) {
    uint64_t length = 0;
    if (!Varint(length) || length > remaining()) return false;
    bytes = {at_, static_cast<size_t>(length)};
    at_ += length;
    return true;
  }

 private:
  const uint8_t* at_;
  const uint8_t* end_;
};

}  // namespace tally::wire

#endif  // TALLY_WIRE_SRC_WIRE_READER_H_
