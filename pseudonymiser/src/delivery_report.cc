#include "pseudonymiser/delivery_report.h"

#include <algorithm>

#include "absl/strings/str_format.h"
#include "base/strings.h"

namespace tally::pseudonymiser {
namespace {

using dataset::RowOutcome;
using dataset::RowReason;

RowReason ReasonAt(size_t slot) { return static_cast<RowReason>(slot); }

uint64_t SumOf(const std::array<uint64_t, kReasonSlots>& counts,
               RowOutcome outcome) {
  uint64_t sum = 0;
  for (size_t i = 1; i < counts.size(); ++i) {
    if (dataset::OutcomeOf(ReasonAt(i)) == outcome) sum += counts[i];
  }
  return sum;
}

// A CSV field: quoted when it needs to be.
std::string CsvField(std::string_view text) {
  if (text.find_first_of(",\"\r\n") == std::string_view::npos) {
    return std::string(text);
  }
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"') quoted.push_back('"');
    quoted.push_back(c);
  }
  quoted.push_back('"');
  return quoted;
}

}  // namespace

void RowCounts::Add(const RowCounts& other) {
  read += other.read;
  sent += other.sent;
  numbers += other.numbers;
  numbers_test += other.numbers_test;
  numbers_live += other.numbers_live;
  for (size_t i = 0; i < kReasonSlots; ++i) {
    unlinked[i] += other.unlinked[i];
    dropped[i] += other.dropped[i];
  }
}

uint64_t RowCounts::rows_unlinked() const {
  return SumOf(unlinked, RowOutcome::kUnlinked);
}

uint64_t RowCounts::faults() const {
  return SumOf(dropped, RowOutcome::kDroppedFault);
}

uint64_t RowCounts::without_person() const {
  return SumOf(dropped, RowOutcome::kUnlinked);
}

uint64_t RowCounts::opted_out() const {
  uint64_t sum = 0;
  for (size_t i = 1; i < dropped.size(); ++i) {
    if (dataset::IsOptOut(ReasonAt(i))) sum += dropped[i];
  }
  return sum;
}

uint64_t DeliveryReport::opted_out() const {
  uint64_t sum = 0;
  for (const DatasetReport& report : datasets) {
    sum += report.counts.opted_out();
  }
  return sum;
}

bool DeliveryReport::has_rejected_or_unlinked() const {
  return std::any_of(datasets.begin(), datasets.end(), [](const auto& report) {
    return report.counts.rows_unlinked() + report.counts.faults() +
               report.counts.without_person() >
           0;
  });
}

std::vector<dataset::DatasetCounts> DeliveryReport::ManifestCounts() const {
  std::vector<dataset::DatasetCounts> all;
  for (const DatasetReport& report : datasets) {
    dataset::DatasetCounts counts;
    counts.dataset = report.dataset;
    counts.rows = report.counts.sent;
    counts.rows_unlinked = report.counts.rows_unlinked();
    for (size_t i = 1; i < kReasonSlots; ++i) {
      const RowReason reason = ReasonAt(i);
      if (report.counts.unlinked[i] > 0) {
        counts.unlinked[reason] = report.counts.unlinked[i];
      }
      if (report.counts.dropped[i] > 0 && !dataset::IsOptOut(reason)) {
        counts.dropped[reason] = report.counts.dropped[i];
      }
    }
    all.push_back(std::move(counts));
  }
  return all;
}

std::string DeliveryReport::IssueLine(const RowIssue& issue) const {
  const std::string_view file =
      issue.file < files.size() ? std::string_view(files[issue.file]) : "";
  return absl::StrFormat("%s line %d%s%s: %s: %s", file, issue.line,
                         issue.field.empty() ? "" : " ", issue.field,
                         dataset::RowReasonName(issue.reason),
                         issue.detail.empty()
                             ? dataset::RowReasonText(issue.reason)
                             : std::string_view(issue.detail));
}

std::string DeliveryReport::IssuesCsv() const {
  std::string csv = "file,line,field,reason\n";
  for (const RowIssue& issue : issues) {
    csv += absl::StrFormat(
        "%s,%d,%s,%s\n",
        issue.file < files.size() ? CsvField(files[issue.file]) : "",
        issue.line, issue.field, dataset::RowReasonName(issue.reason));
  }
  return csv;
}

std::string DeliveryReport::Summary() const {
  std::string text;
  for (const DatasetReport& report : datasets) {
    const RowCounts& counts = report.counts;
    text += absl::StrFormat(
        "%s: %s rows read, %s to send, %s of them without a person\n",
        report.dataset, FormatCount(static_cast<int64_t>(counts.read)),
        FormatCount(static_cast<int64_t>(counts.sent)),
        FormatCount(static_cast<int64_t>(counts.rows_unlinked())));
    for (size_t i = 1; i < kReasonSlots; ++i) {
      const std::string_view name = dataset::RowReasonName(ReasonAt(i));
      if (counts.unlinked[i] > 0) {
        text += absl::StrFormat(
            "  unlinked  %-28s %12s\n", name,
            FormatCount(static_cast<int64_t>(counts.unlinked[i])));
      }
      if (counts.dropped[i] > 0) {
        text += absl::StrFormat(
            "  dropped   %-28s %12s\n", name,
            FormatCount(static_cast<int64_t>(counts.dropped[i])));
      }
    }
  }
  text += absl::StrFormat("%s people\n", FormatCount(persons));
  return text;
}

}  // namespace tally::pseudonymiser
