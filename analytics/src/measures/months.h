// Months of activity, and how many people the list of each had.
// Threading: one connection.  Secrets: record values stay in the engine.
#ifndef TALLY_ANALYTICS_SRC_MEASURES_MONTHS_H_
#define TALLY_ANALYTICS_SRC_MEASURES_MONTHS_H_

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "analytics/measures/measure.h"

namespace tally::analytics {

// First and last day of the months that a figure is about.
struct Span {
  CivilDay first;
  CivilDay last;

  // "2026-08 to 2026-10", or "2026-10".
  std::string ToText() const;
};

// The `months` calendar months that end with `month`. kInvalidArgument unless
// 1 <= months <= 1200, or out of the range of years.
absl::StatusOr<Span> MonthsEndingWith(CivilDay month, int64_t months);
// First days of the months of a span, ascending.
std::vector<CivilDay> MonthsOf(const Span& span);

// The SQL expression of the day by which a row of activity is placed in a
// month: the date itself; of dates by week, whose Monday is given, the
// Thursday, so that a week belongs to the month that most of it lies in.
std::string PlacedDay(const MeasureContext& context, std::string_view table,
                      std::string_view column);
// The SQL condition that a row belongs to the months of `span`. Null dates do
// not.
std::string WithinSpan(const MeasureContext& context, std::string_view table,
                       std::string_view column, const Span& span);

// People on the list of a practice in each month of `span`; months in which a
// practice had nobody are missing. REQUIRES: MakeListStays (list_stays.h).
absl::StatusOr<std::map<std::pair<std::string, CivilDay>, int64_t>> ListSizes(
    const MeasureContext& context, const Span& span);

}  // namespace tally::analytics

#endif  // TALLY_ANALYTICS_SRC_MEASURES_MONTHS_H_
