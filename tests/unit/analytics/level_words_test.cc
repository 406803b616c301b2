// Codes in words, and charts that say them.
#include "measures/level_words.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "analytics/dashboard/page_model.h"
#include "analytics/disclosure/gate.h"

namespace tally::analytics {
namespace {

TEST(LevelWords, EveryEthnicCategoryHasItsNameAndItsCode) {
  std::set<std::string> names;
  for (const char* code : {"A", "B", "C", "D", "E", "F", "G", "H", "J", "K",
                           "L", "M", "N", "P", "R", "S", "Z"}) {
    const std::string words = EthnicGroupWords(code);
    EXPECT_THAT(words, testing::EndsWith(std::string(" (") + code + ")"));
    names.insert(words);
  }
  EXPECT_EQ(names.size(), 17u);
  EXPECT_EQ(EthnicGroupWords("A"), "White: British (A)");
  EXPECT_EQ(EthnicGroupWords("Z"), "Not stated (Z)");
  EXPECT_EQ(EthnicGroupWords("99"), "Not known (99)");
  EXPECT_EQ(EthnicGroupWords("asian"), "Asian (H J K L)");
}

TEST(LevelWords, WhatIsNoCodeStaysAsItIs) {
  for (const char* text : {"All", "unknown", "", "male", "5", "0-4"}) {
    EXPECT_EQ(EthnicGroupWords(text), text);
    EXPECT_EQ(NumberStatusWords(text), text);
    EXPECT_EQ(TreatmentFunctionWords(text), text);
    EXPECT_EQ(ClaimTypeWords(text), text);
    EXPECT_EQ(EligibilityWords(text), text);
    EXPECT_EQ(EyeOutcomeWords(text), text);
    EXPECT_EQ(SeriesWords(text), text);
  }
  EXPECT_EQ(SeriesWords("Day case, specialty others together"),
            "Day case, specialty others together");
}

TEST(LevelWords, OtherCodesAreSaidInWords) {
  EXPECT_EQ(NumberStatusWords("01"), "Present and verified (01)");
  EXPECT_EQ(TreatmentFunctionWords("110"), "Trauma and orthopaedics (110)");
  EXPECT_EQ(SeriesWords("Day case, specialty 110"),
            "Day case, Trauma and orthopaedics (110)");
  EXPECT_EQ(ClaimTypeWords("GOS1"), "Sight tests (GOS1)");
  EXPECT_EQ(EligibilityWords("aged60"), "60 or over");
  EXPECT_EQ(EyeOutcomeWords("dna"), "Did not attend");
}

TEST(LevelWords, WhoIsNotKnownIsNoGroup) {
  EXPECT_TRUE(IsEthnicGroup("A"));
  for (const char* code : {"unknown", "Z", "99", "X"}) {
    EXPECT_FALSE(IsEthnicGroup(code));
  }
}

TEST(Charts, SayLevelsInWordsAndKeepWhatWasPrinted) {
  TableInfo info;
  info.table = "groups";
  info.measure_id = "T01";
  auto raw = RawTable::Create(
      info, {DimensionColumn("ethnicity", "Ethnic group"),
             CountColumn("n", ColumnKind::kPersons, "People")});
  ASSERT_TRUE(raw.ok());
  ASSERT_TRUE(raw->AddRow({"A", 40}).ok());
  ASSERT_TRUE(raw->AddRow({"R", 60}).ok());
  Gate gate(*Profile::Named("nhs-subnational"), {});
  const auto table = gate.Release(*raw);
  ASSERT_TRUE(table.ok()) << table.status();
  Chart chart("groups", "bar", *table, {"ethnicity", "n"},
              [](const GatedTable&, size_t) { return true; });
  chart.SayLevels("ethnicity", EthnicGroupWords);
  EXPECT_EQ(chart.cell(0, 0).text(), "A");
  EXPECT_EQ(chart.text(0, 0), "White: British (A)");
  EXPECT_THAT(chart.LevelsOf("ethnicity"),
              testing::ElementsAre("White: British (A)", "Chinese (R)"));
  const JsonValue json = chart.ToJson();
  EXPECT_EQ(json.Find("rows")->AsArray()[1].AsArray()[0].AsString(),
            "Chinese (R)");
}

}  // namespace
}  // namespace tally::analytics
