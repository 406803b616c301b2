// What indicators can count: kinds of rows and their columns.
// Threading: pure functions; one connection.  Secrets: none.
#ifndef TALLY_ANALYTICS_SRC_MEASURES_INDICATOR_ROWS_H_
#define TALLY_ANALYTICS_SRC_MEASURES_INDICATOR_ROWS_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "analytics/measures/measure.h"
#include "measures/activity.h"

namespace tally::analytics {

enum class IndicatorType { kCode, kWhole, kTruth };

struct IndicatorColumn {
  std::string_view name;
  IndicatorType type;
  std::string_view sql;    // over the relation
  std::string_view needs;  // column of the dataset; empty: always there
};

struct IndicatorRows {
  std::string_view name;   // as in a definition
  std::string_view table;  // of the release
  std::vector<IndicatorColumn> columns;

  const IndicatorColumn* Column(std::string_view column) const;
  std::vector<std::string> Columns() const;
};

const std::vector<IndicatorRows>& AllIndicatorRows();
// Null if there is no such kind.
const IndicatorRows* FindIndicatorRows(std::string_view name);

// An SQL relation with practice, month and the columns, or why there is none.
struct IndicatorRelation {
  std::string sql;
  std::string missing;  // "the release has no table ons_death"
};
absl::StatusOr<IndicatorRelation> RelationOf(const MeasureContext& context,
                                             const ActivityParts& parts,
                                             const IndicatorRows& rows);

}  // namespace tally::analytics

#endif  // TALLY_ANALYTICS_SRC_MEASURES_INDICATOR_ROWS_H_
