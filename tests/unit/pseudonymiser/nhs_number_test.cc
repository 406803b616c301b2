#include "pseudonymiser/nhs_number.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <sstream>
#include <string>
#include <type_traits>
#include <vector>

#include "absl/strings/str_format.h"
#include "base/files.h"
#include "crypto/source_key.h"
#include "status_matchers.h"
#include "text_source.h"

namespace tally::pseudonymiser {
namespace {

using crypto::Environment;
using dataset::RowReason;

std::string TextOf(NhsNumber number) {
  const NhsNumber::Digits digits = number.digits();
  return std::string(digits.begin(), digits.end());
}

std::string ReasonText(RowReason reason) {
  return reason == RowReason::kNone
             ? "OK"
             : std::string(dataset::RowReasonName(reason));
}

// A check digit worked out as the definition says it.
int SlowCheckDigit(const std::string& nine) {
  int sum = 0;
  for (int i = 0; i < 9; ++i) sum += (nine[i] - '0') * (10 - i);
  const int digit = 11 - sum % 11;
  return digit == 11 ? 0 : digit;
}

TEST(NhsNumber, AgreesWithThePublishedVectorsInEveryEnvironment) {
  ASSERT_OK_AND_ASSIGN(
      const std::string text,
      ReadFile(TALLY_SOURCE_DIR "/tests/vectors/nhs_number.csv", 1 << 20));
  TextSource source(text);
  CsvReader reader("nhs_number.csv", source);
  CsvBlock block;
  ASSERT_THAT(reader.Next(&block), IsOkAndHolds(true));
  size_t checked = 0;
  for (const CsvRecord& record : block.records().subspan(1)) {
    ASSERT_EQ(record.field_count, 7U);
    const std::string_view number = block.field(record, 0);
    EXPECT_EQ(
        ReasonText(ParseNhsNumber(number, Environment::kProduction).reason),
        block.field(record, 5))
        << number;
    for (const Environment environment :
         {Environment::kExample, Environment::kTest}) {
      EXPECT_EQ(ReasonText(ParseNhsNumber(number, environment).reason),
                block.field(record, 6))
          << number;
    }
    ++checked;
  }
  EXPECT_GE(checked, 29U);
}

TEST(NhsNumber, TakesThreeFormsAndNothingElse) {
  for (const char* text : {"9434765919", "943 476 5919", "943-476-5919"}) {
    const auto result = ParseNhsNumber(text, Environment::kTest);
    EXPECT_EQ(result.reason, RowReason::kNone) << text;
    ASSERT_TRUE(result.number.has_value());
    EXPECT_EQ(TextOf(*result.number), "9434765919");
  }
  for (const char* text :
       {"943 476-5919", "943476 5919", "943476591", "94347659190", "943476591X",
        "9.434765919E9", "9434765919.0", " 9434765919", "943  476 5919",
        "943\xC2\xA0"
        "476\xC2\xA0"
        "5919",
        "\xEF\xBC\x99"
        "434765919",
        "943\xE2\x80\x8B"
        "4765919",
        "+434765919", "-434765919", "943_476_5919"}) {
    const auto result = ParseNhsNumber(text, Environment::kTest);
    EXPECT_EQ(result.reason, RowReason::kNhsNumberFormat) << text;
    EXPECT_FALSE(result.number.has_value());
  }
  EXPECT_EQ(ParseNhsNumber("", Environment::kTest).reason,
            RowReason::kNhsNumberMissing);
}

TEST(NhsNumber, AcceptsExactlyOneOfTheTenLastDigitsOfAStem) {
  std::mt19937 random(7);
  for (int i = 0; i < 2000; ++i) {
    // Neither canaries nor ten equal digits: 900 to 998.
    const std::string stem =
        absl::StrFormat("9%02d%06d", random() % 99, random() % 1'000'000);
    if (stem == "999999999") continue;
    const int digit = SlowCheckDigit(stem);
    int accepted = 0;
    for (int last = 0; last < 10; ++last) {
      const auto result =
          ParseNhsNumber(stem + std::to_string(last), Environment::kExample);
      if (result.reason == RowReason::kNone) {
        ++accepted;
        EXPECT_EQ(last, digit);
        EXPECT_TRUE(result.number.has_value());
      } else {
        EXPECT_EQ(result.reason, RowReason::kNhsNumberCheckDigit);
        EXPECT_FALSE(result.number.has_value());
      }
    }
    EXPECT_EQ(accepted, digit == 10 ? 0 : 1) << stem;
  }
}

TEST(NhsNumber, GivesRangesBeforeTheCheckDigit) {
  struct Edge {
    const char* number;
    RowReason production;
    RowReason test;
  };
  // Each with a wrong check digit, so that no real number is in this file.
  const Edge edges[] = {
      {"0009999999", RowReason::kNhsNumberRangeNotIssued,
       RowReason::kNhsNumberRangeNotIssued},
      {"0010000000", RowReason::kNhsNumberRangeChi,
       RowReason::kNhsNumberRangeChi},
      {"3112999999", RowReason::kNhsNumberRangeChi,
       RowReason::kNhsNumberRangeChi},
      {"3113000000", RowReason::kNhsNumberRangeNotIssued,
       RowReason::kNhsNumberRangeNotIssued},
      {"3199999999", RowReason::kNhsNumberRangeNotIssued,
       RowReason::kNhsNumberRangeNotIssued},
      {"3200000000", RowReason::kNhsNumberRangeHc,
       RowReason::kNhsNumberRangeHc},
      {"3999999999", RowReason::kNhsNumberRangeHc,
       RowReason::kNhsNumberRangeHc},
      {"4000000000", RowReason::kNhsNumberCheckDigit,
       RowReason::kNhsNumberRangeLive},
      {"4999999999", RowReason::kNhsNumberCheckDigit,
       RowReason::kNhsNumberRangeLive},
      {"5000000000", RowReason::kNhsNumberRangeNotIssued,
       RowReason::kNhsNumberRangeNotIssued},
      {"5999999999", RowReason::kNhsNumberRangeNotIssued,
       RowReason::kNhsNumberRangeNotIssued},
      {"6000000000", RowReason::kNhsNumberCheckDigit,
       RowReason::kNhsNumberRangeLive},
      {"7999999999", RowReason::kNhsNumberCheckDigit,
       RowReason::kNhsNumberRangeLive},
      {"8000000000", RowReason::kNhsNumberRangeIhi,
       RowReason::kNhsNumberRangeIhi},
      {"8599999999", RowReason::kNhsNumberRangeIhi,
       RowReason::kNhsNumberRangeIhi},
      {"8600000000", RowReason::kNhsNumberRangeNotIssued,
       RowReason::kNhsNumberRangeNotIssued},
      {"8999999999", RowReason::kNhsNumberRangeNotIssued,
       RowReason::kNhsNumberRangeNotIssued},
      {"9000000000", RowReason::kNhsNumberRangeTest,
       RowReason::kNhsNumberCheckDigit},
  };
  for (const Edge& edge : edges) {
    EXPECT_EQ(ParseNhsNumber(edge.number, Environment::kProduction).reason,
              edge.production)
        << edge.number;
    EXPECT_EQ(ParseNhsNumber(edge.number, Environment::kTest).reason, edge.test)
        << edge.number;
  }
}

TEST(NhsNumber, RefusesTheCanariesThatCryptoUsesEverywhere) {
  std::vector<uint32_t> stems;
  for (const std::string_view canary : crypto::CanaryNumbers()) {
    for (const Environment environment :
         {Environment::kExample, Environment::kTest,
          Environment::kProduction}) {
      EXPECT_EQ(ParseNhsNumber(canary, environment).reason,
                RowReason::kNhsNumberCanary);
    }
    stems.push_back(ParseNhsNumber(canary, Environment::kTest).number->stem());
  }
  EXPECT_THAT(CanaryStems(), testing::ElementsAreArray(stems));
}

TEST(NhsNumber, KeepsTheNumberOfOtherRangesForTheScanners) {
  // Made here, so that no valid number outside 9xx stands in a file.
  const std::string stem = "010100000";
  const auto result = ParseNhsNumber(
      stem + std::to_string(SlowCheckDigit(stem)), Environment::kProduction);
  EXPECT_EQ(result.reason, RowReason::kNhsNumberRangeChi);
  EXPECT_TRUE(result.number.has_value());
}

TEST(NhsNumber, GoesThroughItsStemAndBack) {
  std::mt19937 random(11);
  int none = 0;
  for (int i = 0; i < 5000; ++i) {
    const uint32_t stem = random() % 1'000'000'000;
    const auto number = NhsNumber::FromStem(stem);
    const int digit = SlowCheckDigit(absl::StrFormat("%09d", stem));
    ASSERT_EQ(number.has_value(), digit != 10);
    if (!number) {
      ++none;
      continue;
    }
    EXPECT_EQ(number->stem(), stem);
    EXPECT_EQ(TextOf(*number), absl::StrFormat("%09d%d", stem, digit));
  }
  EXPECT_GT(none, 300);  // one stem in eleven
  EXPECT_FALSE(NhsNumber::FromStem(1'000'000'000).has_value());
}

TEST(NhsNumber, NeverPrints) {
  const auto number = ParseNhsNumber("9434765919", Environment::kTest).number;
  EXPECT_EQ(testing::PrintToString(*number), "[redacted]");
  static_assert(!std::is_convertible_v<NhsNumber, uint32_t>);
  static_assert(!std::is_convertible_v<NhsNumber, std::string>);
  static_assert(!std::is_default_constructible_v<NhsNumber>);
}

}  // namespace
}  // namespace tally::pseudonymiser
