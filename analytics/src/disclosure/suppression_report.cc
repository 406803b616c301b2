#include "analytics/disclosure/suppression_report.h"

#include <map>
#include <tuple>
#include <utility>

#include "base/strings.h"

namespace tally::analytics {
namespace {

bool Passes(const TableDecisions& d, const SuppressionFilter& filter) {
  return (filter.project.empty() || filter.project == d.project) &&
         (filter.release.empty() || filter.release == d.release);
}

}  // namespace

std::vector<SuppressionRow> SuppressionReport(
    const std::vector<TableDecisions>& log, const SuppressionFilter& filter) {
  using Key = std::tuple<std::string, std::string, std::string, std::string,
                         std::string, std::string, std::string>;
  std::map<Key, SuppressionRow> rows;
  for (const TableDecisions& d : log) {
    if (!Passes(d, filter)) continue;
    SuppressionRow& row =
        rows[{d.project, d.release, d.measure, d.table, d.period,
              JoinText(d.dimensions, ", "), d.profile}];
    row.time = d.time;
    if (d.refused) {
      ++row.refused;
      row.reason = d.reason;
      continue;
    }
    row.derived = !d.derived_from.empty();
    row.released = d.Count(CellDecision::kReleased);
    row.zero = d.Count(CellDecision::kZero);
    row.primary = d.Count(CellDecision::kPrimary);
    row.secondary = d.Count(CellDecision::kSecondary);
    row.accepted_by = d.accepted_by;
  }
  std::vector<SuppressionRow> report;
  for (auto& [key, row] : rows) {
    std::tie(row.project, row.release, row.measure, row.table, row.period,
             row.by, row.profile) = key;
    report.push_back(std::move(row));
  }
  return report;
}

}  // namespace tally::analytics
