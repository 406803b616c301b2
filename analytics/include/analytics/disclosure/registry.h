// The register of released tables: what readers may already have. Earlier
// tables, of whatever project of the work directory, join the audit of a new
// one where their cells are the same unknowns, or parts or totals of them.
// Runs in: the analyst's program; the file stays in the work directory, 0600.
//
// Holds printed forms only ("10", "*"), exact sums only where every reader is
// assumed to know them (list sizes), and never a list of people.
//
// Spec: docs/measures/disclosure.md, "The register".
// Threading: one writer; a file lock keeps two programs apart, from the reading
// of earlier tables to the adding of the new one.
// Secrets: none beyond what was released.
#ifndef TALLY_ANALYTICS_DISCLOSURE_REGISTRY_H_
#define TALLY_ANALYTICS_DISCLOSURE_REGISTRY_H_

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/files.h"

namespace tally::analytics {

// The format of the lines that are written. 1 had neither relations, margins
// nor kShieldMark; its lines are read as saying that much less. 2 had no chain,
// 3 no names of counts.
inline constexpr int64_t kRegisterVersion = 4;

struct TableDecisions;  // decision_log.h

// The sum of `parts` is `whole`.
struct ReleasedRelation {
  std::string whole;
  std::vector<std::string> parts;
  friend bool operator==(const ReleasedRelation&,
                         const ReleasedRelation&) = default;
};

// The sum of `parts` is `exact` for every reader.
struct ReleasedMargin {
  std::vector<std::string> parts;
  int64_t exact = 0;
  friend bool operator==(const ReleasedMargin&,
                         const ReleasedMargin&) = default;
};

// One released table. A cell's key is its levels, by dimension, "All" left
// out, and the name of its count column.
struct ReleasedTable {
  int64_t version = kRegisterVersion;
  std::string time;
  std::string project;
  std::string release;
  std::string measure;
  std::string table;
  std::string period;
  std::string cohort;
  std::string profile;
  std::vector<std::string> dimensions;
  // Sources of a table of derived figures; empty for tables of counts. Such a
  // table has no cells here: they are no unknowns of their own.
  std::vector<std::string> derived_from;
  std::map<std::string, std::string> cells;
  // Keys of sums with the keys of their parts. The form printed of `sums` is
  // a count's, of `totals` it follows from the parts' and says nothing.
  std::map<std::string, std::vector<std::string>> sums;
  std::map<std::string, std::vector<std::string>> totals;
  // Keys of cells with what they count (CountedKey), where tables of other
  // measures may count it too.
  std::map<std::string, std::string> counted;
  // What RawTable::AddEquality and AddKnownMargin said of the cells.
  std::vector<ReleasedRelation> equalities;
  std::vector<ReleasedMargin> margins;
  // Zeros are among the cells hidden to shield others.
  bool hides_zeros = false;

  // Whether both tell a reader the same of the same cells.
  bool SaysTheSame(const ReleasedTable& other) const {
    return cells == other.cells && sums == other.sums &&
           totals == other.totals && counted == other.counted &&
           equalities == other.equalities && margins == other.margins &&
           hides_zeros == other.hides_zeros;
  }
};

using ReleasedTablePtr = std::shared_ptr<const ReleasedTable>;

// Stands before the printed form of a count that was printed by midpoint 6
// under another profile: "m6:9".
inline constexpr std::string_view kMidpointMark = "m6:";

// The form of a `*` that is no small count, but shields some; "*" is that of a
// small one, and in lines of version 1 of both.
inline constexpr std::string_view kShieldMark = "x";

// What the keys of numbers begin with that no table prints: the rest of a whole
// beside its parts, and the sum of groups that are the same.
inline constexpr std::string_view kRestMark = "rest of ";
inline constexpr std::string_view kSumMark = "sum of ";

// What the names of counts begin with, as no column does.
inline constexpr std::string_view kCountedMark = "@";

// The level of a dimension that is summed over.
inline constexpr std::string_view kAllLevels = "All";

// The key of a cell: "column|dimension=level|..." in the order of names, with
// `%`, `|` and `=` inside levels escaped.
std::string CellKey(std::string_view column,
                    const std::map<std::string, std::string>& levels);

// The name of a count in the tables of every measure that counts the same:
// "@activity|month=2026-10|pod=day_case". `name` says what is counted, and by
// which rules; `levels` of whom and in which time, by names that do not depend
// on the measure. It stands for one number whatever the period of the table, so
// the time must be in it.
std::string CountedKey(std::string_view name,
                       const std::map<std::string, std::string>& levels);

class ReleaseRegistry {
 public:
  enum class Mode { kWrite, kReadOnly };

  // `path` empty: nothing is remembered (for tests). kReadOnly, for --dry-run:
  // what was released counts, and nothing is added.
  explicit ReleaseRegistry(std::string path, Mode mode = Mode::kWrite);
  ~ReleaseRegistry();
  ReleaseRegistry(const ReleaseRegistry&) = delete;
  ReleaseRegistry& operator=(const ReleaseRegistry&) = delete;

  // Keeps other programs out until the lock is destroyed; waits for one that
  // is in, and after two seconds says so on stderr. Held from Related to
  // Append, or two programs that release at once would not see each other's
  // table. Nothing where nothing is written. kAborted (exit 7) after ten
  // minutes: longer than the longest audit of a few programs in a queue.
  [[nodiscard]] absl::StatusOr<std::optional<FileLock>> Hold() const;

  // Adds one table and syncs the file. `held` is of Hold(). Errors as All.
  absl::Status Append(ReleasedTable table, const std::optional<FileLock>& held);

  // Tables of counts of the same measure and cohort definition, of whatever
  // project, and of the same period, or of months inside its months or around
  // them, that say something of a cell of `keys` (the cells of `table`),
  // have counts that may add up to such cells or be made up of them, or do so
  // for the cells of another such table; and of the same period any with
  // bands of age. What the rest says cannot bound these cells. Without `keys`
  // those of the same name too. Of other measures and cohorts those of such a
  // period that count what `table` does, by `counted` of both, unless no count
  // of one name has a hidden cell near, in the earlier table or, by `near`, in
  // this one. Newest first.
  // Errors as All. Cost: the lines that others added since the last call, those
  // of the result that no call before read or wrote, and for each line of
  // another measure the names of its counts, if `table` has any; the tables of
  // one measure, period and cohort are kept
  // until another's are asked for.
  absl::StatusOr<std::vector<ReleasedTablePtr>> Related(
      const ReleasedTable& table, const std::vector<std::string>& keys,
      const std::vector<std::string>& near = {}) const;

  // Whether a table of the same names, period, cohort, profile and sources is
  // in it already. Errors as All. Cost: the lines that were added since the
  // last call.
  absl::StatusOr<bool> Has(const ReleasedTable& table) const;

  // kDataLoss, naming a table, if one of counts that was released by
  // `decisions` is not in it: the file was deleted or cut. To be read before
  // this is called. Other errors as All. Cost: the lines that were added since
  // the last call, and the decisions.
  absl::Status CheckComplete(
      const std::vector<TableDecisions>& decisions) const;

  // Every table ever released, oldest first. kDataLoss, with the number of the
  // line, if one does not parse, holds a printed form that is none, or does not
  // follow the lines before it; kInvalidArgument (exit 8) if one was written by
  // a newer program, in a format that this one does not know.
  absl::StatusOr<std::vector<ReleasedTable>> All() const;

 private:
  class Index;  // where the lines of the file are, and what they are about
  std::string path_;
  Mode mode_;
  std::unique_ptr<Index> index_;
};

}  // namespace tally::analytics

#endif  // TALLY_ANALYTICS_DISCLOSURE_REGISTRY_H_
