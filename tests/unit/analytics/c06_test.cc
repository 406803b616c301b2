// C06: inequality, against closed forms and counts kept by hand.
#include <cmath>

#include "absl/strings/str_format.h"
#include "bench.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "hospital_rows.h"

namespace tally::analytics {
namespace {

using testing::HasSubstr;

constexpr int kBandsOfAge = 19;

// Ten deciles of `per_band` people in every age band, the same in each, so that
// a standardised rate is the share of people. `cases` says how many of each
// band have diabetes in a decile.
FixtureRelease DecileTown(int per_band, const std::vector<int>& cases) {
  FixtureRelease town;
  int person = 0;
  for (int decile = 1; decile <= 10; ++decile) {
    for (int band = 0; band < kBandsOfAge; ++band) {
      for (int i = 0; i < per_band; ++i) {
        FixtureRegistration r;
        r.person = ++person;
        r.imd_decile = decile;
        r.year_of_birth = 2026 - 5 * band - 2;
        r.sex = i % 2 == 0 ? "1" : "2";
        r.ethnic_category = i % 2 == 0 ? "white" : "asian";
        town.registrations.push_back(r);
        if (i < cases[static_cast<size_t>(decile - 1)]) {
          town.events.push_back({person, "2024-03-01", "CAN_COD"});
        }
      }
    }
  }
  return town;
}

const GatedTable& Named(const MeasureResult& result, std::string_view name) {
  for (const GatedTable& table : result.tables) {
    if (table.info().table == name) return table;
  }
  ADD_FAILURE() << "no table " << name;
  std::abort();
}

double NumberIn(const GatedTable& table,
                const std::map<std::string, std::string>& levels,
                std::string_view column) {
  return std::strtod(Find(table, levels, column).c_str(), nullptr);
}

TEST(Inequality, EqualsTheClosedFormOfALinearRate) {
  // 11/20 in decile 1 down to 2/20 in decile 10, so 55 to 10 per 100: a slope
  // of -50 over the population, ends at 57.5 and 7.5.
  Bench bench(DecileTown(20, {11, 10, 9, 8, 7, 6, 5, 4, 3, 2}));
  const auto result = bench.Run("C06");
  ASSERT_TRUE(result.ok()) << result.status();
  const GatedTable& table = Named(*result, "inequality");
  const std::map<std::string, std::string> row = {{"measure", "Cancer"}};
  EXPECT_EQ(Find(table, row, "events"), std::to_string(65 * 19));
  EXPECT_NEAR(NumberIn(table, row, "sii"), 50, 0.05);
  EXPECT_NEAR(NumberIn(table, row, "rii"), 57.5 / 7.5, 0.01);
  EXPECT_NEAR(NumberIn(table, row, "gap"), 45, 0.05);
  // (55 + 50) / 2 over the mean of 45 to 10.
  EXPECT_NEAR(NumberIn(table, row, "core20_ratio"), 52.5 / 27.5, 0.01);
  // 2 x 12.125 / 32.5 - 1, worked by hand.
  EXPECT_NEAR(NumberIn(table, row, "concentration_index"), -0.2538, 0.005);
  EXPECT_LT(NumberIn(table, row, "sii_lo"), 50);
  EXPECT_GT(NumberIn(table, row, "sii_hi"), 50);
  EXPECT_GT(NumberIn(table, row, "rii_lo"), 1);
  const GatedTable& deciles = Named(*result, "inequality_deciles");
  for (int decile = 1; decile <= 10; ++decile) {
    EXPECT_EQ(
        Find(deciles,
             {{"measure", "Cancer"}, {"imd_decile", std::to_string(decile)}},
             "dsr"),
        absl::StrFormat("%d.0", 60 - 5 * decile));
  }
  EXPECT_EQ(
      Find(deciles, {{"measure", "Cancer"}, {"imd_decile", "All"}}, "events"),
      std::to_string(65 * 19));
  // The line goes through rates that lie on one.
  const GatedTable& fit = Named(*result, "inequality_fit");
  EXPECT_EQ(Find(fit, {{"measure", "Cancer"}, {"imd_decile", "3"}}, "fit"),
            "45.0");
}

TEST(Inequality, FlatRatesHaveNoSlopeAndReversedOnesANegativeOne) {
  Bench flat(DecileTown(6, std::vector<int>(10, 2)));
  const auto even = flat.Run("C06");
  ASSERT_TRUE(even.ok()) << even.status();
  const std::map<std::string, std::string> row = {{"measure", "Cancer"}};
  const GatedTable& equal = Named(*even, "inequality");
  EXPECT_NEAR(NumberIn(equal, row, "sii"), 0, 0.005);
  EXPECT_NEAR(NumberIn(equal, row, "rii"), 1, 0.005);
  EXPECT_NEAR(NumberIn(equal, row, "concentration_index"), 0, 0.005);
  Bench reversed(DecileTown(20, {2, 3, 4, 5, 6, 7, 8, 9, 10, 11}));
  const auto other = reversed.Run("C06");
  ASSERT_TRUE(other.ok()) << other.status();
  EXPECT_NEAR(NumberIn(Named(*other, "inequality"), row, "sii"), -50, 0.05);
  EXPECT_NEAR(NumberIn(Named(*other, "inequality"), row, "rii"), 7.5 / 57.5,
              0.01);
}

TEST(Inequality, ADecileWithFewEventsLeavesNoIndex) {
  FixtureRelease town = DecileTown(6, std::vector<int>(10, 2));
  // Nine cases stay in decile 10: below the ten that a rate needs.
  int kept = 0;
  const int first = 9 * kBandsOfAge * 6;
  std::erase_if(town.events, [&](const FixtureEvent& e) {
    return e.person > first && ++kept > 9;
  });
  Bench bench(town);
  const auto result = bench.Run("C06");
  ASSERT_TRUE(result.ok()) << result.status();
  const GatedTable& table = Named(*result, "inequality");
  const std::map<std::string, std::string> row = {{"measure", "Cancer"}};
  EXPECT_EQ(Find(table, row, "sii"), "NA");
  EXPECT_EQ(Find(table, row, "gap"), "NA");
  // Deciles 3 to 10 together have enough.
  EXPECT_NE(Find(table, row, "core20_ratio"), "NA");
}

TEST(Inequality, NeedsAHundredEvents) {
  for (const bool enough : {true, false}) {
    FixtureRelease town = DecileTown(2, std::vector<int>(10, 1));
    // Ten or nine events a decile; all bands have people.
    std::map<int, int> kept;
    std::erase_if(town.events, [&](const FixtureEvent& e) {
      const int decile = (e.person - 1) / (kBandsOfAge * 2);
      return ++kept[decile] > 10;
    });
    if (!enough) town.events.pop_back();
    Bench bench(town);
    const auto result = bench.Run("C06");
    ASSERT_TRUE(result.ok()) << result.status();
    const GatedTable& table = Named(*result, "inequality");
    const std::map<std::string, std::string> row = {{"measure", "Cancer"}};
    EXPECT_EQ(Find(table, row, "events"), enough ? "100" : "99");
    EXPECT_EQ(Find(table, row, "core20_ratio") == "NA", !enough);
    EXPECT_EQ(Find(table, row, "sii") == "NA", !enough);
  }
}

TEST(Inequality, PeopleWithoutADecileAreShownApart) {
  FixtureRelease town = DecileTown(6, std::vector<int>(10, 2));
  for (size_t i = 0; i < 12; ++i) town.registrations[i].imd_decile.reset();
  Bench bench(town);
  const auto result = bench.Run("C06");
  ASSERT_TRUE(result.ok()) << result.status();
  const GatedTable& deciles = Named(*result, "inequality_deciles");
  EXPECT_EQ(Find(deciles, {{"measure", "Cancer"}, {"imd_decile", "unknown"}},
                 "people"),
            "12");
  EXPECT_EQ(
      Find(deciles, {{"measure", "Cancer"}, {"imd_decile", "All"}}, "people"),
      "1140");
  EXPECT_EQ(
      Find(Named(*result, "inequality"), {{"measure", "Cancer"}}, "people"),
      "1128");
}

TEST(Inequality, CountsAdmissionsAttendancesAndDeathsOfTwelveMonths) {
  FixtureRelease town = DecileTown(2, std::vector<int>(10, 1));
  // Person 1 to 7, decile 1: ages 2, 2, 7, 7, 12 ...
  FixtureTable apc = ApcTable();
  const auto episode = [&](int spell, std::string day, std::string method) {
    FixtureEpisode e;
    e.person = 1;
    e.spell = spell;
    e.admitted = e.discharged = std::move(day);
    e.method = std::move(method);
    AddEpisode(e, apc);
  };
  episode(1, "2025-10-31", "21");  // the day before
  episode(2, "2025-11-01", "21");
  episode(3, "2026-10-31", "2A");
  episode(4, "2026-11-01", "21");  // the day after
  episode(5, "2026-03-01", "11");  // planned
  FixtureEpisode second;           // the second episode of a spell
  second.person = 1;
  second.spell = 3;
  second.admitted = second.discharged = "2026-10-31";
  second.method = "2A";
  second.order = 2;
  apc.rows[2]["last_episode"] = "false";  // spell 3 goes on
  AddEpisode(second, apc);
  FixtureEpisode nobody;
  nobody.spell = 9;
  AddEpisode(nobody, apc);
  FixtureTable ecds = EcdsTable();
  AddAttendance(1, "2025-10-31", ecds);
  AddAttendance(1, "2025-11-01", ecds);
  AddAttendance(1, "2026-10-31", ecds);
  AddAttendance(1, "2026-03-01", ecds, "2");  // planned
  AddAttendance(0, "2026-03-01", ecds);
  // A key that comes twice is one attendance.
  ecds.columns.push_back("attendance_id");
  for (size_t i = 0; i < ecds.rows.size(); ++i) {
    ecds.rows[i]["attendance_id"] = std::to_string(100 + i);
  }
  AddAttendance(1, "2026-10-30", ecds);
  ecds.rows.back()["attendance_id"] = ecds.rows[2]["attendance_id"];
  FixtureTable deaths = DeathTable();
  AddDeath(1, "2025-11-01", deaths);
  AddDeath(1, "2026-01-01", deaths);  // again: the first counts
  AddDeath(2, "2025-10-31", deaths);  // too early
  AddDeath(3, "2026-10-31", deaths);
  AddDeath(0, "2026-03-01", deaths);
  // Born 1952 and 1951: 74 and 75 in the financial year 2026.
  town.registrations[4].year_of_birth = 1952;
  town.registrations[5].year_of_birth = 1951;
  AddDeath(5, "2026-05-01", deaths);
  AddDeath(6, "2026-05-01", deaths);
  // Left before the month of death.
  town.registrations[6].end = "2026-04-01";
  AddDeath(7, "2026-05-01", deaths);
  // Died on the way: still counted, by the month of death of the practice.
  town.registrations[2].death = "2026-10-01";
  town.activity = {apc, ecds, deaths};
  Bench bench(town);
  const auto result = bench.Run("C06");
  ASSERT_TRUE(result.ok()) << result.status();
  const GatedTable& deciles = Named(*result, "inequality_deciles");
  const auto events = [&](const std::string& measure) {
    return Find(deciles, {{"measure", measure}, {"imd_decile", "1"}}, "events");
  };
  EXPECT_EQ(events("Emergency admissions"), "2");
  EXPECT_EQ(events("First unplanned emergency attendances"), "2");
  EXPECT_EQ(events("Deaths under 75"), "3");  // 1, 3 and 5
}

TEST(Inequality, NamesRatesThatTheReleaseCannotCarry) {
  Bench bench(DecileTown(6, std::vector<int>(10, 2)));
  const auto result = bench.Run("C06");
  ASSERT_TRUE(result.ok()) << result.status();
  const GatedTable& table = Named(*result, "inequality");
  EXPECT_EQ(Find(table, {{"measure", "Emergency admissions"}}, "events"),
            "absent");
  EXPECT_THAT(table.info().notes,
              testing::Contains(HasSubstr("Emergency admissions is not "
                                          "available: the release has no "
                                          "sus-apc")));
  FixtureRelease bands = DecileTown(2, std::vector<int>(10, 1));
  bands.age_column = "age_band";
  Bench without(bands);
  const auto none = without.Run("C06");
  ASSERT_TRUE(none.ok()) << none.status();
  ASSERT_TRUE(none->unavailable.has_value());
  EXPECT_THAT(*none->unavailable, HasSubstr("year_of_birth"));
}

TEST(Inequality, IsGroupedByPracticeOrNotAtAll) {
  Bench bench(DecileTown(6, std::vector<int>(10, 2)));
  RunOptions options;
  options.by = {"practice"};
  const auto grouped = bench.Run("C06", options);
  ASSERT_TRUE(grouped.ok()) << grouped.status();
  EXPECT_EQ(Find(Named(*grouped, "inequality"),
                 {{"measure", "Cancer"}, {"area", "Z90001"}}, "people"),
            "1140");
  options.by = {"sex"};
  EXPECT_EQ(bench.Run("C06", options).status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST(Inequality, DoesNotDependOnTheOrderOfRows) {
  FixtureRelease town = DecileTown(20, {11, 10, 9, 8, 7, 6, 5, 4, 3, 2});
  Bench one(town);
  std::reverse(town.registrations.begin(), town.registrations.end());
  std::reverse(town.events.begin(), town.events.end());
  Bench two(town);
  const auto a = one.Run("C06");
  const auto b = two.Run("C06");
  ASSERT_TRUE(a.ok() && b.ok());
  ASSERT_EQ(a->tables.size(), b->tables.size());
  for (size_t t = 0; t < a->tables.size(); ++t) {
    ASSERT_EQ(a->tables[t].rows(), b->tables[t].rows());
    for (size_t row = 0; row < a->tables[t].rows(); ++row) {
      for (size_t c = 0; c < a->tables[t].columns().size(); ++c) {
        EXPECT_EQ(a->tables[t].cell(row, c).text(),
                  b->tables[t].cell(row, c).text());
      }
    }
  }
}

TEST(Inequality, DrawsAForestAndDecilesFromPrintedTables) {
  Bench bench(DecileTown(20, {11, 10, 9, 8, 7, 6, 5, 4, 3, 2}),
              "nhs-subnational");
  const auto result = bench.Run("C06");
  ASSERT_TRUE(result.ok()) << result.status();
  ASSERT_EQ(result->parts.size(), 2u);
  const PagePart& needs = result->parts[0];
  EXPECT_EQ(needs.page, "needs");
  ASSERT_EQ(needs.charts.size(), 3u);
  EXPECT_EQ(needs.charts[0].type(), "interval");
  EXPECT_THAT(
      needs.charts[0].title,
      HasSubstr("The only rate that can be judged is worse for the deprived"));
  EXPECT_THAT(needs.charts[0].title, HasSubstr("; 0 are better"));
  EXPECT_THAT(needs.charts[1].title, HasSubstr("most deprived fifth"));
  EXPECT_THAT(needs.charts[1].title,
              HasSubstr("higher for the deprived by more than chance"));
  // Each measure has its own unit: the column has none.
  const Chart& ethnicity = needs.charts[2];
  EXPECT_EQ(ethnicity.columns()[ethnicity.ColumnIndex("dsr")].unit, "");
  const JsonValue* units = ethnicity.options.Find("units");
  ASSERT_NE(units, nullptr);
  EXPECT_THAT(units->Find(ethnicity.first_level())->AsString(),
              ::testing::StartsWith("per "));
}

TEST(Inequality, CountsEventsOfPeopleOnTheListInTheirMonth) {
  FixtureRelease town = DecileTown(2, std::vector<int>(10, 1));
  FixtureTable ecds = EcdsTable();
  AddAttendance(1, "2025-12-01", ecds);
  AddAttendance(1, "2026-01-20", ecds);
  AddAttendance(1, "2026-02-20", ecds);  // after the month of death
  town.registrations[0].death = "2026-01-01";
  AddAttendance(2, "2026-07-01", ecds);  // before the list
  AddAttendance(2, "2026-09-01", ecds);
  town.registrations[1].start = "2026-08-01";
  town.activity = {ecds};
  Bench bench(town);
  const auto result = bench.Run("C06");
  ASSERT_TRUE(result.ok()) << result.status();
  const GatedTable& deciles = Named(*result, "inequality_deciles");
  const auto first = [&](const std::string& column) {
    return Find(deciles,
                {{"measure", "First unplanned emergency attendances"},
                 {"imd_decile", "1"}},
                column);
  };
  EXPECT_EQ(first("events"), "3");
  EXPECT_EQ(first("people"), "36");  // of 38 in May
}

}  // namespace
}  // namespace tally::analytics
