// The register of released tables: what readers may already have. Earlier
// tables of a project join the audit of a new one where their cells are the
// same unknowns, or parts or totals of them.
// Runs in: the analyst's program; the file stays in the work directory, 0600.
//
// Holds printed forms only ("10", "*"), never an exact count and never a list
// of people.
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

// One released table. A cell's key is its levels, by dimension, "All" left
// out, and the name of its count column.
struct ReleasedTable {
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
};

// Stands before the printed form of a count that was printed by midpoint 6
// under another profile: "m6:9".
inline constexpr std::string_view kMidpointMark = "m6:";

// The level of a dimension that is summed over.
inline constexpr std::string_view kAllLevels = "All";

// The key of a cell: "column|dimension=level|..." in the order of names, with
// `%`, `|` and `=` inside levels escaped.
std::string CellKey(std::string_view column,
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
  // is in. Held from Related to Append, or two programs that release at once
  // would not see each other's table. Nothing where nothing is written.
  // kAborted (exit 7) after a minute.
  [[nodiscard]] absl::StatusOr<std::optional<FileLock>> Hold() const;

  // Adds one table and syncs the file. `held` is of Hold().
  absl::Status Append(const ReleasedTable& table,
                      const std::optional<FileLock>& held);

  // Tables of counts of the same project, measure, period and cohort
  // definition, newest first. kDataLoss if the file does not parse. Cost: the
  // lines that were added since the last call, and those of the result.
  absl::StatusOr<std::vector<ReleasedTable>> Related(
      const ReleasedTable& table) const;

  // Every table ever released, oldest first.
  absl::StatusOr<std::vector<ReleasedTable>> All() const;

 private:
  class Index;  // where the lines of the file are, and what they are about
  std::string path_;
  Mode mode_;
  std::unique_ptr<Index> index_;
};

}  // namespace tally::analytics

#endif  // TALLY_ANALYTICS_DISCLOSURE_REGISTRY_H_
