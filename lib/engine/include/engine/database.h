#ifndef TALLY_ENGINE_DATABASE_H_
#define TALLY_ENGINE_DATABASE_H_

// A DuckDB in memory, locked down: SQL over Parquet files for the hub and the
// analyst. One database per job. After Open() returns, a statement can reach
// the files below the named directories and nothing else: no other file, no
// network, no extension, no setting. The pseudonymiser and the custodian never
// link this, and it never sees a token or an NHS Number.
//
//   TALLY_ASSIGN_OR_RETURN(Database database, Database::Open(options));
//   TALLY_ASSIGN_OR_RETURN(Connection connection, database.Connect());
//   TALLY_ASSIGN_OR_RETURN(Result result,
//       connection.Query("SELECT n FROM t WHERE day < ?",
//       {Value::Day(20000)}));
//
// Errors of statements come back as our own words with a code (see
// StatementError below): DuckDB's own text quotes the data.
//
// Spec: docs/spec/engine.md.
// Threading: a Database may be used from several threads, a Connection from one
// at a time, except Interrupt().
// Secrets: results are record values; nothing here prints or logs them.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "engine/result.h"
#include "engine/value.h"

namespace tally::engine {

class DatabaseHandle;     // private: what DuckDB gave
class ConnectionHandle;   // private
class RowSourceRegistry;  // private: sources of tally_rows()

// Whose words an error of a statement carries.
enum class ErrorText {
  kOurs,    // ours only; DuckDB's text is dropped
  kEngine,  // DuckDB's text is kept. Only where SQL and data are the analyst's
};

struct DatabaseOptions {
  // Directories that statements may read and write, absolute, existing. They
  // are resolved here, so a link to a directory stands for what it leads to.
  std::vector<std::string> directories;
  // Where big joins and sorts spill: absolute, existing, ours alone.
  std::string temp_directory;
  // Most bytes of spill files. At least 1 MiB.
  int64_t max_temp_bytes = int64_t{100} << 30;
  // Most bytes of memory for data. At least 16 MiB. 70 % of what the program
  // was given is right for a job; the rest is for everything else.
  int64_t memory_bytes = int64_t{1} << 30;
  // Threads, 1 to 256: the program's setting, never the machine's.
  int threads = 1;
  ErrorText error_text = ErrorText::kOurs;
};

// Version of the library that was loaded, such as "v1.5.6".
std::string EngineVersion();

class Connection;

class Database {
 public:
  // Opens and locks. Returns kInvalidArgument for options outside their range,
  // kFailedPrecondition for another version of the library than the one that
  // was tested or a directory that is not there, kInternal when DuckDB refuses.
  [[nodiscard]] static absl::StatusOr<Database> Open(
      const DatabaseOptions& options);

  Database(Database&&) noexcept;
  Database& operator=(Database&&) noexcept;
  ~Database();

  // A connection; it keeps the database alive. Returns kInternal.
  [[nodiscard]] absl::StatusOr<Connection> Connect();

  // As opened.
  int64_t memory_bytes() const { return memory_bytes_; }
  int threads() const { return threads_; }

 private:
  Database(std::shared_ptr<DatabaseHandle> handle,
           const DatabaseOptions& options);
  std::shared_ptr<DatabaseHandle> handle_;
  int64_t memory_bytes_;
  int threads_;
};

// A statement with `?` for values, checked and planned once.
class PreparedStatement {
 public:
  PreparedStatement(PreparedStatement&&) noexcept;
  PreparedStatement& operator=(PreparedStatement&&) noexcept;
  ~PreparedStatement();

  // Number of `?`.
  size_t parameter_count() const;

  // Runs it with one value for each `?`. Errors: as Connection::Query().
  [[nodiscard]] absl::StatusOr<Result> Run(const std::vector<Value>& values);

 private:
  friend class Connection;
  class Impl;
  explicit PreparedStatement(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

class Connection {
 public:
  Connection(Connection&&) noexcept;
  Connection& operator=(Connection&&) noexcept;
  ~Connection();

  // Runs one statement, its result in memory. Several statements in one text
  // are refused with kInvalidArgument.
  // Errors: kInvalidArgument (the statement, or a value that does not convert),
  // kPermissionDenied (a file, setting or extension that is locked),
  // kNotFound (a table or a file), MEMORY_LOW, kResourceExhausted (disk),
  // kCancelled (Interrupt), kInternal.
  [[nodiscard]] absl::StatusOr<Result> Query(
      std::string_view sql, const std::vector<Value>& values = {});

  // As Query(), but chunks are computed as they are fetched, so the result may
  // be larger than memory. The connection is busy until the result is gone.
  [[nodiscard]] absl::StatusOr<Result> Stream(
      std::string_view sql, const std::vector<Value>& values = {});

  // As Stream(), with every column whose type is ColumnKind::kOther turned to
  // text: for printing what an analyst asked.
  [[nodiscard]] absl::StatusOr<Result> StreamForPrinting(std::string_view sql);

  // Runs one statement and drops its result. Errors: as Query().
  [[nodiscard]] absl::Status Execute(std::string_view sql,
                                     const std::vector<Value>& values = {});

  // The first column of the only row. kInternal unless there is exactly one
  // row; other errors as Query(). Types outside Value: kInvalidArgument.
  [[nodiscard]] absl::StatusOr<Value> Scalar(
      std::string_view sql, const std::vector<Value>& values = {});

  [[nodiscard]] absl::StatusOr<PreparedStatement> Prepare(std::string_view sql);

  // Ends the statement at work with kCancelled. Safe from any thread; without
  // effect when none is at work.
  void Interrupt();

 private:
  friend class Database;
  friend class RowWriter;
  explicit Connection(std::shared_ptr<ConnectionHandle> handle);
  std::shared_ptr<ConnectionHandle> handle_;
};

// `text` as a string literal of SQL, quotes doubled. For paths of ours and
// names that passed a rule, where a statement takes no `?`. REQUIRES: no NUL.
std::string QuoteLiteral(std::string_view text);

// `name` as a quoted identifier. For an analyst's own column names; names of
// ours are [a-z][a-z0-9_]* and need none. REQUIRES: no NUL.
std::string QuoteIdentifier(std::string_view name);

// Whether `name` may stand in SQL unquoted in both dialects: it matches
// [a-z][a-z0-9_]{0,62} and is no reserved word of either.
bool IsPlainSqlName(std::string_view name);

}  // namespace tally::engine

#endif  // TALLY_ENGINE_DATABASE_H_
