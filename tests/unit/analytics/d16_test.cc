// D16 against claims counted by hand, on either side of every rule.
#include <algorithm>

#include "absl/strings/str_format.h"
#include "bench.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "replaced_definition.h"

namespace tally::analytics {
namespace {

using testing::HasSubstr;

constexpr char kGosYear[] = "2025-11 to 2026-10";

class GosTest : public testing::Test {
 protected:
  GosTest() {
    FixtureTable& table = release_.activity.emplace_back();
    table.dataset = "gos-claim";
    table.columns = {"person",       "claim_type",          "service_date",
                     "eligibility",  "previous_test_month", "early_retest_code",
                     "voucher_band", "domiciliary",         "outcome",
                     "age_fy",       "imd_decile"};
    table.defaults = {{"claim_type", "GOS1"},
                      {"service_date", "2026-10-15"},
                      {"eligibility", "aged60"},
                      {"age_fy", "62"}};
  }
  FixtureRegistration& Add(int person, const std::string& practice = "Z90001") {
    FixtureRegistration r;
    r.person = person;
    r.practice = practice;
    r.year_of_birth = 1964;  // 62, or 61 in the middle of the year
    return release_.registrations.emplace_back(r);
  }
  FixtureRow& Claim(int person, const std::string& type = "GOS1",
                    const std::string& day = "2026-10-15") {
    FixtureRow& row =
        release_.activity[0].Add({{"claim_type", type}, {"service_date", day}});
    if (person > 0) row["person"] = std::to_string(person);
    return row;
  }
  MeasureResult Run(std::string_view profile = "nhs-national") {
    bench_.emplace(release_, profile);
    RunOptions options;
    options.definitions = DefinitionWith(
        *bench_, "D16", {{"smallest_area = 100", "smallest_area = 1"}});
    auto result = bench_->Run("D16", options);
    EXPECT_TRUE(result.ok()) << result.status();
    if (!result.ok()) return {};
    EXPECT_EQ(result->unavailable.value_or(""), "");
    return *std::move(result);
  }
  static std::string At(const MeasureResult& result,
                        std::map<std::string, std::string> levels,
                        const std::string& column) {
    return Find(TableNamed(result, "gos_activity"), levels, column);
  }
  static std::string Reason(const MeasureResult& result,
                            const std::string& eligibility,
                            const std::string& column) {
    return At(result,
              {{"breakdown", "reason"},
               {"claim_type", "sight tests"},
               {"eligibility", eligibility}},
              column);
  }

  FixtureRelease release_;
  std::optional<Bench> bench_;
};

TEST_F(GosTest, RatesAreOfMatchedClaimsWithTheMatchRateBeside) {
  for (int person = 1; person <= 4; ++person) Add(person);
  Claim(1);
  Claim(2, "GOS6");
  Claim(3, "GOS3");  // no sight test
  Claim(0);
  Claim(0);
  Claim(99);  // on no list
  const MeasureResult result = Run();
  EXPECT_EQ(Reason(result, "aged60", "n"), "5");
  EXPECT_EQ(Reason(result, "aged60", "matched"), "2");
  EXPECT_EQ(Reason(result, "aged60", "match_share"), "40.0");
  EXPECT_EQ(Reason(result, "aged60", "list"), "4");
  EXPECT_EQ(Reason(result, "aged60", "per_100k"), "50000.0");
  EXPECT_EQ(Reason(result, "aged60", "domiciliary"), "1");
  EXPECT_EQ(Reason(result, "All", "domiciliary_share"), "20.0");
  EXPECT_EQ(result.tables[0].linked_share_pct(), "66.7");
}

TEST_F(GosTest, ReasonsAreCountedOfEachTypeToo) {
  Add(1);
  Claim(1);
  Claim(1, "GOS6");
  Claim(1, "GOS3");
  Claim(1)["eligibility"] = "benefit";
  const MeasureResult result = Run();
  const auto at = [&](const char* type, const char* reason) {
    return At(result,
              {{"breakdown", "reason"},
               {"claim_type", type},
               {"eligibility", reason}},
              "n");
  };
  EXPECT_EQ(at("GOS1", "aged60"), "1");
  EXPECT_EQ(at("GOS1", "benefit"), "1");
  EXPECT_EQ(at("GOS1", "All"), "2");
  EXPECT_EQ(at("GOS3", "aged60"), "1");
  EXPECT_EQ(at("sight tests", "aged60"), "2");
  EXPECT_EQ(at("sight tests", "All"), "3");
}

TEST_F(GosTest, YearHoldsTwelveMonthsAndTheTrendTwentyFour) {
  Add(1);
  for (const char* day : {"2024-10-31", "2024-11-01", "2025-10-31",
                          "2025-11-01", "2026-10-31", "2026-11-01"}) {
    Claim(1, "GOS1", day);
  }
  const MeasureResult result = Run();
  EXPECT_EQ(Reason(result, "All", "n"), "2");
  EXPECT_EQ(Reason(result, "All", "month"), kGosYear);
  const auto month = [&](const char* name) {
    return At(result,
              {{"breakdown", "month"}, {"month", name}, {"claim_type", "GOS1"}},
              "n");
  };
  EXPECT_EQ(month("2024-10"), "absent");
  EXPECT_EQ(month("2024-11"), "1");
  EXPECT_EQ(month("2025-10"), "1");
  EXPECT_EQ(month("2026-09"), "0");
  EXPECT_EQ(month("2026-10"), "1");
}

TEST_F(GosTest, TheTrendBeginsWithTheClaims) {
  Add(1);
  for (const char* day : {"2025-06-30", "2025-07-01", "2026-10-15"}) {
    Claim(1, "GOS1", day);
  }
  // Of the people more is known.
  release_.periods_of["national-apc"] = {{"2025-07-01", "2026-10-31"}};
  const MeasureResult result = Run();
  const auto month = [&](const char* name) {
    return At(result,
              {{"breakdown", "month"}, {"month", name}, {"claim_type", "GOS1"}},
              "n");
  };
  EXPECT_EQ(month("2025-06"), "absent");
  EXPECT_EQ(month("2025-07"), "1");
  EXPECT_EQ(month("2025-08"), "0");
  EXPECT_EQ(TableNamed(result, "gos_activity").info().period,
            "2025-07 to 2026-10");
}

TEST_F(GosTest, UnattendedAreNoActivity) {
  Add(1);
  Claim(1)["outcome"] = "dna";
  Claim(1)["outcome"] = "no_rx";
  Claim(1);
  EXPECT_EQ(Reason(Run(), "All", "n"), "2");
}

TEST_F(GosTest, EarlyIsBeforeTheLeastMonthsOfAgeAndReason) {
  Add(1);
  const auto test = [&](const char* eligibility, int age, const char* before,
                        const char* code) {
    FixtureRow& row = Claim(1);
    row["eligibility"] = eligibility;
    row["age_fy"] = std::to_string(age);
    row["previous_test_month"] = before;
    row["early_retest_code"] = code;
  };
  test("benefit", 40, "2024-11-01", "3");   // 23 of 24 months: early
  test("benefit", 40, "2024-10-01", "3");   // 24: not
  test("benefit", 40, "2024-11-01", "");    // early, no code
  test("benefit", 40, "", "3");             // not known
  test("benefit", 40, "2026-11-01", "3");   // after the test: not asked
  test("diabetes", 40, "2025-10-01", "3");  // 12 of 12
  test("diabetes", 40, "2025-11-01", "3");  // 11: early
  test("under16", 15, "2025-10-01", "3");   // 12 of 12
  test("under16", 15, "2025-11-01", "3");   // 11: early
  test("benefit", 16, "2025-10-01", "3");   // 12 of 24: early
  test("aged60", 69, "2025-10-01", "3");    // 12 of 24: early
  test("aged60", 70, "2025-10-01", "3");    // 12 of 12
  Claim(1, "GOS3")["previous_test_month"] = "2026-10-01";  // no sight test
  const MeasureResult result = Run();
  EXPECT_EQ(Reason(result, "benefit", "asked"), "4");
  EXPECT_EQ(Reason(result, "benefit", "early_retest"), "2");
  EXPECT_EQ(Reason(result, "benefit", "early_uncoded"), "1");
  EXPECT_EQ(Reason(result, "diabetes", "early_retest"), "1");
  EXPECT_EQ(Reason(result, "under16", "early_retest"), "1");
  EXPECT_EQ(Reason(result, "aged60", "early_retest"), "1");
  EXPECT_EQ(Reason(result, "All", "early_retest"), "5");
  EXPECT_EQ(Reason(result, "All", "asked"), "10");
  EXPECT_EQ(Reason(result, "All", "early_retest_share"), "50.0");
}

TEST_F(GosTest, ClaimsOfPracticesAndOfNobodyAddUpToAll) {
  for (int person = 1; person <= 6; ++person) {
    Add(person, person <= 2 ? "Z90001" : "Z90002");
  }
  for (const int person : {1, 2, 3, 3, 0, 99}) Claim(person);
  const MeasureResult result = Run();
  const auto at = [&](const char* area, const char* column) {
    return At(result, {{"breakdown", "practice"}, {"area", area}}, column);
  };
  EXPECT_EQ(at("Z90001", "n"), "2");
  EXPECT_EQ(at("Z90002", "n"), "2");
  EXPECT_EQ(at("Z90002", "per_100k"), "50000.0");
  EXPECT_EQ(at("not on a list", "n"), "2");
  EXPECT_EQ(at("not on a list", "per_100k"), "NA");
  EXPECT_EQ(at("All", "n"), "6");
  EXPECT_EQ(at("All", "list"), "6");
  EXPECT_EQ(at("All", "match_share"), "66.7");
}

TEST_F(GosTest, AgeAndDeprivationAreThoseOfTheListThenOfTheClaim) {
  Add(1).imd_decile = 3;
  Claim(1)["imd_decile"] = "9";
  FixtureRow& stranger = Claim(0);
  stranger["age_fy"] = "90";
  stranger["imd_decile"] = "9";
  Claim(0)["age_fy"] = "";
  const MeasureResult result = Run();
  const auto age = [&](const char* band) {
    return At(result, {{"breakdown", "age"}, {"age_band", band}}, "n");
  };
  EXPECT_EQ(age("60-64"), "1");
  EXPECT_EQ(age("90+"), "1");
  EXPECT_EQ(age("unknown"), "1");
  const auto decile = [&](const char* level) {
    return At(result, {{"breakdown", "deprivation"}, {"imd_decile", level}},
              "n");
  };
  EXPECT_EQ(decile("3"), "1");
  EXPECT_EQ(decile("9"), "1");
  EXPECT_EQ(decile("All"), "3");
}

TEST_F(GosTest, VouchersAreByBand) {
  Add(1);
  Claim(1, "GOS3")["voucher_band"] = "A";
  Claim(1, "GOS4")["voucher_band"] = "A";
  Claim(1, "GOS3")["voucher_band"] = "C";
  Claim(1, "GOS1")["voucher_band"] = "A";
  const MeasureResult result = Run();
  const auto band = [&](const char* level) {
    return At(result, {{"breakdown", "voucher"}, {"voucher_band", level}}, "n");
  };
  EXPECT_EQ(band("A"), "2");
  EXPECT_EQ(band("C"), "1");
  EXPECT_EQ(band("All"), "3");
}

TEST_F(GosTest, ReleaseWithTypesAndDatesOnlyStillGivesCounts) {
  Add(1);
  Claim(1);
  release_.activity[0].columns = {"person", "claim_type", "service_date"};
  release_.activity[0].defaults = {};
  const MeasureResult result = Run();
  EXPECT_EQ(Reason(result, "unknown", "n"), "1");
  EXPECT_EQ(Reason(result, "All", "asked"), "0");
}

TEST_F(GosTest, OrderOfRowsChangesNothing) {
  for (int person = 1; person <= 60; ++person) {
    Add(person, person % 2 == 0 ? "Z90001" : "Z90002");
    Claim(person % 3 == 0 ? 0 : person, person % 5 == 0 ? "GOS3" : "GOS1",
          absl::StrFormat("2026-%02d-01", person % 10 + 1));
  }
  const MeasureResult first = Run("nhs-subnational");
  std::reverse(release_.activity[0].rows.begin(),
               release_.activity[0].rows.end());
  std::reverse(release_.registrations.begin(), release_.registrations.end());
  const MeasureResult second = Run("nhs-subnational");
  EXPECT_EQ(RowsOf(first.tables[0]), RowsOf(second.tables[0]));
  ASSERT_EQ(first.parts.size(), 1u);
  EXPECT_THAT(first.parts[0].sentences[0].text, HasSubstr("sight tests in"));
}

TEST_F(GosTest, WrongDefinitionsAreRefusedWithTheirLine) {
  Add(1);
  Claim(1);
  bench_.emplace(release_);
  const std::pair<const char*, const char*> changes[] = {
      {"sight_tests = [\"GOS1\"", "sight_tests = [\"GOS6\""},
      {"vouchers = [\"GOS3\", \"GOS4\"]", "vouchers = []"},
      {"age_to = 15", "age_to = 91"},
      {"months = 24\n\n[[retest]]", "months = 0\n\n[[retest]]"},
      {"domiciliary = ", "domicilary = "},
  };
  for (const auto& [from, to] : changes) {
    RunOptions options;
    options.definitions = DefinitionWith(*bench_, "D16", {{from, to}});
    EXPECT_THAT(bench_->Run("D16", options).status().message(),
                HasSubstr("D16.toml:"))
        << to;
  }
}

TEST_F(GosTest, ClaimsOfAYearAreMatchedToTheListOfTheirMonth) {
  for (int person = 1; person <= 4; ++person) Add(person);
  release_.registrations[0].death = "2026-01-01";
  release_.registrations[1].start = "2026-08-01";
  Claim(1, "GOS1", "2025-12-10");
  Claim(1, "GOS1", "2026-02-10");  // after the month of death
  Claim(2, "GOS1", "2026-07-10");  // not yet on the list
  Claim(2, "GOS1", "2026-09-10");
  Claim(3, "GOS1", "2026-05-10");
  const MeasureResult result = Run();
  EXPECT_EQ(Reason(result, "aged60", "n"), "5");
  EXPECT_EQ(Reason(result, "aged60", "matched"), "3");
  EXPECT_EQ(Reason(result, "aged60", "list"), "2");
  const auto practice = [&](const std::string& column) {
    return At(
        result,
        {{"breakdown", "practice"}, {"claim_type", "GOS1"}, {"area", "Z90001"}},
        column);
  };
  EXPECT_EQ(practice("n"), "3");
  EXPECT_EQ(practice("list"), "2");
}

}  // namespace
}  // namespace tally::analytics
