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
  std::string question;              // "Who lives here, in which segments?"
  std::vector<std::string> missing;  // "C05 Risk stratification: ..."
};

// A measure that was not computed, and a page that it would have been on.
struct MissingMeasure {
  std::string page;    // "risk"
  std::string id;      // "C05"
  std::string title;   // "Risk stratification"
  std::string reason;  // "the release has no table ecds"
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
  std::vector<MissingMeasure> missing;
  std::vector<Page> pages;

  // The JSON of the page's slot.
  JsonValue ToJson() const;
};

// Ids of all pages, in order: summary, where-to-look, area, population, needs,
// risk, emergency, medicines, capacity, benchmarking, finance, pathways,
// quality, about.
std::vector<std::string> PageIds();

// kNotFound (exit 4), naming the nearest and all, if one of `wanted` is no
// page. For callers that compute before they arrange.
absl::Status CheckPagesExist(const std::vector<std::string>& wanted);

// Orders parts into pages. `wanted` empty: all; else those pages. A page to
// which no measure gave anything says so in its first sentence; every page
// lists the measures of `about.missing` that it lacks, with their reasons. A
// chart without rows is left out. Each page gets its three sentences of lowest
// rank; where there are fewer, sentences about the release and the profile
// follow. kNotFound (exit 4) for an unknown page.
absl::StatusOr<std::vector<Page>> ArrangePages(
    std::vector<PagePart> parts, const std::vector<std::string>& wanted,
    const PageSet& about);

// The whole file. Labels are escaped; the script's hash is in the policy.
// kInternal if the built-in shell is damaged.
absl::StatusOr<std::string> WriteDashboard(const PageSet& pages);

}  // namespace tally::analytics

#endif  // TALLY_ANALYTICS_DASHBOARD_DASHBOARD_H_
