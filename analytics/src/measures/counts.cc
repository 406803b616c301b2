#include "measures/counts.h"

#include <algorithm>
#include <cstdlib>
#include <optional>
#include <utility>

#include "analytics/measures/patient_list.h"
#include "base/status.h"

namespace tally::analytics {
namespace {

constexpr size_t kMaxGroups = 5'000'000;

void AppendRows(const engine::Chunk& chunk, size_t columns, size_t levels,
                std::vector<GroupedRow>& rows) {
  std::vector<engine::ColumnView> views;
  for (size_t i = 0; i < columns; ++i) views.push_back(chunk.column(i));
  for (size_t row = 0; row < chunk.rows(); ++row) {
    GroupedRow& out = rows.emplace_back();
    for (size_t i = 0; i < columns; ++i) {
      const bool null = views[i].IsNull(row);
      if (i < levels) {
        out.levels.emplace_back(null ? kUnknown : views[i].Text(row));
      } else {
        out.counts.push_back(null ? 0 : views[i].Int64(row));
      }
    }
  }
}

// 0 numbers, 1 text, 2 "unknown".
int LevelClass(const std::string& level) {
  if (level == kUnknown || level == kSmallAreas) return 2;
  return !level.empty() && level[0] >= '0' && level[0] <= '9' ? 0 : 1;
}

}  // namespace

absl::StatusOr<std::vector<GroupedRow>> QueryGroups(
    engine::Connection& connection, std::string_view sql, size_t levels,
    const std::vector<engine::Value>& values) {
  TALLY_ASSIGN_OR_RETURN(engine::Result result, connection.Query(sql, values));
  const size_t columns = result.columns().size();
  for (size_t i = 0; i < columns; ++i) {
    // sum() and count_if() give HUGEINT: such a statement is a fault of ours.
    const engine::ColumnKind expected =
        i < levels ? engine::ColumnKind::kText : engine::ColumnKind::kInt;
    if (result.columns()[i].kind != expected) {
      return absl::InternalError(
          "a grouped statement has a column of another "
          "type than its reader expects");
    }
  }
  std::vector<GroupedRow> rows;
  while (true) {
    TALLY_ASSIGN_OR_RETURN(const std::optional<engine::Chunk> chunk,
                           result.Next());
    if (!chunk.has_value()) break;
    AppendRows(*chunk, columns, levels, rows);
    if (rows.size() > kMaxGroups) {
      return absl::ResourceExhaustedError(
          "the grouping gives more than 5 million groups: use fewer columns");
    }
  }
  return rows;
}

bool LevelLess(const std::string& a, const std::string& b) {
  const int class_a = LevelClass(a);
  const int class_b = LevelClass(b);
  if (class_a != class_b) return class_a < class_b;
  if (class_a == 0) {
    const int64_t number_a = std::strtoll(a.c_str(), nullptr, 10);
    const int64_t number_b = std::strtoll(b.c_str(), nullptr, 10);
    if (number_a != number_b) return number_a < number_b;
  }
  return a < b;
}

void SortLevels(std::vector<std::string>& levels) {
  std::sort(levels.begin(), levels.end(), LevelLess);
}

}  // namespace tally::analytics
