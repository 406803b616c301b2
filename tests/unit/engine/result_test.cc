#include "engine/result.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine_fixture.h"

namespace tally::engine {
namespace {

class ResultTest : public EngineTest {
 protected:
  ResultTest() = default;
  void SetUp() override {
    EngineTest::SetUp();
    database_.emplace(Open());
    connection_.emplace(Connect(*database_));
  }
  Result Query(const std::string& sql) {
    absl::StatusOr<Result> result = connection_->Query(sql);
    EXPECT_TRUE(result.ok()) << sql << result.status();
    return *std::move(result);
  }
  Value One(const std::string& expression) {
    absl::StatusOr<Value> value = connection_->Scalar("SELECT " + expression);
    EXPECT_TRUE(value.ok()) << expression << value.status();
    return value.ok() ? *value : Value::Null();
  }

  std::optional<Database> database_;
  std::optional<Connection> connection_;
};

TEST_F(ResultTest, KindsFollowTheTypes) {
  const std::vector<std::pair<const char*, ColumnKind>> kinds = {
      {"BOOLEAN", ColumnKind::kBool},    {"TINYINT", ColumnKind::kInt},
      {"SMALLINT", ColumnKind::kInt},    {"INTEGER", ColumnKind::kInt},
      {"BIGINT", ColumnKind::kInt},      {"UTINYINT", ColumnKind::kInt},
      {"USMALLINT", ColumnKind::kInt},   {"UINTEGER", ColumnKind::kInt},
      {"FLOAT", ColumnKind::kDouble},    {"DOUBLE", ColumnKind::kDouble},
      {"HUGEINT", ColumnKind::kWide},    {"DECIMAL(18,3)", ColumnKind::kWide},
      {"DATE", ColumnKind::kDate},       {"TIMESTAMP", ColumnKind::kTimestamp},
      {"VARCHAR", ColumnKind::kText},    {"UBIGINT", ColumnKind::kOther},
      {"TIME", ColumnKind::kOther},      {"INTERVAL", ColumnKind::kOther},
      {"INTEGER[]", ColumnKind::kOther}, {"UUID", ColumnKind::kOther}};
  for (const auto& [type, kind] : kinds) {
    const Result result =
        Query("SELECT CAST(NULL AS " + std::string(type) + ") AS c");
    ASSERT_EQ(result.columns().size(), 1u);
    EXPECT_EQ(result.columns()[0].kind, kind) << type;
    EXPECT_EQ(result.columns()[0].name, "c");
  }
}

TEST_F(ResultTest, ReadsExtremesOfEveryWidth) {
  EXPECT_TRUE(One("CAST(-128 AS TINYINT)") == Value::Int64(-128));
  EXPECT_TRUE(One("CAST(255 AS UTINYINT)") == Value::Int64(255));
  EXPECT_TRUE(One("CAST(-32768 AS SMALLINT)") == Value::Int64(-32768));
  EXPECT_TRUE(One("CAST(65535 AS USMALLINT)") == Value::Int64(65535));
  EXPECT_TRUE(One("CAST(-2147483648 AS INTEGER)") == Value::Int64(INT32_MIN));
  EXPECT_TRUE(One("CAST(4294967295 AS UINTEGER)") == Value::Int64(UINT32_MAX));
  EXPECT_TRUE(One("CAST('-9223372036854775808' AS BIGINT)") ==
              Value::Int64(INT64_MIN));
  EXPECT_TRUE(One("CAST(0.5 AS FLOAT)") == Value::Double(0.5));
  EXPECT_TRUE(One("CAST('1969-12-31' AS DATE)") == Value::Day(-1));
  EXPECT_TRUE(One("TIMESTAMP '1970-01-01 00:00:01'") ==
              Value::Int64(1'000'000));
}

TEST_F(ResultTest, ReadsWideNumbersAsDoubles) {
  EXPECT_TRUE(One("CAST(-5 AS HUGEINT)") == Value::Double(-5.0));
  EXPECT_TRUE(One("CAST('18446744073709551616' AS HUGEINT)") ==
              Value::Double(18446744073709551616.0));
  EXPECT_TRUE(One("CAST(-1.25 AS DECIMAL(4,2))") == Value::Double(-1.25));
  EXPECT_TRUE(One("CAST(1.5 AS DECIMAL(9,1))") == Value::Double(1.5));
  EXPECT_TRUE(One("CAST(12345678.5 AS DECIMAL(18,1))") ==
              Value::Double(12345678.5));
  EXPECT_TRUE(One("CAST(7 AS DECIMAL(38,0))") == Value::Double(7.0));
}

TEST_F(ResultTest, ReadsShortAndLongTexts) {
  for (const size_t length : {0, 1, 11, 12, 13, 64, 5000}) {
    const std::string text(length, 'x');
    EXPECT_TRUE(One("repeat('x', " + std::to_string(length) + ")") ==
                Value::Text(text));
  }
}

TEST_F(ResultTest, NullsReadAsZeroAndSaySo) {
  Result result = Query(
      "SELECT CAST(NULL AS INTEGER) AS i, CAST(NULL AS VARCHAR) AS t, "
      "CAST(NULL AS DOUBLE) AS d, CAST(NULL AS DATE) AS day, "
      "CAST(NULL AS BOOLEAN) AS b");
  absl::StatusOr<std::optional<Chunk>> chunk = result.Next();
  ASSERT_TRUE(chunk.ok() && chunk->has_value());
  for (size_t c = 0; c < 5; ++c) {
    EXPECT_TRUE((*chunk)->column(c).IsNull(0));
    EXPECT_TRUE((*chunk)->column(c).At(0).is_null());
  }
  EXPECT_EQ((*chunk)->column(0).Int64(0), 0);
  EXPECT_EQ((*chunk)->column(1).Text(0), "");
  EXPECT_EQ((*chunk)->column(2).Double(0), 0.0);
  EXPECT_EQ((*chunk)->column(3).Day(0), Date{});
  EXPECT_FALSE((*chunk)->column(4).Bool(0));
}

TEST_F(ResultTest, ChunksCoverEveryRowOnce) {
  for (const bool stream : {false, true}) {
    const std::string sql =
        "SELECT i, CASE WHEN i % 3 = 0 THEN NULL ELSE i END AS n "
        "FROM range(10000) r(i) ORDER BY i";
    absl::StatusOr<Result> result =
        stream ? connection_->Stream(sql) : connection_->Query(sql);
    ASSERT_TRUE(result.ok()) << result.status();
    int64_t next = 0;
    while (true) {
      absl::StatusOr<std::optional<Chunk>> chunk = result->Next();
      ASSERT_TRUE(chunk.ok()) << chunk.status();
      if (!chunk->has_value()) break;
      const ColumnView i = (*chunk)->column(0);
      const ColumnView n = (*chunk)->column(1);
      for (size_t row = 0; row < (*chunk)->rows(); ++row, ++next) {
        ASSERT_EQ(i.Int64(row), next);
        ASSERT_EQ(n.IsNull(row), next % 3 == 0);
      }
    }
    EXPECT_EQ(next, 10'000);
  }
}

TEST_F(ResultTest, StreamReportsAnErrorInTheMiddle) {
  absl::StatusOr<Result> result = connection_->Stream(
      "SELECT CASE WHEN i = 90000 THEN CAST('x' || i AS INTEGER) ELSE i END "
      "FROM range(100000) r(i)");
  absl::Status status = result.status();
  while (status.ok()) {
    absl::StatusOr<std::optional<Chunk>> chunk = result->Next();
    status = chunk.status();
    if (status.ok()) {
      ASSERT_TRUE(chunk->has_value()) << "the error went missing";
    }
  }
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(ResultTest, AllRowsStopsAtItsLimit) {
  Result small = Query("SELECT * FROM range(10)");
  EXPECT_EQ(small.AllRows(10)->size(), 10u);
  Result large = Query("SELECT * FROM range(11)");
  EXPECT_EQ(large.AllRows(10).status().code(),
            absl::StatusCode::kResourceExhausted);
}

TEST_F(ResultTest, ScalarWantsExactlyOneRow) {
  EXPECT_FALSE(connection_->Scalar("SELECT 1 WHERE false").ok());
  EXPECT_FALSE(connection_->Scalar("SELECT * FROM range(2)").ok());
  EXPECT_FALSE(connection_->Scalar("SELECT [1, 2]").ok());
  EXPECT_TRUE(*connection_->Scalar("SELECT NULL") == Value::Null());
}

TEST_F(ResultTest, PrintsTypesOfAnyKindAsText) {
  absl::StatusOr<Result> result = connection_->StreamForPrinting(
      "SELECT [1, 2] AS l, TIME '10:11:12' AS a, 5 AS n, 'x' AS a, "
      "{'k': 1} AS s -- a remark");
  ASSERT_TRUE(result.ok()) << result.status();
  ASSERT_EQ(result->columns().size(), 5u);
  EXPECT_EQ(result->columns()[1].name, "a");
  EXPECT_EQ(result->columns()[3].name, "a");
  EXPECT_EQ(result->columns()[2].kind, ColumnKind::kInt);
  const auto rows = result->AllRows();
  ASSERT_TRUE(rows.ok()) << rows.status();
  EXPECT_TRUE((*rows)[0][0] == Value::Text("[1, 2]"));
  EXPECT_TRUE((*rows)[0][1] == Value::Text("10:11:12"));
  EXPECT_TRUE((*rows)[0][2] == Value::Int64(5));
  EXPECT_TRUE((*rows)[0][4] == Value::Text("{'k': 1}"));
}

TEST_F(ResultTest, RowsChangedIsThatOfTheStatement) {
  ASSERT_TRUE(connection_->Execute("CREATE TABLE t (a INTEGER)").ok());
  EXPECT_EQ(Query("INSERT INTO t SELECT * FROM range(7)").rows_changed(), 7);
  EXPECT_EQ(Query("DELETE FROM t WHERE a < 3").rows_changed(), 3);
  EXPECT_EQ(Query("SELECT * FROM t").rows_changed(), 0);
}

TEST_F(ResultTest, ReadingAsAnotherKindAborts) {
  Result result = Query("SELECT 'x' AS t");
  absl::StatusOr<std::optional<Chunk>> chunk = result.Next();
  ASSERT_TRUE(chunk.ok() && chunk->has_value());
  const ColumnView column = (*chunk)->column(0);
  EXPECT_DEATH(column.Int64(0), "check failed");
  EXPECT_DEATH(column.Text(1), "check failed");
  EXPECT_DEATH((*chunk)->column(1), "check failed");
}

}  // namespace
}  // namespace tally::engine
