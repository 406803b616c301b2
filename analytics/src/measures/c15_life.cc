// Life expectancy of C15.
#include <map>

#include "absl/strings/str_format.h"
#include "analytics/disclosure/registry.h"
#include "analytics/measures/patient_list.h"
#include "analytics/statistics/life_expectancy.h"
#include "base/status.h"
#include "measures/c15_mortality.h"
#include "measures/counts.h"
#include "measures/deaths.h"
#include "measures/index_column.h"
#include "measures/tables.h"

namespace tally::analytics {
namespace {

using LifeTable = std::vector<LifeBandCounts>;  // the last band is open
// By decile or practice, then sex.
using LifeTables = std::map<std::string, std::map<std::string, LifeTable>>;

constexpr int kMonthsOfLifeYear = 12;

// The band of an age, of so many bands.
std::string LifeBandSql(size_t bands) {
  return absl::StrFormat(
      "CAST(CASE WHEN age < 1 THEN 0 WHEN age < 5 THEN 1 "
      "ELSE least(age // 5 + 1, %d) END AS BIGINT)",
      bands - 1);
}

absl::Status AddLifeCounts(const MeasureContext& context,
                           std::string_view group, std::string_view relation,
                           bool deaths, size_t bands, LifeTables& tables) {
  TALLY_ASSIGN_OR_RETURN(
      const std::vector<GroupedRow> rows,
      QueryGroups(context.connection,
                  absl::StrFormat("SELECT %1$s, sex, %2$s, count(*) FROM %3$s "
                                  "WHERE age IS NOT NULL GROUP BY %1$s, sex, "
                                  "%2$s",
                                  group, LifeBandSql(bands), relation),
                  2));
  for (const GroupedRow& row : rows) {
    LifeTable& table = tables[row.levels[0]][row.levels[1]];
    if (table.empty()) table.resize(bands);
    LifeBandCounts& band = table[static_cast<size_t>(row.counts[0])];
    (deaths ? band.deaths : band.population) +=
        static_cast<double>(row.counts[1]);
  }
  return absl::OkStatus();
}

// REQUIRES: not empty.
LifeTable SumOf(const std::vector<const LifeTable*>& parts) {
  LifeTable sum(parts.front()->size());
  for (const LifeTable* part : parts) {
    for (size_t i = 0; i < sum.size(); ++i) {
      sum[i].deaths += (*part)[i].deaths;
      sum[i].population += (*part)[i].population;
    }
  }
  return sum;
}

// A row for each age that is printed; `counts` says whether it has counts of
// its own or is a total.
class LifeRows {
 public:
  LifeRows(TableBuilder& table, std::vector<int> ages, int64_t fewest)
      : table_(table), ages_(std::move(ages)), fewest_(fewest) {}

  // The rows of one life table, in the order of ages. Counts at an age are of
  // those who are as old or older.
  std::vector<size_t> Add(const std::vector<std::string>& levels,
                          const LifeTable& life, bool counts) {
    const std::vector<Estimate> years = LifeExpectancy(life);
    std::vector<size_t> rows;
    for (const int age : ages_) {
      std::vector<std::string> all = levels;
      all.push_back(std::to_string(age));
      const size_t row = table_.AddRow(all);
      const size_t band = static_cast<size_t>(LifeBandOfAge(age));
      int64_t deaths = 0, people = 0;
      for (size_t i = band; i < life.size(); ++i) {
        deaths += static_cast<int64_t>(life[i].deaths);
        people += static_cast<int64_t>(life[i].population);
      }
      if (counts) table_.Set(row, "deaths", deaths).Set(row, "people", people);
      SetIndex(table_, row, "le",
               deaths < fewest_ ? Estimate::Na(NaReason::kTooFewEvents)
                                : years[band]);
      rows.push_back(row);
    }
    return rows;
  }

  // Each row of `total` is the sum of those of `parts` in its place.
  void Total(const std::vector<size_t>& total,
             const std::vector<std::vector<size_t>>& parts) {
    for (size_t i = 0; i < total.size(); ++i) {
      std::vector<size_t> rows;
      for (const std::vector<size_t>& part : parts) rows.push_back(part[i]);
      table_.Total(total[i], rows);
    }
  }

 private:
  TableBuilder& table_;
  std::vector<int> ages_;
  int64_t fewest_;
};

// Levels of a row: area and decile, one of which is "All", and sex.
std::vector<std::string> LevelsOf(const std::string& group,
                                  const std::string& sex, bool by_practice) {
  const std::string all(kAllLevels);
  return {by_practice ? group : all, by_practice ? all : group, sex};
}

void AddLifeTables(const LifeTables& tables, bool by_practice, LifeRows& rows) {
  const std::string all(kAllLevels);
  std::map<std::string, std::vector<const LifeTable*>> by_sex;
  std::map<std::string, std::vector<std::vector<size_t>>> parts;
  std::vector<std::string> groups;
  for (const auto& [group, sexes] : tables) groups.push_back(group);
  SortLevels(groups);
  for (const std::string& group : groups) {
    std::vector<const LifeTable*> lives;
    std::vector<std::vector<size_t>> of_group;
    for (const auto& [sex, life] : tables.at(group)) {
      of_group.push_back(
          rows.Add(LevelsOf(group, sex, by_practice), life, true));
      parts[sex].push_back(of_group.back());
      by_sex[sex].push_back(&life);
      lives.push_back(&life);
    }
    rows.Total(rows.Add(LevelsOf(group, all, by_practice), SumOf(lives), false),
               of_group);
  }
  std::vector<const LifeTable*> everybody;
  std::vector<std::vector<size_t>> of_all;
  for (const auto& [sex, lives] : by_sex) {
    of_all.push_back(
        rows.Add(LevelsOf(all, sex, by_practice), SumOf(lives), false));
    rows.Total(of_all.back(), parts[sex]);
    everybody.insert(everybody.end(), lives.begin(), lives.end());
  }
  if (everybody.empty()) return;
  rows.Total(rows.Add({all, all, all}, SumOf(everybody), false), of_all);
}

// People and deaths of so many years, by age up to the band of `oldest`.
absl::StatusOr<LifeTables> CountLives(const MeasureContext& context,
                                      std::string_view group, int years,
                                      int oldest) {
  TALLY_ASSIGN_OR_RETURN(const std::vector<std::string> lists,
                         MakeMidYearLists(context, years));
  const auto bands = static_cast<size_t>(LifeBandOfAge(oldest)) + 1;
  LifeTables tables;
  for (const std::string& list : lists) {
    TALLY_RETURN_IF_ERROR(
        AddLifeCounts(context, group, list, false, bands, tables));
  }
  TALLY_RETURN_IF_ERROR(AddLifeCounts(
      context, group,
      absl::StrFormat("(SELECT * FROM registered_death WHERE year < %d)",
                      years),
      true, bands, tables));
  return tables;
}

// The ages of the definition, up to the open band, which begins at `oldest`:
// what lies within it cannot be told.
absl::StatusOr<std::vector<int>> PrintedAges(
    const MeasureDefinition& definition, int oldest) {
  const TomlTable& root = definition.root();
  TALLY_ASSIGN_OR_RETURN(const TomlArray ages, root.GetArray("ages"));
  std::vector<int> printed;
  for (const TomlValue& age : ages) {
    const bool fits = age.is_int() && age.AsInt() >= 0 && age.AsInt() <= 90 &&
                      (age.AsInt() % 5 == 0 || age.AsInt() == 1);
    if (!fits) {
      return root.ErrorAt(
          age.line(), "ages begin a band of the life table: 0, 1, 5, 10 to 90");
    }
    if (age.AsInt() <= oldest) printed.push_back(static_cast<int>(age.AsInt()));
  }
  return printed;
}

absl::StatusOr<TableBuilder> LifeColumns(const MeasureContext& context,
                                         int years, int oldest) {
  TableInfo info = context.Info("life_expectancy", "Life expectancy");
  info.period =
      absl::StrFormat("%d years to %s", years, context.month.ToMonth());
  info.method = "Chiang's abridged life table, Silcocks's variance, 95 %";
  info.notes = {
      "People are person-years: the lists at the middle of each year. Age 0 "
      "holds who was born in the financial year.",
      absl::StrFormat(
          "NA: 5,000 person-years or fewer, an age band without people, nobody "
          "dying at %d and over, fewer than 100 deaths, or an interval wider "
          "than 20 years.",
          oldest)};
  TALLY_RETURN_IF_ERROR(FillLinkedRows(context, "ons_death", info));
  TableBuilder table(std::move(info));
  table.Dimension("area", "Practice")
      .Dimension("imd_decile", "IMD decile, 1 = most deprived")
      .Dimension("sex", "Sex")
      .Dimension("age", "At age")
      .Events("deaths", "Deaths at this age or older")
      .Persons("people", "Person-years at this age or older");
  AddIndexColumns(table, "le", "Years still to live", "years", "deaths", true);
  return table;
}

}  // namespace

absl::StatusOr<RawTable> LifeExpectancyTable(const MeasureContext& context,
                                             bool by_practice) {
  TALLY_ASSIGN_OR_RETURN(const double wanted,
                         context.definition.Parameter("life_years"));
  TALLY_ASSIGN_OR_RETURN(const int years,
                         YearsCovered(context, static_cast<int>(wanted)));
  TALLY_ASSIGN_OR_RETURN(
      const CivilDay first,
      context.month.AddMonths(1 - kMonthsOfLifeYear * years));
  // One open band for all years: that of the earliest.
  const int oldest = OldestBand(context, first);
  TALLY_ASSIGN_OR_RETURN(const std::vector<int> ages,
                         PrintedAges(context.definition, oldest));
  TALLY_ASSIGN_OR_RETURN(
      const LifeTables lives,
      CountLives(context, by_practice ? "practice" : "imd_decile", years,
                 oldest));
  TALLY_ASSIGN_OR_RETURN(TableBuilder table,
                         LifeColumns(context, years, oldest));
  LifeRows rows(table, ages, context.definition.minimum_count());
  AddLifeTables(lives, by_practice, rows);
  return table.Finish();
}

}  // namespace tally::analytics
