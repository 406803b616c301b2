// Repeated rows, against grouping every row, also where hashes collide.
#include "measures/repeats.h"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "engine_fixture.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "status_matchers.h"

namespace tally::analytics {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

struct SourceRepeats {
  std::string source;
  int64_t rows, repeated;
  friend bool operator==(const SourceRepeats&, const SourceRepeats&) = default;
};

class RepeatsTest : public EngineFixture {
 protected:
  void Execute(const std::string& sql) { EXPECT_OK(connection_->Execute(sql)); }

  std::vector<SourceRepeats> Count(const RepeatQuery& query,
                                   const RepeatLimits& limits = {}) {
    const auto counts = CountRepeats(*connection_, query, limits);
    EXPECT_OK(counts);
    std::vector<SourceRepeats> all;
    if (!counts.ok()) return all;
    for (const RepeatCount& count : *counts) {
      all.push_back({count.source, count.rows, count.repeated});
    }
    return all;
  }

  // The same by one group for each row.
  std::vector<SourceRepeats> CountByGroups() {
    auto result = connection_->Query(
        "SELECT source, CAST(sum(n) AS BIGINT), CAST(sum(n - 1) AS BIGINT) "
        "FROM (SELECT source, count(*) AS n FROM many WHERE day IS NOT NULL "
        "GROUP BY source, person, day) GROUP BY source ORDER BY source");
    EXPECT_OK(result);
    const auto rows = result->AllRows();
    EXPECT_OK(rows);
    std::vector<SourceRepeats> all;
    for (const auto& row : *rows) {
      all.push_back({*row[0].As<std::string>(), *row[1].As<int64_t>(),
                     *row[2].As<int64_t>()});
    }
    return all;
  }

  // 20,000 rows of two sources; about every fifth is there before.
  void MakeMany() {
    Execute(
        "CREATE TABLE many AS SELECT CASE i % 3 WHEN 0 THEN 'a' ELSE 'b' END "
        "AS source, CAST(hash(i) % 300 AS INTEGER) AS person, "
        "CASE WHEN i % 50 = 0 THEN NULL ELSE DATE '2026-01-01' + "
        "CAST(hash(i + 7) % 120 AS INTEGER) END AS day FROM range(20000) "
        "AS r(i)");
  }

 private:
};

TEST(NumbersThereTwice, ListsEachRepeatedNumberOnceInOrder) {
  EXPECT_THAT(NumbersThereTwice({}), IsEmpty());
  EXPECT_THAT(NumbersThereTwice({5}), IsEmpty());
  EXPECT_THAT(NumbersThereTwice({5, 3, 5, 8, 3, 5, 0, -1}), ElementsAre(3, 5));
  EXPECT_THAT(NumbersThereTwice({0, 0, -7, -7}), ElementsAre(-7, 0));
}

TEST(NumbersThereTwice, AgreesWithCountingEachNumber) {
  std::vector<int64_t> numbers;
  std::map<int64_t, int> counts;
  uint64_t state = 20261122;
  for (int i = 0; i < 50'000; ++i) {
    state = state * 6364136223846793005U + 1442695040888963407U;
    numbers.push_back(static_cast<int64_t>((state >> 33) % 200'000));
    ++counts[numbers.back()];
  }
  std::vector<int64_t> expected;
  for (const auto& [number, count] : counts) {
    if (count > 1) expected.push_back(number);
  }
  EXPECT_EQ(NumbersThereTwice(numbers), expected);
}

TEST_F(RepeatsTest, CountsARowThreeTimesAsTwoRepeats) {
  Execute("CREATE TABLE record (source VARCHAR, person INTEGER, code VARCHAR)");
  Execute(
      "INSERT INTO record VALUES ('b', 1, 'x'), ('b', 1, 'x'), ('b', 1, 'x'), "
      "('b', 1, 'y'), ('b', 2, 'x')");
  EXPECT_THAT(Count({"record", {"person", "code"}}),
              ElementsAre(SourceRepeats{"b", 5, 2}));
}

TEST_F(RepeatsTest, ComparesNullsAsAlikeAndSourcesApart) {
  Execute("CREATE TABLE record (source VARCHAR, person INTEGER, code VARCHAR)");
  Execute(
      "INSERT INTO record VALUES ('b', 1, NULL), ('b', 1, NULL), "
      "('a', 1, NULL), (NULL, 2, 'x'), (NULL, 2, 'x'), ('a', 1, '')");
  EXPECT_THAT(Count({"record", {"person", "code"}}),
              ElementsAre(SourceRepeats{"a", 2, 0}, SourceRepeats{"b", 2, 1},
                          SourceRepeats{"unknown", 2, 1}));
}

TEST_F(RepeatsTest, CountsOnlyRowsThatMeetTheCondition) {
  Execute("CREATE TABLE record (source VARCHAR, person INTEGER, code VARCHAR)");
  Execute(
      "INSERT INTO record VALUES ('a', NULL, 'x'), ('a', NULL, 'x'), "
      "('a', 1, 'x'), ('c', NULL, 'x')");
  EXPECT_THAT(Count({"record", {"code"}, "person IS NOT NULL OR code = 'y'"}),
              ElementsAre(SourceRepeats{"a", 1, 0}));
}

TEST_F(RepeatsTest, AgreesWithGroupingEveryRow) {
  MakeMany();
  const std::vector<SourceRepeats> expected = CountByGroups();
  ASSERT_EQ(expected.size(), 2);
  ASSERT_GT(expected[0].repeated, 100);
  const RepeatQuery query{"many", {"person", "day"}, "day IS NOT NULL"};
  EXPECT_EQ(Count(query), expected);
  // Hashes in many parts.
  EXPECT_EQ(Count(query, {.hashes = 1000}), expected);
  // More repeated hashes than may be listed.
  EXPECT_EQ(Count(query, {.listed = 10}), expected);
  EXPECT_EQ(Count(query, {.hashes = 1000, .listed = 10}), expected);
}

TEST_F(RepeatsTest, CountsTheSameWhereDifferentRowsShareAHash) {
  MakeMany();
  const std::vector<SourceRepeats> expected = CountByGroups();
  const RepeatQuery query{"many", {"person", "day"}, "day IS NOT NULL"};
  for (const int bits : {1, 8, 16}) {
    EXPECT_EQ(Count(query, {.hash_bits = bits}), expected) << bits;
  }
}

TEST_F(RepeatsTest, GivesNothingForATableWithoutRows) {
  Execute("CREATE TABLE record (source VARCHAR, person INTEGER)");
  EXPECT_THAT(Count({"record", {"person"}}), IsEmpty());
}

}  // namespace
}  // namespace tally::analytics
