#include "engine/database.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "base/error.h"
#include "base/exit_code.h"
#include "engine_fixture.h"
#include "status_matchers.h"

namespace tally::engine {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class DatabaseTest : public EngineTest {};

TEST_F(DatabaseTest, LibraryIsTheVersionThatWasTested) {
  EXPECT_EQ(EngineVersion(), "v1.5.6");
}

TEST_F(DatabaseTest, RefusesOptionsOutsideTheirRange) {
  const auto code = [&](auto change) {
    DatabaseOptions options = Options();
    change(options);
    return ExitCodeOf(Database::Open(options).status());
  };
  EXPECT_EQ(code([](auto& o) { o.threads = 0; }), kExitUsage);
  EXPECT_EQ(code([](auto& o) { o.threads = 257; }), kExitUsage);
  EXPECT_EQ(code([](auto& o) { o.memory_bytes = 1 << 20; }), kExitUsage);
  EXPECT_EQ(code([](auto& o) { o.max_temp_bytes = 0; }), kExitUsage);
  EXPECT_EQ(code([](auto& o) { o.temp_directory = ""; }), kExitUsage);
  EXPECT_EQ(code([](auto& o) { o.temp_directory = "relative"; }), kExitUsage);
  EXPECT_EQ(code([](auto& o) { o.directories = {"/nowhere/at/all"}; }),
            kExitUsage);
}

TEST_F(DatabaseTest, BindsValuesOfEveryType) {
  Database database = Open();
  Connection connection = Connect(database);
  const auto echo = [&](const char* type, const Value& value) {
    return connection.Scalar("SELECT CAST(? AS " + std::string(type) + ")",
                             {value});
  };
  for (const auto& [type, value] : std::vector<std::pair<const char*, Value>>{
           {"BOOLEAN", Value::Bool(true)},
           {"BIGINT", Value::Int64(INT64_MIN)},
           {"DOUBLE", Value::Double(0.1)},
           {"DATE", Value::Day(20'000)},
           {"VARCHAR", Value::Text("O'Neill; DROP TABLE t--")},
           {"VARCHAR", Value::Text(std::string("a\0b", 3))},
           {"VARCHAR", Value::Text("")},
           {"VARCHAR", Value::Null()}}) {
    const absl::StatusOr<Value> got = echo(type, value);
    ASSERT_TRUE(got.ok()) << type << got.status();
    EXPECT_TRUE(*got == value) << type;
  }
}

TEST_F(DatabaseTest, RefusesAnotherNumberOfValues) {
  Database database = Open();
  Connection connection = Connect(database);
  EXPECT_EQ(connection.Query("SELECT ?").status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(connection.Query("SELECT 1", {Value::Int64(1)}).status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST_F(DatabaseTest, PreparedStatementRunsAgainWithOtherValues) {
  Database database = Open();
  Connection connection = Connect(database);
  absl::StatusOr<PreparedStatement> statement =
      connection.Prepare("SELECT CAST(? AS INT) * 2");
  ASSERT_TRUE(statement.ok()) << statement.status();
  EXPECT_EQ(statement->parameter_count(), 1u);
  for (const int64_t n : {3, -4}) {
    absl::StatusOr<Result> result = statement->Run({Value::Int64(n)});
    ASSERT_TRUE(result.ok()) << result.status();
    const auto rows = result->AllRows();
    ASSERT_TRUE(rows.ok());
    EXPECT_TRUE((*rows)[0][0] == Value::Int64(2 * n));
  }
}

TEST_F(DatabaseTest, ErrorsNeverQuoteTheData) {
  Database database = Open();
  Connection connection = Connect(database);
  ASSERT_TRUE(connection
                  .Execute("CREATE TABLE secrets AS "
                           "SELECT 'JONES 9434765919' AS name")
                  .ok());
  for (const char* sql : {"SELECT CAST(name AS INTEGER) FROM secrets",
                          "SELECT CAST(name AS DATE) FROM secrets",
                          "SELECT * FROM secrets WHERE JONES9434765919",
                          "SELECT error('JONES 9434765919')",
                          "INSERT INTO missing_9434765919 VALUES (1)",
                          "SELECT 'JONES 9434765919"}) {
    const absl::Status status = connection.Execute(sql);
    EXPECT_FALSE(status.ok()) << sql;
    EXPECT_THAT(std::string(status.message()), Not(HasSubstr("9434765919")));
    EXPECT_THAT(std::string(status.message()), Not(HasSubstr("JONES")));
  }
}

TEST_F(DatabaseTest, AnalystSeesTheTextOfTheEngine) {
  DatabaseOptions options = Options();
  options.error_text = ErrorText::kEngine;
  Database database = Open(options);
  Connection connection = Connect(database);
  const absl::Status status = connection.Execute("SELECT colum FROM range(3)");
  EXPECT_EQ(ExitCodeOf(status), kExitUsage);
  EXPECT_THAT(std::string(status.message()), HasSubstr("colum"));
  // A caret stands below the word.
  EXPECT_TRUE(KeepsLines(status));
  EXPECT_EQ(ExitCodeOf(connection.Execute("SELECT 1 FROM nowhere")),
            kExitNotFound);
}

TEST_F(DatabaseTest, ErrorCodesFollowTheKindOfFault) {
  Database database = Open();
  Connection connection = Connect(database);
  const auto code = [&](const std::string& sql) {
    return connection.Execute(sql).code();
  };
  EXPECT_EQ(code("SELEC 1"), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(code("SELECT x FROM range(1)"), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(code("SELECT CAST('a' AS INT)"),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(code("SELECT * FROM read_parquet('" + file("none.parquet") + "')"),
            absl::StatusCode::kNotFound);
  EXPECT_EQ(code("SELECT * FROM read_parquet('/etc/none.parquet')"),
            absl::StatusCode::kPermissionDenied);
}

TEST_F(DatabaseTest, MemoryAndDiskThatDoNotDoAreTold) {
  // Groups of text stay in memory, whatever the disk has.
  DatabaseOptions options = Options();
  options.memory_bytes = int64_t{32} << 20;
  options.threads = 1;
  Database small = Open(options);
  EXPECT_THAT(Connect(small).Execute(
                  "CREATE TABLE many AS SELECT i, CAST(i AS VARCHAR) AS t, "
                  "CAST(i + 1 AS VARCHAR) AS u, count(*) "
                  "FROM range(5000000) r(i) GROUP BY ALL"),
              ReasonIs(Reason::kMemoryLow));

  options = Options();
  options.memory_bytes = int64_t{32} << 20;
  options.max_temp_bytes = int64_t{1} << 20;
  Database database = Open(options);
  Connection connection = Connect(database);
  const absl::Status status = connection.Execute(
      "CREATE TABLE big AS SELECT hash(i) AS a, hash(i + 1) AS b "
      "FROM range(50000000) r(i)");
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted) << status;
  EXPECT_EQ(DetailOf(status), std::nullopt) << status;
  EXPECT_EQ(ExitCodeOf(status), kExitTemporary);
  EXPECT_TRUE(connection.Execute("SELECT 1").ok());
}

TEST_F(DatabaseTest, SpillsIntoItsOwnFolderAndCleansUp) {
  DatabaseOptions options = Options();
  options.memory_bytes = int64_t{64} << 20;
  Database database = Open(options);
  Connection connection = Connect(database);
  // 160 MB to sort with 64 MB: only spilling gets through.
  const absl::StatusOr<Value> last = connection.Scalar(
      "SELECT CAST(max(n) AS BIGINT) FROM (SELECT h, row_number() OVER "
      "(ORDER BY h) AS n FROM (SELECT hash(i) AS h, i FROM range(5000000) "
      "r(i)))");
  ASSERT_TRUE(last.ok()) << last.status();
  EXPECT_TRUE(*last == Value::Int64(5'000'000));
  EXPECT_FALSE(FileExists(".tmp"));
}

TEST_F(DatabaseTest, InterruptEndsTheStatementAtWork) {
  Database database = Open();
  Connection connection = Connect(database);
  absl::Status status;
  std::thread worker([&] {
    status = connection.Execute(
        "SELECT count(*) FROM range(100000000000) a(i) WHERE hash(i) = 1");
  });
  // Interrupts until the statement has begun and so ended.
  bool done = false;
  std::thread stopper([&] {
    while (!done) {
      connection.Interrupt();
      std::this_thread::yield();
    }
  });
  worker.join();
  done = true;
  stopper.join();
  EXPECT_EQ(status.code(), absl::StatusCode::kCancelled) << status;
  EXPECT_TRUE(connection.Execute("SELECT 1").ok());
}

TEST_F(DatabaseTest, ConnectionOutlivesTheDatabaseObject) {
  auto connection = [&] {
    Database database = Open();
    return Connect(database);
  }();
  EXPECT_TRUE(connection.Execute("SELECT 1").ok());
}

TEST_F(DatabaseTest, GivesManyConnectionsOfTheSameSettings) {
  Database database = Open();
  std::vector<Connection> connections;
  for (int i = 0; i < 12; ++i) connections.push_back(Connect(database));
  for (Connection& connection : connections) {
    EXPECT_TRUE(connection.Execute("SELECT 1").ok());
  }
  const absl::StatusOr<Value> zone =
      connections.back().Scalar("SELECT current_setting('TimeZone')");
  ASSERT_TRUE(zone.ok());
  EXPECT_TRUE(*zone == Value::Text("UTC"));
}

TEST_F(DatabaseTest, PreludeCountsDaysAndWeekdays) {
  Database database = Open();
  Connection connection = Connect(database);
  const auto value = [&](const std::string& sql) {
    return *connection.Scalar("SELECT " + sql);
  };
  EXPECT_TRUE(value("tally_days(DATE '2026-03-01', DATE '2026-02-27')") ==
              Value::Int64(2));
  EXPECT_TRUE(value("tally_days(DATE '2026-02-27', DATE '2026-03-01')") ==
              Value::Int64(-2));
  // 2026-11-23 is a Monday.
  EXPECT_TRUE(value("tally_isodow(DATE '2026-11-23')") == Value::Int64(0));
  EXPECT_TRUE(value("tally_isodow(DATE '2026-11-29')") == Value::Int64(6));
  EXPECT_TRUE(value("tally_days(NULL, DATE '2026-03-01')").is_null());
}

TEST_F(DatabaseTest, SeveralStatementsAreForAnalystsOnly) {
  Database locked = Open();
  Connection connection = Connect(locked);
  EXPECT_EQ(connection.Execute("SELECT 1; SELECT 2").code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_TRUE(connection.Execute("SELECT 1;").ok());
  DatabaseOptions options = Options();
  options.error_text = ErrorText::kEngine;
  Database analyst = Open(options);
  Connection own = Connect(analyst);
  EXPECT_TRUE(own.Execute("CREATE TABLE t AS SELECT 1 AS a, 2 AS b; "
                          "SELECT * FROM t")
                  .ok());
  EXPECT_TRUE(own.Execute("PIVOT t ON a USING sum(b)").ok());
}

TEST(SqlNames, QuotesEveryQuote) {
  EXPECT_EQ(QuoteLiteral("it's"), "'it''s'");
  EXPECT_EQ(QuoteLiteral(""), "''");
  EXPECT_EQ(QuoteIdentifier("a\"b"), "\"a\"\"b\"");
}

TEST(SqlNames, PlainNamesAreLowerCaseAndNotReserved) {
  for (const char* name : {"a", "event_date", "rows", "diag_01", "month"}) {
    EXPECT_TRUE(IsPlainSqlName(name)) << name;
  }
  for (const char* name :
       {"", "A", "1a", "_a", "a-b", "a b", "a\"", "select", "table", "order",
        "filter", "minus", "user", "all", "within", "na\xc3\xafve"}) {
    EXPECT_FALSE(IsPlainSqlName(name)) << name;
  }
  EXPECT_TRUE(IsPlainSqlName(std::string(63, 'a')));
  EXPECT_FALSE(IsPlainSqlName(std::string(64, 'a')));
}

}  // namespace
}  // namespace tally::engine
