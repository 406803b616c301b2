// Pictures of D16.
// Threading: pure functions.  Secrets: none.
#ifndef TALLY_ANALYTICS_SRC_MEASURES_D16_GOS_H_
#define TALLY_ANALYTICS_SRC_MEASURES_D16_GOS_H_

#include <string_view>
#include <vector>

#include "analytics/dashboard/page_model.h"
#include "analytics/disclosure/gated_table.h"
#include "analytics/measures/definition.h"

namespace tally::analytics {

// Levels of the column `breakdown`.
inline constexpr std::string_view kGosMonth = "month";
inline constexpr std::string_view kGosArea = "practice";
inline constexpr std::string_view kGosReason = "reason";
inline constexpr std::string_view kGosAge = "age";
inline constexpr std::string_view kGosDeprivation = "deprivation";
inline constexpr std::string_view kGosVoucher = "voucher";
inline constexpr std::string_view kSightTests = "sight tests";
inline constexpr std::string_view kVouchers = "vouchers";
inline constexpr std::string_view kNotOnAList = "not on a list";

std::vector<PagePart> DrawGos(const MeasureDefinition& definition,
                              const std::vector<GatedTable>& tables);

}  // namespace tally::analytics

#endif  // TALLY_ANALYTICS_SRC_MEASURES_D16_GOS_H_
