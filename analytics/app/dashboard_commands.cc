// dashboard build, dashboard open.

#include <spawn.h>
#include <sys/wait.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include "analytics/export/output_place.h"
#include "analytics/export/table_files.h"
#include "analytics/measures/runner.h"
#include "analytics/plan/plan_run.h"
#include "base/civil_day.h"
#include "base/exit_code.h"
#include "base/files.h"
#include "base/process.h"
#include "base/status.h"
#include "base/table_printer.h"
#include "commands.h"

extern char** environ;

namespace tally::analytics {
namespace {

constexpr std::string_view kFileName = "dashboard.html";

// As a shell takes it for one word.
std::string ShellWord(const std::string& text) {
  constexpr std::string_view kPlain =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_./-+@%";
  if (text.find_first_not_of(kPlain) == std::string::npos) return text;
  std::string word = "'";
  for (const char c : text) word += c == '\'' ? "'\\''" : std::string(1, c);
  return word + "'";
}

struct BuildFlags {
  FigureFlags figures;
  std::string out;
  std::vector<std::string> pages;
};

absl::StatusOr<std::string> Build(Workbench& bench, const CommonFlags& flags,
                                  const BuildFlags& build) {
  TALLY_ASSIGN_OR_RETURN(RunOptions options, FigureOptions(build.figures));
  options.comparators = bench.config.comparators;
  options.definitions = bench.config.definitions;
  MeasureRunner runner(*bench.folder, *bench.database, *bench.gate, options);
  TALLY_ASSIGN_OR_RETURN(const CivilDay month, runner.Month());
  const std::vector<std::string> ids = MeasureRunOrder();
  ProgressReporter progress(flags.MakeProgressOptions());
  progress.Start("computing", bench.folder->manifest().release.ToText(),
                 static_cast<int64_t>(ids.size()), "measures");
  std::vector<MeasureResult> results;
  runner.Announce(ids);
  for (const std::string& id : ids) {
    TALLY_RETURN_IF_ERROR(CheckNotStopped());
    TALLY_ASSIGN_OR_RETURN(MeasureResult result, runner.Run(id));
    results.push_back(std::move(result));
    progress.Add(1);
  }
  progress.Finish();
  return BuildPage(*bench.folder, bench.gate->profile(), month, NowUtcRfc3339(),
                   build.pages, std::move(results));
}

std::string OutPath(const Workbench& bench, const BuildFlags& build) {
  if (!build.out.empty()) return build.out;
  // Beside the release, not in it: its folder holds what the hub signed.
  return bench.folder->path() + "-" + std::string(kFileName);
}

absl::Status WritePage(const std::string& path, const std::string& html) {
  TALLY_RETURN_IF_ERROR(MakeDirectories(DirectoryOf(path), kTableFolderMode));
  return WriteFileAtomically(path, html, kTableFileMode);
}

// The page by its path: with several releases, or with --out, `dashboard open`
// alone would look elsewhere.
void SayHowToOpen(const CommonFlags& flags, const std::string& path) {
  Say(flags, absl::StrFormat("next: commissioning dashboard open %s",
                             ShellWord(path)));
}

absl::Status BuildDashboard(const CommonFlags& flags, const BuildFlags& build) {
  // What passes the gate is registered as released: no figure for a mistake.
  TALLY_RETURN_IF_ERROR(CheckPagesExist(build.pages));
  TALLY_ASSIGN_OR_RETURN(const std::unique_ptr<Workbench> bench,
                         OpenWorkbench(flags, FigureBench(build.figures)));
  const std::string path = OutPath(*bench, build);
  TALLY_RETURN_IF_ERROR(CheckOutsideRelease(path, bench->folder->path()));
  TALLY_RETURN_IF_ERROR(CheckOutputFile(path, OutputKind::kPage));
  TALLY_ASSIGN_OR_RETURN(const std::string html, Build(*bench, flags, build));
  if (flags.dry_run) {
    Say(flags,
        absl::StrFormat("dry run: %s would have %d bytes", path, html.size()));
    return absl::OkStatus();
  }
  TALLY_RETURN_IF_ERROR(OutputStatus(WritePage(path, html), path));
  if (!flags.json) {
    TALLY_RETURN_IF_ERROR(PrintOut(path + "\n"));
    SayHowToOpen(flags, path);
    return absl::OkStatus();
  }
  JsonValue json = JsonValue::MakeObject();
  json.Set("path", path)
      .Set("bytes", std::to_string(html.size()))
      .Set("release", bench->folder->name())
      .Set("profile", bench->gate->profile().name());
  return PrintOut(json.Dump() + "\n");
}

struct OpenFlags {
  std::string file;
  std::string release;
};

absl::Status OpenDashboard(const CommonFlags& flags, const OpenFlags& open) {
  std::string path = open.file;
  if (!path.empty() && !open.release.empty()) {
    return UsageError("give a file or --release, not both");
  }
  if (path.empty()) {
    TALLY_ASSIGN_OR_RETURN(const AnalystConfig config, ReadConfig(flags));
    TALLY_ASSIGN_OR_RETURN(const std::string release,
                           FindRelease(config, open.release));
    path = release + "-" + std::string(kFileName);
  }
  if (!IsRegularFile(path)) {
    return NotFoundError(absl::StrFormat(
        "there is no page %s: `commissioning dashboard build` without --out "
        "puts it there; a page elsewhere is opened by its name, as in "
        "`commissioning dashboard open page.html`",
        path));
  }
  TALLY_RETURN_IF_ERROR(PrintOut(path + "\n"));
  if (!IsTerminal(1)) return absl::OkStatus();
  std::string program = "xdg-open";
  char* const arguments[] = {program.data(), path.data(), nullptr};
  pid_t child = 0;
  if (posix_spawnp(&child, program.c_str(), nullptr, nullptr, arguments,
                   environ) != 0) {
    Say(flags, "no browser could be started: open the file by hand");
    return absl::OkStatus();
  }
  int state = 0;
  waitpid(child, &state, 0);
  return absl::OkStatus();
}

}  // namespace

void AddDashboardCommands(CommandLine& line) {
  auto build = std::make_shared<BuildFlags>();
  Command& building = line.AddCommand(
      "dashboard build", "Writes the pages as one HTML file",
      {"commissioning dashboard build",
       "commissioning dashboard build --page needs,quality --out "
       "page.html"},
      kTraitReadsData | kTraitChanges | kTraitLong | kTraitLocal);
  AddFigureFlags(building, build->figures);
  building
      .AddOption("--out", &build->out,
                 "The file; default: beside the release's folder", "FILE")
      .AddOption("--page", &build->pages, "Only these pages", "PAGE")
      .SetHandler([build](const CommonFlags& flags) {
        return BuildDashboard(flags, *build);
      });

  auto open = std::make_shared<OpenFlags>();
  line.AddCommand("dashboard open", "Opens the page in a browser",
                  {"commissioning dashboard open",
                   "commissioning dashboard open --release "
                   "frailty-2026/r2026-11",
                   "commissioning dashboard open page.html"},
                  kTraitLocal)
      .AddPositional("FILE", &open->file,
                     "Default: the page beside the release's folder", false)
      .AddOption("--release", &open->release, "Folder or name of the release",
                 "RELEASE")
      .SetHandler([open](const CommonFlags& flags) {
        return OpenDashboard(flags, *open);
      });
}

}  // namespace tally::analytics
