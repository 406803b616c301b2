#include "measures/table_months.h"

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/str_format.h"
#include "base/status.h"
#include "measures/counts.h"

namespace tally::analytics {

absl::StatusOr<TableCoverage> MonthsOfTable(const MeasureContext& context,
                                            std::string_view table,
                                            MonthRange within) {
  TALLY_ASSIGN_OR_RETURN(
      const std::vector<GroupedRow> sources,
      QueryGroups(context.connection,
                  absl::StrFormat("SELECT DISTINCT source FROM %s", table), 1));
  std::map<std::string, MonthRange> spans;
  for (const dataset::ReleaseExtract& extract :
       context.release.manifest().extracts) {
    TALLY_ASSIGN_OR_RETURN(const CivilDay start,
                           CivilDay::Parse(extract.period_start));
    TALLY_ASSIGN_OR_RETURN(const CivilDay end,
                           CivilDay::Parse(extract.period_end));
    MonthRange& span =
        spans.emplace(extract.extract.source, MonthRange{start, end})
            .first->second;
    span.first = std::min(span.first, start);
    span.last = std::max(span.last, end);
  }
  for (const GroupedRow& source : sources) {
    const auto span = spans.find(source.levels[0]);
    if (span == spans.end()) continue;
    within.first = std::max(within.first, span->second.first.FirstOfMonth());
    within.last = std::min(within.last, span->second.last.FirstOfMonth());
  }
  TableCoverage covered{!sources.empty(), std::nullopt};
  if (within.first <= within.last && !sources.empty()) covered.months = within;
  return covered;
}

absl::StatusOr<std::optional<MonthRange>> TableMonths(
    const MeasureContext& context, std::string_view table, MonthRange within) {
  TALLY_ASSIGN_OR_RETURN(const TableCoverage covered,
                         MonthsOfTable(context, table, within));
  return covered.months;
}

}  // namespace tally::analytics
