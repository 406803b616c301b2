// Uploads and extracts at the hub, from CreateExtract to PUBLISHED: what the
// extract service calls, without a network.
//
//   CreateExtract      checks key, epoch, canary, specifications and period,
//                      begins the journal
//   BeginStream        a stream takes over the upload
//   AddBatch, Sync     checked, journalled, acknowledged after fsync
//   FinalizeExtract    checks signature and manifest, closes the journal
//   Publish            converts, sorts and seals the run, writes the rows as
//                      Parquet, compares every digest, publishes all at once
//
// Publish may be repeated after a stop at any point: until the catalogue says
// PUBLISHED nothing of an extract counts, and the journal is kept.
//
// Role: hub. Sees tokens and rows of one extract at a time.
//
// Spec: docs/spec/hub-directory-v1.md, docs/spec/journal-v1.md
// Threading: all methods may be called from any thread. Calls on one upload
//   are serialised; Publish of one extract runs once at a time.
// Secrets: borrows keys from HubKeys for each call (HUB_SEALED otherwise).

#ifndef TALLY_LINKAGE_STORE_EXTRACT_STORE_H_
#define TALLY_LINKAGE_STORE_EXTRACT_STORE_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/worker_pool.h"
#include "crypto/registry.h"
#include "crypto/token_kernel.h"
#include "linkage/store/catalogue.h"
#include "linkage/store/hub_directory.h"
#include "linkage/store/hub_keys.h"
#include "linkage/store/specification_store.h"
#include "linkage/store/validation_report.h"
#include "wire/limits.h"

namespace tally::linkage {

// CreateExtractRequest, as plain values.
struct CreateExtractCommand {
  std::string source;  // id, equal to the caller's
  std::string extract_id;
  std::vector<ExtractDatasetRecord> datasets;  // dataset, spec_sha256 (hex)
  std::string key_id;                          // hex
  uint32_t epoch = 0;
  int32_t period_start = 0;
  int32_t period_end = 0;
  std::string canary_tokens;  // 512 bytes
  std::string canary_proof;   // 64 bytes
  std::string raw_request;    // as received: frame 0 of the journal
};

// Where an upload stands.
struct UploadStatus {
  uint64_t persisted_sequence = 0;
  uint64_t persisted_rows = 0;
  ExtractState state = ExtractState::kOpen;
  // Set while the journal is being read after a start; the sequence and the
  // rows are then not known.
  std::optional<OperationProgress> reading = {};
};

// The right of one stream to add batches, until a later stream takes over.
struct UploadTicket {
  std::string uid;
  uint64_t generation = 0;
};

// Who calls, for the audit entry and the replay table.
struct CallContext {
  std::string actor = {};      // peer URI
  std::string actor_key = {};  // first 16 hex digits of the peer key's digest
  std::string corr = {};       // 32 hex digits
  std::optional<RequestKey> request = {};
};

struct ExtractStoreOptions {
  crypto::Environment environment = crypto::Environment::kExample;
  std::string domain;
  std::string hub_actor;              // who publishes, in audit entries
  HubDirectory* directory = nullptr;  // borrowed, all of them
  Catalogue* catalogue = nullptr;
  HubKeys* keys = nullptr;
  WorkerPool* pool = nullptr;
  const crypto::TokenKernel* kernel = nullptr;
  std::string temp_directory;  // DuckDB's; exists, empty
  size_t memory_bytes = size_t{512} << 20;
  int threads = 1;
  // Called after each catalogue change with an audit entry, before the call
  // returns: drains the outbox. May be empty in tests.
  std::function<absl::Status()> drain_audit;
  // Runs long work on another thread, one piece after the other; false when it
  // takes no more. Empty: the work is done within the call.
  std::function<bool(std::function<void()> work)> in_background = {};
  // Whether the hub stops: reading, publishing and counting then end early,
  // with DRAINING. Asked from several threads. May be empty.
  std::function<bool()> stopping = {};
  // Journals of fewer bytes are read within the call: one that takes minutes
  // holds up no other.
  int64_t read_at_once_bytes = int64_t{4} << 20;
  // How long a call waits for a journal that is read in the background: most
  // are short.
  int64_t read_wait_ms = 1'000;
  // How long it is known that a journal could not be read, if nobody asks.
  int64_t failure_kept_ms = 60'000;
};

class ExtractStore {
 public:
  explicit ExtractStore(ExtractStoreOptions options);
  ~ExtractStore();
  ExtractStore(const ExtractStore&) = delete;
  ExtractStore& operator=(const ExtractStore&) = delete;

  // The registry and the specifications in force; to be set before use and
  // again when they change.
  void UseRegistry(std::shared_ptr<const crypto::Registry> registry);
  void UseSpecifications(std::shared_ptr<const SpecificationStore> specs);

  // Opens an upload. Errors: HUB_SEALED, DISK_LOW, RESOURCE_NOT_FOUND (source),
  // FIELD_INVALID, KEY_UNKNOWN, EPOCH_RETIRED, FACTOR_MISMATCH, CANARY_INVALID,
  // SPEC_MISMATCH, those of Catalogue::CreateExtract.
  [[nodiscard]] absl::StatusOr<ExtractRecord> CreateExtract(
      const CreateExtractCommand& command, const CallContext& call);

  // A stream takes the upload over; tickets given before end with
  // UPLOAD_SUPERSEDED. `next_sequence` is what the client will send first.
  // Errors: RESOURCE_NOT_FOUND; EXTRACT_STATE unless OPEN; BATCH_SEQUENCE for
  // 0; JOURNAL_CORRUPT (the upload is then rejected) when the client has been
  // acknowledged more than the journal holds; kUnavailable while the journal is
  // being read after a start (GetUploadStatus tells how far that is);
  // HUB_SEALED, also when the hub is sealed meanwhile.
  [[nodiscard]] absl::StatusOr<UploadTicket> BeginStream(
      std::string_view source, std::string_view extract_id,
      uint64_t next_sequence);

  // Checks one batch and adds it to the journal. Returns the sequence up to
  // which all is durable (it grows by groups). A repeated batch with the same
  // bytes is accepted again.
  // Errors: UPLOAD_SUPERSEDED, EXTRACT_STATE, BATCH_*, ELEMENT_*,
  // PERSON_INDEX_RANGE, PERSON_LIMIT, COLUMN_*, VALUE_REFUSED, FIELD_INVALID;
  // DISK_LOW. The upload stays OPEN after any of them.
  [[nodiscard]] absl::StatusOr<uint64_t> AddBatch(
      const UploadTicket& ticket, uint64_t sequence, wire::BatchKind kind,
      std::span<const uint8_t> content);

  // Makes everything added durable and returns its last sequence. To be called
  // when a stream pauses or ends, and at the latest after 2 s.
  [[nodiscard]] absl::StatusOr<uint64_t> Sync(const UploadTicket& ticket);

  // Where an upload stands. After a start the first call has the journal read
  // again: all of it, gigabytes for a large upload, then in the background;
  // calls meanwhile tell how far that is. If it cannot be read, that is logged
  // and one call of this upload is told why; the call after it has it read
  // again. Errors: RESOURCE_NOT_FOUND; HUB_SEALED, also when the hub is sealed
  // meanwhile; JOURNAL_CORRUPT (the upload is then rejected); DRAINING,
  // SPEC_MISMATCH, I/O.
  [[nodiscard]] absl::StatusOr<UploadStatus> GetUploadStatus(
      std::string_view source, std::string_view extract_id);

  // Accepts the manifest and makes the extract FINALIZING; the caller then
  // arranges for Publish(uid). Repeated with the same bytes it returns the
  // extract as it stands. Errors: EXTRACT_STATE, MANIFEST_INVALID,
  // MANIFEST_MISMATCH, SIGNATURE_INVALID: the upload stays OPEN. kUnavailable
  // as with BeginStream.
  [[nodiscard]] absl::StatusOr<ExtractRecord> FinalizeExtract(
      std::string_view source, std::string_view extract_id,
      std::string_view manifest, std::span<const uint8_t> signature,
      const CallContext& call);

  // Publishes a FINALIZING extract, or rejects it. OK in both cases: the state
  // tells. An error means that it could not be brought to an end now
  // (HUB_SEALED, DRAINING, DISK_LOW, kCancelled, I/O): call again.
  [[nodiscard]] absl::Status Publish(std::string_view uid);

  // Closes every open journal, and forgets its keys, before the hub is sealed
  // or stopped. Streams end with UPLOAD_SUPERSEDED and may begin again later;
  // other calls say HUB_SEALED once that has begun.
  void CloseUploads();

  // Progress of a running Publish.
  std::optional<OperationProgress> Progress(std::string_view uid) const;

  // After a start: uids that wait for Publish, oldest first.
  [[nodiscard]] absl::StatusOr<std::vector<std::string>> Unpublished();

  // Counts the distinct people of a source over all published extracts of the
  // newest one's epoch, and keeps the number. To be called after publishing and
  // after a start, never beside Publish: it takes as much memory. Errors:
  // HUB_SEALED, DRAINING; RUN_CORRUPT, DISK_LOW, kCancelled, I/O: the number
  // before is kept. Cost: a merge of every run of the source, nothing if that
  // was counted before.
  [[nodiscard]] absl::Status CountPersons(std::string_view source);

  // What was counted last for this source and epoch, as a share of its person
  // limit; nothing if it was not counted since the start. For status: reads no
  // file.
  std::optional<double> PersonLimitShare(std::string_view source,
                                         uint32_t epoch) const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace tally::linkage

#endif  // TALLY_LINKAGE_STORE_EXTRACT_STORE_H_
