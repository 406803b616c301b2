// Registered deaths of people on the list, and the lists that their rates are
// taken over.
// Threading: one connection.  Secrets: record values stay in the engine; exact
// counts pass through.
#ifndef TALLY_ANALYTICS_SRC_MEASURES_DEATHS_H_
#define TALLY_ANALYTICS_SRC_MEASURES_DEATHS_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "analytics/measures/measure.h"
#include "analytics/measures/patient_list.h"
#include "measures/strata.h"

namespace tally::analytics {

// Makes the temporary table `registered_death`: a row a person who died in the
// whole years that the release covers up to the context's month, ten at most,
// with the columns of patient_list as they were in the month of death,
// date_of_death, underlying_cause and `year`: 0 for the last twelve months, 1
// for those before them. A person with several deaths counts at the first; who
// was on no list in the month of death is not in it. Made once for a run.
// REQUIRES: ons_death with date_of_death and underlying_cause.
absl::Status MakeDeaths(const MeasureContext& context);

// Makes the list at the middle of each of the years, the first day of its
// seventh month, and returns the names of the tables, last year first.
absl::StatusOr<std::vector<std::string>> MakeMidYearLists(
    const MeasureContext& context, int years);

// Whole years that the release covers, ending with the context's month: at most
// `wanted`, at least 1.
absl::StatusOr<int> YearsCovered(const MeasureContext& context, int wanted);

// People of `list` and deaths of `deaths`, SQL relations with the columns of
// patient_list, by group, sex and age band. Adds to `counted`.
absl::Status AddDeathStrata(const MeasureContext& context,
                            const std::vector<GroupColumn>& groups,
                            std::string_view list, std::string_view deaths,
                            GroupedStrata& counted);

}  // namespace tally::analytics

#endif  // TALLY_ANALYTICS_SRC_MEASURES_DEATHS_H_
