// C23: the project's entries of the hub's audit log, and the gate's decisions.
#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include "analytics/dashboard/wording.h"
#include "analytics/disclosure/suppression_report.h"
#include "analytics/measures/measure.h"
#include "base/error.h"
#include "base/exit_code.h"
#include "base/files.h"
#include "base/status.h"
#include "base/strings.h"
#include "engine/database.h"
#include "measures/counts.h"
#include "measures/indicator_series.h"
#include "measures/tables.h"

namespace tally::analytics {
namespace {

constexpr std::string_view kAuditFile = "audit_summary.csv";

absl::StatusOr<RawTable> AuditTable(const MeasureContext& context) {
  const std::string path =
      JoinPath(context.release.path(), std::string(kAuditFile));
  const absl::StatusOr<std::vector<GroupedRow>> rows = QueryGroups(
      context.connection,
      absl::StrFormat(
          "SELECT month, action, CAST(sum(CAST(events AS BIGINT)) AS BIGINT) "
          "FROM read_csv(%s, auto_detect = false, header = true, delim = ',', "
          "quote = '\"', escape = '\"', columns = {'month': 'VARCHAR', "
          "'action': 'VARCHAR', 'events': 'VARCHAR'}) GROUP BY month, action "
          "ORDER BY month, action",
          engine::QuoteLiteral(path)),
      2);
  if (!rows.ok()) {
    return IntegrityError(absl::StrFormat("%s is malformed", kAuditFile));
  }
  TableBuilder table(context.Info(
      "audit_summary", "Entries of the project in the hub's audit log"));
  table.Dimension("month", "Month")
      .Dimension("action", "Action")
      .Events("events", "Entries");
  for (const GroupedRow& row : *rows) {
    if (row.counts[0] < 0) {
      return IntegrityError(absl::StrFormat("%s is malformed", kAuditFile));
    }
    table.Set(table.AddRow(row.levels), "events", row.counts[0]);
  }
  return table.Finish();
}

absl::StatusOr<RawTable> DecisionTable(const MeasureContext& context) {
  std::vector<SuppressionRow> report;
  if (context.log != nullptr) {
    // Of this run: with what earlier runs logged the same question would give
    // another answer every time.
    const TableInfo own = context.Info("", "");
    report =
        SuppressionReport(context.log->appended(), {own.project, own.release});
  }
  TableInfo info =
      context.Info("gate_decisions", "Cells of each table by decision");
  info.notes.emplace_back(
      "Of tables that passed the gate in the same run before this one was "
      "made. Cells are counted, never people. `commissioning disclosure "
      "report` "
      "has those of all runs.");
  TableBuilder table(std::move(info));
  table.Dimension("measure", "Measure")
      .Dimension("table", "Table")
      .Dimension("period", "Period")
      .Dimension("by", "Cut by")
      .Dimension("profile", "Profile")
      .Text("released", "Cells printed")
      .Text("zero", "Cells printed as 0")
      .Text("primary", "Cells hidden as small")
      .Text("secondary", "Cells hidden to shield others")
      .Text("refused", "Times refused");
  for (const SuppressionRow& one : report) {
    const size_t row =
        table.AddRow({one.measure, one.table, one.period, one.by, one.profile});
    table.Set(row, "released", std::to_string(one.released))
        .Set(row, "zero", std::to_string(one.zero))
        .Set(row, "primary", std::to_string(one.primary))
        .Set(row, "secondary", std::to_string(one.secondary))
        .Set(row, "refused", std::to_string(one.refused));
  }
  return table.Finish();
}

class AuditOfAccess : public Measure {
 public:
  absl::StatusOr<std::vector<RawTable>> Compute(
      const MeasureContext& context) const override {
    if (!context.by.empty()) {
      return UsageError("--by: entries are counted by month and action");
    }
    TALLY_ASSIGN_OR_RETURN(RawTable audit, AuditTable(context));
    TALLY_ASSIGN_OR_RETURN(RawTable decisions, DecisionTable(context));
    std::vector<RawTable> tables;
    tables.push_back(std::move(audit));
    tables.push_back(std::move(decisions));
    return tables;
  }

  std::vector<PagePart> Draw(
      const MeasureDefinition&,
      const std::vector<GatedTable>& tables) const override {
    std::vector<PagePart> parts;
    PagePart about{"about", {}, {}};
    const auto all = [](const GatedTable&, size_t) { return true; };
    const GatedTable* audit = PrintedTable(tables, "audit_summary");
    if (audit != nullptr && audit->rows() > 0) {
      Chart chart("audit", "table", *audit, {"month", "action", "events"}, all);
      chart.title = absl::StrFormat(
          "%d kinds of entries in the hub's audit log of this project, to %s",
          chart.LevelsOf("action").size(),
          MonthInWords(audit->at(audit->rows() - 1, "month").text()));
      chart.summary = chart.title + ".";
      about.charts.push_back(std::move(chart));
    }
    const GatedTable* decisions = PrintedTable(tables, "gate_decisions");
    if (decisions != nullptr && decisions->rows() > 0) {
      Chart chart("gate-decisions", "table", *decisions,
                  {"measure", "table", "period", "by", "profile", "released",
                   "zero", "primary", "secondary", "refused"},
                  all);
      chart.title = absl::StrFormat(
          "%d tables passed the gate or were refused for this page",
          chart.rows());
      chart.summary = chart.title + ". Cells of each by decision.";
      about.charts.push_back(std::move(chart));
    }
    if (!about.charts.empty()) parts.push_back(std::move(about));
    return parts;
  }
};

}  // namespace

std::unique_ptr<Measure> MakeC23() { return std::make_unique<AuditOfAccess>(); }

}  // namespace tally::analytics
