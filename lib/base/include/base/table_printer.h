#ifndef TALLY_BASE_TABLE_PRINTER_H_
#define TALLY_BASE_TABLE_PRINTER_H_

// What commands that list print: one set of rows in five formats.
//   table     columns padded with spaces, numbers to the right
//   json      one array of objects
//   jsonl     one object a line
//   csv       RFC 4180 with LF; a text that begins with = + - @ gets a leading
//             apostrophe, so that no spreadsheet runs it
//   markdown  a table, with | escaped
//
// Spec: docs/operations.md, "Output".
// Threading: one thread per object.
// Secrets: none; listing a secret is a fault of the caller.

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"

namespace tally {

enum class OutputFormat { kTable, kJson, kJsonl, kCsv, kMarkdown };

// "table|json|jsonl|csv|markdown"; empty text: `table` when stdout is a
// terminal, else `jsonl`. kInvalidArgument with kExitUsage.
absl::StatusOr<OutputFormat> ParseOutputFormat(std::string_view text);

class TablePrinter {
 public:
  // monostate: nothing (empty cell, null in JSON).
  using Cell = std::variant<std::monostate, bool, int64_t, double, std::string>;

  // Column names are the keys in JSON: lower case with underscores; the table
  // shows them in upper case with spaces.
  explicit TablePrinter(std::vector<std::string> columns);

  // REQUIRES: one cell per column.
  void AddRow(std::vector<Cell> cells);
  size_t rows() const { return rows_.size(); }

  // The whole output, with a final newline where there is anything.
  std::string Format(OutputFormat format) const;

  // Writes it to stdout.
  absl::Status Print(OutputFormat format) const;

 private:
  std::string FormatTable() const;
  std::string FormatJson() const;
  std::string FormatJsonl() const;
  std::string FormatCsv() const;
  std::string FormatMarkdown() const;

  std::vector<std::string> columns_;
  std::vector<std::vector<Cell>> rows_;
};

// Writes to stdout, all of it: kUnavailable when the reader has gone.
absl::Status PrintOut(std::string_view text);

// Writes `text` and a newline to stderr; errors are ignored.
void PrintNote(std::string_view text);

}  // namespace tally

#endif  // TALLY_BASE_TABLE_PRINTER_H_
