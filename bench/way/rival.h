#ifndef TALLY_BENCH_WAY_RIVAL_H_
#define TALLY_BENCH_WAY_RIVAL_H_

// DuckDB over the files of a benchmark: as the rival, and to look at what came
// out. It takes memory: call these in a child ("bench/child.h").
//
// Threading: one thread.
// Secrets: none.

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "engine/database.h"

namespace tally::bench {

// Where a benchmark works.
struct Places {
  std::string folder;    // ours alone
  std::string programs;  // of the parties
};

// One that is opened over `places.folder`, with as many threads as there are
// processors.
class Rival {
 public:
  [[nodiscard]] static absl::StatusOr<Rival> Open(const Places& places);

  // Writes all of `from`, a table in the words of SQL, as Parquet with zstd.
  absl::Status CopyToParquet(const std::string& from, const std::string& path);

  // kDataLoss, saying `what`, unless the statement gives this number.
  absl::Status Check(const char* what, int64_t expected,
                     const std::string& sql);
  absl::Status CheckCount(const char* what, int64_t expected,
                          const std::string& tables,
                          const std::string& where = "true");
  // The sum of a column in tenths.
  absl::Status CheckTenths(const char* what, int64_t expected,
                           const std::string& column, const std::string& table);

 private:
  Rival(engine::Database database, engine::Connection connection);
  engine::Database database_;
  engine::Connection connection_;
};

// The Parquet files of a pattern as a table.
std::string Parquet(const std::string& pattern);

}  // namespace tally::bench

#endif  // TALLY_BENCH_WAY_RIVAL_H_
