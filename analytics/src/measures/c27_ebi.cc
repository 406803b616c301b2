// C27: procedures of low priority, and what fewer of them would save.
#include "measures/c27_ebi.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <memory>
#include <optional>
#include <utility>

#include "absl/strings/str_format.h"
#include "analytics/disclosure/registry.h"
#include "analytics/measures/patient_list.h"
#include "analytics/statistics/mean.h"
#include "analytics/statistics/standardise.h"
#include "base/status.h"
#include "measures/counted.h"
#include "measures/counts.h"
#include "measures/kinds.h"
#include "measures/tables.h"

namespace tally::analytics {
namespace {

constexpr int kEbiMonths = 12;
constexpr double kPencePerPound = 100;

// Numbers with a price, and the sum of the prices.
struct EbiPrice {
  int64_t priced = 0;
  int64_t pence = 0;
};

absl::StatusOr<std::map<std::string, EbiPrice>> EbiPrices(
    engine::Connection& connection, const EventLists& lists) {
  TALLY_ASSIGN_OR_RETURN(
      const std::vector<GroupedRow> rows,
      QueryGroups(
          connection,
          absl::StrFormat("SELECT kind, count(cost_pence), "
                          "CAST(sum(cost_pence) AS BIGINT) FROM ebi_event AS e "
                          "INNER JOIN %s AS l ON %s GROUP BY kind",
                          lists.stays, DuringStay("e", "l")),
          1));
  std::map<std::string, EbiPrice> prices;
  for (const GroupedRow& row : rows) {
    prices[row.levels[0]] = {row.counts[0], row.counts[1]};
  }
  return prices;
}

size_t AddEbiRow(TableBuilder& table, const std::string& title,
                 const Group& group, const Strata& strata, double multiplier) {
  std::vector<std::string> levels = {title};
  levels.insert(levels.end(), group.begin(), group.end());
  const size_t row = table.AddRow(levels);
  const Stratum total = SumOfStrata(strata);
  table.Set(row, "list", total.people)
      .Set(row, "n", total.events)
      .SetRate(row, "dsr",
               StandardisedOver(strata, Esp2013(), multiplier, true));
  return row;
}

absl::StatusOr<RawTable> EbiActivity(const MeasureContext& context,
                                     const std::vector<CodeRule>& rules,
                                     const std::vector<GroupColumn>& groups,
                                     CivilDay first, const EventLists& lists) {
  TALLY_ASSIGN_OR_RETURN(const double multiplier,
                         context.definition.Parameter("multiplier"));
  TableInfo info = context.Info("ebi_activity", "Procedures of low priority");
  info.period =
      absl::StrFormat("%s to %s", first.ToMonth(), context.month.ToMonth());
  info.notes = {
      "Standard: European Standard Population 2013. NA: fewer than 10 "
      "procedures, or an age band without people.",
      "Procedures of people on a list in their month, whoever was on it in the "
      "middle of the year; the list is that of the middle.",
      "Mean cost: national price times market forces factor, where both are "
      "known."};
  NoteOldest(context, lists.middle, info.notes);
  TALLY_RETURN_IF_ERROR(FillLinkedRows(context, "sus_apc", info));
  TableBuilder table(std::move(info));
  table.Dimension("procedure", "Procedure");
  for (const GroupColumn& group : groups) {
    table.Dimension(group.name == "practice" ? "area" : group.name,
                    group.title);
  }
  table.Persons("list", "On the list")
      .Events("n", "Procedures")
      .StandardisedRate("dsr", "Age-standardised rate", "n", multiplier)
      .Events("priced", "Procedures with a price")
      .Mean("mean_cost", "Mean cost", "pounds", "priced");
  if (!context.by.empty()) table.RefuseMostlyHidden();
  TALLY_ASSIGN_OR_RETURN(const KindStrata counted,
                         CountKinds(context, groups, "ebi_event", lists));
  TALLY_ASSIGN_OR_RETURN(const auto prices,
                         EbiPrices(context.connection, lists));
  const Group everywhere(groups.size(), std::string(kAllLevels));
  for (const CodeRule& rule : rules) {
    if (rule.counts_as != rule.id) continue;
    const GroupedStrata strata = counted.Of(rule.id);
    if (SumOfStrata(SumOfGroups(strata)).events == 0) continue;
    std::vector<size_t> parts;
    for (const Group& group : SortedGroups(strata)) {
      parts.push_back(
          AddEbiRow(table, rule.title, group, strata.at(group), multiplier));
      table.Counted(parts.back(), "list",
                    CountedPeople(lists.middle, LevelsOf(groups, group)));
    }
    const size_t all = AddEbiRow(table, rule.title, everywhere,
                                 SumOfGroups(strata), multiplier);
    table.Total(all, parts, {"priced"})
        .Counted(all, "list", CountedPeople(lists.middle, {}));
    const auto price = prices.find(rule.id);
    if (price == prices.end() || price->second.priced == 0) continue;
    const double pounds = static_cast<double>(price->second.pence) /
                          kPencePerPound /
                          static_cast<double>(price->second.priced);
    table.Set(all, "priced", price->second.priced)
        .Set(all, "mean_cost", pounds);
  }
  return table.Finish();
}

// The benchmark of a procedure and its mean cost, from printed figures.
struct EbiBenchmark {
  Figure rate = Figure::Na(NaReason::kTooFewValues);
  std::optional<double> mean_cost;
};

std::map<std::string, EbiBenchmark> EbiBenchmarks(const GatedTable& activity,
                                                  double percentile,
                                                  double fewest_areas) {
  std::map<std::string, std::vector<double>> rates;
  std::map<std::string, EbiBenchmark> found;
  for (size_t row = 0; row < activity.rows(); ++row) {
    const std::string& procedure = activity.at(row, "procedure").text();
    if (activity.at(row, "area").text() == kAllLevels) {
      found[procedure].mean_cost = activity.at(row, "mean_cost").number();
    } else if (const auto rate = activity.at(row, "dsr").number()) {
      rates[procedure].push_back(*rate);
    }
  }
  for (auto& [procedure, values] : rates) {
    std::sort(values.begin(), values.end());
    if (static_cast<double>(values.size()) >= fewest_areas) {
      found[procedure].rate = Quantile(values, percentile);
    }
  }
  return found;
}

std::vector<DerivedCell> EbiRow(const GatedTable& activity, size_t row,
                                const EbiBenchmark& benchmark) {
  std::vector<DerivedCell> cells;
  for (const char* column :
       {"procedure", "area", "n", "dsr", "dsr_lo", "dsr_hi"}) {
    cells.push_back(DerivedCell::Copy(activity.at(row, column)));
  }
  cells.push_back(DerivedCell::Number(benchmark.rate, 1));
  const GatedCell& rate = activity.at(row, "dsr");
  const GatedCell& n = activity.at(row, "n");
  if (rate.suppressed() || n.suppressed()) {
    cells.push_back(DerivedCell::Star());
    cells.push_back(DerivedCell::Star());
    return cells;
  }
  if (!rate.number() || !n.number() || !benchmark.rate.known()) {
    const NaReason why = rate.state() == GatedCell::State::kNotAvailable
                             ? rate.reason()
                             : NaReason::kTooFewValues;
    cells.push_back(DerivedCell::Na(why));
    cells.push_back(DerivedCell::Na(why));
    return cells;
  }
  const double excess = std::max(
      0.0, *n.number() * (1 - benchmark.rate.value() / *rate.number()));
  cells.push_back(DerivedCell::Number(excess, 1));
  cells.push_back(benchmark.mean_cost
                      ? DerivedCell::Number(excess * *benchmark.mean_cost, 0)
                      : DerivedCell::Na(NaReason::kReferenceMissing));
  return cells;
}

class Ebi : public Measure {
 public:
  absl::StatusOr<std::vector<RawTable>> Compute(
      const MeasureContext& context) const override {
    std::vector<std::string> by = context.by;
    if (by.empty()) by = {"practice"};
    TALLY_ASSIGN_OR_RETURN(const std::vector<GroupColumn> groups,
                           GroupColumns(by));
    TALLY_ASSIGN_OR_RETURN(const std::vector<CodeRule> rules,
                           ReadCodeRules(context.definition));
    TALLY_ASSIGN_OR_RETURN(const CivilDay first,
                           context.month.AddMonths(1 - kEbiMonths));
    TALLY_ASSIGN_OR_RETURN(const EventLists lists,
                           MakeEventLists(context, first));
    TALLY_RETURN_IF_ERROR(MakeEbiEvents(context, rules, first));
    std::vector<RawTable> tables;
    TALLY_ASSIGN_OR_RETURN(RawTable table,
                           EbiActivity(context, rules, groups, first, lists));
    tables.push_back(std::move(table));
    return tables;
  }

  absl::StatusOr<std::vector<DerivedTable>> Derive(
      const DeriveContext& context) const override {
    const GatedTable* activity = context.Find("C27", "ebi_activity");
    if (activity == nullptr) return std::vector<DerivedTable>();
    TALLY_ASSIGN_OR_RETURN(const double percentile,
                           context.definition.Parameter("benchmark"));
    TALLY_ASSIGN_OR_RETURN(const double fewest,
                           context.definition.Parameter("fewest_areas"));
    TableInfo info =
        context.Info("ebi_opportunity",
                     "Opportunity of procedures of low priority", *activity);
    info.period = activity->info().period;
    info.notes = {absl::StrFormat(
        "Benchmark: percentile %.0f of the standardised rates of the practices "
        "that have one, at least %.0f of them. Excess: procedures beyond what "
        "that rate gives. Cost: excess times the mean cost of all.",
        100 * percentile, fewest)};
    TALLY_ASSIGN_OR_RETURN(
        DerivedTable table,
        DerivedTable::Create(
            std::move(info),
            {DimensionColumn("procedure", "Procedure"),
             DimensionColumn("area", "Practice"),
             DerivedColumn("n", "Procedures"),
             DerivedColumn("dsr", "Age-standardised rate"),
             DerivedColumn("dsr_lo", "Age-standardised rate, lower limit"),
             DerivedColumn("dsr_hi", "Age-standardised rate, upper limit"),
             DerivedColumn("benchmark_p25", "Rate of the lowest quarter"),
             DerivedColumn("excess", "Procedures above it"),
             DerivedColumn("cost", "Their cost", "pounds")},
            {activity}));
    const auto benchmarks = EbiBenchmarks(*activity, percentile, fewest);
    for (size_t row = 0; row < activity->rows(); ++row) {
      const auto found = benchmarks.find(activity->at(row, "procedure").text());
      TALLY_RETURN_IF_ERROR(table.AddRow(
          EbiRow(*activity, row,
                 found == benchmarks.end() ? EbiBenchmark() : found->second)));
    }
    std::vector<DerivedTable> tables;
    tables.push_back(std::move(table));
    return tables;
  }

  std::vector<PagePart> Draw(
      const MeasureDefinition&,
      const std::vector<GatedTable>& tables) const override {
    return DrawEbi(tables);
  }
};

}  // namespace

std::unique_ptr<Measure> MakeC27() { return std::make_unique<Ebi>(); }

}  // namespace tally::analytics
