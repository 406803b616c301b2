// C20: each rule of readmission with cases on either side of it. Every case has
// a practice of its own, so that its row tells what was counted.
#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include "base/exit_code.h"
#include "bench.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "stays.h"

namespace tally::analytics {
namespace {

using ::testing::HasSubstr;

// One person, the stays, and what must be counted of them.
struct ReadmissionCase {
  const char* what;
  std::vector<FixtureRow> stays;
  int index;
  int readmitted;
};

using Fields = FixtureRow;

FixtureRow First(const Fields& fields = {}) {
  return Stay(1, "2025-06-01", "2025-06-05", fields);
}
FixtureRow Back(const std::string& admitted, const std::string& discharged,
                const Fields& fields = {}) {
  return Stay(1, admitted, discharged, fields);
}

FixtureRelease ReleaseOf(const std::vector<ReadmissionCase>& cases) {
  FixtureRelease release;
  release.period_end = "2026-04-30";
  FixtureTable apc = StayTable();
  for (size_t i = 0; i < cases.size(); ++i) {
    for (FixtureRow row : cases[i].stays) {
      if (!row["person"].empty()) row["person"] = std::to_string(i + 1);
      // A stay that several cases share is a spell of its own in each.
      row["spell_id"] = absl::StrFormat("1%04d%s", i, row["spell_id"]);
      row["practice_code"] = absl::StrFormat("Z9%04d", i + 1);
      apc.rows.push_back(row);
    }
  }
  release.activity.push_back(apc);
  return release;
}

void ExpectCases(const std::vector<ReadmissionCase>& cases, size_t table = 0) {
  Bench bench(ReleaseOf(cases));
  const auto result = bench.Run("C20");
  ASSERT_TRUE(result.ok()) << result.status();
  ASSERT_FALSE(result->unavailable.has_value()) << *result->unavailable;
  ASSERT_EQ(result->tables.size(), 5u);
  int index = 0, readmitted = 0;
  for (size_t i = 0; i < cases.size(); ++i) {
    SCOPED_TRACE(cases[i].what);
    const std::string area = absl::StrFormat("Z9%04d", i + 1);
    const auto found = [&](const char* column) {
      return Find(result->tables[table], {{"area", area}}, column);
    };
    if (cases[i].index == 0) {
      EXPECT_EQ(found("index_spells"), "absent");
      continue;
    }
    EXPECT_EQ(found("index_spells"), std::to_string(cases[i].index));
    EXPECT_EQ(found("readmitted"), std::to_string(cases[i].readmitted));
    index += cases[i].index;
    readmitted += cases[i].readmitted;
  }
  EXPECT_EQ(Find(result->tables[table], {{"area", "All"}}, "index_spells"),
            std::to_string(index));
  EXPECT_EQ(Find(result->tables[table], {{"area", "All"}}, "readmitted"),
            std::to_string(readmitted));
}

TEST(Readmission, DaysFromTheLastDischarge) {
  ExpectCases({
      {"day 0", {First(), Back("2025-06-05", "2025-06-07")}, 2, 1},
      {"day 1", {First(), Back("2025-06-06", "2025-06-07")}, 2, 1},
      {"day 29", {First(), Back("2025-07-04", "2025-07-06")}, 2, 1},
      {"day 30", {First(), Back("2025-07-05", "2025-07-06")}, 2, 0},
      {"other provider",
       {First(),
        Back("2025-06-06", "2025-06-07", {{"provider_code", "RZZ02"}})},
       2,
       1},
      {"two after one: the second belongs to the first",
       {First(), Back("2025-06-10", "2025-06-12"),
        Back("2025-06-20", "2025-06-22")},
       3,
       2},
      {"two stays of no night on one day",
       {First(), Back("2025-06-05", "2025-06-05"),
        Back("2025-06-05", "2025-06-06")},
       3,
       2},
      {"not finished", {First(), Back("2025-06-10", "")}, 1, 1},
      {"two after one, the first not finished",
       {First(), Back("2025-06-10", ""), Back("2025-06-12", "2025-06-13")},
       2,
       1},
      {"begins while another lasts",
       {Back("2025-06-01", "2025-06-20"), Back("2025-06-10", "2025-06-12")},
       2,
       0},
      {"belongs to the latest discharge, not to the stay inside it",
       {Back("2025-06-01", "2025-06-20"), Back("2025-06-10", "2025-06-12"),
        Back("2025-07-19", "2025-07-20")},
       3,
       1},
      {"nobody's stays",
       {Stay(0, "2025-06-01", "2025-06-05"),
        Stay(0, "2025-06-10", "2025-06-12")},
       0,
       0},
  });
}

TEST(Readmission, EmergenciesOnly) {
  std::vector<ReadmissionCase> cases;
  for (const char* method :
       {"21", "22", "23", "24", "25", "2A", "2B", "2C", "2D", "28"}) {
    cases.push_back({method,
                     {First(), Back("2025-06-15", "2025-06-17",
                                    {{"admission_method", method}})},
                     2,
                     1});
  }
  for (const char* method : {"11", "12", "13", "31", "81", "82", "99", ""}) {
    cases.push_back({method,
                     {First(), Back("2025-06-15", "2025-06-17",
                                    {{"admission_method", method}})},
                     2,
                     0});
  }
  ExpectCases(cases);
}

TEST(Readmission, TransfersAreNoReadmissions) {
  ExpectCases({
      {"2B inside a spell",
       {First(),
        Back("2025-06-06", "2025-06-09", {{"admission_method", "2B"}})},
       1,
       0},
      {"2B too late for a transfer begins a spell",
       {First(),
        Back("2025-06-08", "2025-06-09", {{"admission_method", "2B"}})},
       2,
       1},
      {"from the destination",
       {First({{"discharge_destination", "51"}}),
        Back("2025-06-05", "2025-06-09")},
       1,
       0},
      {"home, and back through the emergency department",
       {First(),
        Back("2025-06-05", "2025-06-09", {{"admission_source", "51"}})},
       2,
       1},
      {"a chain of three, and back",
       {First({{"discharge_destination", "51"}}),
        Back("2025-06-05", "2025-06-09", {{"discharge_destination", "51"}}),
        Back("2025-06-10", "2025-06-12"), Back("2025-07-11", "2025-07-13")},
       2,
       1},
      {"a chain of three, and back a day late",
       {First({{"discharge_destination", "51"}}),
        Back("2025-06-05", "2025-06-09", {{"discharge_destination", "51"}}),
        Back("2025-06-10", "2025-06-12"), Back("2025-07-12", "2025-07-13")},
       2,
       0},
  });
}

TEST(Readmission, DischargesOfTheFinancialYear) {
  ExpectCases({
      {"31 March 2025", {Back("2025-03-29", "2025-03-31")}, 0, 0},
      {"1 April 2025", {Back("2025-03-29", "2025-04-01")}, 1, 0},
      {"31 March 2026, back on 29 April",
       {Back("2026-03-29", "2026-03-31"), Back("2026-04-29", "2026-04-30")},
       1,
       1},
      {"31 March 2026, back on 30 April",
       {Back("2026-03-29", "2026-03-31"), Back("2026-04-30", "2026-04-30")},
       1,
       0},
      {"1 April 2026", {Back("2026-03-29", "2026-04-01")}, 0, 0},
      {"readmission of the year before is an index",
       {Back("2025-03-20", "2025-03-25"), Back("2025-03-30", "2025-04-02")},
       1,
       0},
  });
}

TEST(Readmission, LeavesOutAsIndex) {
  const FixtureRow back = Back("2025-06-15", "2025-06-17");
  ExpectCases({
      {"day case", {First({{"patient_classification", "2"}}), back}, 1, 0},
      {"regular day attender",
       {First({{"patient_classification", "3"}}), back},
       1,
       0},
      {"regular night attender",
       {First({{"patient_classification", "4"}}), back},
       1,
       0},
      {"died", {First({{"discharge_method", "4"}})}, 0, 0},
      {"stillborn", {First({{"discharge_method", "5"}})}, 0, 0},
      {"left against advice", {First({{"discharge_method", "2"}})}, 1, 0},
      {"a readmission that ends in death counts",
       {First(), Back("2025-06-15", "2025-06-17", {{"discharge_method", "4"}})},
       1,
       1},
      {"a day case in between owns it",
       {First(),
        Back("2025-06-08", "2025-06-08",
             {{"patient_classification", "2"}, {"admission_method", "11"}}),
        back},
       2,
       0},
  });
}

TEST(Readmission, LeavesNoTieOfStaysToTheirKeys) {
  // A day case and a stay without a night that agree in days, provider and
  // method; only the stay can be an index.
  const Fields planned = {{"admission_method", "11"}};
  Fields day_case = planned;
  day_case["patient_classification"] = "2";
  const FixtureRow back = Back("2025-06-10", "2025-06-12");
  for (const bool swapped : {false, true}) {
    SCOPED_TRACE(swapped);
    std::string keys[] = {"30000000001", "30000000002"};
    if (swapped) std::swap(keys[0], keys[1]);
    day_case["spell_id"] = keys[0];
    Fields stay = planned;
    stay["spell_id"] = keys[1];
    std::vector<FixtureRow> stays = {Back("2025-06-05", "2025-06-05", day_case),
                                     Back("2025-06-05", "2025-06-05", stay),
                                     back};
    if (swapped) std::swap(stays[0], stays[1]);
    // A stay of a mental health specialty is out in the same way.
    std::vector<FixtureRow> out = stays;
    for (FixtureRow& row : out) {
      if (row["patient_classification"] != "2") continue;
      row["patient_classification"] = "1";
      row["main_specialty"] = "710";
    }
    ExpectCases({{"a day case", stays, 2, 1}, {"a specialty", out, 2, 1}});
  }
}

TEST(Readmission, SaysHowManyDaysItFollows) {
  Bench bench(ReleaseOf({{"any", {First()}, 1, 0}}));
  const auto result = bench.Run("C20");
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_THAT(result->tables[0].info().notes[0], HasSubstr("0 to 29 days"));
  EXPECT_THAT(
      result->tables[0].info().notes,
      testing::Contains(
          "NA: \"Expected\" where \"Readmitted\" may be below 100 before "
          "rounding; \"Ratio, 100 = as expected\" where \"Readmitted\" is "
          "below 10, or where nothing is expected."));
  EXPECT_THAT(result->tables[1].info().notes[0], HasSubstr("0 to 28 days"));
  // The register takes cells of one cohort, period and key for one unknown.
  EXPECT_NE(result->tables[0].info().cohort, result->tables[1].info().cohort);
}

TEST(Readmission, LeavesOutSpecialtiesOnBothSides) {
  std::vector<ReadmissionCase> cases;
  for (const char* code :
       {"501", "560", "610", "700", "710", "711", "712", "713", "715"}) {
    const FixtureRow back = Back("2025-06-15", "2025-06-17");
    cases.push_back({code, {First({{"main_specialty", code}}), back}, 1, 0});
    cases.push_back({code,
                     {First(), Back("2025-06-15", "2025-06-17",
                                    {{"main_specialty", code}})},
                     1,
                     0});
    cases.push_back(
        {code, {First({{"treatment_function", code}}), back}, 1, 0});
  }
  cases.push_back(
      {"gynaecology",
       {First({{"main_specialty", "502"}}), Back("2025-06-15", "2025-06-17")},
       2,
       1});
  // One episode of it is enough, be it the second.
  FixtureRow one = First({{"spell_id", "10000000001"},
                          {"last_episode", "false"},
                          {"episode_end", "2025-06-03"}});
  FixtureRow two = First({{"spell_id", "10000000001"},
                          {"episode_order", "2"},
                          {"episode_start", "2025-06-03"},
                          {"main_specialty", "710"}});
  cases.push_back({"second episode", {one, two}, 0, 0});
  ExpectCases(cases);
}

TEST(Readmission, LeavesOutCancerAndChemotherapy) {
  const FixtureRow back = Back("2025-06-15", "2025-06-17");
  const auto before = [&](const std::string& ended) {
    return std::vector<FixtureRow>{
        Back("2024-05-20", ended, {{"diag_02", "C509"}}), First(), back};
  };
  // The stay that comes back lies more than 365 days from the one of 2024, and
  // is an index by itself.
  ExpectCases({
      {"first of the range", {First({{"diag_01", "C000"}}), back}, 0, 0},
      {"last of the range", {First({{"diag_01", "C97X"}}), back}, 0, 0},
      {"any position", {First({{"diag_03", "C780"}}), back}, 0, 0},
      {"uncertain behaviour", {First({{"diag_01", "D370"}}), back}, 0, 0},
      {"blood", {First({{"diag_01", "D489"}}), back}, 0, 0},
      {"benign", {First({{"diag_01", "D360"}}), back}, 2, 1},
      {"anaemia", {First({{"diag_01", "D500"}}), back}, 2, 1},
      {"chemotherapy", {First({{"diag_02", "Z511"}}), back}, 0, 0},
      {"radiotherapy", {First({{"diag_02", "Z510"}}), back}, 2, 1},
      {"delivery of drugs", {First({{"proc_02", "X722"}}), back}, 0, 0},
      {"transfusion", {First({{"proc_02", "X332"}}), back}, 2, 1},
      {"cancer in the readmission: the index stays",
       {First(), Back("2025-06-15", "2025-06-17", {{"diag_02", "C509"}})},
       1,
       0},
      {"364 days before", before("2024-06-02"), 1, 0},
      {"365 days before", before("2024-06-01"), 1, 0},
      {"366 days before", before("2024-05-31"), 2, 1},
      {"of somebody else", {First(), back}, 2, 1},
  });
}

TEST(Readmission, TwentyEightDaysWithoutWellBabies) {
  const auto baby = [](const Fields& fields) {
    Fields all = {{"admission_method", "82"}, {"age_fy", "0"}};
    for (const auto& field : fields) all.insert(field);
    return First(all);
  };
  const std::vector<FixtureRow> stays = {First(),
                                         Back("2025-07-03", "2025-07-04")};
  ExpectCases(
      {
          {"day 28", stays, 2, 1},
          {"day 29", {First(), Back("2025-07-04", "2025-07-05")}, 2, 0},
          {"HRG", {baby({{"hrg_spell", "PB03Z"}})}, 0, 0},
          {"other HRG", {baby({{"hrg_spell", "PB02Z"}})}, 1, 0},
          {"function and type",
           {baby({{"treatment_function", "424"}, {"episode_type", "3"}})},
           0,
           0},
          {"function alone", {baby({{"treatment_function", "424"}})}, 1, 0},
          {"type alone", {baby({{"episode_type", "3"}})}, 1, 0},
      },
      1);
  ExpectCases({{"a well baby counts in 30 days",
                {baby({{"hrg_spell", "PB03Z"}})},
                1,
                0}});
}

// Index spells of one kind: `count` people, of whom `back` come back and die.
void AddStratum(FixtureTable& apc, int& person, const std::string& practice,
                const Fields& kind, int count, int back) {
  for (int i = 0; i < count; ++i) {
    Fields fields = kind;
    fields["practice_code"] = practice;
    ++person;
    apc.Add(Stay(person, "2025-06-01", "2025-06-05", fields));
    if (i >= back) continue;
    fields["discharge_method"] = "4";
    fields["diag_01"] = i % 2 == 0 ? "N390" : "I500";
    fields["provider_code"] = "RZZ02";
    apc.Add(Stay(person, "2025-06-15", "2025-06-17", fields));
  }
}

FixtureRelease TwoPractices() {
  FixtureRelease release;
  release.period_end = "2026-04-30";
  FixtureTable apc = StayTable();
  int person = 0;
  const Fields men = {};
  const Fields women = {{"sex", "2"}, {"admission_method", "11"}};
  AddStratum(apc, person, "Z90001", men, 20, 12);
  AddStratum(apc, person, "Z90001", women, 10, 2);
  AddStratum(apc, person, "Z90002", men, 30, 8);
  AddStratum(apc, person, "Z90002", women, 40, 10);
  // The second stay of a woman is planned in this table: make it an emergency.
  for (FixtureRow& row : apc.rows) {
    if (row["discharge_method"] == "4") row["admission_method"] = "21";
  }
  release.activity.push_back(apc);
  return release;
}

TEST(Readmission, RatioIsStandardisedForTheIndex) {
  // Rates: men 20 of 50, women 12 of 50. Expected: 20 x 0.4 + 10 x 0.24 = 10.4
  // and 30 x 0.4 + 40 x 0.24 = 21.6. Limits: Byar's, worked in Python.
  Bench bench(TwoPractices());
  const auto result = bench.Run("C20");
  ASSERT_TRUE(result.ok()) << result.status();
  const GatedTable& table = result->tables[0];
  const auto found = [&](const char* area, const char* column) {
    return Find(table, {{"area", area}}, column);
  };
  EXPECT_EQ(found("Z90001", "readmitted"), "14");
  EXPECT_EQ(found("Z90001", "rate"), "46.7");
  EXPECT_EQ(found("Z90001", "ratio"), "135");
  EXPECT_EQ(found("Z90001", "ratio_lo"), "73.5");
  EXPECT_EQ(found("Z90001", "ratio_hi"), "226");
  EXPECT_EQ(found("Z90002", "ratio"), "83.3");
  EXPECT_EQ(found("Z90002", "ratio_lo"), "49.4");
  EXPECT_EQ(found("Z90002", "ratio_hi"), "132");
  EXPECT_EQ(found("All", "ratio"), "100");
  // Never printed below 100 events.
  EXPECT_EQ(found("Z90001", "expected"), "NA");
  EXPECT_EQ(table.info().period, "2025/26");
  EXPECT_EQ(Find(result->tables[2], {{"provider", "RZZ01"}}, "index_spells"),
            "100");
}

TEST(Readmission, MonthsAndReasonsAddUp) {
  Bench bench(TwoPractices());
  const auto result = bench.Run("C20");
  ASSERT_TRUE(result.ok()) << result.status();
  ExpectDeclaredColumns(*result);
  EXPECT_EQ(Find(result->tables[3], {{"month", "2025-06"}}, "readmitted"),
            "32");
  const GatedTable& reasons = result->tables[4];
  // Of 12, 2, 8 and 10 every second one, the first included.
  EXPECT_EQ(Find(reasons, {{"reason", "Genitourinary"}}, "readmitted"), "16");
  EXPECT_EQ(Find(reasons, {{"reason", "Circulation"}}, "readmitted"), "16");
  EXPECT_EQ(Find(reasons, {{"reason", "Circulation"}}, "share"), "50.0");
  EXPECT_EQ(Find(reasons, {{"reason", "All"}}, "readmitted"), "32");
}

TEST(Readmission, DrawsFromWhatIsPrinted) {
  Bench bench(TwoPractices(), "nhs-subnational");
  const auto result = bench.Run("C20");
  ASSERT_TRUE(result.ok()) << result.status();
  ASSERT_EQ(result->parts.size(), 2u);
  EXPECT_EQ(result->parts[0].page, "emergency");
  EXPECT_EQ(result->parts[0].charts.size(), 4u);
  EXPECT_THAT(result->parts[0].sentences[0].text,
              HasSubstr("30 of 100 discharges (30.0 %)"));
  for (const Chart& chart : result->parts[0].charts) {
    EXPECT_FALSE(chart.title.empty()) << chart.id();
    EXPECT_FALSE(chart.summary.empty()) << chart.id();
  }
}

TEST(Readmission, NeedsDays) {
  FixtureRelease release = TwoPractices();
  release.activity[0].grain = "month";
  Bench bench(release);
  const auto result = bench.Run("C20");
  ASSERT_TRUE(result.ok()) << result.status();
  ASSERT_TRUE(result->unavailable.has_value());
  EXPECT_THAT(*result->unavailable, HasSubstr("by month"));
}

TEST(Readmission, GroupsByWhatIsAskedFor) {
  Bench bench(TwoPractices());
  RunOptions options;
  options.by = {"provider", "month"};
  const auto result = bench.Run("C20", options);
  ASSERT_TRUE(result.ok()) << result.status();
  ASSERT_EQ(result->tables.size(), 1u);
  EXPECT_EQ(Find(result->tables[0],
                 {{"provider", "RZZ01"}, {"month", "2025-06"}}, "readmitted"),
            "32");
  options.by = {"ward"};
  EXPECT_EQ(ExitCodeOf(bench.Run("C20", options).status()), kExitUsage);
  options.by = {"month", "month"};
  EXPECT_EQ(ExitCodeOf(bench.Run("C20", options).status()), kExitUsage);
}

// One discharge of June 2025 in a release from `start` to April 2026.
MeasureResult RunFrom(const std::string& start, const RunOptions& options) {
  FixtureRelease release = ReleaseOf({{"any", {First()}, 1, 0}});
  release.period_start = start;
  Bench bench(release);
  auto result = bench.Run("C20", options);
  EXPECT_TRUE(result.ok()) << result.status();
  return result.ok() ? *std::move(result) : MeasureResult();
}

TEST(Readmission, OfAYearThatTheReleaseCoversInPartIsNamedAndNotMade) {
  const MeasureResult result = RunFrom("2025-05-01", {});
  EXPECT_TRUE(result.tables.empty());
  ASSERT_EQ(result.missing.size(), 5u);
  for (const MissingTable& missing : result.missing) {
    EXPECT_THAT(missing.reason,
                HasSubstr(missing.table == "readmission_month"
                              ? "no month from then on"
                              : "is 2025/26, and sus_apc begins with 2025-05"))
        << missing.table;
  }
  RunOptions options;
  options.by = {"sex"};
  const MeasureResult asked = RunFrom("2025-05-01", options);
  EXPECT_TRUE(asked.tables.empty());
  ASSERT_FALSE(asked.missing.empty());
  EXPECT_EQ(asked.missing[0].table, "readmission_30d");
  EXPECT_THAT(asked.missing[0].reason, HasSubstr("is 2025/26"));
}

TEST(Readmission, SaysWhereTheYearOfCancerBeforeItIsNotCovered) {
  const auto is_note = [](const std::string& note) {
    return note.find("cancer is looked for from 2024-04 on") !=
           std::string::npos;
  };
  for (const auto& [start, said] :
       {std::pair<std::string, bool>{"2025-04-01", true},
        {"2024-05-01", true},
        {"2024-04-01", false}}) {
    const MeasureResult result = RunFrom(start, {});
    ASSERT_FALSE(result.tables.empty()) << start;
    EXPECT_EQ(result.tables[0].info().table, "readmission_30d");
    EXPECT_EQ(Find(result.tables[0], {{"area", "All"}}, "index_spells"), "1");
    const auto& notes = result.tables[0].info().notes;
    EXPECT_EQ(std::any_of(notes.begin(), notes.end(), is_note), said) << start;
  }
}

TEST(Readmission, MonthsEndWithTheLastThatIsFollowedForThirtyDays) {
  struct Ending {
    const char* end;    // of the release
    const char* whole;  // a last day that is followed to its day 29
    const char* open;   // one that is not
  };
  for (const Ending& ending :
       {Ending{"2026-02-28", "2025-12-31", "2026-01-31"},
        Ending{"2024-02-29", "2024-01-31", "2024-02-01"},
        Ending{"2026-04-30", "2026-03-31", "2026-04-01"}}) {
    FixtureRelease release = ReleaseOf({});
    release.period_end = ending.end;
    for (const char* day : {ending.whole, ending.open}) {
      release.activity[0].rows.push_back(Stay(1, day, day));
      release.activity[0].rows.back()["person"] =
          std::to_string(release.activity[0].rows.size());
    }
    Bench bench(release);
    const auto result = bench.Run("C20");
    ASSERT_TRUE(result.ok()) << result.status();
    for (const GatedTable& table : result->tables) {
      if (table.info().table != "readmission_month") continue;
      const auto month = [&](const char* day) {
        return Find(table, {{"month", std::string(day).substr(0, 7)}},
                    "index_spells");
      };
      EXPECT_EQ(month(ending.whole), "1") << ending.end;
      EXPECT_EQ(month(ending.open), "absent") << ending.end;
    }
    EXPECT_TRUE(std::any_of(
        result->tables.begin(), result->tables.end(),
        [](const auto& t) { return t.info().table == "readmission_month"; }));
  }
}

TEST(Readmission, ReachesAsFarBackAsTheAdmissionsDo) {
  FixtureRelease release = ReleaseOf({{"any", {First()}, 1, 0}});
  // Emergency care has been sent since January only.
  release.activity.push_back(
      {.dataset = "ecds",
       .rows = {{{"arrival_date", "2026-02-01"}, {"person", "1"}}},
       .source = "national-ecds"});
  release.periods_of["national-ecds"] = {{"2026-01-01", "2026-04-30"}};
  Bench bench(release);
  const auto result = bench.Run("C20");
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_TRUE(result->missing.empty());
  EXPECT_EQ(Find(result->tables[3], {{"month", "2025-06"}}, "index_spells"),
            "1");
}

}  // namespace
}  // namespace tally::analytics
