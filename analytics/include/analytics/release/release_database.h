// SQL over the tables of one verified release. The engine is locked down: a
// statement reaches the release's tables and nothing else.
// Runs in: the analyst's program.
//
// Threading: one connection, for one thread at a time, except Interrupt(). Who
// uses it from several takes turns under a lock, as MeasureRunner does.
// Secrets: record values.
#ifndef TALLY_ANALYTICS_RELEASE_RELEASE_DATABASE_H_
#define TALLY_ANALYTICS_RELEASE_RELEASE_DATABASE_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "analytics/release/release_folder.h"
#include "engine/database.h"

namespace tally::analytics {

struct DatabaseSettings {
  // Spill files go below it, in a folder of this process; those of processes
  // that are gone are removed.
  std::string work_directory;
  int64_t memory_bytes = int64_t{1} << 30;
  int threads = 1;
  // DuckDB's own words in errors: only where the SQL is the analyst's.
  bool engine_words = false;
};

class ReleaseDatabase {
 public:
  // Opens an engine and makes one view per table of the release, under the
  // table's name.
  [[nodiscard]] static absl::StatusOr<ReleaseDatabase> Open(
      const ReleaseFolder& folder, const DatabaseSettings& settings);
  ~ReleaseDatabase();
  ReleaseDatabase(ReleaseDatabase&&) noexcept;
  ReleaseDatabase& operator=(ReleaseDatabase&&) noexcept;

  engine::Connection& connection();

  // OK if `sql` is one statement that only reads: it must also be valid inside
  // a FROM clause, which no COPY, CREATE, SET, ATTACH or PRAGMA is.
  // kPermissionDenied (exit 6) otherwise; kInvalidArgument (exit 2) for what
  // is no SQL.
  absl::Status CheckReadOnly(std::string_view sql);

 private:
  struct State;
  explicit ReleaseDatabase(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace tally::analytics

#endif  // TALLY_ANALYTICS_RELEASE_RELEASE_DATABASE_H_
