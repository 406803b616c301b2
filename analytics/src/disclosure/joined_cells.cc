#include "disclosure/joined_cells.h"

namespace tally::analytics {
namespace {

// Calls `visit` with the whole, or null, and the parts of each sum of a table.
template <typename Visit>
void ForEachSum(const ReleasedTable& table, const Visit& visit) {
  for (const auto* sums : {&table.totals, &table.sums}) {
    for (const auto& [whole, parts] : *sums) visit(&whole, parts);
  }
  for (const ReleasedRelation& sum : table.equalities) {
    visit(&sum.whole, sum.parts);
  }
  for (const ReleasedMargin& margin : table.margins) {
    visit(nullptr, margin.parts);
  }
}

}  // namespace

JoinedCells::JoinedCells(const ReleasedTable& table) : table_(&table) {
  numbers_.reserve(table.cells.size());
  for (const auto& [key, printed] : table.cells) Add(key);
  ForEachSum(table, [&](const std::string* whole, const auto& parts) {
    if (whole != nullptr) Add(*whole);
    for (const std::string& part : parts) Add(part);
  });
  joined_.emplace(numbers_.size());
  ForEachSum(table, [&](const std::string* whole, const auto& parts) {
    if (parts.empty()) return;
    const size_t other = numbers_.at(whole != nullptr ? *whole : parts.front());
    for (const std::string& part : parts) {
      joined_->Join(numbers_.at(part), other);
    }
  });
  std::unordered_map<std::string_view, size_t> names;
  for (const auto& [key, name] : table.counted) {
    const auto number = numbers_.find(key);
    if (number == numbers_.end()) continue;
    joined_->Join(number->second,
                  names.emplace(name, number->second).first->second);
  }
}

std::optional<size_t> JoinedCells::GroupOf(std::string_view key) {
  const auto number = numbers_.find(key);
  if (number == numbers_.end()) return std::nullopt;
  return joined_->Leader(number->second);
}

std::set<size_t> JoinedCells::WithStars() {
  std::set<size_t> groups;
  for (const auto& [key, printed] : table_->cells) {
    if (printed == "*" || printed == kShieldMark) {
      groups.insert(*GroupOf(key));
    }
  }
  return groups;
}

}  // namespace tally::analytics
