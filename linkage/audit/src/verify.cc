#include <optional>

#include "absl/container/flat_hash_set.h"
#include "base/error.h"
#include "base/files.h"
#include "base/status.h"
#include "linkage/audit/audit_log.h"
#include "log_scan.h"

namespace tally::linkage {

namespace {

constexpr int64_t kMaxKeptBytes = 65'536;

absl::Status NotTheLog(std::string_view why) {
  return Error(Reason::kAuditCorrupt, "audit log: " + std::string(why));
}

// Derives the root at every size that a checkpoint names.
class RootCheck {
 public:
  RootCheck(const Checkpoint& newest, const std::optional<Checkpoint>& kept)
      : newest_(newest), kept_(kept) {}

  absl::Status AtSize(const MerkleTree& tree) const {
    if (tree.size() == newest_.size && tree.Root() != newest_.root) {
      return NotTheLog("its entries do not have the root of the checkpoint");
    }
    if (kept_.has_value() && tree.size() == kept_->size &&
        tree.Root() != kept_->root) {
      return NotTheLog("it is not the log of the checkpoint kept elsewhere");
    }
    return absl::OkStatus();
  }

 private:
  const Checkpoint& newest_;
  const std::optional<Checkpoint>& kept_;
};

}  // namespace

absl::StatusOr<AuditVerification> VerifyAuditLog(
    const AuditVerifyOptions& options) {
  const std::string path = options.directory + "/checkpoint";
  // The checkpoint is read first: entries written meanwhile lie beyond it.
  TALLY_ASSIGN_OR_RETURN(const std::string note, ReadFile(path, kMaxKeptBytes));
  TALLY_ASSIGN_OR_RETURN(
      const Checkpoint newest,
      OpenCheckpoint(note, options.origin, options.public_key));
  std::optional<Checkpoint> kept;
  if (!options.kept_checkpoint.empty()) {
    TALLY_ASSIGN_OR_RETURN(
        kept, OpenCheckpoint(options.kept_checkpoint, options.origin,
                             options.public_key));
    if (kept->size > newest.size) {
      return NotTheLog("it is shorter than the checkpoint kept elsewhere");
    }
  }
  const RootCheck roots(newest, kept);
  MerkleTree tree;
  AuditVerification result{.covered = newest.size, .root = newest.root};
  TALLY_RETURN_IF_ERROR(roots.AtSize(tree));
  absl::flat_hash_set<CorrKey> corrs;
  TALLY_ASSIGN_OR_RETURN(
      const ScanEnd end,
      ScanAuditLog(options.directory + "/log",
                   [&](const AuditLeaf& leaf, std::string_view line,
                       uint64_t) -> absl::Status {
                     if (!corrs.insert(CorrKeyOf(leaf.entry.corr)).second) {
                       return NotTheLog("it holds one entry twice");
                     }
                     tree.Add(MerkleLeafHash(line));
                     return roots.AtSize(tree);
                   }));
  result.entries = end.entries;
  if (end.entries < newest.size) {
    return end.fault.ok() ? NotTheLog("it is shorter than its checkpoint")
                          : end.fault;
  }
  if (!options.running) {
    TALLY_RETURN_IF_ERROR(end.fault);
    if (end.entries > newest.size) {
      return NotTheLog("it has entries that no checkpoint covers");
    }
  }
  return result;
}

}  // namespace tally::linkage
