// What the gate suppressed, table by table, from the decision log: for the
// analyst, for output checkers and for the audit of disclosure (C23).
// Runs in: the analyst's program.
//
// Counts cells, never people. How many of a table's `*` are primary and how
// many secondary is no help to a reader: the audit assumes that readers know
// which is which.
// Spec: docs/commissioning.md, "Other commands".
// Threading: pure functions.  Secrets: none.
#ifndef TALLY_ANALYTICS_DISCLOSURE_SUPPRESSION_REPORT_H_
#define TALLY_ANALYTICS_DISCLOSURE_SUPPRESSION_REPORT_H_

#include <cstdint>
#include <string>
#include <vector>

#include "analytics/disclosure/decision_log.h"

namespace tally::analytics {

// One cut of one table of one release under one profile: the same table of
// another period, or by other columns, is another row.
struct SuppressionRow {
  std::string project;
  std::string release;
  std::string measure;  // "C03"
  std::string table;    // "prevalence"
  std::string period;   // "2026-10"; empty in older logs
  std::string by;       // "practice, sex": columns that it is cut by
  std::string profile;
  bool derived = false;  // computed from released figures
  // Cells of the newest passage that was released; all 0 if there is none.
  int64_t released = 0;   // printed, zeros not counted
  int64_t zero = 0;       // printed as 0
  int64_t primary = 0;    // hidden for being small
  int64_t secondary = 0;  // hidden to shield others, or standing on hidden ones
  int64_t refused = 0;    // passages that were refused
  std::string reason;     // of the newest refusal, in words; empty: none
  std::string accepted_by;  // who accepted 0 and 100 %; empty: nobody
  std::string time;         // of the newest passage, UTC
};

// Which decisions count; an empty text takes all.
struct SuppressionFilter {
  std::string project;
  std::string release;
};

// One row per project, release, measure, table, period, columns and profile, in
// that order.
// `log` is oldest first, as DecisionLog::Read gives it.
std::vector<SuppressionRow> SuppressionReport(
    const std::vector<TableDecisions>& log, const SuppressionFilter& filter);

}  // namespace tally::analytics

#endif  // TALLY_ANALYTICS_DISCLOSURE_SUPPRESSION_REPORT_H_
