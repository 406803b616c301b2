// The cells of a released table that its sums join, in any number of steps, or
// that are one count by name: what is hidden of one may follow from the others.
// Threading: one thread.  Secrets: none beyond what was released.
#ifndef TALLY_ANALYTICS_SRC_DISCLOSURE_JOINED_CELLS_H_
#define TALLY_ANALYTICS_SRC_DISCLOSURE_JOINED_CELLS_H_

#include <cstddef>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>

#include "analytics/disclosure/registry.h"
#include "disclosure/joined_unknowns.h"

namespace tally::analytics {

class JoinedCells {
 public:
  // `table` must outlive this. Cost: its sums and cells.
  explicit JoinedCells(const ReleasedTable& table);

  // The same for all keys that are joined; nothing for a key that the table
  // does not have.
  std::optional<size_t> GroupOf(std::string_view key);
  // More than any group.
  size_t size() const { return numbers_.size(); }
  // Groups with a hidden cell.
  std::set<size_t> WithStars();

 private:
  void Add(const std::string& key) { numbers_.emplace(key, numbers_.size()); }

  const ReleasedTable* table_;
  std::unordered_map<std::string_view, size_t> numbers_;
  std::optional<JoinedUnknowns> joined_;
};

}  // namespace tally::analytics

#endif  // TALLY_ANALYTICS_SRC_DISCLOSURE_JOINED_CELLS_H_
