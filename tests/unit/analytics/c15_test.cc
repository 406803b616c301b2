// C15: deaths by cause, and life expectancy against a life table worked apart.
#include <cmath>

#include "absl/strings/str_format.h"
#include "analytics/statistics/life_expectancy.h"
#include "bench.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "hospital_rows.h"

namespace tally::analytics {
namespace {

using testing::HasSubstr;

// `per_age` people of every age 0 to 94 in each of two practices.
FixtureRelease MortalTown(int per_age) {
  FixtureRelease town;
  int person = 0;
  for (int practice = 1; practice <= 2; ++practice) {
    for (int age = 0; age < 95; ++age) {
      for (int i = 0; i < per_age; ++i) {
        FixtureRegistration r;
        r.person = ++person;
        r.practice = absl::StrFormat("Z9000%d", practice);
        r.year_of_birth = 2026 - age;
        r.sex = i % 2 == 0 ? "1" : "2";
        r.imd_decile = practice == 1 ? 1 : 10;
        town.registrations.push_back(r);
      }
    }
  }
  return town;
}

std::string Deaths(const MeasureResult& result, const std::string& cause,
                   const std::string& ages, const std::string& area,
                   const std::string& column = "deaths") {
  return Find(result.tables[0],
              {{"cause", cause}, {"age_group", ages}, {"area", area}}, column);
}

TEST(Mortality, CountsEachDeathOnceWhereThePersonWasOnTheList) {
  FixtureRelease town = MortalTown(2);
  FixtureTable deaths = DeathTable();
  auto& r = town.registrations;
  AddDeath(1, "2025-10-31", deaths);  // the day before the twelve months
  AddDeath(2, "2025-11-01", deaths);
  AddDeath(3, "2026-10-31", deaths);
  AddDeath(4, "2026-11-01", deaths);  // the day after
  AddDeath(5, "2026-02-01", deaths);
  AddDeath(5, "2026-03-01", deaths);  // the same person again
  r[5].end = "2026-01-01";            // person 6 left in January
  AddDeath(6, "2026-02-10", deaths);
  r[6].end = "2026-02-01";  // person 7 left in the month of death
  AddDeath(7, "2026-02-10", deaths);
  r[7].death = "2026-01-01";  // the list has person 8 dead a month too early
  AddDeath(8, "2026-02-10", deaths);
  AddDeath(0, "2026-02-10", deaths);
  // Person 9 moved from one practice to the other before dying.
  r[8].end = "2026-01-01";
  FixtureRegistration moved = r[8];
  moved.practice = "Z90002";
  moved.start = "2026-01-01";
  moved.end.clear();
  r.push_back(moved);
  AddDeath(9, "2026-02-10", deaths);
  town.activity = {deaths};
  Bench bench(town);
  const auto result = bench.Run("C15");
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(Deaths(*result, "All causes", "all ages", "Z90001"), "5");
  EXPECT_EQ(Deaths(*result, "All causes", "all ages", "Z90002"), "1");
  EXPECT_EQ(Deaths(*result, "All causes", "all ages", "All"), "6");
  // On the list at mid-year (May 2026) are all but 6 and 7, who left; 8 died.
  EXPECT_EQ(Deaths(*result, "All causes", "all ages", "All", "people"), "377");
}

TEST(Mortality, ADeathAtUnknownAgeIsOneAtAllAgesAndNoneUnder75) {
  FixtureRelease town = MortalTown(1);
  FixtureTable deaths = DeathTable();
  const auto count = [&](const char* ages, const char* column) {
    town.activity = {deaths};
    Bench bench(town);
    const auto result = bench.Run("C15");
    EXPECT_TRUE(result.ok()) << result.status();
    return std::stoi(Deaths(*result, "All causes", ages, "All", column));
  };
  AddDeath(1, "2026-02-10", deaths);
  const int before = count("under 75", "deaths");
  town.registrations[1].year_of_birth = 0;
  AddDeath(2, "2026-02-10", deaths);
  EXPECT_EQ(count("all ages", "deaths"), 2);
  EXPECT_EQ(count("under 75", "deaths"), before);
  EXPECT_EQ(count("all ages", "people"), 190);
}

TEST(Mortality, KeepsAgesAndCausesApart) {
  FixtureRelease town = MortalTown(2);
  FixtureTable deaths = DeathTable();
  // Persons 2 x age + 1 and + 2 are of that age in the financial year 2026.
  AddDeath(2 * 74 + 1, "2026-05-01", deaths, "I219");
  AddDeath(2 * 75 + 1, "2026-05-01", deaths, "I219");
  // Still 74 by the financial year 2025.
  AddDeath(2 * 75 + 2, "2026-03-31", deaths, "C349");
  AddDeath(2 * 40 + 1, "2026-05-01", deaths, "J47");  // bronchiectasis
  AddDeath(2 * 40 + 2, "2026-05-01", deaths, "G35");  // in no list
  AddDeath(2 * 41 + 1, "2026-05-01", deaths, "Y10");  // two causes at once
  AddDeath(2 * 41 + 2, "2026-05-01", deaths, "Y35");  // just outside
  AddDeath(2 * 42 + 1, "2026-05-01", deaths, "");     // no cause
  town.activity = {deaths};
  Bench bench(town);
  const auto result = bench.Run("C15");
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(Deaths(*result, "All causes", "all ages", "All"), "8");
  EXPECT_EQ(Deaths(*result, "All causes", "under 75", "All"), "7");
  EXPECT_EQ(Deaths(*result, "Circulatory disease", "all ages", "All"), "2");
  EXPECT_EQ(Deaths(*result, "Circulatory disease", "under 75", "All"), "1");
  EXPECT_EQ(Deaths(*result, "Cancer", "under 75", "All"), "1");
  EXPECT_EQ(Deaths(*result, "Suicide and injury of undetermined intent",
                   "under 75", "All"),
            "1");
  // I219 at 74, C349, J47 and Y10.
  EXPECT_EQ(Deaths(*result, "Avoidable", "under 75", "All"), "4");
  EXPECT_EQ(Deaths(*result, "Avoidable", "all ages", "All"), "absent");
}

// Deaths of `share` of those of each age in three years, at least one at 90 and
// over, spread evenly over the years.
FixtureTable QuotaDeaths(const FixtureRelease& town, int per_age, int every) {
  FixtureTable deaths = DeathTable();
  int place = 0;
  for (const FixtureRegistration& r : town.registrations) {
    const int age = 2026 - r.year_of_birth;
    if (++place % every != 0 && age < 90) continue;
    if (age >= 90 && place % per_age != 0) continue;
    AddDeath(r.person, "2026-06-01", deaths);
  }
  return deaths;
}

TEST(Mortality, RatioAndRateEqualTheFormulasByHand) {
  const int per_age = 4;
  FixtureRelease town = MortalTown(per_age);
  FixtureTable deaths = DeathTable();
  // In the first practice one of four dies at 60 to 64 (5 people), in the
  // second two of four (10 people): 15 of 40 together.
  for (int practice = 0; practice < 2; ++practice) {
    for (int age = 60; age <= 64; ++age) {
      for (int i = 0; i <= practice; ++i) {
        // Men only in the first; a man and a woman in the second.
        AddDeath(practice * 95 * per_age + age * per_age + i + 1, "2026-06-01",
                 deaths);
      }
    }
  }
  town.activity = {deaths};
  Bench bench(town);
  const auto result = bench.Run("C15");
  ASSERT_TRUE(result.ok()) << result.status();
  // Of 20 men at 60 to 64 in all 10 die, of 20 women 5; each practice has 10
  // and 10: 7.5 are expected in each.
  EXPECT_EQ(Deaths(*result, "All causes", "all ages", "Z90001", "deaths"), "5");
  const double smr = std::strtod(
      Deaths(*result, "All causes", "all ages", "Z90002", "smr").c_str(),
      nullptr);
  EXPECT_NEAR(smr, 10 / 7.5, 0.01);
  // 15 of 40 people of a band of weight 6000 of 100,000.
  EXPECT_EQ(Deaths(*result, "All causes", "all ages", "All", "dsr"), "2250");
  // Nine deaths have no rate, ten have.
  EXPECT_EQ(Deaths(*result, "All causes", "all ages", "Z90001", "dsr"), "NA");
  EXPECT_NE(Deaths(*result, "All causes", "all ages", "Z90002", "dsr"), "NA");
}

TEST(Mortality, LifeExpectancyEqualsTheTableOfTheSameCounts) {
  const int per_age = 20;
  FixtureRelease town = MortalTown(per_age);
  town.activity = {QuotaDeaths(town, per_age, 10)};
  Bench bench(town);
  const auto result = bench.Run("C15");
  ASSERT_TRUE(result.ok()) << result.status();
  const GatedTable& table = result->tables[1];
  ASSERT_EQ(table.info().table, "life_expectancy");
  // The life table of everybody: three lists, in which each person is a year
  // younger than in the one after; deaths at the age of 2026.
  std::vector<LifeBandCounts> bands(kLifeBands);
  double dead = 0;
  for (const FixtureRegistration& r : town.registrations) {
    const int age = 2026 - r.year_of_birth;
    for (int back = 0; back < 3; ++back) {
      const int then = std::max(0, std::min(90, age - back));
      bands[static_cast<size_t>(LifeBandOfAge(then))].population += 1;
    }
  }
  for (const FixtureRow& row : town.activity[0].rows) {
    const auto& r = town.registrations[static_cast<size_t>(
        std::stoi(row.at("person")) - 1)];
    bands[static_cast<size_t>(
              LifeBandOfAge(std::min(90, 2026 - r.year_of_birth)))]
        .deaths += 1;
    dead += 1;
  }
  // Three years before the snapshot nobody can be told from 87 up: 85+ is open.
  bands[18].population += bands[19].population;
  bands[18].deaths += bands[19].deaths;
  bands.pop_back();
  const Estimate expected = LifeExpectancy(bands)[0];
  ASSERT_TRUE(expected.value.known());
  const std::map<std::string, std::string> all = {
      {"imd_decile", "All"}, {"sex", "All"}, {"age", "0"}};
  EXPECT_EQ(Find(table, all, "deaths"), absl::StrFormat("%.0f", dead));
  EXPECT_EQ(Find(table, all, "people"),
            std::to_string(3 * town.registrations.size()));
  EXPECT_NEAR(std::strtod(Find(table, all, "le").c_str(), nullptr),
              expected.value.value(), 0.06);
  EXPECT_NEAR(std::strtod(Find(table, all, "le_lo").c_str(), nullptr),
              expected.lower.value(), 0.06);
  // Both deciles are alike; each has more than 5,000 person-years.
  EXPECT_NE(
      Find(table, {{"imd_decile", "1"}, {"sex", "All"}, {"age", "0"}}, "le"),
      "NA");
  // Men of one decile alone: 950 x 3 person-years are too few.
  EXPECT_EQ(
      Find(table, {{"imd_decile", "1"}, {"sex", "male"}, {"age", "0"}}, "le"),
      "NA");
}

TEST(Mortality, TrendCoversWholeYearsOfTheReleaseOnly) {
  FixtureRelease town = MortalTown(2);
  FixtureTable deaths = DeathTable();
  AddDeath(1, "2026-01-01", deaths);
  AddDeath(2, "2023-10-31", deaths);
  AddDeath(3, "2022-11-01", deaths);
  AddDeath(4, "2022-10-31", deaths);  // before the release begins
  town.activity = {deaths};
  Bench bench(town);
  const auto result = bench.Run("C15");
  ASSERT_TRUE(result.ok()) << result.status();
  const GatedTable& trend = result->tables[2];
  const auto in_year = [&](const std::string& year) {
    return Find(
        trend,
        {{"cause", "All causes"}, {"age_group", "all ages"}, {"year", year}},
        "deaths");
  };
  EXPECT_EQ(in_year("2025-11 to 2026-10"), "1");
  EXPECT_EQ(in_year("2024-11 to 2025-10"), "0");
  EXPECT_EQ(in_year("2022-11 to 2023-10"), "2");
  EXPECT_EQ(in_year("2021-11 to 2022-10"), "absent");
}

TEST(Mortality, SaysWhyItIsNotAvailable) {
  Bench bench(MortalTown(1));
  const auto result = bench.Run("C15");
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_THAT(result->unavailable.value_or(""), HasSubstr("ons_death"));
}

TEST(Mortality, IsNotGroupedByAgeBand) {
  FixtureRelease town = MortalTown(1);
  town.activity = {DeathTable()};
  Bench bench(town);
  RunOptions options;
  options.by = {"age_band"};
  EXPECT_EQ(bench.Run("C15", options).status().code(),
            absl::StatusCode::kInvalidArgument);
  options.by = {"sex"};
  const auto by_sex = bench.Run("C15", options);
  ASSERT_TRUE(by_sex.ok()) << by_sex.status();
  EXPECT_EQ(
      Find(
          by_sex->tables[0],
          {{"cause", "All causes"}, {"age_group", "all ages"}, {"sex", "male"}},
          "people"),
      "190");
}

}  // namespace
}  // namespace tally::analytics
