// Folders of gated tables: each table as CSV, JSON and Parquet, written so that
// a reader never sees half a file.
// Runs in: the analyst's program.
//
// Spec: docs/commissioning.md, "Files".
// Threading: one thread per folder.
// Secrets: none; files are private to the user all the same.
#ifndef TALLY_ANALYTICS_EXPORT_TABLE_FILES_H_
#define TALLY_ANALYTICS_EXPORT_TABLE_FILES_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "analytics/disclosure/gated_table.h"

namespace tally::analytics {

inline constexpr int kTableFileMode = 0600;
inline constexpr int kTableFolderMode = 0700;

enum class TableFormat { kCsv, kJson, kParquet };
inline constexpr TableFormat kAllTableFormats[] = {
    TableFormat::kCsv, TableFormat::kJson, TableFormat::kParquet};

// "csv", "json", "parquet": the word of --format and the file's ending.
std::string_view TableFormatName(TableFormat format);

// Writes `stem`.csv and so on; replaces files that are there. `temp` is a
// folder for the engine's spill files; both folders are made. Returns the paths
// in the order of `formats`. Errors of the file system and of the engine.
absl::StatusOr<std::vector<std::string>> WriteTableFiles(
    const GatedTable& table, const std::string& stem, const std::string& temp,
    const std::vector<TableFormat>& formats);

// What the files of a release say whose people do not exist, such as one of the
// environment "example"; empty for "production".
std::string MadeUpWords(std::string_view environment);
inline constexpr std::string_view kMadeUpName = "MADE-UP.txt";
// Writes these words beside figures in `folder`, for files that have no place
// for them, such as CSV; nothing for "production". Errors of the file system.
absl::Status MarkMadeUp(const std::string& folder,
                        std::string_view environment);

// `path` absolute, without `.`, `..` and a slash at its end, links resolved as
// far as it is there: so that a name can be put beside it. Errors of the file
// system.
absl::StatusOr<std::string> ResolveOutput(const std::string& path);

// kInvalidArgument (exit 2) if `path` lies in the folder `release`, which holds
// what a hub signed and nothing else. A path that is not there yet is judged
// by the nearest folder above it.
absl::Status CheckOutsideRelease(const std::string& path,
                                 const std::string& release);

}  // namespace tally::analytics

#endif  // TALLY_ANALYTICS_EXPORT_TABLE_FILES_H_
