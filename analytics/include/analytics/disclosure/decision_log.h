// What the gate decided about every cell, for the analyst's own files: `u`
// primary, `x` secondary, `z` structural zero, `s` released. One line of JSON
// per table, and one per acceptance or refusal.
// Runs in: the analyst's program. The log stays in the work directory.
//
// Threading: one writer; a file lock keeps two programs apart.
// Secrets: where small counts stand, never the counts. File mode 0600.
#ifndef TALLY_ANALYTICS_DISCLOSURE_DECISION_LOG_H_
#define TALLY_ANALYTICS_DISCLOSURE_DECISION_LOG_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace tally::analytics {

enum class CellDecision : char {
  kPrimary = 'u',
  kSecondary = 'x',
  kZero = 'z',
  kReleased = 's',
};

struct TableDecisions {
  std::string time;  // UTC, RFC 3339
  std::string project;
  std::string release;
  std::string measure;
  std::string table;
  std::string period;                   // "2026-10"; empty in older logs
  std::vector<std::string> dimensions;  // columns that the table is cut by
  std::string profile;
  bool refused = false;
  std::string reason;       // why it was refused, in words; else empty
  std::string accepted_by;  // who accepted flagged proportions, or empty
  // Sources of a table of derived figures, "C03/prevalence@r2026-11"; empty
  // for tables of counts.
  std::vector<std::string> derived_from;
  // Earlier tables, or what of them, that the audit did not believe because
  // this one contradicts them or too many others are newer, in words.
  std::vector<std::string> left_out;
  // One string per row, one letter per column; '-' where nothing is decided.
  std::vector<std::string> cells;

  int64_t Count(CellDecision decision) const;
};

class DecisionLog {
 public:
  // `path` empty: nothing is kept (for --dry-run).
  explicit DecisionLog(std::string path) : path_(std::move(path)) {}

  // Appends one line and syncs it. Errors of the file system as they come.
  absl::Status Append(const TableDecisions& decisions);

  // Everything logged so far, oldest first; none if there is no file.
  // kDataLoss if a line does not parse.
  absl::StatusOr<std::vector<TableDecisions>> Read() const;

  // What was appended through this object, oldest first: the decisions of one
  // run. Without a path they are kept here all the same.
  const std::vector<TableDecisions>& appended() const { return appended_; }

  const std::string& path() const { return path_; }

 private:
  std::string path_;
  std::vector<TableDecisions> appended_;
};

}  // namespace tally::analytics

#endif  // TALLY_ANALYTICS_DISCLOSURE_DECISION_LOG_H_
