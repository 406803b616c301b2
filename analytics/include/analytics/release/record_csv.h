// csv/<table>.csv: a release's table as text, for Excel and base R. Made on
// the analyst's side for tables up to 1,000,000 rows. These are records, not
// figures: they stay where the release is.
// Runs in: the analyst's program.
//
// UTF-8, LF, header row, RFC 4180 quoting. A text that begins with = + - @ or
// a tab or carriage return gets a leading apostrophe, so that no spreadsheet
// runs it; numeric columns do not. Rows in the order of the Parquet parts.
// Threading: one thread.
// Secrets: record values; files are 0600.
#ifndef TALLY_ANALYTICS_RELEASE_RECORD_CSV_H_
#define TALLY_ANALYTICS_RELEASE_RECORD_CSV_H_

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "analytics/release/release_database.h"
#include "analytics/release/release_folder.h"
#include "engine/result.h"

namespace tally::analytics {

inline constexpr int64_t kMaxCsvRows = 1'000'000;

enum class CsvChoice { kAuto, kAll, kNone };

// Quoted and made harmless; `numeric` fields are written as they are.
std::string CsvField(std::string_view text, bool numeric);

// One value as text: dates as YYYY-MM-DD, booleans as true/false, doubles with
// the digits that read back to the same number, NULL as nothing.
std::string ValueText(const engine::ColumnView& column, size_t row);

// Writes every row of a table through `sink`, in pieces of about 64 KiB.
absl::Status StreamTableCsv(
    ReleaseDatabase& database, const ReleaseFolder& folder,
    std::string_view table,
    const std::function<absl::Status(std::string_view)>& sink);

// Makes csv/ for the tables that `choice` asks for; kAuto: those of at most
// kMaxCsvRows rows. Returns how many files were written.
absl::StatusOr<int> WriteReleaseCsv(ReleaseDatabase& database,
                                    const ReleaseFolder& folder,
                                    CsvChoice choice);

// Checks that every file of csv/ is what the tables give. kDataLoss (exit 11).
absl::Status VerifyReleaseCsv(ReleaseDatabase& database,
                              const ReleaseFolder& folder);

}  // namespace tally::analytics

#endif  // TALLY_ANALYTICS_RELEASE_RECORD_CSV_H_
