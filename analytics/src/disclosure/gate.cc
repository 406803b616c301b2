#include "analytics/disclosure/gate.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>

#include "analytics/disclosure/lp_solver.h"
#include "base/civil_day.h"
#include "base/error.h"
#include "base/process.h"
#include "base/status.h"
#include "base/strings.h"
#include "disclosure/gate_run.h"
#include "disclosure/synthetic_mark.h"

namespace tally::analytics {

Gate::Gate(Profile profile, GateOptions options,
           std::unique_ptr<BoundSolver> solver)
    : profile_(std::move(profile)),
      options_(std::move(options)),
      solver_(solver == nullptr ? std::make_unique<LpSolver>()
                                : std::move(solver)) {}

Gate::~Gate() = default;

absl::StatusOr<GatedTable> Gate::Release(const RawTable& table) {
  ReleasedTable record;
  record.time = NowUtcRfc3339();
  record.project = table.info().project;
  record.release = table.info().release;
  record.measure = table.info().measure_id;
  record.table = table.info().table;
  record.period = table.info().period;
  record.cohort = table.info().cohort;
  GateRun run(table, profile_, options_, *solver_);
  absl::Status begun = run.Begin();
  std::vector<ReleasedTablePtr> earlier;
  std::optional<FileLock> held;  // until this table is registered too
  if (options_.registry != nullptr && begun.ok()) {
    record.counted = run.Counted();
    TALLY_ASSIGN_OR_RETURN(held, options_.registry->Hold());
    TALLY_ASSIGN_OR_RETURN(
        earlier,
        options_.registry->Related(record, run.Keys(), run.NamesNearSmall()));
  }
  absl::StatusOr<GatedTable> gated =
      begun.ok() ? run.Finish(earlier) : std::move(begun);
  // The register first: it must have whatever the log says was released.
  if (gated.ok() && options_.registry != nullptr) {
    ReleasedTable printed = run.Record();
    printed.time = record.time;
    // The same figures as the last time are no news to a reader.
    const auto last = std::find_if(
        earlier.begin(), earlier.end(), [&](const ReleasedTablePtr& t) {
          return t->measure == printed.measure && t->cohort == printed.cohort &&
                 t->project == printed.project && t->table == printed.table &&
                 t->period == printed.period && t->release == printed.release &&
                 t->profile == printed.profile;
        });
    if (last == earlier.end() || !(*last)->SaysTheSame(printed)) {
      TALLY_RETURN_IF_ERROR(
          options_.registry->Append(std::move(printed), held));
    }
  }
  if (options_.log != nullptr &&
      (gated.ok() || ReasonOf(gated.status()) == Reason::kDisclosureRefused)) {
    TableDecisions decisions = run.Decisions();
    decisions.time = record.time;
    decisions.refused = !gated.ok();
    if (decisions.refused) decisions.reason = ToStd(gated.status().message());
    TALLY_RETURN_IF_ERROR(options_.log->Append(decisions));
  }
  return gated;
}

absl::Status GateRun::Begin() {
  TALLY_RETURN_IF_ERROR(CheckColumns());
  TALLY_RETURN_IF_ERROR(ReadCounts());
  PrintCounts();
  TALLY_RETURN_IF_ERROR(IndexCells());
  return CheckMostlyShown();  // before a long audit
}

absl::StatusOr<GatedTable> GateRun::Finish(
    const std::vector<ReleasedTablePtr>& earlier) {
  // One span for counts and sums: others wait for the register meanwhile.
  deadline_ = std::chrono::steady_clock::now() + options_.audit_time;
  if (profile_.hides()) {
    if (!RepeatEarlier(earlier)) {
      TALLY_RETURN_IF_ERROR(AuditAndRepair(WithoutStrangers(earlier)));
    }
    TALLY_RETURN_IF_ERROR(CheckMostlyShown());
  }
  PrintCopies();
  TALLY_RETURN_IF_ERROR(AuditAllSums());
  TALLY_RETURN_IF_ERROR(CheckNotStopped());
  GatedTable out;
  out.info_ = raw_.info_;
  out.info_.rows_linked = 0;
  out.info_.rows_all = 0;
  if (options_.synthetic) MarkSynthetic(out.info_);
  out.linked_share_pct_ = LinkedShare();
  out.profile_ = profile_.name();
  out.profile_description_ = profile_.description();
  out.columns_ = raw_.columns_;
  TALLY_RETURN_IF_ERROR(ComputeFigures(out));
  return out;
}

TableDecisions GateRun::Decisions() const {
  TableDecisions d;
  d.project = raw_.info().project;
  d.release = raw_.info().release;
  d.measure = raw_.info().measure_id;
  d.table = raw_.info().table;
  d.period = raw_.info().period;
  d.dimensions = DimensionNames(raw_.columns());
  d.profile = profile_.name();
  d.accepted_by = options_.accepted_by;
  d.left_out = left_out_;
  for (size_t row = 0; row < counts_.size(); ++row) {
    std::string letters(raw_.columns().size(), '-');
    for (size_t column = 0; column < letters.size(); ++column) {
      if (IsCountColumn(column)) {
        const Count& count = counts_[row][column];
        if (count.present) letters[column] = static_cast<char>(count.decision);
      } else if (row < hidden_figures_.size() && hidden_figures_[row][column]) {
        letters[column] = static_cast<char>(CellDecision::kSecondary);
      }
    }
    d.cells.push_back(std::move(letters));
  }
  return d;
}

ReleasedTable GateRun::Record() const {
  ReleasedTable record;
  const TableInfo& info = raw_.info();
  record.project = info.project;
  record.release = info.release;
  record.measure = info.measure_id;
  record.table = info.table;
  record.period = info.period;
  record.cohort = info.cohort;
  record.profile = profile_.name();
  record.dimensions = DimensionNames(raw_.columns());
  for (const CellRef cell : cells_) {
    const Count& count = At(cell);
    record.cells[KeyOf(cell)] = FormOf(cell);
    const auto total = raw_.totals_.find(cell);
    if (total == raw_.totals_.end()) continue;
    std::vector<std::string>& parts =
        count.copy ? record.totals[KeyOf(cell)] : record.sums[KeyOf(cell)];
    for (const CellRef part : total->second) {
      parts.push_back(KeyOf(Original(part)));
    }
  }
  const auto keys = [&](const std::vector<CellRef>& cells) {
    std::vector<std::string> all;
    for (const CellRef cell : cells) all.push_back(KeyOf(Original(cell)));
    return all;
  };
  for (const auto* relations : {&raw_.equalities_, &inferred_}) {
    for (const RawTable::Relation& relation : *relations) {
      record.equalities.push_back(
          {KeyOf(Original(relation.whole)), keys(relation.parts)});
    }
  }
  RecordRests(record);
  record.counted = Counted();
  for (const RawTable::Margin& margin : raw_.margins_) {
    record.margins.push_back({keys(margin.parts), margin.exact});
  }
  record.hides_zeros = profile_.hides() && shield_low_ < profile_.hidden().low;
  return record;
}

}  // namespace tally::analytics
