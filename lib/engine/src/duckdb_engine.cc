#include <duckdb.h>

#include <utility>

#include "absl/strings/str_format.h"
#include "base/exit_code.h"
#include "base/files.h"
#include "base/status.h"
#include "base/strings.h"
#include "engine/sql_engine.h"
#include "parquet_copy.h"

namespace tally::engine {
namespace {

// DuckDB's names of our types, as DESCRIBE prints them.
std::string_view DuckDbTypeName(SqlType type) {
  switch (type) {
    case SqlType::kBoolean:
      return "BOOLEAN";
    case SqlType::kInt:
      return "INTEGER";
    case SqlType::kBigint:
      return "BIGINT";
    case SqlType::kDouble:
      return "DOUBLE";
    case SqlType::kDate:
      return "DATE";
    case SqlType::kString:
      break;
  }
  return "VARCHAR";
}

bool IsSqlType(std::string_view name) {
  for (const SqlType type :
       {SqlType::kBoolean, SqlType::kInt, SqlType::kBigint, SqlType::kDouble,
        SqlType::kDate, SqlType::kString}) {
    if (name == DuckDbTypeName(type)) return true;
  }
  return false;
}

absl::Status CheckTable(std::string_view name,
                        const std::vector<std::string>& files,
                        const TableSchema& schema) {
  if (!IsPlainSqlName(name)) {
    return absl::InvalidArgumentError("a table's name is not plain");
  }
  if (schema.empty()) {
    return absl::InvalidArgumentError("a table has no columns");
  }
  for (const TableColumn& column : schema) {
    if (!IsPlainSqlName(column.name)) {
      return absl::InvalidArgumentError("a column's name is not plain");
    }
  }
  for (const std::string& file : files) {
    if (file.find('\0') != std::string::npos) {
      return absl::InvalidArgumentError("a path holds a NUL byte");
    }
  }
  return absl::OkStatus();
}

std::string EmptyTable(const TableSchema& schema) {
  std::vector<std::string> columns;
  for (const TableColumn& column : schema) {
    columns.push_back(absl::StrFormat(
        "CAST(NULL AS %s) AS %s", DuckDbTypeName(column.type), column.name));
  }
  return absl::StrFormat("SELECT %s WHERE false", JoinText(columns, ", "));
}

// Columns by name and order, from every file: a column that one file lacks is
// an error of the engine, not a null.
std::string TableOverFiles(const std::vector<std::string>& files,
                           const TableSchema& schema) {
  std::vector<std::string> columns;
  for (const TableColumn& column : schema) columns.push_back(column.name);
  std::vector<std::string> quoted;
  for (const std::string& file : files) quoted.push_back(QuoteLiteral(file));
  return absl::StrFormat(
      "SELECT %s FROM read_parquet([%s], hive_partitioning = false, "
      "union_by_name = false)",
      JoinText(columns, ", "), JoinText(quoted, ", "));
}

class DuckDbEngine : public SqlEngine {
 public:
  DuckDbEngine(Connection connection, const GatheringRoom& room)
      : connection_(std::move(connection)), room_(room) {}

  absl::Status RegisterParquet(std::string_view name,
                               const std::vector<std::string>& files,
                               const TableSchema& schema) override {
    TALLY_RETURN_IF_ERROR(CheckTable(name, files, schema));
    TALLY_ASSIGN_OR_RETURN(
        const Value taken,
        connection_.Scalar("SELECT count(*) FROM duckdb_views() "
                           "WHERE NOT internal AND view_name = ?",
                           {Value::Text(std::string(name))}));
    if (taken != Value::Int64(0)) {
      return ConflictError("a table of this name is there already");
    }
    if (!files.empty()) TALLY_RETURN_IF_ERROR(CheckFiles(files, schema));
    return connection_.Execute(absl::StrFormat(
        "CREATE VIEW %s AS %s", name,
        files.empty() ? EmptyTable(schema) : TableOverFiles(files, schema)));
  }

  absl::StatusOr<ParquetFile> RunToParquet(
      std::string_view sql, std::string_view path,
      const OutputOptions& options) override {
    TALLY_RETURN_IF_ERROR(CheckParquetOptions(options.parquet));
    const std::string target(path);
    if (target.find('\0') != std::string::npos) {
      return absl::InvalidArgumentError("a path holds a NUL byte");
    }
    for (const std::string& column : options.partition_by) {
      if (!IsPlainSqlName(column)) {
        return absl::InvalidArgumentError("a column's name is not plain");
      }
    }
    const std::string temporary = target + ".tmp";
    if (FileExists(target) || FileExists(temporary)) {
      return ConflictError("the output of a statement is there already");
    }
    TALLY_ASSIGN_OR_RETURN(const size_t columns,
                           CheckOutputTypes(sql, options.values));
    OutputOptions fitted = options;
    if (fitted.parquet.row_group_rows == 0) {
      GatheringRoom room = room_;
      room.memory_bytes /= std::max<int64_t>(1, options.partitions);
      fitted.parquet.row_group_rows = GroupRowsFor(room, columns);
    }
    absl::StatusOr<ParquetFile> file = Write(sql, temporary, target, fitted);
    if (!file.ok()) RemoveTree(temporary).IgnoreError();
    return file;
  }

  absl::StatusOr<Value> Scalar(std::string_view sql,
                               const std::vector<Value>& values) override {
    return connection_.Scalar(sql, values);
  }

  void Cancel() override { connection_.Interrupt(); }

 private:
  // Every file has the columns of the schema, in its order and types.
  absl::Status CheckFiles(const std::vector<std::string>& files,
                          const TableSchema& schema) {
    for (const std::string& file : files) {
      TALLY_ASSIGN_OR_RETURN(Result result,
                             connection_.Query(absl::StrFormat(
                                 "DESCRIBE SELECT * FROM read_parquet(%s, "
                                 "hive_partitioning = false)",
                                 QuoteLiteral(file))));
      TALLY_ASSIGN_OR_RETURN(const auto rows, result.AllRows(10'000));
      bool same = rows.size() == schema.size();
      for (size_t i = 0; same && i < rows.size(); ++i) {
        same = rows[i][0] == Value::Text(schema[i].name) &&
               rows[i][1] ==
                   Value::Text(std::string(DuckDbTypeName(schema[i].type)));
      }
      if (!same) {
        return IntegrityError(absl::StrFormat(
            "columns differ from what was recorded: %s", BaseNameOf(file)));
      }
    }
    return absl::OkStatus();
  }

  // Returns their number.
  absl::StatusOr<size_t> CheckOutputTypes(std::string_view sql,
                                          const std::vector<Value>& values) {
    TALLY_ASSIGN_OR_RETURN(
        Result result,
        connection_.Query(absl::StrFormat("DESCRIBE (%s)", sql), values));
    TALLY_ASSIGN_OR_RETURN(const auto rows, result.AllRows(10'000));
    for (const auto& row : rows) {
      const std::string* type = row[1].As<std::string>();
      if (type == nullptr || !IsSqlType(*type)) {
        return absl::InvalidArgumentError(absl::StrFormat(
            "column %s of the output has a type that is not stored",
            *row[0].As<std::string>()));
      }
    }
    return rows.size();
  }

  absl::StatusOr<ParquetFile> Write(std::string_view sql,
                                    const std::string& temporary,
                                    const std::string& target,
                                    const OutputOptions& options) {
    TALLY_ASSIGN_OR_RETURN(
        const Result result,
        connection_.Query(
            ParquetCopy(sql, temporary, options.parquet, options.partition_by),
            options.values));
    ParquetFile file{target, result.rows_changed(), 0};
    if (options.partition_by.empty()) {
      TALLY_ASSIGN_OR_RETURN(const UniqueFd fd, OpenForRead(temporary));
      TALLY_RETURN_IF_ERROR(FsyncFile(fd.get(), BaseNameOf(target)));
      TALLY_ASSIGN_OR_RETURN(file.size_bytes, FileSize(temporary));
    } else {
      // Without rows there is no folder.
      TALLY_RETURN_IF_ERROR(MakeDirectories(temporary, 0700));
      TALLY_RETURN_IF_ERROR(FsyncTree(temporary));
    }
    TALLY_RETURN_IF_ERROR(RenameDurablyNoReplace(temporary, target));
    return file;
  }

  Connection connection_;
  const GatheringRoom room_;
};

}  // namespace

std::string_view SqlTypeName(SqlType type) {
  switch (type) {
    case SqlType::kBoolean:
      return "BOOLEAN";
    case SqlType::kInt:
      return "INT";
    case SqlType::kBigint:
      return "BIGINT";
    case SqlType::kDouble:
      return "DOUBLE";
    case SqlType::kDate:
      return "DATE";
    case SqlType::kString:
      break;
  }
  return "STRING";
}

SqlType SqlTypeOf(dataset::ColumnType type) {
  switch (type) {
    case dataset::ColumnType::kBool:
      return SqlType::kBoolean;
    case dataset::ColumnType::kInt32:
      return SqlType::kInt;
    case dataset::ColumnType::kInt64:
      return SqlType::kBigint;
    case dataset::ColumnType::kDouble:
      return SqlType::kDouble;
    case dataset::ColumnType::kDate:
      return SqlType::kDate;
    case dataset::ColumnType::kCode:
    case dataset::ColumnType::kText:
      break;
  }
  return SqlType::kString;
}

absl::StatusOr<std::unique_ptr<SqlEngine>> MakeDuckDbEngine(
    Database& database) {
  TALLY_ASSIGN_OR_RETURN(Connection connection, database.Connect());
  return std::unique_ptr<SqlEngine>(std::make_unique<DuckDbEngine>(
      std::move(connection),
      GatheringRoom{database.memory_bytes(), database.threads()}));
}

}  // namespace tally::engine
