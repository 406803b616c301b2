// Prices and factors of activity that its rows do not carry.
// Threading: one connection.  Secrets: none: agreed prices.
#ifndef TALLY_ANALYTICS_SRC_MEASURES_ACTIVITY_PRICES_H_
#define TALLY_ANALYTICS_SRC_MEASURES_ACTIVITY_PRICES_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "analytics/measures/measure.h"

namespace tally::analytics {

// Makes the temporary tables activity_tariff (pod, currency, pence) and
// activity_factor (provider, factor), empty without the reference files
// `tariff` and `market_forces`. Returns what a page must say about them.
// kInvalidArgument (exit 2) for a key that is there twice, and values below 0.
absl::StatusOr<std::vector<std::string>> MakeActivityPrices(
    const MeasureContext& context);

// SQL that adds price_pence and cost_pence to the rows of `relation`, which
// has pod, provider, hrg, own_price (BIGINT, or null) and own_factor (DOUBLE,
// or null), and drops these two.
std::string PricedSql(const std::string& relation);

}  // namespace tally::analytics

#endif  // TALLY_ANALYTICS_SRC_MEASURES_ACTIVITY_PRICES_H_
