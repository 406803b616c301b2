#include "measures/strata.h"

#include <algorithm>

#include "absl/strings/str_format.h"
#include "base/status.h"
#include "measures/counts.h"

namespace tally::analytics {
namespace {

// Ages of lists are held to it.
constexpr int64_t kOldestAge = 90;

}  // namespace

void Stratum::Add(int64_t events_each, int64_t people_with) {
  people += people_with;
  if (events_each == 0) return;
  events += events_each * people_with;
  persons += people_with;
  repeats[events_each] += people_with;
}

void Stratum::Add(const Stratum& other) {
  people += other.people;
  events += other.events;
  persons += other.persons;
  for (const auto& [each, with] : other.repeats) repeats[each] += with;
}

std::string WithinAges(int64_t from, int64_t to) {
  if (from <= 0 && to >= kOldestAge) return "true";
  return absl::StrFormat("age BETWEEN %d AND %d", from, to);
}

absl::StatusOr<GroupedStrata> CountStrata(
    const MeasureContext& context, const std::vector<GroupColumn>& groups,
    std::string_view events, std::string_view list,
    const std::vector<engine::Value>& values) {
  std::string columns;
  for (const GroupColumn& group : groups) {
    columns += absl::StrFormat("l.%s, ", group.sql);
  }
  TALLY_ASSIGN_OR_RETURN(
      const std::vector<GroupedRow> rows,
      QueryGroups(context.connection,
                  absl::StrFormat(
                      "SELECT %1$sl.sex, l.age_band, coalesce(e.events, 0), "
                      "count(*) FROM %2$s AS l LEFT JOIN (SELECT person, "
                      "count(*) AS events FROM %3$s WHERE person IS NOT NULL "
                      "GROUP BY person) AS e ON e.person = l.person "
                      "GROUP BY %1$sl.sex, l.age_band, coalesce(e.events, 0)",
                      columns, list, events),
                  groups.size() + 2, values));
  GroupedStrata counted;
  for (const GroupedRow& row : rows) {
    const Group group(row.levels.begin(), row.levels.end() - 2);
    const auto stratum =
        std::pair(row.levels[row.levels.size() - 2], row.levels.back());
    counted[group][stratum].Add(row.counts[0], row.counts[1]);
  }
  return counted;
}

Strata SumOfGroups(const GroupedStrata& groups) {
  Strata all;
  for (const auto& [group, strata] : groups) {
    for (const auto& [key, stratum] : strata) all[key].Add(stratum);
  }
  return all;
}

Stratum SumOfStrata(const Strata& strata) {
  Stratum total;
  for (const auto& [key, stratum] : strata) total.Add(stratum);
  return total;
}

std::vector<Group> SortedGroups(const GroupedStrata& groups) {
  std::vector<Group> sorted;
  for (const auto& [group, strata] : groups) sorted.push_back(group);
  std::sort(sorted.begin(), sorted.end(), [](const Group& a, const Group& b) {
    return std::lexicographical_compare(a.begin(), a.end(), b.begin(), b.end(),
                                        LevelLess);
  });
  return sorted;
}

DirectRate StandardisedOver(const Strata& strata,
                            std::span<const StandardBand> standard,
                            double multiplier, bool repeated) {
  std::map<std::string, Stratum> bands;
  for (const auto& [key, stratum] : strata) {
    // Nobody knows in which band of the standard they belong.
    if (key.second != kUnknown) bands[key.second].Add(stratum);
  }
  std::vector<BandCounts> counts;
  std::vector<RepeatCounts> repeats;
  for (const auto& [band, stratum] : bands) {
    counts.push_back({band, static_cast<double>(stratum.events),
                      static_cast<double>(stratum.people)});
    for (const auto& [each, with] : stratum.repeats) {
      repeats.push_back({band, each, static_cast<double>(with)});
    }
  }
  if (!repeated) return DirectlyStandardised(counts, standard, multiplier);
  return DirectlyStandardisedRepeat(repeats, counts, standard, multiplier);
}

absl::StatusOr<double> ExpectedOver(const Strata& strata,
                                    const Strata& reference) {
  std::vector<BandCounts> people;
  std::vector<ReferenceRate> rates;
  for (const auto& [key, stratum] : reference) {
    if (stratum.people == 0) continue;
    rates.push_back({key.first + " " + key.second,
                     static_cast<double>(stratum.events) /
                         static_cast<double>(stratum.people)});
  }
  for (const auto& [key, stratum] : strata) {
    people.push_back(
        {key.first + " " + key.second, 0, static_cast<double>(stratum.people)});
  }
  return ExpectedEvents(people, rates);
}

}  // namespace tally::analytics
