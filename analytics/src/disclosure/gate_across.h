// The counts of a table by what they are cut by, to find those of another table
// that they add up to.
// Threading: one thread.  Secrets: keys only.
#ifndef TALLY_ANALYTICS_SRC_DISCLOSURE_GATE_ACROSS_H_
#define TALLY_ANALYTICS_SRC_DISCLOSURE_GATE_ACROSS_H_

#include <compare>
#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "disclosure/table_period.h"

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
  // another name of their cut. Counts of other periods are so by their months
  // only. Cost: the shapes of both.
  bool Joins(const TableShapes& other, bool same_period) const;

 private:
  std::unordered_set<std::string> seen_;  // shapes as text
  std::map<KeyShape, bool> shapes_;       // whether some name their cut
};

// A cell by its key, and the unknown that it is: of other months one key is
// another unknown.
struct KeyedUnknown {
  std::string_view key;
  size_t unknown = 0;

  friend auto operator<=>(const KeyedUnknown&, const KeyedUnknown&) = default;
};

class KeyShapes {
 public:
  using Keys = std::vector<KeyedUnknown>;
  // Of a whole, what may add up to it: the first that can is it.
  using Sums = std::map<KeyedUnknown, std::set<std::vector<Keys>>>;

  explicit KeyShapes(TablePeriod period) : period_(std::move(period)) {}

  // A cell by a key of the register (CellKey), which must outlive this.
  void Add(const KeyedUnknown& cell);

  // Adds the keys of `other` that these may add up to, with their parts. Of
  // those by month these are the months of the other's period, as far as these
  // have them all. Where that is one month it may be the last of a year, so the
  // twelve to it are tried first, then it alone; in a table of the same period
  // the last twelve, then all. Of those by year the last, then all.
  // REQUIRES: keys were added in their order. Of shapes that are here as well
  // nothing but other names of one count: a table says itself what its own
  // totals are.
  void SumsTo(const KeyShapes& other, Sums& sums) const;

 private:
  // The cells of a group by their keys without the name of the cut.
  using ByPlainKey = std::unordered_map<std::string, KeyedUnknown>;

  // Cells of one shape.
  struct Group {
    Keys keys;
    bool named = false;              // some name their cut
    std::optional<MonthSpan> shown;  // the months of keys that name some
    mutable std::optional<ByPlainKey> plain;  // once it was asked for
  };

  // How parts over time make a whole.
  struct OverTime {
    bool by_month = false;  // the parts name months, the whole does not
    bool same = false;      // one period
    size_t last = 0;        // so many levels make a year, if there are more
    std::optional<MonthSpan> whole;  // its period
    MonthSpan covered;               // what the parts' table has
  };

  // Of a group to which nothing is added any more.
  static const ByPlainKey& PlainKeys(const Group& group);

  static void SameCounts(const Group& own, const Group& other, Sums& sums);
  static void SumsOf(const Group& own, const std::vector<bool>& kept,
                     const OverTime& over, const ByPlainKey& known, Sums& sums);
  static std::vector<Keys> WaysOf(Keys parts, const OverTime& over);
  // REQUIRES: the keys of `own` name months.
  MonthSpan CoveredBy(const Group& own) const;

  TablePeriod period_;
  std::map<KeyShape, Group> keys_;
  std::unordered_map<std::string, Group*> seen_;  // by the shape as text
};

}  // namespace tally::analytics

#endif  // TALLY_ANALYTICS_SRC_DISCLOSURE_GATE_ACROSS_H_
