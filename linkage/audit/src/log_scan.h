// Reads the file of audit entries from the beginning: big-endian uint16
// length, leaf, again and again.
//
// Spec: docs/spec/audit-v1.md, "Files"
// Threading: one thread a call. Secrets: none.

#ifndef TALLY_LINKAGE_AUDIT_SRC_LOG_SCAN_H_
#define TALLY_LINKAGE_AUDIT_SRC_LOG_SCAN_H_

#include <array>
#include <cstdint>
#include <cstring>
#include <functional>
#include <string>
#include <string_view>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "linkage/audit/entry.h"

namespace tally::linkage {

// 16 bytes of a correlation id, as a key.
using CorrKey = std::pair<uint64_t, uint64_t>;
using CorrIndex = absl::flat_hash_map<CorrKey, uint64_t>;
// REQUIRES: 32 lower-case hex digits.
CorrKey CorrKeyOf(std::string_view corr);

struct ScanEnd {
  uint64_t entries = 0;      // whole and well-formed, from the first one on
  uint64_t whole_bytes = 0;  // that they take
  uint64_t file_bytes = 0;
  // OK when the file ends with its last entry; else why the next one is not
  // read: torn, or altered.
  absl::Status fault;
};

// Called for each entry; `offset` is that of its length. An error ends the scan
// with that error.
using LeafVisitor = std::function<absl::Status(
    const AuditLeaf& leaf, std::string_view line, uint64_t offset)>;

// Reads until the end or the first entry that is not whole, canonical and in
// its place (its seq). kNotFound if there is no file; disk errors otherwise.
[[nodiscard]] absl::StatusOr<ScanEnd> ScanAuditLog(const std::string& path,
                                                   const LeafVisitor& visit);

}  // namespace tally::linkage

#endif  // TALLY_LINKAGE_AUDIT_SRC_LOG_SCAN_H_
