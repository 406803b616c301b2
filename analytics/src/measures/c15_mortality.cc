// C15: deaths by cause and practice, premature and avoidable, their trend, and
// life expectancy.
#include "measures/c15_mortality.h"

#include <algorithm>
#include <map>
#include <memory>
#include <utility>

#include "absl/strings/str_format.h"
#include "analytics/disclosure/registry.h"
#include "analytics/measures/patient_list.h"
#include "base/exit_code.h"
#include "base/status.h"
#include "base/strings.h"
#include "measures/code_lists.h"
#include "measures/counted.h"
#include "measures/counts.h"
#include "measures/deaths.h"
#include "measures/strata.h"
#include "measures/tables.h"

namespace tally::analytics {
namespace {

constexpr int kOldestDeath = 90;

// One entry of [[cause]]: all deaths of these codes at these ages.
struct DeathCause {
  std::string title;
  std::vector<std::string> prefixes;  // empty: every cause
  std::string age_group;
  int age_to = kOldestDeath;
};

absl::StatusOr<std::vector<DeathCause>> ReadCauses(
    const MeasureDefinition& definition) {
  TALLY_ASSIGN_OR_RETURN(const TomlArray array,
                         definition.root().GetArray("cause"));
  std::vector<DeathCause> causes;
  for (const TomlValue& value : array) {
    if (!value.is_table()) {
      return definition.root().ErrorAt(value.line(), "a cause is a table");
    }
    const TomlTable& table = value.AsTable();
    TALLY_RETURN_IF_ERROR(table.OnlyKeys({"title", "codes", "premature_only"}));
    TALLY_ASSIGN_OR_RETURN(const double premature,
                           definition.Parameter("premature_to"));
    DeathCause cause;
    TALLY_ASSIGN_OR_RETURN(cause.title, table.GetString("title"));
    TALLY_ASSIGN_OR_RETURN(cause.prefixes, ReadCodePrefixes(table, "codes"));
    TALLY_ASSIGN_OR_RETURN(const bool premature_only,
                           table.GetBool("premature_only"));
    if (!premature_only) {
      cause.age_group = "all ages";
      causes.push_back(cause);
    }
    cause.age_to = static_cast<int>(premature);
    cause.age_group = absl::StrFormat("under %d", cause.age_to + 1);
    causes.push_back(std::move(cause));
  }
  return causes;
}

// The strata of people of one list, and deaths by code.
struct DeathCounts {
  GroupedStrata people;
  std::map<std::string, GroupedStrata> deaths;  // by underlying cause
};

// An upper age as a standard's band has it: "70-74" lies below 75. All ages are
// everybody's, also of those whose age nobody knows.
bool BandUpTo(const std::string& band, int age_to) {
  if (age_to >= Esp2013().back().from) return true;
  const auto from = FirstAgeOfBand(band);
  return from.has_value() && *from <= age_to;
}

absl::StatusOr<DeathCounts> CountDeaths(const MeasureContext& context,
                                        const std::vector<GroupColumn>& groups,
                                        const std::string& list, int year) {
  DeathCounts counts;
  TALLY_RETURN_IF_ERROR(AddDeathStrata(
      context, groups, list, "(SELECT * FROM registered_death WHERE false)",
      counts.people));
  std::vector<GroupColumn> with_cause = groups;
  with_cause.push_back({"cause", "underlying_cause", "Cause"});
  GroupedStrata deaths;
  TALLY_RETURN_IF_ERROR(AddDeathStrata(
      context, with_cause, "(SELECT * FROM registered_death WHERE false)",
      absl::StrFormat("(SELECT * FROM registered_death WHERE year = %d)", year),
      deaths));
  for (auto& [group, strata] : deaths) {
    const Group area(group.begin(), group.end() - 1);
    counts.deaths[group.back()][area] = std::move(strata);
  }
  return counts;
}

// People and deaths of one cause, within its ages.
GroupedStrata StrataOf(const DeathCounts& counts, const DeathCause& cause) {
  GroupedStrata result;
  const auto add = [&](const GroupedStrata& from) {
    for (const auto& [group, strata] : from) {
      for (const auto& [key, stratum] : strata) {
        if (!BandUpTo(key.second, cause.age_to)) continue;
        result[group][key].Add(stratum);
      }
    }
  };
  add(counts.people);
  for (const auto& [code, deaths] : counts.deaths) {
    if (cause.prefixes.empty() || HasPrefix(code, cause.prefixes)) add(deaths);
  }
  // Deaths before April are of another financial year than the list.
  JoinOldest(result);
  return result;
}

DirectRate DeathRate(const DeathCause& cause, const Strata& strata,
                     double multiplier) {
  return StandardisedOver(strata, Esp2013Between(0, cause.age_to), multiplier,
                          false);
}

// How deaths are grouped, of the year that ends with which month.
struct DeathCut {
  const std::vector<GroupColumn>& groups;
  CivilDay last;
};

// Other measures count the same people, and all deaths by practice and of all
// together. An empty group: all.
void NameDeaths(const DeathCause& cause, const DeathCut& cut,
                const Group& group, size_t row, TableBuilder& table) {
  if (cause.age_to < kOldestDeath) return;
  const CountedLevels levels =
      group.empty() ? CountedLevels() : LevelsOf(cut.groups, group);
  table.Counted(row, "people", CountedPeopleOfYear(cut.last, levels));
  const bool practices = cut.groups.size() == 1 && levels.contains("area");
  if (!cause.prefixes.empty() || !(group.empty() || practices)) return;
  const std::string all(kAllLevels);
  table.Counted(row, "deaths",
                CountedDeaths(group.empty() ? all : group[0], cut.last));
}

absl::Status AddCauseRows(const DeathCause& cause, const GroupedStrata& areas,
                          const DeathCut& cut, double multiplier,
                          TableBuilder& table) {
  const Strata all = SumOfGroups(areas);
  std::vector<size_t> parts;
  std::vector<std::string> total_levels = {cause.title, cause.age_group};
  for (const Group& group : SortedGroups(areas)) {
    const Strata& strata = areas.at(group);
    const Stratum total = SumOfStrata(strata);
    std::vector<std::string> levels = {cause.title, cause.age_group};
    levels.insert(levels.end(), group.begin(), group.end());
    const size_t row = table.AddRow(levels);
    table.Set(row, "deaths", total.events).Set(row, "people", total.people);
    table.SetRate(row, "dsr", DeathRate(cause, strata, multiplier));
    const absl::StatusOr<double> expected = ExpectedOver(strata, all);
    if (expected.ok()) {
      table.SetExpected(row, "smr", total.events, *expected);
    } else {
      table.SetNa(row, "expected", NaReason::kNoDenominator)
          .SetNa(row, "smr", NaReason::kNoDenominator);
    }
    NameDeaths(cause, cut, group, row, table);
    parts.push_back(row);
  }
  if (parts.empty()) return absl::OkStatus();
  total_levels.resize(total_levels.size() + areas.begin()->first.size(),
                      std::string(kAllLevels));
  const size_t row = table.AddRow(total_levels);
  table.SetRate(row, "dsr", DeathRate(cause, all, multiplier));
  table.SetNa(row, "expected", NaReason::kNotReleased)
      .SetNa(row, "smr", NaReason::kNotReleased);
  table.Total(row, parts);
  NameDeaths(cause, cut, {}, row, table);
  return absl::OkStatus();
}

absl::StatusOr<RawTable> MortalityTable(const MeasureContext& context,
                                        const std::vector<DeathCause>& causes,
                                        const std::vector<GroupColumn>& groups,
                                        double multiplier) {
  TALLY_ASSIGN_OR_RETURN(const std::vector<std::string> lists,
                         MakeMidYearLists(context, 1));
  TALLY_ASSIGN_OR_RETURN(const DeathCounts counts,
                         CountDeaths(context, groups, lists[0], 0));
  TableInfo info = context.Info("mortality", "Deaths of twelve months");
  info.notes = {
      "Deaths are counted by date of death, at the practice of the month of "
      "death; a death that is registered late joins a later release.",
      "SMR: deaths over those expected at the rates by sex and age of all "
      "together; compare an area with 1, not with another area.",
      "NA: fewer than 10 deaths, or an age band without people."};
  if (!context.by.empty()) info.notes.push_back(CutNote(context.by));
  TALLY_ASSIGN_OR_RETURN(const CivilDay first, context.month.AddMonths(-11));
  NoteOldest(context, first, info.notes);
  TALLY_RETURN_IF_ERROR(FillLinkedRows(context, "ons_death", info));
  TableBuilder table(std::move(info));
  table.Dimension("cause", "Cause").Dimension("age_group", "Ages");
  for (const GroupColumn& group : groups) {
    const bool practice = group.name == "practice";
    table.Dimension(practice ? "area" : group.name,
                    practice ? "Practice" : group.title);
  }
  table.Events("deaths", "Deaths")
      .Persons("people", "People on the list at mid-year")
      .StandardisedRate("dsr", "Age-standardised rate", "deaths", multiplier)
      .IndirectRatio("smr", "Standardised mortality ratio", "deaths");
  if (!context.by.empty()) table.RefuseMostlyHidden();
  for (const DeathCause& cause : causes) {
    TALLY_RETURN_IF_ERROR(AddCauseRows(cause, StrataOf(counts, cause),
                                       {groups, context.month}, multiplier,
                                       table));
  }
  return table.Finish();
}

// "2025-11 to 2026-10": the twelve months of a year counted back from the last.
absl::StatusOr<std::string> YearLabel(CivilDay month, int year) {
  TALLY_ASSIGN_OR_RETURN(const CivilDay last, month.AddMonths(-12 * year));
  TALLY_ASSIGN_OR_RETURN(const CivilDay first, last.AddMonths(-11));
  return absl::StrFormat("%s to %s", first.ToMonth(), last.ToMonth());
}

absl::StatusOr<RawTable> TrendTable(const MeasureContext& context,
                                    const std::vector<DeathCause>& causes,
                                    double multiplier) {
  TALLY_ASSIGN_OR_RETURN(const double wanted,
                         context.definition.Parameter("trend_years"));
  TALLY_ASSIGN_OR_RETURN(const int years,
                         YearsCovered(context, static_cast<int>(wanted)));
  TALLY_ASSIGN_OR_RETURN(const std::vector<std::string> lists,
                         MakeMidYearLists(context, years));
  TableInfo info = context.Info("mortality_trend", "Deaths by year");
  info.notes = {"Each year ends with the month of the figures."};
  TALLY_ASSIGN_OR_RETURN(const CivilDay first,
                         context.month.AddMonths(1 - 12 * years));
  NoteOldest(context, first, info.notes);
  TALLY_RETURN_IF_ERROR(FillLinkedRows(context, "ons_death", info));
  TableBuilder table(std::move(info));
  table.Dimension("cause", "Cause")
      .Dimension("age_group", "Ages")
      .Dimension("year", "Twelve months")
      .Events("deaths", "Deaths")
      .Persons("people", "People on the list at mid-year")
      .StandardisedRate("dsr", "Age-standardised rate", "deaths", multiplier);
  std::vector<DeathCounts> counts;
  for (int year = 0; year < years; ++year) {
    TALLY_ASSIGN_OR_RETURN(
        counts.emplace_back(),
        CountDeaths(context, {}, lists[static_cast<size_t>(year)], year));
  }
  for (const DeathCause& cause : causes) {
    GroupedStrata by_year;
    for (int year = 0; year < years; ++year) {
      by_year[{std::to_string(year)}] =
          SumOfGroups(StrataOf(counts[static_cast<size_t>(year)], cause));
    }
    JoinOldest(by_year);  // one scale for all years
    for (int year = years - 1; year >= 0; --year) {
      const Strata& strata = by_year[{std::to_string(year)}];
      const Stratum total = SumOfStrata(strata);
      TALLY_ASSIGN_OR_RETURN(const std::string label,
                             YearLabel(context.month, year));
      const size_t row = table.AddRow({cause.title, cause.age_group, label});
      table.Set(row, "deaths", total.events).Set(row, "people", total.people);
      table.SetRate(row, "dsr", DeathRate(cause, strata, multiplier));
    }
  }
  return table.Finish();
}

absl::StatusOr<std::vector<GroupColumn>> MortalityGroups(
    const MeasureContext& context) {
  std::vector<std::string> by = context.by;
  if (by.empty()) by = {"practice"};
  TALLY_ASSIGN_OR_RETURN(const std::vector<GroupColumn> groups,
                         GroupColumns(by));
  for (const GroupColumn& group : groups) {
    if (group.name == "age_band") {
      return UsageError(
          "--by: figures standardised for age are not grouped by age band");
    }
  }
  return groups;
}

class Mortality : public Measure {
 public:
  absl::StatusOr<std::vector<RawTable>> Compute(
      const MeasureContext& context) const override {
    TALLY_ASSIGN_OR_RETURN(const std::vector<GroupColumn> groups,
                           MortalityGroups(context));
    TALLY_ASSIGN_OR_RETURN(const std::vector<DeathCause> causes,
                           ReadCauses(context.definition));
    TALLY_ASSIGN_OR_RETURN(const double multiplier,
                           context.definition.Parameter("multiplier"));
    TALLY_RETURN_IF_ERROR(MakeDeaths(context));
    std::vector<RawTable> tables;
    TALLY_ASSIGN_OR_RETURN(RawTable mortality,
                           MortalityTable(context, causes, groups, multiplier));
    tables.push_back(std::move(mortality));
    const bool by_practice = context.by == std::vector<std::string>{"practice"};
    if (context.by.empty() || by_practice) {
      TALLY_ASSIGN_OR_RETURN(RawTable life,
                             LifeExpectancyTable(context, by_practice));
      tables.push_back(std::move(life));
    }
    if (!context.by.empty()) return tables;
    TALLY_ASSIGN_OR_RETURN(RawTable trend,
                           TrendTable(context, causes, multiplier));
    tables.push_back(std::move(trend));
    return tables;
  }

  std::vector<PagePart> Draw(
      const MeasureDefinition& definition,
      const std::vector<GatedTable>& tables) const override {
    return DrawMortality(definition, tables);
  }
};

}  // namespace

std::unique_ptr<Measure> MakeC15() { return std::make_unique<Mortality>(); }

}  // namespace tally::analytics
