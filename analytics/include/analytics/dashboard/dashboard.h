// The dashboard: pages put together from what measures drew, and written as
// one HTML file that works offline and by e-mail.
// Runs in: the analyst's program.
//
// Spec: docs/spec/dashboard-v1.md.
// Threading: pure functions.
// Secrets: none: everything comes from gated tables.
#ifndef TALLY_ANALYTICS_DASHBOARD_DASHBOARD_H_
#define TALLY_ANALYTICS_DASHBOARD_DASHBOARD_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "analytics/dashboard/page_model.h"
#include "base/civil_day.h"
#include "base/json.h"

namespace tally::analytics {

inline constexpr int64_t kDashboardFormat = 1;

struct Page {
  std::string id;
  std::string title;
  std::vector<std::string> sentences;  // three
  std::vector<Chart> charts;
};

// What the whole file says about itself.
struct PageSet {
  std::string release;      // resource name
  std::string project;      // id
  std::string title;        // of the project, for people; may be empty
  std::string environment;  // "example" shows a banner
  std::string generated;    // UTC, RFC 3339
  CivilDay data_date;       // last day of the data
  std::string profile;
  std::string profile_description;
  std::string peer_group;  // "all practices of the release"
  std::vector<Page> pages;

  // The JSON of the page's slot.
  JsonValue ToJson() const;
};

// Ids of the pages that can be built, in order: summary, population, needs,
// quality, about.
std::vector<std::string> PageIds();

// Orders parts into pages. `wanted` empty: all; else those pages. A page to
// which no measure gave anything is left out. Each page gets its three
// sentences of lowest rank; where there are fewer, sentences about the release
// and the profile follow. kNotFound (exit 4) for an unknown page.
absl::StatusOr<std::vector<Page>> ArrangePages(
    std::vector<PagePart> parts, const std::vector<std::string>& wanted,
    const PageSet& about);

// The whole file. Labels are escaped; the script's hash is in the policy.
// kInternal if the built-in shell is damaged.
absl::StatusOr<std::string> WriteDashboard(const PageSet& pages);

}  // namespace tally::analytics

#endif  // TALLY_ANALYTICS_DASHBOARD_DASHBOARD_H_
