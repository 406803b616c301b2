#include "analytics/release/release_database.h"

#include <sys/stat.h>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include "base/civil_day.h"
#include "base/exit_code.h"
#include "base/files.h"
#include "base/status.h"

namespace tally::analytics {
namespace {

constexpr int kDatabaseFolderMode = 0700;

std::string ViewSql(const ReleaseFolder& folder, const std::string& table) {
  std::string parts;
  for (const std::string& part : folder.Parts(table)) {
    if (!parts.empty()) parts += ", ";
    parts += engine::QuoteLiteral(part);
  }
  return absl::StrFormat(
      "CREATE VIEW %s AS SELECT * FROM read_parquet([%s], "
      "hive_partitioning = false)",
      table, parts);
}

// The folders of spill files, and the file in each that its process locks.
constexpr std::string_view kSpillPrefix = "spill-";
constexpr std::string_view kSpillOwner = "owner.lock";
constexpr std::string_view kSpillGuard = "spill.lock";

// A folder without the file is of an older program, which may still run, or of
// one that ended in between.
bool IsLongUnused(const std::string& folder) {
  constexpr int64_t kUnusedMs = int64_t{7} * 24 * 3600 * 1000;
  constexpr int64_t kMsOfSecond = 1000;
  struct stat is {};
  return lstat(folder.c_str(), &is) == 0 && S_ISDIR(is.st_mode) &&
         NowUnixMs() - int64_t{is.st_mtime} * kMsOfSecond > kUnusedMs;
}

// Removes the folders whose processes are gone: they hold records of people.
// What another process keeps is left alone, and what cannot be removed too.
void RemoveStaleSpills(const std::string& directory) {
  const auto names = ListDirectory(directory);
  if (!names.ok()) return;
  for (const std::string& name : *names) {
    if (!std::string_view(name).starts_with(kSpillPrefix)) continue;
    const std::string folder = JoinPath(directory, name);
    const std::string owner = JoinPath(folder, std::string(kSpillOwner));
    const bool stale = IsRegularFile(owner) ? FileLock::Acquire(owner).ok()
                                            : IsLongUnused(folder);
    if (stale) RemoveTree(folder).IgnoreError();
  }
}

// Makes a folder of this process below `directory`, after it has removed those
// of processes that are gone. One program at a time does this, so that none
// takes a new folder for one that nobody owns.
absl::Status MakeSpillFolder(const std::string& directory, std::string& folder,
                             std::optional<FileLock>& owned) {
  constexpr int kWaits = 500;
  const std::string guard = JoinPath(directory, std::string(kSpillGuard));
  absl::StatusOr<FileLock> alone = FileLock::Acquire(guard);
  for (int i = 0; i < kWaits && absl::IsAborted(alone.status()); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
    alone = FileLock::Acquire(guard);
  }
  TALLY_RETURN_IF_ERROR(alone.status());
  RemoveStaleSpills(directory);
  std::string pattern =
      JoinPath(directory, absl::StrFormat("%sXXXXXX", kSpillPrefix));
  if (mkdtemp(pattern.data()) == nullptr) {
    return ErrnoStatus(errno, "make a folder below", directory);
  }
  folder = pattern;
  TALLY_ASSIGN_OR_RETURN(FileLock lock, FileLock::Acquire(JoinPath(
                                            folder, std::string(kSpillOwner))));
  owned.emplace(std::move(lock));
  return absl::OkStatus();
}

}  // namespace

struct ReleaseDatabase::State {
  std::string temp_directory;
  std::optional<FileLock> owned;  // the folder, as long as this lives
  std::optional<engine::Database> database;
  std::optional<engine::Connection> connection;

  ~State() {
    connection.reset();
    database.reset();
    if (!temp_directory.empty()) {
      // What is left of it is spill files of this process; nothing depends on
      // their removal.
      RemoveTree(temp_directory).IgnoreError();
    }
  }
};

ReleaseDatabase::ReleaseDatabase(std::unique_ptr<State> state)
    : state_(std::move(state)) {}
ReleaseDatabase::~ReleaseDatabase() = default;
ReleaseDatabase::ReleaseDatabase(ReleaseDatabase&&) noexcept = default;
ReleaseDatabase& ReleaseDatabase::operator=(ReleaseDatabase&&) noexcept =
    default;

absl::StatusOr<ReleaseDatabase> ReleaseDatabase::Open(
    const ReleaseFolder& folder, const DatabaseSettings& settings) {
  TALLY_RETURN_IF_ERROR(
      MakeDirectories(settings.work_directory, kDatabaseFolderMode));
  auto state = std::make_unique<State>();
  TALLY_RETURN_IF_ERROR(MakeSpillFolder(settings.work_directory,
                                        state->temp_directory, state->owned));
  engine::DatabaseOptions options;
  options.directories = {folder.path()};
  options.temp_directory = state->temp_directory;
  options.memory_bytes = settings.memory_bytes;
  options.threads = settings.threads;
  options.error_text = settings.engine_words ? engine::ErrorText::kEngine
                                             : engine::ErrorText::kOurs;
  TALLY_ASSIGN_OR_RETURN(engine::Database database,
                         engine::Database::Open(options));
  state->database.emplace(std::move(database));
  TALLY_ASSIGN_OR_RETURN(engine::Connection connection,
                         state->database->Connect());
  state->connection.emplace(std::move(connection));
  for (const std::string& table : folder.Tables()) {
    if (!engine::IsPlainSqlName(table)) {
      return IntegrityError("the manifest names a table that is no plain name");
    }
    TALLY_RETURN_IF_ERROR(state->connection->Execute(ViewSql(folder, table)));
  }
  return ReleaseDatabase(std::move(state));
}

engine::Connection& ReleaseDatabase::connection() {
  return *state_->connection;
}

absl::Status ReleaseDatabase::CheckReadOnly(std::string_view sql) {
  while (!sql.empty() && (sql.back() == ';' || sql.back() == ' ' ||
                          sql.back() == '\n' || sql.back() == '\t')) {
    sql.remove_suffix(1);
  }
  if (sql.empty()) return UsageError("there is no statement");
  // The newline ends a comment that would otherwise hide the bracket.
  const absl::Status wrapped =
      connection()
          .Prepare(absl::StrFormat("SELECT * FROM (\n%s\n) AS q", sql))
          .status();
  if (wrapped.ok()) return absl::OkStatus();
  const absl::Status plain = connection().Prepare(sql).status();
  if (!plain.ok())
    return WithExitCode(plain, ExitCodeOf(plain) == kExitFailure
                                   ? kExitUsage
                                   : ExitCodeOf(plain));
  return NotPermittedError(
      "sql only reads: one SELECT, WITH, FROM, DESCRIBE or SUMMARIZE");
}

}  // namespace tally::analytics
