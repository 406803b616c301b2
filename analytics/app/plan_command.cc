// run: every figure of a plan, into one folder.

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include "analytics/export/output_place.h"
#include "analytics/export/table_files.h"
#include "analytics/plan/plan.h"
#include "analytics/plan/plan_run.h"
#include "analytics/plan/run_folder.h"
#include "base/exit_code.h"
#include "base/files.h"
#include "base/status.h"
#include "base/strings.h"
#include "base/table_printer.h"
#include "commands.h"

namespace tally::analytics {
namespace {

struct PlanFlags {
  std::string plan;
  bool all = false;
  FigureFlags figures;
  std::string out;
};

absl::StatusOr<Plan> ReadPlan(const CommonFlags& flags, const PlanFlags& run) {
  if (run.all != run.plan.empty()) {
    return UsageError(
        run.all ? "give a plan or --all, not both"
                : "name a plan, as in `commissioning run plan.toml`, or take "
                  "every measure of the release with --all");
  }
  if (run.all) return PlanOfEverything();
  TALLY_ASSIGN_OR_RETURN(const std::string text,
                         ReadFile(run.plan, kMaxPlanBytes));
  TALLY_ASSIGN_OR_RETURN(const std::string definitions,
                         DefinitionFolder(flags));
  return ParsePlan(text, run.plan, definitions);
}

// "plans/plan.toml" -> WORK/runs/PROJECT/RELEASE/plan.
std::string RunPath(const Workbench& bench, const PlanFlags& run) {
  if (!run.out.empty()) return run.out;
  std::string name = run.all ? "all" : BaseNameOf(run.plan);
  if (name.ends_with(".toml")) name.resize(name.size() - 5);
  std::string path = JoinPath(bench.config.work_directory, "runs");
  if (bench.folder->synthetic()) path = JoinPath(path, "synthetic");
  path = JoinPath(path, bench.folder->manifest().project);
  path = JoinPath(path, bench.folder->manifest().release.ToText());
  return JoinPath(path, name);
}

int64_t HiddenCells(const StepOutcome& step) {
  int64_t hidden = 0;
  for (const GatedTable& table : step.tables) {
    hidden += table.suppressed_cells();
  }
  return hidden;
}

// What a dry run says: a row a table, and a row a step that has none.
absl::Status PrintPlannedTables(const CommonFlags& flags,
                                const PlanOutcome& outcome) {
  TablePrinter printer({"step", "measure", "table", "state", "rows", "columns",
                        "hidden_cells", "reason"});
  const auto add = [&](const StepOutcome& step, const std::string& table,
                       const std::string& state, int64_t rows, int64_t columns,
                       int64_t hidden, const std::string& reason) {
    printer.AddRow({step.step.id,
                    step.step.is_dashboard() ? "dashboard" : step.step.measure,
                    table, state, rows, columns, hidden, reason});
  };
  for (const StepOutcome& step : outcome.steps) {
    for (const GatedTable& table : step.tables) {
      add(step, table.info().table, "would be printed",
          static_cast<int64_t>(table.rows()),
          static_cast<int64_t>(table.columns().size()),
          table.suppressed_cells(), "");
    }
    for (const RefusedTable& table : step.refused) {
      add(step, table.table, "refused", 0, 0, 0,
          std::string(ToStd(table.status.message())));
    }
    for (const MissingTable& table : step.missing) {
      add(step, table.table, "not available", 0, 0, 0, table.reason);
    }
    if (step.tables.empty() && step.refused.empty() && step.missing.empty()) {
      const bool page = step.step.is_dashboard() && !step.page.empty();
      add(step, "",
          page ? "would be printed" : std::string(StepStateName(step.state)), 0,
          0, 0, step.reason);
    }
  }
  return printer.Print(flags.format);
}

absl::Status PrintOutcome(const CommonFlags& flags, const PlanOutcome& outcome,
                          const std::string& folder, ExitCode code) {
  if (flags.json) {
    JsonValue steps = JsonValue::MakeArray();
    for (const StepOutcome& step : outcome.steps) {
      JsonValue entry = JsonValue::MakeObject();
      JsonValue tables = JsonValue::MakeArray();
      for (const GatedTable& table : step.tables) {
        TALLY_RETURN_IF_ERROR(PrintTablePlan(flags, table, tables));
      }
      if (flags.dry_run) entry.Set("planned", std::move(tables));
      entry.Set("id", step.step.id)
          .Set("measure", step.step.measure)
          .Set("state", StepStateName(step.state))
          .Set("reason", step.reason)
          .Set("tables", static_cast<int64_t>(step.tables.size()))
          .Set("hiddenCells", HiddenCells(step));
      steps.Append(std::move(entry));
    }
    JsonValue json = JsonValue::MakeObject();
    json.Set("folder", folder)
        .Set("exitCode", static_cast<int>(code))
        .Set("steps", std::move(steps));
    return PrintOut(json.Dump() + "\n");
  }
  if (flags.dry_run) return PrintPlannedTables(flags, outcome);
  TablePrinter printer(
      {"step", "measure", "state", "tables", "hidden_cells", "reason"});
  for (const StepOutcome& step : outcome.steps) {
    printer.AddRow({step.step.id,
                    step.step.is_dashboard() ? "dashboard" : step.step.measure,
                    std::string(StepStateName(step.state)),
                    static_cast<int64_t>(step.tables.size()), HiddenCells(step),
                    step.reason});
  }
  return printer.Print(flags.format);
}

absl::StatusOr<ExitCode> RunThePlan(const CommonFlags& flags,
                                    const PlanFlags& run) {
  TALLY_ASSIGN_OR_RETURN(const Plan plan, ReadPlan(flags, run));
  TALLY_ASSIGN_OR_RETURN(RunOptions options, FigureOptions(run.figures));
  if (!options.month.has_value()) options.month = plan.month;
  WorkbenchOptions bench_options = FigureBench(run.figures);
  if (bench_options.release.empty()) bench_options.release = plan.release;
  if (bench_options.profile.empty()) bench_options.profile = plan.profile;
  absl::StatusOr<std::unique_ptr<Workbench>> opened =
      OpenWorkbench(flags, bench_options);
  if (ExitCodeOf(opened.status()) == kExitNotFound &&
      run.figures.release.empty() && !run.all) {
    return NotFoundError(absl::StrFormat(
        "%s: there is no release %s here: pull it with `commissioning pull "
        "%s`, or name another with --release",
        plan.file, plan.release, plan.release));
  }
  if (ExitCodeOf(opened.status()) == kExitNotPermitted &&
      plan.profile_line > 0 && run.figures.profile.empty()) {
    return NotPermittedError(plan.At(plan.profile_line) +
                             std::string(ToStd(opened.status().message())));
  }
  TALLY_ASSIGN_OR_RETURN(const std::unique_ptr<Workbench> bench,
                         std::move(opened));
  options.comparators = bench->config.comparators;
  options.definitions = bench->config.definitions;
  ProgressReporter progress(flags.MakeProgressOptions());
  const PlanGround ground{*bench->folder, *bench->database, *bench->gate,
                          std::move(options), &progress};
  RunFolderOptions out;
  TALLY_ASSIGN_OR_RETURN(out.path, ResolveOutput(RunPath(*bench, run)));
  out.temp = JoinPath(bench->config.work_directory, "temp");
  TALLY_ASSIGN_OR_RETURN(out.inputs, ReadRunInputs(bench->config.comparators,
                                                   bench->config.definitions));
  out.threads = bench->config.threads;
  TALLY_RETURN_IF_ERROR(CheckRunFolder(out.path, *bench->folder));
  TALLY_RETURN_IF_ERROR(CheckOutputFolder(DirectoryOf(out.path)));
  TALLY_ASSIGN_OR_RETURN(const PlanOutcome outcome, RunPlan(plan, ground));
  const ExitCode code = outcome.Code(run.all);
  if (flags.dry_run) {
    Say(flags, absl::StrFormat("dry run: %s would be written", out.path));
  } else {
    TALLY_RETURN_IF_ERROR(
        OutputStatus(WriteRunFolder(plan, outcome, ground, out), out.path));
    Say(flags, absl::StrFormat("written: %s", out.path));
  }
  TALLY_RETURN_IF_ERROR(
      PrintOutcome(flags, outcome, flags.dry_run ? "" : out.path, code));
  return code;
}

}  // namespace

void AddPlanCommand(CommandLine& line) {
  auto run = std::make_shared<PlanFlags>();
  Command& running = line.AddCommand(
      "run",
      "Computes every figure of a plan into one folder: tables, page, "
      "digests, and what is missing with its reason. The same plan on the "
      "same release gives the same bytes, as long as the gate knows the same "
      "earlier tables",
      {"commissioning run plan.toml",
       "commissioning run plan.toml --release "
       "tally-work/synthetic/frailty-2026/r2026-11",
       "commissioning run --all --out everything"},
      kTraitLists | kTraitReadsData | kTraitChanges | kTraitLong | kTraitLocal);
  AddFigureFlags(running, run->figures, true);
  running
      .AddPositional("PLAN", &run->plan, "A plan, docs/spec/plan-v1.md", false)
      .AddFlag("--all", &run->all,
               "No plan: every measure that the release can carry, and the "
               "page")
      .AddOption("--out", &run->out,
                 "The folder; default: WORK/runs/PROJECT/RELEASE/PLAN", "DIR")
      .SetHandler(
          [run](const CommonFlags& flags) { return RunThePlan(flags, *run); });
}

}  // namespace tally::analytics
