#include "base/strings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "status_matchers.h"

namespace tally {
namespace {

std::string RandomBytes(std::mt19937& random, size_t size) {
  std::string bytes(size, '\0');
  for (char& c : bytes) c = static_cast<char>(random());
  return bytes;
}

TEST(Hex, DecodesWhatItEncodes) {
  std::mt19937 random(3);
  for (size_t size = 0; size < 100; ++size) {
    const std::string bytes = RandomBytes(random, size);
    EXPECT_THAT(HexDecode(HexEncode(AsBytes(bytes))), IsOkAndHolds(bytes));
  }
}

TEST(Hex, AcceptsOneTextForOneValue) {
  for (const char* text : {"A0", "a", "0x10", "g0", " 00", "00 ", "a\n"}) {
    EXPECT_THAT(HexDecode(text), StatusIs(absl::StatusCode::kInvalidArgument))
        << text;
  }
}

// RFC 4648, section 10.
TEST(Base64, GivesThePublishedTexts) {
  const std::vector<std::pair<std::string, std::string>> vectors = {
      {"", ""},
      {"f", "Zg=="},
      {"fo", "Zm8="},
      {"foo", "Zm9v"},
      {"foob", "Zm9vYg=="},
      {"fooba", "Zm9vYmE="},
      {"foobar", "Zm9vYmFy"}};
  for (const auto& [plain, coded] : vectors) {
    EXPECT_EQ(Base64Encode(AsBytes(plain)), coded);
    EXPECT_THAT(Base64Decode(coded), IsOkAndHolds(plain));
  }
  EXPECT_EQ(Base64Encode(AsBytes("\xfb\xff")), "+/8=");
  EXPECT_EQ(Base64UrlEncode(AsBytes("\xfb\xff")), "-_8");
}

TEST(Base64, DecodesWhatItEncodes) {
  std::mt19937 random(4);
  for (size_t size = 0; size < 100; ++size) {
    const std::string bytes = RandomBytes(random, size);
    EXPECT_THAT(Base64Decode(Base64Encode(AsBytes(bytes))),
                IsOkAndHolds(bytes));
    EXPECT_THAT(Base64UrlDecode(Base64UrlEncode(AsBytes(bytes))),
                IsOkAndHolds(bytes));
  }
}

TEST(Base64, AcceptsOneTextForOneValue) {
  for (const char* text :
       {"Zg", "Zg=", "Zh==", "Zm9=", "Zg==\n",
        "Z===", "====", "Zm9v=", "Z g=", "-_8=", "Zg==Zg==", "=Zg="}) {
    EXPECT_THAT(Base64Decode(text),
                StatusIs(absl::StatusCode::kInvalidArgument))
        << text;
  }
  for (const char* text : {"Zg==", "Zh", "Z", "+/8", "Zm9vY"}) {
    EXPECT_THAT(Base64UrlDecode(text),
                StatusIs(absl::StatusCode::kInvalidArgument))
        << text;
  }
}

// All texts of up to four characters over a small alphabet: whatever decodes
// encodes to the same text again.
TEST(Base64, EveryAcceptedShortTextReencodesToItself) {
  const std::string alphabet = "Ag/+=-_ ";
  int accepted = 0;
  for (size_t n = 0; n < 4096; ++n) {
    std::string text;
    for (size_t i = 0, rest = n; i < 4; ++i, rest /= 8) {
      text += alphabet[rest % 8];
    }
    const auto bytes = Base64Decode(text);
    if (!bytes.ok()) continue;
    ++accepted;
    EXPECT_EQ(Base64Encode(AsBytes(*bytes)), text);
  }
  EXPECT_GT(accepted, 200);
}

TEST(ParseSize, ReadsUnitsOfBothKinds) {
  EXPECT_THAT(ParseSize("64MiB"), IsOkAndHolds(67108864));
  EXPECT_THAT(ParseSize("0"), IsOkAndHolds(0));
  EXPECT_THAT(ParseSize("512"), IsOkAndHolds(512));
  EXPECT_THAT(ParseSize("512B"), IsOkAndHolds(512));
  EXPECT_THAT(ParseSize("2kB"), IsOkAndHolds(2000));
  EXPECT_THAT(ParseSize("2KiB"), IsOkAndHolds(2048));
  EXPECT_THAT(ParseSize("3MB"), IsOkAndHolds(3000000));
  EXPECT_THAT(ParseSize("20GiB"), IsOkAndHolds(21474836480));
  EXPECT_THAT(ParseSize("8388607TiB"), IsOkAndHolds(8388607 * (1LL << 40)));
}

TEST(ParseSize, RefusesEverythingElse) {
  for (const char* text :
       {"", "MiB", "-1", "1.5GiB", "1 MiB", "1mib", "1KB", "1G", "+1",
        "8388608TiB", "9223372036854775808", "1MiB ", "0x10"}) {
    EXPECT_THAT(ParseSize(text), StatusIs(absl::StatusCode::kInvalidArgument))
        << text;
  }
}

TEST(ParseDurationMs, ReadsUnitsAndRefusesTheRest) {
  EXPECT_THAT(ParseDurationMs("250ms"), IsOkAndHolds(250));
  EXPECT_THAT(ParseDurationMs("30s"), IsOkAndHolds(30000));
  EXPECT_THAT(ParseDurationMs("5m"), IsOkAndHolds(300000));
  EXPECT_THAT(ParseDurationMs("2h"), IsOkAndHolds(7200000));
  EXPECT_THAT(ParseDurationMs("7d"), IsOkAndHolds(604800000));
  for (const char* text : {"", "30", "s", "-1s", "1.5s", "1w", "1h30m",
                           "99999999999999d", "1 s"}) {
    EXPECT_FALSE(ParseDurationMs(text).ok()) << text;
  }
}

TEST(ParseInt64, AcceptsOneTextForOneValue) {
  EXPECT_THAT(ParseInt64("0"), IsOkAndHolds(0));
  EXPECT_THAT(ParseInt64("-1"), IsOkAndHolds(-1));
  EXPECT_THAT(ParseInt64("9223372036854775807"), IsOkAndHolds(INT64_MAX));
  EXPECT_THAT(ParseInt64("-9223372036854775808"), IsOkAndHolds(INT64_MIN));
  for (const char* text : {"", "-", "+1", "01", "-0", "1 ", " 1", "1.0", "1e3",
                           "9223372036854775808", "0x1", "--1"}) {
    EXPECT_FALSE(ParseInt64(text).ok()) << text;
  }
}

TEST(ParseInt64In, TakesTheEndsOfARangeAndNothingBeyond) {
  EXPECT_THAT(ParseInt64In("1", 1, 10), IsOkAndHolds(1));
  EXPECT_THAT(ParseInt64In("10", 1, 10), IsOkAndHolds(10));
  EXPECT_THAT(ParseInt64In("-9223372036854775808", INT64_MIN, -1),
              IsOkAndHolds(INT64_MIN));
  for (const char* text : {"0", "11", "-1", "9223372036854775807"}) {
    EXPECT_THAT(ParseInt64In(text, 1, 10),
                StatusIs(absl::StatusCode::kInvalidArgument,
                         "the number is not from 1 to 10"))
        << text;
  }
  EXPECT_THAT(
      ParseInt64In("01", 1, 10),
      StatusIs(absl::StatusCode::kInvalidArgument, "not a whole number"));
}

TEST(ParseDouble, TakesFiniteNumbersOnly) {
  EXPECT_THAT(ParseDouble("0.05"), IsOkAndHolds(0.05));
  EXPECT_THAT(ParseDouble("-1.5e-3"), IsOkAndHolds(-0.0015));
  for (const char* text : {"", "inf", "nan", "1e999", "1,5", "1.5 ", "0x1p3"}) {
    EXPECT_FALSE(ParseDouble(text).ok()) << text;
  }
}

TEST(Format, WritesNumbersForPeople) {
  EXPECT_EQ(FormatCount(0), "0");
  EXPECT_EQ(FormatCount(999), "999");
  EXPECT_EQ(FormatCount(1000), "1,000");
  EXPECT_EQ(FormatCount(1204511), "1,204,511");
  EXPECT_EQ(FormatCount(-1000), "-1,000");
  EXPECT_EQ(FormatCount(-999), "-999");
  EXPECT_EQ(FormatSize(0), "0 B");
  EXPECT_EQ(FormatSize(1023), "1023 B");
  EXPECT_EQ(FormatSize(64 << 20), "64.0 MiB");
  EXPECT_EQ(FormatSize((1 << 20) - 1), "1.0 MiB");
}

TEST(IsResourceId, FollowsTheRule) {
  EXPECT_TRUE(IsResourceId("a"));
  EXPECT_TRUE(IsResourceId("p2026-11-r1"));
  EXPECT_TRUE(IsResourceId(std::string(63, 'a')));
  for (const std::string& id :
       {std::string(), std::string(64, 'a'), std::string("1a"),
        std::string("-a"), std::string("A"), std::string("a_b"),
        std::string("a.b"), std::string("a/b"), std::string("a\0b", 3),
        std::string("a "), std::string("\xc3\xa9")}) {
    EXPECT_FALSE(IsResourceId(id)) << id;
  }
}

TEST(NearestMatch, FindsWhatWasMeant) {
  const std::vector<std::string> words = {"listen", "limits", "log", "hub"};
  EXPECT_EQ(NearestMatch("lisen", words), "listen");
  EXPECT_EQ(NearestMatch("limts", words), "limits");
  EXPECT_EQ(NearestMatch("LIMITS", words), "limits");
  EXPECT_EQ(NearestMatch("lgo", words), "log");
  EXPECT_EQ(NearestMatch("hbu", words), "hub");
  EXPECT_EQ(NearestMatch("catalogue", words), "");
  EXPECT_EQ(NearestMatch("", words), "");
  EXPECT_EQ(NearestMatch("x", {}), "");
}

// The bit patterns of RFC 3629, against a decoder by ranges.
bool SlowUtf8(std::string_view s) {
  const auto in = [&s](size_t i, int low, int high) {
    if (i >= s.size()) return false;
    const int byte = static_cast<unsigned char>(s[i]);
    return byte >= low && byte <= high;
  };
  for (size_t i = 0; i < s.size();) {
    if (in(i, 0, 0x7f)) {
      i += 1;
    } else if (in(i, 0xc2, 0xdf) && in(i + 1, 0x80, 0xbf)) {
      i += 2;
    } else if (((in(i, 0xe0, 0xe0) && in(i + 1, 0xa0, 0xbf)) ||
                (in(i, 0xe1, 0xec) && in(i + 1, 0x80, 0xbf)) ||
                (in(i, 0xed, 0xed) && in(i + 1, 0x80, 0x9f)) ||
                (in(i, 0xee, 0xef) && in(i + 1, 0x80, 0xbf))) &&
               in(i + 2, 0x80, 0xbf)) {
      i += 3;
    } else if (((in(i, 0xf0, 0xf0) && in(i + 1, 0x90, 0xbf)) ||
                (in(i, 0xf1, 0xf3) && in(i + 1, 0x80, 0xbf)) ||
                (in(i, 0xf4, 0xf4) && in(i + 1, 0x80, 0x8f))) &&
               in(i + 2, 0x80, 0xbf) && in(i + 3, 0x80, 0xbf)) {
      i += 4;
    } else {
      return false;
    }
  }
  return true;
}

TEST(IsValidUtf8, AgreesWithTheTableOfTheStandard) {
  // All pairs, and all triples and quadruples over the bytes at the edges.
  for (int a = 0; a < 256; ++a) {
    for (int b = 0; b < 256; ++b) {
      const std::string text = {static_cast<char>(a), static_cast<char>(b)};
      ASSERT_EQ(IsValidUtf8(text), SlowUtf8(text)) << a << " " << b;
    }
  }
  const std::vector<int> edges = {
      0x41, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc1, 0xc2, 0xdf,
      0xe0, 0xe1, 0xec, 0xed, 0xee, 0xef, 0xf0, 0xf1, 0xf3, 0xf4, 0xf5, 0xff};
  for (int a : edges) {
    for (int b : edges) {
      for (int c : edges) {
        std::string text = {static_cast<char>(a), static_cast<char>(b),
                            static_cast<char>(c)};
        ASSERT_EQ(IsValidUtf8(text), SlowUtf8(text));
        for (int d : edges) {
          const std::string four = text + static_cast<char>(d);
          ASSERT_EQ(IsValidUtf8(four), SlowUtf8(four));
        }
      }
    }
  }
}

TEST(Views, ConvertBothWays) {
  const std::string text = "abc";
  EXPECT_EQ(ToStd(ToAbsl(text)), text);
  EXPECT_EQ(JoinText(std::vector<std::string>{"", "b", "c"}, ", "), ", b, c");
  EXPECT_EQ(JoinText({}, ", "), "");
}

}  // namespace
}  // namespace tally
