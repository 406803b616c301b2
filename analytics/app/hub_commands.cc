// login, release list, release show, pull.

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include "analytics/pull/hub_source.h"
#include "analytics/release/pull_release.h"
#include "analytics/release/record_csv.h"
#include "analytics/terms.h"
#include "base/civil_day.h"
#include "base/exit_code.h"
#include "base/files.h"
#include "base/process.h"
#include "base/status.h"
#include "base/strings.h"
#include "base/table_printer.h"
#include "commands.h"
#include "dataset/resource_name.h"

namespace tally::analytics {
namespace {

// Tells who waits what for.
absl::StatusOr<std::unique_ptr<HubSource>> OpenHub(
    const CommonFlags& flags, const AnalystConfig& config) {
  return HubSource::Open(config, flags.timeout_ms,
                         [quiet = flags.quiet](std::string_view text) {
                           if (!quiet) PrintNote(text);
                         });
}

JsonValue ToJson(const RemoteRelease& release) {
  JsonValue json = JsonValue::MakeObject();
  json.Set("name", release.name)
      .Set("state", release.state)
      .Set("title", release.title)
      .Set("agreement", release.agreement)
      .Set("createTime", release.create_time)
      .Set("expires", release.expires)
      .Set("manifestSha256", release.manifest_sha256)
      .Set("totalBytes", std::to_string(release.total_bytes));
  return json;
}

// OK if the hub asks for the terms that this program shows. A hub without a
// release for this identity asks for none yet.
absl::Status CheckHubTerms(HubSource& hub, const std::string& release) {
  std::string name = FullReleaseName(release);
  if (name.empty()) {
    TALLY_ASSIGN_OR_RETURN(const std::vector<RemoteRelease> releases,
                           hub.List("projects/-"));
    if (releases.empty()) return absl::OkStatus();
    name = releases.front().name;
  }
  TALLY_ASSIGN_OR_RETURN(const RemoteDetails details, hub.Describe(name));
  if (details.terms_version == kTermsVersion) return absl::OkStatus();
  return ConflictError(
      "the hub asks for other terms than this program shows: install the "
      "version that fits the hub");
}

absl::Status Login(const CommonFlags& flags, const std::string& release) {
  TALLY_ASSIGN_OR_RETURN(const AnalystConfig config, ReadConfig(flags));
  TALLY_ASSIGN_OR_RETURN(const std::unique_ptr<HubSource> hub,
                         OpenHub(flags, config));
  TALLY_RETURN_IF_ERROR(CheckHubTerms(*hub, release));
  PrintNote(TermsText());
  if (flags.dry_run) {
    Say(flags, "dry run: nothing was accepted");
    return absl::OkStatus();
  }
  TALLY_RETURN_IF_ERROR(
      Confirm(flags, absl::StrFormat("Accept these terms (version %s) as %s?",
                                     kTermsVersion, hub->own_uri())));
  const AcceptedTerms terms{std::string(kTermsVersion), hub->own_uri(),
                            NowUtcRfc3339()};
  TALLY_RETURN_IF_ERROR(SaveAcceptedTerms(config.TermsPath(), terms));
  if (!flags.json) {
    Say(flags, absl::StrFormat("accepted: version %s", terms.version));
    return absl::OkStatus();
  }
  JsonValue json = JsonValue::MakeObject();
  json.Set("termsVersion", terms.version)
      .Set("identity", terms.identity)
      .Set("accepted", terms.accepted);
  return PrintOut(json.Dump() + "\n");
}

absl::Status ListReleases(const CommonFlags& flags,
                          const std::string& project) {
  TALLY_ASSIGN_OR_RETURN(const AnalystConfig config, ReadConfig(flags));
  TALLY_ASSIGN_OR_RETURN(const std::unique_ptr<HubSource> hub,
                         OpenHub(flags, config));
  if (!project.empty() && !IsResourceId(project)) {
    return UsageError("--project is an id, as in frailty-2026");
  }
  TALLY_ASSIGN_OR_RETURN(
      const std::vector<RemoteRelease> releases,
      hub->List("projects/" + (project.empty() ? "-" : project)));
  if (flags.json) {
    JsonValue list = JsonValue::MakeArray();
    for (const RemoteRelease& release : releases) list.Append(ToJson(release));
    JsonValue json = JsonValue::MakeObject();
    json.Set("releases", std::move(list));
    return PrintOut(json.Dump() + "\n");
  }
  TablePrinter printer({"name", "state", "expires", "bytes", "title"});
  for (const RemoteRelease& release : releases) {
    printer.AddRow({release.name, release.state, release.expires,
                    release.total_bytes, release.title});
  }
  return printer.Print(flags.format);
}

absl::Status ShowRelease(const CommonFlags& flags, const std::string& text) {
  const std::string name = FullReleaseName(text);
  TALLY_RETURN_IF_ERROR(dataset::ParseReleaseName(name).status());
  TALLY_ASSIGN_OR_RETURN(const AnalystConfig config, ReadConfig(flags));
  TALLY_ASSIGN_OR_RETURN(const std::unique_ptr<HubSource> hub,
                         OpenHub(flags, config));
  TALLY_ASSIGN_OR_RETURN(const RemoteDetails details, hub->Describe(name));
  if (flags.json) {
    JsonValue files = JsonValue::MakeArray();
    for (const RemoteFile& file : details.files) {
      JsonValue entry = JsonValue::MakeObject();
      entry.Set("path", file.path)
          .Set("sizeBytes", std::to_string(file.size_bytes))
          .Set("sha256", file.sha256)
          .Set("rows", std::to_string(file.rows));
      files.Append(std::move(entry));
    }
    JsonValue json = JsonValue::MakeObject();
    json.Set("release", ToJson(details.release))
        .Set("files", std::move(files))
        .Set("termsVersion", details.terms_version);
    return PrintOut(json.Dump() + "\n");
  }
  Say(flags, absl::StrFormat("%s, %s, expires %s", details.release.title,
                             details.release.state, details.release.expires));
  TablePrinter printer({"path", "bytes", "rows", "sha256"});
  for (const RemoteFile& file : details.files) {
    printer.AddRow({file.path, file.size_bytes, file.rows, file.sha256});
  }
  return printer.Print(flags.format);
}

struct PullFlags {
  std::string release;
  std::vector<std::string> tables;
  std::string csv = "auto";
};

absl::Status MakeCsv(const CommonFlags& flags, const AnalystConfig& config,
                     const std::string& folder, const PullFlags& pull,
                     ProgressReporter* progress) {
  OpenOptions open;
  open.release_key = config.release_key;
  open.tables = pull.tables;
  open.allow_absent_tables = !pull.tables.empty();
  open.progress = progress;
  TALLY_ASSIGN_OR_RETURN(const ReleaseFolder release,
                         ReleaseFolder::Open(folder, open));
  const CsvChoice choice = pull.csv == "all"    ? CsvChoice::kAll
                           : pull.csv == "none" ? CsvChoice::kNone
                                                : CsvChoice::kAuto;
  if (choice == CsvChoice::kNone) return absl::OkStatus();
  DatabaseSettings settings;
  settings.work_directory = JoinPath(config.work_directory, "temp");
  settings.memory_bytes = config.memory_bytes / 10 * 7;
  settings.threads = config.threads;
  TALLY_ASSIGN_OR_RETURN(ReleaseDatabase database,
                         ReleaseDatabase::Open(release, settings));
  TALLY_ASSIGN_OR_RETURN(const int written,
                         WriteReleaseCsv(database, release, choice));
  Say(flags, absl::StrFormat("%d CSV files made", written));
  return absl::OkStatus();
}

absl::Status Pull(const CommonFlags& flags, const PullFlags& pull) {
  const std::string full_name = FullReleaseName(pull.release);
  TALLY_ASSIGN_OR_RETURN(const dataset::ReleaseName name,
                         dataset::ParseReleaseName(full_name));
  TALLY_ASSIGN_OR_RETURN(const AnalystConfig config, ReadConfig(flags));
  TALLY_ASSIGN_OR_RETURN(const AcceptedTerms terms,
                         ReadAcceptedTerms(config.TermsPath()));
  TALLY_ASSIGN_OR_RETURN(const std::unique_ptr<HubSource> hub,
                         OpenHub(flags, config));
  ProgressReporter progress(flags.MakeProgressOptions());
  PullOptions options;
  options.release_key = config.release_key;
  options.accepted_terms = terms.version;
  options.tables = pull.tables;
  options.folder = config.ReleasePath(name.project, name.release.ToText());
  options.dry_run = flags.dry_run;
  options.progress = &progress;
  TALLY_ASSIGN_OR_RETURN(const PullResult result,
                         PullRelease(*hub, full_name, options));
  if (flags.dry_run) {
    Say(flags, "dry run: the release can be pulled; nothing was downloaded");
    return absl::OkStatus();
  }
  TALLY_RETURN_IF_ERROR(
      MakeCsv(flags, config, options.folder, pull, &progress));
  if (flags.json) {
    JsonValue json = JsonValue::MakeObject();
    json.Set("release", full_name)
        .Set("folder", options.folder)
        .Set("files", std::to_string(result.files))
        .Set("bytes", std::to_string(result.bytes))
        .Set("resumedAtBytes", std::to_string(result.resumed_at_bytes));
    return PrintOut(json.Dump() + "\n");
  }
  return PrintOut(options.folder + "\n");
}

}  // namespace

void AddHubCommands(CommandLine& line) {
  auto release = std::make_shared<std::string>();
  line.AddCommand("login", "Shows the terms of use and records acceptance",
                  {"commissioning login", "commissioning login --yes"},
                  kTraitChanges | kTraitDestroys)
      .AddOption("--release", release.get(),
                 "A release whose terms are meant; default: any", "RELEASE")
      .SetNext("commissioning release list")
      .SetHandler([release](const CommonFlags& flags) {
        return Login(flags, *release);
      });

  auto project = std::make_shared<std::string>();
  line.AddCommand("release list", "Releases that this identity may see",
                  {"commissioning release list",
                   "commissioning release list --project frailty-2026"},
                  kTraitLists)
      .AddOption("--project", project.get(), "Of this project only", "PROJECT")
      .SetHandler([project](const CommonFlags& flags) {
        return ListReleases(flags, *project);
      });

  auto shown = std::make_shared<std::string>();
  line.AddCommand("release show", "One release with its files",
                  {"commissioning release show "
                   "projects/frailty-2026/releases/r2026-11"},
                  kTraitLists)
      .AddPositional("RELEASE", shown.get(), "projects/P/releases/R, or P/R")
      .SetHandler([shown](const CommonFlags& flags) {
        return ShowRelease(flags, *shown);
      });

  auto pull = std::make_shared<PullFlags>();
  line.AddCommand(
          "pull",
          "Downloads a release, checks signature and digests, makes CSV files. "
          "After any break the same command goes on",
          {"commissioning pull projects/frailty-2026/releases/r2026-11",
           "commissioning pull projects/frailty-2026/releases/r2026-11 "
           "--table gp_patient --csv none"},
          kTraitReadsData | kTraitChanges | kTraitLong)
      .AddPositional("RELEASE", &pull->release, "projects/P/releases/R, or P/R")
      .AddOption("--table", &pull->tables,
                 "Only these tables, and the small files", "TABLE")
      .AddChoice("--csv", &pull->csv, {"auto", "all", "none"},
                 "CSV files: of tables up to 1,000,000 rows, all, none")
      .SetNext("commissioning dashboard build")
      .SetHandler(
          [pull](const CommonFlags& flags) { return Pull(flags, *pull); });
}

}  // namespace tally::analytics
