// Reading small grouped results of SQL, and the order of levels.
// Threading: pure functions.  Secrets: exact counts pass through.
#ifndef TALLY_ANALYTICS_SRC_MEASURES_COUNTS_H_
#define TALLY_ANALYTICS_SRC_MEASURES_COUNTS_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "engine/database.h"

namespace tally::analytics {

// One row of a grouped query: text levels, then whole numbers.
struct GroupedRow {
  std::vector<std::string> levels;
  std::vector<int64_t> counts;
};

// Runs a query whose first `levels` columns are text (null: "unknown") and
// whose others are integers (null: 0). kResourceExhausted above 5 million
// rows; other errors as Connection::Query.
absl::StatusOr<std::vector<GroupedRow>> QueryGroups(
    engine::Connection& connection, std::string_view sql, size_t levels,
    const std::vector<engine::Value>& values = {});

// Orders levels as people expect: numbers by value (age bands by their first
// number), then text, "unknown" last.
bool LevelLess(const std::string& a, const std::string& b);
void SortLevels(std::vector<std::string>& levels);

}  // namespace tally::analytics

#endif  // TALLY_ANALYTICS_SRC_MEASURES_COUNTS_H_
