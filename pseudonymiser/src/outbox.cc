#include "pseudonymiser/outbox.h"

#include <utility>

#include "absl/strings/str_format.h"
#include "base/bytes.h"
#include "base/exit_code.h"
#include "base/status.h"
#include "base/strings.h"

namespace tally::pseudonymiser {

absl::StatusOr<OutboxWriter> OutboxWriter::Create(
    const std::string& path, const crypto::StorageKey& key,
    const crypto::SealContext& context, int64_t max_bytes) {
  TALLY_ASSIGN_OR_RETURN(
      crypto::SealedWriter writer,
      crypto::SealedWriter::Create(path, key, crypto::SealedKind::kSpool,
                                   context, wire::kMaxRequestBytes));
  return OutboxWriter(std::move(writer), max_bytes);
}

absl::Status OutboxWriter::Append(wire::BatchKind kind,
                                  std::string_view content) {
  if (writer_.size_bytes() + content.size() >
      static_cast<uint64_t>(max_bytes_)) {
    return WithExitCode(
        absl::ResourceExhaustedError(absl::StrFormat(
            "the spool would grow beyond state.max_spool (%s left); raise it "
            "and push again",
            FormatSize(max_bytes_))),
        kExitTemporary);
  }
  digest_.Add(kind, AsBytes(content));
  frame_.assign(1, static_cast<char>(kind));
  frame_.append(content);
  return writer_.Append(AsBytes(frame_), false);
}

absl::Status OutboxWriter::Finish() {
  TALLY_RETURN_IF_ERROR(writer_.Append({}, true));
  return writer_.Sync();
}

std::string OutboxWriter::StreamSha256() { return HexEncode(digest_.Finish()); }

absl::StatusOr<OutboxReader> OutboxReader::Open(
    const std::string& path, const crypto::StorageKey& key,
    const crypto::SealContext& context) {
  TALLY_ASSIGN_OR_RETURN(crypto::SealedReader reader,
                         crypto::SealedReader::Open(
                             path, key, crypto::SealedKind::kSpool, context));
  return OutboxReader(std::move(reader));
}

absl::StatusOr<std::optional<OutboxReader::Batch>> OutboxReader::Next() {
  TALLY_ASSIGN_OR_RETURN(const std::optional<crypto::FrameInfo> info,
                         reader_.ReadNext(frame_));
  if (!info || (info->last && frame_.empty())) return std::nullopt;
  const std::string_view bytes = AsChars(frame_);
  if (info->last || bytes.size() < 2 || (bytes[0] != 1 && bytes[0] != 2)) {
    return IntegrityError("a batch in the spool is not what was written");
  }
  return Batch{.sequence = next_++,
               .kind = static_cast<wire::BatchKind>(bytes[0]),
               .content = bytes.substr(1)};
}

absl::Status OutboxReader::SkipTo(uint64_t sequence) {
  while (next_ < sequence) {
    TALLY_ASSIGN_OR_RETURN(const std::optional<Batch> batch, Next());
    if (!batch) {
      return IntegrityError(
          "the hub has more batches of this extract than the spool");
    }
  }
  return absl::OkStatus();
}

}  // namespace tally::pseudonymiser
