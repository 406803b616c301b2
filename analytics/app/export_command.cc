// export: gated tables of measures as a workbook, CSV, Parquet or JSON.

#include <algorithm>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include "analytics/export/output_place.h"
#include "analytics/export/table_files.h"
#include "analytics/export/workbook.h"
#include "analytics/measures/agreement.h"
#include "analytics/measures/runner.h"
#include "base/exit_code.h"
#include "base/files.h"
#include "base/process.h"
#include "base/status.h"
#include "base/table_printer.h"
#include "commands.h"

namespace tally::analytics {
namespace {

struct ExportFlags {
  std::vector<std::string> ids;
  std::string format;  // empty: what the ending of --out says, else xlsx
  std::vector<std::string> by;
  FigureFlags figures;
  std::string out;
  bool one_file = false;  // --out is the file of the one table
};

// The tables of the measures. What is not available is said where it was asked
// for by name, and listed with its reason where everything was.
absl::StatusOr<std::vector<MeasureResult>> ComputeResults(
    const CommonFlags& flags, Workbench& bench, const ExportFlags& wanted) {
  TALLY_ASSIGN_OR_RETURN(RunOptions options, FigureOptions(wanted.figures));
  options.by = wanted.by;
  options.comparators = bench.config.comparators;
  options.definitions = bench.config.definitions;
  MeasureRunner runner(*bench.folder, *bench.database, *bench.gate, options);
  const std::vector<std::string> ids =
      wanted.ids.empty() ? MeasureRunOrder() : wanted.ids;
  ProgressReporter progress(flags.MakeProgressOptions());
  progress.Start("computing", bench.folder->manifest().release.ToText(),
                 static_cast<int64_t>(ids.size()), "measures");
  std::vector<MeasureResult> results;
  size_t tables = 0;
  runner.Announce(ids);
  for (const std::string& id : ids) {
    TALLY_RETURN_IF_ERROR(CheckNotStopped());
    TALLY_ASSIGN_OR_RETURN(MeasureResult result, runner.Run(id));
    tables += result.tables.size();
    results.push_back(std::move(result));
    progress.Add(1);
  }
  progress.Finish();
  SayWhatIsMissing(flags, results);
  if (tables > 0) return results;
  TALLY_RETURN_IF_ERROR(WhatIsMissing(flags, results, false));
  return NotFoundError("no measure is available in this release");
}

// What a release cannot carry counts only where it was asked for by name.
absl::Status ExportMissing(const CommonFlags& flags, const ExportFlags& wanted,
                           std::vector<MeasureResult> results) {
  if (wanted.ids.empty()) {
    std::erase_if(results, [](const MeasureResult& result) {
      return result.refused.empty();
    });
  }
  return WhatIsMissing(flags, results, false);
}

// "csv" of "tables/figures.csv", in lower case; empty without an ending.
std::string EndingOf(const std::string& path) {
  const std::string name = BaseNameOf(path);
  const size_t dot = name.rfind('.');
  if (dot == std::string::npos || dot == 0) return "";
  std::string ending = name.substr(dot + 1);
  for (char& c : ending) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return ending;
}

// A folder may have a dot in its name, but not an ending by which people and
// programs take it for a file.
bool EndsLikeAFile(const std::string& ending) {
  constexpr std::string_view kEndings[] = {
      "csv", "tsv", "txt",  "json", "jsonl", "parquet", "xlsx", "xls", "ods",
      "pdf", "doc", "docx", "odt",  "html",  "htm",     "toml", "zip", "md"};
  return std::find(std::begin(kEndings), std::end(kEndings), ending) !=
         std::end(kEndings);
}

// Without --format: figures.csv is one CSV file, and so of one table.
absl::Status CheckOneTable(const std::vector<MeasureDefinition>& asked,
                           const ExportFlags& wanted) {
  if (asked.size() == 1 && asked.front().outputs().size() == 1) {
    return absl::OkStatus();
  }
  return UsageError(absl::StrFormat(
      "%s is one file, and this would write several tables: name a folder, as "
      "in --format %s --out tables",
      wanted.out, wanted.format));
}

// --format, or what the ending of --out says; the two have to fit.
absl::Status FindFormat(const std::vector<MeasureDefinition>& asked,
                        ExportFlags& wanted) {
  const std::string ending = EndingOf(wanted.out);
  const bool one_table =
      ending == "csv" || ending == "json" || ending == "parquet";
  if (wanted.format.empty() && one_table) {
    wanted.format = ending;
    wanted.one_file = true;
    return CheckOneTable(asked, wanted);
  }
  if (wanted.format.empty()) wanted.format = "xlsx";
  if (wanted.out.empty()) return absl::OkStatus();
  if (wanted.format == "xlsx") {
    if (ending == "xlsx") return absl::OkStatus();
    return UsageError(absl::StrFormat(
        "--out %s: a workbook is a file whose name ends in .xlsx, as in --out "
        "tables.xlsx; a folder of files is --format csv, json or parquet",
        wanted.out));
  }
  if (!EndsLikeAFile(ending)) return absl::OkStatus();
  return UsageError(absl::StrFormat(
      "--out %s: --format %s writes a file a table into a folder, as in --out "
      "tables; one table in one file is --out figures.%s without --format",
      wanted.out, wanted.format, wanted.format));
}

// Beside the release, not in it.
std::string ExportPath(const Workbench& bench, const ExportFlags& wanted) {
  if (!wanted.out.empty()) return wanted.out;
  const std::string path = bench.folder->path() + "-tables";
  return wanted.format == "xlsx" ? path + ".xlsx" : path;
}

// Before anything is computed. Files in a folder are known by their names,
// C03-prevalence.csv; a name that the user gave may be anybody's.
absl::Status CheckExportPlace(const std::string& path,
                              const ExportFlags& wanted,
                              const std::vector<MeasureDefinition>& asked) {
  if (wanted.format == "xlsx") {
    return CheckOutputFile(path, OutputKind::kWorkbook);
  }
  if (!wanted.one_file) return CheckOutputFolder(path);
  const OutputKind kind = wanted.format == "csv"    ? OutputKind::kCsv
                          : wanted.format == "json" ? OutputKind::kJson
                                                    : OutputKind::kParquet;
  const MeasureDefinition& measure = asked.front();
  std::vector<std::string> columns = measure.outputs().front().columns;
  columns.insert(columns.end(), measure.by().begin(), measure.by().end());
  return CheckOutputFile(path, kind, columns);
}

absl::StatusOr<std::vector<std::string>> WriteExport(
    const Workbench& bench, const ExportFlags& wanted, const std::string& path,
    const std::vector<GatedTable>& tables) {
  const std::string temp = JoinPath(bench.config.work_directory, "temp");
  if (wanted.format == "xlsx") {
    TALLY_ASSIGN_OR_RETURN(const AgreementFacts agreement,
                           ReadAgreement(*bench.folder));
    const WorkbookFacts facts{agreement.title, bench.folder->name(),
                              bench.folder->manifest().created,
                              bench.folder->manifest().environment};
    TALLY_RETURN_IF_ERROR(WriteWorkbook(tables, facts, path, temp));
    return std::vector<std::string>{path};
  }
  const TableFormat format = wanted.format == "csv"    ? TableFormat::kCsv
                             : wanted.format == "json" ? TableFormat::kJson
                                                       : TableFormat::kParquet;
  TALLY_RETURN_IF_ERROR(MarkMadeUp(wanted.one_file ? DirectoryOf(path) : path,
                                   bench.folder->manifest().environment));
  std::vector<std::string> files;
  for (const GatedTable& table : tables) {
    const TableInfo& info = table.info();
    TALLY_ASSIGN_OR_RETURN(
        const std::vector<std::string> written,
        WriteTableFiles(
            table,
            wanted.one_file
                ? path.substr(0, path.rfind('.'))
                : JoinPath(path, absl::StrFormat("%s-%s", info.measure_id,
                                                 info.table)),
            temp, {format}));
    files.insert(files.end(), written.begin(), written.end());
  }
  return files;
}

absl::Status Export(const CommonFlags& flags, const ExportFlags& asked) {
  ExportFlags wanted = asked;
  TALLY_ASSIGN_OR_RETURN(const std::vector<MeasureDefinition> definitions,
                         AskedMeasures(flags, wanted.ids, wanted.by));
  TALLY_RETURN_IF_ERROR(FindFormat(definitions, wanted));
  TALLY_ASSIGN_OR_RETURN(const std::unique_ptr<Workbench> bench,
                         OpenWorkbench(flags, FigureBench(wanted.figures)));
  const std::string path = ExportPath(*bench, wanted);
  TALLY_RETURN_IF_ERROR(CheckOutsideRelease(path, bench->folder->path()));
  TALLY_RETURN_IF_ERROR(CheckExportPlace(path, wanted, definitions));
  TALLY_ASSIGN_OR_RETURN(const std::vector<MeasureResult> results,
                         ComputeResults(flags, *bench, wanted));
  std::vector<GatedTable> tables;
  for (const MeasureResult& result : results) {
    tables.insert(tables.end(), result.tables.begin(), result.tables.end());
  }
  JsonValue list = JsonValue::MakeArray();
  if (flags.dry_run) {
    Say(flags, absl::StrFormat("dry run: %s would be written", path));
    for (const GatedTable& table : tables) {
      TALLY_RETURN_IF_ERROR(PrintTablePlan(flags, table, list));
    }
  } else {
    const absl::StatusOr<std::vector<std::string>> files =
        WriteExport(*bench, wanted, path, tables);
    TALLY_RETURN_IF_ERROR(OutputStatus(files.status(), path));
    for (const std::string& file : *files) {
      list.Append(file);
      if (!flags.json) TALLY_RETURN_IF_ERROR(PrintOut(file + "\n"));
    }
  }
  if (!flags.json) return ExportMissing(flags, wanted, results);
  JsonValue json = JsonValue::MakeObject();
  json.Set("release", bench->folder->name())
      .Set("profile", bench->gate->profile().name())
      .Set(flags.dry_run ? "tables" : "files", std::move(list));
  TALLY_RETURN_IF_ERROR(PrintOut(json.Dump() + "\n"));
  return ExportMissing(flags, wanted, results);
}

}  // namespace

void AddExportCommand(CommandLine& line) {
  auto wanted = std::make_shared<ExportFlags>();
  Command& exporting = line.AddCommand(
      "export",
      "Writes tables of measures, through the gate, as a workbook fit to "
      "publish or as CSV, Parquet or JSON files",
      {"commissioning export C02 C03",
       "commissioning export C03 --by practice --format csv --out tables",
       "commissioning export --out board-paper.xlsx"},
      kTraitReadsData | kTraitChanges | kTraitLong | kTraitLocal);
  AddFigureFlags(exporting, wanted->figures);
  AddGroupingFlag(exporting, wanted->by);
  exporting
      .AddPositionals("ID", &wanted->ids,
                      "Measures, as in C02 C03; default: every measure that "
                      "the release can carry",
                      0)
      .AddChoice(
          "--format", &wanted->format, {"xlsx", "csv", "parquet", "json"},
          "One workbook, or a file a table; default: as --out ends, else "
          "xlsx")
      .AddOption("--out", &wanted->out,
                 "The workbook, NAME.xlsx; with --format csv, json or parquet "
                 "the folder of the files; default: beside the release's "
                 "folder",
                 "PATH")
      .SetHandler([wanted](const CommonFlags& flags) {
        return Export(flags, *wanted);
      });
}

}  // namespace tally::analytics
