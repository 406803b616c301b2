// Texts to values, derivations, keys made anew.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "crypto/init.h"
#include "derivation.h"
#include "rekey.h"
#include "shared_codes.h"
#include "status_matchers.h"
#include "text_cache.h"
#include "text_tools.h"
#include "value_reader.h"

namespace tally::pseudonymiser {
namespace {

using dataset::DerivationInput;

CivilDay Day(int y, int m, int d) { return *CivilDay::Create(y, m, d); }

TEST(ValueReader, ReadsTimesStrictly) {
  EXPECT_EQ(ReadTime("00:00"), 0);
  EXPECT_EQ(ReadTime("23:59"), 1439);
  EXPECT_EQ(ReadTime("23:59:59"), 1439);
  EXPECT_EQ(ReadTime("23:59:59.123"), 1439);
  EXPECT_EQ(ReadTime("2359"), 1439);
  for (const char* text : {"", "24:00", "12:60", "1:30", "12:30:", "12:30:60",
                           "12:30:10.", "123", "12:3", "12-30", "12:30x"}) {
    EXPECT_FALSE(ReadTime(text).has_value()) << text;
  }
}

TEST(ValueReader, ReadsStampsByTheDatePartOfTheFormat) {
  const DateReader plain("%d/%m/%Y");
  EXPECT_EQ(plain.Stamp("05/11/2026 13:45")->minute, 13 * 60 + 45);
  EXPECT_EQ(plain.Stamp("05/11/2026T13:45:10")->day, Day(2026, 11, 5));
  EXPECT_FALSE(plain.Stamp("05/11/2026").has_value());
  EXPECT_FALSE(plain.Stamp("2026-11-05 13:45").has_value());
  const DateReader with_time("%Y-%m-%d %H:%M:%S");
  EXPECT_EQ(*with_time.Day("2026-11-05 13:45:10"), Day(2026, 11, 5));
  EXPECT_EQ(with_time.Stamp("2026-11-05 13:45:10")->minute, 13 * 60 + 45);
}

TEST(ValueReader, ReadsNumbersStrictly) {
  EXPECT_EQ(ReadInteger("-12"), -12);
  EXPECT_EQ(ReadInteger("+12"), 12);
  EXPECT_EQ(ReadInteger("007"), 7);
  for (const char* text : {"", "+", "-", "+-1", "1.0", "1e3", "1 ", " 1", "0x1",
                           "9223372036854775808", "\xEF\xBC\x91"}) {
    EXPECT_FALSE(ReadInteger(text).has_value()) << text;
  }
  EXPECT_EQ(ReadDouble("7.50"), 7.5);
  EXPECT_EQ(ReadDouble("1e3"), 1000);
  EXPECT_FALSE(std::signbit(*ReadDouble("-0")));
  for (const char* text : {"", "nan", "inf", "1,5", "1.5x", "+-1", "1e999"}) {
    EXPECT_FALSE(ReadDouble(text).has_value()) << text;
  }
  EXPECT_EQ(ReadBool("Y"), true);
  EXPECT_EQ(ReadBool("False"), false);
  EXPECT_FALSE(ReadBool("maybe").has_value());
}

// The strict forms again, by the library's own functions.
std::optional<int64_t> SlowInteger(std::string text) {
  if (!text.empty() && text[0] == '+') {
    text.erase(0, 1);
    if (!text.empty() && text[0] == '-') return std::nullopt;
  }
  int64_t value = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || stop != end) return std::nullopt;
  return value;
}

std::optional<double> SlowDouble(std::string text) {
  if (!text.empty() && text[0] == '+') {
    text.erase(0, 1);
    if (!text.empty() && text[0] == '-') return std::nullopt;
  }
  double value = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || stop != end || !std::isfinite(value)) {
    return std::nullopt;
  }
  return value == 0 ? 0.0 : value;
}

TEST(ValueReader, AgreesWithTheLibraryOnNumbersOfEveryLength) {
  std::mt19937_64 random(20261123);
  const std::string_view alphabet = "0123456789.-+e/:";
  for (int round = 0; round < 200'000; ++round) {
    // Mostly digits, sometimes one or two other characters, up to 24 of them.
    std::string text(random() % 25, '0');
    for (char& c : text) c = alphabet[random() % 10];
    for (uint64_t others = random() % 3; others > 0 && !text.empty();
         --others) {
      text[random() % text.size()] = alphabet[random() % alphabet.size()];
    }
    ASSERT_EQ(ReadInteger(text), SlowInteger(text)) << text;
    const std::optional<double> value = ReadDouble(text);
    const std::optional<double> expected = SlowDouble(text);
    ASSERT_EQ(value.has_value(), expected.has_value()) << text;
    if (!value) continue;
    ASSERT_EQ(std::bit_cast<uint64_t>(*value),
              std::bit_cast<uint64_t>(*expected))
        << text;
  }
}

TEST(ValueReader, KnowsNullMarkersOfAnyLength) {
  const std::string marker(80, 'x');
  const NullMarkers markers({"NULL", "&", marker});
  EXPECT_TRUE(markers.IsNull(""));
  EXPECT_TRUE(markers.IsNull("NULL"));
  EXPECT_TRUE(markers.IsNull("&"));
  EXPECT_TRUE(markers.IsNull(marker));
  EXPECT_FALSE(markers.IsNull("null"));
  EXPECT_FALSE(markers.IsNull("NUL"));
  EXPECT_FALSE(markers.IsNull(marker + "x"));
  EXPECT_FALSE(NullMarkers({}).IsNull("x"));
}

TEST(TextTools, CutEveryKindOfWhiteSpaceAndNothingElse) {
  for (int i = 0; i < 256; ++i) {
    const char c = static_cast<char>(i);
    const std::string text = std::string(1, c) + "a" + c;
    EXPECT_EQ(Trim(text), IsBlank(c) ? "a" : text) << i;
  }
}

TEST(TextTools, CutWhiteSpaceAround) {
  EXPECT_EQ(Trim(" \t a b\r\n"), "a b");
  EXPECT_EQ(Trim("   "), "");
  EXPECT_EQ(Trim(""), "");
  EXPECT_EQ(AddressKey(" 1  High\tstreet "), "1 HIGH STREET");
}

TEST(Derivation, AgeIsOnePerFinancialYearHeldTo90) {
  const DateReader dates("%Y-%m-%d");
  const auto age = [&](const char* birth, CivilDay event) {
    return AgeInFinancialYear(birth, DerivationInput::kDateOfBirth, event,
                              dates);
  };
  // Either side of a birthday, of new year and of 1 April.
  EXPECT_EQ(age("1962-07-10", Day(2026, 7, 9)), 64);
  EXPECT_EQ(age("1962-07-10", Day(2026, 7, 11)), 64);
  EXPECT_EQ(age("1962-07-10", Day(2026, 12, 31)), 64);
  EXPECT_EQ(age("1962-07-10", Day(2027, 3, 31)), 64);
  EXPECT_EQ(age("1962-07-10", Day(2027, 4, 1)), 65);
  EXPECT_EQ(age("1900-01-01", Day(2026, 7, 9)), 90);
  EXPECT_EQ(age("2027-01-01", Day(2027, 2, 1)), 0);
  EXPECT_FALSE(age("10/07/1962", Day(2026, 7, 9)).has_value());
  for (int code = 7001; code <= 7007; ++code) {
    EXPECT_EQ(AgeInFinancialYear(std::to_string(code), DerivationInput::kAge,
                                 Day(2026, 7, 9), dates),
              0);
  }
  EXPECT_EQ(
      AgeInFinancialYear("28.0", DerivationInput::kAge, Day(2026, 7, 9), dates),
      28);
  EXPECT_FALSE(
      AgeInFinancialYear("131", DerivationInput::kAge, Day(2026, 7, 9), dates)
          .has_value());
}

TEST(Derivation, BirthYearsComeFromDaysMonthsAndYears) {
  const DateReader dates("%d/%m/%Y");
  EXPECT_EQ(ReadBirthYear("29/02/1960", DerivationInput::kDateOfBirth, dates),
            1960);
  EXPECT_EQ(ReadBirthYear("031962", DerivationInput::kDateOfBirth, dates),
            1962);
  EXPECT_EQ(ReadBirthYear("1962", DerivationInput::kYearOfBirth, dates), 1962);
  EXPECT_EQ(ReadBirthYear("1962", DerivationInput::kAny, dates), 1962);
  EXPECT_FALSE(
      ReadBirthYear("29/02/1961", DerivationInput::kAny, dates).has_value());
  EXPECT_FALSE(
      ReadBirthYear("131962", DerivationInput::kAny, dates).has_value());
  EXPECT_EQ(CapBirthYear(1920, 2026), 1936);
  EXPECT_EQ(CapBirthYear(1936, 2026), 1936);
  EXPECT_EQ(CapBirthYear(1990, 2026), 1990);
}

TEST(Derivation, DiagnosesLoseDotFillerAndMarks) {
  const std::pair<const char*, const char*> cases[] = {
      {"I10X", "I10"},   {"i25.1", "I251"}, {"I251 D", "I251"},
      {"G590A", "G590"}, {"R69X", "R69"},   {"R69", "R69"},
      {"E11.9", "E119"}, {"I10-", "I10"},   {"M8005", "M800"},
      {"A00XA", "A00"}};
  for (const auto& [from, to] : cases) {
    EXPECT_EQ(NormaliseIcd10(from), to) << from;
  }
  for (const char* text : {"", "I1", "110", "IX0", "I10?", "I10ABCDE", "&"}) {
    EXPECT_FALSE(NormaliseIcd10(text).has_value()) << text;
  }
  EXPECT_TRUE(IsLsoa21("E01990001"));
  EXPECT_FALSE(IsLsoa21("E02990001"));
  EXPECT_FALSE(IsLsoa21("ZZ99 1AAA"));
}

TEST(Rekey, StaysInItsRangeAndIsConsistent) {
  ASSERT_OK(crypto::InitCrypto());
  const Rekey rekey;
  const Rekey other;
  std::set<int64_t> seen;
  for (int i = 0; i < 10'000; ++i) {
    const std::string key = std::to_string(i);
    const int64_t a = rekey.Number("spell_id", key, 10'000'000'000, INT64_MAX);
    EXPECT_GE(a, 10'000'000'000);
    EXPECT_EQ(a, rekey.Number("spell_id", key, 10'000'000'000, INT64_MAX));
    EXPECT_NE(a, other.Number("spell_id", key, 10'000'000'000, INT64_MAX));
    EXPECT_NE(a, rekey.Number("episode_id", key, 10'000'000'000, INT64_MAX));
    seen.insert(a);
    const int64_t small = rekey.Number("x", key, -5, 5);
    EXPECT_GE(small, -5);
    EXPECT_LE(small, 5);
  }
  EXPECT_EQ(seen.size(), 10'000U);
  rekey.Number("x", "1", INT64_MIN, INT64_MAX);
}

TEST(ShortText, TellsTextsApartThatDifferInOneByteOrInLength) {
  for (size_t size = 0; size <= ShortText::kMaxText; ++size) {
    std::string text(size, '\0');
    for (size_t i = 0; i < size; ++i) text[i] = static_cast<char>('a' + i);
    const auto key = ShortText::Of(text);
    ASSERT_TRUE(key.has_value());
    EXPECT_EQ(*key, *ShortText::Of(std::string(text)));
    EXPECT_NE(*key, ShortText::None());
    for (size_t i = 0; i < size; ++i) {
      std::string other = text;
      other[i] = '\0';
      EXPECT_NE(*key, *ShortText::Of(other)) << size << " " << i;
    }
    if (size < ShortText::kMaxText) {
      EXPECT_NE(*key, *ShortText::Of(text + '\0'));
      EXPECT_NE(*key, *ShortText::Of(text + 'a'));
    }
  }
  const std::string longer(ShortText::kMaxText + 1, 'a');
  EXPECT_FALSE(ShortText::Of(longer).has_value());
}

TEST(ShortText, IsEqualForNoTwoTextsOfASmallAlphabet) {
  std::set<std::string> texts = {""};
  for (int length = 0; length < 6; ++length) {
    std::set<std::string> longer = texts;
    for (const std::string& text : texts) {
      for (const char c : {'a', 'b', '\0'}) longer.insert(text + c);
    }
    texts = std::move(longer);
  }
  std::vector<std::pair<ShortText, const std::string*>> keys;
  for (const std::string& text : texts) {
    for (const auto& [key, known] : keys) {
      ASSERT_FALSE(key == *ShortText::Of(text)) << text << " " << *known;
    }
    keys.emplace_back(*ShortText::Of(text), &text);
  }
}

TEST(TextCache, NeverGivesTheValueOfAnotherText) {
  TextCache<uint32_t> cache(16);  // small: texts push each other out
  std::mt19937 random(9);
  int hits = 0;
  for (int i = 0; i < 50'000; ++i) {
    const uint32_t number = random() % 200;
    std::string text(number % 30, static_cast<char>('a' + number % 26));
    text += std::to_string(number);
    if (const uint32_t* known = cache.Find(text)) {
      ASSERT_EQ(*known, number);
      ++hits;
    }
    cache.Put(text, number);
  }
  EXPECT_GT(hits, 100);
}

TEST(SharedCodes, NumbersCodesOnceAndSaysWhenItIsFull) {
  SharedCodes codes;
  EXPECT_EQ(codes.Intern("A"), 0U);
  EXPECT_EQ(codes.Intern("B"), 1U);
  EXPECT_EQ(codes.Intern("A"), 0U);
  EXPECT_EQ(codes.value(1), "B");
  for (size_t i = 2; i < SharedCodes::kMaxCodes; ++i) {
    codes.Intern("code" + std::to_string(i));
  }
  EXPECT_EQ(codes.size(), SharedCodes::kMaxCodes);
  EXPECT_EQ(codes.Intern("one more"), SharedCodes::kFull);
  EXPECT_EQ(codes.Intern("B"), 1U);
}

TEST(SharedCodes, GivesACodeOneNumberInAnyNumberOfThreads) {
  constexpr uint32_t kDistinct = 3000;
  // No common divisor with kDistinct.
  constexpr std::array<uint32_t, 4> kSteps = {1, 7, 11, 2999};
  SharedCodes codes;
  std::vector<std::thread> threads;
  for (uint32_t t = 0; t < kSteps.size(); ++t) {
    threads.emplace_back([&, t] {
      for (uint32_t i = 0; i < 2 * kDistinct; ++i) {
        // Each thread in an order of its own, every code twice.
        const uint32_t code = (i * kSteps[t] + t) % kDistinct;
        const std::string text = "code" + std::to_string(code);
        const uint32_t number = codes.Intern(text);
        EXPECT_EQ(codes.value(number), text);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(codes.size(), kDistinct);
  std::set<std::string_view> texts;
  for (uint32_t i = 0; i < codes.size(); ++i) texts.insert(codes.value(i));
  EXPECT_EQ(texts.size(), codes.size());
}

}  // namespace
}  // namespace tally::pseudonymiser
