#include "analytics/release/release_database.h"

#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
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

}  // namespace

struct ReleaseDatabase::State {
  std::string temp_directory;
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
  std::string pattern = JoinPath(settings.work_directory, "spill-XXXXXX");
  if (mkdtemp(pattern.data()) == nullptr) {
    return ErrnoStatus(errno, "make a folder below", settings.work_directory);
  }
  auto state = std::make_unique<State>();
  state->temp_directory = pattern;
  engine::DatabaseOptions options;
  options.directories = {folder.path()};
  options.temp_directory = pattern;
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
