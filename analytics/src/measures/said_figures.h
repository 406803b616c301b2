// Names the figures that a chart's texts take from printed cells that are not
// among its own rows, such as the total of a table whose parts are drawn. A
// check holds every number of a text against the rows and these.
// Threading: pure functions.  Secrets: none: printed figures only.
#ifndef TALLY_ANALYTICS_SRC_MEASURES_SAID_FIGURES_H_
#define TALLY_ANALYTICS_SRC_MEASURES_SAID_FIGURES_H_

#include <string>
#include <utility>
#include <vector>

#include "analytics/dashboard/page_model.h"

namespace tally::analytics {

// Sets the option `figures`. REQUIRES: the texts of printed cells, or counts of
// rows and sums of printed cells.
inline void AlsoSays(Chart& chart, const std::vector<std::string>& figures) {
  JsonValue list = JsonValue::MakeArray();
  for (const std::string& figure : figures) list.Append(figure);
  chart.options.Set("figures", std::move(list));
}

}  // namespace tally::analytics

#endif  // TALLY_ANALYTICS_SRC_MEASURES_SAID_FIGURES_H_
