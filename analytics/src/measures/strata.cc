#include "measures/strata.h"

#include <algorithm>

#include "absl/strings/str_format.h"
#include "base/status.h"
#include "measures/counts.h"

namespace tally::analytics {
namespace {

// Ages of lists are held to it.
constexpr int kOldestAge = 90;

// The lowest first age of the open bands; above all ages if there is none.
int OpenFrom(const Strata& strata) {
  int open = kOldestAge + 1;
  for (const auto& [key, stratum] : strata) {
    if (key.second.ends_with('+')) {
      open = std::min(open, FirstAgeOfBand(key.second).value_or(open));
    }
  }
  return open;
}

void JoinFrom(int open, Strata& strata) {
  if (open > kOldestAge) return;
  Strata joined;
  for (const auto& [key, stratum] : strata) {
    const bool old = FirstAgeOfBand(key.second).value_or(0) >= open;
    joined[{key.first, old ? absl::StrFormat("%d+", open) : key.second}].Add(
        stratum);
  }
  strata = std::move(joined);
}

// The standard with one open band from `open` on, named `name`.
std::vector<StandardBand> OpenStandard(std::span<const StandardBand> standard,
                                       int open, std::string_view name) {
  std::vector<StandardBand> bands;
  for (const StandardBand& band : standard) {
    if (band.from >= open && !bands.empty() && bands.back().from >= open) {
      bands.back().population += band.population;
      bands.back().to = band.to;
    } else {
      bands.push_back(band);
    }
  }
  if (!bands.empty() && bands.back().from >= open) bands.back().name = name;
  return bands;
}

}  // namespace

std::optional<int> FirstAgeOfBand(std::string_view band) {
  int age = 0;
  size_t digits = 0;
  while (digits < band.size() && digits < 3 && band[digits] >= '0' &&
         band[digits] <= '9') {
    age = 10 * age + (band[digits++] - '0');
  }
  return digits == 0 ? std::nullopt : std::optional<int>(age);
}

void Stratum::Add(int64_t events_each, int64_t people_with) {
  people += people_with;
  if (events_each > 0) AddEvents(events_each, people_with);
}

void Stratum::AddEvents(int64_t events_each, int64_t people_with) {
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

bool AreAllAges(int64_t from, int64_t to) {
  return from <= 0 && to >= kOldestAge;
}

std::string WithinAges(int64_t from, int64_t to) {
  if (AreAllAges(from, to)) return "true";
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

absl::StatusOr<std::vector<GroupedStrata>> CountFlagged(
    const MeasureContext& context, const std::vector<GroupColumn>& groups,
    const std::vector<FlagQuestion>& questions, std::string_view flags,
    std::string_view list) {
  std::string levels;
  for (const GroupColumn& group : groups) {
    levels += absl::StrFormat("l.%s, ", group.sql);
  }
  levels += "l.sex, l.age_band";
  std::string counts;
  for (const FlagQuestion& question : questions) {
    absl::StrAppendFormat(&counts,
                          ", count(*) FILTER (WHERE %1$s), "
                          "count(*) FILTER (WHERE (%1$s) AND (%2$s))",
                          question.of, question.flag);
  }
  TALLY_ASSIGN_OR_RETURN(
      const std::vector<GroupedRow> rows,
      QueryGroups(context.connection,
                  absl::StrFormat("SELECT %1$s%2$s FROM %3$s AS l LEFT JOIN "
                                  "%4$s AS f ON f.person = l.person "
                                  "GROUP BY %1$s",
                                  levels, counts, list, flags),
                  groups.size() + 2));
  std::vector<GroupedStrata> counted(questions.size());
  for (const GroupedRow& row : rows) {
    const Group group(row.levels.begin(), row.levels.end() - 2);
    const auto stratum =
        std::pair(row.levels[row.levels.size() - 2], row.levels.back());
    for (size_t i = 0; i < questions.size(); ++i) {
      const int64_t people = row.counts[2 * i];
      const int64_t flagged = row.counts[2 * i + 1];
      // Asked of nobody here: as if the list did not hold them.
      if (people == 0) continue;
      Stratum& of_group = counted[i][group][stratum];
      of_group.Add(0, people - flagged);
      if (flagged > 0) of_group.Add(1, flagged);
    }
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

void JoinOldest(Strata& strata) { JoinFrom(OpenFrom(strata), strata); }

void JoinOldest(GroupedStrata& groups) {
  int open = kOldestAge + 1;
  for (const auto& [group, strata] : groups) {
    open = std::min(open, OpenFrom(strata));
  }
  for (auto& [group, strata] : groups) JoinFrom(open, strata);
}

DirectRate StandardisedOver(const Strata& strata,
                            std::span<const StandardBand> standard,
                            double multiplier, bool repeated) {
  Strata known = strata;
  JoinOldest(known);
  const int open = OpenFrom(known);
  const std::string oldest = absl::StrFormat("%d+", open);
  const std::vector<StandardBand> weights =
      OpenStandard(standard, open, oldest);
  std::map<std::string, Stratum> bands;
  for (const auto& [key, stratum] : known) {
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
  if (!repeated) return DirectlyStandardised(counts, weights, multiplier);
  return DirectlyStandardisedRepeat(repeats, counts, weights, multiplier);
}

void NoteOldest(const MeasureContext& context, CivilDay month,
                std::vector<std::string>& notes) {
  const bool in_years =
      context.release.Column("gp_patient", "year_of_birth") != nullptr ||
      context.release.Column("gp_patient", "age_fy") != nullptr;
  const int oldest = OldestBand(context, month);
  if (!in_years || oldest >= kOldestAge) return;
  notes.push_back(absl::StrFormat(
      "Ages of %s are known to %d only: who is older is one group with them, "
      "and the standard's bands from there on are taken together.",
      month.ToMonth(), oldest));
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
    if (stratum.people == 0) continue;  // events of people who came or went
    people.push_back(
        {key.first + " " + key.second, 0, static_cast<double>(stratum.people)});
  }
  return ExpectedEvents(people, rates);
}

}  // namespace tally::analytics
