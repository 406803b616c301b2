#include "base/files.h"
#include "base/status.h"
#include "linkage/audit/audit_log.h"
#include "log_match.h"
#include "log_scan.h"

namespace tally::linkage {

bool Matches(const AuditFilter& filter, const AuditLeaf& leaf) {
  const AuditEntry& entry = leaf.entry;
  if (!filter.action.empty() &&
      AuditActionName(entry.action) != filter.action) {
    return false;
  }
  if (!filter.actor.empty() && entry.actor != filter.actor) return false;
  if (!filter.from_ts.empty() && leaf.ts < filter.from_ts) return false;
  if (!filter.until_ts.empty() && leaf.ts >= filter.until_ts) return false;
  const std::string& prefix = filter.object_prefix;
  if (prefix.empty()) return true;
  return entry.object.compare(0, prefix.size(), prefix) == 0 &&
         (entry.object.size() == prefix.size() ||
          entry.object[prefix.size()] == '/');
}

void CountEvent(const AuditLeaf& leaf, SummaryCounts& counts) {
  // A `denied` entry stands for all refusals of its minute.
  int64_t events = 1;
  if (leaf.entry.action == AuditAction::kDenied) {
    const auto count = leaf.entry.counts.find("refusals");
    if (count != leaf.entry.counts.end()) events = count->second;
  }
  counts[{leaf.ts.substr(0, 7),
          std::string(AuditActionName(leaf.entry.action))}] += events;
}

std::vector<AuditSummaryRow> SummaryRows(const SummaryCounts& counts) {
  std::vector<AuditSummaryRow> rows;
  for (const auto& [key, events] : counts) {
    rows.push_back({key.first, key.second, events});
  }
  return rows;
}

absl::StatusOr<bool> AuditLogHoldsChanges(const std::string& directory) {
  const std::string path = directory + "/log";
  if (!FileExists(path)) return false;
  bool found = false;
  const absl::StatusOr<ScanEnd> end = ScanAuditLog(
      path, [&](const AuditLeaf& leaf, std::string_view, uint64_t) {
        switch (leaf.entry.action) {
          case AuditAction::kSourceCreate:
          case AuditAction::kExtractCreate:
          case AuditAction::kExtractFinalize:
          case AuditAction::kProjectCreate:
          case AuditAction::kAgreementAdd:
          case AuditAction::kAgreementApprove:
          case AuditAction::kAgreementExpire:
          case AuditAction::kReleaseCreate:
          case AuditAction::kReleaseApprove:
            found = true;
            return absl::CancelledError();  // ends the scan
          default:
            return absl::OkStatus();
        }
      });
  if (!found) TALLY_RETURN_IF_ERROR(end.status());
  return found;
}

absl::StatusOr<std::string> ProjectAuditSummaryCsv(
    const AuditLog& log, std::string_view project_name) {
  AuditFilter filter;
  filter.object_prefix = std::string(project_name);
  TALLY_ASSIGN_OR_RETURN(const std::vector<AuditSummaryRow> rows,
                         log.Summarise(filter));
  std::string csv = "month,action,events\n";
  for (const AuditSummaryRow& row : rows) {
    csv +=
        row.month + "," + row.action + "," + std::to_string(row.events) + "\n";
  }
  return csv;
}

}  // namespace tally::linkage
