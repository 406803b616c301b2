// What names of tables and columns may be, for raw and derived tables alike.
// Threading: pure functions.  Secrets: none.
#ifndef TALLY_ANALYTICS_SRC_DISCLOSURE_TABLE_NAMES_H_
#define TALLY_ANALYTICS_SRC_DISCLOSURE_TABLE_NAMES_H_

#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "analytics/disclosure/column.h"

namespace tally::analytics {

// kInvalidArgument (exit 8) if a name is malformed, repeated, one under which
// a release holds people, or a reference to another column leads nowhere.
absl::Status CheckTableNames(std::string_view table,
                             const std::vector<ColumnSpec>& columns);

}  // namespace tally::analytics

#endif  // TALLY_ANALYTICS_SRC_DISCLOSURE_TABLE_NAMES_H_
