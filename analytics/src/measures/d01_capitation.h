// The weight files of D01, its figures from released lists, and its pictures.
// Threading: pure functions.  Secrets: none: lists have passed the gate.
#ifndef TALLY_ANALYTICS_SRC_MEASURES_D01_CAPITATION_H_
#define TALLY_ANALYTICS_SRC_MEASURES_D01_CAPITATION_H_

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "analytics/dashboard/page_model.h"
#include "analytics/disclosure/derived_table.h"
#include "analytics/disclosure/gated_table.h"
#include "analytics/measures/definition.h"
#include "analytics/measures/measure.h"
#include "analytics/statistics/capitation.h"

namespace tally::analytics {

// Practice -> the area it belongs to: the file practice_areas.toml (practice,
// area). Without that file a practice is its own area, and the map is empty.
struct PracticeAreas {
  std::map<std::string, std::string> area_of;
  std::string citation;

  // Null for a practice that a map leaves out.
  const std::string* Of(const std::string& practice) const;
};
absl::StatusOr<PracticeAreas> ReadPracticeAreas(const std::string& folder,
                                                CivilDay month);

// Reads the weight files, so that what is wrong with one is said before a list
// is printed. Errors: as ReferenceFile::Read; kInvalidArgument (exit 2) for a
// value out of range.
absl::Status CheckWeights(const std::string& folder, CivilDay month);

// The table `capitation`: areas by the indices of capitation_indices.toml.
// Nothing unless every area has a printed list and all weights: a budget is
// shared among all.
absl::StatusOr<std::vector<DerivedTable>> WeighAreas(
    const DeriveContext& context, const GatedTable& lists);

// The table `capitation_practice`: practices by age and sex, from the weighted
// lists in `lists`, and the indices of capitation_practice.toml. Nothing
// without that file, or unless every practice has all.
absl::StatusOr<std::vector<DerivedTable>> WeighPractices(
    const DeriveContext& context, const GatedTable& lists);

std::vector<PagePart> DrawCapitation(const MeasureDefinition& definition,
                                     const std::vector<GatedTable>& tables);

}  // namespace tally::analytics

#endif  // TALLY_ANALYTICS_SRC_MEASURES_D01_CAPITATION_H_
