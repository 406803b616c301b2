#include "sql.h"

#include "catalogue_database.h"
#include "status_matchers.h"

namespace tally::linkage {
namespace {

class SqlTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_OK_AND_ASSIGN(sql_, NewTestDatabase(dir_).Open());
    ASSERT_THAT(sql_->Execute("CREATE TABLE things (name TEXT PRIMARY KEY, "
                              "size BIGINT NOT NULL)"),
                IsOk());
  }
  absl::Status Insert(const std::string& name, int64_t size = 1) {
    return sql_
        ->Execute("INSERT INTO things (name, size) VALUES (:name, :size)",
                  {name, size})
        .status();
  }
  int64_t Count() {
    return sql_->Query("SELECT COUNT(*) FROM things", "i")->at(0).Int(0);
  }

  TempDir dir_;
  std::unique_ptr<Sql> sql_;
};

TEST_F(SqlTest, ValuesComeBackAsTheyWere) {
  const std::string text = "it's \"quoted\" :name $1 100% \\ \xc3\xa9\n";
  const int64_t big = int64_t{1} << 62;
  ASSERT_THAT(Insert(text, -big), IsOk());
  ASSERT_THAT(Insert("", big), IsOk());
  ASSERT_OK_AND_ASSIGN(
      const std::vector<SqlRow> rows,
      sql_->Query("SELECT size, name FROM things WHERE name = :a OR size = :b "
                  "ORDER BY size LIMIT :c",
                  "it", {text, big, int64_t{9}}));
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0].Text(1), text);
  EXPECT_EQ(rows[0].Int(0), -big);
  EXPECT_EQ(rows[1].Text(1), "");
  EXPECT_EQ(rows[1].Int(0), big);
}

TEST_F(SqlTest, TextIsSortedByBytes) {
  for (const char* name : {"ab", "a-c", "B", "a"}) {
    ASSERT_THAT(Insert(name), IsOk());
  }
  ASSERT_OK_AND_ASSIGN(
      const std::vector<SqlRow> rows,
      sql_->Query("SELECT name FROM things ORDER BY name", "t"));
  std::string order;
  for (const SqlRow& row : rows) order += row.Text(0) + " ";
  EXPECT_EQ(order, "B a a-c ab ");
}

TEST_F(SqlTest, AChangeSaysHowManyRowsItChanged) {
  ASSERT_THAT(Insert("a"), IsOk());
  ASSERT_THAT(Insert("b"), IsOk());
  EXPECT_THAT(sql_->Execute("UPDATE things SET size = :n WHERE size < :m",
                            {int64_t{5}, int64_t{5}}),
              IsOkAndHolds(2));
  EXPECT_THAT(sql_->Execute("INSERT INTO things (name, size) VALUES (:n, 0) "
                            "ON CONFLICT (name) DO NOTHING",
                            {std::string("a")}),
              IsOkAndHolds(0));
}

TEST_F(SqlTest, WhatFailsIsUndoneAsAWhole) {
  EXPECT_THAT(sql_->Transaction([&]() -> absl::Status {
    TALLY_RETURN_IF_ERROR(Insert("a"));
    return absl::AbortedError("no");
  }),
              StatusIs(absl::StatusCode::kAborted));
  EXPECT_EQ(Count(), 0);
  ASSERT_THAT(sql_->Transaction([&] { return Insert("a"); }), IsOk());
  EXPECT_EQ(Count(), 1);
}

TEST_F(SqlTest, AStatementThatFailedFailsItsTransactionThoughItIsPassedOver) {
  ASSERT_THAT(Insert("a"), IsOk());
  EXPECT_THAT(sql_->Transaction([&]() -> absl::Status {
    TALLY_RETURN_IF_ERROR(Insert("b"));
    Insert("a").IgnoreError();
    return absl::OkStatus();
  }),
              ReasonIs(Reason::kInternal));
  EXPECT_EQ(Count(), 1);
  // The next one knows nothing of it.
  EXPECT_THAT(sql_->Transaction([&] { return Insert("b"); }), IsOk());
}

TEST_F(SqlTest, ValuesDoNotDecideTheReason) {
  // Else whoever tries again while the catalogue is away would do so for ever.
  const std::string text =
      "Connection locked, busy, malformed; disk is full, server closed";
  ASSERT_THAT(Insert(text), IsOk());
  EXPECT_THAT(Insert(text), ReasonIs(Reason::kInternal));
}

}  // namespace
}  // namespace tally::linkage
