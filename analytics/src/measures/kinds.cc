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
                                      const EventLists& lists) {
  KindStrata counted;
  TALLY_ASSIGN_OR_RETURN(
      counted.people,
      CountStrata(
          context, groups,
          absl::StrFormat("(SELECT person FROM %s WHERE false)", lists.list),
          lists.list));
  std::string of_stay, levels;
  for (size_t i = 0; i < groups.size(); ++i) {
    of_stay += absl::StrFormat("l.%s AS level_%d, ", groups[i].sql, i);
    levels += absl::StrFormat("level_%d, ", i);
  }
  TALLY_ASSIGN_OR_RETURN(
      const std::vector<GroupedRow> rows,
      QueryGroups(
          context.connection,
          absl::StrFormat(
              "SELECT kind, %1$ssex, age_band, events, count(*) FROM ("
              "SELECT e.kind, %2$sl.sex, l.age_band, e.person, "
              "count(*) AS events FROM %3$s AS e INNER JOIN %4$s AS l ON %5$s "
              "GROUP BY ALL) GROUP BY kind, %1$ssex, age_band, events",
              levels, of_stay, events, lists.stays, DuringStay("e", "l")),
          groups.size() + 3));
  for (const GroupedRow& row : rows) {
    const Group group(row.levels.begin() + 1, row.levels.end() - 2);
    const auto key =
        std::pair(row.levels[row.levels.size() - 2], row.levels.back());
    counted.events[row.levels[0]][group][key].AddEvents(row.counts[0],
                                                        row.counts[1]);
  }
  return counted;
}

absl::StatusOr<GroupedStrata> CountEvents(
    const MeasureContext& context, const std::vector<GroupColumn>& groups,
    std::string_view events, const EventLists& lists) {
  TALLY_ASSIGN_OR_RETURN(
      const KindStrata counted,
      CountKinds(context, groups,
                 absl::StrFormat("(SELECT '' AS kind, * FROM %s)", events),
                 lists));
  return counted.Of("");
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
