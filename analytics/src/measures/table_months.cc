#include "measures/table_months.h"

#include <algorithm>
#include <vector>

#include "absl/strings/str_format.h"
#include "base/exit_code.h"
#include "base/status.h"
#include "measures/counts.h"

namespace tally::analytics {
namespace {

// The months of `within`, without a hole, that end with the last one that is in
// all of `sets`; nothing if there is none.
absl::StatusOr<std::optional<MonthRange>> LastRunOfMonths(
    const std::vector<const std::set<CivilDay>*>& sets, MonthRange within) {
  std::optional<MonthRange> run;
  for (CivilDay month = within.last; !(month < within.first);) {
    const bool in_all =
        std::all_of(sets.begin(), sets.end(),
                    [&](const auto* set) { return set->contains(month); });
    if (!in_all && run.has_value()) break;
    if (in_all) run = MonthRange{month, run.has_value() ? run->last : month};
    TALLY_ASSIGN_OR_RETURN(month, month.AddMonths(-1));
  }
  return run;
}

}  // namespace

absl::StatusOr<DeliveredMonths> ReadDelivered(const ReleaseFolder& release,
                                              std::string_view table) {
  DeliveredMonths delivered;
  for (const dataset::ReleaseExtract& extract : release.manifest().extracts) {
    TALLY_ASSIGN_OR_RETURN(CivilDay month,
                           CivilDay::Parse(extract.period_start));
    TALLY_ASSIGN_OR_RETURN(const CivilDay end,
                           CivilDay::Parse(extract.period_end));
    for (month = month.FirstOfMonth(); !(end < month);) {
      if (table.empty() || extract.HoldsTable(table)) {
        delivered.of_source[extract.extract.source].insert(month);
      }
      delivered.all.insert(month);
      TALLY_ASSIGN_OR_RETURN(month, month.AddMonths(1));
    }
  }
  return delivered;
}

absl::StatusOr<MonthRange> CoveredMonths(const ReleaseFolder& release) {
  TALLY_ASSIGN_OR_RETURN(const DeliveredMonths delivered,
                         ReadDelivered(release));
  if (delivered.all.empty()) {
    return ConflictError("the release names no extract: it has no month");
  }
  std::vector<const std::set<CivilDay>*> sources;
  for (const auto& [source, months] : delivered.of_source) {
    sources.push_back(&months);
  }
  TALLY_ASSIGN_OR_RETURN(const std::optional<MonthRange> covered,
                         LastRunOfMonths(sources, {*delivered.all.begin(),
                                                   *delivered.all.rbegin()}));
  if (!covered.has_value()) {
    return ConflictError("the sources of the release have no month in common");
  }
  return *covered;
}

absl::StatusOr<TableCoverage> MonthsOfTable(const MeasureContext& context,
                                            std::string_view table,
                                            MonthRange within) {
  TALLY_ASSIGN_OR_RETURN(
      const std::vector<GroupedRow> rows,
      QueryGroups(context.connection,
                  absl::StrFormat("SELECT DISTINCT source FROM %s", table), 1));
  TableCoverage covered{!rows.empty(), std::nullopt};
  if (!covered.has_rows) return covered;
  TALLY_ASSIGN_OR_RETURN(const DeliveredMonths delivered,
                         ReadDelivered(context.release, table));
  std::vector<const std::set<CivilDay>*> sources;
  for (const GroupedRow& row : rows) {
    const auto months = delivered.of_source.find(row.levels[0]);
    if (months == delivered.of_source.end()) continue;
    sources.push_back(&months->second);
  }
  TALLY_ASSIGN_OR_RETURN(covered.months, LastRunOfMonths(sources, within));
  return covered;
}

absl::StatusOr<std::optional<MonthRange>> TableMonths(
    const MeasureContext& context, std::string_view table, MonthRange within) {
  TALLY_ASSIGN_OR_RETURN(const TableCoverage covered,
                         MonthsOfTable(context, table, within));
  return covered.months;
}

absl::StatusOr<CivilDay> FirstMonthOfTable(const MeasureContext& context,
                                           std::string_view table) {
  TALLY_ASSIGN_OR_RETURN(const MonthRange release,
                         CoveredMonths(context.release));
  TALLY_ASSIGN_OR_RETURN(const DeliveredMonths delivered,
                         ReadDelivered(context.release));
  TALLY_ASSIGN_OR_RETURN(
      const TableCoverage covered,
      MonthsOfTable(context, table, {*delivered.all.begin(), context.month}));
  if (!covered.has_rows) return release.first;
  if (covered.months.has_value() && covered.months->last == context.month) {
    return covered.months->first;
  }
  return context.month.AddMonths(1);
}

}  // namespace tally::analytics
