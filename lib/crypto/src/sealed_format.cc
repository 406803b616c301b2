#include "internal/sealed_format.h"

#include <algorithm>
#include <cstring>
#include <string_view>
#include <utility>

#include "base/bytes.h"
#include "base/strings.h"

namespace tally::crypto::internal {
namespace {

constexpr std::string_view kMagic = "TALLYSF1";
constexpr uint8_t kCipher = 1;  // XChaCha20-Poly1305-IETF
constexpr size_t kMaxPath = 4096;
constexpr uint8_t kLastFrame = 0x01;

bool IsContextPath(std::string_view path) {
  if (path.empty() || path.size() > kMaxPath || path.front() == '/') {
    return false;
  }
  while (true) {
    const size_t slash = path.find('/');
    const std::string_view part = path.substr(0, slash);
    if (part.empty() || part == "." || part == "..") return false;
    if (slash == std::string_view::npos) return true;
    path.remove_prefix(slash + 1);
  }
}

template <size_t kWidth>
void PutBigEndian(uint64_t value, uint8_t* out) {
  for (size_t i = 0; i < kWidth; ++i) {
    out[kWidth - 1 - i] = static_cast<uint8_t>(value >> (8 * i));
  }
}
template <size_t kWidth>
uint64_t GetBigEndian(const uint8_t* in) {
  uint64_t value = 0;
  for (size_t i = 0; i < kWidth; ++i) value = value << 8 | in[i];
  return value;
}

bool AllZero(std::span<const uint8_t> bytes) {
  return std::all_of(bytes.begin(), bytes.end(),
                     [](uint8_t byte) { return byte == 0; });
}

}  // namespace

void EncodeHeaderFields(const SealedHeaderFields& fields,
                        SealedHeader& header) {
  std::copy(kMagic.begin(), kMagic.end(), header.begin());
  header[8] = static_cast<uint8_t>(fields.kind);
  header[9] = kCipher;
  header[10] = 0;
  header[11] = 0;
  PutBigEndian<4>(fields.max_plaintext, header.data() + 12);
  std::copy(fields.file_id.begin(), fields.file_id.end(), header.begin() + 16);
  std::copy(fields.storage_key_id.begin(), fields.storage_key_id.end(),
            header.begin() + 32);
}

absl::StatusOr<SealedHeaderFields> DecodeHeaderFields(
    const SealedHeader& header, SealedKind kind) {
  const std::span<const uint8_t> bytes = header;
  if (AsChars(bytes.first(kMagic.size())) != kMagic) {
    return Damaged(kind, "not a sealed file");
  }
  if (header[8] != static_cast<uint8_t>(kind)) {
    return Damaged(kind, "a sealed file of another kind");
  }
  if (header[9] != kCipher || !AllZero(bytes.subspan(10, 2)) ||
      !AllZero(bytes.subspan(kWrappedKeyAt + kWrappedKeySize))) {
    return Damaged(kind, "the header of a sealed file is damaged");
  }
  SealedHeaderFields fields;
  fields.kind = kind;
  fields.max_plaintext =
      static_cast<uint32_t>(GetBigEndian<4>(header.data() + 12));
  if (fields.max_plaintext == 0 || fields.max_plaintext > kMaxFramePlaintext) {
    return Damaged(kind, "the header of a sealed file is damaged");
  }
  std::copy_n(header.begin() + 16, kFileIdSize, fields.file_id.begin());
  std::copy_n(header.begin() + 32, KeyId::kSize, fields.storage_key_id.begin());
  return fields;
}

absl::StatusOr<std::string> EncodeContext(const SealContext& context) {
  if (!IsResourceId(context.domain)) {
    return absl::InvalidArgumentError("the domain of a sealed file is no name");
  }
  if (!IsContextPath(context.path)) {
    return absl::InvalidArgumentError(
        "the path of a sealed file is not a path inside a data directory");
  }
  ByteWriter writer;
  writer.Lp1(EnvironmentName(context.environment));
  writer.Lp1(context.domain);
  writer.Lp2(context.path);
  writer.U32(context.hub_epoch);
  return writer.Take();
}

void EncodeFrameFields(const FrameFields& fields, FrameHeader& header) {
  PutBigEndian<4>(fields.ciphertext_size, header.data());
  header[4] = fields.last ? kLastFrame : 0;
  header[5] = 0;
  header[6] = 0;
  header[7] = 0;
  PutBigEndian<8>(fields.sequence, header.data() + 8);
}

bool DecodeFrameFields(const FrameHeader& header, uint32_t max_plaintext,
                       FrameFields& fields) {
  fields.ciphertext_size =
      static_cast<uint32_t>(GetBigEndian<4>(header.data()));
  fields.last = header[4] == kLastFrame;
  fields.sequence = GetBigEndian<8>(header.data() + 8);
  return fields.ciphertext_size >= kSealTagSize &&
         fields.ciphertext_size - kSealTagSize <= max_plaintext &&
         header[4] <= kLastFrame &&
         AllZero(std::span<const uint8_t>(header).subspan(5, 3));
}

absl::Status Damaged(SealedKind kind, std::string message) {
  switch (kind) {
    case SealedKind::kRun:
      return Error(Reason::kRunCorrupt, std::move(message));
    case SealedKind::kJournal:
      return Error(Reason::kJournalCorrupt, std::move(message));
    case SealedKind::kSpool:
    case SealedKind::kCarryTable:
      break;
  }
  return Error(Reason::kFileDigest, std::move(message));
}

}  // namespace tally::crypto::internal
