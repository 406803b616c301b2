// People and events of a year by sex and age band, of many kinds of events at
// once: conditions, procedures. One pass over the list, not one for each kind.
// Threading: one connection.  Secrets: exact counts pass through.
#ifndef TALLY_ANALYTICS_SRC_MEASURES_KINDS_H_
#define TALLY_ANALYTICS_SRC_MEASURES_KINDS_H_

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "measures/event_lists.h"
#include "measures/strata.h"

namespace tally::analytics {

struct KindStrata {
  GroupedStrata people;                         // without events
  std::map<std::string, GroupedStrata> events;  // kind -> strata with events
  // All groups with people, and with the events of a kind, which may have none.
  GroupedStrata Of(const std::string& kind) const;
};

// Everybody in `lists.list` by group, and the rows of `events`, an SQL relation
// with the columns kind (text), person and month (first day), of people who
// were on a list in that month: each in the group, sex and age band of that
// list. Who died, left or came in the year counts with what happened to them
// while they were on a list, and a person with events on two lists is a person
// of both. Cost: a hash join of the events with the stays.
absl::StatusOr<KindStrata> CountKinds(const MeasureContext& context,
                                      const std::vector<GroupColumn>& groups,
                                      std::string_view events,
                                      const EventLists& lists);

// The same for events of one kind: `events` has the columns person and month.
absl::StatusOr<GroupedStrata> CountEvents(
    const MeasureContext& context, const std::vector<GroupColumn>& groups,
    std::string_view events, const EventLists& lists);

// Observed over expected times the rate of all together: an indirectly
// standardised rate, with the effect of one event. NA: kNoExpected.
DirectRate IndirectRateOver(const Strata& strata, const Strata& all,
                            double multiplier);

}  // namespace tally::analytics

#endif  // TALLY_ANALYTICS_SRC_MEASURES_KINDS_H_
