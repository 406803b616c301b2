// C14 against counts kept by hand: people on either side of every rule.
#include <algorithm>

#include "absl/strings/str_format.h"
#include "bench.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "replaced_definition.h"

namespace tally::analytics {
namespace {

using testing::HasSubstr;

class PolypharmacyTest : public testing::Test {
 protected:
  PolypharmacyTest() {
    FixtureTable& items = release_.activity.emplace_back();
    items.dataset = "gp-prescription";
    items.columns = {"person", "issue_date", "bnf_code", "items"};
    items.defaults = {{"issue_date", "2026-09-15"}, {"items", "1"}};
  }

  // Somebody of an age in the financial year 2026.
  void Add(int person, int age, const std::string& practice = "Z90001") {
    FixtureRegistration r;
    r.person = person;
    r.year_of_birth = 2026 - age;
    r.practice = practice;
    r.sex = person % 2 == 0 ? "2" : "1";
    release_.registrations.push_back(r);
  }
  FixtureRow& Item(int person, const std::string& code) {
    FixtureRow& row = release_.activity[0].Add({{"bnf_code", code}});
    if (person > 0) row["person"] = std::to_string(person);
    return row;
  }
  // So many different substances of chapter 2.
  void Take(int person, int substances) {
    for (int i = 0; i < substances; ++i) {
      Item(person, absl::StrFormat("0212%05d", i));
    }
  }
  MeasureResult Run(RunOptions options = {},
                    std::string_view profile = "nhs-national") {
    bench_.emplace(release_, profile);
    if (options.definitions.empty()) {
      options.definitions = DefinitionWith(
          *bench_, "C14", {{"smallest_area = 100", "smallest_area = 1"}});
    }
    auto result = bench_->Run("C14", options);
    EXPECT_TRUE(result.ok()) << result.status();
    if (!result.ok()) return {};
    EXPECT_EQ(result->unavailable.value_or(""), "");
    return *std::move(result);
  }
  std::string At(const MeasureResult& result, int threshold,
                 const std::string& column, const std::string& age = "all ages",
                 const std::string& area = "All") {
    return Find(TableNamed(result, "polypharmacy"),
                {{"area", area},
                 {"age_group", age},
                 {"threshold", std::to_string(threshold)}},
                column);
  }

  FixtureRelease release_;
  std::optional<Bench> bench_;
};

TEST_F(PolypharmacyTest, ThresholdsIncludeTheirOwnNumber) {
  int person = 0;
  for (const int medicines : {7, 8, 9, 10, 14, 15, 19, 20}) {
    Add(++person, 50);
    Take(person, medicines);
  }
  const MeasureResult result = Run();
  EXPECT_EQ(At(result, 8, "num"), "7");
  EXPECT_EQ(At(result, 10, "num"), "5");
  EXPECT_EQ(At(result, 15, "num"), "3");
  EXPECT_EQ(At(result, 20, "num"), "1");
  EXPECT_EQ(At(result, 20, "den"), "8");
  EXPECT_EQ(At(result, 20, "share"), "12.5");
  // (7 + 8 + 9 + 10 + 14 + 15 + 19 + 20) / 8 = 12.75
  EXPECT_EQ(At(result, 8, "mean_medicines"), "12.8");
  // Wilson's limits of 1 in 8, worked in Python: 0.022420, 0.470936.
  EXPECT_EQ(At(result, 20, "share_lo"), "2.2");
  EXPECT_EQ(At(result, 20, "share_hi"), "47.1");
}

TEST_F(PolypharmacyTest, StrengthsOfOneSubstanceAreOneMedicine) {
  Add(1, 50);
  Take(1, 7);
  Item(1, "0205051R0AAAAAA");
  Item(1, "0205051R0AAABAB");
  const MeasureResult result = Run();
  EXPECT_EQ(At(result, 8, "num"), "1");
  EXPECT_EQ(At(result, 10, "num"), "0");
}

TEST_F(PolypharmacyTest, OtherChaptersMakeNobodyATaker) {
  Add(1, 50);
  Take(1, 7);
  for (const char* code :
       {"0501013B0", "1101010A0", "2003000A0", "5001010A0"}) {
    Item(1, code);
  }
  Add(2, 50);
  Item(2, "0501013B0");
  const MeasureResult result = Run();
  EXPECT_EQ(At(result, 8, "num"), "0");
  EXPECT_EQ(At(result, 8, "den"), "1");
}

TEST_F(PolypharmacyTest, WindowHoldsThreeMonthsWithBothEnds) {
  const char* const days[] = {"2026-07-31", "2026-08-01", "2026-10-31",
                              "2026-11-01"};
  for (int i = 0; i < 4; ++i) {
    Add(i + 1, 50);
    Item(i + 1, "021200001")["issue_date"] = days[i];
  }
  const MeasureResult result = Run();
  EXPECT_EQ(At(result, 8, "den"), "2");
  EXPECT_EQ(result.tables[0].info().period, "2026-08 to 2026-10");
}

TEST_F(PolypharmacyTest, WeeksBelongToTheMonthOfTheirThursday) {
  // Mondays: of 27 July the Thursday is 30 July, of 3 August 6 August; of
  // 26 October it is the 29th, of 2 November the 5th.
  const char* const mondays[] = {"2026-07-27", "2026-08-03", "2026-10-26",
                                 "2026-11-02"};
  for (int i = 0; i < 4; ++i) {
    Add(i + 1, 50);
    Item(i + 1, "021200001")["issue_date"] = mondays[i];
  }
  release_.activity[0].grain = "week";
  EXPECT_EQ(At(Run(), 8, "den"), "2");
}

TEST_F(PolypharmacyTest, ItemsNotSuppliedAreNone) {
  for (int person = 1; person <= 3; ++person) {
    Add(person, 50);
    Item(person, "021200001");
  }
  release_.activity[0].rows[1]["items"] = "0";
  release_.activity[0].rows[2]["items"] = "";  // not known: an item
  EXPECT_EQ(At(Run(), 8, "den"), "2");
}

TEST_F(PolypharmacyTest, OnlyPeopleOnTheListCount) {
  for (int person = 1; person <= 3; ++person) Add(person, 50);
  for (const int person : {0, 1, 2, 3, 4}) Item(person, "021200001");
  release_.registrations[1].end = "2026-09-01";    // left before the month
  release_.registrations[2].death = "2026-09-01";  // died before it
  const MeasureResult result = Run();
  EXPECT_EQ(At(result, 8, "den"), "1");
  EXPECT_EQ(result.tables[0].linked_share_pct(), "80.0");
}

TEST_F(PolypharmacyTest, AgeGroupsBeginAtTheirAgeAndOverlap) {
  int person = 0;
  for (const int age : {64, 65, 74, 75, 84, 85, 90}) {
    Add(++person, age);
    Take(person, 8);
  }
  const MeasureResult result = Run();
  EXPECT_EQ(At(result, 8, "num"), "7");
  EXPECT_EQ(At(result, 8, "num", "65+"), "6");
  EXPECT_EQ(At(result, 8, "num", "75+"), "4");
  EXPECT_EQ(At(result, 8, "num", "85+"), "2");
}

TEST_F(PolypharmacyTest, CombinationNeedsOneOfEachSet) {
  for (int person = 1; person <= 5; ++person) Add(person, 50);
  // 1: both. 2: two anti-inflammatories. 3: anticoagulant only. 4: both, one
  // of them outside the window. 5: all three of the triple.
  Item(1, "1001010P0");
  Item(1, "0208020V0");
  Item(2, "1001010P0");
  Item(2, "1001010J0");
  Item(3, "0208020V0");
  Item(4, "1001010P0");
  Item(4, "0208020V0")["issue_date"] = "2026-07-31";
  Item(5, "1001010P0");
  Item(5, "0205052N0");
  Item(5, "0202010B0");
  const MeasureResult result = Run();
  const GatedTable& table = TableNamed(result, "risky_combinations");
  const auto number = [&](const std::string& title, const char* column) {
    return Find(table, {{"combination", title}, {"area", "All"}}, column);
  };
  EXPECT_EQ(number("Anti-inflammatory and oral anticoagulant", "num"), "1");
  EXPECT_EQ(number("Anti-inflammatory and oral anticoagulant", "den"), "5");
  EXPECT_EQ(number("Anti-inflammatory, ACE inhibitor or angiotensin blocker, "
                   "and diuretic",
                   "num"),
            "1");
  EXPECT_EQ(number("Opioid and benzodiazepine or hypnotic", "num"), "0");
}

TEST_F(PolypharmacyTest, PracticesAddUpToAll) {
  int person = 0;
  for (const char* practice : {"Z90001", "Z90002", "Z90003"}) {
    for (int i = 0; i < 30; ++i) {
      Add(++person, 60 + i, practice);
      Take(person, 1 + i % 20);
    }
  }
  const MeasureResult result = Run();
  for (const int threshold : {8, 10, 15, 20}) {
    int sum = 0;
    for (const char* practice : {"Z90001", "Z90002", "Z90003"}) {
      sum += std::stoi(At(result, threshold, "num", "75+", practice));
    }
    EXPECT_EQ(At(result, threshold, "num", "75+"), std::to_string(sum));
  }
  // 30 people: i = 0..29 take 1 + i % 20, so 12 of 20 and 2 of 10 take 9 + .
  EXPECT_EQ(At(result, 8, "num", "all ages", "Z90002"), "16");
}

TEST_F(PolypharmacyTest, OrderOfRowsChangesNothing) {
  for (int person = 1; person <= 40; ++person) {
    Add(person, 40 + person, person % 3 == 0 ? "Z90001" : "Z90002");
    Take(person, person % 22);
  }
  const MeasureResult first = Run();
  std::reverse(release_.registrations.begin(), release_.registrations.end());
  std::reverse(release_.activity[0].rows.begin(),
               release_.activity[0].rows.end());
  const MeasureResult second = Run();
  for (size_t i = 0; i < first.tables.size(); ++i) {
    EXPECT_EQ(RowsOf(first.tables[i]), RowsOf(second.tables[i]));
  }
}

TEST_F(PolypharmacyTest, GroupsAreByAnyColumnButAgeBand) {
  Add(1, 50);
  Add(2, 50);
  Take(1, 8);
  Take(2, 3);
  RunOptions options;
  options.by = {"sex"};
  const MeasureResult result = Run(options);
  EXPECT_EQ(Find(result.tables[0], {{"sex", "male"}, {"age_group", "all ages"}},
                 "num"),
            "1");
  options.by = {"age_band"};
  const auto refused = bench_->Run("C14", options);
  EXPECT_THAT(refused.status().message(),
              HasSubstr("C14 is not grouped by age_band"));
}

TEST_F(PolypharmacyTest, WithoutCodesItIsNotAvailable) {
  Add(1, 50);
  release_.activity[0].columns = {"person", "issue_date"};
  Bench bench(release_);
  const auto result = bench.Run("C14");
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(result->unavailable.value_or(""),
            "table gp_prescription has no column bnf_code");
}

TEST_F(PolypharmacyTest, WrongDefinitionsAreRefusedWithTheirLine) {
  Add(1, 50);
  bench_.emplace(release_);
  const std::pair<const char*, const char*> changes[] = {
      {"thresholds = [8, 10, 15, 20]", "thresholds = [8, 8]"},
      {"ages_from = [0, 65, 75, 85]", "ages_from = [65]"},
      {"headline = 10", "headline = 11"},
      {"\"09\", \"10\"]", "\"09\", \"20\"]"},
      {"\"09\", \"10\"]", "\"09\", \"09\"]"},
      {"[[\"100101\"], [\"020802\"]]", "[[\"100101\"]]"},
      {"[[\"100101\"], [\"020802\"]]", "[[\"100101\"], [\"x\"]]"},
  };
  for (const auto& [from, to] : changes) {
    RunOptions options;
    options.definitions = DefinitionWith(*bench_, "C14", {{from, to}});
    const auto result = bench_->Run("C14", options);
    EXPECT_THAT(result.status().message(), HasSubstr("C14.toml:")) << to;
  }
}

TEST_F(PolypharmacyTest, PagesSayWhatIsPrinted) {
  int person = 0;
  for (const char* practice : {"Z90001", "Z90002"}) {
    for (int i = 0; i < 200; ++i) {
      Add(++person, 40 + i % 50, practice);
      Take(person, 1 + i % 14);
    }
  }
  const MeasureResult result = Run({}, "nhs-subnational");
  ASSERT_EQ(result.parts.size(), 2u);
  EXPECT_EQ(result.parts[0].page, "medicines");
  EXPECT_EQ(result.parts[0].charts.size(), 3u);
  // 5 of 14 numbers are 10 or more; 200 = 14 x 14 + 4: 70 of each practice.
  EXPECT_THAT(result.parts[0].sentences[0].text,
              HasSubstr("35.0 % of people with any medicine take 10 or more"));
}

}  // namespace
}  // namespace tally::analytics
