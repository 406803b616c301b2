// The column `list` of tables in which people are split into classes: of every
// row of one split it is the sum of their persons.
// Threading: pure functions.  Secrets: exact counts pass through.
#ifndef TALLY_ANALYTICS_SRC_MEASURES_LIST_TOTALS_H_
#define TALLY_ANALYTICS_SRC_MEASURES_LIST_TOTALS_H_

#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "analytics/disclosure/raw_table.h"

namespace tally::analytics {

// States it for each of `splits`, the rows of one split.
// REQUIRES: the columns exist; no split is empty.
absl::Status SetListTotals(RawTable& table,
                           const std::vector<std::vector<size_t>>& splits,
                           std::string_view persons = "persons",
                           std::string_view list = "list");

}  // namespace tally::analytics

#endif  // TALLY_ANALYTICS_SRC_MEASURES_LIST_TOTALS_H_
