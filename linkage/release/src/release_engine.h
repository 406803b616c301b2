#ifndef TALLY_LINKAGE_RELEASE_SRC_RELEASE_ENGINE_H_
#define TALLY_LINKAGE_RELEASE_SRC_RELEASE_ENGINE_H_

// One locked engine for one release: named tables over Parquet files, results
// as Parquet in the work folder. File in, file out, so that a cluster can take
// its place.
//
// Threading: one thread; a thread of its own watches for a stop.
// Secrets: results are record values; nothing here prints.

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/mutex.h"
#include "engine/database.h"
#include "engine/sql_engine.h"
#include "linkage/release/release_sql.h"

namespace tally::linkage {

struct ReleaseEngineOptions {
  std::vector<std::string> input_directories;
  std::string work_directory;    // tables of ours; exists
  std::string output_directory;  // the release being built; empty in a preview
  int64_t memory_bytes = int64_t{1} << 30;
  int threads = 1;
  std::function<void(std::string_view)> on_statement;
  // Asked a few times a second; true ends the statement at work. May be empty.
  std::function<bool()> cancelled;
};

class ReleaseEngine {
 public:
  [[nodiscard]] static absl::StatusOr<std::unique_ptr<ReleaseEngine>> Open(
      ReleaseEngineOptions options);
  ~ReleaseEngine();
  ReleaseEngine(const ReleaseEngine&) = delete;
  ReleaseEngine& operator=(const ReleaseEngine&) = delete;

  // A named table over files.
  [[nodiscard]] absl::Status Register(std::string_view name,
                                      const std::vector<std::string>& files,
                                      const engine::TableSchema& schema);

  // Runs the statements one after the other, keeps their rows in files of the
  // work folder and registers all of them as the table `name`. Returns the
  // number of rows.
  [[nodiscard]] absl::StatusOr<int64_t> Materialise(
      std::string_view name, const std::vector<SqlStatement>& statements,
      const engine::TableSchema& schema);
  [[nodiscard]] absl::StatusOr<int64_t> Materialise(
      std::string_view name, const SqlStatement& statement,
      const engine::TableSchema& schema) {
    return Materialise(name, std::vector<SqlStatement>{statement}, schema);
  }

  // Runs `statement`, whose last column `part_no` is 0 to parts - 1, and keeps
  // the rows of part i, without that column, as a table `name`_i of `schema`.
  [[nodiscard]] absl::Status MaterialiseParts(
      std::string_view name, const SqlStatement& statement, size_t parts,
      const engine::TableSchema& schema);
  // The rows of a SELECT of `schema` in so many slices of the combinations of
  // `columns` (CombinationNumber): a SELECT for each. Several are kept as the
  // tables `name` of MaterialiseParts(), so that the rows are read once.
  [[nodiscard]] absl::StatusOr<std::vector<std::string>> SliceCombinations(
      std::string_view rows, const engine::TableSchema& columns, size_t slices,
      std::string_view name, const engine::TableSchema& schema);
  // Deletes what SliceCombinations() kept for so many slices, if anything.
  [[nodiscard]] absl::Status DiscardSlices(std::string_view name,
                                           size_t slices);

  // The rows of a table of Materialise(), as they come. One stream at a time,
  // and no Rows() beside it; it must end before the engine does.
  [[nodiscard]] absl::StatusOr<engine::Result> StreamTable(
      std::string_view name);

  // Deletes the rows of a table of Materialise(), to save the disk. Its name
  // stays taken; a statement that still reads it fails.
  [[nodiscard]] absl::Status Discard(std::string_view name);
  // The same of one table of MaterialiseParts().
  [[nodiscard]] absl::Status DiscardPart(std::string_view name, size_t part);

  // Runs `statement` into `path`, below the output folder.
  [[nodiscard]] absl::StatusOr<engine::ParquetFile> Write(
      const SqlStatement& statement, const std::string& path,
      const engine::ParquetOptions& parquet);

  // All rows of a small result, in no useful order.
  [[nodiscard]] absl::StatusOr<std::vector<std::vector<engine::Value>>> Rows(
      const SqlStatement& statement);

  // One integer; NULL counts as 0.
  [[nodiscard]] absl::StatusOr<int64_t> Count(const SqlStatement& statement);

  // A folder in the work folder for a RowWriter, and the files it wrote there.
  [[nodiscard]] absl::StatusOr<std::string> MakeTableDirectory(
      std::string_view name);
  engine::Database& database() { return *database_; }

 private:
  explicit ReleaseEngine(ReleaseEngineOptions options)
      : options_(std::move(options)) {}
  void Announce(std::string_view sql) const {
    if (options_.on_statement) options_.on_statement(sql);
  }
  const std::vector<std::string>& FilesOf(std::string_view name) const;
  std::string PartFolder(std::string_view name, size_t part) const;
  void Watch();

  const ReleaseEngineOptions options_;
  std::optional<engine::Database> database_;
  std::unique_ptr<engine::SqlEngine> sql_;
  std::optional<engine::Connection> reader_;
  int next_result_ = 0;
  // The files of each table of Materialise().
  std::map<std::string, std::vector<std::string>, std::less<>> files_;

  Mutex watch_mu_;
  CondVar watch_wake_;
  bool done_ TALLY_GUARDED_BY(watch_mu_) = false;
  std::thread watcher_;
};

// The value as a number or text; NULL as 0 or "".
int64_t IntOf(const engine::Value& value);
std::string TextOf(const engine::Value& value);
// The day, or nothing.
std::optional<CivilDay> DayOf(const engine::Value& value);

}  // namespace tally::linkage

#endif  // TALLY_LINKAGE_RELEASE_SRC_RELEASE_ENGINE_H_
