#ifndef TALLY_PSEUDONYMISER_DELIVERY_REPORT_H_
#define TALLY_PSEUDONYMISER_DELIVERY_REPORT_H_

// What became of the rows of a delivery: counts for the manifest and for the
// screen, and the lines at fault. Says file, line, field and reason, never a
// value, and never which line was dropped because its person opted out.
//
// Threading: values.
// Secrets: exact counts of opted-out rows are for the source's own screen; the
// manifest gets them rounded.

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "dataset/extract_manifest.h"
#include "dataset/row_reason.h"

namespace tally::pseudonymiser {

inline constexpr size_t kReasonSlots = 37;  // every RowReason has a place

// Rows of one dataset.
struct RowCounts {
  uint64_t read = 0;  // data rows in its files
  uint64_t sent = 0;  // with or without a person
  // By reason: sent without a person, and not sent. A reason for having no
  // person is among `dropped` where the specification keeps such rows back.
  std::array<uint64_t, kReasonSlots> unlinked{};
  std::array<uint64_t, kReasonSlots> dropped{};
  // Numbers by reason, whatever became of their rows: for the check that
  // environments are not mixed.
  uint64_t numbers = 0;
  uint64_t numbers_test = 0;
  uint64_t numbers_live = 0;

  void Add(const RowCounts& other);
  uint64_t rows_unlinked() const;
  uint64_t faults() const;  // dropped as faulty
  uint64_t opted_out() const;
  uint64_t without_person() const;  // dropped because there is no person
};

// One line at fault.
struct RowIssue {
  uint32_t file = 0;
  uint64_t line = 0;
  dataset::RowReason reason = dataset::RowReason::kNone;
  std::string field;  // input or column; empty when it is the whole line
  // What is wrong, where the reason's own text does not say enough; never a
  // value.
  std::string detail;
};

// No more than this many lines are kept for the report.
inline constexpr size_t kMaxIssues = 100'000;

struct DatasetReport {
  std::string dataset;
  RowCounts counts;
};

struct DeliveryReport {
  std::vector<std::string> files;       // as they were named
  std::vector<DatasetReport> datasets;  // ascending by id
  std::vector<RowIssue> issues;         // by file and line
  bool issues_cut = false;              // there were more than kMaxIssues
  uint32_t persons = 0;

  uint64_t opted_out() const;
  bool has_rejected_or_unlinked() const;

  // Rows sent and dropped in the form of manifests and receipts.
  std::vector<dataset::DatasetCounts> ManifestCounts() const;

  // "patients.csv line 1204 nhs_number: NHS_NUMBER_CHECK_DIGIT".
  std::string IssueLine(const RowIssue& issue) const;
  // CSV with a header: file,line,field,reason.
  std::string IssuesCsv() const;
  // A table for the terminal: a line for each dataset and reason.
  std::string Summary() const;
};

}  // namespace tally::pseudonymiser

#endif  // TALLY_PSEUDONYMISER_DELIVERY_REPORT_H_
