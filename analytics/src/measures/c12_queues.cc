// Queue figures of C12, from printed counts only.
#include <initializer_list>
#include <utility>

#include "analytics/statistics/queue.h"
#include "base/status.h"
#include "measures/c12_waits.h"

namespace tally::analytics {
namespace {

// What a figure prints that stands on these cells: `*` if one is hidden, NA if
// one is not there, else the figure.
DerivedCell StandsOn(std::initializer_list<const GatedCell*> cells,
                     const Figure& figure, int decimals) {
  for (const GatedCell* cell : cells) {
    if (cell->suppressed()) return DerivedCell::Star();
  }
  for (const GatedCell* cell : cells) {
    if (!cell->number().has_value()) return DerivedCell::Na(cell->reason());
  }
  return DerivedCell::Number(figure, decimals);
}

double NumberOr(const GatedCell& cell, double otherwise) {
  return cell.number().value_or(otherwise);
}

std::vector<DerivedCell> QueueRow(const GatedTable& counts, size_t row,
                                  const RttRules& rules) {
  const auto weeks = static_cast<double>(rules.weeks);
  const GatedCell& starts = counts.at(row, "starts");
  const GatedCell& stops = counts.at(row, "stops");
  const GatedCell& queue = counts.at(row, "queue");
  const GatedCell& wait = counts.at(row, "mean_wait");
  const GatedCell& cv_demand = counts.at(row, "cv_demand");
  const GatedCell& cv_capacity = counts.at(row, "cv_capacity");
  QueueInputs inputs;
  inputs.demand = NumberOr(starts, 0) / weeks;
  inputs.capacity = NumberOr(stops, 0) / weeks;
  inputs.queue = NumberOr(queue, 0);
  inputs.target_wait = rules.target_wait;
  inputs.mean_wait = NumberOr(wait, 0);
  inputs.cv_demand = NumberOr(cv_demand, 0);
  inputs.cv_capacity = NumberOr(cv_capacity, 0);
  inputs.weeks_to_target = rules.weeks_to_target;
  inputs.factor = rules.factor;
  const QueueFigures figures = QueueFiguresOf(inputs);
  // Whether the queue is above twice its target is itself told by which of
  // the two capacities has a figure, so both stand on the queue.
  return {DerivedCell::Copy(counts.at(row, "provider")),
          DerivedCell::Copy(counts.at(row, "tfc")),
          StandsOn({&starts}, Figure::Of(inputs.demand), 1),
          StandsOn({&stops}, Figure::Of(inputs.capacity), 1),
          StandsOn({&starts, &stops}, figures.load, 2),
          DerivedCell::Copy(queue),
          StandsOn({&starts}, figures.target_queue, 0),
          StandsOn({&starts, &queue}, figures.relief_capacity, 1),
          figures.relief_capacity.known()
              ? StandsOn({&starts, &queue}, figures.target_capacity, 1)
              : StandsOn({&starts, &queue, &cv_demand, &cv_capacity},
                         figures.target_capacity, 1),
          StandsOn({&wait}, figures.pressure, 2)};
}

}  // namespace

absl::StatusOr<std::vector<DerivedTable>> DeriveQueues(
    const DeriveContext& context) {
  std::vector<DerivedTable> tables;
  const GatedTable* counts = context.Find("C12", "queue_counts");
  if (counts == nullptr) return tables;
  if (counts->rows() == 0) {
    context.Lacks("queue_stats", "queue_counts has no row");
    return tables;
  }
  TALLY_ASSIGN_OR_RETURN(const RttRules rules,
                         ReadRttRules(context.definition));
  TableInfo info = context.Info("queue_stats",
                                "Queues and the capacity they "
                                "need",
                                *counts);
  info.period = counts->info().period;
  info.method =
      "Load, target queue, relief or target capacity and pressure from weekly "
      "means";
  info.notes = {
      "Weekly figures. Relief capacity is given while the queue is more than "
      "twice its target, target capacity otherwise."};
  TALLY_ASSIGN_OR_RETURN(
      DerivedTable table,
      DerivedTable::Create(
          std::move(info),
          {DimensionColumn("provider", "Provider"),
           DimensionColumn("tfc", "Treatment function"),
           DerivedColumn("demand", "Demand", "a week"),
           DerivedColumn("capacity", "Capacity", "a week"),
           DerivedColumn("load", "Load", "ratio"),
           DerivedColumn("queue", "Pathways waiting", "pathways"),
           DerivedColumn("target_queue", "Target queue", "pathways"),
           DerivedColumn("relief", "Relief capacity", "a week"),
           DerivedColumn("target_capacity", "Target capacity", "a week"),
           DerivedColumn("pressure", "Pressure", "ratio")},
          {counts}));
  for (size_t row = 0; row < counts->rows(); ++row) {
    TALLY_RETURN_IF_ERROR(table.AddRow(QueueRow(*counts, row, rules)));
  }
  tables.push_back(std::move(table));
  return tables;
}

}  // namespace tally::analytics
