#ifndef TALLY_LINKAGE_RELEASE_REPORT_TEXT_H_
#define TALLY_LINKAGE_RELEASE_REPORT_TEXT_H_

// The linkage report as files: one table of lines, written as CSV, as part of
// the JSON, and (the lines of a reader's first questions) as a page.
//
// Spec: docs/spec/release-v1.md, "linkage_quality"
// Threading: pure functions.
// Secrets: none.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "linkage/release/linkage_report.h"

namespace tally::linkage {

// One line of linkage_quality.csv; what does not apply is empty.
struct ReportLine {
  std::string source;
  std::string dataset;
  std::string dimension;
  std::string level;
  std::string month;
  std::optional<int64_t> rows;
  std::optional<int64_t> rows_with_person;
  std::optional<int64_t> persons;
  std::optional<int64_t> persons_linked;
  std::optional<Proportion> rate;
  std::string reason;
  std::optional<int64_t> rows_reason;
  // Where the source gave a rounded figure instead of rows_reason.
  std::string rounded_reason;
};

// Every line, in the order of the specification.
std::vector<ReportLine> ReportLines(const LinkageReport& report);

// linkage_quality.csv, header included.
std::string ReportCsv(const LinkageReport& report);
// linkage_quality.json, with a final newline.
std::string ReportJson(const LinkageReport& report);
// linkage_quality.html: one page, no script, nothing from elsewhere.
std::string ReportHtml(const LinkageReport& report);

// A cell of a CSV file: quoted where needed; a text that a spreadsheet would
// take for a formula gets an apostrophe.
std::string CsvCell(std::string_view text);

}  // namespace tally::linkage

#endif  // TALLY_LINKAGE_RELEASE_REPORT_TEXT_H_
