// C31: which admissions count, once in what, and the rates of people on lists.
#include <cmath>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_format.h"
#include "analytics/statistics/poisson.h"
#include "analytics/statistics/standardise.h"
#include "base/exit_code.h"
#include "bench.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "stays.h"

namespace tally::analytics {
namespace {

using ::testing::HasSubstr;

// The table's count of admissions, by group and condition, of everybody.
std::string Admissions(const MeasureResult& result, const std::string& group,
                       const std::string& condition,
                       const std::string& area = "All") {
  return Find(result.tables[0],
              {{"group", group}, {"condition", condition}, {"area", area}},
              "admissions");
}

FixtureRow In2026(int person, const FixtureRow& fields) {
  return Stay(person, "2026-03-10", "2026-03-12", fields);
}

FixtureRelease SmallTown(const std::vector<FixtureRow>& stays) {
  FixtureRelease release = MakeTown(1, 190, 0, 0);
  release.events.clear();
  FixtureTable apc = StayTable();
  apc.rows = stays;
  release.activity.push_back(apc);
  return release;
}

TEST(AcscMeasure, CountsOnceInEachGroupAndOnceInAll) {
  const FixtureRow asthma = {{"diag_01", "J459"}};
  FixtureRow second = In2026(9, {{"spell_id", "20000000009"},
                                 {"episode_order", "2"},
                                 {"episode_start", "2026-03-11"},
                                 {"diag_01", "J459"}});
  Bench bench(SmallTown({
      In2026(1, asthma),
      In2026(2, {{"diag_01", "J459"}, {"admission_method", "2D"}}),
      In2026(3, {{"diag_01", "J459"}, {"admission_method", "11"}}),
      In2026(4, {{"diag_01", "J459"}, {"admission_method", "81"}}),
      // Two conditions of two groups, and two of one.
      In2026(5, {{"diag_01", "J459"}, {"diag_02", "J100"}}),
      In2026(6, {{"diag_01", "J440"}, {"diag_02", "E100"}}),
      In2026(7, {{"diag_01", "J209"}, {"diag_02", "J440"}}),
      In2026(8, {{"diag_01", "L031"}, {"proc_01", "S411"}}),
      // Only the first episode speaks.
      In2026(9, {{"spell_id", "20000000009"}, {"last_episode", "false"}}),
      second,
      // On no list, and nobody.
      In2026(100000, asthma),
      In2026(0, asthma),
  }));
  const auto result = bench.Run("C31");
  ASSERT_TRUE(result.ok()) << result.status();
  ASSERT_FALSE(result->unavailable.has_value()) << *result->unavailable;
  EXPECT_EQ(Admissions(*result, "Chronic", "Asthma"), "3");
  EXPECT_EQ(Admissions(*result, "Chronic", "Diabetes complications"), "1");
  EXPECT_EQ(
      Admissions(*result, "Chronic", "Chronic obstructive pulmonary disease"),
      "2");
  EXPECT_EQ(Admissions(*result, "Vaccine-preventable", "All"), "1");
  EXPECT_EQ(Admissions(*result, "Chronic", "All"), "5");
  EXPECT_EQ(Admissions(*result, "Acute", "All"), "0");
  EXPECT_EQ(Admissions(*result, "All", "All"), "5");
  EXPECT_EQ(Admissions(*result, "All", "All", "Z90001"), "5");
  // The months count those on no list too.
  EXPECT_EQ(Find(result->tables[1],
                 {{"month", "2026-03"}, {"group", "Chronic"}}, "admissions"),
            "7");
  EXPECT_EQ(Find(result->tables[1], {{"month", "2026-02"}, {"group", "All"}},
                 "admissions"),
            "0");
}

TEST(AcscMeasure, TakesTwelveMonthsOfAdmissions) {
  const FixtureRow asthma = {{"diag_01", "J459"}};
  Bench bench(SmallTown({
      Stay(1, "2025-10-31", "2025-11-02", asthma),
      Stay(2, "2025-11-01", "2025-11-02", asthma),
      Stay(3, "2026-10-31", "", asthma),
      Stay(4, "2026-11-01", "", asthma),
  }));
  const auto result = bench.Run("C31");
  ASSERT_TRUE(result.ok()) << result.status();
  ExpectDeclaredColumns(*result);
  EXPECT_EQ(Admissions(*result, "All", "All"), "2");
  EXPECT_EQ(result->tables[0].info().period, "2025-11 to 2026-10");
  EXPECT_EQ(Find(result->tables[1], {{"month", "2025-10"}, {"group", "All"}},
                 "admissions"),
            "1");
}

TEST(AcscMeasure, RatesEqualTheFormulaForRepeatedEvents) {
  // Of 760 people every 40th has been admitted once, every 95th three times.
  FixtureRelease release = MakeTown(2, 760, 0, 0);
  release.events.clear();
  FixtureTable apc = StayTable();
  std::map<int, int> times;
  for (const FixtureRegistration& r : release.registrations) {
    if (r.practice != "Z90001") continue;
    if (r.person % 40 == 0) times[r.person] = 1;
    if (r.person % 95 == 0) times[r.person] = 3;
  }
  for (const auto& [person, count] : times) {
    for (int i = 0; i < count; ++i) {
      apc.Add(Stay(person, absl::StrFormat("2026-%02d-10", 1 + i),
                   absl::StrFormat("2026-%02d-12", 1 + i),
                   {{"diag_01", "J459"}}));
    }
  }
  release.activity.push_back(apc);
  // The formula by hand: v = sum(w x / n) / sum w, variance sum f^2 var_f.
  std::map<int, double> n, x, squares;
  double events = 0;
  for (const FixtureRegistration& r : release.registrations) {
    if (r.practice != "Z90001") continue;
    const int band = std::min(90, 2026 - r.year_of_birth) / 5;
    const int count = times.contains(r.person) ? times.at(r.person) : 0;
    n[band] += 1;
    x[band] += count;
    squares[band] += count * count;
    events += count;
  }
  double rate = 0, variance = 0;
  for (const auto& [band, people] : n) {
    const double w = Esp2013()[static_cast<size_t>(band)].population;
    rate += w * x[band] / people;
    variance += (w / people) * (w / people) * squares[band];
  }
  const Estimate byar = ByarLimits(events);
  const double spread = std::sqrt(variance / events);
  Bench bench(release);
  const auto result = bench.Run("C31");
  ASSERT_TRUE(result.ok()) << result.status();
  const auto printed = [&](const char* column) {
    return Find(result->tables[0], {{"group", "All"}, {"area", "Z90001"}},
                column);
  };
  EXPECT_EQ(printed("admissions"), absl::StrFormat("%.0f", events));
  EXPECT_EQ(printed("list"), "760");
  const auto three = [](double value) {
    const double unit = std::pow(10, std::floor(std::log10(value)) - 2);
    return absl::StrFormat("%.0f", std::round(value / unit) * unit);
  };
  EXPECT_EQ(printed("dsr"), three(rate));
  EXPECT_EQ(printed("dsr_lo"),
            three(rate + spread * (byar.lower.value() - events)));
  EXPECT_EQ(printed("dsr_hi"),
            three(rate + spread * (byar.upper.value() - events)));
  // Both practices have the same ages, one all the admissions: twice the rate
  // of all together, which is events per 1,520 people.
  EXPECT_EQ(printed("isr"), three(2 * 100000 * events / 1520));
}

TEST(AcscMeasure, SomebodyOfUnknownAgeIsLeftOutOfTheStandardisedRateOnly) {
  FixtureRelease release = MakeTown(1, 760, 0, 0);
  release.events.clear();
  FixtureTable apc = StayTable();
  for (int person = 20; person <= 400; person += 20) {
    apc.Add(In2026(person, {{"diag_01", "J459"}}));
  }
  release.activity.push_back(apc);
  const auto printed = [](const FixtureRelease& town, const char* column) {
    Bench bench(town);
    const auto result = bench.Run("C31");
    EXPECT_TRUE(result.ok()) << result.status();
    return Find(result->tables[0], {{"group", "All"}, {"area", "Z90001"}},
                column);
  };
  const std::string rate = printed(release, "dsr");
  EXPECT_NE(rate, "NA");
  FixtureRegistration unknown = release.registrations.front();
  unknown.person = 5000;
  unknown.year_of_birth = 0;
  release.registrations.push_back(unknown);
  release.activity.back().Add(In2026(5000, {{"diag_01", "J459"}}));
  EXPECT_EQ(printed(release, "dsr"), rate);
  EXPECT_EQ(printed(release, "admissions"), "21");
  EXPECT_EQ(printed(release, "list"), "761");
}

TEST(AcscMeasure, NamesItsListAndGroupsByConditionIfAsked) {
  Bench bench(SmallTown({In2026(1, {{"diag_01", "J459"}})}));
  RunOptions options;
  options.by = {"practice", "condition"};
  const auto result = bench.Run("C31", options);
  ASSERT_TRUE(result.ok()) << result.status();
  ASSERT_EQ(result->tables.size(), 1u);
  EXPECT_EQ(Admissions(*result, "Chronic", "Asthma", "Z90001"), "1");
  EXPECT_EQ(result->tables[0].at(0, "list_id").text(), "acsc-19");
  options.by = {"age_band"};
  EXPECT_EQ(ExitCodeOf(bench.Run("C31", options).status()), kExitUsage);
}

TEST(AcscMeasure, DrawsWhatIsPrinted) {
  FixtureRelease release = MakeTown(2, 760, 0, 0);
  release.events.clear();
  FixtureTable apc = StayTable();
  for (int person = 1; person <= 60; ++person) {
    apc.Add(In2026(person, {{"diag_01", person % 3 == 0 ? "J459" : "L031"}}));
  }
  release.activity.push_back(apc);
  Bench bench(release, "nhs-subnational");
  const auto result = bench.Run("C31");
  ASSERT_TRUE(result.ok()) << result.status();
  ASSERT_EQ(result->parts.size(), 2u);
  EXPECT_EQ(result->parts[0].charts.size(), 3u);
  EXPECT_THAT(result->parts[0].sentences[0].text,
              HasSubstr("60 emergency admissions"));
  EXPECT_THAT(result->parts[0].charts[0].title, HasSubstr("Cellulitis"));
}

TEST(AcscMeasure, CountsWhoDiedLeftOrCameInTheYearWhileOnTheList) {
  const FixtureRow copd = {{"diag_01", "J440"}};
  FixtureRelease release = SmallTown({
      Stay(1, "2025-11-05", "2025-11-06", copd),
      Stay(1, "2025-12-05", "2025-12-06", copd),
      Stay(1, "2026-01-02", "2026-01-03", copd),
      Stay(1, "2026-01-15", "2026-01-20", copd),
      Stay(2, "2026-07-10", "2026-07-12", copd),  // not yet on the list
      Stay(2, "2026-09-10", "2026-09-12", copd),
      Stay(3, "2026-02-10", "2026-02-12", copd),
      Stay(3, "2026-04-10", "2026-04-12", copd),  // no longer on it
  });
  release.registrations[0].death = "2026-01-01";
  release.registrations[1].start = "2026-08-01";
  release.registrations[2].end = "2026-02-20";
  ASSERT_EQ(release.registrations[2].person, 3);
  Bench bench(release);
  const auto result = bench.Run("C31");
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(
      Admissions(*result, "Chronic", "Chronic obstructive pulmonary disease"),
      "6");
  EXPECT_EQ(Admissions(*result, "All", "All", "Z90001"), "6");
  EXPECT_EQ(
      Find(result->tables[0], {{"group", "All"}, {"area", "Z90001"}}, "list"),
      "187");
}

}  // namespace
}  // namespace tally::analytics
