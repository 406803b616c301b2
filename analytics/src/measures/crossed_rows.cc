#include "measures/crossed_rows.h"

#include <map>

#include "analytics/disclosure/registry.h"
#include "base/status.h"
#include "measures/counts.h"

namespace tally::analytics {

bool CoversUnit(const CrossedUnit& unit, const CrossedUnit& cell) {
  return (unit.first == kAllLevels || unit.first == cell.first) &&
         (unit.second == kAllLevels || unit.second == cell.second);
}

CrossedRows::CrossedRows(std::set<CrossedUnit> units, TableBuilder& table,
                         std::vector<std::string> apart)
    : units_(std::move(units)), table_(table), apart_(std::move(apart)) {
  std::set<std::string> outer, inner;
  for (const CrossedUnit& unit : units_) {
    outer.insert(unit.first);
    inner.insert(unit.second);
  }
  outer_.assign(outer.begin(), outer.end());
  inner_.assign(inner.begin(), inner.end());
  SortLevels(outer_);
  SortLevels(inner_);
}

void CrossedRows::Add(const std::vector<std::string>& tail, const Fill& fill,
                      const std::vector<std::string>& head) {
  head_ = head;
  tail_ = tail;
  const std::string all(kAllLevels);
  std::map<std::string, std::vector<size_t>> by_inner;
  std::vector<size_t> outer_sums;
  for (const std::string& outer : outer_) {
    std::vector<size_t> parts;
    for (const std::string& inner : inner_) {
      if (!units_.contains({outer, inner})) continue;
      parts.push_back(Row({outer, inner}, fill, true));
      by_inner[inner].push_back(parts.back());
    }
    outer_sums.push_back(Row({outer, all}, fill, false));
    table_.Total(outer_sums.back(), parts, apart_);
  }
  std::vector<size_t> inner_sums;
  for (const std::string& inner : inner_) {
    inner_sums.push_back(Row({all, inner}, fill, false));
    table_.Total(inner_sums.back(), by_inner[inner], apart_);
  }
  if (outer_sums.empty()) return;
  const size_t total = Row({all, all}, fill, false);
  table_.Total(total, outer_sums, apart_);
  sums_.emplace_back(total, std::move(inner_sums));
}

absl::Status CrossedRows::JoinSums(const std::vector<std::string>& columns,
                                   RawTable& raw) const {
  for (const std::string& name : columns) {
    TALLY_ASSIGN_OR_RETURN(const size_t column, raw.ColumnIndex(name));
    for (const auto& [total, inner] : sums_) {
      std::vector<CellRef> parts;
      for (const size_t row : inner) parts.push_back({row, column});
      raw.AddEquality({total, column}, std::move(parts));
    }
  }
  return absl::OkStatus();
}

size_t CrossedRows::Row(const CrossedUnit& unit, const Fill& fill,
                        bool counts) {
  std::vector<std::string> levels = head_;
  levels.push_back(unit.first);
  levels.push_back(unit.second);
  levels.insert(levels.end(), tail_.begin(), tail_.end());
  const size_t row = table_.AddRow(levels);
  fill(row, unit, counts);
  return row;
}

}  // namespace tally::analytics
