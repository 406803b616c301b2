#ifndef TALLY_ENGINE_SRC_SQL_TOKENS_H_
#define TALLY_ENGINE_SRC_SQL_TOKENS_H_

// Words, literals and symbols of a statement, for the lint. Private to
// lib/engine.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace tally::engine {

struct SqlToken {
  enum class Kind {
    kWord,       // `text` in lower case
    kQuoted,     // "name" or `name`, with its quotes
    kString,     // 'text', with its quotes
    kNumber,     //
    kSymbol,     // one or two characters
    kParameter,  // ?
    kComment,    // with its marks
    kBroken,     // a literal or comment without end
  };
  static constexpr size_t kNone = static_cast<size_t>(-1);

  Kind kind = Kind::kSymbol;
  size_t position = 0;  // byte of the statement
  std::string text;
  size_t partner = kNone;  // of a bracket: its other half
};

std::vector<SqlToken> ReadSqlTokens(std::string_view sql);

}  // namespace tally::engine

#endif  // TALLY_ENGINE_SRC_SQL_TOKENS_H_
