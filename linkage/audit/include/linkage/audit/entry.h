// One entry of the hub's audit log, and its one encoding as a line of JSON.
//
// Role: hub. An entry says who did what to which resource, with what outcome:
// names, counts and digests. It must never hold a token, a pseudonym, a field
// value or query text; the only free text is `reason`, written by an operator.
//
// The encoding is canonical: ASCII, keys sorted by byte, no spaces, integers
// below 2^53, absent fields left out, at most 16 KiB. What parses re-encodes
// to the same bytes, so a leaf hash stands for exactly one entry.
//
// Spec: docs/spec/audit-v1.md
// Threading: values and pure functions.
// Secrets: none.

#ifndef TALLY_LINKAGE_AUDIT_ENTRY_H_
#define TALLY_LINKAGE_AUDIT_ENTRY_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace tally::linkage {

inline constexpr size_t kMaxAuditLeafBytes = 16 * 1024;

// Everything that is ever logged. The text of an action is a prefix and a verb
// ("extract.create"); AuditActionName gives it.
enum class AuditAction {
  kHubStart,
  kHubStop,
  kHubSeal,
  kHubUnseal,
  kPeersReload,
  kConfigChange,
  kSourceCreate,
  kFactorImport,
  kExtractCreate,
  kExtractFinalize,
  kProjectCreate,
  kAgreementAdd,
  kAgreementApprove,
  kAgreementExpire,
  kLinkagePreview,
  kReleaseCreate,
  kReleaseApprove,
  kReleaseDownload,
  kAuditBegin,
  kDenied,
};
std::string_view AuditActionName(AuditAction action);
std::optional<AuditAction> AuditActionFromName(std::string_view name);

// What happened, before the log gives it a place and a time.
struct AuditEntry {
  std::string actor;      // peer URI; the hub's own for its own acts
  std::string actor_key;  // first 16 hex digits of the peer key's digest
  AuditAction action = AuditAction::kDenied;
  std::string object;          // resource name
  std::string outcome = "ok";  // "ok" or a reason name of base/error.h
  std::map<std::string, int64_t> counts;
  std::map<std::string, std::string> digests;  // 64 hex digits each
  std::string reason;                          // empty = absent
  std::vector<std::string> approvals;          // persons; empty = absent
  std::string corr;                            // 32 hex digits, unique

  friend bool operator==(const AuditEntry&, const AuditEntry&) = default;
};

// An entry in its place in the log.
struct AuditLeaf {
  uint64_t seq = 0;
  std::string ts;  // RFC 3339, UTC, milliseconds: 2026-11-20T09:30:00.000Z
  AuditEntry entry;

  friend bool operator==(const AuditLeaf&, const AuditLeaf&) = default;
};

// A fresh correlation id: 16 random bytes as 32 hex digits.
std::string NewCorrelationId();

// The line, without a newline. Errors: kInvalidArgument, naming the field, for
// an entry that breaks a rule of the format (text that is not UTF-8, counts
// beyond 2^53 - 1, digests that are not 64 hex digits, a corr that is not 32,
// more than 16 KiB).
[[nodiscard]] absl::StatusOr<std::string> EncodeAuditLeaf(
    const AuditLeaf& leaf);

// Accepts exactly what EncodeAuditLeaf writes. Errors: AUDIT_CORRUPT.
[[nodiscard]] absl::StatusOr<AuditLeaf> ParseAuditLeaf(std::string_view line);

// The entry alone, as the outbox of the catalogue keeps it: the same encoding
// with `seq` and `ts` left out.
[[nodiscard]] absl::StatusOr<std::string> EncodeAuditEntry(
    const AuditEntry& entry);
[[nodiscard]] absl::StatusOr<AuditEntry> ParseAuditEntry(std::string_view line);

}  // namespace tally::linkage

#endif  // TALLY_LINKAGE_AUDIT_ENTRY_H_
