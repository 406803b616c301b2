#include "base/table_printer.h"

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/exit_code.h"
#include "base/files.h"
#include "base/json.h"
#include "base/process.h"
#include "base/status.h"

namespace tally {
namespace {

using Cell = TablePrinter::Cell;

JsonValue ToJson(const Cell& cell) {
  if (const bool* flag = std::get_if<bool>(&cell)) return JsonValue(*flag);
  if (const int64_t* number = std::get_if<int64_t>(&cell)) {
    return JsonValue(*number);
  }
  if (const double* number = std::get_if<double>(&cell)) {
    return std::isfinite(*number) ? JsonValue(*number) : JsonValue();
  }
  if (const std::string* text = std::get_if<std::string>(&cell)) {
    return JsonValue(*text);
  }
  return JsonValue();
}

bool IsNumber(const Cell& cell) {
  return std::holds_alternative<int64_t>(cell) ||
         std::holds_alternative<double>(cell);
}

std::string ToText(const Cell& cell) {
  if (const std::string* text = std::get_if<std::string>(&cell)) return *text;
  if (const bool* flag = std::get_if<bool>(&cell)) return *flag ? "yes" : "no";
  if (std::holds_alternative<std::monostate>(cell)) return "";
  const JsonValue json = ToJson(cell);
  return json.is_null() ? "" : json.Dump();
}

// Characters as a terminal shows them: control characters would let a name
// move the cursor.
std::string Printable(std::string text) {
  std::replace_if(
      text.begin(), text.end(),
      [](char c) { return (c >= 0 && c < ' ') || c == '\x7f'; }, '?');
  return text;
}

// Columns that a UTF-8 text takes, one a code point.
size_t Width(std::string_view text) {
  return static_cast<size_t>(std::count_if(
      text.begin(), text.end(),
      [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

std::string Heading(std::string_view column) {
  std::string heading(column);
  for (char& c : heading) {
    if (c == '_') c = ' ';
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return heading;
}

std::string CsvField(const Cell& cell) {
  std::string text = ToText(cell);
  if (std::holds_alternative<std::string>(cell) && !text.empty() &&
      std::string_view("=+-@").find(text[0]) != std::string_view::npos) {
    text.insert(0, 1, '\'');
  }
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + '"';
}

std::string MarkdownField(const Cell& cell) {
  std::string escaped;
  for (const char c : Printable(ToText(cell))) {
    if (c == '|' || c == '\\') escaped += '\\';
    escaped += c;
  }
  return escaped;
}

}  // namespace

absl::StatusOr<OutputFormat> ParseOutputFormat(std::string_view text) {
  if (text.empty()) {
    return IsTerminal(STDOUT_FILENO) ? OutputFormat::kTable
                                     : OutputFormat::kJsonl;
  }
  if (text == "table") return OutputFormat::kTable;
  if (text == "json") return OutputFormat::kJson;
  if (text == "jsonl") return OutputFormat::kJsonl;
  if (text == "csv") return OutputFormat::kCsv;
  if (text == "markdown") return OutputFormat::kMarkdown;
  return UsageError("a format is table, json, jsonl, csv or markdown");
}

TablePrinter::TablePrinter(std::vector<std::string> columns)
    : columns_(std::move(columns)) {}

void TablePrinter::AddRow(std::vector<Cell> cells) {
  TALLY_CHECK(cells.size() == columns_.size());
  rows_.push_back(std::move(cells));
}

std::string TablePrinter::Format(OutputFormat format) const {
  switch (format) {
    case OutputFormat::kTable:
      return FormatTable();
    case OutputFormat::kJson:
      return FormatJson();
    case OutputFormat::kJsonl:
      return FormatJsonl();
    case OutputFormat::kCsv:
      return FormatCsv();
    case OutputFormat::kMarkdown:
      break;
  }
  return FormatMarkdown();
}

std::string TablePrinter::FormatTable() const {
  std::vector<size_t> widths;
  for (const std::string& column : columns_) widths.push_back(Width(column));
  for (const auto& row : rows_) {
    for (size_t i = 0; i < row.size(); ++i) {
      widths[i] = std::max(widths[i], Width(ToText(row[i])));
    }
  }
  std::string out;
  const auto append = [&](size_t column, const std::string& text, bool right) {
    const std::string padding(widths[column] - Width(text), ' ');
    if (column > 0) out += "  ";
    out += right ? padding + text : text + padding;
  };
  const auto end_line = [&out] {
    while (out.ends_with(' ')) out.pop_back();
    out += '\n';
  };
  for (size_t i = 0; i < columns_.size(); ++i) {
    const bool right = !rows_.empty() && IsNumber(rows_[0][i]);
    append(i, Heading(columns_[i]), right);
  }
  end_line();
  for (const auto& row : rows_) {
    for (size_t i = 0; i < row.size(); ++i) {
      append(i, Printable(ToText(row[i])), IsNumber(row[i]));
    }
    end_line();
  }
  return out;
}

std::string TablePrinter::FormatJson() const {
  JsonValue array = JsonValue::MakeArray();
  for (const auto& row : rows_) {
    JsonValue object = JsonValue::MakeObject();
    for (size_t i = 0; i < row.size(); ++i) {
      object.Set(columns_[i], ToJson(row[i]));
    }
    array.Append(std::move(object));
  }
  return array.DumpPretty() + "\n";
}

std::string TablePrinter::FormatJsonl() const {
  std::string out;
  for (const auto& row : rows_) {
    // By hand, to keep the order of the columns.
    out += '{';
    for (size_t i = 0; i < row.size(); ++i) {
      if (i > 0) out += ',';
      out += JsonValue(columns_[i]).Dump() + ":" + ToJson(row[i]).Dump();
    }
    out += "}\n";
  }
  return out;
}

std::string TablePrinter::FormatCsv() const {
  std::string out;
  for (size_t i = 0; i < columns_.size(); ++i) {
    out += (i > 0 ? "," : "") + CsvField(columns_[i]);
  }
  out += '\n';
  for (const auto& row : rows_) {
    for (size_t i = 0; i < row.size(); ++i) {
      out += (i > 0 ? "," : "") + CsvField(row[i]);
    }
    out += '\n';
  }
  return out;
}

std::string TablePrinter::FormatMarkdown() const {
  std::string out = "|";
  for (const std::string& column : columns_) {
    out += " " + MarkdownField(column) + " |";
  }
  out += "\n|";
  for (size_t i = 0; i < columns_.size(); ++i) {
    const bool right = !rows_.empty() && IsNumber(rows_[0][i]);
    out += right ? " ---: |" : " --- |";
  }
  out += "\n";
  for (const auto& row : rows_) {
    out += "|";
    for (const Cell& cell : row) out += " " + MarkdownField(cell) + " |";
    out += "\n";
  }
  return out;
}

absl::Status TablePrinter::Print(OutputFormat format) const {
  return PrintOut(Format(format));
}

absl::Status PrintOut(std::string_view text) {
  const absl::Status status = WriteAll(STDOUT_FILENO, text, "standard output");
  if (status.ok()) return status;
  return TemporaryError("standard output cannot be written");
}

void PrintNote(std::string_view text) {
  static_cast<void>(
      WriteAll(STDERR_FILENO, std::string(text) + "\n", "standard error"));
}

}  // namespace tally
