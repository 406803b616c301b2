#include "run_writer.h"

#include <algorithm>
#include <utility>

#include "base/bytes.h"
#include "base/status.h"

namespace tally::linkage {

absl::StatusOr<RunWriter> RunWriter::Create(
    const std::string& path, const crypto::SealContext& context,
    const crypto::StorageKey& key, const std::array<uint8_t, 8>& hub_key_id) {
  TALLY_ASSIGN_OR_RETURN(
      crypto::SealedWriter writer,
      crypto::SealedWriter::Create(path, key, crypto::SealedKind::kRun, context,
                                   crypto::kRunFramePlaintext));
  return RunWriter(std::move(writer), hub_key_id);
}

RunWriter::RunWriter(crypto::SealedWriter writer,
                     const std::array<uint8_t, 8>& hub_key_id)
    : writer_(std::move(writer)),
      frame_(crypto::kRunFramePlaintext),
      hub_key_id_(hub_key_id) {}

absl::Status RunWriter::Flush() {
  if (used_ == 0) return absl::OkStatus();
  const std::span<const uint8_t> plain(frame_.data(), used_);
  digest_.Update(plain);
  TALLY_RETURN_IF_ERROR(writer_.Append(plain, /*last=*/false));
  records_ += used_ / sizeof(Record);
  used_ = 0;
  return absl::OkStatus();
}

absl::StatusOr<RunSummary> RunWriter::Finish() {
  TALLY_RETURN_IF_ERROR(Flush());
  RunSummary summary;
  summary.records = records_;
  summary.records_sha256 = digest_.Finish();
  summary.hub_key_id = hub_key_id_;
  ByteWriter trailer;
  trailer.U64(records_);
  trailer.Bytes(std::span<const uint8_t>(summary.records_sha256));
  trailer.Bytes(std::span<const uint8_t>(hub_key_id_));
  TALLY_RETURN_IF_ERROR(writer_.Append(AsBytes(trailer.view()), /*last=*/true));
  TALLY_RETURN_IF_ERROR(writer_.Sync());
  summary.file_bytes = writer_.size_bytes();
  return summary;
}

}  // namespace tally::linkage
