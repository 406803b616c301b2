#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "base/exit_code.h"
#include "engine/sql_engine.h"
#include "engine_fixture.h"

namespace tally::engine {
namespace {

class DuckDbEngineTest : public EngineTest {
 protected:
  void SetUp() override {
    EngineTest::SetUp();
    database_.emplace(Open());
    connection_.emplace(Connect(*database_));
    auto engine = MakeDuckDbEngine(*database_);
    ASSERT_TRUE(engine.ok()) << engine.status();
    engine_ = *std::move(engine);
  }
  // A Parquet file of `select`.
  std::string Parquet(const std::string& name, const std::string& select) {
    const absl::Status status =
        connection_->Execute("COPY (" + select + ") TO " +
                             QuoteLiteral(file(name)) + " (FORMAT parquet)");
    EXPECT_TRUE(status.ok()) << status;
    return file(name);
  }
  int64_t Count(const std::string& sql, std::vector<Value> values = {}) {
    absl::StatusOr<Value> value = engine_->Scalar(sql, values);
    EXPECT_TRUE(value.ok()) << sql << value.status();
    return value.ok() ? *value->As<int64_t>() : -1;
  }

  const TableSchema schema_ = {{"person", SqlType::kInt},
                               {"day", SqlType::kDate}};
  const std::string rows_ =
      "SELECT CAST(range AS INTEGER) AS person, DATE '2026-01-01' AS day "
      "FROM range(10)";
  std::optional<Database> database_;
  std::optional<Connection> connection_;
  std::unique_ptr<SqlEngine> engine_;
};

TEST_F(DuckDbEngineTest, RegistersSeveralFilesAsOneTable) {
  const std::string a = Parquet("a.parquet", rows_);
  const std::string b = Parquet("it's b.parquet", rows_);
  ASSERT_TRUE(engine_->RegisterParquet("gp_event", {a, b}, schema_).ok());
  EXPECT_EQ(Count("SELECT count(*) FROM gp_event"), 20);
  EXPECT_EQ(Count("SELECT count(*) FROM gp_event WHERE person < ?",
                  {Value::Int64(3)}),
            6);
}

TEST_F(DuckDbEngineTest, NoFilesAreATableWithoutRows) {
  ASSERT_TRUE(engine_->RegisterParquet("empty", {}, schema_).ok());
  EXPECT_EQ(Count("SELECT count(*) FROM empty WHERE day = DATE '2026-01-01' "
                  "AND person = 1"),
            0);
}

TEST_F(DuckDbEngineTest, RefusesColumnsThatDiffer) {
  const std::string a = Parquet("a.parquet", rows_);
  for (const std::string& other : std::vector<std::string>{
           Parquet("type.parquet",
                   "SELECT CAST(1 AS BIGINT) AS person, DATE '2026-01-01' AS "
                   "day"),
           Parquet("order.parquet",
                   "SELECT DATE '2026-01-01' AS day, CAST(1 AS INTEGER) AS "
                   "person"),
           Parquet("more.parquet",
                   "SELECT CAST(1 AS INTEGER) AS person, DATE '2026-01-01' AS "
                   "day, 1 AS token"),
           Parquet("less.parquet", "SELECT CAST(1 AS INTEGER) AS person")}) {
    const absl::Status status =
        engine_->RegisterParquet("t", {a, other}, schema_);
    EXPECT_EQ(ExitCodeOf(status), kExitIntegrity) << other << status;
  }
}

TEST_F(DuckDbEngineTest, RefusesNamesThatAreNotPlain) {
  const auto code = [&](const std::string& name) {
    return engine_->RegisterParquet(name, {}, schema_).code();
  };
  EXPECT_EQ(code("gp-event"), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(code("t; DROP TABLE x"), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(code("select"), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(engine_->RegisterParquet("t", {}, {{"a b", SqlType::kInt}}).code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(engine_->RegisterParquet("t", {}, {}).code(),
            absl::StatusCode::kInvalidArgument);
}

TEST_F(DuckDbEngineTest, RefusesANameThatIsTaken) {
  ASSERT_TRUE(engine_->RegisterParquet("t", {}, schema_).ok());
  EXPECT_EQ(ExitCodeOf(engine_->RegisterParquet("t", {}, schema_)),
            kExitConflict);
}

TEST_F(DuckDbEngineTest, RefusesFilesOutsideAndMissing) {
  EXPECT_EQ(engine_->RegisterParquet("t", {"/etc/x.parquet"}, schema_).code(),
            absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(
      engine_->RegisterParquet("t", {file("none.parquet")}, schema_).code(),
      absl::StatusCode::kNotFound);
}

TEST_F(DuckDbEngineTest, OutputKeepsTheOrderOfItsOrderBy) {
  OutputOptions options;
  options.parquet.metadata = {{"tally.release", "r2026-11"}};
  options.values = {Value::Int64(100'000)};
  const auto output = engine_->RunToParquet(
      "SELECT i, CAST(hash(i) % 1000000 AS BIGINT) AS h FROM range(300000) "
      "r(i) WHERE i < ? ORDER BY h NULLS LAST, i NULLS LAST",
      file("sorted.parquet"), options);
  ASSERT_TRUE(output.ok()) << output.status();
  EXPECT_EQ(output->rows, 100'000);
  EXPECT_EQ(output->path, file("sorted.parquet"));
  EXPECT_EQ(output->size_bytes, *FileSize(file("sorted.parquet")));
  EXPECT_EQ(Count("SELECT count(*) FROM (SELECT h, lag(h) OVER (ORDER BY "
                  "file_row_number) AS before FROM read_parquet('" +
                  file("sorted.parquet") +
                  "', file_row_number = true)) WHERE before > h"),
            0);
  EXPECT_EQ(Count("SELECT count(*) FROM parquet_kv_metadata('" +
                  file("sorted.parquet") +
                  "') WHERE decode(key) = 'tally.release' AND decode(value) = "
                  "'r2026-11'"),
            1);
}

TEST_F(DuckDbEngineTest, PartitionsBecomeFolders) {
  OutputOptions options;
  options.partition_by = {"k"};
  const auto output = engine_->RunToParquet(
      "SELECT i, i % 3 AS k FROM range(10) r(i)", file("by_k"), options);
  ASSERT_TRUE(output.ok()) << output.status();
  EXPECT_EQ(output->rows, 10);
  const auto folders = ListDirectory(file("by_k"));
  ASSERT_TRUE(folders.ok());
  EXPECT_THAT(*folders, ::testing::UnorderedElementsAre("k=0", "k=1", "k=2"));
}

TEST_F(DuckDbEngineTest, ManyPartitionsGatherFewRowsEach) {
  OutputOptions options;
  options.partition_by = {"k"};
  const auto groups = [&](const std::string& name) {
    const std::string path = file(name);
    EXPECT_TRUE(engine_
                    ->RunToParquet("SELECT i, 0 AS k FROM range(10000) r(i)",
                                   path, options)
                    .ok());
    return Count("SELECT count(DISTINCT row_group_id) FROM parquet_metadata('" +
                 path + "/k=0/*.parquet')");
  };
  EXPECT_EQ(groups("few"), 1);
  options.partitions = 1'000'000;
  EXPECT_GE(groups("many"), 5);
}

TEST_F(DuckDbEngineTest, FailedOutputLeavesNothing) {
  const auto output = engine_->RunToParquet(
      "SELECT CASE WHEN i = 250000 THEN CAST('x' || i AS INTEGER) ELSE 1 END "
      "AS n FROM range(300000) r(i)",
      file("broken.parquet"), {});
  EXPECT_EQ(output.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_TRUE(ListDirectory(data())->empty());
}

TEST_F(DuckDbEngineTest, RefusesToOverwrite) {
  std::ofstream(file("there.parquet")) << "mine";
  const auto output =
      engine_->RunToParquet("SELECT 1 AS a", file("there.parquet"), {});
  EXPECT_EQ(ExitCodeOf(output.status()), kExitConflict);
  EXPECT_EQ(*ReadFile(file("there.parquet"), 100), "mine");
}

TEST_F(DuckDbEngineTest, RefusesOutputTypesThatSparkLacks) {
  for (const char* expression :
       {"sum(i)", "CAST(1 AS UTINYINT)", "TIME '10:00:00'", "uuid()",
        "TIMESTAMP '2026-01-01 00:00:00'", "[1]", "CAST(1 AS FLOAT)"}) {
    const auto output = engine_->RunToParquet(
        "SELECT " + std::string(expression) + " AS a FROM range(3) r(i)",
        file("t.parquet"), {});
    EXPECT_EQ(output.status().code(), absl::StatusCode::kInvalidArgument)
        << expression;
  }
  EXPECT_TRUE(ListDirectory(data())->empty());
}

TEST_F(DuckDbEngineTest, SqlTypesHaveTheNamesOfTheDictionary) {
  EXPECT_EQ(SqlTypeName(SqlTypeOf(dataset::ColumnType::kBool)), "BOOLEAN");
  EXPECT_EQ(SqlTypeName(SqlTypeOf(dataset::ColumnType::kInt32)), "INT");
  EXPECT_EQ(SqlTypeName(SqlTypeOf(dataset::ColumnType::kInt64)), "BIGINT");
  EXPECT_EQ(SqlTypeName(SqlTypeOf(dataset::ColumnType::kDouble)), "DOUBLE");
  EXPECT_EQ(SqlTypeName(SqlTypeOf(dataset::ColumnType::kDate)), "DATE");
  EXPECT_EQ(SqlTypeName(SqlTypeOf(dataset::ColumnType::kCode)), "STRING");
  EXPECT_EQ(SqlTypeName(SqlTypeOf(dataset::ColumnType::kText)), "STRING");
}

}  // namespace
}  // namespace tally::engine
