// The hub's append-only audit log: one file of entries, one signed checkpoint.
//
// Role: hub. Every step that changes or discloses something has its entry here
// before it is answered. An append returns only when the entry is on disk and
// covered by a signed checkpoint; entries that come while one is being written
// share the next write (group commit: nobody waits for a timer). An append that
// fails (a full disk) is cut off again and answered with AUDIT_UNAVAILABLE; the
// next entry tries anew; one whose checkpoint fails stays, shown to nobody, and
// nothing follows it before a checkpoint covers it. If that cut or an fsync of
// the log fails, the log stays closed until the hub is started again: a failed
// fsync is final.
//
// At start every whole entry is kept, a torn last one is cut, the old root is
// verified at the old size, and the log is signed again. It refuses to open
// (AUDIT_CORRUPT, exit 11) when it is shorter than its checkpoint, a root
// differs, or it holds more entries beyond its checkpoint than one write. There
// is no repair.
//
// Spec: docs/spec/audit-v1.md
// Threading: all methods may be called from any thread.
// Secrets: the audit signing key, owned by the caller and borrowed.

#ifndef TALLY_LINKAGE_AUDIT_AUDIT_LOG_H_
#define TALLY_LINKAGE_AUDIT_AUDIT_LOG_H_

#include <array>
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
#include "crypto/keys.h"
#include "linkage/audit/checkpoint.h"
#include "linkage/audit/entry.h"
#include "linkage/audit/merkle.h"
#include "linkage/audit/outbox.h"

namespace tally::linkage {

struct AuditLogOptions {
  std::string directory;  // audit/ of the data directory; made if missing
  std::string origin;     // AuditOrigin(...)
  const crypto::SigningKey* key = nullptr;  // borrowed
  HashStore* hash_store = nullptr;          // borrowed, optional
  // Time of an entry; the system clock if empty. For tests.
  std::function<std::string()> now;
  int group_entries = 100;  // entries of one write at most; no more than 100
};

// Which entries ListEvents and Summarise look at; empty text = any.
struct AuditFilter {
  std::string action;         // exact name
  std::string object_prefix;  // whole path segments: "projects/p" does not
                              // match "projects/p2"
  std::string actor;          // exact
  std::string from_ts;        // inclusive
  std::string until_ts;       // exclusive
};

// Whether the log in this folder has an entry of a change of the catalogue (and
// not only of starts, stops and refusals). Needs no key, verifies nothing,
// reads whole entries up to the first of that kind; no log holds none.
[[nodiscard]] absl::StatusOr<bool> AuditLogHoldsChanges(
    const std::string& directory);

struct AuditPage {
  std::vector<AuditLeaf> leaves;  // oldest first
  // Where to go on, or nothing at the end.
  std::optional<uint64_t> next_seq;
};

// One line of audit_summary.csv: events of one action in one month.
struct AuditSummaryRow {
  std::string month;  // 2026-11
  std::string action;
  int64_t events = 0;
};

class AuditLog {
 public:
  // Opens or begins the log and recovers it. A new log has no entry; the
  // caller appends hub.start (after a move to a new hub id: audit.begin first).
  // Errors: AUDIT_CORRUPT (exit 11) as above; AUDIT_UNAVAILABLE for I/O.
  // Cost: one pass over the log.
  [[nodiscard]] static absl::StatusOr<std::unique_ptr<AuditLog>> Open(
      const AuditLogOptions& options);

  ~AuditLog();
  AuditLog(const AuditLog&) = delete;
  AuditLog& operator=(const AuditLog&) = delete;

  // Appends one entry and returns its seq once a checkpoint covers it. An entry
  // whose corr is in the log already is not appended again; its seq is
  // returned. Errors: kInvalidArgument for an entry that cannot be encoded;
  // AUDIT_UNAVAILABLE.
  [[nodiscard]] absl::StatusOr<uint64_t> Append(const AuditEntry& entry);

  // Writes everything that waits in the outbox, then marks it. Idempotent by
  // corr. Errors: AUDIT_UNAVAILABLE, or the outbox's own.
  [[nodiscard]] absl::Status Drain(AuditOutbox& outbox);

  // Place of the entry with this correlation id, if it is in the log and
  // covered by a checkpoint: what answers call the audit reference.
  std::optional<uint64_t> SeqOf(std::string_view corr) const;

  // False for good after a write that could not be undone.
  bool healthy() const;

  uint64_t size() const;
  Checkpoint checkpoint() const;        // the newest signed one
  std::string checkpoint_note() const;  // its bytes

  // Entries from `first_seq` on that match, at most `limit`.
  // Cost: reads the log from first_seq until the page is full.
  [[nodiscard]] absl::StatusOr<AuditPage> ListEvents(const AuditFilter& filter,
                                                     uint64_t first_seq,
                                                     int limit) const;

  // Counts by month and action, sorted by both.
  // Cost: one pass over the log.
  [[nodiscard]] absl::StatusOr<std::vector<AuditSummaryRow>> Summarise(
      const AuditFilter& filter) const;

 private:
  class Impl;
  explicit AuditLog(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// audit_summary.csv of one project: header month,action,events and its rows;
// what `linkage audit export` and every release write. Counts only.
[[nodiscard]] absl::StatusOr<std::string> ProjectAuditSummaryCsv(
    const AuditLog& log, std::string_view project_name);

struct AuditVerification {
  uint64_t entries = 0;
  uint64_t covered = 0;  // by the checkpoint
  MerkleHash root{};     // of the covered entries
};

struct AuditVerifyOptions {
  std::string directory;
  std::string origin;
  std::array<uint8_t, 32> public_key{};
  // Entries beyond the checkpoint are a fault, unless the hub is running and
  // may be between a write and its checkpoint.
  bool running = false;
  // A checkpoint note kept elsewhere: the log must still contain it. Shows a
  // folder that was rolled back or replaced as a whole.
  std::string kept_checkpoint;
};

// Re-derives the root from the entries, offline. Errors: AUDIT_CORRUPT, naming
// the first entry or line at fault; kNotFound if there is no log.
// Cost: one pass; 10^6 entries in a few seconds.
[[nodiscard]] absl::StatusOr<AuditVerification> VerifyAuditLog(
    const AuditVerifyOptions& options);

}  // namespace tally::linkage

#endif  // TALLY_LINKAGE_AUDIT_AUDIT_LOG_H_
