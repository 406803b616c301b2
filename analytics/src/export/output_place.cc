#include "analytics/export/output_place.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include "absl/strings/str_format.h"
#include "base/exit_code.h"
#include "base/files.h"
#include "base/status.h"
#include "base/strings.h"

namespace tally::analytics {
namespace {

// Longer than any page or table of ours; a workbook is judged by its end.
constexpr int64_t kMaxJudgedBytes = int64_t{1} << 30;

// CRC-32 of the entry kWorkbookMark, little-endian, as it stands in the
// archive's directory: no inflating is needed to know it again.
constexpr std::string_view kMarkCrc = "\xe6\xea\xa0\xf4";
constexpr size_t kCrcOffset = 16;
constexpr size_t kEntryBytes = 46;  // of the directory, before the name
constexpr std::string_view kEntryMagic = "PK\x01\x02";

absl::Status NoPlace(std::string_view path, std::string_view reason) {
  return UsageError(absl::StrFormat(
      "%s cannot be written: %s; name another place with --out, or get the "
      "right to write there",
      path, reason));
}

std::string ErrorWords(int error) {
  return std::error_code(error, std::generic_category()).message();
}

// The nearest folder above what is not there yet must take new names.
absl::Status CheckPlaceToWrite(const std::string& folder,
                               const std::string& path) {
  std::string at = folder;
  struct stat info {};
  while (stat(at.c_str(), &info) != 0) {
    const int error = errno;
    const std::string above = DirectoryOf(at);
    if ((error != ENOENT && error != ENOTDIR) || above == at) {
      return NoPlace(path, ErrorWords(error));
    }
    at = above;
  }
  if (!S_ISDIR(info.st_mode)) {
    return NoPlace(path, absl::StrFormat("%s is a file and no folder", at));
  }
  if (access(at.c_str(), W_OK | X_OK) == 0) return absl::OkStatus();
  return NoPlace(path, ErrorWords(errno));
}

bool IsFolder(const std::string& path) {
  struct stat info {};
  return stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode);
}

bool HasText(std::string_view bytes, std::string_view word) {
  return bytes.find(word) != std::string_view::npos;
}

bool IsPage(std::string_view bytes) {
  return bytes.starts_with("<!DOCTYPE html>") &&
         HasText(bytes, "<a class=\"skip\" href=\"#main\">Skip to the figures");
}

bool IsWorkbook(std::string_view bytes) {
  for (size_t at = bytes.find(kEntryMagic); at != std::string_view::npos;
       at = bytes.find(kEntryMagic, at + 1)) {
    if (bytes.size() - at < kEntryBytes) return false;
    const std::string_view entry = bytes.substr(at);
    if (entry.substr(kEntryBytes).starts_with(kWorkbookMark)) {
      return entry.substr(kCrcOffset).starts_with(kMarkCrc);
    }
  }
  return false;
}

bool IsCsv(std::string_view bytes, const std::vector<std::string>& columns) {
  constexpr std::string_view kMidpoint = "_midpoint6";
  std::string_view header = bytes.substr(0, bytes.find('\n'));
  while (true) {
    const size_t comma = header.find(',');
    std::string_view word = header.substr(0, comma);
    if (word.ends_with(kMidpoint)) word.remove_suffix(kMidpoint.size());
    if (std::find(columns.begin(), columns.end(), word) == columns.end()) {
      return false;
    }
    if (comma == std::string_view::npos) return true;
    header.remove_prefix(comma + 1);
  }
}

bool IsEarlierOutput(std::string_view bytes, OutputKind kind,
                     const std::vector<std::string>& columns) {
  if (bytes.empty()) return true;
  switch (kind) {
    case OutputKind::kPage:
      return IsPage(bytes);
    case OutputKind::kWorkbook:
      return IsWorkbook(bytes);
    case OutputKind::kCsv:
      return IsCsv(bytes, columns);
    case OutputKind::kJson:
      return bytes.starts_with('{') &&
             HasText(bytes, "\"definition_sha256\"") &&
             HasText(bytes, "\"rows_linked_pct\"");
    case OutputKind::kParquet:
      return bytes.starts_with("PAR1") &&
             HasText(bytes, "tally_measure_version");
  }
  return false;
}

std::string_view KindWords(OutputKind kind) {
  switch (kind) {
    case OutputKind::kPage:
      return "page";
    case OutputKind::kWorkbook:
      return "workbook";
    case OutputKind::kCsv:
      return "CSV table";
    case OutputKind::kJson:
      return "JSON table";
    case OutputKind::kParquet:
      return "Parquet table";
  }
  return "";
}

}  // namespace

absl::Status CheckOutputFile(const std::string& path, OutputKind kind,
                             const std::vector<std::string>& columns) {
  if (path.ends_with('/') || IsFolder(path)) {
    return UsageError(absl::StrFormat(
        "%s is a folder, and a %s is one file: name the file with --out", path,
        KindWords(kind)));
  }
  TALLY_RETURN_IF_ERROR(CheckPlaceToWrite(DirectoryOf(path), path));
  if (!FileExists(path)) return absl::OkStatus();
  if (IsRegularFile(path)) {
    const absl::StatusOr<std::string> there = ReadFile(path, kMaxJudgedBytes);
    if (there.ok() && IsEarlierOutput(*there, kind, columns)) {
      return absl::OkStatus();
    }
  }
  return ConflictError(absl::StrFormat(
      "%s is there and is no %s that this command wrote: move it, or name "
      "another file with --out",
      path, KindWords(kind)));
}

absl::Status CheckOutputFolder(const std::string& path) {
  if (FileExists(path) && !IsFolder(path)) {
    return UsageError(absl::StrFormat(
        "%s is a file, and the tables go into a folder: name one with --out",
        path));
  }
  return CheckPlaceToWrite(path, path);
}

absl::Status OutputStatus(const absl::Status& status, std::string_view path) {
  const ExitCode code = ExitCodeOf(status);
  const bool of_place = status.code() == absl::StatusCode::kNotFound ||
                        status.code() == absl::StatusCode::kAlreadyExists ||
                        status.code() == absl::StatusCode::kPermissionDenied ||
                        status.code() == absl::StatusCode::kFailedPrecondition;
  if (!of_place || (code != kExitFailure && code != kExitNotFound)) {
    return status;
  }
  // "cannot create DIR/.a.xlsx.1f.tmp: Permission denied": the end is the why.
  std::string_view words = ToStd(status.message());
  const size_t colon = words.rfind(": ");
  if (colon != std::string_view::npos) words.remove_prefix(colon + 2);
  return NoPlace(path, words);
}

}  // namespace tally::analytics
