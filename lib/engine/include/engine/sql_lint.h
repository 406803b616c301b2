#ifndef TALLY_ENGINE_SQL_LINT_H_
#define TALLY_ENGINE_SQL_LINT_H_

// Checks that a statement of the hub keeps to the dialect that DuckDB and Spark
// understand alike, so that a release made on either has the same rows. Needs
// no engine; a test runs it over every statement.
//
// Role: hub's tests. Not a parser: it reads words, literals and brackets.
// Spec: docs/spec/engine.md, "One text, two dialects".
// Threading: no state.
// Secrets: none; findings quote the statement, which is ours.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace tally::engine {

struct SqlFinding {
  size_t position = 0;  // byte of the statement
  std::string rule;     // fixed, such as "blob-literal"
  std::string advice;   // what to write instead
};

// What breaks a rule, in order of position; empty = the statement is fine.
// Rules: blob-literal, quoted-identifier, backslash, anti-join, qualify,
// order-nulls, uncast-sum, integer-division, bare-division, log-function,
// datediff, date-trunc-uncast, interval-uncast, weekday-function,
// concat-function, substring-zero, count-distinct-many, regexp-function,
// forbidden-function, forbidden-type, several-statements, comment,
// reserved-name, hash-function, unbalanced.
std::vector<SqlFinding> LintSql(std::string_view sql);

// The findings as text, one a line, for a failing test.
std::string FormatFindings(std::string_view sql,
                           const std::vector<SqlFinding>& findings);

}  // namespace tally::engine

#endif  // TALLY_ENGINE_SQL_LINT_H_
