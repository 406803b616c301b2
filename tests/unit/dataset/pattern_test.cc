#include "dataset/pattern.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <regex>
#include <string>
#include <vector>

#include "status_matchers.h"

namespace tally::dataset {
namespace {

bool Matches(std::string_view pattern, std::string_view value) {
  const absl::StatusOr<Pattern> compiled = Pattern::Create(pattern);
  EXPECT_THAT(compiled, IsOk()) << pattern;
  return compiled.ok() && compiled->Matches(value);
}

TEST(Pattern, DescribesTheWholeValue) {
  EXPECT_TRUE(Matches("[A-Z][0-9]{5}", "F81026"));
  for (const char* value : {"", "F8102", "F810260", " F81026", "F81026 ",
                            "f81026", "F8102a", "81026F"}) {
    EXPECT_FALSE(Matches("[A-Z][0-9]{5}", value)) << value;
  }
}

TEST(Pattern, ChoosesGroupsAndRepeats) {
  EXPECT_TRUE(Matches("(2[A-D]|[0-9]{2})", "2A"));
  EXPECT_TRUE(Matches("(2[A-D]|[0-9]{2})", "21"));
  EXPECT_FALSE(Matches("(2[A-D]|[0-9]{2})", "2E"));
  EXPECT_TRUE(Matches("ab?c", "ac"));
  EXPECT_TRUE(Matches("a+", "aaa"));
  EXPECT_TRUE(Matches("a(bc)*d", "abcbcd"));
  EXPECT_FALSE(Matches("a{2,3}", "a"));
  EXPECT_TRUE(Matches("a{2,3}", "aaa"));
  EXPECT_FALSE(Matches("a{2,3}", "aaaa"));
  EXPECT_TRUE(Matches("[\\]\\[-]+", "]-["));
  EXPECT_TRUE(Matches("\\d{3}\\.\\d", "123.4"));
  EXPECT_FALSE(Matches("\\d{3}\\.\\d", "123x4"));
}

TEST(Pattern, NeverMatchesBytesOutsideAscii) {
  for (int byte = 128; byte < 256; ++byte) {
    EXPECT_FALSE(
        Matches("[ -~]{1,4}", std::string(1, static_cast<char>(byte))));
  }
  EXPECT_FALSE(Matches("[ -~]{1,4}", std::string("a\0b", 3)));
}

TEST(Pattern, RefusesWhatItDoesNotKnow) {
  for (const char* pattern :
       {"",    "a*",    "(a|)",    "[^a]",   "[]",    "[a",       "a]",    "(a",
        "a)",  "a{",    "a{2",     "a{3,2}", "a{65}", "a{0}",     "a{,3}", "*a",
        "a**", "a?+",   ".",       ".*",     "^a",    "a$",       "\\w",   "\\",
        "\\n", "[z-a]", "[a-\\]]", "a|",     "\n",    "\xc2\xb5", "[[a]"}) {
    EXPECT_THAT(Pattern::Create(pattern),
                StatusIs(absl::StatusCode::kInvalidArgument))
        << pattern;
  }
}

TEST(Pattern, RefusesWhatWouldGrowTooLarge) {
  EXPECT_FALSE(Pattern::Create("((((a{64}){64}){64}){64})").ok());
  EXPECT_FALSE(Pattern::Create(std::string(513, 'a')).ok());
  // A table that doubles with every repeat.
  EXPECT_FALSE(Pattern::Create("(a|b)*a(a|b){20}").ok());
  std::string deep = "a";
  for (int i = 0; i < 20; ++i) deep = "(" + deep + ")";
  EXPECT_FALSE(Pattern::Create(deep).ok());
}

TEST(Pattern, AdmitsDigitsSaysWhetherANumberFits) {
  const auto admits = [](const char* pattern) {
    return Pattern::Create(pattern)->AdmitsDigits(10);
  };
  EXPECT_TRUE(admits("[0-9]{10}"));
  EXPECT_TRUE(admits("[0-9]+"));
  EXPECT_TRUE(admits("[A-Z0-9]{3,20}"));
  EXPECT_FALSE(admits("[0-9]{9}"));
  EXPECT_FALSE(admits("[0-9]{11,18}"));
  EXPECT_FALSE(admits("[A-Z][0-9]{9}"));
  EXPECT_FALSE(admits("[0-9]{5}-[0-9]{5}"));
}

// Differential: the same language through std::regex, over all short values
// of a small alphabet.
TEST(Pattern, AgreesWithTheStandardLibrary) {
  const std::vector<std::string> patterns = {
      "a",        "ab",         "a|b",         "(a|ab)(b|ba)", "a?b?c",
      "(ab)+",    "[ab]{2,4}",  "a*b",         "(a*b*)*c",     "(a|b)*abb",
      "a{0,2}b+", "((a|b)c)?a", "[a-c][a-b]?", "a(b|c){1,2}a"};
  std::vector<std::string> values = {""};
  for (size_t begin = 0, length = 0; length < 6; ++length) {
    const size_t end = values.size();
    for (; begin < end; ++begin) {
      for (const char c : {'a', 'b', 'c'}) values.push_back(values[begin] + c);
    }
  }
  for (const std::string& pattern : patterns) {
    const auto compiled = Pattern::Create(pattern);
    ASSERT_THAT(compiled, IsOk()) << pattern;
    EXPECT_EQ(compiled->text(), pattern);
    const std::regex oracle(pattern);
    for (const std::string& value : values) {
      ASSERT_EQ(compiled->Matches(value), std::regex_match(value, oracle))
          << pattern << " on " << value;
    }
  }
}

}  // namespace
}  // namespace tally::dataset
