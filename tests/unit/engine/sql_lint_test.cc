#include "engine/sql_lint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tally::engine {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::string> Rules(const std::string& sql) {
  std::vector<std::string> rules;
  for (const SqlFinding& finding : LintSql(sql)) rules.push_back(finding.rule);
  return rules;
}

TEST(SqlLint, PassesStatementsThatBothEnginesReadAlike) {
  for (const char* sql : {
           "SELECT person, event_date FROM gp_event WHERE cluster_id = ? "
           "ORDER BY person NULLS LAST, event_date DESC NULLS LAST LIMIT 5",
           "SELECT CAST(sum(value1) AS DOUBLE) AS total, count(DISTINCT "
           "person) AS persons FROM t GROUP BY source",
           "SELECT a / nullif(b, 0) AS rate, a / 2.0 AS half FROM t",
           "SELECT CAST(date_trunc('month', event_date) AS DATE) AS month "
           "FROM t",
           "SELECT CAST(d + INTERVAL 1 MONTH AS DATE) AS later FROM t",
           "SELECT a FROM t WHERE NOT EXISTS (SELECT 1 FROM u WHERE u.p = "
           "t.p)",
           "SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY x) AS middle "
           "FROM t",
           "SELECT row_number() OVER (PARTITION BY p ORDER BY d NULLS LAST, "
           "r NULLS LAST) AS n FROM t",
           "SELECT regexp_extract(code, '([0-9]+)', 1) <> '' AS good FROM t",
           "SELECT tally_days(b, a) AS days, tally_isodow(a) AS dow_index "
           "FROM t",
           "SELECT substring(code, 1, 3) AS stem, 'it''s' AS words FROM t",
           "WITH a AS (SELECT 1 AS x) SELECT CAST(x AS STRING) AS s FROM a",
       }) {
    const auto findings = LintSql(sql);
    EXPECT_THAT(findings, IsEmpty()) << FormatFindings(sql, findings);
  }
}

TEST(SqlLint, FindsEveryRule) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"SELECT x'AB' AS b FROM t", "blob-literal"},
      {"SELECT E'a' AS b FROM t", "blob-literal"},
      {"SELECT \"a\" FROM t", "quoted-identifier"},
      {"SELECT `a` FROM t", "quoted-identifier"},
      {"SELECT a FROM t WHERE a = 'x\\d'", "backslash"},
      {"SELECT a FROM t LEFT ANTI JOIN u ON t.a = u.a", "anti-join"},
      {"SELECT a FROM t LEFT SEMI JOIN u ON t.a = u.a", "anti-join"},
      {"SELECT a FROM t QUALIFY row_number() OVER () = 1", "qualify"},
      {"SELECT a FROM t ORDER BY a", "order-nulls"},
      {"SELECT sum(a) AS s FROM t", "uncast-sum"},
      {"SELECT 7 div 2 AS n", "integer-division"},
      {"SELECT a // b AS n FROM t", "integer-division"},
      {"SELECT a / b AS r FROM t", "bare-division"},
      {"SELECT a / 0 AS r FROM t", "bare-division"},
      {"SELECT log(a) AS l FROM t", "log-function"},
      {"SELECT datediff('day', a, b) AS n FROM t", "datediff"},
      {"SELECT date_diff('day', a, b) AS n FROM t", "datediff"},
      {"SELECT date_trunc('month', d) AS m FROM t", "date-trunc-uncast"},
      {"SELECT d + INTERVAL 1 MONTH AS e FROM t", "interval-uncast"},
      {"SELECT weekday(d) AS w FROM t", "weekday-function"},
      {"SELECT extract(dow FROM d) AS w FROM t", "weekday-function"},
      {"SELECT concat(a, b) AS c FROM t", "concat-function"},
      {"SELECT substring(a, 0, 3) AS c FROM t", "substring-zero"},
      {"SELECT substr(coalesce(a, 'x'), -2) AS c FROM t", "substring-zero"},
      {"SELECT count(DISTINCT a, b) AS n FROM t", "count-distinct-many"},
      {"SELECT regexp_matches(a, 'x') AS b FROM t", "regexp-function"},
      {"SELECT a FROM t WHERE a RLIKE 'x'", "regexp-function"},
      {"SELECT a FROM t WHERE a ~ 'x'", "regexp-function"},
      {"SELECT nvl(a, b) AS c FROM t", "forbidden-function"},
      {"SELECT collect_list(a) AS c FROM t", "forbidden-function"},
      {"SELECT explode(a) AS c FROM t", "forbidden-function"},
      {"SELECT every(a) AS c FROM t", "forbidden-function"},
      {"SELECT CAST(a AS HUGEINT) AS c FROM t", "forbidden-type"},
      {"SELECT CAST(a AS UUID) AS c FROM t", "forbidden-type"},
      {"SELECT CAST(a AS VARCHAR) AS c FROM t", "forbidden-type"},
      {"SELECT a::INT AS c FROM t", "forbidden-type"},
      {"SELECT 1 AS a; SELECT 2 AS b", "several-statements"},
      {"SELECT 1 AS a -- why", "comment"},
      {"SELECT /* why */ 1 AS a", "comment"},
      {"SELECT a AS order_by, b AS filter FROM t", "reserved-name"},
      {"SELECT sha256(a) AS h FROM t", "hash-function"},
      {"SELECT (a AS h FROM t", "unbalanced"},
      {"SELECT 'a AS h FROM t", "unbalanced"},
  };
  for (const auto& [sql, rule] : cases) {
    EXPECT_THAT(Rules(sql), ElementsAre(rule)) << sql;
  }
}

TEST(SqlLint, LooksAtEveryItemOfAnOrder) {
  EXPECT_THAT(Rules("SELECT a FROM t ORDER BY a NULLS LAST, coalesce(b, c), d "
                    "NULLS FIRST"),
              ElementsAre("order-nulls"));
  EXPECT_THAT(Rules("SELECT (SELECT a FROM u ORDER BY a) AS b FROM t ORDER BY "
                    "b NULLS LAST"),
              ElementsAre("order-nulls"));
}

TEST(SqlLint, WordsInsideLiteralsAreNotRead) {
  EXPECT_THAT(Rules("SELECT 'sum(a) / b ORDER BY; --' AS words FROM t"),
              IsEmpty());
}

TEST(SqlLint, CaseOfLettersDoesNotMatter) {
  EXPECT_THAT(Rules("select SUM(a) as S from t"), ElementsAre("uncast-sum"));
}

TEST(SqlLint, PositionsAreThoseOfTheText) {
  const std::string sql = "SELECT /* x */ a / b AS r FROM t";
  const auto findings = LintSql(sql);
  ASSERT_EQ(findings.size(), 2u);
  EXPECT_EQ(findings[0].position, sql.find("/*"));
  EXPECT_EQ(findings[1].position, sql.find("/ b"));
}

TEST(SqlLint, SurvivesAnyBytes) {
  for (const std::string& sql : std::vector<std::string>{
           "", "(", ")", "'", "--", "/*", "as", "order by", "cast(", "sum",
           "a /", "x'", "((((((", ")))", std::string("a\0b", 3), "\xff\xfe",
           "order by ,", "substring(", "count(distinct"}) {
    FormatFindings(sql, LintSql(sql));
  }
}

}  // namespace
}  // namespace tally::engine
