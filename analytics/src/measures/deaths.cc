#include "measures/deaths.h"

#include <algorithm>

#include "absl/strings/str_format.h"
#include "base/status.h"
#include "measures/counts.h"
#include "measures/months.h"

namespace tally::analytics {
namespace {

constexpr int kMonthsOfYear = 12;
constexpr int kMostYears = 10;
// From the last month of a year back to its seventh.
constexpr int kMonthsToMiddle = 5;

absl::Status CountDeathRows(const MeasureContext& context,
                            const std::vector<GroupColumn>& groups,
                            std::string_view relation, bool deaths,
                            GroupedStrata& counted) {
  std::string columns;
  for (const GroupColumn& group : groups) {
    columns += absl::StrFormat("%s, ", group.sql);
  }
  TALLY_ASSIGN_OR_RETURN(
      const std::vector<GroupedRow> rows,
      QueryGroups(context.connection,
                  absl::StrFormat("SELECT %1$ssex, age_band, count(*) FROM "
                                  "%2$s GROUP BY %1$ssex, age_band",
                                  columns, relation),
                  groups.size() + 2));
  for (const GroupedRow& row : rows) {
    const Group group(row.levels.begin(), row.levels.end() - 2);
    Stratum& stratum =
        counted[group][{row.levels[row.levels.size() - 2], row.levels.back()}];
    const int64_t count = row.counts[0];
    if (!deaths) {
      stratum.people += count;
      continue;
    }
    stratum.events += count;
    stratum.persons += count;
    stratum.repeats[1] += count;
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status MakeDeaths(const MeasureContext& context) {
  TALLY_ASSIGN_OR_RETURN(const int years, YearsCovered(context, kMostYears));
  TALLY_ASSIGN_OR_RETURN(const CivilDay first,
                         context.month.AddMonths(1 - kMonthsOfYear * years));
  const bool has_registered =
      context.release.Column("ons_death", "registration_date") != nullptr;
  const std::string who = absl::StrFormat(
      "CREATE OR REPLACE TEMPORARY TABLE death_first AS SELECT person, "
      "date_of_death, underlying_cause, CAST(date_trunc('month', %2$s) AS "
      "DATE) AS month_of_list FROM (SELECT *, row_number() "
      "OVER (PARTITION BY person ORDER BY date_of_death, %1$s"
      "underlying_cause NULLS LAST) AS place FROM ons_death "
      "WHERE person IS NOT NULL AND date_of_death IS NOT NULL) "
      "WHERE place = 1 AND %3$s",
      has_registered ? "registration_date NULLS LAST, " : "",
      PlacedDay(context, "ons_death", "date_of_death"),
      WithinSpan(context, "ons_death", "date_of_death",
                 {first, context.month.LastOfMonth()}));
  return context.base.Once("registered_death", [&]() -> absl::Status {
    TALLY_RETURN_IF_ERROR(context.connection.Execute(who));
    TALLY_RETURN_IF_ERROR(
        MakePatientListWhen(context, "death_first", "death_list"));
    return context.connection.Execute(absl::StrFormat(
        "CREATE OR REPLACE TEMPORARY TABLE registered_death AS "
        "SELECT l.*, f.date_of_death, f.underlying_cause, "
        "CAST(date_diff('month', f.month_of_list, DATE '%s') // %d AS "
        "INTEGER) AS year FROM death_list AS l "
        "INNER JOIN death_first AS f ON f.person = l.person",
        context.month.ToIso(), kMonthsOfYear));
  });
}

absl::StatusOr<std::vector<std::string>> MakeMidYearLists(
    const MeasureContext& context, int years) {
  std::vector<std::string> names;
  for (int year = 0; year < years; ++year) {
    TALLY_ASSIGN_OR_RETURN(
        const CivilDay middle,
        context.month.AddMonths(-kMonthsToMiddle - kMonthsOfYear * year));
    TALLY_ASSIGN_OR_RETURN(std::string name,
                           MakePatientListAt(context, middle));
    names.push_back(std::move(name));
  }
  return names;
}

absl::StatusOr<int> YearsCovered(const MeasureContext& context, int wanted) {
  TALLY_ASSIGN_OR_RETURN(const MonthRange covered,
                         CoveredMonths(context.release));
  int years = 1;
  while (years < wanted) {
    TALLY_ASSIGN_OR_RETURN(
        const CivilDay first,
        context.month.AddMonths(1 - kMonthsOfYear * (years + 1)));
    if (first < covered.first) break;
    ++years;
  }
  return years;
}

absl::Status AddDeathStrata(const MeasureContext& context,
                            const std::vector<GroupColumn>& groups,
                            std::string_view list, std::string_view deaths,
                            GroupedStrata& counted) {
  TALLY_RETURN_IF_ERROR(CountDeathRows(context, groups, list, false, counted));
  return CountDeathRows(context, groups, deaths, true, counted);
}

}  // namespace tally::analytics
