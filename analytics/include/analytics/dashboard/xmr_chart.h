// Makes an XmR chart of a chart's printed values: mean, limits, kinds of
// points, icons, title and summary, all computed, none written by hand. Runs
// in: the analyst's program.
//
// Spec: docs/spec/dashboard-v1.md, type `xmr`. Formulas: analytics/statistics/
// spc.h; they are fed with printed values only, so the limits say no more than
// the points do.
// Threading: pure functions.
// Secrets: none.
#ifndef TALLY_ANALYTICS_DASHBOARD_XMR_CHART_H_
#define TALLY_ANALYTICS_DASHBOARD_XMR_CHART_H_

#include <map>
#include <string>
#include <vector>

#include "analytics/dashboard/page_model.h"
#include "analytics/statistics/spc.h"

namespace tally::analytics {

struct XmrRequest {
  std::string value;    // column of the values
  std::string month;    // column of the months "2026-10", ascending in a series
  std::string subject;  // "Emergency attendances": opens title and summary
  Direction direction = Direction::kNeither;
  // By series, that is by level of SelectBy; without SelectBy the key is "".
  std::map<std::string, double> targets;
  SpcMode mode = SpcMode::kScreened;
  // Months at which mean, limits and rules start over, in every series.
  std::vector<std::string> rebase;
  int decimals = 1;  // of mean and limits
};

// Adds the columns spc_mean, spc_lower, spc_upper (numbers), spc_point,
// spc_rule and spc_trial (words), sets every option of type `xmr`, and
// describes each series. A month without a printed value is left out of the
// calculation: its neighbours count as neighbours; a note says how many.
// Call SelectBy and SortBy before. Title of a series: "<subject>, <series>:
// concern in October 2026 (beyond a limit)".
// REQUIRES: type() == "xmr", both columns exist, 0 <= decimals.
// Cost: O(rows).
void AddXmr(Chart& chart, const XmrRequest& request);

}  // namespace tally::analytics

#endif  // TALLY_ANALYTICS_DASHBOARD_XMR_CHART_H_
