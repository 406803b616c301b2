// Where audit entries of catalogue changes wait for the log.
//
// A change puts its entry into a table in its own transaction; the log drains
// the table and only then is the caller answered. This is the log's view of
// that table; the catalogue implements it.
//
// Spec: docs/spec/audit-v1.md
// Threading: called by one thread at a time, the one that drains.
// Secrets: none.

#ifndef TALLY_LINKAGE_AUDIT_OUTBOX_H_
#define TALLY_LINKAGE_AUDIT_OUTBOX_H_

#include <cstdint>
#include <span>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "linkage/audit/entry.h"

namespace tally::linkage {

class AuditOutbox {
 public:
  struct Pending {
    int64_t id = 0;  // ascending in order of commit
    AuditEntry entry;
  };

  virtual ~AuditOutbox() = default;
  // The oldest entries not yet marked, at most `limit`, in order.
  [[nodiscard]] virtual absl::StatusOr<std::vector<Pending>> NextPending(
      int limit) = 0;
  // Removes entries whose leaves are covered by a checkpoint.
  [[nodiscard]] virtual absl::Status MarkWritten(
      std::span<const int64_t> ids) = 0;
};

}  // namespace tally::linkage

#endif  // TALLY_LINKAGE_AUDIT_OUTBOX_H_
