// Areas of a table: which practices stand for themselves, and which are too
// small to do so.
// Threading: values.  Secrets: exact counts pass through.
#ifndef TALLY_ANALYTICS_SRC_MEASURES_AREAS_H_
#define TALLY_ANALYTICS_SRC_MEASURES_AREAS_H_

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "analytics/measures/measure.h"

namespace tally::analytics {

struct Areas {
  // Practice -> the area it is shown under; practices left out are missing.
  std::map<std::string, std::string> shown_as;
  // Area -> people on the list.
  std::map<std::string, int64_t> list;
  // What the page must say about it; empty if all practices stand for
  // themselves.
  std::string note;
  // Nobody is left out.
  bool everybody = true;

  // Null for a practice that is left out.
  const std::string* Of(const std::string& practice) const;
};

// Practices of `list`, a table like patient_list. Those with fewer than
// `smallest` people are shown together; if even together they are too few,
// they are left out.
absl::StatusOr<Areas> ReadAreas(engine::Connection& connection,
                                int64_t smallest,
                                std::string_view list = "patient_list");

}  // namespace tally::analytics

#endif  // TALLY_ANALYTICS_SRC_MEASURES_AREAS_H_
