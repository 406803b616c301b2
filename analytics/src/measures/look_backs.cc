// How far back the elements of rules look, and the release reaches.
#include <algorithm>
#include <map>

#include "absl/strings/str_format.h"
#include "base/status.h"
#include "base/strings.h"
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

}  // namespace tally::analytics
