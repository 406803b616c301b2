// disclosure report.

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include "analytics/disclosure/decision_log.h"
#include "analytics/disclosure/suppression_report.h"
#include "analytics/release/release_folder.h"
#include "base/exit_code.h"
#include "base/files.h"
#include "base/status.h"
#include "base/strings.h"
#include "base/table_printer.h"
#include "commands.h"
#include "dataset/resource_name.h"

namespace tally::analytics {
namespace {

// Which log, and which of its decisions.
struct ReportScope {
  std::string log;
  SuppressionFilter filter;
  bool opened = false;  // the release is there, for it was read
};

// --release is an id, a name, or a folder; figures of a synthetic one have a
// log of their own.
absl::StatusOr<ReportScope> ScopeOf(const AnalystConfig& config,
                                    const SuppressionFilter& asked) {
  ReportScope scope{config.DecisionLogPath(), asked};
  if (asked.release.empty() || dataset::ReleaseId::Parse(asked.release).ok()) {
    return scope;
  }
  std::string project;
  const absl::StatusOr<dataset::ReleaseName> name =
      dataset::ParseReleaseName(FullReleaseName(asked.release));
  if (name.ok()) {
    project = name->project;
    scope.filter.release = name->release.ToText();
  } else {
    OpenOptions open;
    open.release_key = config.release_key;
    open.allow_absent_tables = true;
    TALLY_ASSIGN_OR_RETURN(const ReleaseFolder folder,
                           ReleaseFolder::Open(asked.release, open));
    scope.opened = true;
    project = folder.manifest().project;
    scope.filter.release = folder.manifest().release.ToText();
    if (folder.synthetic()) {
      AnalystConfig own = config;
      own.work_directory = config.SyntheticDirectory();
      scope.log = own.DecisionLogPath();
    }
  }
  if (!asked.project.empty() && asked.project != project) {
    return UsageError("--project and --release name different projects");
  }
  scope.filter.project = project;
  return scope;
}

// What nothing was decided about may be there all the same; a name that leads
// nowhere is a mistake in writing it.
absl::Status CheckScopeIsThere(const AnalystConfig& config,
                               const ReportScope& scope) {
  const SuppressionFilter& asked = scope.filter;
  if (scope.opened || (asked.project.empty() && asked.release.empty())) {
    return absl::OkStatus();
  }
  TALLY_ASSIGN_OR_RETURN(const std::vector<std::string> pulled,
                         PulledReleases(config));
  for (const std::string& name : pulled) {
    const size_t slash = name.find('/');
    if ((asked.project.empty() || name.substr(0, slash) == asked.project) &&
        (asked.release.empty() || name.substr(slash + 1) == asked.release)) {
      return absl::OkStatus();
    }
  }
  const std::string name = asked.release.empty()
                               ? asked.project
                               : JoinPath(asked.project, asked.release);
  return NotFoundError(absl::StrFormat(
      "%s: nothing has been decided about it, and it has not been pulled; "
      "pulled are: %s",
      name, pulled.empty() ? "none" : JoinText(pulled, ", ")));
}

absl::Status Report(const CommonFlags& flags, const SuppressionFilter& asked) {
  TALLY_ASSIGN_OR_RETURN(const AnalystConfig config, ReadConfig(flags));
  TALLY_ASSIGN_OR_RETURN(const ReportScope scope, ScopeOf(config, asked));
  TALLY_ASSIGN_OR_RETURN(const std::vector<TableDecisions> log,
                         DecisionLog(scope.log).Read());
  TablePrinter printer({"project", "release", "measure", "table", "period",
                        "by", "profile", "kind", "released", "zero", "primary",
                        "secondary", "refused", "reason", "accepted_by",
                        "time"});
  for (const SuppressionRow& row : SuppressionReport(log, scope.filter)) {
    printer.AddRow({row.project, row.release, row.measure, row.table,
                    row.period, row.by, row.profile,
                    std::string(row.derived ? "derived" : "counts"),
                    row.released, row.zero, row.primary, row.secondary,
                    row.refused, row.reason, row.accepted_by, row.time});
  }
  if (printer.rows() == 0) {
    TALLY_RETURN_IF_ERROR(CheckScopeIsThere(config, scope));
  }
  if (log.empty()) {
    Say(flags, "the gate has decided nothing yet");
  } else if (printer.rows() == 0) {
    Say(flags, absl::StrFormat("of %d decisions none is about that project and "
                               "release",
                               log.size()));
  }
  return printer.Print(flags.json ? OutputFormat::kJson : flags.format);
}

}  // namespace

void AddDisclosureCommands(CommandLine& line) {
  auto filter = std::make_shared<SuppressionFilter>();
  line.AddCommand("disclosure report",
                  "What the gate released, hid and refused, table by table, "
                  "from the decision log",
                  {"commissioning disclosure report",
                   "commissioning disclosure report --project frailty-2026 "
                   "--format csv"},
                  kTraitLists | kTraitLocal)
      .AddOption("--project", &filter->project, "Only this project", "PROJECT")
      .AddOption("--release", &filter->release,
                 "Only this release: its name or id, or a synthetic folder",
                 "RELEASE")
      .SetHandler([filter](const CommonFlags& flags) {
        return Report(flags, *filter);
      });
}

}  // namespace tally::analytics
