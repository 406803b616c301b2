// Gated tables as one workbook (XLSX) fit to publish: a sheet a table from A1
// with one header row, no merged or blank cells, no frozen panes or filters; a
// sheet of contents, one of facts and one of notes before them.
// Runs in: the analyst's program.
//
// Labels come from data: they are written as texts, by a call that makes no
// formula and no link of anything. Numbers are numbers; `*` and NA are texts.
// Spec: docs/commissioning.md, "Workbooks".
// Threading: pure but for the file it writes.
// Secrets: none.
#ifndef TALLY_ANALYTICS_EXPORT_WORKBOOK_H_
#define TALLY_ANALYTICS_EXPORT_WORKBOOK_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "analytics/disclosure/gated_table.h"

namespace tally::analytics {

// Rows of figures that a sheet holds, below its header.
inline constexpr int64_t kMaxSheetRows = 1'048'575;

struct WorkbookFacts {
  std::string title;    // of the project, for people; may be empty
  std::string release;  // resource name
  std::string created;  // UTC, RFC 3339: the date in the file's properties
  // Of the release; other than "production" is said in title and notes.
  std::string environment = "production";
};

// Writes `path` by way of PATH.tmp; replaces what is there. `temp` is a folder
// of ours. The same tables and facts give the same bytes.
// kInvalidArgument (exit 2), naming the table: more than kMaxSheetRows rows, or
// a label longer than 32,767 characters. kInternal: the library could not
// write.
absl::Status WriteWorkbook(const std::vector<GatedTable>& tables,
                           const WorkbookFacts& facts, const std::string& path,
                           const std::string& temp);

}  // namespace tally::analytics

#endif  // TALLY_ANALYTICS_EXPORT_WORKBOOK_H_
