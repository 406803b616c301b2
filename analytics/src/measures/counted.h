// Names of what several measures count (RawTable::SetCounted): the gate takes
// cells of one name for one number, so that what one table hides no other
// prints. A name says who is counted, by which rules, and when; a measure gives
// it to a cell only where the count is the same by its definition and SQL.
//
// Empty, which is no name, where a level of the cell stands for several that
// other measures may put together otherwise.
// Threading: pure functions.  Secrets: none.
#ifndef TALLY_ANALYTICS_SRC_MEASURES_COUNTED_H_
#define TALLY_ANALYTICS_SRC_MEASURES_COUNTED_H_

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "analytics/measures/patient_list.h"
#include "base/civil_day.h"

namespace tally::analytics {

// Dimension -> level: "area", and what --by knows. "All" and left out are one.
using CountedLevels = std::map<std::string, std::string>;

// The levels of one group, by the names that --by has for `columns`. REQUIRES:
// as many of both.
CountedLevels LevelsOf(const std::vector<GroupColumn>& columns,
                       const std::vector<std::string>& levels);

// Everybody on the list of `month`, by more than practice: list sizes are
// public, and have no name.
std::string CountedPeople(CivilDay month, CountedLevels levels);

// Everybody on the list of the seventh of the twelve months to `last`, which
// stands for the year.
std::string CountedPeopleOfYear(CivilDay last, CountedLevels levels);

// People on the list of `month` who have a condition, by the definition of
// measure `owner`.
std::string CountedCases(std::string_view owner, std::string_view condition,
                         CivilDay month, CountedLevels levels);

// Rows of `activity` (activity.h), of people on lists and of others. `time` is
// a month, "2026-10".
std::string CountedActivity(std::string_view pod, const std::string& provider,
                            const std::string& time);

// Items of these beginnings of BNF codes, of people on a list in the month.
std::string CountedItems(std::vector<std::string> prefixes,
                         const std::string& area, const std::string& month);

// Of the twelve months to `last`, of people on a list in the month of each:
// deaths of all causes and ages, and emergency admissions (admissions.h).
std::string CountedDeaths(const std::string& area, CivilDay last);
std::string CountedEmergencies(const std::string& area, CivilDay last);

}  // namespace tally::analytics

#endif  // TALLY_ANALYTICS_SRC_MEASURES_COUNTED_H_
