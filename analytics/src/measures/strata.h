// People and events by sex and age band, as standardised rates need them.
// Threading: one connection; pure functions.
// Secrets: exact counts pass through.
#ifndef TALLY_ANALYTICS_SRC_MEASURES_STRATA_H_
#define TALLY_ANALYTICS_SRC_MEASURES_STRATA_H_

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "analytics/measures/measure.h"
#include "analytics/measures/patient_list.h"
#include "analytics/statistics/standardise.h"

namespace tally::analytics {

// One sex and age band of one group. Of events of a year `people` are those of
// one month, so that there may be events and persons without people.
struct Stratum {
  int64_t people = 0;
  int64_t events = 0;
  int64_t persons = 0;  // with an event
  // Number of events -> people with exactly so many, 0 left out.
  std::map<int64_t, int64_t> repeats;

  // So many people with so many events each, who are all of the people, ...
  void Add(int64_t events_each, int64_t people_with);
  // ... or who are counted among the people already, or were not there on the
  // day on which these are counted.
  void AddEvents(int64_t events_each, int64_t people_with);
  void Add(const Stratum& other);
};

// By (sex, age band).
using Strata = std::map<std::pair<std::string, std::string>, Stratum>;
// Levels of the grouping columns, in their order.
using Group = std::vector<std::string>;
using GroupedStrata = std::map<Group, Strata>;

// Whether these are the ages of everybody, also of those whose age nobody
// knows.
bool AreAllAges(int64_t from, int64_t to);

// The SQL condition of the ages of a list, both ends included.
std::string WithinAges(int64_t from, int64_t to);

// Everybody in `list`, an SQL relation with the columns of patient_list, by
// group, and how many rows of `events`, an SQL relation with a column `person`,
// each of them has. Rows of people outside the list count nowhere: for shares
// of people. Events of a year are counted by CountEvents (kinds.h), whoever was
// on the list that stands for the year. Cost: one hash join.
absl::StatusOr<GroupedStrata> CountStrata(
    const MeasureContext& context, const std::vector<GroupColumn>& groups,
    std::string_view events, std::string_view list = "patient_list",
    const std::vector<engine::Value>& values = {});

// A yes or no of people: an event that nobody has twice.
struct FlagQuestion {
  std::string of;    // SQL: of whom it is asked; from WithinAges()
  std::string flag;  // SQL: whether it is so; null is no
};

// Everybody in `list` of whom a question is asked, by group, and of how many
// the answer is yes; one element for each question. `flags` is an SQL relation
// with a column `person`, nobody twice, that `list` is joined with; its columns
// are null of those who are not in it.
// Cost: one hash join and one pass for all questions together.
absl::StatusOr<std::vector<GroupedStrata>> CountFlagged(
    const MeasureContext& context, const std::vector<GroupColumn>& groups,
    const std::vector<FlagQuestion>& questions, std::string_view flags,
    std::string_view list = "patient_list");

// All groups together, and all strata together.
Strata SumOfGroups(const GroupedStrata& groups);
Stratum SumOfStrata(const Strata& strata);

// Groups in the order in which tables show them.
std::vector<Group> SortedGroups(const GroupedStrata& groups);

// 85 of "85-89" and of "85+"; nothing for a band without an age.
std::optional<int> FirstAgeOfBand(std::string_view band);

// Puts together what lists of different years tell apart: if one stratum is of
// an open band such as 85+, every one of 85 and over is of it.
void JoinOldest(GroupedStrata& groups);
void JoinOldest(Strata& strata);

// The directly standardised rate of events, both sexes together. `repeated`:
// one person may have several, and the variance says so. People of unknown age
// and their events are left out of it. Where the strata end with an open band
// such as 85+, the standard's bands from there on are one, with their people
// together.
DirectRate StandardisedOver(const Strata& strata,
                            std::span<const StandardBand> standard,
                            double multiplier, bool repeated);

// Adds to `notes` of a table with standardised rates that the list of `month`
// ends with an open band below 90+; nothing where it does not.
void NoteOldest(const MeasureContext& context, CivilDay month,
                std::vector<std::string>& notes);

// Events to expect among the people of `strata` at the rates of `reference`, by
// sex and age band. kInvalidArgument if a stratum has no reference.
absl::StatusOr<double> ExpectedOver(const Strata& strata,
                                    const Strata& reference);

}  // namespace tally::analytics

#endif  // TALLY_ANALYTICS_SRC_MEASURES_STRATA_H_
