// The rule sets of C04, who belongs to which segment, and its pictures.
// Threading: one connection; pure functions.
// Secrets: record values stay in the engine; exact counts pass through.
#ifndef TALLY_ANALYTICS_SRC_MEASURES_C04_SEGMENTS_H_
#define TALLY_ANALYTICS_SRC_MEASURES_C04_SEGMENTS_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "analytics/dashboard/page_model.h"
#include "analytics/disclosure/gated_table.h"
#include "analytics/measures/definition.h"
#include "analytics/measures/measure.h"
#include "measures/elements.h"

namespace tally::analytics {

// One segment: who meets one of its elements and none of a segment before it.
struct Segment {
  std::string name;
  int priority = 0;
  std::vector<RuleElement> elements;  // empty: everyone else
};

struct SegmentSet {
  std::string id;
  std::string title;
  std::string version;
  std::vector<Segment> segments;  // by priority; the last has no elements
};

// The sets of [[rule_set]] with their rows of `rule`. kInvalidArgument (exit 2)
// with file and line: a rule of no set, two segments of one priority, one
// segment of two priorities, a set whose last segment has elements, or another
// without any.
absl::StatusOr<std::vector<SegmentSet>> ReadSegmentSets(
    const MeasureDefinition& definition);

// The elements of all its segments.
std::vector<RuleElement> ElementsOf(const SegmentSet& set);

// Why this release cannot carry the set, or empty.
std::string SegmentsMissing(const MeasureContext& context,
                            const SegmentSet& set);

// Makes the temporary table `name`: the columns of `list` and `segment`, the
// position in the set: everybody once. REQUIRES: SegmentsMissing is empty.
absl::Status MakeSegments(const MeasureContext& context, const SegmentSet& set,
                          CivilDay at, std::string_view list,
                          std::string_view name);

std::vector<PagePart> DrawSegments(const MeasureDefinition& definition,
                                   const std::vector<GatedTable>& tables);

}  // namespace tally::analytics

#endif  // TALLY_ANALYTICS_SRC_MEASURES_C04_SEGMENTS_H_
