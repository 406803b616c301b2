// The counts of a table by what they are cut by, to find those of another table
// that they add up to.
// Threading: one thread.  Secrets: keys only.
#ifndef TALLY_ANALYTICS_SRC_DISCLOSURE_GATE_ACROSS_H_
#define TALLY_ANALYTICS_SRC_DISCLOSURE_GATE_ACROSS_H_

#include <compare>
#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

namespace tally::analytics {

// How a dimension of ages begins in a key: its bands are joined by what they
// cover, whatever it is called.
inline constexpr std::string_view kAgeDimension = "|age";

// A column and the dimensions whose levels its keys name, but for "breakdown",
// which names the cut.
using KeyShape = std::vector<std::string>;

// How the counts of a table are cut, without the counts.
class TableShapes {
 public:
  // A key of the register (CellKey).
  void Add(std::string_view key);

  // Whether counts of one may be sums of the other's, or the same counts under
  // another name of their cut. Cost: the shapes of both.
  bool Joins(const TableShapes& other) const;

 private:
  std::unordered_set<std::string> seen_;  // shapes as text
  std::map<KeyShape, bool> shapes_;       // whether some name their cut
};

// A cell by its key, and the unknown that it is; compared by key.
struct KeyedUnknown {
  std::string_view key;
  size_t unknown = 0;

  friend auto operator<=>(const KeyedUnknown& a, const KeyedUnknown& b) {
    return a.key <=> b.key;
  }
  friend bool operator==(const KeyedUnknown& a, const KeyedUnknown& b) {
    return a.key == b.key;
  }
};

class KeyShapes {
 public:
  using Keys = std::vector<KeyedUnknown>;
  // Of a whole, what may add up to it: the first that can is it.
  using Sums = std::map<KeyedUnknown, std::set<std::vector<Keys>>>;

  // A cell by a key of the register (CellKey), which must outlive this.
  void Add(const KeyedUnknown& cell);

  // Adds the keys of `other` that these may add up to, with their parts; of
  // those by month or year the last twelve months or the last year, then all.
  // REQUIRES: keys were added in their order. Of shapes that are here as well
  // nothing but other names of one count: a table says itself what its own
  // totals are.
  void SumsTo(const KeyShapes& other, Sums& sums) const;

 private:
  // Cells of one shape.
  struct Group {
    Keys keys;
    bool named = false;  // some name their cut
  };
  // The cells of a group by their keys without the name of the cut.
  using ByPlainKey = std::unordered_map<std::string, KeyedUnknown>;

  static ByPlainKey PlainKeys(const Group& group);

  static void SameCounts(const Group& own, const Group& other, Sums& sums);
  static void SumsOf(const Group& own, const std::vector<bool>& kept,
                     size_t last, const ByPlainKey& known, Sums& sums);

  std::map<KeyShape, Group> keys_;
  std::unordered_map<std::string, Group*> seen_;  // by the shape as text
};

}  // namespace tally::analytics

#endif  // TALLY_ANALYTICS_SRC_DISCLOSURE_GATE_ACROSS_H_
