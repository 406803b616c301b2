// What a statement must not reach once a database is open: one case for each
// refusal of docs/spec/engine.md, "Lock-down".

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

#include "base/exit_code.h"
#include "engine_fixture.h"

namespace tally::engine {
namespace {

class LockdownTest : public EngineTest {
 protected:
  void SetUp() override {
    EngineTest::SetUp();
    std::ofstream(root() + "/outside.csv") << "a\n1\n";
    std::ofstream(file("inside.csv")) << "a\n1\n";
  }

  // Both kinds of database refuse, with the code for "not permitted", and go on
  // working.
  void ExpectRefused(const std::string& sql) {
    for (const ErrorText text : {ErrorText::kOurs, ErrorText::kEngine}) {
      DatabaseOptions options = Options();
      options.error_text = text;
      Database database = Open(options);
      Connection connection = Connect(database);
      const absl::Status status = connection.Execute(sql);
      EXPECT_EQ(status.code(), absl::StatusCode::kPermissionDenied)
          << sql << ": " << status;
      EXPECT_EQ(ExitCodeOf(status), kExitNotPermitted) << sql;
      EXPECT_TRUE(connection.Execute("SELECT 1").ok()) << sql;
    }
  }
  absl::Status Run(const std::string& sql) {
    Database database = Open();
    Connection connection = Connect(database);
    return connection.Execute(sql);
  }
};

TEST_F(LockdownTest, ReadsAndWritesItsOwnFolder) {
  EXPECT_TRUE(Run("SELECT * FROM read_csv('" + file("inside.csv") +
                  "', auto_detect = false, header = true, "
                  "columns = {'a': 'INTEGER'})")
                  .ok());
  EXPECT_TRUE(Run("COPY (SELECT 1 AS a) TO '" + file("x.parquet") +
                  "' (FORMAT parquet)")
                  .ok());
  EXPECT_TRUE(FileExists(file("x.parquet")));
}

TEST_F(LockdownTest, RefusesFilesOutside) {
  ExpectRefused("SELECT * FROM read_text('/etc/passwd')");
  ExpectRefused("SELECT * FROM read_blob('/etc/passwd')");
  ExpectRefused("SELECT * FROM read_csv('" + root() + "/outside.csv')");
  ExpectRefused("SELECT * FROM '" + root() + "/outside.csv'");
  ExpectRefused("SELECT * FROM read_parquet('/etc/x.parquet')");
  ExpectRefused("SELECT * FROM read_json('/proc/self/environ')");
  ExpectRefused("SELECT * FROM read_csv('/dev/stdin')");
  ExpectRefused("SELECT * FROM sniff_csv('/etc/passwd')");
  ExpectRefused("SELECT * FROM glob('/etc/*')");
  ExpectRefused("SELECT * FROM parquet_schema('/etc/x.parquet')");
}

TEST_F(LockdownTest, RefusesDotDotAndSiblings) {
  ExpectRefused("SELECT * FROM read_text('" + data() + "/../outside.csv')");
  ExpectRefused("SELECT * FROM read_text('" + data() + "x/outside.csv')");
  ExpectRefused("COPY (SELECT 1) TO '" + data() + "/../new.csv'");
}

TEST_F(LockdownTest, RefusesSymlinksThatLeadOut) {
  ASSERT_EQ(symlink("/etc/passwd", file("link").c_str()), 0);
  ASSERT_EQ(symlink(root().c_str(), file("up").c_str()), 0);
  ExpectRefused("SELECT * FROM read_text('" + file("link") + "')");
  ExpectRefused("SELECT * FROM read_text('" + file("up/outside.csv") + "')");
  ExpectRefused("COPY (SELECT 1) TO '" + file("up/new.csv") + "'");
  EXPECT_FALSE(FileExists(root() + "/new.csv"));
}

TEST_F(LockdownTest, RefusesWritingOutside) {
  ExpectRefused("COPY (SELECT 1) TO '" + root() + "/new.parquet'");
  ExpectRefused("COPY (SELECT 1) TO '/dev/stdout'");
  ExpectRefused("COPY (SELECT 1) TO 'new.csv'");
  ExpectRefused("EXPORT DATABASE '" + root() + "/export'");
  EXPECT_FALSE(FileExists(root() + "/new.parquet"));
  EXPECT_FALSE(FileExists(root() + "/export"));
}

TEST_F(LockdownTest, RefusesToAttach) {
  ExpectRefused("ATTACH '" + root() + "/x.db'");
  ExpectRefused("ATTACH '" + file("x.db") + "'");
  ExpectRefused("ATTACH ':memory:' AS other");
  ExpectRefused("DETACH memory");
  ExpectRefused("ATTACH 'https://example.com/x.db'");
  EXPECT_FALSE(FileExists(file("x.db")));
}

TEST_F(LockdownTest, RefusesExtensions) {
  ExpectRefused("INSTALL httpfs");
  ExpectRefused("LOAD httpfs");
  ExpectRefused("LOAD '" + file("x.duckdb_extension") + "'");
  ExpectRefused("UPDATE EXTENSIONS");
}

TEST_F(LockdownTest, RefusesTheNetwork) {
  ExpectRefused("SELECT * FROM 'https://example.com/a.parquet'");
  ExpectRefused("SELECT * FROM read_csv('http://127.0.0.1:1/a.csv')");
  ExpectRefused("SELECT * FROM read_parquet('s3://bucket/a.parquet')");
}

TEST_F(LockdownTest, RefusesSecrets) {
  ExpectRefused("CREATE SECRET s (TYPE http, BEARER_TOKEN 'x')");
  ExpectRefused("CREATE PERSISTENT SECRET s (TYPE http)");
  ExpectRefused("CREATE OR REPLACE SECRET s (TYPE s3)");
  ExpectRefused("CREATE TEMPORARY SECRET s (TYPE http)");
  ExpectRefused("SELECT * FROM duckdb_secrets()");
}

TEST_F(LockdownTest, RefusesEverySetting) {
  for (const char* sql :
       {"SET threads = 1", "PRAGMA threads = 1", "RESET threads",
        "SET GLOBAL memory_limit = '1GB'",
        "SET SESSION TimeZone = 'Europe/London'",
        "SET enable_external_access = true", "SET lock_configuration = false",
        "SET allowed_directories = ['/']", "SET temp_directory = '/tmp'",
        "SET autoload_known_extensions = true",
        "SET force_mbedtls_unsafe = true", "SET VARIABLE x = 1",
        "PRAGMA enable_profiling"}) {
    ExpectRefused(sql);
  }
}

TEST_F(LockdownTest, RefusesWhatChangesTheEngine) {
  for (const char* sql :
       {"CALL enable_logging()", "SELECT * FROM enable_logging()",
        "SELECT * FROM ENABLE_LOGGING(storage = 'stdout')",
        "SELECT * FROM system.main.\"enable_logging\" ()",
        "SELECT * FROM enable_logging /* here */ ()",
        "SELECT * FROM enable_logging -- here\n ()",
        "SELECT * FROM query('SELECT * FROM enable_' || 'logging()')",
        "SELECT * FROM query_table('t')", "SELECT * FROM disable_logging()",
        "CHECKPOINT", "SELECT * FROM json_execute_serialized_sql('{}')",
        "VACUUM"}) {
    ExpectRefused(sql);
  }
}

TEST_F(LockdownTest, NamesThatOnlyLookRefusedStillWork) {
  EXPECT_TRUE(Run("SELECT 1 AS query").ok());
  EXPECT_TRUE(Run("SELECT 'what is secret' AS s").ok());
  EXPECT_TRUE(Run("WITH query AS (SELECT 1 AS a) SELECT a FROM query").ok());
}

TEST_F(LockdownTest, RefusesNulInAStatement) {
  EXPECT_EQ(Run(std::string("SELECT 1\0; SELECT 2", 19)).code(),
            absl::StatusCode::kInvalidArgument);
}

TEST_F(LockdownTest, StillWorksUnderTheLock) {
  Database database = Open();
  Connection connection = Connect(database);
  for (const std::string& sql : std::vector<std::string>{
           "CREATE VIEW v AS SELECT 1 AS a", "CREATE TEMP TABLE t AS FROM v",
           "INSERT INTO t VALUES (2)", "UPDATE t SET a = 3 WHERE a = 2",
           "DELETE FROM t WHERE a = 3", "DROP TABLE t",
           "CREATE MACRO twice(x) AS 2 * x", "SELECT twice(a) FROM v",
           "EXPLAIN SELECT * FROM v", "DESCRIBE v", "SUMMARIZE v", "BEGIN",
           "COMMIT",
           "COPY (SELECT range AS a FROM range(5)) TO '" + file("p.parquet") +
               "' (FORMAT parquet)",
           "SELECT count(*) FROM read_parquet('" + file("*.parquet") + "')"}) {
    const absl::Status status = connection.Execute(sql);
    EXPECT_TRUE(status.ok()) << sql << ": " << status;
  }
}

// Traps of this DuckDB that the hub's statements rely on avoiding: when one of
// these fails, the library has changed and docs/spec/engine.md must too.
TEST_F(LockdownTest, TrapsAreAsDocumented) {
  Database database = Open();
  Connection connection = Connect(database);
  const auto type = [&](const std::string& expression) {
    absl::StatusOr<Value> value =
        connection.Scalar("SELECT typeof(" + expression + ")");
    EXPECT_TRUE(value.ok()) << value.status();
    return value.ok() ? *value->As<std::string>() : "";
  };
  EXPECT_EQ(type("(SELECT sum(i) FROM range(3) r(i))"), "HUGEINT");
  EXPECT_EQ(type("x'AB'"), "VARCHAR");
  EXPECT_EQ(type("5/2"), "DOUBLE");
  EXPECT_EQ(type("DATE '2026-01-31' + INTERVAL 1 MONTH"), "TIMESTAMP");
  EXPECT_TRUE(*connection.Scalar("SELECT concat('a', NULL)") ==
              Value::Text("a"));
  EXPECT_TRUE(*connection.Scalar("SELECT log(100.0)") == Value::Double(2.0));
}

}  // namespace
}  // namespace tally::engine
