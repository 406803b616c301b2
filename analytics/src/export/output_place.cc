#include "analytics/export/output_place.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <system_error>

#include "absl/strings/str_format.h"
#include "base/bytes.h"
#include "base/exit_code.h"
#include "base/files.h"
#include "base/status.h"
#include "base/strings.h"

namespace tally::analytics {
namespace {

// Longer than any page or table of ours; a workbook is judged by its end.
constexpr int64_t kMaxJudgedBytes = int64_t{1} << 30;

// The last record of a zip archive ends with the comment's length, two bytes,
// and the comment.
constexpr std::string_view kArchiveEnd("PK\x05\x06", 4);
constexpr std::string_view kNoComment("\0\0", 2);
constexpr size_t kArchiveEndBytes = 22;  // without the comment
constexpr std::string_view kMark("\x10\0Written by Tally", 18);
static_assert(kMark.size() == kNoComment.size() + kMark.front());

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

// Whether an archive ends with its last record and `comment`, its length first.
bool EndsArchive(std::string_view bytes, std::string_view comment) {
  if (!bytes.ends_with(comment)) return false;
  bytes.remove_suffix(comment.size());
  constexpr size_t kRest = kArchiveEndBytes - kNoComment.size();
  return bytes.size() >= kRest &&
         bytes.substr(bytes.size() - kRest).starts_with(kArchiveEnd);
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
      return EndsArchive(bytes, kMark);
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

absl::Status MarkWorkbook(const std::string& path) {
  TALLY_ASSIGN_OR_RETURN(AppendFile file, AppendFile::Open(path, 0600));
  std::array<uint8_t, kArchiveEndBytes> end = {};
  const int64_t at = file.size() - static_cast<int64_t>(end.size());
  if (at >= 0) {
    TALLY_RETURN_IF_ERROR(ReadAt(file.fd(), at, end, path));
  }
  if (!EndsArchive(AsChars(end), kNoComment)) {
    return absl::InternalError("the workbook ends in no way that is known");
  }
  TALLY_RETURN_IF_ERROR(
      file.Truncate(file.size() - static_cast<int64_t>(kNoComment.size())));
  TALLY_RETURN_IF_ERROR(file.Append(kMark));
  return file.Sync();
}

absl::Status OutputStatus(const absl::Status& status, std::string_view path) {
  const ExitCode code = ExitCodeOf(status);
  const bool of_place = status.code() == absl::StatusCode::kNotFound ||
                        status.code() == absl::StatusCode::kAlreadyExists ||
                        status.code() == absl::StatusCode::kPermissionDenied ||
                        status.code() == absl::StatusCode::kFailedPrecondition;
  const bool of_files =
      code == kExitFailure || code == kExitNotFound || code == kExitUsage;
  if (!of_place || !of_files) return status;
  // "cannot create DIR/.a.xlsx.1f.tmp: Permission denied": the end is the why.
  std::string_view words = ToStd(status.message());
  const size_t colon = words.rfind(": ");
  if (colon != std::string_view::npos) words.remove_prefix(colon + 2);
  return NoPlace(path, words);
}

}  // namespace tally::analytics
