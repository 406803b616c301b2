// Row reasons, type words, rounding, pseudonyms.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <sstream>
#include <type_traits>

#include "absl/strings/str_format.h"
#include "base/bytes.h"
#include "base/files.h"
#include "dataset/column_type.h"
#include "dataset/pseudonym.h"
#include "dataset/rounding.h"
#include "dataset/row_reason.h"
#include "status_matchers.h"
#include "tally/common/v1/row_reason.pb.h"

namespace tally::dataset {
namespace {

TEST(RowReason, EqualsTheEnumOfTheWire) {
  const auto* descriptor = tally::common::v1::RowReason_descriptor();
  EXPECT_EQ(descriptor->value_count(),
            static_cast<int>(AllRowReasons().size()) + 1);
  for (const RowReason reason : AllRowReasons()) {
    const auto* value = descriptor->FindValueByNumber(static_cast<int>(reason));
    ASSERT_NE(value, nullptr);
    EXPECT_EQ(value->name(),
              "ROW_REASON_" + std::string(RowReasonName(reason)));
  }
}

TEST(RowReason, NamesAndTextsAreDistinctAndComeBack) {
  std::set<std::string_view> names, texts;
  for (const RowReason reason : AllRowReasons()) {
    EXPECT_TRUE(names.insert(RowReasonName(reason)).second);
    EXPECT_TRUE(texts.insert(RowReasonText(reason)).second);
    EXPECT_EQ(RowReasonFromName(RowReasonName(reason)), reason);
  }
  EXPECT_EQ(RowReasonFromName("NONE"), std::nullopt);
  EXPECT_EQ(RowReasonFromName("nhs_number_missing"), std::nullopt);
  EXPECT_EQ(RowReasonName(static_cast<RowReason>(37)), "");
  EXPECT_EQ(RowReasonName(static_cast<RowReason>(255)), "");
}

TEST(RowReason, TheManualHasEachWithItsText) {
  ASSERT_OK_AND_ASSIGN(const std::string manual,
                       ReadFile(TALLY_SOURCE_DIR "/docs/errors.md", 1 << 20));
  for (const RowReason reason : AllRowReasons()) {
    EXPECT_THAT(manual, testing::HasSubstr(absl::StrFormat(
                            "| `%s` | %s |", RowReasonName(reason),
                            RowReasonText(reason))));
  }
}

TEST(RowReason, EveryOutcomeHasItsReasons) {
  int unlinked = 0, rule = 0, fault = 0, stop = 0;
  for (const RowReason reason : AllRowReasons()) {
    switch (OutcomeOf(reason)) {
      case RowOutcome::kUnlinked:
        ++unlinked;
        break;
      case RowOutcome::kDroppedByRule:
        ++rule;
        break;
      case RowOutcome::kDroppedFault:
        ++fault;
        break;
      case RowOutcome::kStop:
        ++stop;
        break;
      case RowOutcome::kSent:
        ADD_FAILURE() << "only NONE is sent";
    }
  }
  EXPECT_EQ(unlinked, 13);
  EXPECT_EQ(rule, 7);
  EXPECT_EQ(fault, 12);
  EXPECT_EQ(stop, 4);
  EXPECT_EQ(OutcomeOf(RowReason::kNone), RowOutcome::kSent);
}

TEST(RowReason, OnlyTheTwoOptOutsAreOptOuts) {
  for (const RowReason reason : AllRowReasons()) {
    EXPECT_EQ(IsOptOut(reason), reason == RowReason::kOptedOutType1 ||
                                    reason == RowReason::kOptedOutNational);
  }
}

TEST(ListName, KeyFixesThePolarity) {
  const std::pair<const char*, ListPolarity> expected[] = {
      {"restricted_codes", ListPolarity::kDeny},
      {"type1_opt_outs", ListPolarity::kDeny},
      {"national_eligible", ListPolarity::kAllow},
      {"participating_practices", ListPolarity::kAllow},
      {"clusters", ListPolarity::kTable},
      {"postcode_lsoa", ListPolarity::kTable},
      {"care_homes", ListPolarity::kTable}};
  for (const auto& [name, polarity] : expected) {
    const auto list = ListNameFromText(name);
    ASSERT_TRUE(list.has_value()) << name;
    EXPECT_EQ(PolarityOf(*list), polarity) << name;
    EXPECT_EQ(ListNameText(*list), name);
    EXPECT_EQ(ListsPeople(*list),
              std::string_view(name) == "type1_opt_outs" ||
                  std::string_view(name) == "national_eligible");
  }
  EXPECT_EQ(ListNameFromText("passwords"), std::nullopt);
}

TEST(ColumnType, EveryWordComesBack) {
  for (int i = 0; i <= static_cast<int>(ColumnType::kText); ++i) {
    const auto type = static_cast<ColumnType>(i);
    EXPECT_EQ(ColumnTypeFromName(ColumnTypeName(type)), type);
  }
  for (int i = 0; i <= static_cast<int>(DerivationKind::kMinutesBetween); ++i) {
    const auto kind = static_cast<DerivationKind>(i);
    EXPECT_EQ(DerivationFromName(DerivationName(kind)), kind);
  }
  for (int i = 0; i <= static_cast<int>(DerivationInput::kAny); ++i) {
    const auto input = static_cast<DerivationInput>(i);
    EXPECT_EQ(DerivationInputFromName(DerivationInputName(input)), input);
  }
  EXPECT_EQ(ColumnTypeFromName("float"), std::nullopt);
  EXPECT_EQ(ColumnClassFromName("DI"), std::nullopt);
}

TEST(RoundCount, KeepsZeroHidesOneToSevenAndRoundsTheRest) {
  EXPECT_EQ(RoundCount(0), "0");
  for (uint64_t n = 1; n <= 7; ++n) EXPECT_EQ(RoundCount(n), "*");
  const std::pair<uint64_t, const char*> expected[] = {
      {8, "10"},    {9, "10"},    {10, "10"},  {11, "10"}, {12, "10"},
      {13, "15"},   {14, "15"},   {15, "15"},  {17, "15"}, {18, "20"},
      {508, "510"}, {512, "510"}, {513, "515"}};
  for (const auto& [count, text] : expected) {
    EXPECT_EQ(RoundCount(count), text) << count;
  }
  EXPECT_EQ(RoundCount(UINT64_MAX), "18446744073709551615");
}

TEST(RoundCount, GivesOnlyTextsThatAreAccepted) {
  for (uint64_t n = 0; n < 2000; ++n) {
    EXPECT_TRUE(IsRoundedCount(RoundCount(n))) << n;
  }
  for (const char* text : {"", "5", "7", "8", "11", "010", "-10", "10 ", "**",
                           "+10", "1e1", "18446744073709551620"}) {
    EXPECT_FALSE(IsRoundedCount(text)) << text;
  }
}

TEST(Pseudonym, TextIsThirtyTwoLowerCaseHexDigits) {
  const std::string bytes =
      std::string("\x00\x01\xfe", 3) + std::string(13, 'A');
  const auto pseudonym = Pseudonym::Create(AsBytes(bytes));
  ASSERT_THAT(pseudonym, IsOk());
  EXPECT_EQ(pseudonym->ToText(), "0001fe41414141414141414141414141");
  EXPECT_THAT(Pseudonym::FromText(pseudonym->ToText()),
              IsOkAndHolds(*pseudonym));
}

TEST(Pseudonym, RefusesEveryOtherLengthAndSpelling) {
  for (const size_t length : {0u, 15u, 17u, 32u}) {
    EXPECT_FALSE(Pseudonym::Create(AsBytes(std::string(length, 'x'))).ok());
  }
  for (const std::string& text :
       {std::string(31, 'a'), std::string(33, 'a'), std::string(32, 'A'),
        std::string(32, 'g'), std::string(31, 'a') + " "}) {
    EXPECT_FALSE(Pseudonym::FromText(text).ok());
  }
}

template <typename T>
concept Streams = requires(std::ostream& out, const T& value) {
  out << value;
};

TEST(Pseudonym, NeverPrints) {
  static_assert(!Streams<Pseudonym>);
  static_assert(!std::is_convertible_v<Pseudonym, std::string>);
  const auto pseudonym = Pseudonym::Create(AsBytes(std::string(16, 'Q')));
  ASSERT_THAT(pseudonym, IsOk());
  EXPECT_EQ(testing::PrintToString(*pseudonym), "[redacted]");
}

}  // namespace
}  // namespace tally::dataset
