// measure list, measure describe, measure run.

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include "analytics/measures/runner.h"
#include "base/exit_code.h"
#include "base/process.h"
#include "base/status.h"
#include "base/strings.h"
#include "base/table_printer.h"
#include "commands.h"

namespace tally::analytics {
namespace {

absl::Status List(const CommonFlags& flags, const std::string& release) {
  std::unique_ptr<Workbench> bench;
  if (!release.empty()) {
    WorkbenchOptions options;
    options.release = release;
    options.needs_gate = false;
    TALLY_ASSIGN_OR_RETURN(bench, OpenWorkbench(flags, options));
  }
  TALLY_ASSIGN_OR_RETURN(const std::string folder, DefinitionFolder(flags));
  TablePrinter printer({"id", "version", "stage", "title", "by", "state"});
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
                    int64_t{definition.stage()}, definition.title(),
                    JoinText(definition.by(), ","), state});
  }
  return printer.Print(flags.json ? OutputFormat::kJson : flags.format);
}

absl::Status DescribeMeasure(const CommonFlags& flags, const std::string& id) {
  TALLY_ASSIGN_OR_RETURN(const std::string folder, DefinitionFolder(flags));
  TALLY_ASSIGN_OR_RETURN(const MeasureDefinition definition,
                         LoadDefinition(MeasureIdOf(id), folder));
  if (!flags.json) return PrintOut(definition.ToMarkdown());
  JsonValue outputs = JsonValue::MakeArray();
  for (const MeasureOutput& output : definition.outputs()) {
    JsonValue columns = JsonValue::MakeArray();
    for (const std::string& column : output.columns) columns.Append(column);
    JsonValue entry = JsonValue::MakeObject();
    entry.Set("table", output.table).Set("columns", std::move(columns));
    outputs.Append(std::move(entry));
  }
  JsonValue by = JsonValue::MakeArray();
  for (const std::string& column : definition.by()) by.Append(column);
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
      .Set("by", std::move(by))
      .Set("outputs", std::move(outputs));
  return PrintOut(json.Dump() + "\n");
}

struct RunFlags {
  std::vector<std::string> ids;
  std::vector<std::string> by;
  FigureFlags figures;
  TableChoice choice;
};

absl::Status RunMeasures(const CommonFlags& flags, const RunFlags& wanted) {
  RunFlags run = wanted;
  TALLY_ASSIGN_OR_RETURN(const std::vector<MeasureDefinition> asked,
                         AskedMeasures(flags, run.ids, run.by));
  std::vector<std::string> planned;
  for (const MeasureDefinition& definition : asked) {
    for (const MeasureOutput& output : definition.outputs()) {
      planned.push_back(output.table);
    }
  }
  TALLY_RETURN_IF_ERROR(CheckTableChoice(flags, run.choice, planned));
  TALLY_ASSIGN_OR_RETURN(RunOptions options, FigureOptions(run.figures));
  options.by = run.by;
  options.tables = run.choice.tables;
  TALLY_ASSIGN_OR_RETURN(const std::unique_ptr<Workbench> bench,
                         OpenWorkbench(flags, FigureBench(run.figures)));
  options.comparators = bench->config.comparators;
  options.definitions = bench->config.definitions;
  MeasureRunner runner(*bench->folder, *bench->database, *bench->gate, options);
  ProgressReporter progress(flags.MakeProgressOptions());
  progress.Start("computing", bench->folder->manifest().release.ToText(),
                 static_cast<int64_t>(run.ids.size()), "measures");
  std::vector<MeasureResult> results;
  std::vector<GatedTable> tables;
  runner.Announce(run.ids);
  for (const std::string& id : run.ids) {
    TALLY_RETURN_IF_ERROR(CheckNotStopped());
    TALLY_ASSIGN_OR_RETURN(MeasureResult result, runner.Run(id));
    for (GatedTable& table : result.tables) tables.push_back(std::move(table));
    results.push_back(std::move(result));
    progress.Add(1);
  }
  progress.Finish();
  SayWhatIsMissing(flags, results);
  TALLY_RETURN_IF_ERROR(PrintTables(flags, *bench, run.choice, tables));
  return WhatIsMissing(flags, results, !run.choice.tables.empty());
}

}  // namespace

void AddMeasureCommands(CommandLine& line) {
  auto listed = std::make_shared<std::string>();
  line.AddCommand("measure list", "Every measure that is built in",
                  {"commissioning measure list",
                   "commissioning measure list --release "
                   "tally-work/frailty-2026/r2026-11"},
                  kTraitLists | kTraitLocal)
      .AddOption("--release", listed.get(),
                 "Say which can be computed from this release", "RELEASE")
      .SetHandler(
          [listed](const CommonFlags& flags) { return List(flags, *listed); });

  auto described = std::make_shared<std::string>();
  line.AddCommand("measure describe", "The definition of one measure",
                  {"commissioning measure describe C03",
                   "commissioning measure describe C03 --json"},
                  kTraitLocal)
      .AddPositional("ID", described.get(), "A measure, as in C03")
      .SetHandler([described](const CommonFlags& flags) {
        return DescribeMeasure(flags, *described);
      });

  auto run = std::make_shared<RunFlags>();
  Command& running = line.AddCommand(
      "measure run", "Computes measures; prints what the gate lets pass",
      {"commissioning measure run C02 C03 --out tables",
       "commissioning measure run C03 --by practice,sex --format csv"},
      kTraitLists | kTraitReadsData | kTraitChanges | kTraitLong | kTraitLocal);
  AddTableChoice(running, run->choice);
  running.AddPositionals("ID", &run->ids, "Measures, as in C02 C03")
      .SetHandler(
          [run](const CommonFlags& flags) { return RunMeasures(flags, *run); });
  AddFigureFlags(running, run->figures);
  AddGroupingFlag(running, run->by);
}

}  // namespace tally::analytics
