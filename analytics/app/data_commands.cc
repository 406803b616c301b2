// verify, sql, describe, quality.

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include "analytics/measures/runner.h"
#include "analytics/release/record_csv.h"
#include "base/error.h"
#include "base/exit_code.h"
#include "base/files.h"
#include "base/process.h"
#include "base/status.h"
#include "base/strings.h"
#include "base/table_printer.h"
#include "commands.h"

namespace tally::analytics {
namespace {

constexpr int64_t kMaxSqlBytes = 1 << 20;
constexpr size_t kPrintedRows = 1'000'000;

absl::Status Verify(const CommonFlags& flags, const std::string& path,
                    const std::vector<std::string>& tables) {
  TALLY_ASSIGN_OR_RETURN(const AnalystConfig config, ReadConfig(flags));
  ProgressReporter progress(flags.MakeProgressOptions());
  TALLY_ASSIGN_OR_RETURN(const std::string folder_path,
                         FindRelease(config, path));
  OpenOptions open;
  open.release_key = config.release_key;
  open.tables = tables;
  open.progress = &progress;
  TALLY_ASSIGN_OR_RETURN(const ReleaseFolder folder,
                         ReleaseFolder::Open(folder_path, open));
  DatabaseSettings settings;
  settings.work_directory = JoinPath(config.work_directory, "temp");
  settings.memory_bytes = config.memory_bytes / 10 * 7;
  settings.threads = config.threads;
  TALLY_ASSIGN_OR_RETURN(ReleaseDatabase database,
                         ReleaseDatabase::Open(folder, settings));
  TALLY_RETURN_IF_ERROR(VerifyReleaseCsv(database, folder));
  if (flags.json) {
    JsonValue json = JsonValue::MakeObject();
    json.Set("release", folder.name())
        .Set("files", static_cast<int64_t>(folder.manifest().files.size()))
        .Set("signed", !folder.synthetic())
        .Set("verified", true);
    return PrintOut(json.Dump() + "\n");
  }
  if (folder.synthetic()) {
    return PrintOut(absl::StrFormat(
        "%s: synthetic, so not signed; %d files are as they were made\n",
        folder.name(), folder.manifest().files.size()));
  }
  return PrintOut(absl::StrFormat("%s: signature and %d files verified\n",
                                  folder.name(),
                                  folder.manifest().files.size()));
}

TablePrinter::Cell PrintedCell(const engine::ColumnView& column, size_t row) {
  if (column.IsNull(row)) return std::monostate();
  switch (column.kind()) {
    case engine::ColumnKind::kBool:
      return column.Bool(row);
    case engine::ColumnKind::kInt:
      return column.Int64(row);
    case engine::ColumnKind::kDouble:
    case engine::ColumnKind::kWide:
      return column.Double(row);
    default:
      return ValueText(column, row);
  }
}

struct SqlFlags {
  std::string release;
  std::string statement;
  std::string file;
};

// An error of the statement; one of a table that is not there names those that
// are, for the engine's guess may be a table of its own.
absl::Status SqlError(const Workbench& bench, const absl::Status& status) {
  const ExitCode code = ExitCodeOf(status);
  if (code == kExitNotFound) {
    return KeepLines(NotFoundError(absl::StrFormat(
        "%s\nThe tables of this release are %s.", status.message(),
        JoinText(bench.folder->Tables(), ", "))));
  }
  return code == kExitFailure ? WithExitCode(status, kExitUsage) : status;
}

absl::Status Sql(const CommonFlags& flags, const SqlFlags& sql) {
  std::string statement = sql.statement;
  if (!sql.file.empty()) {
    if (!statement.empty()) {
      return UsageError("give a statement or --file, not both");
    }
    TALLY_ASSIGN_OR_RETURN(statement, ReadFile(sql.file, kMaxSqlBytes));
  }
  if (statement.empty()) return UsageError("there is no statement");
  WorkbenchOptions options;
  options.release = sql.release;
  options.engine_words = true;  // the SQL and the data are the analyst's
  options.needs_gate = false;
  TALLY_ASSIGN_OR_RETURN(const std::unique_ptr<Workbench> bench,
                         OpenWorkbench(flags, options));
  const absl::Status reads = bench->database->CheckReadOnly(statement);
  if (!reads.ok()) return SqlError(*bench, reads);
  absl::StatusOr<engine::Result> result =
      bench->database->connection().StreamForPrinting(statement);
  if (!result.ok()) return SqlError(*bench, result.status());
  std::vector<std::string> names;
  for (const engine::ResultColumn& column : result->columns()) {
    names.push_back(column.name);
  }
  TablePrinter printer(std::move(names));
  while (true) {
    TALLY_RETURN_IF_ERROR(CheckNotStopped());
    TALLY_ASSIGN_OR_RETURN(const std::optional<engine::Chunk> chunk,
                           result->Next());
    if (!chunk.has_value()) break;
    for (size_t row = 0; row < chunk->rows(); ++row) {
      std::vector<TablePrinter::Cell> cells;
      for (size_t i = 0; i < result->columns().size(); ++i) {
        cells.push_back(PrintedCell(chunk->column(i), row));
      }
      printer.AddRow(std::move(cells));
    }
    if (printer.rows() > kPrintedRows) {
      return UsageError("more than 1,000,000 rows: add a LIMIT or a WHERE");
    }
  }
  return printer.Print(flags.json ? OutputFormat::kJson : flags.format);
}

struct DescribeFlags {
  std::string release;
  std::string table;
  std::vector<std::string> columns;
  TableChoice choice;
};

absl::Status Describe(const CommonFlags& flags, const DescribeFlags& describe) {
  TALLY_RETURN_IF_ERROR(CheckTableChoice(flags, describe.choice,
                                         {"column_fill", "column_levels"}));
  WorkbenchOptions options;
  options.release = describe.release;
  TALLY_ASSIGN_OR_RETURN(const std::unique_ptr<Workbench> bench,
                         OpenWorkbench(flags, options));
  TALLY_ASSIGN_OR_RETURN(
      const std::vector<GatedTable> tables,
      DescribeColumns(*bench->folder, *bench->database, *bench->gate,
                      describe.table, describe.columns));
  return PrintTables(flags, *bench, describe.choice, tables);
}

absl::Status Quality(const CommonFlags& flags, const std::string& release,
                     const TableChoice& choice) {
  TALLY_ASSIGN_OR_RETURN(const AnalystConfig config, ReadConfig(flags));
  TALLY_ASSIGN_OR_RETURN(const MeasureDefinition definition,
                         LoadDefinition("C01", config.definitions));
  std::vector<std::string> known;
  for (const MeasureOutput& output : definition.outputs()) {
    known.push_back(output.table);
  }
  TALLY_RETURN_IF_ERROR(CheckTableChoice(flags, choice, known));
  WorkbenchOptions options;
  options.release = release;
  TALLY_ASSIGN_OR_RETURN(const std::unique_ptr<Workbench> bench,
                         OpenWorkbench(flags, options));
  RunOptions run;
  run.definitions = bench->config.definitions;
  MeasureRunner runner(*bench->folder, *bench->database, *bench->gate, run);
  TALLY_ASSIGN_OR_RETURN(const MeasureResult result, runner.Run("C01"));
  if (result.unavailable.has_value()) return NotFoundError(*result.unavailable);
  for (const PagePart& part : result.parts) {
    if (flags.dry_run || part.page != "quality") continue;
    for (const Sentence& sentence : part.sentences) Say(flags, sentence.text);
  }
  TALLY_RETURN_IF_ERROR(PrintTables(flags, *bench, choice, result.tables));
  return result.refused.empty() ? absl::OkStatus()
                                : result.refused.front().status;
}

// describe and quality: what is in a table, through the gate.
void AddProfileCommands(CommandLine& line) {
  auto describe = std::make_shared<DescribeFlags>();
  Command& description = line.AddCommand(
      "describe", "The profile of a table's columns, through the gate",
      {"commissioning describe gp_patient",
       "commissioning describe gp_event --column cluster_id --table "
       "column_levels --format csv"},
      kTraitLists | kTraitReadsData | kTraitChanges | kTraitLocal);
  AddTableChoice(description, describe->choice);
  description.AddPositional("TABLE", &describe->table, "Table of the release")
      .AddOption("--column", &describe->columns, "Only these", "COLUMN")
      .AddOption("--release", &describe->release,
                 "Folder or name of the release", "RELEASE")
      .SetHandler([describe](const CommonFlags& flags) {
        return Describe(flags, *describe);
      });

  auto release = std::make_shared<std::string>();
  auto choice = std::make_shared<TableChoice>();
  Command& quality = line.AddCommand(
      "quality", "The linkage quality report, through the gate",
      {"commissioning quality",
       "commissioning quality --table linkage_summary --format csv"},
      kTraitLists | kTraitReadsData | kTraitChanges | kTraitLocal);
  AddTableChoice(quality, *choice);
  quality
      .AddOption("--release", release.get(), "Folder or name of the release",
                 "RELEASE")
      .SetHandler([release, choice](const CommonFlags& flags) {
        return Quality(flags, *release, *choice);
      });
}

}  // namespace

void AddDataCommands(CommandLine& line) {
  auto folder = std::make_shared<std::string>();
  auto tables = std::make_shared<std::vector<std::string>>();
  line.AddCommand(
          "verify",
          "Checks signature, digests and files of a release; any changed byte "
          "ends with 11",
          {"commissioning verify tally-work/frailty-2026/r2026-11",
           "commissioning verify tally-work/frailty-2026/r2026-11 --table "
           "gp_patient"},
          kTraitReadsData | kTraitLong | kTraitLocal)
      .AddPositional("DIR", folder.get(), "Folder or name of the release")
      .AddOption("--table", tables.get(),
                 "Only these tables were pulled and need to be there", "TABLE")
      .SetHandler([folder, tables](const CommonFlags& flags) {
        return Verify(flags, *folder, *tables);
      });

  auto sql = std::make_shared<SqlFlags>();
  line.AddCommand(
          "sql",
          "Runs one reading statement over the release's tables. Prints "
          "records: not for publication",
          {"commissioning sql \"SELECT count(*) FROM gp_patient\"",
           "commissioning sql --file query.sql --format csv"},
          kTraitLists | kTraitReadsData | kTraitLocal)
      .AddPositional("STATEMENT", &sql->statement, "One SELECT", false)
      .AddOption("--file", &sql->file, "Read the statement from a file", "FILE")
      .AddOption("--release", &sql->release, "Folder or name of the release",
                 "RELEASE")
      .SetHandler([sql](const CommonFlags& flags) { return Sql(flags, *sql); });
  AddProfileCommands(line);
}

}  // namespace tally::analytics
