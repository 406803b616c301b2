#include "analytics/dashboard/wording.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>

namespace tally::analytics {
namespace {

constexpr ByNumber kPractices = {"practice", "practices"};
constexpr ByNumber kLie = {"lies", "lie"};

TEST(Wording, SayPutsPartsInTheirPlaces) {
  EXPECT_EQ(Say("$1 of $0 in $1, $$5", 1204, std::string("May")),
            "May of 1,204 in May, $5");
}

TEST(Wording, SayIsSilentWhereAPartIsNotPrinted) {
  EXPECT_EQ(SayParts("$0 of $1", {"3", std::nullopt}), std::nullopt);
  // A part that the sentence does not name hides nothing.
  EXPECT_EQ(SayParts("$0", {"3", std::nullopt}), "3");
}

TEST(Wording, FirstSaidFallsBackToWordsWithoutFigures) {
  EXPECT_EQ(FirstSaid({std::nullopt, "b", "c"}, "none"), "b");
  EXPECT_EQ(FirstSaid({std::nullopt}, "none"), "none");
}

TEST(Wording, AFigureAndItsLimitsHaveAsManyDecimals) {
  EXPECT_EQ(IntervalText("0.288", "-0.781", "1.36"), "0.29 (-0.78 to 1.36)");
  EXPECT_EQ(IntervalText("112", "75.1", "160"), "112 (75 to 160)");
  EXPECT_EQ(IntervalText("6134.3", "5825.2", "6455.6"),
            "6,134.3 (5,825.2 to 6,455.6)");
  EXPECT_EQ(IntervalText("0.4", "-0.04", "1.0"), "0.4 (0.0 to 1.0)");
}

TEST(Wording, AboveAndBelowAgreesWithItsNumbers) {
  const auto say = [](int64_t high, int64_t low, int64_t all) {
    return AboveAndBelow(high, low, all, kPractices, "the limits");
  };
  EXPECT_EQ(say(3, 1, 12), "3 of 12 practices lie above the limits, 1 below");
  EXPECT_EQ(say(1, 0, 12),
            "1 of 12 practices lies above the limits, none below");
  EXPECT_EQ(say(0, 2, 12),
            "none of 12 practices lies above the limits, 2 below");
  EXPECT_EQ(say(0, 0, 12),
            "none of 12 practices lies above or below the limits");
  EXPECT_EQ(say(1, 0, 1), "the only practice lies above the limits");
  EXPECT_EQ(say(0, 1, 1), "the only practice lies below the limits");
  EXPECT_EQ(say(0, 0, 1),
            "the only practice lies neither above nor below the limits");
}

TEST(Wording, CountsAgreeWithTheirNouns) {
  EXPECT_EQ(Counted(0, kPractices), "no practices");
  EXPECT_EQ(Counted(1, kPractices), "1 practice");
  EXPECT_EQ(Counted(1204, kPractices), "1,204 practices");
}

TEST(Wording, PartsAgreeWithTheirVerbs) {
  EXPECT_EQ(PartOf(0, 12, kPractices, kLie), "none of 12 practices lies");
  EXPECT_EQ(PartOf(1, 12, kPractices, kLie), "1 of 12 practices lies");
  EXPECT_EQ(PartOf(3, 12, kPractices, kLie), "3 of 12 practices lie");
  EXPECT_EQ(PartOf(12, 12, kPractices, kLie), "all 12 practices lie");
  EXPECT_EQ(PartOf(1, 1, kPractices, kLie), "the only practice lies");
  EXPECT_EQ(PartOf(0, 1, kPractices, kLie), "the only practice does not lie");
  EXPECT_EQ(PartOf(0, 1, kPractices, {"is above", "are above"}),
            "the only practice is not above");
  EXPECT_EQ(PartOf(0, 1, kPractices, {"was", "were"}),
            "the only practice was not");
  EXPECT_EQ(PartOf(2, 3, kPractices, {"", ""}), "2 of 3 practices");
}

TEST(Wording, EqualEndsAreNoRange) {
  EXPECT_EQ(FromTo("3.1", "8.2", "%"), "from 3.1 to 8.2 %");
  EXPECT_EQ(FromTo("0.0", "0.0", "%"), "every printed value is 0.0 %");
  EXPECT_EQ(Extremes("A", "8.2", "B", "3.1"),
            "Highest: A with 8.2; lowest: B with 3.1");
  EXPECT_EQ(Extremes("A", "0.0", "B", "0.0"), "Every printed value is 0.0");
}

TEST(Wording, MonthsAndDaysAreSaidInWords) {
  EXPECT_EQ(MonthInWords("2026-10"), "October 2026");
  EXPECT_EQ(MonthInWords("2025-11 to 2026-10"),
            "November 2025 to October 2026");
  EXPECT_EQ(MonthInWords("on 2026-10-31."), "on 31 October 2026.");
}

TEST(Wording, WhatIsNoMonthStaysAsItIs) {
  for (const char* text : {"2026-13", "12026-10", "2026-100", "2026-10-3",
                           "x-2026", "2026-1", "", "a 1-2026-10 b"}) {
    EXPECT_EQ(MonthInWords(text), text);
  }
}

}  // namespace
}  // namespace tally::analytics
