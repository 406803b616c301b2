#include "pseudonymiser/egress_scanner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <string>

#include "crypto/init.h"
#include "status_matchers.h"
#include "world.h"

namespace tally::pseudonymiser {
namespace {

std::string Spaced(const std::string& number, const std::string& separator) {
  return number.substr(0, 3) + separator + number.substr(3, 3) + separator +
         number.substr(6);
}

bool FindsNumber(const std::string& text) {
  const ScanResult result = ScanText(text);
  return result.pattern && !result.numbers.empty();
}

TEST(EgressScanner, FindsANumberInAllItsSpellings) {
  const std::string n = TestNumber(3);
  for (const std::string& text :
       {n, "no " + n, n + ".", "(" + n + ")", "NHS:" + n, Spaced(n, " "),
        Spaced(n, "-"), "x-" + n + "-y", "#" + Spaced(n, " ") + "#",
        n.substr(0, 1) + " " + n.substr(1), Spaced(n, "\xC2\xA0"),
        Spaced(n, "\xE2\x80\x93"), Spaced(n, "\xE2\x80\x8B"),
        "5 " + Spaced(n, "-")}) {
    EXPECT_TRUE(FindsNumber(text)) << testing::PrintToString(text.size());
  }
  std::string wide;
  std::string arabic;
  for (const char c : n) {
    wide += "\xEF\xBC";
    wide += static_cast<char>(0x90 + (c - '0'));
    arabic += "\xD9";
    arabic += static_cast<char>(0xA0 + (c - '0'));
  }
  EXPECT_TRUE(FindsNumber(wide));
  EXPECT_TRUE(FindsNumber(arabic));
}

TEST(EgressScanner, LeavesWhatIsNotBoundedOrNotANumber) {
  const std::string n = TestNumber(3);
  for (const std::string& text :
       {"1" + n, n + "1", "a" + n, n + "a", "0." + n, "12." + n, WrongNumber(3),
        Spaced(WrongNumber(3), " "), n.substr(0, 9), std::string("mmol/L"),
        n.substr(0, 3) + " " + n.substr(3, 3) + "-" + n.substr(6),
        n.substr(0, 3) + "  " + n.substr(3)}) {
    EXPECT_FALSE(FindsNumber(text)) << text;
  }
}

TEST(EgressScanner, KnowsNumbersOutsideTheIssuedRangesButCallsThemNoPattern) {
  // 5 billion is issued to nobody.
  uint32_t stem = 500'000'001;
  while (!NhsNumber::FromStem(stem)) ++stem;
  const auto digits = NhsNumber::FromStem(stem)->digits();
  const ScanResult result =
      ScanText("x " + std::string(digits.begin(), digits.end()));
  EXPECT_FALSE(result.pattern);
  ASSERT_EQ(result.numbers.size(), 1U);
}

TEST(EgressScanner, FindsMailPostcodesAndDays) {
  for (const char* text :
       {"a@b.co.uk", "write to jane.doe@nhs.net now", "SW1A 1AA", "sw1a1aa",
        "M1 1AE", "B33 8TH", "CR2 6XH", "DN55 1PT", "W1A 0AX", "12/03/1962",
        "1962-03-12", "12.03.1962", "12-3-1962", "12 Mar 1962",
        "born 12 March 1962.", "12Mar1962"}) {
    EXPECT_TRUE(ScanText(text).pattern) << text;
  }
  for (const char* text :
       {"mg/L", "10*9/L", "a@b", "@home", "x @ y", "1/2", "12/13/1962",
        "32/01/1962", "1.5.2", "2026", "12/1962", "mmHg 120/80", "B12",
        "U/L 37C", "12 Mar", "ml/min/1.73m2"}) {
    EXPECT_FALSE(ScanText(text).pattern) << text;
  }
}

TEST(EgressScanner, ScansIntegersAndCodesForWholeNumbersOnly) {
  const std::string n = TestNumber(9);
  EXPECT_TRUE(ScanInteger(std::stoll(n)).has_value());
  EXPECT_FALSE(ScanInteger(std::stoll(WrongNumber(9))).has_value());
  EXPECT_FALSE(ScanInteger(-std::stoll(n)).has_value());
  EXPECT_FALSE(ScanInteger(std::stoll(n) * 10).has_value());
  EXPECT_FALSE(ScanInteger(0).has_value());
  EXPECT_TRUE(ScanCode(n).has_value());
  EXPECT_TRUE(ScanCode(Spaced(n, " ")).has_value());
  EXPECT_FALSE(ScanCode("X" + n).has_value());
}

TEST(EgressScanner, NeverReadsBeyondAText) {
  std::mt19937 random(3);
  const std::string alphabet = "0123456789 -./@aZ\xC2\xA0\xE2\x80\x93\xF0";
  for (int round = 0; round < 20'000; ++round) {
    std::string text;
    for (size_t i = random() % 40; i > 0; --i) {
      text += alphabet[random() % alphabet.size()];
    }
    // A copy of exact size, for AddressSanitizer.
    const std::vector<char> exact(text.begin(), text.end());
    static_cast<void>(ScanText({exact.data(), exact.size()}));
  }
}

TEST(HiddenNumbers, ComparesWhenAllIsReadAndNamesTheFirstPlace) {
  ASSERT_OK(crypto::InitCrypto());
  const auto number = [](uint32_t i) {
    return *ParseNhsNumber(TestNumber(i), crypto::Environment::kTest).number;
  };
  HiddenNumbers hidden;
  PersonTable people;
  hidden.Add(number(1), 1, 20, "unit");
  hidden.Add(number(1), 0, 30, "unit");
  hidden.Add(number(1), 0, 40, "code");
  hidden.Add(number(2), 0, 1, "code");
  EXPECT_FALSE(hidden.FindIn(people).has_value());
  people.Note(number(1), [](NhsNumber) { return uint8_t{0}; });
  const auto place = hidden.FindIn(people);
  ASSERT_TRUE(place.has_value());
  EXPECT_EQ(place->file, 0U);
  EXPECT_EQ(place->line, 30U);
  EXPECT_EQ(place->column, "unit");
}

}  // namespace
}  // namespace tally::pseudonymiser
