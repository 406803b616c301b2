// The inside of ExtractStore: open uploads, and the parts of each step.
//
// Threading: see the members. Secrets: open journals hold their file keys.

#ifndef TALLY_LINKAGE_STORE_SRC_EXTRACT_STORE_IMPL_H_
#define TALLY_LINKAGE_STORE_SRC_EXTRACT_STORE_IMPL_H_

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "batch_checker.h"
#include "linkage/store/extract_store.h"
#include "linkage/store/upload_journal.h"
#include "publisher.h"

namespace tally::linkage {

// One upload whose journal is open.
struct OpenUpload {
  Mutex mu;
  ExtractRecord record;
  std::unique_ptr<UploadJournal> journal TALLY_GUARDED_BY(mu);
  std::unique_ptr<BatchChecker> checker TALLY_GUARDED_BY(mu);
  // The specifications that the checker points at.
  std::shared_ptr<const SpecificationStore> specifications;
  uint64_t generation TALLY_GUARDED_BY(mu) = 0;
  uint64_t persisted_rows TALLY_GUARDED_BY(mu) = 0;
  bool gone TALLY_GUARDED_BY(mu) = false;  // closed; look it up again
  // While the journal is read, how far that is; then `read` is notified. If it
  // does not open, why.
  std::optional<OperationProgress> reading TALLY_GUARDED_BY(mu);
  CondVar read;
  absl::Status failure TALLY_GUARDED_BY(mu);
  int64_t failed_ms TALLY_GUARDED_BY(mu) = 0;  // NowMonotonicMs()
};

class ExtractStore::Impl {
 public:
  explicit Impl(ExtractStoreOptions options) : options_(std::move(options)) {}

  void UseRegistry(std::shared_ptr<const crypto::Registry> registry) {
    MutexLock lock(mu_);
    registry_ = std::move(registry);
  }
  void UseSpecifications(std::shared_ptr<const SpecificationStore> specs) {
    MutexLock lock(mu_);
    specifications_ = std::move(specs);
  }
  absl::StatusOr<ExtractRecord> Create(const CreateExtractCommand& command,
                                       const CallContext& call);
  absl::StatusOr<UploadTicket> BeginStream(std::string_view source,
                                           std::string_view extract_id,
                                           uint64_t next_sequence);
  absl::StatusOr<uint64_t> AddBatch(const UploadTicket& ticket,
                                    uint64_t sequence, wire::BatchKind kind,
                                    std::span<const uint8_t> content);
  absl::StatusOr<uint64_t> Sync(const UploadTicket& ticket);
  absl::StatusOr<UploadStatus> Status(std::string_view source,
                                      std::string_view extract_id);
  absl::StatusOr<ExtractRecord> Finalize(std::string_view source,
                                         std::string_view extract_id,
                                         std::string_view manifest,
                                         std::span<const uint8_t> signature,
                                         const CallContext& call);
  absl::Status Publish(std::string_view uid);
  void CloseUploads();
  std::optional<OperationProgress> Progress(std::string_view uid) const;
  absl::StatusOr<std::vector<std::string>> Unpublished();
  absl::Status CountPersons(std::string_view source);
  std::optional<double> PersonLimitShare(std::string_view source,
                                         uint32_t epoch) const;

 private:
  using UploadPtr = std::shared_ptr<OpenUpload>;

  // extract_create.cc
  absl::StatusOr<ExtractRecord> CheckCreate(const CreateExtractCommand& command,
                                            const HubKeys::Lease& lease) const;

  // extract_upload.cc
  // The open upload of an extract. A journal that is not open yet is read
  // first, a long one in the background: kUnavailable if that takes long.
  absl::StatusOr<UploadPtr> Open(const ExtractRecord& record);
  UploadPtr FindOrAdd(const ExtractRecord& record);
  absl::Status BeginReading(const UploadPtr& upload);
  void Read(OpenUpload& upload);
  std::optional<OperationProgress> ReadingOf(std::string_view uid) const;
  absl::StatusOr<UploadPtr> OfTicket(const UploadTicket& ticket);
  // A journal that was read, and what goes on where it ends.
  struct Recovered {
    std::unique_ptr<UploadJournal> journal;
    std::unique_ptr<BatchChecker> checker;
    std::shared_ptr<const SpecificationStore> specifications;
  };
  absl::StatusOr<Recovered> Recover(OpenUpload& upload);
  // Closes an upload whose journal took an error; a damaged one is rejected.
  absl::Status Drop(OpenUpload& upload, const absl::Status& why)
      TALLY_REQUIRES(upload.mu);
  // The journal could not be read: logs that, and closes the upload. Returns
  // what to tell.
  absl::Status Fail(OpenUpload& upload, const absl::Status& why)
      TALLY_REQUIRES(upload.mu);
  // Whether the upload failed too long ago to be told; it is then removed.
  bool RemoveOldFailure(OpenUpload& upload);
  void Remove(const OpenUpload& upload);
  // What a call says, other than a stream's, whose upload was closed meanwhile:
  // HUB_SEALED where a seal did it, else UPLOAD_SUPERSEDED.
  absl::Status Closed() const;
  void Forget(std::string_view uid);

  // extract_finalize.cc
  absl::Status CheckManifest(OpenUpload& upload, std::string_view manifest,
                             std::span<const uint8_t> signature)
      TALLY_REQUIRES(upload.mu);

  // extract_publish.cc
  absl::Status PublishNow(const ExtractRecord& record);
  absl::StatusOr<PublisherInput> InputFor(const ExtractRecord& record,
                                          const HubKeys::Lease& lease);
  absl::Status Commit(const ExtractRecord& record, PublisherOutput& output,
                      const HubKeys::Lease& lease);
  absl::Status CheckPersonLimit(const ExtractRecord& record,
                                const RunSummary& run, uint64_t limit,
                                const HubKeys::Lease& lease);
  // The people of some extracts of a source.
  struct CountedPersons {
    int32_t epoch = 0;
    std::set<std::string> uids = {};
    uint64_t persons = 0;
  };
  // Of all published extracts of the epoch, and of `with`, which is staged.
  absl::StatusOr<CountedPersons> DistinctPersons(std::string_view source,
                                                 int32_t epoch,
                                                 const ExtractRecord* with,
                                                 const HubKeys::Lease& lease);
  void Keep(std::string_view source, CountedPersons counted);
  absl::Status Reject(const ExtractRecord& record, const absl::Status& why);

  AuditEntry Entry(const CallContext& call, AuditAction action,
                   std::string object) const;
  // Asked between pieces of long work: HUB_SEALED or DRAINING ends it.
  absl::Status GoOn(const HubKeys::Lease& lease) const;
  absl::Status Drain() const {
    return options_.drain_audit ? options_.drain_audit() : absl::OkStatus();
  }
  std::shared_ptr<const crypto::Registry> registry() const {
    MutexLock lock(mu_);
    return registry_;
  }
  std::shared_ptr<const SpecificationStore> specifications() const {
    MutexLock lock(mu_);
    return specifications_;
  }
  absl::StatusOr<std::vector<const dataset::Specification*>> SpecificationsOf(
      const ExtractRecord& record, const SpecificationStore& store) const;
  absl::StatusOr<uint64_t> PersonLimit(std::string_view source) const;

  const ExtractStoreOptions options_;
  mutable Mutex mu_;
  CondVar published_;
  std::shared_ptr<const crypto::Registry> registry_ TALLY_GUARDED_BY(mu_);
  std::shared_ptr<const SpecificationStore> specifications_
      TALLY_GUARDED_BY(mu_);
  std::map<std::string, UploadPtr, std::less<>> uploads_ TALLY_GUARDED_BY(mu_);
  std::map<std::string, OperationProgress, std::less<>> publishing_
      TALLY_GUARDED_BY(mu_);
  // What was counted last for each source.
  std::map<std::string, CountedPersons, std::less<>> counted_
      TALLY_GUARDED_BY(mu_);
};

}  // namespace tally::linkage

#endif  // TALLY_LINKAGE_STORE_SRC_EXTRACT_STORE_IMPL_H_
