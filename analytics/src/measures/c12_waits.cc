// C12: waits from referral to treatment, and queues.
#include "measures/c12_waits.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <set>
#include <utility>

#include "absl/strings/str_format.h"
#include "analytics/disclosure/registry.h"
#include "analytics/measures/patient_list.h"
#include "analytics/statistics/mean.h"
#include "analytics/statistics/queue.h"
#include "base/exit_code.h"
#include "base/status.h"
#include "measures/crossed_rows.h"
#include "measures/tables.h"

namespace tally::analytics {
namespace {

constexpr double kRttWeek = 7;  // days

// Pairs of provider and treatment function that have any pathway.
std::set<RttUnit> UnitsOfWaits(const RttCounts& counts) {
  std::set<RttUnit> units;
  for (const auto& [key, waiting] : counts.waiting) units.insert(key.first);
  for (const auto& [unit, flow] : counts.flow) units.insert(unit);
  return units;
}

absl::Status FillRttRows(const MeasureContext& context, TableInfo& info) {
  TALLY_RETURN_IF_ERROR(FillLinkedRows(context, "sus_op", info));
  const int64_t linked = info.rows_linked;
  const int64_t all = info.rows_all;
  TALLY_RETURN_IF_ERROR(FillLinkedRows(context, "sus_apc", info));
  info.rows_linked += linked;
  info.rows_all += all;
  return absl::OkStatus();
}

// Sums by unit, "All" included, so that each row is one look-up.
std::map<RttUnit, RttWaiting> WaitingAt(const RttCounts& counts,
                                        size_t census) {
  const std::string all(kAllLevels);
  std::map<RttUnit, RttWaiting> sums;
  for (const auto& [key, waiting] : counts.waiting) {
    if (key.second != census) continue;
    const auto& [provider, tfc] = key.first;
    for (const RttUnit& unit : {RttUnit{provider, tfc}, RttUnit{provider, all},
                                RttUnit{all, tfc}, RttUnit{all, all}}) {
      sums[unit].Add(waiting);
    }
  }
  return sums;
}

absl::StatusOr<RawTable> SummaryTable(const MeasureContext& context,
                                      const RttCounts& counts,
                                      const std::set<RttUnit>& units) {
  TableInfo info = context.Info("rtt_summary", "Waits at the ends of months");
  info.period = absl::StrFormat("%s to %s", counts.censuses.front().ToMonth(),
                                counts.censuses.back().ToMonth());
  info.notes = {
      "Referrals that have had no appointment or admission yet are not in "
      "these data, so short waits are too few.",
      "Rows without a person and without a pathway number are left out."};
  TALLY_RETURN_IF_ERROR(FillRttRows(context, info));
  TableBuilder table(std::move(info));
  table.Dimension("provider", "Provider")
      .Dimension("tfc", "Treatment function")
      .Dimension("census", "Day")
      .Events("incomplete", "Pathways waiting")
      .Events("within_18", "Within 18 weeks")
      .Proportion("share_18", "Within 18 weeks", "within_18", "incomplete")
      .Events("over_52", "Over 52 weeks")
      .Events("over_65", "Over 65 weeks")
      .Percentile("median_wk", "Median wait", "weeks", "incomplete", 0.5, 0.1)
      .Percentile("p92_wk", "92nd percentile of the wait", "weeks",
                  "incomplete", 0.92, 0.1);
  CrossedRows rows(units, table);
  for (size_t census = 0; census < counts.censuses.size(); ++census) {
    const auto sums = WaitingAt(counts, census);
    rows.Add({counts.censuses[census].ToIso()},
             [&](size_t row, const RttUnit& unit, bool own) {
               const auto found = sums.find(unit);
               const RttWaiting w =
                   found == sums.end() ? RttWaiting() : found->second;
               if (own) {
                 table.Set(row, "incomplete", w.incomplete)
                     .Set(row, "within_18", w.within)
                     .Set(row, "over_52", w.over_long)
                     .Set(row, "over_65", w.over_very_long);
               }
               const Figure median = BandedQuantile(w.weeks, 1, 0.5);
               const Figure p92 = BandedQuantile(w.weeks, 1, 0.92);
               if (median.known()) table.Set(row, "median_wk", median.value());
               if (p92.known()) table.Set(row, "p92_wk", p92.value());
             });
  }
  TALLY_ASSIGN_OR_RETURN(RawTable raw, table.Finish());
  TALLY_RETURN_IF_ERROR(
      rows.JoinSums({"incomplete", "within_18", "over_52", "over_65"}, raw));
  return raw;
}

// Pathways by whole weeks waited, at the last census.
absl::StatusOr<RawTable> WaitsTable(const MeasureContext& context,
                                    const RttRules& rules,
                                    const RttCounts& counts,
                                    const std::set<RttUnit>& units) {
  TableInfo info = context.Info("rtt_waits", "Pathways by weeks waited");
  info.notes = {
      "Week 0 holds waits of 0 to 6 days. 126 days, the first of week 18, are "
      "within 18 weeks."};
  TALLY_RETURN_IF_ERROR(FillRttRows(context, info));
  TableBuilder table(std::move(info));
  table.Dimension("provider", "Provider")
      .Dimension("week", "Weeks waited")
      .Events("incomplete", "Pathways waiting");
  const auto sums = WaitingAt(counts, counts.censuses.size() - 1);
  const auto last = static_cast<size_t>(rules.histogram_weeks);
  const auto in_week = [&](const RttWaiting& w, size_t week) {
    int64_t pathways = 0;
    for (size_t i = week; i < w.weeks.size(); ++i) {
      if (i == week || week == last) pathways += w.weeks[i];
    }
    return pathways;
  };
  const auto name = [&](size_t week) {
    return absl::StrFormat("%d%s", week, week == last ? "+" : "");
  };
  std::vector<std::vector<size_t>> by_week(last + 1);
  std::set<std::string> providers;
  for (const RttUnit& unit : units) providers.insert(unit.first);
  for (const std::string& provider : providers) {
    const auto found = sums.find({provider, std::string(kAllLevels)});
    if (found == sums.end()) continue;
    for (size_t week = 0; week <= last; ++week) {
      const size_t row = table.AddRow({provider, name(week)});
      table.Set(row, "incomplete", in_week(found->second, week));
      by_week[week].push_back(row);
    }
  }
  if (!by_week[0].empty()) {
    for (size_t week = 0; week <= last; ++week) {
      table.Total(table.AddRow({std::string(kAllLevels), name(week)}),
                  by_week[week]);
    }
  }
  return table.Finish();
}

// The coefficient of variation of weekly numbers; nothing without any.
std::optional<double> VariationOfWeeks(const std::vector<int64_t>& weeks) {
  double mean = 0;
  for (const int64_t n : weeks) mean += static_cast<double>(n);
  mean /= static_cast<double>(weeks.size());
  if (weeks.size() < 2 || mean == 0) return std::nullopt;
  double squares = 0;
  for (const int64_t n : weeks) {
    squares +=
        (static_cast<double>(n) - mean) * (static_cast<double>(n) - mean);
  }
  return std::sqrt(squares / static_cast<double>(weeks.size() - 1)) / mean;
}

RttFlow FlowOf(const RttCounts& counts, const RttRules& rules,
               const RttUnit& unit) {
  RttFlow sum;
  sum.starts.resize(static_cast<size_t>(rules.weeks));
  sum.stops.resize(static_cast<size_t>(rules.weeks));
  for (const auto& [cell, flow] : counts.flow) {
    if (!CoversUnit(unit, cell)) continue;
    for (size_t i = 0; i < sum.starts.size(); ++i) {
      sum.starts[i] += flow.starts[i];
      sum.stops[i] += flow.stops[i];
    }
  }
  return sum;
}

int64_t SumOfWeeks(const std::vector<int64_t>& weeks) {
  int64_t sum = 0;
  for (const int64_t n : weeks) sum += n;
  return sum;
}

absl::StatusOr<RawTable> QueueTable(const MeasureContext& context,
                                    const RttRules& rules,
                                    const RttCounts& counts,
                                    const std::set<RttUnit>& units) {
  TableInfo info =
      context.Info("queue_counts", "Clocks that started, stopped and run");
  info.period = absl::StrFormat("%d weeks to %s", rules.weeks,
                                counts.censuses.back().ToIso());
  info.method = "Sample coefficients of variation of the weekly numbers";
  TALLY_RETURN_IF_ERROR(FillRttRows(context, info));
  TableBuilder table(std::move(info));
  table.Dimension("provider", "Provider")
      .Dimension("tfc", "Treatment function")
      .Events("starts", "Clocks started")
      .Events("stops", "Clocks stopped")
      .Events("queue", "Pathways waiting")
      .Mean("mean_wait", "Mean wait of those waiting", "weeks", "queue")
      .Mean("cv_demand", "Variation of weekly starts", "ratio", "starts")
      .Mean("cv_capacity", "Variation of weekly stops", "ratio", "stops");
  const auto sums = WaitingAt(counts, counts.censuses.size() - 1);
  CrossedRows rows(units, table);
  rows.Add({}, [&](size_t row, const RttUnit& unit, bool own) {
    const auto found = sums.find(unit);
    const RttWaiting w = found == sums.end() ? RttWaiting() : found->second;
    const RttFlow flow = FlowOf(counts, rules, unit);
    if (own) {
      table.Set(row, "starts", SumOfWeeks(flow.starts))
          .Set(row, "stops", SumOfWeeks(flow.stops))
          .Set(row, "queue", w.incomplete);
    }
    if (w.incomplete > 0) {
      table.Set(row, "mean_wait",
                static_cast<double>(w.wait_days) / kRttWeek /
                    static_cast<double>(w.incomplete));
    }
    const auto demand = VariationOfWeeks(flow.starts);
    const auto capacity = VariationOfWeeks(flow.stops);
    if (demand.has_value()) table.Set(row, "cv_demand", *demand);
    if (capacity.has_value()) table.Set(row, "cv_capacity", *capacity);
  });
  TALLY_ASSIGN_OR_RETURN(RawTable raw, table.Finish());
  TALLY_RETURN_IF_ERROR(rows.JoinSums({"starts", "stops", "queue"}, raw));
  return raw;
}

class Waits : public Measure {
 public:
  absl::StatusOr<std::vector<RawTable>> Compute(
      const MeasureContext& context) const override {
    if (!context.by.empty()) {
      return UsageError(
          "--by: waits are by provider and treatment function; they have no "
          "other grouping");
    }
    TALLY_ASSIGN_OR_RETURN(const RttRules rules,
                           ReadRttRules(context.definition));
    TALLY_ASSIGN_OR_RETURN(const RttCounts counts, CountWaits(context, rules));
    const std::set<RttUnit> units = UnitsOfWaits(counts);
    std::vector<RawTable> tables;
    TALLY_ASSIGN_OR_RETURN(RawTable summary,
                           SummaryTable(context, counts, units));
    TALLY_ASSIGN_OR_RETURN(RawTable waits,
                           WaitsTable(context, rules, counts, units));
    TALLY_ASSIGN_OR_RETURN(RawTable queue,
                           QueueTable(context, rules, counts, units));
    tables.push_back(std::move(summary));
    tables.push_back(std::move(waits));
    tables.push_back(std::move(queue));
    return tables;
  }

  absl::StatusOr<std::vector<DerivedTable>> Derive(
      const DeriveContext& context) const override {
    return DeriveQueues(context);
  }

  std::vector<PagePart> Draw(
      const MeasureDefinition& definition,
      const std::vector<GatedTable>& tables) const override {
    return DrawWaits(definition, tables);
  }
};

}  // namespace

std::unique_ptr<Measure> MakeC12() { return std::make_unique<Waits>(); }

}  // namespace tally::analytics
