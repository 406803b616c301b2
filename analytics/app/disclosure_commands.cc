// disclosure report.

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "analytics/disclosure/decision_log.h"
#include "analytics/disclosure/suppression_report.h"
#include "base/status.h"
#include "base/table_printer.h"
#include "commands.h"

namespace tally::analytics {
namespace {

absl::Status Report(const CommonFlags& flags, const SuppressionFilter& filter) {
  TALLY_ASSIGN_OR_RETURN(const AnalystConfig config, ReadConfig(flags));
  TALLY_ASSIGN_OR_RETURN(const std::vector<TableDecisions> log,
                         DecisionLog(config.DecisionLogPath()).Read());
  TablePrinter printer({"project", "release", "measure", "table", "profile",
                        "kind", "released", "zero", "primary", "secondary",
                        "refused", "reason", "accepted_by", "time"});
  for (const SuppressionRow& row : SuppressionReport(log, filter)) {
    printer.AddRow({row.project, row.release, row.measure, row.table,
                    row.profile,
                    std::string(row.derived ? "derived" : "counts"),
                    row.released, row.zero, row.primary, row.secondary,
                    row.refused, row.reason, row.accepted_by, row.time});
  }
  if (printer.rows() == 0) Say(flags, "the gate has decided nothing yet");
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
                  kTraitLists)
      .AddOption("--project", &filter->project, "Only this project", "PROJECT")
      .AddOption("--release", &filter->release, "Only this release", "RELEASE")
      .SetHandler([filter](const CommonFlags& flags) {
        return Report(flags, *filter);
      });
}

}  // namespace tally::analytics
