#include "analytics/export/table_files.h"

#include <filesystem>
#include <system_error>

#include "absl/strings/str_format.h"
#include "analytics/export/output_place.h"
#include "analytics/export/table_writers.h"
#include "base/exit_code.h"
#include "base/files.h"
#include "base/status.h"

namespace tally::analytics {
namespace {

absl::Status WriteParquetFile(const GatedTable& table, const std::string& path,
                              const std::string& temp) {
  TALLY_RETURN_IF_ERROR(MakeDirectories(temp, kTableFolderMode));
  const std::string part = path + ".tmp";
  TALLY_RETURN_IF_ERROR(RemoveFile(part));
  TALLY_RETURN_IF_ERROR(WriteGatedParquet(table, part, temp));
  return RenameDurably(part, path);
}

}  // namespace

std::string_view TableFormatName(TableFormat format) {
  switch (format) {
    case TableFormat::kCsv:
      return "csv";
    case TableFormat::kJson:
      return "json";
    case TableFormat::kParquet:
      return "parquet";
  }
  return "";
}

absl::StatusOr<std::vector<std::string>> WriteTableFiles(
    const GatedTable& table, const std::string& stem, const std::string& temp,
    const std::vector<TableFormat>& formats) {
  TALLY_RETURN_IF_ERROR(MakeDirectories(DirectoryOf(stem), kTableFolderMode));
  std::vector<std::string> paths;
  for (const TableFormat format : formats) {
    const std::string path =
        absl::StrFormat("%s.%s", stem, TableFormatName(format));
    switch (format) {
      case TableFormat::kCsv:
        TALLY_RETURN_IF_ERROR(
            WriteFileAtomically(path, GatedCsv(table), kTableFileMode));
        break;
      case TableFormat::kJson:
        TALLY_RETURN_IF_ERROR(WriteFileAtomically(
            path, GatedJson(table).DumpPretty() + "\n", kTableFileMode));
        break;
      case TableFormat::kParquet:
        TALLY_RETURN_IF_ERROR(WriteParquetFile(table, path, temp));
        break;
    }
    paths.push_back(path);
  }
  return paths;
}

std::string MadeUpWords(std::string_view environment) {
  if (environment == "production") return "";
  return absl::StrFormat(
      "Environment %s: these people do not exist, and the figures say nothing "
      "about anybody.",
      environment);
}

absl::Status MarkMadeUp(const std::string& folder,
                        std::string_view environment) {
  const std::string words = MadeUpWords(environment);
  if (words.empty()) return absl::OkStatus();
  TALLY_RETURN_IF_ERROR(MakeDirectories(folder, kTableFolderMode));
  return WriteFileAtomically(JoinPath(folder, std::string(kMadeUpName)),
                             words + "\n", kTableFileMode);
}

absl::StatusOr<std::string> ResolveOutput(const std::string& path) {
  std::error_code error;
  std::string resolved =
      std::filesystem::weakly_canonical(std::filesystem::absolute(path), error)
          .string();
  if (error) return ErrnoStatus(error.value(), "resolve", path);
  while (resolved.size() > 1 && resolved.ends_with('/')) resolved.pop_back();
  return resolved;
}

absl::Status CheckOutsideRelease(const std::string& path,
                                 const std::string& release) {
  const absl::StatusOr<std::string> wanted = ResolveOutput(path);
  if (!wanted.ok()) return OutputStatus(wanted.status(), path);
  TALLY_ASSIGN_OR_RETURN(const std::string root, ResolveOutput(release));
  if (*wanted != root && !wanted->starts_with(root + "/")) {
    return absl::OkStatus();
  }
  return UsageError(
      "the output would lie inside the release's folder, which holds only what "
      "its manifest names: choose another place");
}

}  // namespace tally::analytics
