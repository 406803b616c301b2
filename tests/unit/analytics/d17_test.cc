// D17 against episodes counted by hand, on either side of every rule. Follow-up
// ends on 31 October 2026.
#include <algorithm>

#include "absl/strings/str_format.h"
#include "bench.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "replaced_definition.h"

namespace tally::analytics {
namespace {

using testing::HasSubstr;

constexpr char kMecsYear[] = "2025-11 to 2026-10";

class MecsTest : public testing::Test {
 protected:
  MecsTest() {
    FixtureTable& claims = release_.activity.emplace_back();
    claims.dataset = "gos-claim";
    claims.columns = {"person", "claim_type", "service_date", "contractor_ods",
                      "outcome"};
    claims.defaults = {{"claim_type", "MECS"},
                       {"service_date", "2026-03-01"},
                       {"contractor_ods", "TP001"},
                       {"outcome", "managed"}};
    FixtureTable& visits = release_.activity.emplace_back();
    visits.dataset = "sus-op";
    visits.columns = {"person", "appointment_date", "attended",
                      "attendance_type", "treatment_function"};
    visits.defaults = {{"attended", "5"},
                       {"attendance_type", "1"},
                       {"treatment_function", "130"}};
    release_.registrations.emplace_back().person = 1;
  }
  FixtureRow& Claim(int person, const std::string& day = "2026-03-01") {
    FixtureRow& row = release_.activity[0].Add({{"service_date", day}});
    if (person > 0) row["person"] = std::to_string(person);
    return row;
  }
  FixtureRow& Visit(int person, const std::string& day) {
    return release_.activity[1].Add(
        {{"person", std::to_string(person)}, {"appointment_date", day}});
  }
  MeasureResult Run(std::string_view profile = "nhs-national") {
    bench_.emplace(release_, profile);
    auto result = bench_->Run("D17");
    EXPECT_TRUE(result.ok()) << result.status();
    if (!result.ok()) return {};
    EXPECT_EQ(result->unavailable.value_or(""), "");
    return *std::move(result);
  }
  static std::string At(const MeasureResult& result, const std::string& column,
                        const std::string& outcome = "All",
                        const std::string& provider = "All",
                        const std::string& period = kMecsYear) {
    return Find(
        TableNamed(result, "mecs"),
        {{"provider", provider}, {"outcome", outcome}, {"period", period}},
        column);
  }

  FixtureRelease release_;
  std::optional<Bench> bench_;
};

TEST_F(MecsTest, OutcomesAreSharesOfTheProvidersEpisodes) {
  Claim(1);
  Claim(2)["outcome"] = "referred_gp";
  Claim(0)["outcome"] = "dna";
  Claim(3)["claim_type"] = "CUES";
  Claim(4)["claim_type"] = "GOS1";
  Claim(5)["contractor_ods"] = "TP002";
  const MeasureResult result = Run();
  EXPECT_EQ(At(result, "n", "managed", "TP001"), "2");
  EXPECT_EQ(At(result, "episodes", "managed", "TP001"), "4");
  EXPECT_EQ(At(result, "share", "managed", "TP001"), "50.0");
  EXPECT_EQ(At(result, "share", "dna", "TP001"), "25.0");
  EXPECT_EQ(At(result, "n", "managed"), "3");
  EXPECT_EQ(At(result, "share", "managed"), "60.0");
  EXPECT_EQ(At(result, "match_share"), "80.0");
  EXPECT_EQ(At(result, "n", "All", "All", "2026-03"), "5");
  EXPECT_EQ(At(result, "share", "managed", "All", "2026-03"), "60.0");
  EXPECT_EQ(At(result, "n", "managed", "All", "2026-04"), "0");
}

TEST_F(MecsTest, HospitalVisitCountsOnDay84AndNotOnDay85) {
  // 84 days after 1 March 2026 is 24 May.
  for (int person = 1; person <= 8; ++person) Claim(person);
  Visit(1, "2026-05-24");
  Visit(2, "2026-05-25");
  Visit(3, "2026-03-01");                           // the same day
  Visit(4, "2026-02-28");                           // before
  Visit(5, "2026-03-10")["attended"] = "3";         // not seen
  Visit(6, "2026-03-10")["attendance_type"] = "2";  // follow-up
  Visit(7, "2026-03-10")["treatment_function"] = "460";
  Visit(8, "2026-03-10")["attendance_type"] = "21";  // first, by telephone
  const MeasureResult result = Run();
  EXPECT_EQ(At(result, "followed"), "8");
  EXPECT_EQ(At(result, "avoided_first_op"), "5");  // 2 4 5 6 7
  EXPECT_EQ(At(result, "avoided_share"), "62.5");
}

TEST_F(MecsTest, OnlyManagedEpisodesAvoidAVisit) {
  Claim(1);
  Claim(2)["outcome"] = "referred_hes_urgent";
  Claim(3);
  Visit(3, "2026-03-10");
  Claim(4, "2026-08-09");  // managed, but not followed
  const MeasureResult result = Run();
  EXPECT_EQ(At(result, "avoided_first_op", "managed"), "1");
  EXPECT_EQ(At(result, "avoided_first_op", "referred_hes_urgent"), "NA");
  EXPECT_EQ(At(result, "managed_followed", "referred_hes_urgent"), "NA");
  // The share has the same denominator in every row: two managed ones.
  EXPECT_EQ(At(result, "followed"), "3");
  for (const char* outcome : {"managed", "All"}) {
    EXPECT_EQ(At(result, "avoided_first_op", outcome), "1");
    EXPECT_EQ(At(result, "managed_followed", outcome), "2");
    EXPECT_EQ(At(result, "avoided_share", outcome), "50.0");
    EXPECT_EQ(At(result, "avoided_share", outcome, "All", "2026-03"), "50.0");
  }
  ASSERT_EQ(result.parts.size(), 1u);
  EXPECT_THAT(result.parts[0].sentences[1].text,
              testing::HasSubstr("Of 2 community eye care episodes that were "
                                 "managed and could be followed, 50.0 %"));
}

TEST_F(MecsTest, ComingBackCountsOnDay84AndNotOnDay85) {
  Claim(1);
  Claim(1, "2026-05-24");
  Claim(2);
  Claim(2, "2026-05-25");
  Claim(3);
  Claim(3);  // twice on one day
  Claim(4);
  Claim(4, "2026-03-20")["outcome"] = "dna";
  Claim(5);
  Claim(5, "2026-03-20")["claim_type"] = "GOS1";
  Claim(6);
  Claim(6, "2026-03-20")["contractor_ods"] = "TP002";
  const MeasureResult result = Run();
  EXPECT_EQ(At(result, "re_present_12w"), "2");  // 1 and 6
  // 10 attended episodes of a person: two of 1, 2, 3 and 6, one of 4 and 5.
  EXPECT_EQ(At(result, "followed"), "10");
}

TEST_F(MecsTest, FollowUpMustBeOverByTheEndOfTheMonth) {
  Claim(1, "2026-08-08");  // 84 days: 31 October
  Claim(2, "2026-08-09");
  Claim(0, "2026-03-01");
  const MeasureResult result = Run();
  EXPECT_EQ(At(result, "followed"), "1");
  EXPECT_EQ(At(result, "n"), "3");
  EXPECT_EQ(At(result, "matched"), "2");
}

TEST_F(MecsTest, YearHasBothItsEnds) {
  for (const char* day :
       {"2025-10-31", "2025-11-01", "2026-10-31", "2026-11-01"}) {
    Claim(1, day);
  }
  const MeasureResult result = Run();
  EXPECT_EQ(At(result, "n"), "2");
  EXPECT_EQ(At(result, "n", "All", "All", "2025-11"), "1");
}

TEST_F(MecsTest, UnknownProviderAndOutcomeStayInTheTable) {
  FixtureRow& row = Claim(1);
  row["contractor_ods"] = "";
  row["outcome"] = "";
  const MeasureResult result = Run();
  EXPECT_EQ(At(result, "n", "unknown", "unknown"), "1");
  EXPECT_EQ(At(result, "followed"), "1");
}

TEST_F(MecsTest, OrderOfRowsChangesNothing) {
  const char* const outcomes[] = {"managed", "discharged", "referred_gp"};
  for (int person = 1; person <= 90; ++person) {
    FixtureRow& row = Claim(
        person % 40,
        absl::StrFormat("2026-%02d-%02d", person % 8 + 1, person % 28 + 1));
    row["outcome"] = outcomes[person % 3];
    row["contractor_ods"] = person % 2 == 0 ? "TP001" : "TP002";
    if (person % 40 > 0) Visit(person % 40, "2026-06-01");
  }
  const MeasureResult first = Run("nhs-subnational");
  for (FixtureTable& table : release_.activity) {
    std::reverse(table.rows.begin(), table.rows.end());
  }
  const MeasureResult second = Run("nhs-subnational");
  EXPECT_EQ(RowsOf(first.tables[0]), RowsOf(second.tables[0]));
  ASSERT_EQ(first.parts.size(), 1u);
  EXPECT_EQ(first.parts[0].charts.size(), 3u);
}

TEST_F(MecsTest, WithoutHospitalDataItIsNotAvailable) {
  Claim(1);
  release_.activity.pop_back();
  Bench bench(release_);
  EXPECT_EQ(bench.Run("D17")->unavailable.value_or(""),
            "the release has no table sus_op");
}

TEST_F(MecsTest, WrongDefinitionsAreRefused) {
  Claim(1);
  bench_.emplace(release_);
  RunOptions options;
  options.definitions =
      DefinitionWith(*bench_, "D17", {{"follow_days = 84", "follow_days = 0"}});
  EXPECT_THAT(bench_->Run("D17", options).status().message(),
              HasSubstr("D17.toml:"));
  RunOptions by;
  by.by = {"sex"};
  EXPECT_THAT(bench_->Run("D17", by).status().message(),
              HasSubstr("D17 has its own breakdowns"));
}

}  // namespace
}  // namespace tally::analytics
