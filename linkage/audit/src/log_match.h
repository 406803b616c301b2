// Which entries a reader of the log wants, and how they are counted.
//
// Threading: pure functions. Secrets: none.

#ifndef TALLY_LINKAGE_AUDIT_SRC_LOG_MATCH_H_
#define TALLY_LINKAGE_AUDIT_SRC_LOG_MATCH_H_

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "linkage/audit/audit_log.h"

namespace tally::linkage {

bool Matches(const AuditFilter& filter, const AuditLeaf& leaf);

// Month and action -> events.
using SummaryCounts = std::map<std::pair<std::string, std::string>, int64_t>;
void CountEvent(const AuditLeaf& leaf, SummaryCounts& counts);
std::vector<AuditSummaryRow> SummaryRows(const SummaryCounts& counts);

}  // namespace tally::linkage

#endif  // TALLY_LINKAGE_AUDIT_SRC_LOG_MATCH_H_
