#include "statement_guard.h"

#include <algorithm>
#include <array>
#include <string>

#include "absl/strings/str_format.h"
#include "base/exit_code.h"

namespace tally::engine {
namespace {

// Functions that change the engine or run text made inside a statement. Looked
// for everywhere in the text, literals included: a reader of literals that
// differs from DuckDB's would be a way around.
constexpr std::array<std::string_view, 16> kRefusedFunctions = {
    "arrow_scan",
    "arrow_scan_dumb",
    "checkpoint",
    "disable_logging",
    "disable_peg_parser",
    "disable_profiling",
    "duckdb_secrets",
    "enable_logging",
    "enable_peg_parser",
    "enable_profiling",
    "force_checkpoint",
    "json_execute_serialized_sql",
    "query",
    "query_table",
    "truncate_duckdb_logs",
    "write_log"};

bool IsWordByte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         (c >= '0' && c <= '9') || c == '_' || (c & 0x80) != 0;
}

char Lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

// The place after blanks, closing quotes and comments.
size_t SkipToNext(std::string_view sql, size_t at) {
  while (at < sql.size()) {
    const char c = sql[at];
    if (c == ' ' || (c >= '\t' && c <= '\r') || c == '"') {
      ++at;
    } else if (sql.substr(at, 2) == "--") {
      at = std::min(sql.find('\n', at), sql.size());
    } else if (sql.substr(at, 2) == "/*") {
      const size_t end = sql.find("*/", at + 2);
      at = end == std::string_view::npos ? sql.size() : end + 2;
    } else {
      break;
    }
  }
  return at;
}

absl::Status Refused(std::string_view what) {
  return WithExitCode(absl::PermissionDeniedError(absl::StrFormat(
                          "the statement uses %s, which is locked", what)),
                      kExitNotPermitted);
}

// CREATE [OR REPLACE] [PERSISTENT|TEMPORARY] SECRET, and DROP SECRET.
bool NamesSecret(std::string_view word, std::string_view before) {
  return word == "secret" &&
         (before == "create" || before == "replace" || before == "persistent" ||
          before == "temporary" || before == "temp" || before == "drop");
}

}  // namespace

absl::Status CheckStatementText(std::string_view sql) {
  if (sql.find('\0') != std::string_view::npos) {
    return absl::InvalidArgumentError("the statement holds a NUL byte");
  }
  std::string before;
  size_t at = 0;
  while (at < sql.size()) {
    if (!IsWordByte(sql[at])) {
      ++at;
      continue;
    }
    const size_t begin = at;
    while (at < sql.size() && IsWordByte(sql[at])) ++at;
    std::string word(sql.substr(begin, at - begin));
    std::transform(word.begin(), word.end(), word.begin(), Lower);
    if (NamesSecret(word, before)) return Refused("secrets");
    const auto refused =
        std::find(kRefusedFunctions.begin(), kRefusedFunctions.end(), word);
    if (refused != kRefusedFunctions.end()) {
      const size_t next = SkipToNext(sql, at);
      if (next < sql.size() && sql[next] == '(') {
        return Refused(absl::StrFormat("the function %s()", *refused));
      }
    }
    before = std::move(word);
  }
  return absl::OkStatus();
}

absl::Status CheckStatementType(duckdb_statement_type type) {
  switch (type) {
    case DUCKDB_STATEMENT_TYPE_SELECT:
    case DUCKDB_STATEMENT_TYPE_INSERT:
    case DUCKDB_STATEMENT_TYPE_UPDATE:
    case DUCKDB_STATEMENT_TYPE_DELETE:
    case DUCKDB_STATEMENT_TYPE_EXPLAIN:
    case DUCKDB_STATEMENT_TYPE_CREATE:
    case DUCKDB_STATEMENT_TYPE_CREATE_FUNC:
    case DUCKDB_STATEMENT_TYPE_ALTER:
    case DUCKDB_STATEMENT_TYPE_DROP:
    case DUCKDB_STATEMENT_TYPE_TRANSACTION:
    case DUCKDB_STATEMENT_TYPE_COPY:
    case DUCKDB_STATEMENT_TYPE_ANALYZE:
    case DUCKDB_STATEMENT_TYPE_RELATION:
      return absl::OkStatus();
    case DUCKDB_STATEMENT_TYPE_SET:
    case DUCKDB_STATEMENT_TYPE_VARIABLE_SET:
    case DUCKDB_STATEMENT_TYPE_PRAGMA:
      return Refused("SET or PRAGMA");
    case DUCKDB_STATEMENT_TYPE_ATTACH:
    case DUCKDB_STATEMENT_TYPE_DETACH:
      return Refused("ATTACH or DETACH");
    case DUCKDB_STATEMENT_TYPE_LOAD:
    case DUCKDB_STATEMENT_TYPE_EXTENSION:
      return Refused("extensions");
    case DUCKDB_STATEMENT_TYPE_CALL:
      return Refused("CALL");
    default:
      return Refused("a kind of statement");
  }
}

}  // namespace tally::engine
