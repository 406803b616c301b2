#include "linkage/index/run_reader.h"

#include <utility>
#include <vector>

#include "base/error.h"
#include "base/sha256.h"
#include "base/status.h"
#include "run_cursor.h"

namespace tally::linkage {

class RunReader::Impl {
 public:
  explicit Impl(std::unique_ptr<RunCursor> cursor)
      : cursor_(std::move(cursor)) {}
  RunCursor& cursor() { return *cursor_; }

 private:
  std::unique_ptr<RunCursor> cursor_;
};

absl::StatusOr<std::unique_ptr<RunReader>> RunReader::Open(
    std::string_view path, const crypto::SealContext& context,
    const crypto::StorageKeyFinder& storage_keys) {
  TALLY_ASSIGN_OR_RETURN(
      std::unique_ptr<RunCursor> cursor,
      RunCursor::Open(std::string(path), context, storage_keys, RunUse::kRun));
  return std::unique_ptr<RunReader>(
      new RunReader(std::make_unique<Impl>(std::move(cursor))));
}

RunReader::RunReader(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
RunReader::~RunReader() = default;

const RunSummary& RunReader::summary() const {
  return impl_->cursor().summary();
}

absl::Status RunReader::Seek(const crypto::HubToken& token) {
  return impl_->cursor().SeekToken(token.bytes());
}

absl::StatusOr<std::optional<RunReader::Record>> RunReader::Next() {
  RunCursor& cursor = impl_->cursor();
  TALLY_RETURN_IF_ERROR(cursor.Advance());
  const linkage::Record* const record = cursor.current();
  if (record == nullptr) return std::optional<Record>();
  auto token = crypto::HubToken::Create(Token(*record));
  if (!token.ok()) {
    return Error(Reason::kRunCorrupt, "a record holds no token");
  }
  return std::optional<Record>(Record{
      *token, {static_cast<int32_t>(PersonIndex(*record)), Flags(*record)}});
}

absl::StatusOr<std::optional<RunEntry>> RunReader::Find(
    const crypto::HubToken& token) {
  TALLY_RETURN_IF_ERROR(Seek(token));
  RunCursor& cursor = impl_->cursor();
  TALLY_RETURN_IF_ERROR(cursor.Advance());
  const linkage::Record* const record = cursor.current();
  if (record == nullptr ||
      std::memcmp(record->bytes, token.bytes().data(), kRunTokenBytes) != 0) {
    return std::optional<RunEntry>();
  }
  return std::optional<RunEntry>(
      RunEntry{static_cast<int32_t>(PersonIndex(*record)), Flags(*record)});
}

absl::StatusOr<RunSummary> VerifyRun(
    std::string_view path, const crypto::SealContext& context,
    const crypto::StorageKeyFinder& storage_keys) {
  TALLY_ASSIGN_OR_RETURN(
      std::unique_ptr<RunCursor> cursor,
      RunCursor::Open(std::string(path), context, storage_keys, RunUse::kRun));
  RunSummary summary = cursor->summary();
  std::vector<bool> seen(summary.records);
  Sha256 digest;
  TALLY_RETURN_IF_ERROR(cursor->Advance());
  while (cursor->current() != nullptr) {
    const Record& record = *cursor->current();
    const uint32_t person = PersonIndex(record);
    if (person >= summary.records || seen[person]) {
      return Error(Reason::kRunCorrupt,
                   "an index run does not hold each person once");
    }
    seen[person] = true;
    digest.Update(std::span<const uint8_t>(record.bytes));
    TALLY_RETURN_IF_ERROR(cursor->Advance());
  }
  if (digest.Finish() != summary.records_sha256) {
    return Error(Reason::kRunCorrupt,
                 "an index run does not have the digest of its trailer");
  }
  TALLY_ASSIGN_OR_RETURN(summary.file_sha256,
                         Sha256HexOfFile(std::string(path)));
  return summary;
}

}  // namespace tally::linkage
