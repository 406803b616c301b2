// A funnel of observed over expected, drawn from printed figures.
// Threading: pure functions.  Secrets: none: gated tables only.
#ifndef TALLY_ANALYTICS_SRC_MEASURES_RATIO_FUNNEL_H_
#define TALLY_ANALYTICS_SRC_MEASURES_RATIO_FUNNEL_H_

#include <functional>
#include <string>
#include <string_view>

#include "analytics/dashboard/page_model.h"
#include "analytics/dashboard/wording.h"

namespace tally::analytics {

// What the funnel is made of: columns of the table, and words for people.
struct RatioFunnelOf {
  std::string id;
  std::string label;     // column of the area; rows of "All" are left out
  std::string size;      // column of the size, on the x axis
  std::string observed;  // column of the events
  std::string ratio;     // column of base x observed / expected
  ByNumber areas;        // "practice", "practices"
  std::string what;      // "Readmission ratio"
  double base = 100;     // what the ratio is where all is as expected
  // Which rows; without it all but those of "All".
  std::function<bool(const GatedTable&, size_t)> keep = {};
};

struct RatioFunnelCounts {
  int areas = 0;  // with a printed ratio
  int high = 0;   // beyond the upper 99.8 % limit
  int low = 0;
};

// Areas by what their ratio says: observed against the expected number that the
// printed ratio stands for.
RatioFunnelCounts CountRatioFunnel(const GatedTable& table,
                                   const RatioFunnelOf& of);

// The chart with its title and summary. The curve of limits is for an area
// whose people are as those of all together; an area is judged by its own
// expected number, and the notes say so.
Chart RatioFunnel(const GatedTable& table, const RatioFunnelOf& of);

}  // namespace tally::analytics

#endif  // TALLY_ANALYTICS_SRC_MEASURES_RATIO_FUNNEL_H_
