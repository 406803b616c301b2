#include "demo/leak_search.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tally::demo {
namespace {

using testing::ElementsAre;

constexpr const char* kNumber = "9434765919";

LeakSearch ForNumber() {
  LeakSearch search;
  search.AddNumber(kNumber);
  return search;
}

std::vector<std::string> Forms(const std::string& bytes, bool runs = false) {
  const LeakSearch search = ForNumber();
  std::vector<std::string> forms;
  for (const LeakHit& hit : search.Scan(bytes, runs)) forms.push_back(hit.form);
  return forms;
}

using Found = std::vector<std::string>;

// The digests were made with md5sum, sha1sum and sha256sum.
TEST(LeakSearch, FindsEveryFormOfANumber) {
  EXPECT_EQ(Forms("x,9434765919,y"), Found{"digits"});
  EXPECT_EQ(Forms("943 476 5919"), Found{"spaced digits"});
  EXPECT_EQ(Forms("943-476-5919"), Found{"hyphenated digits"});
  EXPECT_EQ(Forms("9195674349"), Found{"reversed digits"});
  EXPECT_EQ(Forms("aa39343334373635393139bb"), Found{"hex of the digits"});
  EXPECT_EQ(Forms("OTQzNDc2NTkxOQ=="), Found{"Base64 of the digits"});
  EXPECT_EQ(Forms(std::string("\x5f\x1a\x5b\x32\x02\x00\x00\x00", 8)),
            Found{"integer"});
}

// Made with base64: "9434765919,", then with one and two bytes before it.
TEST(LeakSearch, FindsBase64OfALongerTextAroundANumber) {
  EXPECT_EQ(Forms("OTQzNDc2NTkxOSw="), Found{"Base64 of the digits"});
  EXPECT_EQ(Forms("eDk0MzQ3NjU5MTks"), Found{"Base64 of the digits"});
  EXPECT_EQ(Forms("eHk5NDM0NzY1OTE5LA=="), Found{"Base64 of the digits"});
}

TEST(LeakSearch, FindsItsDigestsInHexOfBothCases) {
  EXPECT_EQ(Forms("22f7116b77fc45be97309a4291ba1af8"), Found{"MD5 in hex"});
  EXPECT_EQ(Forms("22F7116B77FC45BE97309A4291BA1AF8"), Found{"MD5 in hex"});
  EXPECT_EQ(Forms("b9cedb56b05b2e8689f6c59bd6ce87b9d3670837"),
            Found{"SHA-1 in hex"});
  EXPECT_EQ(Forms("ee17f178e64633e0a1d7921f3f7c2096"
                  "eb131630bf598d67d95c0f2847e25c09"),
            Found{"SHA-256 in hex"});
}

TEST(LeakSearch, FindsANumberAtEitherEndOfTheBytes) {
  EXPECT_EQ(Forms("9434765919 and"), Found{"digits"});
  EXPECT_EQ(Forms("and 9434765919"), Found{"digits"});
}

TEST(LeakSearch, TakesLongerRunsFractionsAndWordsForNoNumber) {
  EXPECT_EQ(Forms("94347659190"), Found{});
  EXPECT_EQ(Forms("19434765919"), Found{});
  EXPECT_EQ(Forms("a9434765919"), Found{});
  EXPECT_EQ(Forms("1.9434765919"), Found{});
  EXPECT_EQ(Forms(".9434765919"), Found{"digits"});
}

TEST(LeakSearch, ReportsSyntheticNumbersOfNobodyOnlyWhereAsked) {
  EXPECT_EQ(Forms("9876543210"), Found{});
  EXPECT_EQ(Forms("9876543210", true), Found{"a synthetic number"});
  EXPECT_EQ(Forms("9876543211", true), Found{});  // wrong check digit
  EXPECT_EQ(Forms("4505577104", true), Found{});  // not of the 9 billions
}

TEST(LeakSearch, FindsWordsOnlyWhenTheyStandAlone) {
  LeakSearch search;
  EXPECT_TRUE(search.AddWord("postcode", "ZZ1 1AA"));
  EXPECT_FALSE(search.AddWord("family_name", "Fox"));
  EXPECT_EQ(search.Scan("at ZZ1 1AA.", false).size(), 1U);
  EXPECT_EQ(search.Scan("atZZ1 1AA", false).size(), 0U);
}

// Wherever a text is cut, the hits are those of the whole: in particular the
// digits of a fraction stay a fraction.
TEST(PieceScan, FindsInPiecesWhatTheWholeHolds) {
  const LeakSearch search = ForNumber();
  std::mt19937 random(7);
  const std::vector<std::string> words = {
      "9434765919",
      "943 476 5919",
      "1.9434765919",
      "x9434765919",
      "119434765919",
      "9434765870",
      "OTQzNDc2NTkxOQ==",
      ",",
      "abc",
      "12.5",
      "9434765919943476591994347659199434765919"};
  for (int round = 0; round < 200; ++round) {
    std::string text;
    while (text.size() < 3000) text += words[random() % words.size()] + ",";
    std::vector<std::pair<uint64_t, std::string>> whole;
    for (const LeakHit& hit : search.Scan(text, true, text.size())) {
      whole.emplace_back(hit.offset, hit.form);
    }
    std::vector<std::pair<uint64_t, std::string>> found;
    PieceScan scan(
        search, true,
        [&](const LeakHit& hit) { found.emplace_back(hit.offset, hit.form); },
        1 + random() % 300);
    for (size_t at = 0; at < text.size();) {
      const size_t size = std::min(text.size() - at, 1 + random() % 200);
      scan.Add(std::string_view(text).substr(at, size));
      at += size;
    }
    scan.Finish();
    ASSERT_EQ(found, whole);
    ASSERT_GT(whole.size(), 10U);
  }
}

// Offsets of the hits that count; those of `forms` are all integers but "d".
std::vector<uint64_t> Counted(
    const std::vector<std::pair<uint64_t, char>>& forms, size_t* left_out) {
  std::vector<uint64_t> counted;
  MemoryHits hits([&](const LeakHit& hit) { counted.push_back(hit.offset); });
  for (const auto& [offset, form] : forms) {
    hits.Add({offset, form == 'd' ? "digits" : "integer"});
  }
  hits.Finish();
  *left_out = hits.left_out();
  return counted;
}

TEST(MemoryHits, AnIntegerCountsWithANeighbourOnEitherSideAndNotAlone) {
  constexpr uint64_t kNear = MemoryHits::kNeighbourBytes;
  size_t left = 0;
  EXPECT_THAT(Counted({{100, 'i'}}, &left), ElementsAre());
  EXPECT_EQ(left, 1U);
  EXPECT_THAT(Counted({{100, 'i'}, {100 + kNear, 'i'}}, &left),
              ElementsAre(100, 100 + kNear));
  EXPECT_EQ(left, 0U);
  EXPECT_THAT(Counted({{100, 'i'}, {101 + kNear, 'i'}}, &left), ElementsAre());
  EXPECT_EQ(left, 2U);
  EXPECT_THAT(Counted({{0, 'd'}, {9, 'i'}, {99999, 'i'}}, &left),
              ElementsAre(0, 9));
  EXPECT_EQ(left, 1U);
  EXPECT_THAT(Counted({{5, 'i'}, {9, 'd'}, {99999, 'd'}}, &left),
              ElementsAre(5, 9, 99999));
  EXPECT_EQ(left, 0U);
}

TEST(MemoryHits, TooManyAloneAreNoChance) {
  std::vector<std::pair<uint64_t, char>> forms;
  std::vector<uint64_t> offsets;
  size_t left = 0;
  for (size_t i = 0; i <= MemoryHits::kMostAlone; ++i) {
    EXPECT_THAT(Counted(forms, &left), ElementsAre());
    EXPECT_EQ(left, i);
    forms.emplace_back(i * 100000, 'i');
    offsets.push_back(i * 100000);
  }
  EXPECT_EQ(Counted(forms, &left), offsets);
  EXPECT_EQ(left, 0U);
}

TEST(PassesModulus11, AgreesWithAllTenFinalDigits) {
  int passed = 0;
  for (char last = '0'; last <= '9'; ++last) {
    passed += PassesModulus11(std::string("943476591") + last) ? 1 : 0;
  }
  EXPECT_EQ(passed, 1);
  EXPECT_FALSE(PassesModulus11("943476591"));
  EXPECT_FALSE(PassesModulus11("94347659l9"));
}

}  // namespace
}  // namespace tally::demo
