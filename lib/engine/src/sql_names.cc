#include <algorithm>
#include <iterator>
#include <string>
#include <string_view>

#include "base/status.h"
#include "engine/database.h"

namespace tally::engine {
namespace {

// Words that one of the two dialects reserves. Sorted.
constexpr std::string_view kReservedWords[] = {
    "all",          "analyse",      "analyze",
    "and",          "anti",         "any",
    "array",        "as",           "asc",
    "asof",         "asymmetric",   "authorization",
    "binary",       "both",         "case",
    "cast",         "check",        "collate",
    "collation",    "column",       "concurrently",
    "constraint",   "create",       "cross",
    "current_date", "current_time", "current_timestamp",
    "current_user", "default",      "deferrable",
    "desc",         "describe",     "distinct",
    "do",           "else",         "end",
    "escape",       "except",       "false",
    "fetch",        "filter",       "for",
    "foreign",      "freeze",       "from",
    "full",         "generated",    "glob",
    "group",        "having",       "ilike",
    "in",           "initially",    "inner",
    "intersect",    "into",         "is",
    "isnull",       "join",         "lambda",
    "lateral",      "leading",      "left",
    "like",         "limit",        "map",
    "minus",        "natural",      "not",
    "notnull",      "null",         "offset",
    "on",           "only",         "or",
    "order",        "outer",        "overlaps",
    "pivot",        "pivot_longer", "pivot_wider",
    "placing",      "positional",   "primary",
    "qualify",      "references",   "returning",
    "right",        "select",       "semi",
    "session_user", "show",         "similar",
    "some",         "struct",       "summarize",
    "symmetric",    "table",        "tablesample",
    "then",         "to",           "trailing",
    "true",         "try_cast",     "union",
    "unique",       "unknown",      "unpivot",
    "user",         "using",        "values",
    "variadic",     "verbose",      "when",
    "where",        "window",       "with",
    "within"};

std::string Quote(std::string_view text, char quote) {
  TALLY_CHECK(text.find('\0') == std::string_view::npos);
  std::string quoted(1, quote);
  for (const char c : text) {
    if (c == quote) quoted += quote;
    quoted += c;
  }
  quoted += quote;
  return quoted;
}

bool IsReserved(std::string_view name) {
  static_assert(
      std::is_sorted(std::begin(kReservedWords), std::end(kReservedWords)));
  return std::binary_search(std::begin(kReservedWords),
                            std::end(kReservedWords), name);
}

}  // namespace

std::string QuoteLiteral(std::string_view text) { return Quote(text, '\''); }

std::string QuoteIdentifier(std::string_view name) { return Quote(name, '"'); }

bool IsPlainSqlName(std::string_view name) {
  if (name.empty() || name.size() > 63) return false;
  if (name.front() < 'a' || name.front() > 'z') return false;
  const bool plain = std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  });
  return plain && !IsReserved(name);
}

}  // namespace tally::engine
