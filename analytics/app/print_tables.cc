// How commands that print gated tables print them: one table or several, to
// standard output or to files.

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include "analytics/export/output_place.h"
#include "analytics/export/table_files.h"
#include "analytics/export/table_writers.h"
#include "base/exit_code.h"
#include "base/files.h"
#include "base/status.h"
#include "base/strings.h"
#include "base/table_printer.h"
#include "commands.h"

namespace tally::analytics {
namespace {

bool IsChosen(const TableChoice& choice, const std::string& table) {
  return choice.tables.empty() ||
         std::find(choice.tables.begin(), choice.tables.end(), table) !=
             choice.tables.end();
}

absl::Status WriteToFiles(const CommonFlags& flags, const Workbench& bench,
                          const TableChoice& choice,
                          const std::vector<GatedTable>& tables) {
  TALLY_RETURN_IF_ERROR(CheckOutsideRelease(choice.out, bench.folder->path()));
  const std::string temp = JoinPath(bench.config.work_directory, "temp");
  if (!tables.empty()) {
    TALLY_RETURN_IF_ERROR(OutputStatus(
        MarkMadeUp(choice.out, bench.folder->manifest().environment),
        choice.out));
  }
  TablePrinter printer({"measure", "table", "hidden_cells", "file"});
  for (const GatedTable& table : tables) {
    const TableInfo& info = table.info();
    if (!IsChosen(choice, info.table)) continue;
    const absl::StatusOr<std::vector<std::string>> files = WriteTableFiles(
        table,
        JoinPath(choice.out,
                 absl::StrFormat("%s-%s", info.measure_id, info.table)),
        temp, {std::begin(kAllTableFormats), std::end(kAllTableFormats)});
    TALLY_RETURN_IF_ERROR(OutputStatus(files.status(), choice.out));
    for (const std::string& file : *files) {
      printer.AddRow(
          {info.measure_id, info.table, table.suppressed_cells(), file});
    }
  }
  return printer.Print(flags.json ? OutputFormat::kJson : flags.format);
}

absl::Status PrintAsJson(const CommonFlags& flags, const TableChoice& choice,
                         const std::vector<GatedTable>& tables) {
  JsonValue list = JsonValue::MakeArray();
  for (const GatedTable& table : tables) {
    if (!IsChosen(choice, table.info().table)) continue;
    if (flags.dry_run) {
      TALLY_RETURN_IF_ERROR(PrintTablePlan(flags, table, list));
    } else {
      list.Append(GatedJson(table));
    }
  }
  JsonValue json = JsonValue::MakeObject();
  json.Set("tables", std::move(list));
  return PrintOut(json.Dump() + "\n");
}

}  // namespace

void AddTableChoice(Command& command, TableChoice& choice) {
  command
      .AddOption("--table", &choice.tables,
                 "Print only these of the tables; `measure describe` names "
                 "them",
                 "TABLE")
      .AddOption("--out", &choice.out,
                 "Write CSV, JSON and Parquet files here, and list them",
                 "DIR");
}

absl::Status CheckTableChoice(const CommonFlags& flags,
                              const TableChoice& choice,
                              const std::vector<std::string>& known) {
  for (const std::string& table : choice.tables) {
    if (std::find(known.begin(), known.end(), table) != known.end()) continue;
    return NotFoundError(
        absl::StrFormat("there is no table %s to print; there are %s", table,
                        JoinText(known, ", ")));
  }
  if (!choice.out.empty()) {
    TALLY_RETURN_IF_ERROR(CheckOutputFolder(choice.out));
  }
  std::vector<std::string> printed;
  for (const std::string& table : known) {
    if (IsChosen(choice, table)) printed.push_back(table);
  }
  const bool one_stream = !flags.json && !flags.dry_run &&
                          flags.format == OutputFormat::kCsv &&
                          choice.out.empty();
  if (!one_stream || printed.size() < 2) return absl::OkStatus();
  return UsageError(absl::StrFormat(
      "a CSV stream holds one table and this would print %d (%s): name one "
      "with --table, or write a file each with --out DIR",
      printed.size(), JoinText(printed, ", ")));
}

absl::Status PrintTables(const CommonFlags& flags, const Workbench& bench,
                         const TableChoice& choice,
                         const std::vector<GatedTable>& tables) {
  if (!choice.out.empty() && !flags.dry_run) {
    return WriteToFiles(flags, bench, choice, tables);
  }
  if (flags.json) return PrintAsJson(flags, choice, tables);
  size_t printed = 0;
  for (const GatedTable& table : tables) {
    printed += IsChosen(choice, table.info().table);
  }
  const bool named = flags.format == OutputFormat::kJsonl && printed > 1;
  for (const GatedTable& table : tables) {
    const TableInfo& info = table.info();
    if (!IsChosen(choice, info.table)) continue;
    if (flags.dry_run) {
      JsonValue none = JsonValue::MakeArray();
      TALLY_RETURN_IF_ERROR(PrintTablePlan(flags, table, none));
      continue;
    }
    Say(flags,
        absl::StrFormat("%s %s: %s (%s, profile %s, %d cells hidden)",
                        info.measure_id, info.table, info.title, info.period,
                        table.profile(), table.suppressed_cells()));
    TALLY_RETURN_IF_ERROR(GatedPrinter(table, named).Print(flags.format));
  }
  return absl::OkStatus();
}

void SayWhatIsMissing(const CommonFlags& flags,
                      const std::vector<MeasureResult>& results) {
  for (const MeasureResult& result : results) {
    if (result.unavailable.has_value()) {
      Say(flags, absl::StrFormat("%s not available: %s", result.id,
                                 *result.unavailable));
    }
    for (const MissingTable& missing : result.missing) {
      Say(flags, absl::StrFormat("%s %s not available: %s", result.id,
                                 missing.table, missing.reason));
    }
    if (!result.gated_for_others.empty()) {
      Say(flags,
          absl::StrFormat("%s: also registered as released, because it is "
                          "computed from them: %s",
                          result.id, JoinText(result.gated_for_others, ", ")));
    }
  }
}

absl::Status WhatIsMissing(const CommonFlags& flags,
                           const std::vector<MeasureResult>& results,
                           bool tables_named) {
  absl::Status first;
  for (const MeasureResult& result : results) {
    for (const RefusedTable& refused : result.refused) {
      if (first.ok()) {
        first = refused.status;
      } else {
        Say(flags, absl::StrFormat("%s %s refused: %s", result.id,
                                   refused.table, refused.status.message()));
      }
    }
  }
  if (!first.ok()) return first;
  std::vector<std::string> missing;
  for (const MeasureResult& result : results) {
    const bool nothing = result.tables.empty() && result.refused.empty();
    if (tables_named && !result.missing.empty()) {
      for (const MissingTable& table : result.missing) {
        missing.push_back(absl::StrFormat("%s %s", result.id, table.table));
      }
    } else if (result.unavailable.has_value() || nothing) {
      missing.push_back(result.id);
    }
  }
  if (missing.empty()) return absl::OkStatus();
  return NotFoundError("not available: " + JoinText(missing, ", "));
}

}  // namespace tally::analytics
