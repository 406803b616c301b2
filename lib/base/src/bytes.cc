#include "base/bytes.h"

#include <utility>

#include "base/status.h"

namespace tally {
namespace {

void PutNumber(std::string& out, uint64_t value, size_t width) {
  for (size_t i = 0; i < width; ++i) {
    const size_t shift = 8 * (width - 1 - i);
    out.push_back(static_cast<char>((value >> shift) & 0xff));
  }
}

}  // namespace

void ByteWriter::U8(uint8_t value) { PutNumber(bytes_, value, 1); }
void ByteWriter::U16(uint16_t value) { PutNumber(bytes_, value, 2); }
void ByteWriter::U32(uint32_t value) { PutNumber(bytes_, value, 4); }
void ByteWriter::U64(uint64_t value) { PutNumber(bytes_, value, 8); }

void ByteWriter::Bytes(std::string_view bytes) { bytes_.append(bytes); }

void ByteWriter::Bytes(std::span<const uint8_t> bytes) {
  bytes_.append(AsChars(bytes));
}

void ByteWriter::Lp1(std::string_view text) {
  TALLY_CHECK(text.size() <= 0xff);
  U8(static_cast<uint8_t>(text.size()));
  bytes_.append(text);
}

void ByteWriter::Lp2(std::string_view text) {
  TALLY_CHECK(text.size() <= 0xffff);
  U16(static_cast<uint16_t>(text.size()));
  bytes_.append(text);
}

std::string ByteWriter::Take() { return std::exchange(bytes_, std::string()); }

absl::StatusOr<uint64_t> ByteReader::Number(size_t width) {
  TALLY_ASSIGN_OR_RETURN(const std::string_view bytes, Bytes(width));
  uint64_t value = 0;
  for (const char c : bytes) value = value << 8 | static_cast<uint8_t>(c);
  return value;
}

absl::StatusOr<uint8_t> ByteReader::U8() {
  TALLY_ASSIGN_OR_RETURN(const uint64_t value, Number(1));
  return static_cast<uint8_t>(value);
}

absl::StatusOr<uint16_t> ByteReader::U16() {
  TALLY_ASSIGN_OR_RETURN(const uint64_t value, Number(2));
  return static_cast<uint16_t>(value);
}

absl::StatusOr<uint32_t> ByteReader::U32() {
  TALLY_ASSIGN_OR_RETURN(const uint64_t value, Number(4));
  return static_cast<uint32_t>(value);
}

absl::StatusOr<uint64_t> ByteReader::U64() { return Number(8); }

absl::StatusOr<std::string_view> ByteReader::Bytes(size_t count) {
  if (count > rest_.size()) {
    return absl::InvalidArgumentError("the bytes end before the field does");
  }
  const std::string_view bytes = rest_.substr(0, count);
  rest_.remove_prefix(count);
  return bytes;
}

absl::StatusOr<std::string_view> ByteReader::Lp1() {
  const std::string_view before = rest_;
  TALLY_ASSIGN_OR_RETURN(const uint8_t size, U8());
  absl::StatusOr<std::string_view> text = Bytes(size);
  if (!text.ok()) rest_ = before;
  return text;
}

absl::StatusOr<std::string_view> ByteReader::Lp2() {
  const std::string_view before = rest_;
  TALLY_ASSIGN_OR_RETURN(const uint16_t size, U16());
  absl::StatusOr<std::string_view> text = Bytes(size);
  if (!text.ok()) rest_ = before;
  return text;
}

absl::Status ByteReader::ExpectEnd() const {
  if (AtEnd()) return absl::OkStatus();
  return absl::InvalidArgumentError("bytes are left over after the last field");
}

}  // namespace tally
