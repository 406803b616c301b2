#include "base/json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>
#include <string>

#include "status_matchers.h"

namespace tally {
namespace {

using testing::HasSubstr;

std::string RandomText(std::mt19937_64& random, bool any_character) {
  static constexpr std::string_view kPieces[] = {"a",
                                                 "Z",
                                                 "0",
                                                 " ",
                                                 "\"",
                                                 "\\",
                                                 "/",
                                                 "\n",
                                                 "\t",
                                                 "\r",
                                                 "\b",
                                                 "\f",
                                                 "\x01",
                                                 "\x1f",
                                                 "\x7f",
                                                 "\xc3\xa9",
                                                 "\xe2\x82\xac",
                                                 "\xf0\x9f\x98\x80",
                                                 "<",
                                                 ">",
                                                 "&",
                                                 "\xed\x9f\xbf",
                                                 "\xee\x80\x80",
                                                 "\xef\xbf\xbf"};
  std::string text;
  const size_t length = random() % 8;
  for (size_t i = 0; i < length; ++i) {
    text += any_character ? kPieces[random() % std::size(kPieces)] : "k";
  }
  return text;
}

JsonValue RandomValue(std::mt19937_64& random, int depth, bool canonical) {
  const uint64_t kind = random() % (depth > 0 ? 7 : 5);
  switch (kind) {
    case 0:
      return JsonValue(static_cast<int64_t>(random()));
    case 1:
      return JsonValue(RandomText(random, true));
    case 2:
      if (canonical) return JsonValue(static_cast<int64_t>(random() % 100));
      return JsonValue(static_cast<double>(random()) / 1e7);
    case 3:
      if (canonical) return JsonValue("");
      return JsonValue(random() % 2 == 0);
    case 4:
      if (canonical) return JsonValue(0);
      return JsonValue();
    case 5: {
      JsonValue array = JsonValue::MakeArray();
      for (uint64_t i = random() % 4; i > 0; --i) {
        array.Append(RandomValue(random, depth - 1, canonical));
      }
      return array;
    }
    default: {
      JsonValue object = JsonValue::MakeObject();
      for (uint64_t i = random() % 4; i > 0; --i) {
        object.Set(RandomText(random, true),
                   RandomValue(random, depth - 1, canonical));
      }
      return object;
    }
  }
}

TEST(Json, ReadsBackEveryValueItWrites) {
  std::mt19937_64 random(5);
  for (int i = 0; i < 5000; ++i) {
    const JsonValue value = RandomValue(random, 4, false);
    EXPECT_THAT(ParseJson(value.Dump(), 8), IsOkAndHolds(value));
    EXPECT_THAT(ParseJson(value.DumpPretty(), 8), IsOkAndHolds(value));
  }
}

TEST(CanonicalJson, ReencodesToTheSameBytes) {
  std::mt19937_64 random(6);
  for (int i = 0; i < 5000; ++i) {
    const JsonValue value = RandomValue(random, 4, true);
    const std::string text = DumpCanonicalJson(value);
    ASSERT_OK_AND_ASSIGN(const JsonValue read,
                         ParseCanonicalJson(text, 1 << 20, 8));
    EXPECT_EQ(DumpCanonicalJson(read), text);
    EXPECT_EQ(read, value);
  }
}

// One change of one byte is refused, or it is another canonical document; never
// the same value from another text.
TEST(CanonicalJson, OneValueHasOneText) {
  std::mt19937_64 random(7);
  for (int i = 0; i < 300; ++i) {
    const JsonValue value = RandomValue(random, 3, true);
    const std::string text = DumpCanonicalJson(value);
    for (int j = 0; j < 40; ++j) {
      std::string changed = text;
      changed[random() % changed.size()] = static_cast<char>(random() % 128);
      if (changed == text) continue;
      const auto read = ParseCanonicalJson(changed, 1 << 20, 8);
      if (read.ok()) {
        EXPECT_NE(*read, value) << changed;
      }
    }
  }
}

TEST(CanonicalJson, RefusesEveryOtherSpelling) {
  for (const char* text : {"{\"a\":1}",
                           "{\"a\":1}\n\n",
                           " {\"a\":1}\n",
                           "{\"a\": 1}\n",
                           "{\"b\":1,\"a\":2}\n",
                           "{\"a\":1,\"a\":1}\n",
                           "{\"a\":1.0}\n",
                           "{\"a\":1e2}\n",
                           "{\"a\":true}\n",
                           "{\"a\":null}\n",
                           "{\"a\":-0}\n",
                           "{\"a\":\"\\u0041\"}\n",
                           "{\"a\":\"\\/\"}\n",
                           "{\"a\":\"\\u00E9\"}\n",
                           "{\"a\":\"\xc3\xa9\"}\n",
                           "{\"a\":01}\n",
                           "{\"a\":1}\r\n",
                           "\n",
                           "",
                           "[1,]\n",
                           "{\"a\":99999999999999999999}\n",
                           "1\n2\n",
                           "\xef\xbb\xbf{}\n"}) {
    EXPECT_FALSE(ParseCanonicalJson(text, 1000, 4).ok()) << text;
  }
  EXPECT_OK(ParseCanonicalJson("{\"a\":[1,\"x\",{}]}\n", 1000, 4));
}

TEST(CanonicalJson, KeepsToItsLimits) {
  const std::string text = "{\"a\":[[[1]]]}\n";
  const auto size = static_cast<int64_t>(text.size());
  EXPECT_OK(ParseCanonicalJson(text, size, 4));
  EXPECT_FALSE(ParseCanonicalJson(text, size - 1, 4).ok());
  EXPECT_FALSE(ParseCanonicalJson(text, size, 3).ok());
}

TEST(CanonicalJsonDeathTest, IsNotWrittenFromOtherKinds) {
  EXPECT_DEATH(DumpCanonicalJson(JsonValue(true)), "check failed");
  EXPECT_DEATH(DumpCanonicalJson(JsonValue(1.5)), "check failed");
  EXPECT_DEATH(JsonValue("\xff").Dump(), "check failed");
}

TEST(Json, WritesAsciiWithSortedKeys) {
  JsonValue value;
  value.Set("b", JsonValue("\xf0\x9f\x98\x80\xc3\xa9\x7f\n"));
  value.Set("a", JsonValue(JsonValue::Array{1, 2.5, true, JsonValue()}));
  EXPECT_EQ(value.Dump(),
            "{\"a\":[1,2.5,true,null],\"b\":\"\\ud83d\\ude00\\u00e9\\u007f"
            "\\n\"}");
  EXPECT_EQ(JsonValue(2.0).Dump(), "2.0");
  EXPECT_EQ(JsonValue(1e300).Dump(), "1e+300");
}

TEST(Json, PrettyPrintsWithTwoSpaces) {
  JsonValue value;
  value.Set("a", JsonValue::MakeArray());
  value.Set("b", JsonValue(JsonValue::Array{1}));
  EXPECT_EQ(value.DumpPretty(), "{\n  \"a\": [],\n  \"b\": [\n    1\n  ]\n}");
}

TEST(Json, NamesLineAndColumnButNeverTheText) {
  const auto value = ParseJson("{\n \"a\": 1,\n \"nhs\": 9434765919x }", 4);
  EXPECT_THAT(
      value, StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("line 3")));
  EXPECT_THAT(std::string(value.status().message()),
              testing::Not(HasSubstr("9434")));
}

TEST(Json, RefusesWhatIsAmbiguousOrOutOfRange) {
  for (const char* text : {"",
                           " ",
                           "{",
                           "[1,]",
                           "{\"a\":1,\"a\":2}",
                           "[1] x",
                           "nul",
                           "'a'",
                           "\"\xff\"",
                           "\"\\ud800\"",
                           "\"\x01\"",
                           "1e999",
                           "18446744073709551615",
                           "9223372036854775808",
                           "123456789012345678901234567890",
                           "+1",
                           ".5",
                           "NaN",
                           "[1 2]",
                           "// c\n1",
                           "\xef\xbb\xbf"
                           "1",
                           "{a:1}",
                           "[[[[[1]]]]]"}) {
    EXPECT_FALSE(ParseJson(text, 4).ok()) << text;
  }
  EXPECT_THAT(ParseJson("9223372036854775807", 0),
              IsOkAndHolds(JsonValue(INT64_MAX)));
  EXPECT_THAT(ParseJson("-9223372036854775808", 0),
              IsOkAndHolds(JsonValue(INT64_MIN)));
  EXPECT_OK(ParseJson("[[[[1]]]]", 4));
}

TEST(Json, SurvivesDeepNesting) {
  const std::string deep(1000000, '[');
  EXPECT_FALSE(ParseJson(deep, 64).ok());
}

TEST(Json, GivesMembersByType) {
  ASSERT_OK_AND_ASSIGN(
      const JsonValue value,
      ParseJson(R"({"t":"x","i":3,"d":1.5,"b":true,"a":[1],"o":{}})", 2));
  EXPECT_THAT(value.GetString("t"), IsOkAndHolds("x"));
  EXPECT_THAT(value.GetInt("i"), IsOkAndHolds(3));
  EXPECT_THAT(value.GetDouble("i"), IsOkAndHolds(3.0));
  EXPECT_THAT(value.GetDouble("d"), IsOkAndHolds(1.5));
  EXPECT_THAT(value.GetBool("b"), IsOkAndHolds(true));
  EXPECT_OK(value.GetArray("a"));
  EXPECT_OK(value.GetObject("o"));
  EXPECT_THAT(value.GetInt("t"),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("\"t\"")));
  EXPECT_FALSE(value.GetInt("d").ok());
  EXPECT_FALSE(value.GetString("none").ok());
  EXPECT_EQ(value.Find("none"), nullptr);
  EXPECT_EQ(JsonValue(1).Find("x"), nullptr);
}

TEST(Json, TakesTheEndsOfARangeAndNothingBeyond) {
  ASSERT_OK_AND_ASSIGN(const JsonValue value,
                       ParseJson(R"({"low":1,"high":10,"text":"5"})", 2));
  EXPECT_THAT(value.GetInt("low", 1, 10), IsOkAndHolds(1));
  EXPECT_THAT(value.GetInt("high", 1, 10), IsOkAndHolds(10));
  for (const char* key : {"low", "text", "none"}) {
    EXPECT_THAT(value.GetInt(key, 2, 10),
                StatusIs(absl::StatusCode::kInvalidArgument,
                         HasSubstr("an integer from 2 to 10")))
        << key;
  }
  EXPECT_FALSE(value.GetInt("high", -5, 9).ok());
}

TEST(Json, NamesMembersThatAreNotKnown) {
  ASSERT_OK_AND_ASSIGN(const JsonValue value,
                       ParseJson(R"({"a":1,"extra":2})", 2));
  EXPECT_OK(value.OnlyKeys({"a", "extra", "more"}));
  EXPECT_THAT(value.OnlyKeys({"a"}),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("extra")));
  EXPECT_FALSE(JsonValue(1).OnlyKeys({}).ok());
}

}  // namespace
}  // namespace tally
