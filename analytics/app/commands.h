#ifndef TALLY_ANALYTICS_APP_COMMANDS_H_
#define TALLY_ANALYTICS_APP_COMMANDS_H_

// The commands of `commissioning`, by subject. Each function adds its own.
//
// Threading: one thread, and while measures run a second one that counts ahead
// (MeasureRunner::Announce); the engine uses its own.
// Secrets: only `sql` prints record values, to the analyst who asked.

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "analytics/config.h"
#include "analytics/disclosure/gate.h"
#include "analytics/measures/runner.h"
#include "analytics/release/release_database.h"
#include "analytics/release/release_folder.h"
#include "base/command_line.h"
#include "base/json.h"

namespace tally::analytics {

void AddHubCommands(CommandLine& line);        // login, release, pull
void AddDataCommands(CommandLine& line);       // verify, sql, describe, quality
void AddMeasureCommands(CommandLine& line);    // measure list, describe, run
void AddDashboardCommands(CommandLine& line);  // dashboard build, open
void AddDisclosureCommands(CommandLine& line);  // disclosure report
void AddPlanCommand(CommandLine& line);         // run
void AddExportCommand(CommandLine& line);       // export
void AddSynthCommand(CommandLine& line);        // synth
void AddNotebookCommand(CommandLine& line);     // notebook
void AddDoctorCommand(CommandLine& line);       // doctor

// The configuration that --config names, else the usual one; --memory and
// --threads are taken in.
absl::StatusOr<AnalystConfig> ReadConfig(const CommonFlags& flags);

// "projects/P/releases/R" of "P/R"; any other text as it is.
std::string FullReleaseName(const std::string& text);

// "P/R" of every release below the work directory, ascending.
absl::StatusOr<std::vector<std::string>> PulledReleases(
    const AnalystConfig& config);

// The folder of a release: a resource name, full or as P/R, below the work
// directory, a path that is there, or, for an empty text, the only release.
// kNotFound (exit 4), naming the nearest or those that there are.
absl::StatusOr<std::string> FindRelease(const AnalystConfig& config,
                                        const std::string& release);

// What commands about figures share: a verified release with its engine and
// a gate under the profile in force.
struct Workbench {
  AnalystConfig config;
  std::optional<ReleaseFolder> folder;
  std::optional<ReleaseDatabase> database;
  std::unique_ptr<DecisionLog> log;
  std::unique_ptr<ReleaseRegistry> registry;
  std::unique_ptr<Gate> gate;
};

struct WorkbenchOptions {
  std::string release;      // as FindRelease
  std::string profile;      // --profile
  std::string accepted_by;  // --accept
  bool engine_words = false;
  bool needs_gate = true;
};

absl::StatusOr<std::unique_ptr<Workbench>> OpenWorkbench(
    const CommonFlags& flags, const WorkbenchOptions& options);

// What every command that computes figures may be asked.
struct FigureFlags {
  std::string release;   // --release
  std::string month;     // --month
  std::string profile;   // --profile
  std::string accept;    // --accept
  std::string spc_mode;  // --spc-mode
};

// The folder of definitions that replace built-in ones, or nothing: definitions
// can be read where there is no configuration and none is named. Errors: as
// ReadConfig for one that is there or named.
absl::StatusOr<std::string> DefinitionFolder(const CommonFlags& flags);

// The definitions of measures that were asked for by name, to be looked at
// before the first figure passes the gate; `ids` are then as they are written,
// C03 for c03. kNotFound (exit 4), naming the
// nearest, for an id that is none; kInvalidArgument (exit 2) if one of them is
// named twice or cannot be grouped by `by`. Other errors: as DefinitionFolder.
absl::StatusOr<std::vector<MeasureDefinition>> AskedMeasures(
    const CommonFlags& flags, std::vector<std::string>& ids,
    const std::vector<std::string>& by);
// The id of a measure as it is written, for one in small letters.
std::string MeasureIdOf(const std::string& text);

// Adds --release, --month, --profile, --accept and --spc-mode. With `has_plan`
// the help says that the plan comes before the defaults. Another text for
// --spc-mode is a usage error (exit 2) that names those that there are.
void AddFigureFlags(Command& command, FigureFlags& flags,
                    bool has_plan = false);

// Adds --by, the columns that tables of measures named are grouped by.
void AddGroupingFlag(Command& command, std::vector<std::string>& by);

// The month and the way of control charts; folders are those of the
// configuration. kInvalidArgument (exit 2) for a text that is no month.
absl::StatusOr<RunOptions> FigureOptions(const FigureFlags& flags);
// The release, the profile and who accepts.
WorkbenchOptions FigureBench(const FigureFlags& flags);

// Which of the tables are printed, and whether to files instead.
struct TableChoice {
  std::vector<std::string> tables;  // --table; empty: all
  std::string out;                  // --out DIR; empty: standard output
};

// Adds --table and --out.
void AddTableChoice(Command& command, TableChoice& choice);

// Before anything is computed, and so registered as released: kInvalidArgument
// (exit 2) if several tables would go into one CSV stream or --out names no
// folder that can be written, kNotFound (exit 4) for a table that is not among
// `known`, what the command can print.
absl::Status CheckTableChoice(const CommonFlags& flags,
                              const TableChoice& choice,
                              const std::vector<std::string>& known);

// Prints what was chosen of `tables`, as --format, --json, --out and --dry-run
// say; with --out the list of files that were written.
absl::Status PrintTables(const CommonFlags& flags, const Workbench& bench,
                         const TableChoice& choice,
                         const std::vector<GatedTable>& tables);

// Says on stderr which measures are not available, which of their tables could
// not be made, and which passed the gate only for others to be computed from
// them, with the reasons.
void SayWhatIsMissing(const CommonFlags& flags,
                      const std::vector<MeasureResult>& results);

// What is not there of what was asked for by name, for the exit code, once the
// rest is printed: the gate's status of the first refused table (6), after
// naming the others; else kNotFound (4) if a measure is not available or, where
// tables were named, if one of them could not be made.
absl::Status WhatIsMissing(const CommonFlags& flags,
                           const std::vector<MeasureResult>& results,
                           bool tables_named);

// For --dry-run: what would be printed of a table, without a figure of it, as a
// line or, with --json, as an entry of `json`. Figures that no register knows
// would be missing from every later audit.
absl::Status PrintTablePlan(const CommonFlags& flags, const GatedTable& table,
                            JsonValue& json);

// One line on stderr, unless --quiet.
void Say(const CommonFlags& flags, std::string_view text);

}  // namespace tally::analytics

#endif  // TALLY_ANALYTICS_APP_COMMANDS_H_
