#ifndef TALLY_BASE_BYTES_H_
#define TALLY_BASE_BYTES_H_

// Big-endian byte strings, written and read field by field. The reader is
// strict: every read says whether the bytes were there.
//
// Spec: docs/spec, where I2OSP(x, n) is the n-byte big-endian number and
// lp1(s), lp2(s) are a string behind its length in one or two bytes.
// Threading: one thread per object.
// Secrets: not for secrets; buffers are ordinary strings and are not wiped.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace tally {

// Views over the same bytes; no copy.
inline std::span<const uint8_t> AsBytes(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}
inline std::string_view AsChars(std::span<const uint8_t> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

class ByteWriter {
 public:
  void U8(uint8_t value);
  void U16(uint16_t value);
  void U32(uint32_t value);
  void U64(uint64_t value);
  void Bytes(std::string_view bytes);
  void Bytes(std::span<const uint8_t> bytes);

  // Length in one byte or in two, then the text.
  // REQUIRES: text.size() <= 255, or <= 65535.
  void Lp1(std::string_view text);
  void Lp2(std::string_view text);

  size_t size() const { return bytes_.size(); }
  const std::string& view() const { return bytes_; }

  // The bytes written so far; the writer is empty afterwards.
  std::string Take();

 private:
  std::string bytes_;
};

// Reads over bytes that it does not own. Each read returns kInvalidArgument
// when fewer bytes are left than it needs, and then leaves the position alone.
class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : rest_(bytes) {}
  explicit ByteReader(std::span<const uint8_t> bytes) : rest_(AsChars(bytes)) {}

  absl::StatusOr<uint8_t> U8();
  absl::StatusOr<uint16_t> U16();
  absl::StatusOr<uint32_t> U32();
  absl::StatusOr<uint64_t> U64();
  absl::StatusOr<std::string_view> Bytes(size_t count);
  absl::StatusOr<std::string_view> Lp1();
  absl::StatusOr<std::string_view> Lp2();

  bool AtEnd() const { return rest_.empty(); }
  size_t remaining() const { return rest_.size(); }

  // OK at the end; kInvalidArgument when bytes are left over.
  absl::Status ExpectEnd() const;

 private:
  absl::StatusOr<uint64_t> Number(size_t width);
  std::string_view rest_;
};

}  // namespace tally

#endif  // TALLY_BASE_BYTES_H_
