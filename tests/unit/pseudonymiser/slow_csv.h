#ifndef TALLY_TESTS_UNIT_PSEUDONYMISER_SLOW_CSV_H_
#define TALLY_TESTS_UNIT_PSEUDONYMISER_SLOW_CSV_H_

// The CSV format again, one character at a time and without limits: the oracle
// of the fast reader, in tests and under the fuzzer.

#include <cstdint>
#include <ostream>
#include <string>
#include <vector>

#include "pseudonymiser/csv_reader.h"

namespace tally::pseudonymiser {

struct CsvRow {
  uint64_t line = 0;
  CsvFault fault = CsvFault::kNone;
  std::vector<std::string> fields;
  friend bool operator==(const CsvRow&, const CsvRow&) = default;
};

inline void PrintTo(const CsvRow& row, std::ostream* out) {
  *out << row.line << "/" << static_cast<int>(row.fault) << ":";
  for (const std::string& field : row.fields) *out << "[" << field << "]";
}

class SlowCsv {
 public:
  explicit SlowCsv(const std::string& text) : text_(text) {}

  // All records; open_quote() is set when a quote is never closed, and the
  // result then ends before it.
  std::vector<CsvRow> Read() {
    std::vector<CsvRow> rows;
    if (text_.compare(0, 3, "\xEF\xBB\xBF") == 0) at_ = 3;
    while (at_ < text_.size()) {
      CsvRow row;
      row.line = line_;
      const size_t start = at_;
      bool more = true;
      while (more && !open_quote_) more = Field(&row);
      if (open_quote_) return rows;
      const bool blank = at_ == start;
      if (at_ < text_.size()) {
        if (Is('\r') && at_ + 1 < text_.size() && text_[at_ + 1] == '\n') {
          ++at_;
        }
        ++at_;
        ++line_;
      }
      if (blank) continue;
      if (row.fault != CsvFault::kNone) row.fields.clear();
      rows.push_back(std::move(row));
    }
    return rows;
  }

  bool open_quote() const { return open_quote_; }

 private:
  bool Is(char c) const { return at_ < text_.size() && text_[at_] == c; }
  bool AtFieldEnd() const {
    return at_ == text_.size() || Is(',') || Is('\n') || Is('\r');
  }

  // One field; true when another follows.
  bool Field(CsvRow* row) {
    std::string field;
    CsvFault fault = CsvFault::kNone;
    if (Is('"')) {
      fault = Quoted(&field);
      if (open_quote_) return false;
      if (row->fault == CsvFault::kNone) row->fault = fault;
      fault = AtFieldEnd() ? CsvFault::kNone : CsvFault::kQuote;
    }
    CsvFault stray = CsvFault::kNone;
    while (!AtFieldEnd()) {
      if (stray == CsvFault::kNone && Is('"')) stray = CsvFault::kQuote;
      if (stray == CsvFault::kNone && Is('\0')) stray = CsvFault::kNul;
      field += text_[at_++];
    }
    if (row->fault == CsvFault::kNone) row->fault = stray;
    if (row->fault == CsvFault::kNone) row->fault = fault;
    row->fields.push_back(std::move(field));
    if (!Is(',')) return false;
    ++at_;
    return true;
  }

  CsvFault Quoted(std::string* field) {
    CsvFault fault = CsvFault::kNone;
    for (++at_; at_ < text_.size(); ++at_) {
      if (Is('"')) {
        if (at_ + 1 >= text_.size() || text_[at_ + 1] != '"') {
          ++at_;
          return fault;
        }
        ++at_;  // the second of two stands for both
      } else if (Is('\r') || (Is('\n') && text_[at_ - 1] != '\r')) {
        ++line_;
      } else if (Is('\0')) {
        fault = CsvFault::kNul;
      }
      *field += text_[at_];
    }
    open_quote_ = true;
    return fault;
  }

  const std::string& text_;
  size_t at_ = 0;
  uint64_t line_ = 1;
  bool open_quote_ = false;
};

}  // namespace tally::pseudonymiser

#endif  // TALLY_TESTS_UNIT_PSEUDONYMISER_SLOW_CSV_H_
