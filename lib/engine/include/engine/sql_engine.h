#ifndef TALLY_ENGINE_SQL_ENGINE_H_
#define TALLY_ENGINE_SQL_ENGINE_H_

// SQL over Parquet, file in, file out: the hub's view of an engine. DuckDB
// inside the process today; a cluster behind the same words later. Statements
// keep to the dialect that both understand (engine/sql_lint.h checks it).
//
// Role: hub (store, release). Never given a token.
// Spec: docs/spec/engine.md, "File in, file out".
// Threading: one thread, except Cancel().
// Secrets: results are record values; nothing here prints.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "dataset/column_type.h"
#include "engine/database.h"
#include "engine/row_writer.h"
#include "engine/value.h"

namespace tally::engine {

// Types that both engines have.
enum class SqlType { kBoolean, kInt, kBigint, kDouble, kDate, kString };

// "INT", "STRING" in the words of a data dictionary.
std::string_view SqlTypeName(SqlType type);
SqlType SqlTypeOf(dataset::ColumnType type);

struct TableColumn {
  std::string name;  // as IsPlainSqlName()
  SqlType type = SqlType::kString;
  friend bool operator==(const TableColumn&, const TableColumn&) = default;
};
using TableSchema = std::vector<TableColumn>;

struct OutputOptions {
  ParquetOptions parquet;
  // Columns of the output that become folders (name=value); the path is then a
  // directory. Empty: one file.
  std::vector<std::string> partition_by;
  // About how many folders: each gathers a row group of its own in memory.
  int64_t partitions = 1;
  // Values of the statement's `?`.
  std::vector<Value> values;
};

class SqlEngine {
 public:
  virtual ~SqlEngine() = default;

  // Makes `name` a table over Parquet files of one schema, all of ours. No
  // file: a table without rows. The columns are checked against `schema`, name,
  // order and type; kDataLoss (exit 11) when they differ. kInvalidArgument for
  // a name that is not plain; kFailedPrecondition when it is taken.
  [[nodiscard]] virtual absl::Status RegisterParquet(
      std::string_view name, const std::vector<std::string>& files,
      const TableSchema& schema) = 0;

  // Runs a SELECT and writes its rows as zstd Parquet, in the order of its
  // ORDER BY. `path` must not be there; it appears whole, fsynced, or not at
  // all. Every output column must have a type of SqlType; kInvalidArgument
  // otherwise. Other errors as Connection::Query().
  [[nodiscard]] virtual absl::StatusOr<ParquetFile> RunToParquet(
      std::string_view sql, std::string_view path,
      const OutputOptions& options) = 0;

  // One value. Errors as Connection::Scalar().
  [[nodiscard]] virtual absl::StatusOr<Value> Scalar(
      std::string_view sql, const std::vector<Value>& values) = 0;

  // Ends the statement at work with kCancelled. Any thread.
  virtual void Cancel() = 0;
};

// The engine in this process. It keeps the database alive.
[[nodiscard]] absl::StatusOr<std::unique_ptr<SqlEngine>> MakeDuckDbEngine(
    Database& database);

}  // namespace tally::engine

#endif  // TALLY_ENGINE_SQL_ENGINE_H_
