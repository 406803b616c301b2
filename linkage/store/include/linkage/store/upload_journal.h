// The journal of one upload: what the hub has acknowledged, sealed, on disk.
//
// Frame 0 is the CreateExtractRequest as received, frame n is
// I2OSP(kind, 1) | content of batch n, the last frame is signature (64) |
// manifest. Batches are written as they come and fsynced in groups; only what
// is fsynced may be acknowledged.
//
// Role: hub, from CreateExtract until the extract is published; then deleted.
// A frame's content is opaque here.
//
// Spec: docs/spec/journal-v1.md
// Threading: one thread an object.
// Secrets: an open journal holds its own file key, so it is closed before the
//   hub is sealed. Contents hold tokens and rows; buffers are wiped. Of a batch
//   only its SHA-256 stays in memory, to tell a repeat from a conflict.

#ifndef TALLY_LINKAGE_STORE_UPLOAD_JOURNAL_H_
#define TALLY_LINKAGE_STORE_UPLOAD_JOURNAL_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "crypto/byte_file.h"
#include "crypto/keys.h"
#include "crypto/sealed_file.h"
#include "wire/limits.h"

namespace tally::linkage {

// Sees the frames of a journal in order. An error ends the reading with it.
class JournalVisitor {
 public:
  virtual ~JournalVisitor() = default;
  virtual absl::Status OnRequest(std::span<const uint8_t> create_request) = 0;
  virtual absl::Status OnBatch(uint64_t sequence, wire::BatchKind kind,
                               std::span<const uint8_t> content) = 0;
  virtual absl::Status OnManifest(std::span<const uint8_t> signature,
                                  std::string_view manifest) = 0;
};

enum class AppendOutcome {
  kStored,    // new
  kRepeated,  // the journal holds these bytes already
};

class UploadJournal {
 public:
  // Begins a journal: exclusive create, frame 0, fsync of file and directory.
  [[nodiscard]] static absl::StatusOr<std::unique_ptr<UploadJournal>> Create(
      const std::string& path, const crypto::SealContext& context,
      const crypto::StorageKey& key, std::string_view create_request);

  // Opens a journal after a stop, showing `visitor` every whole frame, cuts a
  // torn tail of at most crypto::kTornTailLimit bytes, fsyncs and goes on.
  // Errors: JOURNAL_CORRUPT for anything else that does not open, a missing
  // file included; the visitor's.
  [[nodiscard]] static absl::StatusOr<std::unique_ptr<UploadJournal>> Recover(
      const std::string& path, const crypto::SealContext& context,
      const crypto::StorageKeyFinder& keys, JournalVisitor& visitor);
  // The same over a file interface, for tests that lose power.
  [[nodiscard]] static absl::StatusOr<std::unique_ptr<UploadJournal>> CreateOn(
      std::unique_ptr<crypto::ByteFile> file,
      const crypto::SealContext& context, const crypto::StorageKey& key,
      std::string_view create_request);
  [[nodiscard]] static absl::StatusOr<std::unique_ptr<UploadJournal>> RecoverOn(
      std::unique_ptr<crypto::ByteFile> file,
      const crypto::SealContext& context, const crypto::StorageKeyFinder& keys,
      JournalVisitor& visitor);

  ~UploadJournal();
  UploadJournal(const UploadJournal&) = delete;
  UploadJournal& operator=(const UploadJournal&) = delete;

  // Adds batch `sequence`, or compares it with what is there.
  // Errors: BATCH_SEQUENCE for 0 or a gap; BATCH_CONFLICT for other bytes under
  // a number that is taken; BATCH_TOO_LARGE; EXTRACT_STATE after Close;
  // DISK_LOW or kInternal for I/O, after which the journal takes nothing more.
  // Fsyncs by itself when wire::kAckBatches batches wait.
  [[nodiscard]] absl::StatusOr<AppendOutcome> Append(
      uint64_t sequence, wire::BatchKind kind,
      std::span<const uint8_t> content);

  // Makes everything appended durable. A failed fsync is final.
  [[nodiscard]] absl::Status Sync();

  // Writes the last frame and fsyncs. A second call with the same bytes is
  // done; with other bytes EXTRACT_STATE.
  [[nodiscard]] absl::Status Close(std::span<const uint8_t> signature,
                                   std::string_view manifest);

  uint64_t last_sequence() const;       // appended
  uint64_t persisted_sequence() const;  // fsynced: may be acknowledged
  bool closed() const;                  // has its last frame

 private:
  class Impl;
  explicit UploadJournal(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// Shows `visitor` every frame of a closed journal, as at publishing.
// Errors: JOURNAL_CORRUPT, also for a journal without its last frame or a
// missing file; the visitor's.
[[nodiscard]] absl::Status ReadJournal(const std::string& path,
                                       const crypto::SealContext& context,
                                       const crypto::StorageKeyFinder& keys,
                                       JournalVisitor& visitor);

}  // namespace tally::linkage

#endif  // TALLY_LINKAGE_STORE_UPLOAD_JOURNAL_H_
