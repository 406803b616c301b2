#include "engine/sql_lint.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <map>
#include <span>
#include <utility>

#include "absl/strings/str_format.h"
#include "base/strings.h"
#include "engine/database.h"
#include "sql_tokens.h"

namespace tally::engine {
namespace {

using Kind = SqlToken::Kind;

// A function that must not be called, with its rule and what to write instead.
struct WordRule {
  std::string_view word;
  const char* rule;
  const char* advice;
};

constexpr char kNoCounterpart[] = "no counterpart in the other dialect";
constexpr char kNeverInSql[] = "hashes are never made in SQL";
constexpr char kMatch[] = "regexp_extract(s, p, 1) <> '' or LIKE";
constexpr char kWeekday[] = "tally_isodow(d), Monday = 0";
constexpr char kDays[] = "tally_days(later, earlier)";

constexpr WordRule kFunctionRules[] = {
    {"add_months", "forbidden-function", kNoCounterpart},
    {"age", "datediff", kDays},
    {"approx_percentile", "forbidden-function", kNoCounterpart},
    {"arg_max", "forbidden-function", kNoCounterpart},
    {"arg_min", "forbidden-function", kNoCounterpart},
    {"array", "forbidden-function", kNoCounterpart},
    {"array_agg", "forbidden-function", kNoCounterpart},
    {"collect_list", "forbidden-function", kNoCounterpart},
    {"concat", "concat-function", "coalesce and ||"},
    {"concat_ws", "concat-function", "coalesce and ||"},
    {"crc32", "forbidden-function", kNoCounterpart},
    {"date_diff", "datediff", kDays},
    {"datediff", "datediff", kDays},
    {"day_of_week", "weekday-function", kWeekday},
    {"dayofweek", "weekday-function", kWeekday},
    {"epoch", "forbidden-function", kNoCounterpart},
    {"every", "forbidden-function", kNoCounterpart},
    {"explode", "forbidden-function", kNoCounterpart},
    {"generate_series", "forbidden-function", kNoCounterpart},
    {"hash", "hash-function", kNeverInSql},
    {"list", "forbidden-function", kNoCounterpart},
    {"log", "log-function", "ln or log10"},
    {"md5", "hash-function", kNeverInSql},
    {"months_between", "datediff", kDays},
    {"named_struct", "forbidden-function", kNoCounterpart},
    {"nvl", "forbidden-function", "coalesce"},
    {"percentile", "forbidden-function", "percentile_cont ... WITHIN GROUP"},
    {"quantile", "forbidden-function", "percentile_cont ... WITHIN GROUP"},
    {"quantile_cont", "forbidden-function", "percentile_cont ... WITHIN GROUP"},
    {"regexp_full_match", "regexp-function", kMatch},
    {"regexp_like", "regexp-function", kMatch},
    {"regexp_matches", "regexp-function", kMatch},
    {"sha1", "hash-function", kNeverInSql},
    {"sha2", "hash-function", kNeverInSql},
    {"sha256", "hash-function", kNeverInSql},
    {"stack", "forbidden-function", kNoCounterpart},
    {"strftime", "forbidden-function", kNoCounterpart},
    {"string_agg", "forbidden-function", kNoCounterpart},
    {"strptime", "forbidden-function", kNoCounterpart},
    {"struct_pack", "forbidden-function", kNoCounterpart},
    {"unnest", "forbidden-function", kNoCounterpart},
    {"weekday", "weekday-function", kWeekday},
    {"width_bucket", "forbidden-function", kNoCounterpart},
    {"xxhash64", "hash-function", kNeverInSql},
};

// Words that are wrong wherever they stand.
constexpr WordRule kWordRules[] = {
    {"blob", "forbidden-type", "no blobs in the payload"},
    {"div", "integer-division", "CAST(floor(a / b) AS BIGINT)"},
    {"dow", "weekday-function", kWeekday},
    {"enum", "forbidden-type", "STRING"},
    {"glob", "regexp-function", kMatch},
    {"hugeint", "forbidden-type", "BIGINT or DOUBLE"},
    {"int4", "forbidden-type", "INT"},
    {"int8", "forbidden-type", "BIGINT"},
    {"isodow", "weekday-function", kWeekday},
    {"qualify", "qualify", "a sub-select on row_number()"},
    {"regexp", "regexp-function", kMatch},
    {"rlike", "regexp-function", kMatch},
    {"similar", "regexp-function", kMatch},
    {"timestamp", "forbidden-type", "DATE"},
    {"timestamptz", "forbidden-type", "DATE"},
    {"ubigint", "forbidden-type", "BIGINT"},
    {"uhugeint", "forbidden-type", "BIGINT or DOUBLE"},
    {"uinteger", "forbidden-type", "BIGINT"},
    {"usmallint", "forbidden-type", "INT"},
    {"utinyint", "forbidden-type", "INT"},
    {"uuid", "forbidden-type", "STRING"},
    {"varchar", "forbidden-type", "STRING"},
};

const WordRule* FindRule(std::span<const WordRule> rules,
                         std::string_view word) {
  const auto found =
      std::find_if(rules.begin(), rules.end(),
                   [word](const WordRule& rule) { return rule.word == word; });
  return found == rules.end() ? nullptr : &*found;
}

class Linter {
 public:
  explicit Linter(std::string_view sql) {
    tokens_ = ReadSqlTokens(sql);
    for (const SqlToken& token : tokens_) {
      if (token.kind != Kind::kComment) continue;
      findings_.push_back({token.position, "comment", "none in a statement"});
    }
    if (!findings_.empty()) tokens_ = ReadSqlTokens(WithoutComments(sql));
  }

  std::vector<SqlFinding> Run() {
    for (size_t i = 0; i < tokens_.size(); ++i) {
      CheckToken(i);
      if (tokens_[i].kind == Kind::kWord) CheckWord(i);
      if (tokens_[i].kind == Kind::kSymbol) CheckSymbol(i);
    }
    std::stable_sort(findings_.begin(), findings_.end(),
                     [](const SqlFinding& a, const SqlFinding& b) {
                       return a.position < b.position;
                     });
    return std::move(findings_);
  }

 private:
  // Comments as blanks, so that positions stay.
  std::string WithoutComments(std::string_view sql) const {
    std::string plain(sql);
    for (const SqlToken& token : tokens_) {
      if (token.kind != Kind::kComment) continue;
      std::fill_n(plain.begin() + static_cast<std::ptrdiff_t>(token.position),
                  token.text.size(), ' ');
    }
    return plain;
  }

  void Add(size_t token, const char* rule, const char* advice) {
    findings_.push_back({tokens_[token].position, rule, advice});
  }

  bool Is(size_t token, std::string_view text) const {
    return token < tokens_.size() && tokens_[token].text == text &&
           tokens_[token].kind != Kind::kString;
  }
  bool IsBefore(size_t token, std::string_view text, size_t back = 1) const {
    return token >= back && Is(token - back, text);
  }
  // The argument list's closing bracket of the function at `token`.
  size_t ClosingOf(size_t token) const {
    return Is(token + 1, "(") ? tokens_[token + 1].partner : SqlToken::kNone;
  }
  // Whether a CAST(... AS DATE) is open around `token`.
  bool InsideCastToDate(size_t token) const {
    for (size_t i = 1; i < token; ++i) {
      const size_t close = tokens_[i].partner;
      if (!Is(i, "(") || close == SqlToken::kNone || close < token) continue;
      if (Is(i - 1, "cast") && Is(close - 1, "date") && Is(close - 2, "as")) {
        return true;
      }
    }
    return false;
  }

  void CheckToken(size_t i) {
    const SqlToken& token = tokens_[i];
    if (token.kind == Kind::kBroken) {
      Add(i, "unbalanced", "close the literal or comment");
    }
    if (token.kind == Kind::kQuoted) {
      Add(i, "quoted-identifier", "plain names only, never quoted");
    }
    if (token.text.find('\\') != std::string::npos) {
      Add(i, "backslash", "[0-9] and the like in patterns");
    }
    if (token.kind == Kind::kString && i > 0 &&
        tokens_[i - 1].kind == Kind::kWord &&
        tokens_[i - 1].position + tokens_[i - 1].text.size() ==
            token.position) {
      Add(i, "blob-literal", "unhex('AB')");
    }
  }

  void CheckWord(size_t i) {
    const std::string& word = tokens_[i].text;
    if (const WordRule* rule = FindRule(kWordRules, word)) {
      Add(i, rule->rule, rule->advice);
    }
    if (Is(i + 1, "(")) {
      if (const WordRule* rule = FindRule(kFunctionRules, word)) {
        Add(i, rule->rule, rule->advice);
      }
      CheckCall(i);
    }
    if ((word == "anti" || word == "semi") && Is(i + 1, "join")) {
      Add(i, "anti-join", "NOT EXISTS or EXISTS");
    }
    if (word == "order" && Is(i + 1, "by")) CheckOrder(i);
    if (word == "interval" && !InsideCastToDate(i)) {
      Add(i, "interval-uncast", "CAST(d + INTERVAL 1 MONTH AS DATE)");
    }
    if (word == "as") CheckAlias(i);
  }

  // Rules about one function and its arguments.
  void CheckCall(size_t i) {
    const std::string& word = tokens_[i].text;
    const bool in_cast = IsBefore(i, "(") &&
                         (IsBefore(i, "cast", 2) || IsBefore(i, "try_cast", 2));
    if (word == "sum" && !in_cast) {
      Add(i, "uncast-sum", "CAST(sum(x) AS BIGINT)");
    }
    if (word == "date_trunc" && !InsideCastToDate(i)) {
      Add(i, "date-trunc-uncast", "CAST(date_trunc('month', d) AS DATE)");
    }
    if (word == "count" && Is(i + 2, "distinct") && HasTopLevelComma(i + 1)) {
      Add(i, "count-distinct-many", "count over a distinct sub-select");
    }
    if (word == "substring" || word == "substr") CheckSubstring(i);
  }

  bool HasTopLevelComma(size_t open) const {
    const size_t close = tokens_[open].partner;
    if (close == SqlToken::kNone) return false;
    for (size_t i = open + 1; i < close; ++i) {
      if (Is(i, ",")) return true;
      if (Is(i, "(") && tokens_[i].partner != SqlToken::kNone) {
        i = tokens_[i].partner;
      }
    }
    return false;
  }

  void CheckSubstring(size_t function) {
    const size_t close = ClosingOf(function);
    if (close == SqlToken::kNone) return;
    for (size_t i = function + 2; i < close; ++i) {
      if (Is(i, "(") && tokens_[i].partner != SqlToken::kNone) {
        i = tokens_[i].partner;
      } else if (Is(i, ",")) {
        if (Is(i + 1, "0") || Is(i + 1, "-")) {
          Add(i + 1, "substring-zero", "positions start at 1");
        }
        return;
      }
    }
  }

  // Every item of an ORDER BY says where its nulls go. Not in WITHIN GROUP,
  // where nulls are left out.
  void CheckOrder(size_t order) {
    if (IsBefore(order, "(") && IsBefore(order, "group", 2)) return;
    bool has_nulls = false;
    size_t item = order + 2;
    for (size_t i = item;; ++i) {
      const bool end = EndsOrder(i);
      if (end || Is(i, ",")) {
        if (!has_nulls && item < tokens_.size()) {
          Add(item, "order-nulls", "NULLS FIRST or NULLS LAST");
        }
        if (end) return;
        has_nulls = false;
        item = i + 1;
      } else if (Is(i, "nulls")) {
        has_nulls = true;
      } else if (Is(i, "(") && tokens_[i].partner != SqlToken::kNone) {
        i = tokens_[i].partner;
      }
    }
  }

  // Whether the list of an ORDER BY ends before token `i`.
  bool EndsOrder(size_t i) const {
    constexpr std::array<std::string_view, 8> kEnds = {
        "limit", "offset", "fetch", ";", "union", "intersect", "except", ")"};
    if (i >= tokens_.size()) return true;
    if (std::any_of(kEnds.begin(), kEnds.end(),
                    [&](std::string_view end) { return Is(i, end); })) {
      return true;
    }
    // A frame; `rows` alone may be a column.
    return (Is(i, "rows") || Is(i, "range")) &&
           (Is(i + 1, "between") || Is(i + 1, "unbounded") ||
            Is(i + 1, "current"));
  }

  // AS name, but not AS type of a cast and not AS (sub-select).
  void CheckAlias(size_t as) {
    if (as + 1 >= tokens_.size() || tokens_[as + 1].kind != Kind::kWord) return;
    for (size_t i = 1; i < as; ++i) {
      const size_t close = tokens_[i].partner;
      const bool around = Is(i, "(") && close != SqlToken::kNone && close > as;
      if (around && (Is(i - 1, "cast") || Is(i - 1, "try_cast")) &&
          !HasInnerBracket(i, as)) {
        return;
      }
    }
    if (!IsPlainSqlName(tokens_[as + 1].text)) {
      Add(as + 1, "reserved-name", "another name");
    }
  }

  // Whether a bracket that opens after `open` is still open at `at`.
  bool HasInnerBracket(size_t open, size_t at) const {
    for (size_t i = open + 1; i < at; ++i) {
      if (Is(i, "(") && tokens_[i].partner != SqlToken::kNone &&
          tokens_[i].partner > at) {
        return true;
      }
    }
    return false;
  }

  void CheckSymbol(size_t i) {
    const std::string& symbol = tokens_[i].text;
    if ((symbol == "(" || symbol == ")") &&
        tokens_[i].partner == SqlToken::kNone) {
      Add(i, "unbalanced", "close the bracket");
    }
    if (symbol == ";") Add(i, "several-statements", "one statement, no end");
    if (symbol == "//") {
      Add(i, "integer-division", "CAST(floor(a / b) AS BIGINT)");
    }
    if (symbol == "::") Add(i, "forbidden-type", "CAST(x AS type)");
    if (symbol == "~") Add(i, "regexp-function", kMatch);
    if (symbol == "/") CheckDivision(i);
  }

  void CheckDivision(size_t i) {
    const bool by_number =
        i + 1 < tokens_.size() && tokens_[i + 1].kind == Kind::kNumber &&
        tokens_[i + 1].text.find_first_not_of("0.") != std::string::npos;
    if (!by_number && !Is(i + 1, "nullif")) {
      Add(i, "bare-division", "x / nullif(y, 0)");
    }
  }

  std::vector<SqlToken> tokens_;
  std::vector<SqlFinding> findings_;
};

}  // namespace

std::vector<SqlFinding> LintSql(std::string_view sql) {
  return Linter(sql).Run();
}

std::string FormatFindings(std::string_view sql,
                           const std::vector<SqlFinding>& findings) {
  std::string text;
  for (const SqlFinding& finding : findings) {
    text += absl::StrFormat("byte %d, %s: write %s; near: %s\n",
                            finding.position, finding.rule, finding.advice,
                            sql.substr(finding.position, 30));
  }
  return text;
}

}  // namespace tally::engine
