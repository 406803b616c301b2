// measure list, measure describe, measure run.

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include "analytics/export/table_writers.h"
#include "analytics/measures/runner.h"
#include "base/exit_code.h"
#include "base/files.h"
#include "base/status.h"
#include "base/table_printer.h"
#include "commands.h"

namespace tally::analytics {
namespace {

constexpr int kTableFileMode = 0600;
constexpr int kFolderMode = 0700;

// Definitions can be listed without a configuration.
std::string DefinitionFolder(const CommonFlags& flags) {
  const absl::StatusOr<AnalystConfig> config = ReadConfig(flags);
  return config.ok() ? config->definitions : "";
}

absl::Status List(const CommonFlags& flags, const std::string& release) {
  std::unique_ptr<Workbench> bench;
  if (!release.empty()) {
    WorkbenchOptions options;
    options.release = release;
    options.needs_gate = false;
    TALLY_ASSIGN_OR_RETURN(bench, OpenWorkbench(flags, options));
  }
  const std::string folder = DefinitionFolder(flags);
  TablePrinter printer({"id", "version", "stage", "title", "state"});
  for (const std::string& id : MeasureIds()) {
    TALLY_ASSIGN_OR_RETURN(const MeasureDefinition definition,
                           LoadDefinition(id, folder));
    std::string state = "built in";
    if (bench != nullptr) {
      const auto unavailable =
          definition.Unavailable(*bench->folder, bench->config.comparators);
      state = unavailable.has_value() ? "not available: " + *unavailable
                                      : "available";
    }
    printer.AddRow({definition.id(), definition.version(),
                    int64_t{definition.stage()}, definition.title(), state});
  }
  return printer.Print(flags.json ? OutputFormat::kJson : flags.format);
}

absl::Status DescribeMeasure(const CommonFlags& flags, const std::string& id) {
  TALLY_ASSIGN_OR_RETURN(const MeasureDefinition definition,
                         LoadDefinition(id, DefinitionFolder(flags)));
  if (!flags.json) return PrintOut(definition.ToMarkdown());
  JsonValue outputs = JsonValue::MakeArray();
  for (const MeasureOutput& output : definition.outputs()) {
    JsonValue columns = JsonValue::MakeArray();
    for (const std::string& column : output.columns) columns.Append(column);
    JsonValue entry = JsonValue::MakeObject();
    entry.Set("table", output.table).Set("columns", std::move(columns));
    outputs.Append(std::move(entry));
  }
  JsonValue json = JsonValue::MakeObject();
  json.Set("id", definition.id())
      .Set("version", definition.version())
      .Set("title", definition.title())
      .Set("question", definition.question())
      .Set("stage", definition.stage())
      .Set("numerator", definition.numerator())
      .Set("denominator", definition.denominator())
      .Set("exclusions", definition.exclusions())
      .Set("direction", definition.direction())
      .Set("target", definition.target())
      .Set("interval", definition.interval())
      .Set("minimumCount", definition.minimum_count())
      .Set("owner", definition.owner())
      .Set("sha256", definition.sha256())
      .Set("outputs", std::move(outputs));
  return PrintOut(json.Dump() + "\n");
}

struct RunFlags {
  std::vector<std::string> ids;
  std::vector<std::string> by;
  std::string release;
  std::string month;
  std::string profile;
  std::string accept;
  std::string out;
};

// Writes one table as CSV, JSON and Parquet into a folder.
absl::Status WriteFiles(const Workbench& bench, const std::string& folder,
                        const GatedTable& table) {
  TALLY_RETURN_IF_ERROR(MakeDirectories(folder, kFolderMode));
  const std::string stem = JoinPath(
      folder,
      absl::StrFormat("%s-%s", table.info().measure_id, table.info().table));
  TALLY_RETURN_IF_ERROR(
      WriteFileAtomically(stem + ".csv", GatedCsv(table), kTableFileMode));
  TALLY_RETURN_IF_ERROR(WriteFileAtomically(
      stem + ".json", GatedJson(table).DumpPretty() + "\n", kTableFileMode));
  const std::string temp = JoinPath(bench.config.work_directory, "temp");
  TALLY_RETURN_IF_ERROR(MakeDirectories(temp, kFolderMode));
  const std::string part = stem + ".parquet.tmp";
  TALLY_RETURN_IF_ERROR(RemoveFile(part));
  TALLY_RETURN_IF_ERROR(WriteGatedParquet(table, part, temp));
  return RenameDurably(part, stem + ".parquet");
}

absl::Status PrintResult(const CommonFlags& flags, const MeasureResult& result,
                         JsonValue& json) {
  if (result.unavailable.has_value()) {
    Say(flags, absl::StrFormat("%s not available: %s", result.id,
                               *result.unavailable));
  }
  for (const GatedTable& table : result.tables) {
    if (flags.dry_run) {
      TALLY_RETURN_IF_ERROR(PrintTablePlan(flags, table, json));
      continue;
    }
    if (flags.json) {
      json.Append(GatedJson(table));
      continue;
    }
    Say(flags, absl::StrFormat("%s %s: %s (%s, profile %s, %d cells hidden)",
                               result.id, table.info().table,
                               table.info().title, table.info().period,
                               table.profile(), table.suppressed_cells()));
    TALLY_RETURN_IF_ERROR(GatedPrinter(table).Print(flags.format));
  }
  return absl::OkStatus();
}

// Names every table that was refused; the first one's status, for the exit
// code.
absl::Status FirstRefusal(const CommonFlags& flags,
                          const std::vector<MeasureResult>& results) {
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
  return first;
}

absl::Status RunMeasures(const CommonFlags& flags, const RunFlags& run) {
  for (const std::string& id : run.ids) {
    TALLY_RETURN_IF_ERROR(MakeMeasure(id).status());
  }
  RunOptions options;
  options.by = run.by;
  TALLY_ASSIGN_OR_RETURN(options.month, ParseMonth(run.month));
  WorkbenchOptions bench_options;
  bench_options.release = run.release;
  bench_options.profile = run.profile;
  bench_options.accepted_by = run.accept;
  TALLY_ASSIGN_OR_RETURN(const std::unique_ptr<Workbench> bench,
                         OpenWorkbench(flags, bench_options));
  options.comparators = bench->config.comparators;
  options.definitions = bench->config.definitions;
  MeasureRunner runner(*bench->folder, *bench->database, *bench->gate, options);
  ProgressReporter progress(flags.MakeProgressOptions());
  progress.Start("computing", bench->folder->manifest().release.ToText(),
                 static_cast<int64_t>(run.ids.size()), "measures");
  std::vector<MeasureResult> results;
  bool any = false;
  for (const std::string& id : run.ids) {
    TALLY_ASSIGN_OR_RETURN(MeasureResult result, runner.Run(id));
    any = any || !result.unavailable.has_value();
    results.push_back(std::move(result));
    progress.Add(1);
  }
  progress.Finish();
  JsonValue json = JsonValue::MakeArray();
  for (const MeasureResult& result : results) {
    TALLY_RETURN_IF_ERROR(PrintResult(flags, result, json));
    if (run.out.empty() || flags.dry_run) continue;
    for (const GatedTable& table : result.tables) {
      TALLY_RETURN_IF_ERROR(WriteFiles(*bench, run.out, table));
    }
  }
  if (!any) return NotFoundError("no measure is available in this release");
  if (flags.json) {
    JsonValue document = JsonValue::MakeObject();
    document.Set("tables", std::move(json));
    TALLY_RETURN_IF_ERROR(PrintOut(document.Dump() + "\n"));
  }
  return FirstRefusal(flags, results);
}

}  // namespace

void AddMeasureCommands(CommandLine& line) {
  auto listed = std::make_shared<std::string>();
  line.AddCommand("measure list", "Every measure that is built in",
                  {"commissioning measure list",
                   "commissioning measure list --release "
                   "tally-work/frailty-2026/r2026-11"},
                  kTraitLists)
      .AddOption("--release", listed.get(),
                 "Say which can be computed from this release", "RELEASE")
      .SetHandler(
          [listed](const CommonFlags& flags) { return List(flags, *listed); });

  auto described = std::make_shared<std::string>();
  line.AddCommand("measure describe", "The definition of one measure",
                  {"commissioning measure describe C03",
                   "commissioning measure describe C03 --json"})
      .AddPositional("ID", described.get(), "As in C03")
      .SetHandler([described](const CommonFlags& flags) {
        return DescribeMeasure(flags, *described);
      });

  auto run = std::make_shared<RunFlags>();
  line.AddCommand(
          "measure run", "Computes measures; prints what the gate lets pass",
          {"commissioning measure run C02 C03",
           "commissioning measure run C02 --by practice,sex --format csv"},
          kTraitLists | kTraitReadsData | kTraitChanges | kTraitLong)
      .AddPositionals("ID", &run->ids, "As in C03")
      .AddOption("--by", &run->by,
                 "Group by practice, sex, age_band, imd_decile, ethnicity",
                 "COLUMN")
      .AddOption("--release", &run->release, "Folder or name of the release",
                 "RELEASE")
      .AddOption("--month", &run->month,
                 "Reference month; default: the last that all sources cover",
                 "YYYY-MM")
      .AddOption("--profile", &run->profile,
                 "A stricter disclosure profile than the agreement's",
                 "PROFILE")
      .AddOption("--accept", &run->accept,
                 "Who accepts shares of 0 or 100 % in sensitive columns",
                 "NAME")
      .AddOption("--out", &run->out, "Write CSV, JSON and Parquet files here",
                 "DIR")
      .SetHandler(
          [run](const CommonFlags& flags) { return RunMeasures(flags, *run); });
}

}  // namespace tally::analytics
