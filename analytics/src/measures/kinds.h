// People and events by sex and age band for many kinds of events at once:
// conditions, procedures. One pass over the list, not one for each kind.
// Threading: one connection.  Secrets: exact counts pass through.
#ifndef TALLY_ANALYTICS_SRC_MEASURES_KINDS_H_
#define TALLY_ANALYTICS_SRC_MEASURES_KINDS_H_

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "measures/strata.h"

namespace tally::analytics {

struct KindStrata {
  GroupedStrata people;                         // without events
  std::map<std::string, GroupedStrata> events;  // kind -> strata with events
  // All groups with people, and with the events of a kind, which may have none.
  GroupedStrata Of(const std::string& kind) const;
};

// Everybody in `list`, a relation with the columns of patient_list, by group,
// and the rows of `events`, a relation with the columns kind (text) and person,
// of people in it. Cost: a hash join of the events with the list.
absl::StatusOr<KindStrata> CountKinds(const MeasureContext& context,
                                      const std::vector<GroupColumn>& groups,
                                      std::string_view events,
                                      std::string_view list);

// Observed over expected times the rate of all together: an indirectly
// standardised rate, with the effect of one event. NA: kNoExpected.
DirectRate IndirectRateOver(const Strata& strata, const Strata& all,
                            double multiplier);

}  // namespace tally::analytics

#endif  // TALLY_ANALYTICS_SRC_MEASURES_KINDS_H_
