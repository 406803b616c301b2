#include "demo/csv_file.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "base/exit_code.h"
#include "base/status.h"

namespace tally::demo {
namespace {

constexpr size_t kBufferBytes = 1 << 20;

void AppendField(std::string_view field, std::string& out) {
  if (field.find_first_of(",\"\r\n") == std::string_view::npos) {
    out += field;
    return;
  }
  out += '"';
  for (const char c : field) {
    if (c == '"') out += '"';
    out += c;
  }
  out += '"';
}

}  // namespace

CsvFile::CsvFile(std::string path, std::FILE* file)
    : path_(std::move(path)), file_(file) {
  buffer_.reserve(kBufferBytes + 4096);
}

absl::StatusOr<CsvFile> CsvFile::Create(
    const std::string& path, const std::vector<std::string>& header) {
  std::FILE* file = std::fopen(path.c_str(), "wb");
  if (file == nullptr) {
    return UsageError(absl::StrCat(path, ": cannot be created"));
  }
  CsvFile csv(path, file);
  csv.columns_ = header.size();
  csv.Row({header.begin(), header.end()});
  csv.rows_ = 0;
  return csv;
}

void CsvFile::Row(const std::vector<std::string_view>& fields) {
  TALLY_CHECK(fields.size() == columns_);
  for (size_t i = 0; i < fields.size(); ++i) {
    if (i != 0) buffer_ += ',';
    AppendField(fields[i], buffer_);
  }
  buffer_ += '\n';
  ++rows_;
  if (buffer_.size() >= kBufferBytes) Flush();
}

void CsvFile::RawLine(std::string_view line) {
  buffer_ += line;
  buffer_ += '\n';
  ++rows_;
}

void CsvFile::Flush() {
  if (std::fwrite(buffer_.data(), 1, buffer_.size(), file_.get()) !=
      buffer_.size()) {
    failed_ = true;
  }
  buffer_.clear();
}

absl::Status CsvFile::Close() {
  Flush();
  if (std::fclose(file_.release()) != 0) failed_ = true;
  if (failed_) {
    return TemporaryError(
        absl::StrCat(path_, ": cannot be written: is the disk full?"));
  }
  return absl::OkStatus();
}

}  // namespace tally::demo
