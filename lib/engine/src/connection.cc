#include <duckdb.h>

#include <cstring>
#include <string>
#include <utility>

#include "absl/strings/str_format.h"
#include "base/exit_code.h"
#include "base/status.h"
#include "engine/database.h"
#include "handles.h"
#include "result_impl.h"
#include "statement_error.h"
#include "statement_guard.h"

namespace tally::engine {
namespace {

using ConnectionPtr = std::shared_ptr<ConnectionHandle>;

// A statement that DuckDB has planned.
class Statement {
 public:
  Statement() = default;
  ~Statement() { duckdb_destroy_prepare(&prepared_); }
  Statement(Statement&& other) noexcept
      : prepared_(std::exchange(other.prepared_, nullptr)) {}
  Statement& operator=(Statement&& other) noexcept {
    std::swap(prepared_, other.prepared_);
    return *this;
  }
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;

  duckdb_prepared_statement get() const { return prepared_; }
  duckdb_prepared_statement* address() { return &prepared_; }

 private:
  duckdb_prepared_statement prepared_ = nullptr;
};

// The statements of one text.
class StatementList {
 public:
  ~StatementList() { duckdb_destroy_extracted(&extracted_); }
  StatementList() = default;
  StatementList(const StatementList&) = delete;
  StatementList& operator=(const StatementList&) = delete;

  absl::Status Read(const ConnectionPtr& connection, std::string_view sql) {
    TALLY_RETURN_IF_ERROR(CheckStatementText(sql));
    count_ = duckdb_extract_statements(connection->get(),
                                       std::string(sql).c_str(), &extracted_);
    if (count_ > 0) return absl::OkStatus();
    const char* error = duckdb_extract_statements_error(extracted_);
    return StatementError(DUCKDB_ERROR_PARSER, error == nullptr ? "" : error,
                          connection->error_text());
  }

  absl::StatusOr<Statement> Plan(const ConnectionPtr& connection,
                                 idx_t index) const {
    Statement statement;
    if (duckdb_prepare_extracted_statement(connection->get(), extracted_, index,
                                           statement.address()) !=
        DuckDBSuccess) {
      return PlanError(connection, statement);
    }
    TALLY_RETURN_IF_ERROR(
        CheckStatementType(duckdb_prepared_statement_type(statement.get())));
    return statement;
  }

  idx_t count() const { return count_; }

 private:
  // Planning gives no error type; the text begins with its name.
  static absl::Status PlanError(const ConnectionPtr& connection,
                                const Statement& statement) {
    const char* raw = duckdb_prepare_error(statement.get());
    const std::string_view text = raw == nullptr ? "" : raw;
    duckdb_error_type type = DUCKDB_ERROR_BINDER;
    const auto starts = [&](std::string_view prefix) {
      return text.substr(0, prefix.size()) == prefix;
    };
    if (starts("Catalog Error")) type = DUCKDB_ERROR_CATALOG;
    if (starts("Permission Error")) type = DUCKDB_ERROR_PERMISSION;
    if (starts("IO Error")) type = DUCKDB_ERROR_IO;
    if (starts("Conversion Error")) type = DUCKDB_ERROR_CONVERSION;
    if (starts("Out of Range Error")) type = DUCKDB_ERROR_OUT_OF_RANGE;
    if (starts("Invalid Input Error")) type = DUCKDB_ERROR_INVALID_INPUT;
    if (starts("Out of Memory Error")) type = DUCKDB_ERROR_OUT_OF_MEMORY;
    if (starts("Missing Extension")) type = DUCKDB_ERROR_MISSING_EXTENSION;
    if (starts("INTERNAL Error")) type = DUCKDB_ERROR_INTERNAL;
    if (starts("INTERRUPT Error")) type = DUCKDB_ERROR_INTERRUPT;
    return StatementError(type, text, connection->error_text());
  }

  duckdb_extracted_statements extracted_ = nullptr;
  idx_t count_ = 0;
};

duckdb_state BindOne(duckdb_prepared_statement statement, idx_t index,
                     const Value& value) {
  if (const bool* b = value.As<bool>()) {
    return duckdb_bind_boolean(statement, index, *b);
  }
  if (const int64_t* n = value.As<int64_t>()) {
    return duckdb_bind_int64(statement, index, *n);
  }
  if (const double* d = value.As<double>()) {
    return duckdb_bind_double(statement, index, *d);
  }
  if (const Date* day = value.As<Date>()) {
    return duckdb_bind_date(statement, index, duckdb_date{day->days});
  }
  if (const std::string* text = value.As<std::string>()) {
    return duckdb_bind_varchar_length(statement, index, text->data(),
                                      text->size());
  }
  return duckdb_bind_null(statement, index);
}

absl::Status Bind(const Statement& statement,
                  const std::vector<Value>& values) {
  const idx_t wanted = duckdb_nparams(statement.get());
  if (wanted != values.size()) {
    return WithExitCode(absl::InvalidArgumentError(absl::StrFormat(
                            "the statement has %d places for values, not %d",
                            wanted, values.size())),
                        kExitUsage);
  }
  for (idx_t i = 0; i < wanted; ++i) {
    if (BindOne(statement.get(), i + 1, values[i]) != DuckDBSuccess) {
      return absl::InvalidArgumentError(
          absl::StrFormat("value %d of the statement is refused", i + 1));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<Result> RunPlanned(const ConnectionPtr& connection,
                                  const Statement& statement,
                                  const std::vector<Value>& values,
                                  bool streaming) {
  TALLY_RETURN_IF_ERROR(Bind(statement, values));
  duckdb_result result;
  const duckdb_state state =
      streaming ? duckdb_execute_prepared_streaming(statement.get(), &result)
                : duckdb_execute_prepared(statement.get(), &result);
  if (state != DuckDBSuccess) {
    const char* error = duckdb_result_error(&result);
    absl::Status status =
        StatementError(duckdb_result_error_type(&result),
                       error == nullptr ? "" : error, connection->error_text());
    duckdb_destroy_result(&result);
    return status;
  }
  return Result(std::make_unique<Result::Impl>(connection, result));
}

// Runs all statements but the last, and plans that. Several in one text are
// for analysts only (PIVOT is two for DuckDB).
absl::StatusOr<Statement> PlanLast(const ConnectionPtr& connection,
                                   std::string_view sql) {
  StatementList list;
  TALLY_RETURN_IF_ERROR(list.Read(connection, sql));
  if (list.count() > 1 && connection->error_text() == ErrorText::kOurs) {
    return WithExitCode(
        absl::InvalidArgumentError("several statements in one text"),
        kExitUsage);
  }
  for (idx_t i = 0; i + 1 < list.count(); ++i) {
    TALLY_ASSIGN_OR_RETURN(const Statement statement, list.Plan(connection, i));
    TALLY_RETURN_IF_ERROR(
        RunPlanned(connection, statement, {}, false).status());
  }
  return list.Plan(connection, list.count() - 1);
}

absl::StatusOr<Result> RunText(const ConnectionPtr& connection,
                               std::string_view sql,
                               const std::vector<Value>& values,
                               bool streaming) {
  TALLY_ASSIGN_OR_RETURN(const Statement statement, PlanLast(connection, sql));
  return RunPlanned(connection, statement, values, streaming);
}

bool NeedsText(const Statement& statement, std::vector<std::string>& names) {
  bool needs = false;
  const idx_t count = duckdb_prepared_statement_column_count(statement.get());
  for (idx_t i = 0; i < count; ++i) {
    const char* name =
        duckdb_prepared_statement_column_name(statement.get(), i);
    names.push_back(name == nullptr ? "" : name);
    needs = needs || KindOfType(duckdb_prepared_statement_column_type(
                         statement.get(), i)) == ColumnKind::kOther;
    duckdb_free(const_cast<char*>(name));
  }
  return needs;
}

// The same rows, every column as text where its type is not one of ours.
std::string WrapForPrinting(const Statement& statement, std::string_view sql) {
  std::string columns;
  std::string aliases;
  const idx_t count = duckdb_prepared_statement_column_count(statement.get());
  for (idx_t i = 0; i < count; ++i) {
    const bool other = KindOfType(duckdb_prepared_statement_column_type(
                           statement.get(), i)) == ColumnKind::kOther;
    const std::string name = absl::StrFormat("c%d", i);
    if (i > 0) columns += ", ";
    if (i > 0) aliases += ", ";
    columns += other ? absl::StrFormat("CAST(%s AS VARCHAR)", name) : name;
    aliases += name;
  }
  const size_t end = sql.find_last_not_of("; \t\r\n");
  // The line break ends a comment that the text may close with.
  return absl::StrFormat("SELECT %s FROM (%s\n) AS printed(%s)", columns,
                         sql.substr(0, end + 1), aliases);
}

}  // namespace

// PreparedStatement

class PreparedStatement::Impl {
 public:
  Impl(ConnectionPtr owner, Statement planned)
      : connection(std::move(owner)), statement(std::move(planned)) {}
  ConnectionPtr connection;
  Statement statement;
};

PreparedStatement::PreparedStatement(std::unique_ptr<Impl> impl)
    : impl_(std::move(impl)) {}
PreparedStatement::PreparedStatement(PreparedStatement&&) noexcept = default;
PreparedStatement& PreparedStatement::operator=(PreparedStatement&&) noexcept =
    default;
PreparedStatement::~PreparedStatement() = default;

size_t PreparedStatement::parameter_count() const {
  return duckdb_nparams(impl_->statement.get());
}

absl::StatusOr<Result> PreparedStatement::Run(
    const std::vector<Value>& values) {
  return RunPlanned(impl_->connection, impl_->statement, values, false);
}

// Connection

Connection::Connection(std::shared_ptr<ConnectionHandle> handle)
    : handle_(std::move(handle)) {}
Connection::Connection(Connection&&) noexcept = default;
Connection& Connection::operator=(Connection&&) noexcept = default;
Connection::~Connection() = default;

absl::StatusOr<Result> Connection::Query(std::string_view sql,
                                         const std::vector<Value>& values) {
  return RunText(handle_, sql, values, false);
}

absl::StatusOr<Result> Connection::Stream(std::string_view sql,
                                          const std::vector<Value>& values) {
  return RunText(handle_, sql, values, true);
}

absl::StatusOr<Result> Connection::StreamForPrinting(std::string_view sql) {
  TALLY_ASSIGN_OR_RETURN(const Statement statement, PlanLast(handle_, sql));
  std::vector<std::string> names;
  if (!NeedsText(statement, names)) {
    return RunPlanned(handle_, statement, {}, true);
  }
  TALLY_ASSIGN_OR_RETURN(const Statement wrapped,
                         PlanLast(handle_, WrapForPrinting(statement, sql)));
  TALLY_ASSIGN_OR_RETURN(Result result, RunPlanned(handle_, wrapped, {}, true));
  result.impl_->Rename(names);
  return result;
}

absl::Status Connection::Execute(std::string_view sql,
                                 const std::vector<Value>& values) {
  return Query(sql, values).status();
}

absl::StatusOr<Value> Connection::Scalar(std::string_view sql,
                                         const std::vector<Value>& values) {
  TALLY_ASSIGN_OR_RETURN(Result result, Query(sql, values));
  if (result.columns().empty() ||
      result.columns()[0].kind == ColumnKind::kOther) {
    return absl::InvalidArgumentError(
        "the statement gives no value of a type that can be read");
  }
  TALLY_ASSIGN_OR_RETURN(const auto rows, result.AllRows(2048));
  if (rows.size() != 1) {
    return absl::InternalError(
        absl::StrFormat("the statement gives %d rows, not one", rows.size()));
  }
  return rows[0][0];
}

absl::StatusOr<PreparedStatement> Connection::Prepare(std::string_view sql) {
  TALLY_ASSIGN_OR_RETURN(Statement statement, PlanLast(handle_, sql));
  return PreparedStatement(
      std::make_unique<PreparedStatement::Impl>(handle_, std::move(statement)));
}

void Connection::Interrupt() { duckdb_interrupt(handle_->get()); }

}  // namespace tally::engine
