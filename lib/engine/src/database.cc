#include "engine/database.h"

#include <duckdb.h>

#include <array>
#include <climits>
#include <cstdlib>
#include <filesystem>
#include <system_error>

#include "absl/strings/str_format.h"
#include "base/exit_code.h"
#include "base/files.h"
#include "base/status.h"
#include "handles.h"
#include "statement_error.h"

namespace tally::engine {
namespace {

absl::Status OptionError(std::string_view what) {
  return WithExitCode(
      absl::InvalidArgumentError(absl::StrFormat("engine options: %s", what)),
      kExitUsage);
}

absl::Status CheckOptions(const DatabaseOptions& options) {
  if (options.threads < 1 || options.threads > 256) {
    return OptionError("threads must be 1 to 256");
  }
  if (options.memory_bytes < (int64_t{16} << 20)) {
    return OptionError("memory must be at least 16 MiB");
  }
  if (options.max_temp_bytes < (int64_t{1} << 20)) {
    return OptionError("spill space must be at least 1 MiB");
  }
  return absl::OkStatus();
}

// An existing directory, links resolved, so that DuckDB compares real paths.
absl::StatusOr<std::string> ResolveDirectory(const std::string& path) {
  if (path.empty() || path[0] != '/' || path.find('\0') != std::string::npos) {
    return OptionError("a directory must be an absolute path");
  }
  std::error_code error;
  const std::filesystem::path real = std::filesystem::canonical(path, error);
  if (error || !std::filesystem::is_directory(real, error) || error) {
    return WithExitCode(
        absl::FailedPreconditionError(absl::StrFormat(
            "a directory of the engine is not there: %s", path)),
        kExitUsage);
  }
  return real.string();
}

absl::Status RunSetting(duckdb_connection connection, const std::string& sql) {
  duckdb_result result;
  const duckdb_state state = duckdb_query(connection, sql.c_str(), &result);
  absl::Status status;
  if (state != DuckDBSuccess) {
    status = absl::InternalError(absl::StrFormat(
        "the engine refuses the setting: %s", sql.substr(0, sql.find('='))));
  }
  duckdb_destroy_result(&result);
  return status;
}

absl::Status OpenInMemory(DatabaseHandle& handle) {
  // With autoload on, a missing feature would first try the network.
  constexpr std::array<const char*, 4> kOff = {
      "autoinstall_known_extensions", "autoload_known_extensions",
      "allow_community_extensions", "allow_unsigned_extensions"};
  duckdb_config config = nullptr;
  if (duckdb_create_config(&config) != DuckDBSuccess) {
    return absl::InternalError("the engine does not start");
  }
  bool good = true;
  for (const char* name : kOff) {
    good = good && duckdb_set_config(config, name, "false") == DuckDBSuccess;
  }
  char* error = nullptr;
  good = good && duckdb_open_ext(":memory:", handle.database(), config,
                                 &error) == DuckDBSuccess;
  duckdb_free(error);
  duckdb_destroy_config(&config);
  if (!good) return absl::InternalError("the engine does not start");
  return absl::OkStatus();
}

// Settings that hold for the whole database, in the order that works:
// directories cannot be changed once external access is off.
absl::StatusOr<std::vector<std::string>> Settings(
    const DatabaseOptions& options) {
  std::string directories;
  for (const std::string& directory : options.directories) {
    TALLY_ASSIGN_OR_RETURN(const std::string real, ResolveDirectory(directory));
    if (!directories.empty()) directories += ", ";
    directories += QuoteLiteral(real);
  }
  TALLY_ASSIGN_OR_RETURN(const std::string temp,
                         ResolveDirectory(options.temp_directory));
  // An empty directory, so that nothing is found where DuckDB looks by itself.
  const std::string home = JoinPath(temp, "home");
  TALLY_RETURN_IF_ERROR(MakeDirectories(home, 0700));
  return std::vector<std::string>{
      absl::StrFormat("SET allowed_directories = [%s]", directories),
      absl::StrFormat("SET temp_directory = %s", QuoteLiteral(temp)),
      absl::StrFormat("SET max_temp_directory_size = '%dB'",
                      options.max_temp_bytes),
      absl::StrFormat("SET memory_limit = '%dB'", options.memory_bytes),
      absl::StrFormat("SET threads = %d", options.threads),
      "SET preserve_insertion_order = false",
      "SET GLOBAL TimeZone = 'UTC'",
      absl::StrFormat("SET secret_directory = %s", QuoteLiteral(home)),
      absl::StrFormat("SET GLOBAL home_directory = %s", QuoteLiteral(home)),
      "SET allow_persistent_secrets = false",
  };
}

// Words of ours that the two dialects spell differently.
constexpr std::array<const char*, 2> kPrelude = {
    "CREATE MACRO tally_days(later, earlier) AS "
    "CAST(datediff('day', CAST(earlier AS DATE), CAST(later AS DATE)) AS INT)",
    "CREATE MACRO tally_isodow(d) AS "
    "CAST(isodow(CAST(d AS DATE)) - 1 AS INT)",
};

absl::StatusOr<duckdb_connection> NewConnection(DatabaseHandle& handle) {
  duckdb_connection connection = nullptr;
  if (duckdb_connect(*handle.database(), &connection) != DuckDBSuccess) {
    return absl::InternalError("the engine gives no connection");
  }
  return connection;
}

absl::Status LockDown(DatabaseHandle& handle, const DatabaseOptions& options) {
  TALLY_ASSIGN_OR_RETURN(const std::vector<std::string> settings,
                         Settings(options));
  TALLY_ASSIGN_OR_RETURN(const duckdb_connection connection,
                         NewConnection(handle));
  const ConnectionHandle closer(
      std::shared_ptr<DatabaseHandle>(&handle, [](DatabaseHandle*) {}),
      connection);
  for (const std::string& setting : settings) {
    TALLY_RETURN_IF_ERROR(RunSetting(connection, setting));
  }
  TALLY_RETURN_IF_ERROR(RegisterRowFunction(connection, handle.feeds()));
  for (const char* macro : kPrelude) {
    TALLY_RETURN_IF_ERROR(RunSetting(connection, macro));
  }
  TALLY_RETURN_IF_ERROR(
      RunSetting(connection, "SET enable_external_access = false"));
  return RunSetting(connection, "SET lock_configuration = true");
}

}  // namespace

std::string EngineVersion() { return duckdb_library_version(); }

Database::Database(std::shared_ptr<DatabaseHandle> handle,
                   const DatabaseOptions& options)
    : handle_(std::move(handle)),
      memory_bytes_(options.memory_bytes),
      threads_(options.threads) {}
Database::Database(Database&&) noexcept = default;
Database& Database::operator=(Database&&) noexcept = default;
Database::~Database() = default;

absl::StatusOr<Database> Database::Open(const DatabaseOptions& options) {
  TALLY_RETURN_IF_ERROR(CheckOptions(options));
  if (EngineVersion() != TALLY_DUCKDB_VERSION) {
    return WithExitCode(absl::FailedPreconditionError(absl::StrFormat(
                            "DuckDB is %s; this program was tested with %s",
                            EngineVersion(), TALLY_DUCKDB_VERSION)),
                        kExitUsage);
  }
  auto handle = std::make_shared<DatabaseHandle>();
  handle->error_text = options.error_text;
  TALLY_RETURN_IF_ERROR(OpenInMemory(*handle));
  TALLY_RETURN_IF_ERROR(LockDown(*handle, options));
  return Database(std::move(handle), options);
}

absl::StatusOr<Connection> Database::Connect() {
  TALLY_ASSIGN_OR_RETURN(const duckdb_connection connection,
                         NewConnection(*handle_));
  return Connection(std::make_shared<ConnectionHandle>(handle_, connection));
}

}  // namespace tally::engine
