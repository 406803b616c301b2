// The months that a table of the release covers.
// Threading: one connection.  Secrets: none.
#ifndef TALLY_ANALYTICS_SRC_MEASURES_TABLE_MONTHS_H_
#define TALLY_ANALYTICS_SRC_MEASURES_TABLE_MONTHS_H_

#include <optional>
#include <string_view>

#include "absl/status/statusor.h"
#include "analytics/measures/measure.h"

namespace tally::analytics {

struct TableCoverage {
  bool has_rows = false;             // whether any source has rows in it
  std::optional<MonthRange> months;  // as TableMonths
};
// As TableMonths, and whether there is anything to ask about.
absl::StatusOr<TableCoverage> MonthsOfTable(const MeasureContext& context,
                                            std::string_view table,
                                            MonthRange within);

// The months of `within` that the pinned extracts of every source with rows in
// `table` cover; nothing if they have none in common. Outside them nothing is
// known, and a count of 0 would be false. REQUIRES: the release has the table.
absl::StatusOr<std::optional<MonthRange>> TableMonths(
    const MeasureContext& context, std::string_view table, MonthRange within);

}  // namespace tally::analytics

#endif  // TALLY_ANALYTICS_SRC_MEASURES_TABLE_MONTHS_H_
