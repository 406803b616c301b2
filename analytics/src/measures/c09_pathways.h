// C09: events of people put in order, and what its pictures draw.
// Threading: one connection; pure functions.  Secrets: record values stay in
// the engine.
#ifndef TALLY_ANALYTICS_SRC_MEASURES_C09_PATHWAYS_H_
#define TALLY_ANALYTICS_SRC_MEASURES_C09_PATHWAYS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "analytics/measures/measure.h"

namespace tally::analytics {

// So many activities, and steps of a variant, fit into one number.
inline constexpr size_t kMostActivities = 14;
inline constexpr int64_t kMostSteps = 14;

struct PathwayActivity {
  std::string name;
  std::string form;
  int64_t priority = 0;
  std::vector<std::string> clusters;  // form "event"
};

// [[activity]] in the order of a day: by priority, then by name.
// kInvalidArgument (exit 2) with file and line for an unknown form, a name that
// is there twice, clusters without the form "event" or the form without them.
absl::StatusOr<std::vector<PathwayActivity>> ReadActivities(
    const MeasureDefinition& definition);

// Makes the temporary table `pathway_step` (person, activity: position in
// `activities`; day; turn: its place among the events of the person, from 1;
// next_activity, next_day: null at the end) of the days from `from` to `to`.
// Returns the names of activities that the release cannot tell: no table, no
// column, or dates that are not by day. Cost: two sorts of the events.
absl::StatusOr<std::vector<std::string>> MakePathwaySteps(
    const MeasureContext& context,
    const std::vector<PathwayActivity>& activities, CivilDay from, CivilDay to,
    int64_t collapse_days);

std::vector<PagePart> DrawPathways(const std::vector<GatedTable>& tables);

}  // namespace tally::analytics

#endif  // TALLY_ANALYTICS_SRC_MEASURES_C09_PATHWAYS_H_
