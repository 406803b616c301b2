#include "measures/kinds.h"

#include "absl/strings/str_format.h"
#include "base/status.h"
#include "measures/counts.h"

namespace tally::analytics {

GroupedStrata KindStrata::Of(const std::string& kind) const {
  GroupedStrata all = people;
  const auto found = events.find(kind);
  if (found == events.end()) return all;
  for (const auto& [group, strata] : found->second) {
    for (const auto& [key, stratum] : strata) all[group][key].Add(stratum);
  }
  return all;
}

absl::StatusOr<KindStrata> CountKinds(const MeasureContext& context,
                                      const std::vector<GroupColumn>& groups,
                                      std::string_view events,
                                      std::string_view list) {
  KindStrata counted;
  TALLY_ASSIGN_OR_RETURN(
      counted.people,
      CountStrata(context, groups,
                  absl::StrFormat("(SELECT person FROM %s WHERE false)", list),
                  list));
  std::string columns;
  for (const GroupColumn& group : groups) {
    columns += absl::StrFormat("l.%s, ", group.sql);
  }
  TALLY_ASSIGN_OR_RETURN(
      const std::vector<GroupedRow> rows,
      QueryGroups(context.connection,
                  absl::StrFormat(
                      "SELECT e.kind, %1$sl.sex, l.age_band, e.events, "
                      "count(*) FROM (SELECT kind, person, count(*) AS events "
                      "FROM %2$s WHERE person IS NOT NULL "
                      "GROUP BY kind, person) AS e INNER JOIN %3$s AS l "
                      "ON l.person = e.person "
                      "GROUP BY e.kind, %1$sl.sex, l.age_band, e.events",
                      columns, events, list),
                  groups.size() + 3));
  for (const GroupedRow& row : rows) {
    const Group group(row.levels.begin() + 1, row.levels.end() - 2);
    const auto key =
        std::pair(row.levels[row.levels.size() - 2], row.levels.back());
    Stratum& stratum = counted.events[row.levels[0]][group][key];
    stratum.Add(row.counts[0], row.counts[1]);
    stratum.people -= row.counts[1];  // they are among the people already
  }
  return counted;
}

DirectRate IndirectRateOver(const Strata& strata, const Strata& all,
                            double multiplier) {
  const Stratum here = SumOfStrata(strata);
  const Stratum whole = SumOfStrata(all);
  const auto expected = ExpectedOver(strata, all);
  DirectRate rate{Estimate::Na(NaReason::kNoExpected),
                  Figure::Na(NaReason::kNoExpected),
                  static_cast<double>(here.events)};
  if (!expected.ok() || !(*expected > 0) || whole.people == 0) return rate;
  const double reference = multiplier * static_cast<double>(whole.events) /
                           static_cast<double>(whole.people);
  rate.spread = Figure::Of(reference / *expected);
  rate.rate.value =
      Figure::Of(reference * static_cast<double>(here.events) / *expected);
  return rate;
}

}  // namespace tally::analytics
