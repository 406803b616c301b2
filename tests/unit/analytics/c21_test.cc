// C21: thresholds, windows, order on a day, Lorenz curve and Gini coefficient.
#include <string>
#include <vector>

#include "absl/strings/str_format.h"
#include "base/exit_code.h"
#include "bench.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tally::analytics {
namespace {

using ::testing::HasSubstr;

FixtureTable Attendances() {
  return {.dataset = "ecds",
          .defaults = {{"arrival_date", "2026-03-10"},
                       {"arrival_hour_band", "10"},
                       {"attendance_category", "1"},
                       {"department_type", "01"},
                       {"provider_code", "RZZ01"},
                       {"practice_code", "Z90001"}}};
}

void Attend(FixtureTable& table, int person, int times,
            const FixtureRow& fields = {}) {
  for (int i = 0; i < times; ++i) {
    FixtureRow row = {{"person", std::to_string(person)},
                      {"arrival_date", absl::StrFormat("2026-%02d-%02d",
                                                       1 + i % 9, 1 + i / 9)}};
    for (const auto& [name, value] : fields) row[name] = value;
    table.Add(row);
  }
}

absl::StatusOr<MeasureResult> RunUsers(
    const FixtureTable& table, std::string_view profile = "nhs-national") {
  FixtureRelease release;
  release.activity.push_back(table);
  Bench bench(release, profile);
  return bench.Run("C21");
}

// People with 4, 5, 9, 10, 19 and 20 attendances, and 33 with one.
FixtureTable ManyUsers() {
  FixtureTable table = Attendances();
  const int times[] = {4, 5, 9, 10, 19, 20};
  for (int i = 0; i < 6; ++i) Attend(table, i + 1, times[i]);
  for (int i = 0; i < 33; ++i) Attend(table, 100 + i, 1);
  return table;
}

TEST(HighIntensityUsers, CountsPeopleOnEitherSideOfEachThreshold) {
  const auto result = RunUsers(ManyUsers());
  ASSERT_TRUE(result.ok()) << result.status();
  ASSERT_FALSE(result->unavailable.has_value()) << *result->unavailable;
  ASSERT_EQ(result->tables.size(), 6u);
  const auto found = [&](const char* threshold, const char* column) {
    return Find(result->tables[0], {{"area", "All"}, {"threshold", threshold}},
                column);
  };
  EXPECT_EQ(found("5", "persons"), "5");
  EXPECT_EQ(found("10", "persons"), "3");
  EXPECT_EQ(found("20", "persons"), "1");
  EXPECT_EQ(found("1-4", "persons"), "34");
  EXPECT_EQ(found("5-9", "persons"), "2");
  EXPECT_EQ(found("10-19", "persons"), "2");
  EXPECT_EQ(found("5", "attendances"), "63");
  EXPECT_EQ(found("10", "attendances"), "49");
  EXPECT_EQ(found("20", "attendances"), "20");
  EXPECT_EQ(found("20", "attenders"), "39");
  EXPECT_EQ(found("1", "persons"), "39");
  EXPECT_EQ(found("1", "attendances"), "100");
  EXPECT_EQ(found("1", "share_persons"), "100.0");
  EXPECT_EQ(found("5", "share_persons"), "12.8");
  EXPECT_EQ(Find(result->tables[4], {{"area", "All"}, {"threshold", "5"}},
                 "share_attendances"),
            "63.0");
}

TEST(HighIntensityUsers, LorenzCurveAndGiniEqualTheFormula) {
  const auto result = RunUsers(ManyUsers());
  ASSERT_TRUE(result.ok()) << result.status();
  ExpectDeclaredColumns(*result);
  // Mean absolute difference over twice the mean, in Python: 0.5477.
  EXPECT_EQ(Find(result->tables[3], {{"area", "All"}}, "gini"), "0.55");
  const GatedTable& curve = result->tables[5];
  EXPECT_EQ(Find(curve, {{"at_most", "1"}}, "x"), "84.6");  // 33 of 39
  EXPECT_EQ(Find(curve, {{"at_most", "1"}}, "y"), "33.0");
  EXPECT_EQ(Find(curve, {{"at_most", "4"}}, "x"), "87.2");
  EXPECT_EQ(Find(curve, {{"at_most", "4"}}, "y"), "37.0");
  EXPECT_EQ(Find(curve, {{"at_most", "19"}}, "y"), "80.0");
  EXPECT_EQ(Find(result->tables[1], {{"attendances_each", "20+"}}, "persons"),
            "1");
}

TEST(HighIntensityUsers, CountsFirstUnplannedAttendancesOfTheYear) {
  FixtureTable table = Attendances();
  Attend(table, 1, 1, {{"arrival_date", "2025-10-31"}});  // day 366
  Attend(table, 2, 1, {{"arrival_date", "2025-11-01"}});  // day 365
  Attend(table, 3, 1, {{"arrival_date", "2026-10-31"}});  // the census day
  Attend(table, 4, 1, {{"arrival_date", "2026-11-01"}});
  Attend(table, 5, 1, {{"attendance_category", "2"}});
  Attend(table, 6, 1, {{"attendance_category", "3"}});
  Attend(table, 7, 1, {{"attendance_category", ""}});
  table.Add({{"person", ""}});
  // A key that comes twice is one attendance.
  Attend(table, 8, 2,
         {{"arrival_date", "2026-03-10"}, {"attendance_id", "70000000001"}});
  const auto result = RunUsers(table);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(Find(result->tables[3], {{"area", "All"}}, "attenders"), "3");
  EXPECT_EQ(Find(result->tables[0], {{"area", "All"}, {"threshold", "1"}},
                 "attendances"),
            "3");
  EXPECT_EQ(Find(result->tables[3], {{"area", "All"}}, "gini"), "NA");
}

TEST(HighIntensityUsers, BelongToThePracticeOfTheLatestAttendance) {
  FixtureTable table = Attendances();
  Attend(table, 1, 5);
  Attend(table, 1, 1,
         {{"arrival_date", "2026-10-01"}, {"practice_code", "Z90002"}});
  Attend(table, 2, 1, {{"practice_code", ""}});
  const auto result = RunUsers(table);
  ASSERT_TRUE(result.ok()) << result.status();
  const auto persons = [&](const char* area, const char* threshold) {
    return Find(result->tables[0], {{"area", area}, {"threshold", threshold}},
                "persons");
  };
  EXPECT_EQ(persons("Z90002", "5"), "1");
  EXPECT_EQ(persons("Z90001", "5"), "absent");
  EXPECT_EQ(persons("unknown", "1-4"), "1");
  EXPECT_EQ(persons("All", "5"), "1");
}

TEST(HighIntensityUsers, AreOfNoPracticeWhereTheLatestAttendanceHasNone) {
  FixtureTable table = Attendances();
  Attend(table, 1, 1, {{"arrival_date", "2026-03-01"}});
  Attend(table, 1, 1, {{"arrival_date", "2026-03-02"}, {"practice_code", ""}});
  // In one hour the practice that is known.
  Attend(table, 2, 1, {{"practice_code", "Z90002"}});
  Attend(table, 2, 1, {{"practice_code", ""}});
  const auto result = RunUsers(table);
  ASSERT_TRUE(result.ok()) << result.status();
  const auto persons = [&](const char* area) {
    return Find(result->tables[0], {{"area", area}, {"threshold", "1-4"}},
                "persons");
  };
  EXPECT_EQ(persons("unknown"), "1");
  EXPECT_EQ(persons("Z90001"), "absent");
  EXPECT_EQ(persons("Z90002"), "1");
}

TEST(HighIntensityUsers, CountDepartmentsOfTypeOneByThemselves) {
  // Person 1: five at type 1. Person 2: four there, one at type 3 in another
  // practice's time. Person 3: type 3 only.
  FixtureTable table = Attendances();
  Attend(table, 1, 5);
  Attend(table, 2, 4);
  Attend(table, 2, 1,
         {{"arrival_date", "2026-10-20"},
          {"department_type", "03"},
          {"practice_code", "Z90002"}});
  Attend(table, 3, 2, {{"department_type", "03"}});
  const auto result = RunUsers(table);
  ASSERT_TRUE(result.ok()) << result.status();
  const auto found = [&](const char* department, const char* area,
                         const char* threshold, const char* column) {
    return Find(
        result->tables[0],
        {{"department", department}, {"area", area}, {"threshold", threshold}},
        column);
  };
  EXPECT_EQ(found("All", "All", "5", "persons"), "2");
  EXPECT_EQ(found("All", "All", "5", "attendances"), "10");
  EXPECT_EQ(found("All", "All", "5", "attenders"), "3");
  EXPECT_EQ(found("All", "Z90002", "5", "persons"), "1");
  EXPECT_EQ(found("type 1", "All", "5", "persons"), "1");
  EXPECT_EQ(found("type 1", "All", "5", "attendances"), "5");
  EXPECT_EQ(found("type 1", "All", "5", "attenders"), "2");
  EXPECT_EQ(found("type 1", "All", "1", "attendances"), "9");
  EXPECT_EQ(found("type 1", "Z90001", "1-4", "persons"), "1");
  EXPECT_EQ(found("type 1", "Z90002", "1-4", "persons"), "absent");
  EXPECT_EQ(
      Find(result->tables[4],
           {{"department", "type 1"}, {"area", "All"}, {"threshold", "5"}},
           "share_attendances"),
      "55.6");
  // The curve is of all departments.
  EXPECT_EQ(Find(result->tables[3], {{"area", "All"}}, "attenders"), "3");
  for (const PagePart& part : result->parts) {
    for (const Chart& chart : part.charts) {
      if (chart.id() != "hiu-thresholds") continue;
      EXPECT_EQ(chart.rows(), 3u);
    }
  }
}

// Frequent attendances in a month, all departments and type 1.
std::string Frequent(const MeasureResult& result, const char* month,
                     const char* department = "All") {
  return Find(result.tables[2], {{"month", month}, {"department", department}},
              "frequent");
}

TEST(HighIntensityUsers, RollingFormLooksBackAYear) {
  FixtureTable table = Attendances();
  // The fourth attendance is 365 days after the first.
  for (const char* day :
       {"2025-03-10", "2025-06-01", "2025-07-01", "2026-03-10"}) {
    Attend(table, 1, 1, {{"arrival_date", day}});
  }
  // 366 days.
  for (const char* day :
       {"2025-04-10", "2025-06-01", "2025-07-01", "2026-04-11"}) {
    Attend(table, 2, 1, {{"arrival_date", day}});
  }
  // A third one only.
  for (const char* day : {"2026-05-01", "2026-05-02", "2026-05-03"}) {
    Attend(table, 3, 1, {{"arrival_date", day}});
  }
  const auto result = RunUsers(table);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(Frequent(*result, "2026-03"), "1");
  EXPECT_EQ(Frequent(*result, "2026-04"), "0");
  EXPECT_EQ(Frequent(*result, "2026-05"), "0");
  EXPECT_EQ(Find(result->tables[2],
                 {{"month", "2026-05"}, {"department", "All"}}, "attendances"),
            "3");
}

TEST(HighIntensityUsers, OrdersOneDayByHourAndCountsDepartmentsApart) {
  FixtureTable table = Attendances();
  // Four on one day, the third by hour at a department of type 3: the last is
  // frequent among all, and none among those of type 1.
  for (const auto& [hour, type] :
       std::vector<std::pair<const char*, const char*>>{
           {"20", "01"}, {"8", "01"}, {"9", "01"}, {"12", "03"}}) {
    Attend(table, 1, 1,
           {{"arrival_date", "2026-03-10"},
            {"arrival_hour_band", hour},
            {"department_type", type}});
  }
  const auto four = RunUsers(table);
  ASSERT_TRUE(four.ok()) << four.status();
  EXPECT_EQ(Frequent(*four, "2026-03"), "1");
  EXPECT_EQ(Frequent(*four, "2026-03", "type 1"), "0");
  Attend(table, 1, 1,
         {{"arrival_date", "2026-03-10"}, {"arrival_hour_band", "21"}});
  const auto five = RunUsers(table);
  ASSERT_TRUE(five.ok()) << five.status();
  EXPECT_EQ(Frequent(*five, "2026-03"), "2");
  EXPECT_EQ(Frequent(*five, "2026-03", "type 1"), "1");
}

TEST(HighIntensityUsers, HidesAttendancesWithThePeopleBehindThem) {
  // 5 people of five attendances or more: neither they nor their 63 attendances
  // are printed, which would give the number away.
  const auto result = RunUsers(ManyUsers(), "nhs-subnational");
  ASSERT_TRUE(result.ok()) << result.status();
  for (const char* column : {"persons", "attendances", "share_persons"}) {
    EXPECT_EQ(
        Find(result->tables[0], {{"area", "All"}, {"threshold", "5"}}, column),
        "*")
        << column;
  }
  EXPECT_EQ(Find(result->tables[4], {{"area", "All"}, {"threshold", "5"}},
                 "share_attendances"),
            "*");
  // The curve ends at the first hidden number of people: 1 with 4.
  const GatedTable& curve = result->tables[5];
  EXPECT_EQ(Find(curve, {{"at_most", "3"}}, "x"), "87.5");  // 35 of 40
  EXPECT_EQ(Find(curve, {{"at_most", "4"}}, "x"), "*");
  EXPECT_EQ(Find(curve, {{"at_most", "19"}}, "y"), "*");
  // And no page says anything about them.
  ASSERT_EQ(result->parts.size(), 1u);
  EXPECT_EQ(result->parts[0].charts.size(), 3u);
}

// All attendances less those of who comes seldom are those of the few who come
// often: two of the three are hidden, and no other table has them.
TEST(HighIntensityUsers, AllAttendancesDoNotGiveTheHiddenOnesAway) {
  const auto result = RunUsers(ManyUsers(), "nhs-subnational");
  ASSERT_TRUE(result.ok()) << result.status();
  const auto sum = [&](const char* threshold) {
    return Find(
        result->tables[0],
        {{"department", "All"}, {"area", "All"}, {"threshold", threshold}},
        "attendances");
  };
  EXPECT_EQ(sum("5"), "*");
  EXPECT_TRUE(sum("1") == "*" || sum("1-4") == "*")
      << sum("1") << " " << sum("1-4");
  for (const size_t table : {0, 1, 3}) {
    for (const ColumnSpec& column : result->tables[table].columns()) {
      const bool other = column.name.find("attendances") != std::string::npos &&
                         column.kind != ColumnKind::kDimension &&
                         column.kind != ColumnKind::kSum;
      EXPECT_FALSE(other) << column.name;
    }
  }
}

TEST(HighIntensityUsers, GroupsByPracticeOnly) {
  FixtureRelease release;
  release.activity.push_back(ManyUsers());
  Bench bench(release);
  RunOptions options;
  options.by = {"sex"};
  EXPECT_EQ(ExitCodeOf(bench.Run("C21", options).status()), kExitUsage);
}

TEST(HighIntensityUsers, RollOnlyWhereAYearStandsBeforeTheMonth) {
  for (const bool longer : {true, false}) {
    FixtureRelease release;
    release.activity.push_back(ManyUsers());
    release.period_start = longer ? "2025-10-01" : "2025-11-01";
    Bench bench(release);
    const auto result = bench.Run("C21");
    ASSERT_TRUE(result.ok()) << result.status();
    EXPECT_EQ(result->unavailable.value_or(""), "");
    EXPECT_EQ(result->tables.size(), longer ? 6u : 5u);
    if (longer) {
      EXPECT_EQ(result->tables[2].info().table, "hiu_rolling");
      EXPECT_EQ(result->tables[2].info().period, "2026-10 to 2026-10");
      continue;
    }
    ASSERT_EQ(result->missing.size(), 1u);
    EXPECT_EQ(result->missing[0].table, "hiu_rolling");
    EXPECT_EQ(result->missing[0].reason,
              "it begins a year after ecds, which begins with 2025-11");
  }
}

}  // namespace
}  // namespace tally::analytics
