// What a release cannot say of the elements of rules: datasets, columns and
// clusters that it has not, and look-backs that begin before it does.
#include <algorithm>
#include <map>
#include <set>

#include "absl/strings/str_format.h"
#include "base/status.h"
#include "base/strings.h"
#include "measures/admissions.h"
#include "measures/counts.h"
#include "measures/element_sources.h"
#include "measures/elements.h"
#include "measures/table_months.h"

namespace tally::analytics {
namespace {

// Elements of one table.
struct LookBacksOfTable {
  int longest = 0;  // of those with a limit
  bool unlimited = false;
};

std::map<std::string, LookBacksOfTable> LookBacksByTable(
    const MeasureContext& context, const std::vector<RuleElement>& elements) {
  std::map<std::string, LookBacksOfTable> tables;
  for (const RuleElement& element : elements) {
    if (element.dataset.empty() || element.dataset == "gp-patient") continue;
    std::string table = element.dataset;
    std::replace(table.begin(), table.end(), '-', '_');
    if (!context.release.HasTable(table)) continue;
    LookBacksOfTable& of = tables[table];
    of.longest = std::max(of.longest, element.look_back_months);
    of.unlimited = of.unlimited || element.look_back_months == 0;
  }
  return tables;
}

}  // namespace

std::string ElementMissing(const MeasureContext& context,
                           const RuleElement& element) {
  if (element.dataset.empty()) return "";
  if (element.dataset == "gp-patient") {
    if (HasColumns(context, "gp_patient", element.codes)) return "";
    return "gp-patient has no column " + element.codes[0];
  }
  const ElementSource* source = ElementSourceOf(element.dataset);
  TALLY_CHECK(source != nullptr);
  std::vector<std::string> columns = source->columns;
  if (element.dataset == "sus-apc" && !element.codes.empty()) {
    columns.emplace_back("diag_01");
  }
  if (HasColumns(context, source->table, columns)) return "";
  return absl::StrFormat("the release has no %s with all that it needs",
                         element.dataset);
}

absl::StatusOr<CivilDay> FirstOfLookBack(CivilDay month, int months) {
  return month.FirstOfMonth().AddMonths(1 - std::max(1, months));
}

absl::StatusOr<std::vector<OpenLookBack>> OpenLookBacks(
    const MeasureContext& context, const std::vector<RuleElement>& elements,
    CivilDay month) {
  std::vector<OpenLookBack> open;
  for (const auto& [table, of] : LookBacksByTable(context, elements)) {
    if (of.longest == 0) continue;
    TALLY_ASSIGN_OR_RETURN(const CivilDay covered,
                           FirstMonthOfTable(context, table));
    TALLY_ASSIGN_OR_RETURN(const CivilDay first,
                           FirstOfLookBack(month, of.longest));
    if (first < covered) open.push_back({of.longest, first, table, covered});
  }
  return open;
}

absl::StatusOr<std::vector<std::string>> LookBackNotes(
    const MeasureContext& context, const std::vector<RuleElement>& elements) {
  std::vector<std::string> notes;
  TALLY_ASSIGN_OR_RETURN(const std::vector<OpenLookBack> open,
                         OpenLookBacks(context, elements, context.month));
  for (const OpenLookBack& one : open) {
    notes.push_back(absl::StrFormat(
        "Rules look back up to %d months, to %s, and table %s begins with %s: "
        "who met a rule before that only is taken not to meet it.",
        one.months, one.first.ToMonth(), one.table, one.covered.ToMonth()));
  }
  std::vector<std::string> begins;
  for (const auto& [table, of] : LookBacksByTable(context, elements)) {
    if (!of.unlimited) continue;
    TALLY_ASSIGN_OR_RETURN(const CivilDay covered,
                           FirstMonthOfTable(context, table));
    begins.push_back(
        absl::StrFormat("%s from %s on", table, covered.ToMonth()));
  }
  if (!begins.empty()) {
    notes.push_back(absl::StrFormat(
        "Rules that look back however long see what the release has: %s.",
        JoinText(begins, ", ")));
  }
  return notes;
}

absl::StatusOr<std::vector<std::string>> ClustersWithoutRecords(
    const MeasureContext& context, const std::vector<RuleElement>& elements) {
  std::vector<std::string> missing;
  if (!HasColumns(context, "gp_event", {"cluster_id"})) return missing;
  TALLY_RETURN_IF_ERROR(context.base.Once("cluster_seen", [&] {
    return context.connection.Execute(
        "CREATE OR REPLACE TEMPORARY TABLE cluster_seen AS SELECT cluster_id, "
        "count(*) AS n FROM gp_event WHERE cluster_id IS NOT NULL "
        "GROUP BY cluster_id");
  }));
  TALLY_ASSIGN_OR_RETURN(
      const std::vector<GroupedRow> rows,
      QueryGroups(context.connection, "SELECT cluster_id, n FROM cluster_seen",
                  1));
  std::set<std::string> seen;
  for (const GroupedRow& row : rows) seen.insert(row.levels[0]);
  for (const RuleElement& element : elements) {
    if (element.dataset != "gp-event") continue;
    for (const std::string& code : element.codes) {
      if (seen.insert(code).second) missing.push_back(code);
    }
  }
  return missing;
}

}  // namespace tally::analytics
