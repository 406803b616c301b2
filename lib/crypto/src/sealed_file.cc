#include "crypto/sealed_file.h"

#include <sodium.h>

#include <algorithm>
#include <utility>

#include "base/bytes.h"
#include "base/error.h"
#include "base/status.h"
#include "internal/frame_cipher.h"
#include "internal/sealed_format.h"
#include "internal/sealed_state.h"
#include "internal/secret_peek.h"
#include "internal/wiped_array.h"

namespace tally::crypto {
namespace {

using internal::Damaged;
using internal::FrameFields;
using internal::FrameHeader;
using internal::SealedHeader;
using internal::SealedHeaderFields;

static_assert(internal::kSealNonceSize ==
              crypto_aead_xchacha20poly1305_ietf_NPUBBYTES);
static_assert(internal::kSealTagSize ==
              crypto_aead_xchacha20poly1305_ietf_ABYTES);

// Header bytes 0 to 39 and the context: what the wrap is bound to.
std::string WrapAd(const SealedHeader& header, std::string_view context) {
  std::string ad(AsChars(header).substr(0, internal::kWrapAdSize));
  ad += context;
  return ad;
}

std::array<uint8_t, internal::kFileIdSize + internal::kFrameAdSize> FrameAd(
    const internal::FileId& id, const FrameHeader& header) {
  std::array<uint8_t, internal::kFileIdSize + internal::kFrameAdSize> ad;
  std::copy(id.begin(), id.end(), ad.begin());
  std::copy_n(header.begin(), internal::kFrameAdSize,
              ad.begin() + internal::kFileIdSize);
  return ad;
}

internal::FrameNonce NonceOf(const FrameHeader& header) {
  return std::span<const uint8_t>(header)
      .subspan<internal::kFrameAdSize, internal::kSealNonceSize>();
}

absl::StatusOr<Secret32> Unwrap(const SealedHeader& header,
                                std::string_view context, const StorageKey& key,
                                SealedKind kind) {
  const std::string ad = WrapAd(header, context);
  internal::WipedArray<32> plain;
  const SecretView wrap = internal::SecretPeek::View(key.secret());
  if (crypto_aead_xchacha20poly1305_ietf_decrypt(
          plain.data(), nullptr, nullptr,
          header.data() + internal::kWrappedKeyAt, internal::kWrappedKeySize,
          AsBytes(ad).data(), ad.size(), header.data() + internal::kWrapNonceAt,
          wrap.data()) != 0) {
    return Damaged(kind,
                   "a sealed file does not open here: altered, or made for "
                   "another path, domain, environment or epoch");
  }
  return Secret32::TakeFrom(plain.span());
}

}  // namespace

SealedWriter::SealedWriter(std::unique_ptr<State> state)
    : state_(std::move(state)) {}
SealedWriter::SealedWriter(SealedWriter&&) noexcept = default;
SealedWriter& SealedWriter::operator=(SealedWriter&&) noexcept = default;
SealedWriter::~SealedWriter() = default;

absl::StatusOr<SealedWriter> SealedWriter::Create(std::string_view path,
                                                  const StorageKey& key,
                                                  SealedKind kind,
                                                  const SealContext& context,
                                                  uint32_t max_plaintext) {
  // Before anything is on the disk.
  TALLY_RETURN_IF_ERROR(internal::EncodeContext(context).status());
  TALLY_ASSIGN_OR_RETURN(std::unique_ptr<ByteFile> file, CreateByteFile(path));
  return CreateOn(std::move(file), key, kind, context, max_plaintext);
}

absl::StatusOr<SealedWriter> SealedWriter::CreateOn(
    std::unique_ptr<ByteFile> file, const StorageKey& key, SealedKind kind,
    const SealContext& context, uint32_t max_plaintext) {
  TALLY_RETURN_IF_ERROR(internal::CheckFrameCipher());
  TALLY_ASSIGN_OR_RETURN(const std::string context_bytes,
                         internal::EncodeContext(context));
  if (max_plaintext == 0 || max_plaintext > kMaxFramePlaintext) {
    return absl::InvalidArgumentError(
        "the bound of a sealed frame is 1 byte to 16 MiB");
  }
  if (key.environment() != context.environment) {
    return Error(Reason::kEnvironmentMismatch,
                 "a storage key of another environment");
  }
  SealedHeaderFields fields;
  fields.kind = kind;
  fields.max_plaintext = max_plaintext;
  randombytes_buf(fields.file_id.data(), fields.file_id.size());
  fields.storage_key_id = key.key_id().bytes();
  SealedHeader header{};
  internal::EncodeHeaderFields(fields, header);
  randombytes_buf(header.data() + internal::kWrapNonceAt,
                  internal::kSealNonceSize);

  TALLY_ASSIGN_OR_RETURN(Secret32 file_key, Secret32::Random());
  {
    const std::string ad = WrapAd(header, context_bytes);
    const SecretView plain = internal::SecretPeek::View(file_key);
    const SecretView wrap = internal::SecretPeek::View(key.secret());
    crypto_aead_xchacha20poly1305_ietf_encrypt(
        header.data() + internal::kWrappedKeyAt, nullptr, plain.data(),
        plain.size(), AsBytes(ad).data(), ad.size(), nullptr,
        header.data() + internal::kWrapNonceAt, wrap.data());
  }
  auto state =
      std::make_unique<State>(std::move(file), std::move(file_key), fields);
  TALLY_RETURN_IF_ERROR(state->file->Append(header));
  state->size = kSealedHeaderSize;
  return SealedWriter(std::move(state));
}

absl::Status SealedWriter::Append(std::span<const uint8_t> plaintext,
                                  bool last) {
  State& s = *state_;
  TALLY_RETURN_IF_ERROR(s.broken);
  if (s.finished) {
    return absl::FailedPreconditionError("a sealed file is finished");
  }
  if (plaintext.size() > s.fields.max_plaintext) {
    return absl::InvalidArgumentError("a frame is longer than its bound");
  }
  const size_t ciphertext_size = plaintext.size() + internal::kSealTagSize;
  FrameHeader header{};
  internal::EncodeFrameFields(
      {.ciphertext_size = static_cast<uint32_t>(ciphertext_size),
       .last = last,
       .sequence = s.next_sequence},
      header);
  randombytes_buf(header.data() + internal::kFrameAdSize,
                  internal::kSealNonceSize);
  s.scratch.resize(kFrameHeaderSize + ciphertext_size);
  std::copy(header.begin(), header.end(), s.scratch.begin());
  {
    const auto ad = FrameAd(s.fields.file_id, header);
    internal::SealFrame(s.file_key, NonceOf(header), ad, plaintext,
                        std::span(s.scratch).subspan(kFrameHeaderSize));
  }
  s.broken = s.file->Append(s.scratch);
  TALLY_RETURN_IF_ERROR(s.broken);
  s.size += s.scratch.size();
  ++s.next_sequence;
  s.finished = last;
  return absl::OkStatus();
}

absl::Status SealedWriter::Sync() {
  TALLY_RETURN_IF_ERROR(state_->broken);
  state_->broken = state_->file->Sync();
  return state_->broken;
}

uint64_t SealedWriter::frames() const { return state_->next_sequence; }
uint64_t SealedWriter::size_bytes() const { return state_->size; }
bool SealedWriter::finished() const { return state_->finished; }

SealedReader::SealedReader(std::unique_ptr<State> state)
    : state_(std::move(state)) {}
SealedReader::SealedReader(SealedReader&&) noexcept = default;
SealedReader& SealedReader::operator=(SealedReader&&) noexcept = default;
SealedReader::~SealedReader() = default;

absl::StatusOr<SealedReader> SealedReader::Open(std::string_view path,
                                                const StorageKeyFinder& keys,
                                                SealedKind kind,
                                                const SealContext& context) {
  TALLY_ASSIGN_OR_RETURN(std::unique_ptr<ByteFile> file,
                         OpenByteFile(path, /*writable=*/false));
  return OpenOn(std::move(file), keys, kind, context);
}

absl::StatusOr<SealedReader> SealedReader::Open(std::string_view path,
                                                const StorageKey& key,
                                                SealedKind kind,
                                                const SealContext& context) {
  const StorageKeyFinder only = [&key](const KeyId& id) {
    return id == key.key_id() ? &key : nullptr;
  };
  return Open(path, only, kind, context);
}

absl::StatusOr<SealedReader> SealedReader::OpenOn(
    std::unique_ptr<ByteFile> file, const StorageKeyFinder& keys,
    SealedKind kind, const SealContext& context) {
  TALLY_RETURN_IF_ERROR(internal::CheckFrameCipher());
  TALLY_ASSIGN_OR_RETURN(const std::string context_bytes,
                         internal::EncodeContext(context));
  TALLY_ASSIGN_OR_RETURN(const uint64_t size, file->Size());
  if (size < kSealedHeaderSize) {
    return Damaged(kind, "a sealed file is shorter than its header");
  }
  SealedHeader header;
  TALLY_RETURN_IF_ERROR(file->ReadAt(0, header));
  TALLY_ASSIGN_OR_RETURN(const SealedHeaderFields fields,
                         internal::DecodeHeaderFields(header, kind));
  TALLY_ASSIGN_OR_RETURN(const KeyId id,
                         KeyId::FromBytes(fields.storage_key_id));
  const StorageKey* key = keys(id);
  if (key == nullptr) {
    return Error(Reason::kKeyUnknown,
                 "the storage key " + id.Hex() +
                     " of a sealed file is not in the key directory");
  }
  TALLY_ASSIGN_OR_RETURN(Secret32 file_key,
                         Unwrap(header, context_bytes, *key, kind));
  return SealedReader(std::make_unique<State>(
      std::move(file), std::move(file_key), fields, size));
}

absl::StatusOr<FrameState> SealedReader::ProbeFrameAt(uint64_t offset,
                                                      uint64_t sequence,
                                                      WipedBytes& plaintext,
                                                      FrameInfo& info) const {
  const State& s = *state_;
  plaintext.clear();
  if (offset == s.size) return FrameState::kEnd;
  if (offset > s.size || s.size - offset < kFrameOverhead) {
    return FrameState::kTorn;
  }
  FrameHeader header;
  TALLY_RETURN_IF_ERROR(s.file->ReadAt(offset, header));
  FrameFields fields;
  if (!internal::DecodeFrameFields(header, s.fields.max_plaintext, fields) ||
      s.size - offset - kFrameHeaderSize < fields.ciphertext_size) {
    return FrameState::kTorn;
  }
  plaintext.resize(fields.ciphertext_size);
  TALLY_RETURN_IF_ERROR(s.file->ReadAt(offset + kFrameHeaderSize, plaintext));
  const auto ad = FrameAd(s.fields.file_id, header);
  if (!internal::OpenFrame(s.file_key, NonceOf(header), ad, plaintext)) {
    plaintext.clear();
    return FrameState::kTorn;
  }
  plaintext.resize(fields.ciphertext_size - internal::kSealTagSize);
  info.sequence = fields.sequence;
  info.last = fields.last;
  info.offset = offset;
  info.next_offset = offset + kFrameHeaderSize + fields.ciphertext_size;
  if (fields.sequence != sequence) {
    plaintext.clear();
    return FrameState::kGap;
  }
  return FrameState::kFrame;
}

absl::StatusOr<FrameInfo> SealedReader::ReadFrameAt(
    uint64_t offset, uint64_t sequence, WipedBytes& plaintext) const {
  FrameInfo info;
  TALLY_ASSIGN_OR_RETURN(const FrameState found,
                         ProbeFrameAt(offset, sequence, plaintext, info));
  switch (found) {
    case FrameState::kFrame:
      return info;
    case FrameState::kEnd:
      return Damaged(kind(), "a sealed file ends before its last frame");
    case FrameState::kTorn:
      return Damaged(kind(), "a frame of a sealed file does not open");
    case FrameState::kGap:
      break;
  }
  return Damaged(kind(), "frames of a sealed file are missing or exchanged");
}

absl::StatusOr<std::optional<FrameInfo>> SealedReader::ReadNext(
    WipedBytes& plaintext) {
  State& s = *state_;
  if (s.saw_last) {
    plaintext.clear();
    if (s.next_offset != s.size) {
      return Damaged(kind(), "bytes follow the last frame of a sealed file");
    }
    return std::nullopt;
  }
  TALLY_ASSIGN_OR_RETURN(
      const FrameInfo info,
      ReadFrameAt(s.next_offset, s.next_sequence, plaintext));
  s.next_offset = info.next_offset;
  ++s.next_sequence;
  s.saw_last = info.last;
  return std::optional<FrameInfo>(info);
}

uint64_t SealedReader::size_bytes() const { return state_->size; }
uint32_t SealedReader::max_plaintext() const {
  return state_->fields.max_plaintext;
}
KeyId SealedReader::storage_key_id() const {
  return *KeyId::FromBytes(state_->fields.storage_key_id);
}
SealedKind SealedReader::kind() const { return state_->fields.kind; }

}  // namespace tally::crypto
