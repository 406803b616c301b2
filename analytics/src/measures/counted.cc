#include "measures/counted.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "analytics/disclosure/registry.h"

namespace tally::analytics {
namespace {

std::string NameOfCount(std::string_view name, CountedLevels levels) {
  for (const auto& [dimension, level] : levels) {
    if (level == kSmallAreas) return "";
  }
  return CountedKey(name, levels);
}

std::string YearTo(CivilDay last) {
  return absl::StrFormat("12 months to %s", last.ToMonth());
}

}  // namespace

CountedLevels LevelsOf(const std::vector<GroupColumn>& columns,
                       const std::vector<std::string>& levels) {
  CountedLevels of;
  for (size_t i = 0; i < columns.size(); ++i) {
    of[columns[i].name == "practice" ? "area" : columns[i].name] = levels[i];
  }
  return of;
}

std::string CountedPeople(CivilDay month, CountedLevels levels) {
  const bool cut =
      std::any_of(levels.begin(), levels.end(), [](const auto& level) {
        return level.first != "area" && level.second != kAllLevels;
      });
  if (!cut) return "";
  levels["month"] = month.ToMonth();
  return NameOfCount("people", std::move(levels));
}

std::string CountedPeopleOfYear(CivilDay last, CountedLevels levels) {
  constexpr int kBackToSeventh = -5;
  const absl::StatusOr<CivilDay> middle = last.AddMonths(kBackToSeventh);
  return middle.ok() ? CountedPeople(*middle, std::move(levels)) : "";
}

std::string CountedCases(std::string_view owner, std::string_view condition,
                         CivilDay month, CountedLevels levels) {
  levels["month"] = month.ToMonth();
  levels["condition"] = absl::StrFormat("%s %s", owner, condition);
  return NameOfCount("cases", std::move(levels));
}

std::string CountedActivity(std::string_view pod, const std::string& provider,
                            const std::string& time) {
  return NameOfCount(
      "activity",
      {{"pod", std::string(pod)}, {"provider", provider}, {"time", time}});
}

std::string CountedItems(std::vector<std::string> prefixes,
                         const std::string& area, const std::string& month) {
  std::sort(prefixes.begin(), prefixes.end());
  return NameOfCount(
      "items",
      {{"bnf", absl::StrJoin(prefixes, " ")}, {"area", area}, {"time", month}});
}

std::string CountedDeaths(const std::string& area, CivilDay last) {
  return NameOfCount("deaths", {{"area", area}, {"time", YearTo(last)}});
}

std::string CountedEmergencies(const std::string& area, CivilDay last) {
  return NameOfCount("emergencies", {{"area", area}, {"time", YearTo(last)}});
}

}  // namespace tally::analytics
