// C19: overview of providers, plan against actual, from printed figures.
#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <set>
#include <tuple>
#include <utility>

#include "absl/strings/str_format.h"
#include "analytics/disclosure/registry.h"
#include "analytics/measures/reference.h"
#include "base/status.h"
#include "measures/activity.h"
#include "measures/c19_provider.h"
#include "measures/indicator_series.h"

namespace tally::analytics {
namespace {

constexpr std::string_view kPlanFile = "contract_plan";

// Row of a level in a table whose first dimension is `column`.
std::optional<size_t> RowOf(const GatedTable& table, std::string_view column,
                            const std::string& level) {
  for (size_t row = 0; row < table.rows(); ++row) {
    if (table.at(row, column).text() == level) return row;
  }
  return std::nullopt;
}

DerivedCell CopyOrNa(const GatedTable* table, std::string_view key,
                     const std::string& level, std::string_view column) {
  if (table == nullptr) return DerivedCell::Na(NaReason::kNotReleased);
  const auto row = RowOf(*table, key, level);
  if (!row) return DerivedCell::Na(NaReason::kNoDenominator);
  return DerivedCell::Copy(table->at(*row, column));
}

// A sum of printed cells: `*` if one of them is hidden.
struct PrintedSum {
  double sum = 0;
  int known = 0;
  bool hidden = false;

  void Add(const GatedCell& cell) {
    hidden = hidden || cell.suppressed();
    if (const auto number = cell.number()) {
      sum += *number;
      ++known;
    }
  }
  DerivedCell Cell() const {
    if (hidden) return DerivedCell::Star();
    return known == 0 ? DerivedCell::Na(NaReason::kReferenceMissing)
                      : DerivedCell::Number(sum, 0);
  }
};

// The parts of a cost have three figures, and their sum has no more.
double RoundedCost(double cost) {
  if (cost == 0) return 0;
  const double unit =
      std::pow(10.0, std::floor(std::log10(std::fabs(cost))) - 2);
  return std::round(cost / unit) * unit;
}

// What a provider did in all months, over its types.
struct ProviderSums {
  PrintedSum activity, priced, cost;

  // In per cent; nothing where a part of it is hidden or nothing was done.
  std::optional<double> PricedShare() const {
    if (activity.hidden || priced.hidden || activity.sum <= 0) {
      return std::nullopt;
    }
    // Both are rounded.
    return std::min(100.0, 100 * priced.sum / activity.sum);
  }
  DerivedCell ShareCell() const {
    if (activity.hidden || priced.hidden) return DerivedCell::Star();
    const auto share = PricedShare();
    return share.has_value() ? DerivedCell::Number(*share, 1)
                             : DerivedCell::Na(NaReason::kNoDenominator);
  }
  DerivedCell CostCell() const {
    if (cost.hidden || cost.known == 0) return cost.Cell();
    return DerivedCell::Number(RoundedCost(cost.sum), 0);
  }
};

absl::StatusOr<DerivedTable> Overview(const DeriveContext& context,
                                      const GatedTable& report,
                                      const GatedTable* rates) {
  const GatedTable* readmission = context.Find("C20", "readmission_provider");
  std::vector<const GatedTable*> sources = {&report};
  if (rates != nullptr) sources.push_back(rates);
  if (readmission != nullptr) sources.push_back(readmission);
  TALLY_ASSIGN_OR_RETURN(const double least,
                         context.definition.Parameter("least_priced_pct"));
  TableInfo info =
      context.Info("provider_overview", "Providers at a glance", report);
  info.period = report.info().period;
  info.notes = {
      "The readmission ratio is of the last financial year; 100 is "
      "as expected.",
      absl::StrFormat("Cost is that of the activity with a price; providers "
                      "are compared by cost where at least %.10g %% of their "
                      "activity has one.",
                      least),
      "Costs are sums of parts of three figures, and have three themselves."};
  TALLY_ASSIGN_OR_RETURN(
      DerivedTable table,
      DerivedTable::Create(
          std::move(info),
          {DimensionColumn("provider", "Provider"),
           DerivedColumn("activity", "Activity"),
           DerivedColumn("priced_share", "With a cost", "%"),
           DerivedColumn("cost", "Cost", "pounds"),
           WordColumn("compared", "Compared by cost"),
           DerivedColumn("daycase_rate", "Day-case rate", "%"),
           DerivedColumn("mean_los", "Mean length of stay", "nights"),
           DerivedColumn("readmit_ratio", "Readmission ratio",
                         "100 = as expected")},
          sources));
  std::map<std::string, ProviderSums> sums;
  std::vector<std::string> order;
  for (size_t row = 0; row < report.rows(); ++row) {
    if (report.at(row, "month").text() != kAllLevels) continue;
    const std::string& provider = report.at(row, "provider").text();
    if (!sums.contains(provider)) order.push_back(provider);
    ProviderSums& own = sums[provider];
    own.activity.Add(report.at(row, "activity"));
    own.priced.Add(report.at(row, "priced"));
    own.cost.Add(report.at(row, "cost"));
  }
  for (const std::string& provider : order) {
    const ProviderSums& own = sums[provider];
    const bool compared = own.PricedShare().value_or(0) >= least &&
                          !own.cost.hidden && own.cost.known > 0;
    TALLY_RETURN_IF_ERROR(table.AddRow(
        {DerivedCell::Text(provider), own.activity.Cell(), own.ShareCell(),
         own.CostCell(), DerivedCell::Text(compared ? "yes" : "no"),
         CopyOrNa(rates, "provider", provider, "daycase_rate"),
         CopyOrNa(rates, "provider", provider, "mean_los"),
         CopyOrNa(readmission, "provider", provider, "ratio")}));
  }
  return table;
}

// The plan by provider, title of the type, and month.
using PlanKey = std::tuple<std::string, std::string, std::string>;
using Plan = std::map<PlanKey, double>;

absl::StatusOr<Plan> ReadPlan(const ReferenceFile& file) {
  std::set<std::string> types;
  for (const auto& [pod, title] : ActivityTypes()) types.insert(pod);
  Plan plan;
  for (size_t row = 0; row < file.rows(); ++row) {
    const std::string& pod = file.Text(row, 1);
    if (!types.contains(pod)) {
      return file.ErrorAt(row, "there is no such type of activity");
    }
    const double planned = file.Number(row, 3);
    if (planned < 0) return file.ErrorAt(row, "a plan is not below 0");
    const PlanKey key = {file.Text(row, 0), ActivityTitle(pod),
                         file.Text(row, 2)};
    if (!plan.emplace(key, planned).second) {
      return file.ErrorAt(row, "this line of the plan is there twice");
    }
  }
  return plan;
}

std::vector<DerivedCell> PlanRow(const PlanKey& key, const DerivedCell& actual,
                                 double planned, std::optional<double> number,
                                 bool hidden) {
  DerivedCell variance = DerivedCell::Na(NaReason::kNotReleased);
  if (hidden) variance = DerivedCell::Star();
  if (!hidden && number) {
    variance = DerivedCell::Number(*number - planned, 1);
  }
  return {
      DerivedCell::Text(std::get<0>(key)), DerivedCell::Text(std::get<1>(key)),
      DerivedCell::Text(std::get<2>(key)), actual,
      DerivedCell::Number(planned, 1),     variance};
}

// Planned and printed activity of one type, all providers and months of the
// plan together.
struct BridgeStep {
  double planned = 0;
  PrintedSum actual;
};

absl::StatusOr<DerivedTable> PlanTable(
    const DeriveContext& context, const GatedTable& report, const Plan& plan,
    const std::string& citation, std::map<std::string, BridgeStep>& bridge) {
  TableInfo info = context.Info("provider_plan", "Plan and actual", report);
  info.period = report.info().period;
  info.notes = {"Plan: " + citation + ".",
                "Without lines of months that the dataset of their type does "
                "not cover."};
  TALLY_ASSIGN_OR_RETURN(
      DerivedTable table,
      DerivedTable::Create(
          std::move(info),
          {DimensionColumn("provider", "Provider"),
           DimensionColumn("pod", "Type of activity"),
           DimensionColumn("month", "Month"),
           DerivedColumn("activity", "Activity"), DerivedColumn("plan", "Plan"),
           DerivedColumn("variance", "Activity less plan")},
          {&report}));
  std::map<PlanKey, size_t> rows;
  std::map<std::string, std::string_view> table_of;  // by title of the type
  for (const auto& [pod, title] : ActivityTypes()) {
    table_of[title] = TableOfActivity(pod);
  }
  // Months that are reported, by the dataset that covers them.
  std::set<std::pair<std::string_view, std::string>> months;
  for (size_t row = 0; row < report.rows(); ++row) {
    rows[{report.at(row, "provider").text(), report.at(row, "pod").text(),
          report.at(row, "month").text()}] = row;
    months.emplace(table_of[report.at(row, "pod").text()],
                   report.at(row, "month").text());
  }
  for (const auto& [key, planned] : plan) {
    const std::string_view covering = table_of[std::get<1>(key)];
    // Another time, or one of which the dataset says nothing.
    if (!months.contains({covering, std::get<2>(key)})) continue;
    BridgeStep& step = bridge[std::get<1>(key)];
    step.planned += planned;
    const auto found = rows.find(key);
    if (found == rows.end()) {
      // Planned, and none: that is a number too.
      TALLY_RETURN_IF_ERROR(table.AddRow(
          PlanRow(key, DerivedCell::Number(0.0, 0), planned, 0, false)));
      ++step.actual.known;
      continue;
    }
    const GatedCell& actual = report.at(found->second, "activity");
    step.actual.Add(actual);
    TALLY_RETURN_IF_ERROR(
        table.AddRow(PlanRow(key, DerivedCell::Copy(actual), planned,
                             actual.number(), actual.suppressed())));
  }
  return table;
}

// From the plan to what was done, type by type, over the lines of the plan.
absl::StatusOr<DerivedTable> BridgeTable(
    const DeriveContext& context, const GatedTable& report,
    const std::map<std::string, BridgeStep>& bridge) {
  TableInfo info =
      context.Info("provider_bridge", "From plan to actual", report);
  info.period = report.info().period;
  info.notes = {
      "Lines of the plan only: activity that nobody planned is in "
      "the report."};
  ColumnSpec kind;
  kind.name = "kind";
  kind.kind = ColumnKind::kText;
  kind.title = "Kind";
  TALLY_ASSIGN_OR_RETURN(
      DerivedTable table,
      DerivedTable::Create(std::move(info),
                           {DimensionColumn("step", "Step"), kind,
                            DerivedColumn("value", "Activity")},
                           {&report}));
  double planned = 0;
  PrintedSum actual;
  for (const auto& [pod, step] : bridge) {
    planned += step.planned;
    actual.hidden = actual.hidden || step.actual.hidden;
    actual.sum += step.actual.sum;
    actual.known += step.actual.known;
  }
  const auto add = [&](const std::string& step, const char* what,
                       const DerivedCell& value) {
    return table.AddRow(
        {DerivedCell::Text(step), DerivedCell::Text(what), value});
  };
  TALLY_RETURN_IF_ERROR(add("Plan", "total", DerivedCell::Number(planned, 1)));
  for (const auto& [pod, title] : ActivityTypes()) {
    const auto step = bridge.find(title);
    if (step == bridge.end()) continue;
    TALLY_RETURN_IF_ERROR(
        add(title, "step",
            step->second.actual.hidden
                ? DerivedCell::Star()
                : DerivedCell::Number(
                      step->second.actual.sum - step->second.planned, 1)));
  }
  TALLY_RETURN_IF_ERROR(add("Actual", "total", actual.Cell()));
  return table;
}

}  // namespace

absl::StatusOr<std::vector<DerivedTable>> DeriveProviders(
    const DeriveContext& context) {
  std::vector<DerivedTable> tables;
  const GatedTable* report = context.Find("C19", "provider_report");
  if (report == nullptr) return tables;
  TALLY_ASSIGN_OR_RETURN(
      DerivedTable overview,
      Overview(context, *report, context.Find("C19", "provider_rates")));
  tables.push_back(std::move(overview));
  if (!HasReference(context.comparators, kPlanFile)) {
    const std::string why =
        absl::StrFormat("there is no reference file %s.toml", kPlanFile);
    context.Lacks("provider_plan", why);
    context.Lacks("provider_bridge", why);
    return tables;
  }
  // Each row is the plan of one month.
  TALLY_ASSIGN_OR_RETURN(
      const ReferenceFile file,
      ReferenceFile::Read(context.comparators, kPlanFile,
                          {{"provider", ReferenceType::kText},
                           {"pod", ReferenceType::kText},
                           {"month", ReferenceType::kText},
                           {"activity", ReferenceType::kNumber}},
                          kAnyMonth));
  TALLY_ASSIGN_OR_RETURN(const Plan plan, ReadPlan(file));
  std::map<std::string, BridgeStep> bridge;
  TALLY_ASSIGN_OR_RETURN(
      DerivedTable planned,
      PlanTable(context, *report, plan, file.Citation(), bridge));
  if (bridge.empty()) {
    const std::string why = absl::StrFormat(
        "%s.toml plans nothing for the months of the report", kPlanFile);
    context.Lacks("provider_plan", why);
    context.Lacks("provider_bridge", why);
    return tables;
  }
  tables.push_back(std::move(planned));
  TALLY_ASSIGN_OR_RETURN(DerivedTable steps,
                         BridgeTable(context, *report, bridge));
  tables.push_back(std::move(steps));
  return tables;
}

}  // namespace tally::analytics
