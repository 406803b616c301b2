#include "linkage/store/upload_journal.h"

#include <array>
#include <cstring>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/error.h"
#include "base/failpoint.h"
#include "base/files.h"
#include "base/sha256.h"
#include "base/status.h"
#include "crypto/journal_recovery.h"
#include "crypto/wiped_bytes.h"

namespace tally::linkage {

namespace {

constexpr size_t kSignatureBytes = 64;
constexpr uint32_t kMaxFrame = static_cast<uint32_t>(wire::kMaxRequestBytes);

absl::Status Corrupt(std::string_view why) {
  return Error(Reason::kJournalCorrupt,
               "the journal of an upload is damaged: " + std::string(why));
}

using Digest = std::array<uint8_t, Sha256::kBytes>;

Digest DigestOf(std::span<const uint8_t> frame) {
  Sha256 sha;
  sha.Update(frame);
  return sha.Finish();
}

// Gives one whole frame to the visitor.
absl::Status ShowFrame(const crypto::FrameInfo& info,
                       std::span<const uint8_t> plain,
                       JournalVisitor& visitor) {
  if (info.sequence == 0) {
    if (info.last) return Corrupt("it has no request");
    return visitor.OnRequest(plain);
  }
  if (info.last) {
    if (plain.size() < kSignatureBytes) return Corrupt("no manifest");
    return visitor.OnManifest(plain.first(kSignatureBytes),
                              AsChars(plain.subspan(kSignatureBytes)));
  }
  if (plain.empty() || (plain[0] != 1 && plain[0] != 2)) {
    return Corrupt("a batch of no kind");
  }
  return visitor.OnBatch(info.sequence, static_cast<wire::BatchKind>(plain[0]),
                         plain.subspan(1));
}

}  // namespace

class UploadJournal::Impl {
 public:
  explicit Impl(crypto::SealedWriter writer) : writer_(std::move(writer)) {}

  absl::Status Begin(std::string_view request) {
    TALLY_RETURN_IF_ERROR(writer_.Append(AsBytes(request), /*last=*/false));
    TALLY_FAILPOINT("journal.before_first_fsync");
    return writer_.Sync();
  }

  // Takes note of a frame that recovery found.
  void Remember(const crypto::FrameInfo& info, const Digest& digest) {
    if (info.sequence == 0) return;
    digests_.push_back(digest);
    closed_ = info.last;
    persisted_ = last_sequence();
  }

  absl::StatusOr<AppendOutcome> Append(uint64_t sequence, wire::BatchKind kind,
                                       std::span<const uint8_t> content);
  absl::Status Sync();
  absl::Status Close(std::span<const uint8_t> signature,
                     std::string_view manifest);

  uint64_t last_sequence() const { return digests_.size() - (closed_ ? 1 : 0); }
  uint64_t persisted() const { return persisted_; }
  bool closed() const { return closed_; }

 private:
  crypto::SealedWriter writer_;
  std::vector<Digest> digests_;  // of frame n at n - 1
  uint64_t persisted_ = 0;
  bool closed_ = false;
  crypto::WipedBytes frame_;  // used again
};

absl::StatusOr<AppendOutcome> UploadJournal::Impl::Append(
    uint64_t sequence, wire::BatchKind kind, std::span<const uint8_t> content) {
  if (content.size() > wire::kMaxContentBytes) {
    return Error(Reason::kBatchTooLarge, "a batch is too large",
                 {.limit = static_cast<int64_t>(wire::kMaxContentBytes)});
  }
  if (sequence == 0 || sequence > last_sequence() + 1) {
    return Error(Reason::kBatchSequence, "a batch is out of sequence",
                 {.field = "batch.sequence",
                  .limit = static_cast<int64_t>(last_sequence() + 1)});
  }
  frame_.resize(1 + content.size());
  frame_[0] = static_cast<uint8_t>(kind);
  if (!content.empty()) {
    std::memcpy(frame_.data() + 1, content.data(), content.size());
  }
  const Digest digest = DigestOf(frame_);
  if (sequence <= last_sequence()) {
    if (digests_[sequence - 1] == digest) return AppendOutcome::kRepeated;
    return Error(Reason::kBatchConflict,
                 "a batch was sent before with other bytes",
                 {.field = "batch.content"});
  }
  if (closed_) {
    return Error(Reason::kExtractState, "the upload has its manifest already");
  }
  TALLY_FAILPOINT("journal.before_append");
  TALLY_RETURN_IF_ERROR(writer_.Append(frame_, /*last=*/false));
  TALLY_FAILPOINT("journal.after_append");
  digests_.push_back(digest);
  if (last_sequence() - persisted_ >= wire::kAckBatches) {
    TALLY_RETURN_IF_ERROR(Sync());
  }
  return AppendOutcome::kStored;
}

absl::Status UploadJournal::Impl::Sync() {
  if (persisted_ == last_sequence()) return absl::OkStatus();
  TALLY_FAILPOINT("journal.before_fsync");
  // After a failed fsync nobody knows what the disk holds, and another try may
  // succeed without having written it.
  if (!writer_.Sync().ok()) return Corrupt("it could not be made durable");
  TALLY_FAILPOINT("journal.after_fsync");
  persisted_ = last_sequence();
  return absl::OkStatus();
}

absl::Status UploadJournal::Impl::Close(std::span<const uint8_t> signature,
                                        std::string_view manifest) {
  if (signature.size() != kSignatureBytes) {
    return Error(Reason::kSignatureInvalid, "a signature is 64 bytes",
                 {.field = "signature"});
  }
  frame_.assign(signature.begin(), signature.end());
  const std::span<const uint8_t> text = AsBytes(manifest);
  frame_.insert(frame_.end(), text.begin(), text.end());
  const Digest digest = DigestOf(frame_);
  if (closed_) {
    if (digests_.back() == digest) return absl::OkStatus();
    return Error(Reason::kExtractState,
                 "the upload was finalised with another manifest");
  }
  TALLY_FAILPOINT("journal.before_close");
  TALLY_RETURN_IF_ERROR(writer_.Append(frame_, /*last=*/true));
  if (!writer_.Sync().ok()) return Corrupt("it could not be made durable");
  TALLY_FAILPOINT("journal.after_close");
  digests_.push_back(digest);
  closed_ = true;
  persisted_ = last_sequence();
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<UploadJournal>> UploadJournal::Create(
    const std::string& path, const crypto::SealContext& context,
    const crypto::StorageKey& key, std::string_view create_request) {
  TALLY_ASSIGN_OR_RETURN(std::unique_ptr<crypto::ByteFile> file,
                         crypto::CreateByteFile(path));
  TALLY_ASSIGN_OR_RETURN(
      std::unique_ptr<UploadJournal> journal,
      CreateOn(std::move(file), context, key, create_request));
  TALLY_RETURN_IF_ERROR(FsyncDirectory(DirectoryOf(path)));
  return journal;
}

absl::StatusOr<std::unique_ptr<UploadJournal>> UploadJournal::CreateOn(
    std::unique_ptr<crypto::ByteFile> file, const crypto::SealContext& context,
    const crypto::StorageKey& key, std::string_view create_request) {
  TALLY_ASSIGN_OR_RETURN(crypto::SealedWriter writer,
                         crypto::SealedWriter::CreateOn(
                             std::move(file), key, crypto::SealedKind::kJournal,
                             context, kMaxFrame));
  auto impl = std::make_unique<Impl>(std::move(writer));
  TALLY_RETURN_IF_ERROR(impl->Begin(create_request));
  return std::unique_ptr<UploadJournal>(new UploadJournal(std::move(impl)));
}

absl::StatusOr<std::unique_ptr<UploadJournal>> UploadJournal::Recover(
    const std::string& path, const crypto::SealContext& context,
    const crypto::StorageKeyFinder& keys, JournalVisitor& visitor) {
  absl::StatusOr<std::unique_ptr<crypto::ByteFile>> file =
      crypto::OpenByteFile(path, /*writable=*/true);
  if (absl::IsNotFound(file.status())) return Corrupt("it is missing");
  TALLY_RETURN_IF_ERROR(file.status());
  return RecoverOn(*std::move(file), context, keys, visitor);
}

absl::StatusOr<std::unique_ptr<UploadJournal>> UploadJournal::RecoverOn(
    std::unique_ptr<crypto::ByteFile> file, const crypto::SealContext& context,
    const crypto::StorageKeyFinder& keys, JournalVisitor& visitor) {
  // What the frames say is kept beside the writer, which comes at the end.
  std::vector<std::pair<crypto::FrameInfo, Digest>> seen;
  TALLY_ASSIGN_OR_RETURN(
      crypto::RecoveredJournal recovered,
      crypto::RecoverOn(
          std::move(file), keys, crypto::SealedKind::kJournal, context,
          [&](const crypto::FrameInfo& info, std::span<const uint8_t> plain) {
            seen.emplace_back(info, DigestOf(plain));
            return ShowFrame(info, plain, visitor);
          }));
  if (recovered.frames == 0) return Corrupt("it has no request");
  // Frames that a killed process left in the page cache are acknowledged from
  // now on.
  TALLY_RETURN_IF_ERROR(recovered.writer.Sync());
  auto impl = std::make_unique<Impl>(std::move(recovered.writer));
  for (const auto& [info, digest] : seen) impl->Remember(info, digest);
  return std::unique_ptr<UploadJournal>(new UploadJournal(std::move(impl)));
}

UploadJournal::UploadJournal(std::unique_ptr<Impl> impl)
    : impl_(std::move(impl)) {}
UploadJournal::~UploadJournal() = default;

absl::StatusOr<AppendOutcome> UploadJournal::Append(
    uint64_t sequence, wire::BatchKind kind, std::span<const uint8_t> content) {
  return impl_->Append(sequence, kind, content);
}
absl::Status UploadJournal::Sync() { return impl_->Sync(); }
absl::Status UploadJournal::Close(std::span<const uint8_t> signature,
                                  std::string_view manifest) {
  return impl_->Close(signature, manifest);
}
uint64_t UploadJournal::last_sequence() const { return impl_->last_sequence(); }
uint64_t UploadJournal::persisted_sequence() const {
  return impl_->persisted();
}
bool UploadJournal::closed() const { return impl_->closed(); }

absl::Status ReadJournal(const std::string& path,
                         const crypto::SealContext& context,
                         const crypto::StorageKeyFinder& keys,
                         JournalVisitor& visitor) {
  absl::StatusOr<crypto::SealedReader> reader = crypto::SealedReader::Open(
      path, keys, crypto::SealedKind::kJournal, context);
  if (absl::IsNotFound(reader.status())) return Corrupt("it is missing");
  TALLY_RETURN_IF_ERROR(reader.status());
  crypto::WipedBytes plain;
  while (true) {
    TALLY_ASSIGN_OR_RETURN(const std::optional<crypto::FrameInfo> info,
                           reader->ReadNext(plain));
    if (!info.has_value()) return absl::OkStatus();
    TALLY_RETURN_IF_ERROR(ShowFrame(*info, plain, visitor));
  }
}

}  // namespace tally::linkage
