#include <algorithm>
#include <filesystem>
#include <set>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include "analytics/measures/runner.h"
#include "base/civil_day.h"
#include "base/config.h"
#include "base/exit_code.h"
#include "base/files.h"
#include "base/status.h"
#include "base/strings.h"
#include "base/table_printer.h"
#include "commands.h"
#include "dataset/resource_name.h"

namespace tally::analytics {
namespace {

// The two published ways, by the tools that take them.
constexpr std::string_view kSpcScreened = "r";
constexpr std::string_view kSpcExcel = "excel";

absl::Status NoSuchRelease(const AnalystConfig& config,
                           const std::string& release, bool is_name) {
  TALLY_ASSIGN_OR_RETURN(const std::vector<std::string> found,
                         PulledReleases(config));
  const std::string near = NearestMatch(release, found);
  std::string text = absl::StrFormat("the release %s is not here", release);
  if (!is_name) {
    text = absl::StrFormat(
        "%s is neither a folder nor a release, as in frailty-2026/r2026-11",
        release);
  }
  if (!near.empty()) {
    text += absl::StrFormat(": did you mean %s?", near);
  } else if (!found.empty()) {
    text += absl::StrFormat("; pulled are %s", JoinText(found, ", "));
  } else {
    text += ": run `commissioning pull RELEASE`";
  }
  return NotFoundError(std::move(text));
}

// "2026-10" as the first day of the month; nothing for an empty text.
absl::StatusOr<std::optional<CivilDay>> ParseMonth(const std::string& text) {
  if (text.empty()) return std::optional<CivilDay>();
  const absl::StatusOr<CivilDay> day = CivilDay::Parse(text + "-01");
  if (!day.ok()) return UsageError("--month is YYYY-MM, as in 2026-10");
  return std::optional<CivilDay>(*day);
}

}  // namespace

void Say(const CommonFlags& flags, std::string_view text) {
  if (!flags.quiet) PrintNote(text);
}

absl::StatusOr<AnalystConfig> ReadConfig(const CommonFlags& flags) {
  TALLY_ASSIGN_OR_RETURN(const std::string path,
                         FindConfig(flags.config, "commissioning", true));
  // Absolute, for what stands in the file is relative to its folder.
  std::error_code error;
  const std::string absolute = std::filesystem::absolute(path, error).string();
  TALLY_ASSIGN_OR_RETURN(AnalystConfig config,
                         ReadAnalystConfig(error ? path : absolute));
  if (flags.memory_bytes > 0 && flags.memory_bytes < config.memory_bytes) {
    config.memory_bytes = flags.memory_bytes;
  }
  if (flags.threads > 0) config.threads = flags.threads;
  return config;
}

std::string FullReleaseName(const std::string& text) {
  const size_t slash = text.find('/');
  if (slash == std::string::npos) return text;
  const std::string project = text.substr(0, slash);
  const bool is_short = IsResourceId(project) &&
                        dataset::ReleaseId::Parse(text.substr(slash + 1)).ok();
  if (!is_short) return text;
  return absl::StrFormat("projects/%s/releases/%s", project,
                         text.substr(slash + 1));
}

absl::StatusOr<std::vector<std::string>> PulledReleases(
    const AnalystConfig& config) {
  std::vector<std::string> found;
  if (!IsDirectory(config.work_directory)) return found;
  TALLY_ASSIGN_OR_RETURN(const std::vector<std::string> projects,
                         ListDirectory(config.work_directory));
  for (const std::string& project : projects) {
    const std::string folder = JoinPath(config.work_directory, project);
    if (!IsDirectory(folder)) continue;
    TALLY_ASSIGN_OR_RETURN(const std::vector<std::string> releases,
                           ListDirectory(folder));
    for (const std::string& id : releases) {
      const std::string name = JoinPath(project, id);
      const std::string path = JoinPath(config.work_directory, name);
      if (IsRegularFile(JoinPath(path, "manifest.json"))) found.push_back(name);
    }
  }
  std::sort(found.begin(), found.end());
  return found;
}

absl::StatusOr<std::string> FindRelease(const AnalystConfig& config,
                                        const std::string& release) {
  if (!release.empty()) {
    const absl::StatusOr<dataset::ReleaseName> name =
        dataset::ParseReleaseName(FullReleaseName(release));
    if (name.ok()) {
      const std::string path =
          config.ReleasePath(name->project, name->release.ToText());
      if (IsDirectory(path)) return path;
    }
    if (IsDirectory(release)) return release;
    return NoSuchRelease(config, release, name.ok());
  }
  TALLY_ASSIGN_OR_RETURN(const std::vector<std::string> found,
                         PulledReleases(config));
  if (found.size() == 1) return JoinPath(config.work_directory, found[0]);
  if (found.empty()) {
    return NotFoundError(
        "no release has been pulled: run `commissioning pull RELEASE`");
  }
  return UsageError(absl::StrFormat(
      "%d releases have been pulled: name one with --release, as in %s",
      found.size(), found.back()));
}

absl::StatusOr<std::unique_ptr<Workbench>> OpenWorkbench(
    const CommonFlags& flags, const WorkbenchOptions& options) {
  auto bench = std::make_unique<Workbench>();
  TALLY_ASSIGN_OR_RETURN(bench->config, ReadConfig(flags));
  TALLY_ASSIGN_OR_RETURN(const std::string path,
                         FindRelease(bench->config, options.release));
  OpenOptions open;
  open.release_key = bench->config.release_key;
  open.allow_absent_tables = true;
  TALLY_ASSIGN_OR_RETURN(ReleaseFolder folder, ReleaseFolder::Open(path, open));
  bench->folder.emplace(std::move(folder));
  if (bench->folder->manifest().environment != "production") {
    Say(flags, absl::StrFormat("environment %s: these people do not exist",
                               bench->folder->manifest().environment));
  }
  DatabaseSettings settings;
  settings.work_directory = JoinPath(bench->config.work_directory, "temp");
  settings.memory_bytes = bench->config.memory_bytes / 10 * 7;
  settings.threads = bench->config.threads;
  settings.engine_words = options.engine_words;
  TALLY_ASSIGN_OR_RETURN(ReleaseDatabase database,
                         ReleaseDatabase::Open(*bench->folder, settings));
  bench->database.emplace(std::move(database));
  if (!options.needs_gate) return bench;
  // One that is damaged is found before the first figure is registered.
  TALLY_RETURN_IF_ERROR(CheckDefinitions(bench->config.definitions));
  TALLY_ASSIGN_OR_RETURN(
      Profile profile,
      EffectiveProfile(*bench->folder, bench->config.profile, options.profile));
  // A dry run leaves no trace, and its audit knows what readers have.
  AnalystConfig own = bench->config;
  if (bench->folder->synthetic()) {
    // Figures about nobody are no news about anybody.
    own.work_directory = bench->config.SyntheticDirectory();
  }
  bench->log =
      std::make_unique<DecisionLog>(flags.dry_run ? "" : own.DecisionLogPath());
  bench->registry = std::make_unique<ReleaseRegistry>(
      own.RegistryPath(), flags.dry_run ? ReleaseRegistry::Mode::kReadOnly
                                        : ReleaseRegistry::Mode::kWrite);
  TALLY_ASSIGN_OR_RETURN(const std::vector<TableDecisions> decisions,
                         DecisionLog(own.DecisionLogPath()).Read());
  TALLY_RETURN_IF_ERROR(bench->registry->CheckComplete(decisions));
  GateOptions gate;
  gate.log = bench->log.get();
  gate.registry = bench->registry.get();
  gate.accepted_by = options.accepted_by;
  gate.synthetic = bench->folder->synthetic();
  bench->gate = std::make_unique<Gate>(std::move(profile), std::move(gate));
  return bench;
}

absl::Status PrintTablePlan(const CommonFlags& flags, const GatedTable& table,
                            JsonValue& json) {
  const TableInfo& info = table.info();
  if (flags.json) {
    JsonValue plan = JsonValue::MakeObject();
    plan.Set("measure", info.measure_id)
        .Set("table", info.table)
        .Set("title", info.title)
        .Set("period", info.period)
        .Set("profile", table.profile())
        .Set("rows", static_cast<int64_t>(table.rows()))
        .Set("columns", static_cast<int64_t>(table.columns().size()))
        .Set("hiddenCells", table.suppressed_cells());
    json.Append(std::move(plan));
    return absl::OkStatus();
  }
  return PrintOut(absl::StrFormat(
      "%s %s: %s (%s, profile %s): %d rows, %d columns, %d cells would be "
      "hidden\n",
      info.measure_id, info.table, info.title, info.period, table.profile(),
      table.rows(), table.columns().size(), table.suppressed_cells()));
}

absl::StatusOr<std::string> DefinitionFolder(const CommonFlags& flags) {
  TALLY_ASSIGN_OR_RETURN(const std::string path,
                         FindConfigIfAny(flags.config, "commissioning", true));
  if (path.empty()) return std::string();
  TALLY_ASSIGN_OR_RETURN(AnalystConfig config, ReadConfig(flags));
  return std::move(config.definitions);
}

std::string MeasureIdOf(const std::string& text) {
  const std::string meant = MeantMeasure(text);
  return meant.size() == text.size() ? meant : text;
}

absl::StatusOr<std::vector<MeasureDefinition>> AskedMeasures(
    const CommonFlags& flags, std::vector<std::string>& ids,
    const std::vector<std::string>& by) {
  if (ids.empty() && !by.empty()) {
    return UsageError("--by: name the measures that are to be grouped");
  }
  TALLY_ASSIGN_OR_RETURN(const std::string folder, DefinitionFolder(flags));
  std::vector<MeasureDefinition> asked;
  std::set<std::string> seen;
  for (std::string& id : ids) {
    id = MeasureIdOf(id);
    TALLY_RETURN_IF_ERROR(MakeMeasure(id).status());
    if (!seen.insert(id).second) {
      return UsageError(absl::StrFormat("measure %s is named twice", id));
    }
    TALLY_ASSIGN_OR_RETURN(MeasureDefinition definition,
                           LoadDefinition(id, folder));
    TALLY_RETURN_IF_ERROR(CheckGrouping(definition, by));
    asked.push_back(std::move(definition));
  }
  return asked;
}

void AddFigureFlags(Command& command, FigureFlags& flags, bool has_plan) {
  command
      .AddOption("--release", &flags.release,
                 has_plan ? "Folder or name of the release; default: the plan's"
                          : "Folder or name of the release",
                 "RELEASE")
      .AddOption("--month", &flags.month,
                 has_plan ? "Reference month; default: the plan's, else the "
                            "last that all sources cover"
                          : "Reference month; default: the last that all "
                            "sources cover",
                 "YYYY-MM")
      .AddOption("--profile", &flags.profile,
                 "A stricter disclosure profile than the agreement's",
                 "PROFILE")
      .AddOption("--accept", &flags.accept,
                 "Who accepts shares of 0 or 100 % in sensitive columns",
                 "NAME")
      .AddChoice("--spc-mode", &flags.spc_mode,
                 {std::string(kSpcScreened), std::string(kSpcExcel)},
                 "Control charts: r leaves large moving ranges out once, excel "
                 "keeps all; default: as the definitions say");
}

void AddGroupingFlag(Command& command, std::vector<std::string>& by) {
  command.AddOption("--by", &by,
                    "Group by these columns; `measure list` says which each "
                    "measure takes, most of them practice and sex",
                    "COLUMN");
}

absl::StatusOr<RunOptions> FigureOptions(const FigureFlags& flags) {
  RunOptions options;
  TALLY_ASSIGN_OR_RETURN(options.month, ParseMonth(flags.month));
  if (flags.spc_mode == kSpcScreened) options.spc_mode = "screened";
  if (flags.spc_mode == kSpcExcel) options.spc_mode = "excel";
  return options;
}

WorkbenchOptions FigureBench(const FigureFlags& flags) {
  WorkbenchOptions options;
  options.release = flags.release;
  options.profile = flags.profile;
  options.accepted_by = flags.accept;
  return options;
}

}  // namespace tally::analytics
