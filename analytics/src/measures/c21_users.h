// C21: what its pictures draw.
// Threading: pure functions.  Secrets: none.
#ifndef TALLY_ANALYTICS_SRC_MEASURES_C21_USERS_H_
#define TALLY_ANALYTICS_SRC_MEASURES_C21_USERS_H_

#include <cstdint>
#include <string_view>
#include <vector>

#include "analytics/measures/measure.h"

namespace tally::analytics {

// Attendances each up to this are told apart; who has more is in one level, so
// that the greatest number of anybody stays unsaid.
inline constexpr int64_t kMostAttendancesEach = 19;

// The threshold of everybody who attended.
inline constexpr std::string_view kAnyAttendance = "1";

// Shares of attendances by threshold, and the Lorenz curve: both of printed
// figures. Empty where a source is missing.
absl::StatusOr<std::vector<DerivedTable>> DeriveUsers(
    const DeriveContext& context);

std::vector<PagePart> DrawUsers(const std::vector<GatedTable>& tables);

}  // namespace tally::analytics

#endif  // TALLY_ANALYTICS_SRC_MEASURES_C21_USERS_H_
