#include "measures/areas.h"

#include <vector>

#include "absl/strings/str_format.h"
#include "analytics/measures/patient_list.h"
#include "base/status.h"
#include "measures/counts.h"

namespace tally::analytics {

const std::string* Areas::Of(const std::string& practice) const {
  const auto found = shown_as.find(practice);
  return found == shown_as.end() ? nullptr : &found->second;
}

absl::StatusOr<Areas> ReadAreas(engine::Connection& connection,
                                int64_t smallest, std::string_view list) {
  TALLY_ASSIGN_OR_RETURN(
      const std::vector<GroupedRow> rows,
      QueryGroups(connection,
                  absl::StrFormat("SELECT practice, count(*) FROM %s GROUP BY "
                                  "practice ORDER BY practice",
                                  list),
                  1));
  Areas areas;
  int64_t together = 0;
  for (const GroupedRow& row : rows) {
    if (row.counts[0] < smallest) together += row.counts[0];
  }
  for (const GroupedRow& row : rows) {
    const std::string& practice = row.levels[0];
    const bool small = row.counts[0] < smallest;
    if (small && together < smallest) continue;
    const std::string area = small ? std::string(kSmallAreas) : practice;
    areas.shown_as[practice] = area;
    areas.list[area] += row.counts[0];
  }
  if (together >= smallest) {
    areas.note = "Practices with very few people are shown together.";
  } else if (together > 0) {
    areas.note = "Practices with very few people are left out.";
    areas.everybody = false;
  }
  return areas;
}

}  // namespace tally::analytics
