#include "sql_tokens.h"

#include <algorithm>
#include <array>
#include <utility>

namespace tally::engine {
namespace {

using Kind = SqlToken::Kind;

bool IsLetter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
         (c & 0x80) != 0;
}
bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsBlank(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

// The place after the literal that opens at `begin`; a doubled quote is part of
// it. npos without an end.
size_t EndOfQuoted(std::string_view sql, size_t begin) {
  const char quote = sql[begin];
  size_t at = begin + 1;
  while (at < sql.size()) {
    if (sql[at] != quote) {
      ++at;
    } else if (at + 1 < sql.size() && sql[at + 1] == quote) {
      at += 2;
    } else {
      return at + 1;
    }
  }
  return std::string_view::npos;
}

size_t EndOfComment(std::string_view sql, size_t begin) {
  if (sql[begin] == '-') return std::min(sql.find('\n', begin), sql.size());
  const size_t end = sql.find("*/", begin + 2);
  return end == std::string_view::npos ? end : end + 2;
}

size_t EndOfNumber(std::string_view sql, size_t at) {
  while (at < sql.size() && (IsDigit(sql[at]) || sql[at] == '.' ||
                             sql[at] == 'e' || sql[at] == 'E')) {
    ++at;
  }
  return at;
}

size_t EndOfWord(std::string_view sql, size_t at) {
  while (at < sql.size() && (IsLetter(sql[at]) || IsDigit(sql[at]))) ++at;
  return at;
}

size_t EndOfSymbol(std::string_view sql, size_t at) {
  constexpr std::array<std::string_view, 8> kPairs = {
      "||", "<>", "<=", ">=", "!=", "::", "//", "=="};
  const std::string_view pair = sql.substr(at, 2);
  const bool is_pair =
      std::find(kPairs.begin(), kPairs.end(), pair) != kPairs.end();
  return at + (is_pair ? 2 : 1);
}

std::pair<Kind, size_t> ReadOne(std::string_view sql, size_t at) {
  const char c = sql[at];
  const std::string_view pair = sql.substr(at, 2);
  if (pair == "--" || pair == "/*") {
    return {Kind::kComment, EndOfComment(sql, at)};
  }
  if (c == '\'') return {Kind::kString, EndOfQuoted(sql, at)};
  if (c == '"' || c == '`') return {Kind::kQuoted, EndOfQuoted(sql, at)};
  if (IsLetter(c)) return {Kind::kWord, EndOfWord(sql, at)};
  if (IsDigit(c)) return {Kind::kNumber, EndOfNumber(sql, at)};
  if (c == '?') return {Kind::kParameter, at + 1};
  return {Kind::kSymbol, EndOfSymbol(sql, at)};
}

void PairBrackets(std::vector<SqlToken>& tokens) {
  std::vector<size_t> open;
  for (size_t i = 0; i < tokens.size(); ++i) {
    if (tokens[i].kind != Kind::kSymbol) continue;
    if (tokens[i].text == "(") open.push_back(i);
    if (tokens[i].text == ")" && !open.empty()) {
      tokens[i].partner = open.back();
      tokens[open.back()].partner = i;
      open.pop_back();
    }
  }
}

}  // namespace

std::vector<SqlToken> ReadSqlTokens(std::string_view sql) {
  std::vector<SqlToken> tokens;
  size_t at = 0;
  while (at < sql.size()) {
    if (IsBlank(sql[at])) {
      ++at;
      continue;
    }
    auto [kind, end] = ReadOne(sql, at);
    if (end == std::string_view::npos) {
      kind = Kind::kBroken;
      end = sql.size();
    }
    SqlToken token{kind, at, std::string(sql.substr(at, end - at))};
    if (kind == Kind::kWord) {
      for (char& c : token.text) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
      }
    }
    tokens.push_back(std::move(token));
    at = end;
  }
  PairBrackets(tokens);
  return tokens;
}

}  // namespace tally::engine
