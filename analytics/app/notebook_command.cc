// notebook: starter notebooks for a release.

#include <filesystem>
#include <memory>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include "analytics/export/notebook.h"
#include "analytics/export/output_place.h"
#include "analytics/export/table_files.h"
#include "base/exit_code.h"
#include "base/files.h"
#include "base/status.h"
#include "base/table_printer.h"
#include "commands.h"

namespace tally::analytics {
namespace {

struct NotebookFlags {
  std::string release;   // RELEASE
  std::string released;  // --release
  std::string language = "both";
  std::string out;
};

// Where this program lies, so that a kernel with another PATH finds it.
std::string OwnProgram() {
  std::error_code error;
  const std::filesystem::path path =
      std::filesystem::read_symlink("/proc/self/exe", error);
  return error ? "commissioning" : path.string();
}

absl::Status WriteNotebooks(const CommonFlags& flags,
                            const NotebookFlags& wanted) {
  if (!wanted.release.empty() && !wanted.released.empty()) {
    return UsageError("give RELEASE or --release, not both");
  }
  TALLY_ASSIGN_OR_RETURN(const AnalystConfig config, ReadConfig(flags));
  TALLY_ASSIGN_OR_RETURN(
      const std::string path,
      FindRelease(config,
                  wanted.release.empty() ? wanted.released : wanted.release));
  OpenOptions open;
  open.release_key = config.release_key;
  open.allow_absent_tables = true;
  TALLY_ASSIGN_OR_RETURN(const ReleaseFolder folder,
                         ReleaseFolder::Open(path, open));
  NotebookFacts facts = FactsForNotebook(folder);
  facts.program = OwnProgram();
  if (!flags.config.empty()) {
    TALLY_ASSIGN_OR_RETURN(facts.config, ResolveOutput(flags.config));
  }
  // The same name wherever it lies: RELEASE-notebook.
  const std::string stem =
      (wanted.out.empty() ? folder.path()
                          : JoinPath(wanted.out, BaseNameOf(folder.path()))) +
      "-notebook";
  TALLY_RETURN_IF_ERROR(CheckOutsideRelease(stem, folder.path()));
  std::vector<std::pair<std::string, std::string>> files;
  if (wanted.language != "r") {
    files.emplace_back(stem + ".ipynb", PythonNotebook(facts));
  }
  if (wanted.language != "python") {
    files.emplace_back(stem + ".qmd", QuartoNotebook(facts));
  }
  for (const auto& [file, text] : files) {
    if (!FileExists(file)) continue;
    return ConflictError(absl::StrFormat(
        "%s is there already, perhaps with your work in it: move it, or name "
        "another folder with --out",
        file));
  }
  TALLY_RETURN_IF_ERROR(CheckOutputFolder(DirectoryOf(stem)));
  JsonValue list = JsonValue::MakeArray();
  for (const auto& [file, text] : files) {
    if (flags.dry_run) {
      Say(flags, absl::StrFormat("dry run: %s would be written", file));
      continue;
    }
    TALLY_RETURN_IF_ERROR(OutputStatus(
        MakeDirectories(DirectoryOf(file), kTableFolderMode), file));
    TALLY_RETURN_IF_ERROR(
        OutputStatus(CreateFileExclusive(file, text, kTableFileMode), file));
    list.Append(file);
    if (!flags.json) TALLY_RETURN_IF_ERROR(PrintOut(file + "\n"));
  }
  if (!flags.json) return absl::OkStatus();
  JsonValue json = JsonValue::MakeObject();
  json.Set("release", facts.release).Set("files", std::move(list));
  return PrintOut(json.Dump() + "\n");
}

}  // namespace

void AddNotebookCommand(CommandLine& line) {
  auto wanted = std::make_shared<NotebookFlags>();
  line.AddCommand(
          "notebook",
          "Writes starter notebooks for a release: Python (.ipynb) and R "
          "(.qmd)",
          {"commissioning notebook",
           "commissioning notebook frailty-2026/r2026-11 --language r --out "
           "notebooks"},
          kTraitChanges | kTraitLocal)
      .AddPositional("RELEASE", &wanted->release,
                     "Folder or name of the release; default: the only one",
                     false)
      .AddOption("--release", &wanted->released, "The same as RELEASE",
                 "RELEASE")
      .AddChoice("--language", &wanted->language, {"both", "python", "r"},
                 "Which to write; default: both")
      .AddOption(
          "--out", &wanted->out,
          "A folder for RELEASE-notebook.ipynb and .qmd; default: beside "
          "the release's folder",
          "DIR")
      .SetHandler([wanted](const CommonFlags& flags) {
        return WriteNotebooks(flags, *wanted);
      });
}

}  // namespace tally::analytics
