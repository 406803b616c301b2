#include <functional>
#include <utility>

#include "base/civil_day.h"
#include "base/error.h"
#include "base/files.h"
#include "base/log.h"
#include "base/status.h"
#include "extract_context.h"
#include "extract_store_impl.h"

namespace tally::linkage {

namespace {

// Batches between two looks at the free disk.
constexpr uint64_t kDiskCheckBatches = 16;

absl::Status Superseded() {
  return Error(Reason::kUploadSuperseded,
               "another stream has taken the upload over");
}

// Runs a recovered journal through a checker, so that it goes on where the
// journal ends. `go_on` is told the bytes of every batch.
class Refill final : public JournalVisitor {
 public:
  Refill(BatchChecker& checker, std::function<absl::Status(size_t bytes)> go_on)
      : checker_(checker), go_on_(std::move(go_on)) {}
  absl::Status OnRequest(std::span<const uint8_t> create_request) override {
    (void)create_request;
    return absl::OkStatus();
  }
  absl::Status OnBatch(uint64_t sequence, wire::BatchKind kind,
                       std::span<const uint8_t> content) override {
    (void)sequence;
    TALLY_RETURN_IF_ERROR(go_on_(content.size()));
    TALLY_RETURN_IF_ERROR(checker_.Check(kind, content));
    checker_.Accept();
    return absl::OkStatus();
  }
  absl::Status OnManifest(std::span<const uint8_t> signature,
                          std::string_view manifest) override {
    (void)signature;
    (void)manifest;
    return absl::OkStatus();
  }

 private:
  BatchChecker& checker_;
  const std::function<absl::Status(size_t bytes)> go_on_;
};

}  // namespace

absl::StatusOr<ExtractStore::Impl::Recovered> ExtractStore::Impl::Recover(
    OpenUpload& upload) {
  TALLY_ASSIGN_OR_RETURN(const HubKeys::Lease lease, options_.keys->Borrow());
  Recovered recovered;
  recovered.specifications = specifications();
  if (recovered.specifications == nullptr) {
    return Error(Reason::kHubSealed, "the hub is not ready");
  }
  const ExtractRecord& record = upload.record;
  TALLY_ASSIGN_OR_RETURN(std::vector<const dataset::Specification*> specs,
                         SpecificationsOf(record, *recovered.specifications));
  TALLY_ASSIGN_OR_RETURN(const uint64_t limit, PersonLimit(record.source));
  recovered.checker = std::make_unique<BatchChecker>(
      std::move(specs), UploadPeriod{record.period_start, record.period_end},
      limit);
  Refill refill(*recovered.checker, [&](size_t bytes) -> absl::Status {
    TALLY_RETURN_IF_ERROR(GoOn(lease));
    MutexLock lock(upload.mu);
    if (upload.gone) return Superseded();
    upload.reading->done += static_cast<int64_t>(bytes);
    return absl::OkStatus();
  });
  TALLY_ASSIGN_OR_RETURN(
      recovered.journal,
      UploadJournal::Recover(options_.directory->JournalPath(record.uid),
                             JournalContext(options_, record.uid),
                             lease.storage_finder(), refill));
  return recovered;
}

void ExtractStore::Impl::Read(OpenUpload& upload) {
  // Without the lock: calls ask how far it is meanwhile.
  absl::StatusOr<Recovered> recovered = Recover(upload);
  MutexLock lock(upload.mu);
  upload.reading.reset();
  if (!upload.gone && recovered.ok()) {
    upload.journal = std::move(recovered->journal);
    upload.checker = std::move(recovered->checker);
    upload.specifications = std::move(recovered->specifications);
    upload.persisted_rows = upload.checker->rows();
  } else if (!upload.gone) {
    upload.failure = Fail(upload, recovered.status());
  }
  upload.read.NotifyAll();
}

absl::Status ExtractStore::Impl::Fail(OpenUpload& upload,
                                      const absl::Status& why) {
  // The hub ends, not the journal: it is read again when it may be.
  const Reason reason = ReasonOf(why);
  if (reason == Reason::kHubSealed || reason == Reason::kDraining) {
    return Drop(upload, why);
  }
  LogStatus(Level::kError, "the journal of an upload could not be read", why,
            {Field("extract", Name(upload.record.name()))});
  // What was rejected tells by its state.
  if (reason == Reason::kJournalCorrupt) return Drop(upload, why);
  // It stays until a call has been told: dropped now, the next call would begin
  // to read all of it again and tell nobody.
  upload.gone = true;
  upload.failed_ms = NowMonotonicMs();
  return why;
}

absl::Status ExtractStore::Impl::Drop(OpenUpload& upload,
                                      const absl::Status& why) {
  upload.gone = true;
  upload.journal.reset();
  upload.checker.reset();
  Remove(upload);
  if (ReasonOf(why) == Reason::kJournalCorrupt) {
    TALLY_RETURN_IF_ERROR(Reject(upload.record, why));
  }
  return why;
}

void ExtractStore::Impl::Remove(const OpenUpload& upload) {
  MutexLock lock(mu_);
  const auto found = uploads_.find(upload.record.uid);
  if (found != uploads_.end() && found->second.get() == &upload) {
    uploads_.erase(found);
  }
}

void ExtractStore::Impl::Forget(std::string_view uid) {
  UploadPtr upload;
  {
    MutexLock lock(mu_);
    const auto found = uploads_.find(uid);
    if (found == uploads_.end()) return;
    upload = found->second;
    uploads_.erase(found);
  }
  MutexLock lock(upload->mu);
  upload->gone = true;
  upload->journal.reset();
  upload->checker.reset();
}

void ExtractStore::Impl::CloseUploads() {
  std::vector<std::string> uids;
  {
    MutexLock lock(mu_);
    for (const auto& [uid, upload] : uploads_) uids.push_back(uid);
  }
  for (const std::string& uid : uids) Forget(uid);
}

ExtractStore::Impl::UploadPtr ExtractStore::Impl::FindOrAdd(
    const ExtractRecord& record) {
  MutexLock lock(mu_);
  UploadPtr& held = uploads_[record.uid];
  if (held == nullptr) {
    held = std::make_shared<OpenUpload>();
    held->record = record;
  }
  return held;
}

bool ExtractStore::Impl::RemoveOldFailure(OpenUpload& upload) {
  MutexLock lock(upload.mu);
  if (upload.failure.ok() ||
      NowMonotonicMs() - upload.failed_ms < options_.failure_kept_ms) {
    return false;
  }
  Remove(upload);
  return true;
}

absl::Status ExtractStore::Impl::Closed() const {
  const absl::Status keys = options_.keys->Borrow().status();
  return keys.ok() ? Superseded() : keys;
}

// Has the journal read, unless it is open or somebody reads it.
absl::Status ExtractStore::Impl::BeginReading(const UploadPtr& upload) {
  bool at_once = !options_.in_background;
  {
    MutexLock lock(upload->mu);
    if (upload->gone || upload->journal != nullptr ||
        upload->reading.has_value()) {
      return absl::OkStatus();
    }
    const absl::StatusOr<int64_t> size =
        FileSize(options_.directory->JournalPath(upload->record.uid));
    upload->reading = {"read journal", 0, size.value_or(0), "bytes"};
    // A short one does not queue behind those that take minutes.
    at_once = at_once || upload->reading->total < options_.read_at_once_bytes;
  }
  if (at_once) {
    Read(*upload);
    return absl::OkStatus();
  }
  if (options_.in_background([this, upload] { Read(*upload); })) {
    return absl::OkStatus();
  }
  MutexLock lock(upload->mu);
  upload->reading.reset();
  return Drop(*upload, Error(Reason::kDraining, "the hub is shutting down"));
}

absl::StatusOr<ExtractStore::Impl::UploadPtr> ExtractStore::Impl::Open(
    const ExtractRecord& record) {
  TALLY_RETURN_IF_ERROR(options_.keys->Borrow().status());
  UploadPtr upload = FindOrAdd(record);
  if (RemoveOldFailure(*upload)) upload = FindOrAdd(record);
  TALLY_RETURN_IF_ERROR(BeginReading(upload));
  const int64_t end_ms = NowMonotonicMs() + options_.read_wait_ms;
  MutexLock lock(upload->mu);
  while (upload->reading.has_value()) {
    const int64_t left_ms = end_ms - NowMonotonicMs();
    if (left_ms <= 0) {
      return absl::UnavailableError("the journal of the upload is being read");
    }
    upload->read.WaitFor(upload->mu, left_ms);
  }
  if (!upload->failure.ok()) {
    Remove(*upload);  // told: the next call has it read again
    return upload->failure;
  }
  if (upload->gone) return Closed();
  return upload;
}

std::optional<OperationProgress> ExtractStore::Impl::ReadingOf(
    std::string_view uid) const {
  UploadPtr upload;
  {
    MutexLock lock(mu_);
    const auto found = uploads_.find(uid);
    if (found == uploads_.end()) return std::nullopt;
    upload = found->second;
  }
  MutexLock lock(upload->mu);
  return upload->reading;
}

absl::StatusOr<UploadTicket> ExtractStore::Impl::BeginStream(
    std::string_view source, std::string_view extract_id,
    uint64_t next_sequence) {
  TALLY_ASSIGN_OR_RETURN(const ExtractRecord record,
                         options_.catalogue->GetExtract(source, extract_id));
  if (record.state != ExtractState::kOpen) {
    return Error(Reason::kExtractState, "the extract is not open",
                 {.resource = record.name()});
  }
  if (next_sequence == 0) {
    return Error(Reason::kBatchSequence, "sequences begin with 1",
                 {.field = "start.next_sequence", .limit = 1});
  }
  TALLY_ASSIGN_OR_RETURN(const UploadPtr upload, Open(record));
  MutexLock lock(upload->mu);
  if (upload->gone) return Closed();
  if (upload->journal->closed()) {
    return Error(Reason::kExtractState, "the upload has its manifest already",
                 {.resource = record.name()});
  }
  if (next_sequence > upload->journal->last_sequence() + 1) {
    return Drop(*upload, Error(Reason::kJournalCorrupt,
                               "the journal holds less than was acknowledged",
                               {.resource = record.name()}));
  }
  if (upload->journal->persisted_sequence() > 0 && !upload->record.resumed) {
    TALLY_RETURN_IF_ERROR(options_.catalogue->MarkResumed(record.uid));
    upload->record.resumed = true;
  }
  return UploadTicket{record.uid, ++upload->generation};
}

absl::StatusOr<ExtractStore::Impl::UploadPtr> ExtractStore::Impl::OfTicket(
    const UploadTicket& ticket) {
  MutexLock lock(mu_);
  const auto found = uploads_.find(ticket.uid);
  if (found == uploads_.end()) return Superseded();
  return found->second;
}

absl::StatusOr<uint64_t> ExtractStore::Impl::AddBatch(
    const UploadTicket& ticket, uint64_t sequence, wire::BatchKind kind,
    std::span<const uint8_t> content) {
  TALLY_ASSIGN_OR_RETURN(const UploadPtr upload, OfTicket(ticket));
  MutexLock lock(upload->mu);
  if (upload->gone || upload->generation != ticket.generation) {
    return Superseded();
  }
  UploadJournal& journal = *upload->journal;
  const bool is_new =
      sequence == journal.last_sequence() + 1 && !journal.closed();
  if (is_new) {
    if (sequence % kDiskCheckBatches == 1) {
      TALLY_RETURN_IF_ERROR(options_.directory->CheckFreeDisk());
    }
    TALLY_RETURN_IF_ERROR(upload->checker->Check(kind, content));
  }
  const absl::StatusOr<AppendOutcome> outcome =
      journal.Append(sequence, kind, content);
  if (!outcome.ok()) {
    // What the peer did wrong leaves the journal as it was.
    if (outcome.status().code() == absl::StatusCode::kInvalidArgument ||
        outcome.status().code() == absl::StatusCode::kAborted ||
        ReasonOf(outcome.status()) == Reason::kExtractState) {
      return outcome.status();
    }
    return Drop(*upload, outcome.status());
  }
  if (*outcome == AppendOutcome::kStored) upload->checker->Accept();
  if (journal.persisted_sequence() == journal.last_sequence()) {
    upload->persisted_rows = upload->checker->rows();
  }
  return journal.persisted_sequence();
}

absl::StatusOr<uint64_t> ExtractStore::Impl::Sync(const UploadTicket& ticket) {
  TALLY_ASSIGN_OR_RETURN(const UploadPtr upload, OfTicket(ticket));
  MutexLock lock(upload->mu);
  if (upload->gone || upload->generation != ticket.generation) {
    return Superseded();
  }
  const absl::Status status = upload->journal->Sync();
  if (!status.ok()) return Drop(*upload, status);
  upload->persisted_rows = upload->checker->rows();
  return upload->journal->persisted_sequence();
}

absl::StatusOr<UploadStatus> ExtractStore::Impl::Status(
    std::string_view source, std::string_view extract_id) {
  TALLY_ASSIGN_OR_RETURN(const ExtractRecord record,
                         options_.catalogue->GetExtract(source, extract_id));
  UploadStatus status;
  status.state = record.state;
  if (record.state != ExtractState::kOpen) {
    status.persisted_sequence = static_cast<uint64_t>(record.batches);
    status.persisted_rows = static_cast<uint64_t>(record.rows);
    return status;
  }
  const absl::StatusOr<UploadPtr> opened = Open(record);
  if (!opened.ok()) {
    status.reading = ReadingOf(record.uid);
    if (absl::IsUnavailable(opened.status()) && status.reading.has_value()) {
      return status;
    }
    return opened.status();
  }
  const UploadPtr& upload = *opened;
  MutexLock lock(upload->mu);
  if (upload->gone) return Closed();
  status.persisted_sequence = upload->journal->persisted_sequence();
  status.persisted_rows = upload->persisted_rows;
  return status;
}

}  // namespace tally::linkage
