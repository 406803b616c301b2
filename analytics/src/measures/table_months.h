// The months that a release, and a table of it, covers.
// Threading: one connection.  Secrets: none.
#ifndef TALLY_ANALYTICS_SRC_MEASURES_TABLE_MONTHS_H_
#define TALLY_ANALYTICS_SRC_MEASURES_TABLE_MONTHS_H_

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "analytics/measures/measure.h"

namespace tally::analytics {

// First days of months that the pinned extracts of a source cover, of those
// that any source covers. There may be holes. With `table` the extracts of a
// source are those that hold its dataset, where the manifest says so.
struct DeliveredMonths {
  std::map<std::string, std::set<CivilDay>> of_source;
  std::set<CivilDay> all;
};
absl::StatusOr<DeliveredMonths> ReadDelivered(const ReleaseFolder& release,
                                              std::string_view table = {});

struct TableCoverage {
  bool has_rows = false;             // whether any source has rows in it
  std::optional<MonthRange> months;  // as TableMonths
};
// As TableMonths, and whether there is anything to ask about.
absl::StatusOr<TableCoverage> MonthsOfTable(const MeasureContext& context,
                                            std::string_view table,
                                            MonthRange within);

// The months of `within` that the pinned extracts of every source with rows in
// `table`, as far as they hold it, cover, without a hole: those that end with
// the last one that all of them cover. Nothing if they have none in common.
// Outside them nothing is known, and a count of 0 would be false. REQUIRES: the
// release has the table.
absl::StatusOr<std::optional<MonthRange>> TableMonths(
    const MeasureContext& context, std::string_view table, MonthRange within);

// The first month from which on, up to the month of the figures, `table` is
// covered (as TableMonths); the month after that one if it is not. Of a table
// without rows: the first month of the release (CoveredMonths). REQUIRES: the
// release has the table.
absl::StatusOr<CivilDay> FirstMonthOfTable(const MeasureContext& context,
                                           std::string_view table);

}  // namespace tally::analytics

#endif  // TALLY_ANALYTICS_SRC_MEASURES_TABLE_MONTHS_H_
