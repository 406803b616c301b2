// C06: how unequal rates are over deprivation deciles and ethnic groups.
#include "measures/c06_inequality.h"

#include <algorithm>
#include <map>
#include <memory>
#include <utility>

#include "absl/strings/str_format.h"
#include "analytics/disclosure/registry.h"
#include "analytics/statistics/inequality.h"
#include "base/exit_code.h"
#include "base/status.h"
#include "measures/counted.h"
#include "measures/counts.h"
#include "measures/index_column.h"
#include "measures/tables.h"

namespace tally::analytics {
namespace {

constexpr int kDeciles = 10;
constexpr int kCore20Deciles = 2;

// One rate of one area, deciles 1 to 10 in their order, then "unknown".
struct AreaRates {
  std::map<std::string, Strata> deciles;
};

DirectRate RateOver(const InequalityRate& rate, const Strata& strata) {
  return StandardisedOver(strata, Esp2013Between(rate.age_from, rate.age_to),
                          rate.multiplier,
                          rate.events != InequalityEvents::kRegister &&
                              rate.events != InequalityEvents::kDeaths);
}

// What is computed from the ten rates of an area.
struct InequalityFigures {
  SlopeIndex slope{Estimate::Na(NaReason::kTooFewEvents),
                   Estimate::Na(NaReason::kTooFewEvents)};
  Figure gap = Figure::Na(NaReason::kTooFewEvents);
  Figure core20 = Figure::Na(NaReason::kTooFewEvents);
  Figure concentration = Figure::Na(NaReason::kTooFewEvents);
  int64_t events = 0;
  int64_t people = 0;
};

Strata SumOfDeciles(const AreaRates& area, int from, int to) {
  Strata sum;
  for (int decile = from; decile <= to; ++decile) {
    const auto found = area.deciles.find(std::to_string(decile));
    if (found == area.deciles.end()) continue;
    for (const auto& [key, stratum] : found->second) sum[key].Add(stratum);
  }
  return sum;
}

// The rate of deciles 1 and 2 over that of the others.
Figure Core20Ratio(const InequalityRate& rate, const AreaRates& area) {
  const DirectRate most = RateOver(rate, SumOfDeciles(area, 1, kCore20Deciles));
  const DirectRate rest =
      RateOver(rate, SumOfDeciles(area, kCore20Deciles + 1, kDeciles));
  if (!most.rate.value.known()) return most.rate.value;
  if (!rest.rate.value.known()) return rest.rate.value;
  return Figure::Of(most.rate.value.value() / rest.rate.value.value());
}

InequalityFigures FiguresOf(const InequalityRate& rate, const AreaRates& area,
                            uint64_t seed, int64_t fewest) {
  InequalityFigures figures;
  std::vector<InequalityGroup> groups;
  Figure missing = Figure::Of(0);
  for (int decile = 1; decile <= kDeciles; ++decile) {
    const auto found = area.deciles.find(std::to_string(decile));
    const Strata strata =
        found == area.deciles.end() ? Strata() : found->second;
    const Stratum total = SumOfStrata(strata);
    figures.events += total.events;
    figures.people += total.people;
    const Estimate value = RateOver(rate, strata).rate;
    for (const Figure& part : {value.value, value.lower, value.upper}) {
      if (missing.known() && !part.known()) missing = part;
    }
    if (!missing.known()) continue;
    groups.push_back({static_cast<double>(total.people), value.value.value(),
                      value.lower.value(), value.upper.value()});
  }
  if (figures.events < fewest) return figures;
  figures.core20 = Core20Ratio(rate, area);
  if (!missing.known()) {
    figures.slope = {Estimate::Na(missing.reason()),
                     Estimate::Na(missing.reason())};
    figures.gap = figures.concentration = missing;
    return figures;
  }
  figures.slope =
      SlopeIndexOfInequality(groups, ValueScale::kLog, rate.high_is_bad, seed);
  figures.gap = Figure::Of(groups.front().value - groups.back().value);
  figures.concentration = ConcentrationIndex(groups);
  return figures;
}

void GroupRateColumns(TableBuilder& table, std::string level,
                      std::string level_title) {
  table.Dimension("measure", "Measure")
      .Dimension("area", "Practice")
      .Dimension(std::move(level), std::move(level_title))
      .Events("events", "Cases or events")
      .Persons("people", "People on the list")
      .Text("unit", "Unit of the rate")
      .StandardisedRate("dsr", "Age-standardised rate", "events", 1);
}

std::string UnitOf(const InequalityRate& rate) {
  return PerUnit(rate.multiplier);
}

// Who else counts what a rate counts.
struct RateNames {
  CivilDay month;
  std::string owner;             // of the condition
  const Condition* condition;    // null: another rate
  bool all_emergencies = false;  // every method of admission
};

// Names the counts of a row as other measures do, where they have them.
void NameRate(const InequalityRate& rate, const RateNames& names,
              const std::string& area, const std::string& dimension,
              const std::string& level, size_t row, TableBuilder& table) {
  const bool all_ages = AreAllAges(rate.age_from, rate.age_to);
  const CountedLevels levels = {{"area", area}, {dimension, level}};
  if (names.condition != nullptr) {
    table.Counted(
        row, "events",
        CountedCases(names.owner, names.condition->id, names.month, levels));
    if (all_ages) {
      table.Counted(row, "people", CountedPeople(names.month, levels));
    }
    return;
  }
  if (!all_ages) return;
  table.Counted(row, "people", CountedPeopleOfYear(names.month, levels));
  if (level != kAllLevels) return;
  if (rate.events == InequalityEvents::kDeaths) {
    table.Counted(row, "events", CountedDeaths(area, names.month));
  } else if (rate.events == InequalityEvents::kEmergencyAdmissions &&
             names.all_emergencies) {
    table.Counted(row, "events", CountedEmergencies(area, names.month));
  }
}

// Whether the rates of emergency admissions are of every method 2x there is.
absl::StatusOr<bool> CountsAllEmergencies(const MeasureDefinition& definition) {
  constexpr std::string_view kMethods[] = {"21", "22", "23", "24", "25",
                                           "28", "2A", "2B", "2C", "2D"};
  if (definition.root().Find("emergency_methods") == nullptr) return false;
  TALLY_ASSIGN_OR_RETURN(const std::vector<std::string> counted,
                         definition.root().GetStrings("emergency_methods"));
  return std::all_of(
      std::begin(kMethods), std::end(kMethods), [&](std::string_view method) {
        return std::find(counted.begin(), counted.end(), method) !=
               counted.end();
      });
}

// Rows of one rate: its levels, then all of them together.
void AddLevels(const InequalityRate& rate, const RateNames& rate_names,
               const std::string& area, const std::string& dimension,
               const std::map<std::string, Strata>& levels,
               TableBuilder& table) {
  std::vector<std::string> names;
  for (const auto& [level, strata] : levels) names.push_back(level);
  SortLevels(names);
  std::vector<size_t> parts;
  Strata all;
  for (const std::string& name : names) {
    const Strata& strata = levels.at(name);
    const Stratum total = SumOfStrata(strata);
    const size_t row = table.AddRow({rate.title, area, name});
    table.Set(row, "events", total.events).Set(row, "people", total.people);
    table.Set(row, "unit", UnitOf(rate));
    table.SetRate(row, "dsr", RateOver(rate, strata));
    NameRate(rate, rate_names, area, dimension, name, row, table);
    parts.push_back(row);
    for (const auto& [key, stratum] : strata) all[key].Add(stratum);
  }
  const std::string every(kAllLevels);
  const size_t row = table.AddRow({rate.title, area, every});
  table.Set(row, "unit", UnitOf(rate));
  table.SetRate(row, "dsr", RateOver(rate, all));
  table.Total(row, parts);
  NameRate(rate, rate_names, area, dimension, every, row, table);
}

TableBuilder IndexTable(TableInfo info) {
  TableBuilder table(std::move(info));
  table.Dimension("measure", "Measure")
      .Dimension("area", "Practice")
      .Events("events", "Cases or events of people with a known decile")
      .Persons("people", "People with a known decile")
      .Text("unit", "Unit of the slope and the gap");
  AddIndexColumns(table, "sii", "Slope index of inequality", "", "events",
                  true);
  AddIndexColumns(table, "rii", "Relative index of inequality", "ratio",
                  "events", true);
  AddIndexColumns(table, "gap", "Decile 1 minus decile 10", "", "events",
                  false);
  AddIndexColumns(table, "core20_ratio", "Deciles 1 and 2 over the others",
                  "ratio", "events", false);
  AddIndexColumns(table, "concentration_index", "Concentration index", "index",
                  "events", false);
  return table;
}

void AddIndexRow(const InequalityRate& rate, const std::string& area,
                 const InequalityFigures& figures, TableBuilder& table) {
  const size_t row = table.AddRow({rate.title, area});
  table.Set(row, "events", figures.events).Set(row, "people", figures.people);
  table.Set(row, "unit", UnitOf(rate));
  SetIndex(table, row, "sii", figures.slope.sii);
  SetIndex(table, row, "rii", figures.slope.rii);
  SetIndex(table, row, "gap", figures.gap);
  SetIndex(table, row, "core20_ratio", figures.core20);
  SetIndex(table, row, "concentration_index", figures.concentration);
}

// Counts of one rate cut three ways.
struct RateCuts {
  std::map<std::string, AreaRates> areas;     // by practice, or All
  std::map<std::string, Strata> ethnicities;  // of all areas
};

// The measure whose conditions count: this one if its definition has any, else
// C03, one list for both.
std::string OwnerOfConditions(const MeasureContext& context) {
  return context.definition.root().Find("condition") != nullptr
             ? context.definition.id()
             : "C03";
}

// Counts rates one after the other, the registers of all conditions at the
// first of them.
class RateCounter {
 public:
  RateCounter(const MeasureContext& context,
              const std::vector<Condition>& conditions,
              std::vector<GroupColumn> groups)
      : context_(context),
        conditions_(conditions),
        groups_(std::move(groups)) {}

  absl::StatusOr<GroupedStrata> Count(const InequalityRate& rate) {
    if (rate.events != InequalityEvents::kRegister) {
      return CountRate(context_, rate, groups_);
    }
    if (registers_.empty()) {
      TALLY_RETURN_IF_ERROR(MakePatientList(context_));
      const std::string owner = OwnerOfConditions(context_);
      TALLY_RETURN_IF_ERROR(
          MakeConditionRegister(context_, conditions_, owner));
      TALLY_ASSIGN_OR_RETURN(
          registers_, CountConditions(context_, groups_, conditions_, owner));
    }
    return registers_[rate.condition];
  }

 private:
  const MeasureContext& context_;
  const std::vector<Condition>& conditions_;
  const std::vector<GroupColumn> groups_;
  std::vector<GroupedStrata> registers_;
};

RateCuts CutRate(const GroupedStrata& counted, bool by_practice) {
  RateCuts cuts;
  for (const auto& [group, strata] : counted) {
    const std::string area = by_practice ? group[0] : std::string(kAllLevels);
    Strata& decile = cuts.areas[area].deciles[group[1]];
    for (const auto& [key, stratum] : strata) decile[key].Add(stratum);
    if (by_practice) continue;
    Strata& ethnicity = cuts.ethnicities[group[0]];
    for (const auto& [key, stratum] : strata) ethnicity[key].Add(stratum);
  }
  return cuts;
}

absl::StatusOr<bool> AskedByPractice(const MeasureContext& context) {
  if (context.by.empty()) return false;
  if (context.by == std::vector<std::string>{"practice"}) return true;
  return UsageError(
      "--by: inequality is compared over deprivation deciles; it is grouped by "
      "practice or not at all");
}

// What this release can carry, and a note for each rate that it cannot.
struct RatesHere {
  std::vector<InequalityRate> rates;
  std::vector<std::string> notes;
};

RatesHere SplitRates(const MeasureContext& context,
                     const std::vector<InequalityRate>& rates) {
  RatesHere here;
  here.notes = {
      "Rates are standardised for age; a rate is NA below 10 events, an index "
      "below 100 or where a decile has no rate.",
      "Positive slopes and relative indices above 1: the deprived do worse. "
      "Deciles are national; people without one are left out of the indices.",
      "Emergency admissions are provider spells; activity and deaths of twelve "
      "months, of people on a list in the month of each, over the list at the "
      "middle."};
  for (const InequalityRate& rate : rates) {
    const std::string missing = RateMissing(context, rate);
    if (missing.empty()) {
      here.rates.push_back(rate);
    } else {
      here.notes.push_back(rate.title + " is not available: " + missing + ".");
    }
  }
  return here;
}

absl::StatusOr<TableInfo> InequalityInfo(const MeasureContext& context,
                                         std::string table, std::string title,
                                         const RatesHere& here) {
  TableInfo info = context.Info(std::move(table), std::move(title));
  info.notes = here.notes;
  TALLY_ASSIGN_OR_RETURN(const CivilDay first, context.month.AddMonths(-11));
  NoteOldest(context, first, info.notes);
  TALLY_RETURN_IF_ERROR(FillLinkedRows(context, "gp_patient", info));
  return info;
}

void AddCutRate(const InequalityRate& rate, const RateNames& names,
                const RateCuts& cuts, uint64_t seed, int64_t fewest,
                TableBuilder& index, TableBuilder& deciles,
                TableBuilder& ethnicity) {
  int64_t events = 0;
  for (const auto& [area, rates] : cuts.areas) {
    for (const auto& [decile, strata] : rates.deciles) {
      events += SumOfStrata(strata).events;
    }
  }
  // What nobody has was not asked for by the agreement.
  if (events == 0) return;
  for (const auto& [area, rates] : cuts.areas) {
    AddIndexRow(rate, area, FiguresOf(rate, rates, seed, fewest), index);
    AddLevels(rate, names, area, "imd_decile", rates.deciles, deciles);
  }
  if (!cuts.ethnicities.empty()) {
    AddLevels(rate, names, std::string(kAllLevels), "ethnicity",
              cuts.ethnicities, ethnicity);
  }
}

absl::StatusOr<std::vector<Condition>> ConditionsOf(
    const MeasureContext& context) {
  const std::string owner = OwnerOfConditions(context);
  if (owner == context.definition.id()) {
    return ReadConditions(context.definition);
  }
  TALLY_ASSIGN_OR_RETURN(const MeasureDefinition prevalence,
                         LoadDefinition(owner, context.definitions));
  return ReadConditions(prevalence);
}

class Inequality : public Measure {
 public:
  absl::StatusOr<std::vector<RawTable>> Compute(
      const MeasureContext& context) const override {
    TALLY_ASSIGN_OR_RETURN(const bool by_practice, AskedByPractice(context));
    TALLY_ASSIGN_OR_RETURN(const std::vector<Condition> conditions,
                           ConditionsOf(context));
    TALLY_ASSIGN_OR_RETURN(const std::vector<InequalityRate> all,
                           ReadInequalityRates(context.definition, conditions));
    TALLY_ASSIGN_OR_RETURN(const double seed,
                           context.definition.Parameter("seed"));
    const RatesHere here = SplitRates(context, all);
    TALLY_ASSIGN_OR_RETURN(
        TableInfo info,
        InequalityInfo(context, "inequality",
                       "Inequality over deprivation deciles", here));
    TableBuilder index = IndexTable(std::move(info));
    TALLY_ASSIGN_OR_RETURN(info,
                           InequalityInfo(context, "inequality_deciles",
                                          "Rates by deprivation decile", here));
    TableBuilder deciles(std::move(info));
    GroupRateColumns(deciles, "imd_decile", "IMD decile, 1 = most deprived");
    TALLY_ASSIGN_OR_RETURN(info, InequalityInfo(context, "inequality_ethnicity",
                                                "Rates by ethnic group", here));
    TableBuilder ethnicity(std::move(info));
    GroupRateColumns(ethnicity, "ethnicity", "Ethnic group");
    TALLY_ASSIGN_OR_RETURN(
        std::vector<GroupColumn> groups,
        GroupColumns({by_practice ? "practice" : "ethnicity", "imd_decile"}));
    TALLY_ASSIGN_OR_RETURN(const bool all_emergencies,
                           CountsAllEmergencies(context.definition));
    RateCounter counter(context, conditions, std::move(groups));
    for (const InequalityRate& rate : here.rates) {
      TALLY_ASSIGN_OR_RETURN(const GroupedStrata counted, counter.Count(rate));
      RateNames names{context.month, OwnerOfConditions(context), nullptr,
                      all_emergencies};
      if (rate.events == InequalityEvents::kRegister) {
        names.condition = &conditions[rate.condition];
      }
      AddCutRate(rate, names, CutRate(counted, by_practice),
                 static_cast<uint64_t>(seed),
                 context.definition.minimum_count(), index, deciles, ethnicity);
    }
    const bool has_ethnicity =
        context.release.Column("gp_patient", "ethnic_category") != nullptr;
    std::vector<TableBuilder*> builders = {&index, &deciles};
    if (!by_practice && has_ethnicity) builders.push_back(&ethnicity);
    if (!has_ethnicity) {
      context.Lacks("inequality_ethnicity",
                    "gp_patient has no column ethnic_category");
    }
    std::vector<RawTable> tables;
    for (TableBuilder* builder : builders) {
      if (by_practice) builder->RefuseMostlyHidden();
      TALLY_ASSIGN_OR_RETURN(RawTable table, builder->Finish());
      tables.push_back(std::move(table));
    }
    return tables;
  }

  absl::StatusOr<std::vector<DerivedTable>> Derive(
      const DeriveContext& context) const override {
    return FitInequalityLines(context);
  }

  std::vector<PagePart> Draw(
      const MeasureDefinition& definition,
      const std::vector<GatedTable>& tables) const override {
    return DrawInequality(definition, tables);
  }
};

}  // namespace

std::unique_ptr<Measure> MakeC06() { return std::make_unique<Inequality>(); }

}  // namespace tally::analytics
