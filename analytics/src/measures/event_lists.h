// The lists that the events of a year are counted over: people in the middle of
// it, and who was on which list in which month.
// Runs in: the analyst's program.
//
// Spec: docs/measures/README.md, "Activity".
// Threading: one connection.  Secrets: record values stay in the engine.
#ifndef TALLY_ANALYTICS_SRC_MEASURES_EVENT_LISTS_H_
#define TALLY_ANALYTICS_SRC_MEASURES_EVENT_LISTS_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "analytics/measures/measure.h"

namespace tally::analytics {

struct EventLists {
  CivilDay middle;    // the month whose list stands for the year
  std::string list;   // SQL relation: the columns of patient_list, at `middle`
  std::string stays;  // SQL relation: the same, from_month and to_month

  // The same of people of these ages only, both included.
  EventLists Between(int64_t from, int64_t to) const;
};

// The months from `first`, the first day of one, to the context's. `list` is
// that of the month in the middle, the seventh of twelve. `stays` is everybody
// who was on a list in one of the months, as they were registered then: who
// died, left or came in the year is in it for the months in which they were on
// a list, and nobody is in two stays of one month. Ages of both are those of
// the financial year of `middle`, so that everybody is of one band the whole
// year. Made once for a run. REQUIRES: gp_patient as for MakeListStays. Cost:
// as that of a list.
absl::StatusOr<EventLists> MakeEventLists(const MeasureContext& context,
                                          CivilDay first);

// SQL: that the row `event`, an alias with the columns person and month (first
// day), happened in the stay `stay`, an alias of EventLists::stays.
std::string DuringStay(std::string_view event, std::string_view stay);

}  // namespace tally::analytics

#endif  // TALLY_ANALYTICS_SRC_MEASURES_EVENT_LISTS_H_
