// C11's tables and pictures.
// Threading: one connection; pure functions.  Secrets: exact counts pass.
#ifndef TALLY_ANALYTICS_SRC_MEASURES_C11_FORECAST_H_
#define TALLY_ANALYTICS_SRC_MEASURES_C11_FORECAST_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "analytics/measures/measure.h"

namespace tally::analytics {

// Levels that are too small to stand alone.
inline constexpr std::string_view kOtherLevels = "others together";

// The projected population by year, sex and age band.
inline constexpr std::string_view kProjectionFile = "population_projection";

// The table activity_age_sex: the last 12 months of the types `pods` by sex and
// age band, for the demographic forecast. REQUIRES: the table activity; every
// type's dataset covers these months.
absl::StatusOr<RawTable> ActivityAgeSexTable(
    const MeasureContext& context, const std::vector<std::string>& pods);

// The table forecast_demographic, or nothing without a projection.
absl::StatusOr<std::optional<DerivedTable>> DemographicForecast(
    const DeriveContext& context);

std::vector<PagePart> DrawForecast(const std::vector<GatedTable>& tables);

}  // namespace tally::analytics

#endif  // TALLY_ANALYTICS_SRC_MEASURES_C11_FORECAST_H_
