#include "analytics/release/record_csv.h"

#include <fcntl.h>

#include <optional>
#include <vector>

#include "absl/strings/str_format.h"
#include "base/civil_day.h"
#include "base/exit_code.h"
#include "base/files.h"
#include "base/sha256.h"
#include "base/status.h"
#include "base/strings.h"

namespace tally::analytics {
namespace {

constexpr size_t kPieceBytes = 64 * 1024;
constexpr int kCsvFileMode = 0600;
constexpr int kCsvFolderMode = 0700;

bool IsNumeric(engine::ColumnKind kind) {
  return kind == engine::ColumnKind::kInt ||
         kind == engine::ColumnKind::kDouble ||
         kind == engine::ColumnKind::kWide;
}

// The shortest text that reads back to the same double.
std::string DoubleText(double value) {
  for (int digits = 1; digits <= 17; ++digits) {
    std::string text = absl::StrFormat("%.*g", digits, value);
    if (std::strtod(text.c_str(), nullptr) == value) return text;
  }
  return absl::StrFormat("%.17g", value);
}

// Parts in order, rows in the order of each part.
std::string OrderedSql(const ReleaseFolder& folder, std::string_view table) {
  std::string sql;
  int part = 0;
  for (const std::string& path : folder.Parts(table)) {
    if (part > 0) sql += " UNION ALL ";
    sql += absl::StrFormat(
        "SELECT *, %d AS tally_part FROM read_parquet(%s, "
        "hive_partitioning = false, file_row_number = true)",
        part++, engine::QuoteLiteral(path));
  }
  return absl::StrFormat(
      "SELECT * EXCLUDE (tally_part, file_row_number) FROM (%s) "
      "ORDER BY tally_part, file_row_number",
      sql);
}

std::string CsvPath(const ReleaseFolder& folder, std::string_view table) {
  return JoinPath(JoinPath(folder.path(), "csv"),
                  absl::StrFormat("%s.csv", table));
}

absl::Status WriteOne(ReleaseDatabase& database, const ReleaseFolder& folder,
                      const std::string& table) {
  const std::string path = CsvPath(folder, table);
  const std::string part = path + ".part";
  UniqueFd fd(open(part.c_str(),
                   O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW,
                   kCsvFileMode));
  if (!fd.valid()) return ErrnoStatus(errno, "create", part);
  TALLY_RETURN_IF_ERROR(StreamTableCsv(
      database, folder, table,
      [&](std::string_view piece) { return WriteAll(fd.get(), piece, part); }));
  TALLY_RETURN_IF_ERROR(FsyncFile(fd.get(), part));
  TALLY_RETURN_IF_ERROR(fd.Close());
  return RenameDurably(part, path);
}

}  // namespace

std::string CsvField(std::string_view text, bool numeric) {
  std::string field;
  constexpr std::string_view kDangerous = "=+-@\t\r";
  if (!numeric && !text.empty() &&
      kDangerous.find(text[0]) != std::string_view::npos) {
    field = "'";
  }
  field.append(text);
  if (field.find_first_of(",\"\r\n") == std::string::npos) return field;
  std::string quoted = "\"";
  for (const char c : field) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + '"';
}

std::string ValueText(const engine::ColumnView& column, size_t row) {
  if (column.IsNull(row)) return "";
  switch (column.kind()) {
    case engine::ColumnKind::kBool:
      return column.Bool(row) ? "true" : "false";
    case engine::ColumnKind::kInt:
      return std::to_string(column.Int64(row));
    case engine::ColumnKind::kDouble:
    case engine::ColumnKind::kWide:
      return DoubleText(column.Double(row));
    case engine::ColumnKind::kDate: {
      const auto day = CivilDay::FromDays(column.Day(row).days);
      return day.ok() ? day->ToIso() : "";
    }
    case engine::ColumnKind::kTimestamp:
      return std::to_string(column.Int64(row));
    case engine::ColumnKind::kText:
      return std::string(column.Text(row));
    case engine::ColumnKind::kOther:
      return "";
  }
  return "";
}

absl::Status StreamTableCsv(
    ReleaseDatabase& database, const ReleaseFolder& folder,
    std::string_view table,
    const std::function<absl::Status(std::string_view)>& sink) {
  TALLY_ASSIGN_OR_RETURN(engine::Result result, database.connection().Stream(
                                                    OrderedSql(folder, table)));
  std::string piece;
  const size_t columns = result.columns().size();
  for (size_t i = 0; i < columns; ++i) {
    if (i > 0) piece += ',';
    piece += CsvField(result.columns()[i].name, false);
  }
  piece += '\n';
  while (true) {
    TALLY_ASSIGN_OR_RETURN(const std::optional<engine::Chunk> chunk,
                           result.Next());
    if (!chunk.has_value()) break;
    std::vector<engine::ColumnView> views;
    for (size_t i = 0; i < columns; ++i) views.push_back(chunk->column(i));
    for (size_t row = 0; row < chunk->rows(); ++row) {
      for (size_t i = 0; i < columns; ++i) {
        if (i > 0) piece += ',';
        piece += CsvField(ValueText(views[i], row), IsNumeric(views[i].kind()));
      }
      piece += '\n';
      if (piece.size() < kPieceBytes) continue;
      TALLY_RETURN_IF_ERROR(sink(piece));
      piece.clear();
    }
  }
  return piece.empty() ? absl::OkStatus() : sink(piece);
}

absl::StatusOr<int> WriteReleaseCsv(ReleaseDatabase& database,
                                    const ReleaseFolder& folder,
                                    CsvChoice choice) {
  if (choice == CsvChoice::kNone) return 0;
  TALLY_RETURN_IF_ERROR(
      MakeDirectories(JoinPath(folder.path(), "csv"), kCsvFolderMode));
  int written = 0;
  for (const std::string& table : folder.Tables()) {
    const uint64_t rows = folder.manifest().row_counts.at(table);
    if (choice == CsvChoice::kAuto && rows > kMaxCsvRows) continue;
    TALLY_RETURN_IF_ERROR(WriteOne(database, folder, table));
    ++written;
  }
  return written;
}

absl::Status VerifyReleaseCsv(ReleaseDatabase& database,
                              const ReleaseFolder& folder) {
  for (const std::string& table : folder.Tables()) {
    const std::string path = CsvPath(folder, table);
    if (!FileExists(path)) continue;
    Sha256 digest;
    TALLY_RETURN_IF_ERROR(
        StreamTableCsv(database, folder, table, [&](std::string_view piece) {
          digest.Update(piece);
          return absl::OkStatus();
        }));
    TALLY_ASSIGN_OR_RETURN(const std::string got, Sha256HexOfFile(path));
    if (HexEncode(digest.Finish()) != got) {
      return IntegrityError(absl::StrFormat(
          "csv/%s.csv is not what the table gives: delete it and pull again",
          table));
    }
  }
  return absl::OkStatus();
}

}  // namespace tally::analytics
