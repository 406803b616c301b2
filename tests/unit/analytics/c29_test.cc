// Indicators counted by hand, and their control charts.
#include <string>
#include <vector>

#include "absl/strings/str_format.h"
#include "analytics/statistics/spc.h"
#include "bench.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "indicator_world.h"
#include "measures/indicators.h"
#include "replaced_definition.h"
#include "status_matchers.h"
#include "stays.h"

namespace tally::analytics {
namespace {

using ::testing::HasSubstr;

TEST(Trends, CountRowsOfPeopleOnTheListAtTheirPracticeOfTheMonth) {
  IndicatorWorld world;
  // 8 people on the list of Z90001 at all times; person 1 moves to Z90002 in
  // May 2026; person 20 is on no list; a row without a person.
  for (int p = 1; p <= 8; ++p) world.Person(p, "Z90001");
  world.release.registrations[0].end = "2026-04-01";
  world.Person(1, "Z90002", "2026-05-01");
  world.Attend(1, "2026-04-30", 100);
  world.Attend(1, "2026-05-01", 240);
  world.Attend(2, "2026-05-01", 241);
  world.Attend(2, "2026-05-02", 0, "1");    // departure not known
  world.Attend(2, "2026-05-02", 100, "2");  // planned
  world.Attend(3, "2026-05-31", 721);
  world.Attend(20, "2026-05-10", 100);
  world.Attend(0, "2026-05-10", 100);
  Bench bench(world.Release());
  const auto result = bench.Run("C29", world.Options(bench));
  ASSERT_OK(result);
  const GatedTable& rates = *TableOf(*result, "indicator_rate_month");
  const auto rate = [&](std::string area, std::string month,
                        std::string column) {
    return Find(rates,
                {{"indicator", "ed_attendances"},
                 {"area", std::move(area)},
                 {"month", std::move(month)}},
                column);
  };
  EXPECT_EQ(rate("Z90001", "2026-04", "num"), "1");
  EXPECT_EQ(rate("Z90001", "2026-04", "den"), "8");
  EXPECT_EQ(rate("Z90002", "2026-05", "num"), "1");
  EXPECT_EQ(rate("Z90002", "2026-05", "den"), "1");
  EXPECT_EQ(rate("Z90001", "2026-05", "num"), "3");
  EXPECT_EQ(rate("Z90001", "2026-05", "den"), "7");
  EXPECT_EQ(rate("All", "2026-05", "num"), "4");
  EXPECT_EQ(rate("All", "2026-05", "den"), "8");
  EXPECT_EQ(rate("All", "2026-05", "value"), "50000.0");
  EXPECT_EQ(rate("All", "2026-06", "num"), "0");
  const GatedTable& shares = *TableOf(*result, "indicator_share_month");
  const auto share = [&](std::string indicator, std::string column) {
    return Find(shares,
                {{"indicator", std::move(indicator)},
                 {"area", "All"},
                 {"month", "2026-05"}},
                column);
  };
  EXPECT_EQ(share("ed_within_4h", "num"), "1");
  EXPECT_EQ(share("ed_within_4h", "den"), "3");
  EXPECT_EQ(share("ed_within_4h", "value"), "33.3");
  EXPECT_EQ(share("ed_over_12h", "num"), "1");
  const GatedTable& year = *TableOf(*result, "indicator_rate_year");
  EXPECT_EQ(
      Find(year, {{"indicator", "ed_attendances"}, {"area", "All"}}, "num"),
      "5");
  EXPECT_EQ(
      Find(year, {{"indicator", "ed_attendances"}, {"area", "Z90002"}}, "den"),
      "1");
}

// One name, one count: a transfer is none, an emergency of a day is one.
TEST(Trends, CountTheEmergencyAdmissionsThatInequalityCounts) {
  IndicatorWorld world;
  for (int p = 1; p <= 8; ++p) world.Person(p, "Z90001");
  world.Person(9, "Z90001", "2026-07-01");
  world.release.registrations[1].death = "2026-01-01";
  world.Attend(1, "2026-05-01", 100);
  FixtureTable apc = StayTable();
  apc.rows = {
      Stay(1, "2026-03-01", "2026-03-05", {{"discharge_destination", "51"}}),
      Stay(1, "2026-03-05", "2026-03-09", {{"provider_code", "RXB"}}),
      Stay(2, "2025-12-10", "2025-12-10", {{"patient_classification", "2"}}),
      Stay(9, "2026-06-10", "2026-06-12"),  // not yet on the list
      Stay(9, "2026-08-10", "2026-08-12"),
      Stay(3, "2026-06-01", "2026-06-02", {{"admission_method", "11"}})};
  world.release.activity.push_back(apc);
  Bench bench(world.Release());
  const RunOptions options = world.Options(bench);
  const auto trends = bench.Run("C29", options);
  ASSERT_OK(trends);
  EXPECT_EQ(
      Find(*TableOf(*trends, "indicator_rate_year"),
           {{"indicator", "emergency_admissions"}, {"area", "All"}}, "num"),
      "3");
  const auto inequality = bench.Run("C06", options);
  ASSERT_OK(inequality);
  EXPECT_EQ(Find(*TableOf(*inequality, "inequality_deciles"),
                 {{"measure", "Emergency admissions"}, {"imd_decile", "All"}},
                 "events"),
            "3");
}

TEST(Trends, CountEpisodesThatWereDischargedAsNotManaged) {
  IndicatorWorld world;
  FixtureTable claims{
      .dataset = "gos-claim",
      .defaults = {{"claim_type", "MECS"}, {"service_date", "2026-05-10"}}};
  for (int p = 1; p <= 20; ++p) world.Person(p, "Z90001");
  for (int p = 1; p <= 16; ++p) {
    claims.Add({{"person", std::to_string(p)},
                {"outcome", p <= 8 ? "managed" : "discharged"}});
  }
  claims.Add({{"person", "17"}, {"outcome", "dna"}});
  claims.Add({{"person", "18"}, {"outcome", ""}});
  world.release.activity.push_back(claims);
  Bench bench(world.Release());
  const auto result = bench.Run("C29", world.Options(bench));
  ASSERT_OK(result);
  const GatedTable& shares = *TableOf(*result, "indicator_share_year");
  EXPECT_EQ(Find(shares, {{"indicator", "eye_managed"}}, "den"), "16");
  EXPECT_EQ(Find(shares, {{"indicator", "eye_managed"}}, "value"), "50.0");
}

TEST(Trends, CountTheFirstDeathOfAPerson) {
  IndicatorWorld world;
  for (int p = 1; p <= 20; ++p) world.Person(p, "Z90001");
  FixtureTable deaths{.dataset = "ons-death"};
  deaths.Add({{"person", "1"},
              {"date_of_death", "2026-05-10"},
              {"underlying_cause", "I219"}});
  deaths.Add({{"person", "1"},
              {"date_of_death", "2026-06-10"},
              {"underlying_cause", "I219"}});
  deaths.Add({{"person", "2"},
              {"date_of_death", "2026-06-11"},
              {"underlying_cause", "I219"}});
  world.release.activity.push_back(deaths);
  Bench bench(world.Release());
  const auto result = bench.Run("C29", world.Options(bench));
  ASSERT_OK(result);
  const GatedTable& rates = *TableOf(*result, "indicator_rate_month");
  const auto deaths_in = [&](const char* month) {
    return Find(rates, {{"indicator", "deaths"}, {"month", month}}, "num");
  };
  EXPECT_EQ(deaths_in("2026-05"), "1");
  EXPECT_EQ(deaths_in("2026-06"), "1");
}

TEST(Trends, SayThatSmallPracticesAreCountedTogether) {
  IndicatorWorld world;
  world.Town(1, [](int, int) { return 1; });
  world.Person(900, "Z90009");
  Bench bench(world.Release());
  RunOptions options;
  options.definitions = DefinitionWith(
      bench, "C29", {{"smallest_area = 500", "smallest_area = 50"}});
  const auto result = bench.Run("C29", options);
  ASSERT_OK(result);
  const GatedTable& rates = *TableOf(*result, "indicator_rate_year");
  EXPECT_EQ(
      Find(rates, {{"indicator", "ed_attendances"}, {"area", "All"}}, "den"),
      "101");
  EXPECT_THAT(rates.info().notes,
              ::testing::Contains(HasSubstr("are shown together")));
}

TEST(Trends, LeaveOutIndicatorsThatTheReleaseCannotCarry) {
  IndicatorWorld world;
  for (int p = 1; p <= 8; ++p) world.Person(p, "Z90001");
  world.Attend(1, "2026-05-01", 100);
  Bench bench(world.Release());
  const auto result = bench.Run("C29", world.Options(bench));
  ASSERT_OK(result);
  const GatedTable& rates = *TableOf(*result, "indicator_rate_month");
  EXPECT_EQ(Find(rates, {{"indicator", "emergency_admissions"}}, "num"),
            "absent");
  bool said = false;
  for (const std::string& note : rates.info().notes) {
    said = said || note.starts_with(
                       "Not available, because the release has no usable table "
                       "sus_apc: Emergency admissions; ");
  }
  EXPECT_TRUE(said);
}

TEST(Trends, CountNoMonthThatASourceDoesNotCover) {
  IndicatorWorld world;
  for (int p = 1; p <= 8; ++p) world.Person(p, "Z90001");
  world.Attend(1, "2026-05-01", 100);
  world.release.period_start = "2025-12-01";
  Bench bench(world.Release());
  const auto result = bench.Run("C29", world.Options(bench));
  ASSERT_OK(result);
  const GatedTable& rates = *TableOf(*result, "indicator_rate_month");
  const auto month = [&](std::string name) {
    return Find(rates,
                {{"indicator", "ed_attendances"},
                 {"area", "All"},
                 {"month", std::move(name)}},
                "num");
  };
  EXPECT_EQ(month("2025-11"), "absent");
  EXPECT_EQ(month("2025-12"), "0");
  // Eleven months are no year.
  EXPECT_EQ(TableOf(*result, "indicator_rate_year")->rows(), 0u);
}

TEST(Trends, DrawTheChartOfThePrintedValues) {
  IndicatorWorld world;
  for (int p = 1; p <= 8; ++p) world.Person(p, "Z90001");
  // 24 months of 2 and 3 in turn, then one of 8.
  std::vector<double> expected;
  for (int i = 0; i < 25; ++i) {
    const int n = i == 24 ? 8 : 2 + i % 2;
    const CivilDay month = *CivilDay::Create(2024, 10, 1).value().AddMonths(i);
    for (int k = 0; k < n; ++k) world.Attend(k + 1, month.ToIso(), 100);
    expected.push_back(n * 100000.0 / 8);
  }
  world.release.period_start = "2024-10-01";
  Bench bench(world.Release());
  const auto result = bench.Run("C29", world.Options(bench));
  ASSERT_OK(result);
  const GatedTable& points = *TableOf(*result, "spc_points");
  const std::vector<SpcPoint> chart = XmrChart(expected);
  const auto point = [&](std::string month, std::string column) {
    return Find(points,
                {{"indicator", "ed_attendances"},
                 {"area", "All"},
                 {"month", std::move(month)}},
                column);
  };
  EXPECT_EQ(point("2024-10", "value"), "25000.0");
  EXPECT_EQ(point("2024-10", "mean"), absl::StrFormat("%.1f", chart[0].mean));
  EXPECT_EQ(point("2026-10", "upl"), absl::StrFormat("%.1f", *chart[0].upper));
  EXPECT_EQ(point("2026-10", "point_type"), "concern");  // lower is better
  EXPECT_EQ(point("2026-10", "rule"), "beyond a limit");
  EXPECT_EQ(point("2024-10", "point_type"), "common");
  EXPECT_EQ(point("2026-10", "target"), "NA");
  // The share has a target of 78 % and is always 100 %.
  const auto share = [&](std::string column) {
    return Find(
        points,
        {{"indicator", "ed_within_4h"}, {"area", "All"}, {"month", "2026-10"}},
        column);
  };
  EXPECT_EQ(share("target"), "78.0");
  EXPECT_EQ(share("upl"), "NA");
  EXPECT_EQ(share("variation"), "too_equal");
  EXPECT_EQ(share("assurance"), "not_judged");
  EXPECT_EQ(point("2024-10", "variation"), "concern");
  ASSERT_FALSE(result->parts.empty());
  EXPECT_THAT(result->parts[0].sentences[0].text,
              AllOf(HasSubstr("1 of 3 indicators can be judged: 1 worsens and "
                              "none improves by more than chance; "),
                    HasSubstr("; 2 cannot be judged: 2 have too few different "
                              "values")));
  const Chart& drawn = result->parts[0].charts[0];
  EXPECT_EQ(drawn.options.Find("units")
                ->Find("Unplanned emergency attendances")
                ->AsString(),
            "per 100,000");
  EXPECT_THAT(drawn.title, HasSubstr("per 100,000"));
}

TEST(Trends, DoNotJudgeAYearOfElevenMonthsOrAChangeOfLevel) {
  for (const int months : {11, 24}) {
    IndicatorWorld world;
    for (int p = 1; p <= 8; ++p) world.Person(p, "Z90001");
    for (int i = 0; i < months; ++i) {
      // Of 24, the first twelve lie on one side of the mean and the others on
      // the other: every point is in a run of 7.
      const int n = (i < 12 ? 2 : 6) + i % 2;
      const CivilDay month =
          *CivilDay::Create(2026, 10, 1).value().AddMonths(1 + i - months);
      for (int k = 0; k < n; ++k) world.Attend(k + 1, month.ToIso(), 100);
    }
    world.release.period_start = months == 11 ? "2025-12-01" : "2024-11-01";
    Bench bench(world.Release());
    const auto result = bench.Run("C29", world.Options(bench));
    ASSERT_OK(result);
    const auto last = [&](std::string column) {
      return Find(*TableOf(*result, "spc_points"),
                  {{"indicator", "ed_attendances"},
                   {"area", "All"},
                   {"month", "2026-10"}},
                  column);
    };
    EXPECT_EQ(last("variation"), months == 11 ? "too_few" : "unstable");
    EXPECT_EQ(last("point_type"), months == 11 ? "common" : "concern");
    ASSERT_FALSE(result->parts.empty());
    EXPECT_THAT(result->parts[0].sentences[0].text,
                HasSubstr(months == 11 ? "3 have too few months"
                                       : "1 does not vary about one level"));
  }
}

TEST(Trends, StartOverWhereTheDefinitionSaysSoAndKeepAllRangesIfAsked) {
  IndicatorWorld world;
  for (int p = 1; p <= 8; ++p) world.Person(p, "Z90001");
  std::vector<double> expected;
  for (int i = 0; i < 25; ++i) {
    const int n = i < 12 ? 2 + i % 2 : 6 + i % 2 - (i == 20 ? 5 : 0);
    const CivilDay month = *CivilDay::Create(2024, 10, 1).value().AddMonths(i);
    for (int k = 0; k < n; ++k) world.Attend(k + 1, month.ToIso(), 100);
    expected.push_back(n * 100000.0 / 8);
  }
  world.release.period_start = "2024-10-01";
  world.replace = {{"spc_mode = \"screened\"", "spc_mode = \"excel\""},
                   {"# [[rebase]]\n# indicator = \"ed_within_4h\"\n# area = "
                    "\"All\"\n# month = \"2026-04\"",
                    "[[rebase]]\nindicator = \"ed_attendances\"\narea = "
                    "\"All\"\nmonth = \"2025-10\""}};
  Bench bench(world.Release());
  const auto result = bench.Run("C29", world.Options(bench));
  ASSERT_OK(result);
  const GatedTable& points = *TableOf(*result, "spc_points");
  const std::vector<size_t> rebase = {12};
  const std::vector<SpcPoint> chart =
      XmrChart(expected, SpcMode::kExcel, rebase);
  for (const auto& [month, i] : {std::pair<std::string, size_t>{"2025-09", 11},
                                 {"2025-10", 12},
                                 {"2026-10", 24}}) {
    const auto at = [&, name = month](std::string column) {
      return Find(
          points,
          {{"indicator", "ed_attendances"}, {"area", "All"}, {"month", name}},
          column);
    };
    EXPECT_EQ(at("mean"), absl::StrFormat("%.1f", chart[i].mean)) << month;
    EXPECT_EQ(at("lpl"), absl::StrFormat("%.1f", *chart[i].lower)) << month;
  }
}

TEST(Trends, GiveTheChangeAYearOfFourWholeYears) {
  IndicatorWorld world;
  for (int p = 1; p <= 8; ++p) world.Person(p, "Z90001");
  // 1, 2, 4, 8 attendances a month: each year twice the one before.
  for (int i = 0; i < 48; ++i) {
    const CivilDay month = *CivilDay::Create(2022, 11, 1).value().AddMonths(i);
    for (int k = 0; k < (1 << (i / 12)); ++k) {
      world.Attend(k + 1, month.ToIso(), 100);
    }
  }
  Bench bench(world.Release());
  const auto result = bench.Run("C29", world.Options(bench));
  ASSERT_OK(result);
  const GatedTable& trend = *TableOf(*result, "indicator_trend");
  const auto at = [&](std::string indicator, std::string column) {
    return Find(trend, {{"indicator", std::move(indicator)}, {"area", "All"}},
                column);
  };
  EXPECT_EQ(at("ed_attendances", "years"), "4");
  EXPECT_EQ(at("ed_attendances", "change_pct"), "100.0");
}

TEST(Trends, HideWhatTheProfileHidesAndChartOnlyWhatFollows) {
  IndicatorWorld world;
  for (int p = 1; p <= 400; ++p) world.Person(p, "Z90001");
  for (int i = 0; i < 24; ++i) {
    const CivilDay month = *CivilDay::Create(2024, 11, 1).value().AddMonths(i);
    const int n = i == 5 ? 3 : 40;
    for (int k = 0; k < n; ++k) world.Attend(k + 1, month.ToIso(), 100);
  }
  world.release.period_start = "2024-11-01";
  Bench bench(world.Release(), "nhs-subnational");
  const auto result = bench.Run("C29", world.Options(bench));
  ASSERT_OK(result);
  const GatedTable& rates = *TableOf(*result, "indicator_rate_month");
  EXPECT_EQ(Find(rates, {{"indicator", "ed_attendances"}, {"month", "2025-04"}},
                 "num"),
            "*");
  const GatedTable& points = *TableOf(*result, "spc_points");
  const auto at = [&](std::string month) {
    return Find(points,
                {{"indicator", "ed_attendances"}, {"month", std::move(month)}},
                "value");
  };
  EXPECT_EQ(at("2025-03"), "absent");
  EXPECT_EQ(at("2025-04"), "absent");
  EXPECT_EQ(at("2025-05"), "10000.0");
}

TEST(Indicators, RefuseWhatCannotBeCounted) {
  const auto Read = [](const std::string& from, const std::string& to) {
    std::string text = IndicatorWorld::Definition("C29");
    const size_t at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    text.replace(at, from.size(), to);
    const auto definition = MeasureDefinition::Parse(text, "C29.toml");
    EXPECT_OK(definition);
    return std::string(ReadIndicators(*definition).status().message());
  };
  EXPECT_THAT(Read("rows = \"admission\"", "rows = \"admissions\""),
              HasSubstr("rows is one of admission, appointment"));
  EXPECT_THAT(Read("column = \"pod\", in", "column = \"pods\", in"),
              HasSubstr("admission has no column pods"));
  EXPECT_THAT(Read("column = \"nights\", from = 21", "column = \"nights\""),
              HasSubstr("a condition has one of"));
  EXPECT_THAT(Read("column = \"nights\", from = 21",
                   "column = \"nights\", in = [\"21\"]"),
              HasSubstr("a condition has one of"));
  EXPECT_THAT(
      Read("id = \"emergency_long_stay\"", "id = \"emergency_admissions\""),
      HasSubstr("this indicator is there twice"));
  EXPECT_THAT(Read("direction = \"lower\"", "direction = \"down\""),
              HasSubstr("direction is higher, lower or neither"));
  EXPECT_THAT(Read("\"emergency\", is = true }]\nof = \"list\"",
                   "\"emergency\", is = true }]\nof = \"lists\""),
              HasSubstr("of"));
  EXPECT_THAT(Read("stage = 8\nminimum_count = 8\nrows",
                   "stage = 9\nminimum_count = 8\nrows"),
              HasSubstr("stage is 1 to 8"));
}

}  // namespace
}  // namespace tally::analytics
