// Activity by type, who was on a list when, prices: each rule on both sides.
#include "measures/activity.h"

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_format.h"
#include "analytics/measures/patient_list.h"
#include "base/files.h"
#include "bench.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "measures/admissions.h"
#include "measures/list_stays.h"
#include "measures/record_keys.h"
#include "status_matchers.h"
#include "stays.h"

namespace tally::analytics {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// What measures do with a release, without a measure.
class ActivityBench {
 public:
  explicit ActivityBench(const FixtureRelease& release) : bench_(release) {
    definition_ = *LoadDefinition("C02", "");
    std::filesystem::create_directories(Folder());
  }

  std::string Folder() const { return bench_.root() + "/reference"; }

  void Reference(const std::string& id, const std::string& columns,
                 const std::string& rows) {
    EXPECT_OK(WriteFileAtomically(
        Folder() + "/" + id + ".toml",
        absl::StrFormat("id = \"%s\"\nsource = \"Test\"\nvalid_from = "
                        "2026-04-01\nvalid_to = 2027-03-31\ncolumns = [%s]\n"
                        "row = [%s]\n",
                        id, columns, rows),
        0600));
  }

  MeasureContext Context() {
    return {bench_.folder(),
            bench_.database().connection(),
            *definition_,
            month_,
            {},
            Folder(),
            base_};
  }

  // The rows of a query of one text column.
  std::vector<std::string> Rows(const std::string& sql) {
    std::vector<std::string> out;
    auto result = bench_.database().connection().Query(sql);
    EXPECT_OK(result);
    if (!result.ok()) return out;
    const auto rows = result->AllRows();
    EXPECT_OK(rows);
    for (const auto& row : *rows) {
      const std::string* text = row.at(0).As<std::string>();
      out.push_back(text == nullptr ? "NULL" : *text);
    }
    return out;
  }

 private:
  Bench bench_;
  std::optional<MeasureDefinition> definition_;
  CivilDay month_ = *CivilDay::Create(2026, 10, 1);
  BaseTables base_;
};

FixtureRegistration Registered(int person, std::string practice,
                               std::string start, std::string end = "",
                               std::string death = "") {
  FixtureRegistration r;
  r.person = person;
  r.practice = std::move(practice);
  r.start = std::move(start);
  r.end = std::move(end);
  r.death = std::move(death);
  return r;
}

// An admission's row: one finished episode of a spell of its own.
FixtureTable Admissions() {
  return {.dataset = "sus-apc",
          .defaults = {{"person", "1"},
                       {"provider_code", "RZA"},
                       {"treatment_function", "300"},
                       {"main_specialty", "300"},
                       {"admission_date", "2026-05-10"},
                       {"discharge_date", "2026-05-13"},
                       {"episode_start", "2026-05-10"},
                       {"episode_end", "2026-05-13"},
                       {"episode_order", "1"},
                       {"last_episode", "true"},
                       {"admission_method", "21"},
                       {"admission_source", "19"},
                       {"discharge_method", "1"},
                       {"discharge_destination", "19"},
                       {"patient_classification", "1"},
                       {"sex", "2"},
                       {"age_fy", "30"},
                       {"hrg_spell", "AA01A"},
                       {"tariff_pence", "100000"},
                       {"mff", "1.1"}}};
}

FixtureRow Admission(int spell, FixtureRow changes) {
  changes["spell_id"] = std::to_string(10000000000 + spell);
  return changes;
}

// --- who was on the list when ------------------------------------------------

TEST(ListStays, GiveEachMonthToOneRegistration) {
  FixtureRelease release;
  auto& r = release.registrations;
  // 1: from A to B in June 2026; A ended in the month in which B began.
  r.push_back(Registered(1, "Z90001", "2020-01-01", "2026-06-01"));
  r.push_back(Registered(1, "Z90002", "2026-06-01"));
  // 2: at B for a while, and then at A again, whose registration never ended.
  r.push_back(Registered(2, "Z90001", "2020-01-01"));
  r.push_back(Registered(2, "Z90002", "2026-02-01", "2026-03-01"));
  // 3: died. 4: no person. 5: begins after the month. 6: a gap.
  r.push_back(Registered(3, "Z90001", "2020-01-01", "", "2026-07-01"));
  r.push_back(Registered(0, "Z90001", "2020-01-01"));
  r.push_back(Registered(5, "Z90001", "2026-11-01"));
  r.push_back(Registered(6, "Z90001", "2020-01-01", "2020-03-01"));
  r.push_back(Registered(6, "Z90001", "2026-09-01"));
  ActivityBench bench(release);
  ASSERT_OK(MakeListStays(bench.Context()));
  EXPECT_THAT(
      bench.Rows("SELECT concat_ws(' ', person, practice, strftime(from_month, "
                 "'%Y-%m'), strftime(to_month, '%Y-%m')) FROM list_stay "
                 "ORDER BY person, from_month"),
      ElementsAre("1 Z90001 2020-01 2026-05", "1 Z90002 2026-06 2026-06",
                  "1 Z90002 2026-07 2026-10", "2 Z90001 2020-01 2026-01",
                  "2 Z90002 2026-02 2026-03", "2 Z90001 2026-04 2026-10",
                  "3 Z90001 2020-01 2026-07", "6 Z90001 2020-01 2020-03",
                  "6 Z90001 2026-09 2026-10"));
}

TEST(ListStays, EndWithADeathThatStandsOnAnotherRegistration) {
  // The practice that was left knows of the death, the new one does not.
  FixtureRelease release;
  auto& r = release.registrations;
  r.push_back(
      Registered(1, "Z90001", "2020-01-01", "2026-01-01", "2026-07-01"));
  r.push_back(Registered(1, "Z90002", "2026-02-01"));
  // Two deaths of a person: the earlier one.
  r.push_back(
      Registered(2, "Z90001", "2020-01-01", "2026-01-01", "2026-10-01"));
  r.push_back(Registered(2, "Z90002", "2026-02-01", "", "2026-09-01"));
  // In the month of death somebody is still there.
  r.push_back(
      Registered(3, "Z90001", "2020-01-01", "2026-01-01", "2026-10-01"));
  r.push_back(Registered(3, "Z90002", "2026-02-01"));
  ActivityBench bench(release);
  ASSERT_OK(MakeListStays(bench.Context()));
  EXPECT_THAT(
      bench.Rows("SELECT concat_ws(' ', person, practice, strftime(to_month, "
                 "'%Y-%m')) FROM list_stay WHERE practice = 'Z90002' "
                 "ORDER BY person"),
      ElementsAre("1 Z90002 2026-07", "2 Z90002 2026-09", "3 Z90002 2026-10"));
  ASSERT_OK(MakePatientList(bench.Context()));
  EXPECT_THAT(bench.Rows("SELECT concat_ws(' ', person, practice) "
                         "FROM patient_list"),
              ElementsAre("3 Z90002"));
}

TEST(ListStays, SayWhatThePatientListSaysInItsMonth) {
  FixtureRelease release = MakeTown(3, 100, 0.1, 0);
  for (int i = 0; i < 60; ++i) {
    release.registrations.push_back(Registered(
        i + 1, absl::StrFormat("Z9000%d", i % 4 + 1),
        absl::StrFormat("20%02d-0%d-01", 10 + i % 17, 1 + i % 9),
        i % 3 == 0 ? "" : absl::StrFormat("2026-%02d-01", 6 + i % 7)));
  }
  ActivityBench bench(release);
  const MeasureContext context = bench.Context();
  ASSERT_OK(MakePatientList(context));
  ASSERT_OK(MakeListStays(context));
  const std::string difference =
      "SELECT CAST(count(*) AS VARCHAR) FROM (SELECT person, practice FROM "
      "patient_list EXCEPT SELECT person, practice FROM list_stay "
      "WHERE to_month = DATE '2026-10-01')";
  EXPECT_THAT(bench.Rows(difference), ElementsAre("0"));
  EXPECT_EQ(bench.Rows("SELECT concat(practice, ' ', count(*)) FROM "
                       "patient_list GROUP BY practice ORDER BY practice"),
            bench.Rows("SELECT concat(practice, ' ', people) FROM list_month "
                       "WHERE month = DATE '2026-10-01' ORDER BY practice"));
  // Every month of list_month is the number of stays that cover it.
  EXPECT_THAT(
      bench.Rows("SELECT CAST(count(*) AS VARCHAR) FROM (SELECT m.practice, "
                 "m.month, m.people, count(*) AS stays FROM list_month AS m "
                 "INNER JOIN list_stay AS s ON s.practice = m.practice "
                 "AND m.month BETWEEN s.from_month AND s.to_month "
                 "GROUP BY ALL) WHERE people <> stays"),
      ElementsAre("0"));
  EXPECT_THAT(bench.Rows("SELECT strftime(min(month), '%Y-%m') || ' ' || "
                         "strftime(max(month), '%Y-%m') FROM list_month"),
              ElementsAre("2020-11 2026-10"));
}

// --- admissions --------------------------------------------------------------

TEST(ActivityAdmissions, TakeTheFirstTypeThatMatches) {
  FixtureTable apc = Admissions();
  struct Case {
    FixtureRow changes;
    std::string pod;
  };
  const std::vector<Case> cases = {
      {{{"patient_classification", "2"}}, "day_case"},  // though method 21
      {{{"patient_classification", "3"}}, "regular"},
      {{{"patient_classification", "4"}}, "regular"},
      {{{"patient_classification", "2"}, {"admission_method", "31"}},
       "day_case"},
      {{{"patient_classification", "5"}}, "emergency"},
      {{{"admission_method", "31"}, {"sex", "1"}}, "maternity"},
      {{{"admission_method", "32"}}, "maternity"},
      {{{"main_specialty", "501"}, {"age_fy", "13"}}, "maternity"},
      {{{"main_specialty", "560"}, {"age_fy", "55"}}, "maternity"},
      {{{"main_specialty", "501"}, {"age_fy", "12"}}, "emergency"},
      {{{"main_specialty", "501"}, {"age_fy", "56"}}, "emergency"},
      {{{"main_specialty", "501"}, {"age_fy", ""}}, "emergency"},
      {{{"main_specialty", "501"}, {"sex", "1"}}, "emergency"},
      {{{"main_specialty", "502"}}, "emergency"},
      {{{"admission_method", "11"}}, "elective"},
      {{{"admission_method", "13"}}, "elective"},
      {{{"admission_method", "2A"}}, "emergency"},
      {{{"admission_method", "28"}}, "emergency"},
      {{{"admission_method", "81"}}, "transfer"},
      {{{"admission_method", "82"}}, "birth"},
      {{{"admission_method", "83"}}, "birth"},
      {{{"admission_method", "99"}}, "admission_other"},
      {{{"admission_method", ""}}, "admission_other"},
  };
  std::vector<std::string> expected;
  for (size_t i = 0; i < cases.size(); ++i) {
    FixtureRow row = Admission(static_cast<int>(i), cases[i].changes);
    row["person"] = std::to_string(i + 1);
    apc.Add(row);
    expected.push_back(cases[i].pod);
  }
  FixtureRelease release;
  release.activity.push_back(apc);
  ActivityBench bench(release);
  const auto parts = MakeActivity(bench.Context());
  ASSERT_OK(parts);
  EXPECT_TRUE(parts->admissions);
  EXPECT_FALSE(parts->appointments);
  EXPECT_FALSE(parts->attendances);
  EXPECT_EQ(bench.Rows("SELECT pod FROM activity_admission ORDER BY person"),
            expected);
}

TEST(ActivityAdmissions, CountSpellsOnTheDayOfAdmission) {
  FixtureTable apc = Admissions();
  // A spell of two episodes, priced on both; one price differs.
  apc.Add(Admission(1, {{"last_episode", "false"}, {"mff", "1.5"}}));
  apc.Add(Admission(1, {{"episode_order", "2"}}));
  // Not finished; no person; after the month; no price; no factor.
  apc.Add(Admission(2, {{"person", "2"},
                        {"discharge_date", ""},
                        {"episode_end", ""},
                        {"last_episode", ""}}));
  apc.Add(Admission(3, {{"person", ""}}));
  apc.Add(Admission(4, {{"admission_date", "2026-11-01"},
                        {"episode_start", "2026-11-01"},
                        {"discharge_date", "2026-11-02"}}));
  apc.Add(Admission(5, {{"person", "5"}, {"tariff_pence", ""}}));
  apc.Add(Admission(6, {{"person", "6"}, {"mff", ""}}));
  FixtureRelease release;
  release.registrations.push_back(Registered(1, "Z90001", "2020-01-01"));
  release.registrations.push_back(
      Registered(2, "Z90002", "2020-01-01", "2026-05-01"));
  release.registrations.push_back(
      Registered(5, "Z90003", "2020-01-01", "2026-04-01"));
  release.activity.push_back(apc);
  ActivityBench bench(release);
  const auto parts = MakeActivity(bench.Context());
  ASSERT_OK(parts);
  EXPECT_THAT(
      bench.Rows("SELECT concat_ws(' ', coalesce(CAST(person AS VARCHAR), '-'),"
                 " practice, strftime(day, '%Y-%m-%d'), coalesce(CAST(nights "
                 "AS VARCHAR), '-'), coalesce(CAST(price_pence AS VARCHAR), "
                 "'-'), coalesce(CAST(cost_pence AS VARCHAR), '-')) "
                 "FROM activity_admission ORDER BY person NULLS LAST"),
      ElementsAre("1 Z90001 2026-05-10 3 100000 150000",
                  "2 Z90002 2026-05-10 - 100000 110000",
                  "5 unknown 2026-05-10 3 - -",
                  "6 unknown 2026-05-10 3 100000 -",
                  "- unknown 2026-05-10 3 100000 110000"));
  EXPECT_THAT(parts->notes, ElementsAre(HasSubstr("tariff.toml"),
                                        HasSubstr("market_forces.toml")));
}

TEST(ActivityAdmissions, TakeTheFactorThatIsKnownBesideTheirPrice) {
  FixtureTable apc = Admissions();
  // One price on both episodes, the factor on one of them; then two factors,
  // and a factor beside a lower price.
  const std::vector<std::vector<FixtureRow>> spells = {
      {{{"mff", "1.05"}}, {{"mff", ""}}},
      {{{"mff", ""}}, {{"mff", "1.05"}}},
      {{{"mff", "1.02"}}, {{"mff", "1.05"}}},
      {{{"mff", "1.3"}, {"tariff_pence", "50000"}}, {{"mff", "1.05"}}}};
  for (size_t i = 0; i < spells.size(); ++i) {
    for (size_t k = 0; k < 2; ++k) {
      FixtureRow row = Admission(static_cast<int>(i), spells[i][k]);
      row["person"] = std::to_string(i + 1);
      row["episode_order"] = std::to_string(k + 1);
      row["last_episode"] = k == 1 ? "true" : "false";
      apc.Add(row);
    }
  }
  FixtureRelease release;
  release.activity.push_back(apc);
  ActivityBench bench(release);
  ASSERT_OK(MakeActivity(bench.Context()));
  EXPECT_THAT(bench.Rows("SELECT CAST(cost_pence AS VARCHAR) "
                         "FROM activity_admission ORDER BY person"),
              ElementsAre("105000", "105000", "105000", "105000"));
}

TEST(ActivityAdmissions, HaveNoNightsWhereDatesAreByMonth) {
  FixtureTable apc = Admissions();
  apc.grain = "month";
  apc.Add(Admission(1, {}));
  FixtureRelease release;
  release.activity.push_back(apc);
  ActivityBench bench(release);
  ASSERT_OK(MakeActivity(bench.Context()));
  EXPECT_THAT(
      bench.Rows("SELECT CAST(nights AS VARCHAR) FROM activity_admission"),
      ElementsAre("NULL"));
}

TEST(ActivityAdmissions, PutAWeekInTheMonthOfItsThursday) {
  FixtureTable apc = Admissions();
  apc.grain = "week";
  // Mondays whose Thursdays are 30 April, 2 July and 5 November.
  int spell = 0;
  for (const char* monday : {"2026-04-27", "2026-06-29", "2026-11-02"}) {
    ++spell;
    apc.Add(Admission(spell, {{"person", std::to_string(spell)},
                              {"admission_date", monday},
                              {"episode_start", monday}}));
  }
  FixtureRelease release;
  release.registrations.push_back(Registered(2, "Z90002", "2026-07-01"));
  release.activity.push_back(apc);
  ActivityBench bench(release);
  ASSERT_OK(MakeActivity(bench.Context()));
  EXPECT_THAT(bench.Rows("SELECT concat_ws(' ', person, practice, "
                         "strftime(month, '%Y-%m')) "
                         "FROM activity_admission ORDER BY person"),
              ElementsAre("1 unknown 2026-04", "2 Z90002 2026-07"));
}

// --- appointments and attendances --------------------------------------------

TEST(ActivityAppointments, CountOnlyThoseThatWereSeen) {
  FixtureTable op{.dataset = "sus-op",
                  .defaults = {{"person", "1"},
                               {"appointment_date", "2026-05-10"},
                               {"attended", "5"},
                               {"attendance_type", "1"},
                               {"provider_code", "RZA"},
                               {"treatment_function", "130"},
                               {"tariff_pence", "12000"},
                               {"hrg", "WF01A"}}};
  const std::vector<std::pair<FixtureRow, std::string>> cases = {
      {{{"attendance_type", "1"}}, "op_first seen"},
      {{{"attendance_type", "2"}, {"attended", "6"}}, "op_follow_up seen"},
      {{{"attendance_type", "3"}}, "op_first_remote seen"},
      {{{"attendance_type", "21"}}, "op_first_remote seen"},
      {{{"attendance_type", "4"}}, "op_follow_up_remote seen"},
      {{{"attendance_type", "22"}}, "op_follow_up_remote seen"},
      {{{"attendance_type", ""}}, "op_other seen"},
      {{{"attended", "7"}}, "op_first missed"},
      {{{"attended", "3"}}, "op_first missed"},
      {{{"attended", "2"}}, "op_first neither"},
      {{{"attended", "4"}}, "op_first neither"},
      {{{"attended", "0"}}, "op_first neither"},
      {{{"attended", ""}}, "op_first neither"},
  };
  std::vector<std::string> expected;
  for (size_t i = 0; i < cases.size(); ++i) {
    FixtureRow row = cases[i].first;
    row["person"] = std::to_string(i + 1);
    row["attendance_id"] = std::to_string(20000000000 + i);
    op.Add(row);
    expected.push_back(cases[i].second);
  }
  op.Add({{"appointment_date", ""}, {"attendance_id", "30000000001"}});
  FixtureRelease release;
  release.activity.push_back(op);
  ActivityBench bench(release);
  bench.Reference("market_forces", "\"provider\", \"factor\"",
                  "[\"RZA\", 1.0625]");
  ASSERT_OK(MakeActivity(bench.Context()));
  EXPECT_EQ(bench.Rows("SELECT concat_ws(' ', pod, CASE WHEN seen THEN 'seen' "
                       "WHEN not_attended THEN 'missed' ELSE 'neither' END) "
                       "FROM activity_appointment ORDER BY person"),
            expected);
  EXPECT_THAT(bench.Rows("SELECT CAST(count(*) AS VARCHAR) FROM activity"),
              ElementsAre("7"));
  EXPECT_THAT(bench.Rows("SELECT DISTINCT concat(price_pence, ' ', cost_pence) "
                         "FROM activity"),
              ElementsAre("12000 12750"));
}

TEST(ActivityAppointments, CountAKeyOnceAndRowsWithoutAKeyEach) {
  const auto Build = [](bool turned) {
    FixtureTable op{.dataset = "sus-op",
                    .defaults = {{"person", "1"},
                                 {"appointment_date", "2026-05-10"},
                                 {"attended", "5"},
                                 {"attendance_type", "1"}}};
    op.Add({{"attendance_id", "20000000001"}});
    op.Add({{"attendance_id", "20000000001"}, {"attendance_type", "2"}});
    op.Add({{"attendance_id", "20000000001"}, {"source", "other"}});
    op.Add({{"attendance_id", "20000000002"}});
    op.Add({});
    op.Add({});
    if (turned) std::reverse(op.rows.begin(), op.rows.end());
    FixtureRelease release;
    release.activity.push_back(op);
    ActivityBench bench(release);
    EXPECT_OK(MakeActivity(bench.Context()));
    return bench.Rows(
        "SELECT concat(pod, ' ', count(*)) FROM activity GROUP BY pod");
  };
  EXPECT_THAT(Build(false), ElementsAre("op_first 5"));
  EXPECT_THAT(Build(true), ElementsAre("op_first 5"));
}

TEST(ActivityAttendances, HaveTheTypeOfTheDepartmentAndTheirTimes) {
  FixtureTable ed{.dataset = "ecds",
                  .defaults = {{"arrival_date", "2026-05-10"},
                               {"department_type", "01"},
                               {"attendance_category", "1"},
                               {"dur_departure", "240"},
                               {"hrg", "VB01Z"}}};
  const std::vector<std::pair<FixtureRow, std::string>> cases = {
      {{}, "ed_1 true false false 9000"},
      {{{"dur_departure", "241"}}, "ed_1 false false false 9000"},
      {{{"dur_departure", "720"}}, "ed_1 false false false 9000"},
      {{{"dur_departure", "721"}}, "ed_1 false true false 9000"},
      {{{"dur_departure", ""}}, "ed_1 - - false 9000"},
      {{{"department_type", "02"}, {"attendance_category", "2"}},
       "ed_2 true false true -"},
      {{{"department_type", "03"}, {"attendance_category", "3"}},
       "ed_3 true false false 7000"},
      {{{"department_type", "04"}, {"attendance_category", ""}},
       "ed_other true false - -"},
      {{{"department_type", ""}}, "ed_other true false false -"},
  };
  std::vector<std::string> expected;
  for (size_t i = 0; i < cases.size(); ++i) {
    FixtureRow row = cases[i].first;
    row["person"] = std::to_string(i + 1);
    ed.Add(row);
    expected.push_back(cases[i].second);
  }
  FixtureRelease release;
  release.activity.push_back(ed);
  ActivityBench bench(release);
  bench.Reference("tariff", "\"pod\", \"currency\", \"pence\"",
                  "[\"ed_1\", \"VB01Z\", 9000], [\"ed_1\", \"any\", 8000], "
                  "[\"ed_3\", \"any\", 7000]");
  ASSERT_OK(MakeActivity(bench.Context()));
  EXPECT_EQ(
      bench.Rows("SELECT concat_ws(' ', pod, coalesce(CAST(within_4h AS "
                 "VARCHAR), '-'), coalesce(CAST(over_12h AS VARCHAR), '-'), "
                 "coalesce(CAST(planned AS VARCHAR), '-'), coalesce(CAST("
                 "price_pence AS VARCHAR), '-')) FROM activity_attendance "
                 "ORDER BY person"),
      expected);
}

TEST(ActivityPrices, RefuseAKeyThatIsThereTwice) {
  FixtureRelease release;
  ActivityBench bench(release);
  bench.Reference("tariff", "\"pod\", \"currency\", \"pence\"",
                  "[\"ed_1\", \"any\", 1],\n[\"ed_1\", \"any\", 2]");
  const auto twice = MakeActivity(bench.Context());
  EXPECT_FALSE(twice.ok());
  EXPECT_THAT(std::string(twice.status().message()),
              HasSubstr("tariff.toml:7: this pod and currency is there twice"));
  bench.Reference("tariff", "\"pod\", \"currency\", \"pence\"",
                  "[\"ed_1\", \"any\", -1]");
  EXPECT_FALSE(MakeActivity(bench.Context()).ok());
  bench.Reference("tariff", "\"pod\", \"currency\", \"pence\"", "");
  bench.Reference("market_forces", "\"provider\", \"factor\"", "[\"RZA\", 0]");
  EXPECT_FALSE(MakeActivity(bench.Context()).ok());
}

TEST(EmergencyAdmissions, BeginAStayAndAreNoTransfer) {
  const auto days = [](const std::string& grain) {
    FixtureRelease release;
    release.registrations.push_back(Registered(1, "Z90001", "2015-04-01"));
    FixtureTable apc = StayTable();
    apc.grain = grain;
    // Admitted as an emergency, transferred within a day by 2B and by 21 with a
    // destination; 30 days later an emergency again, by 2B from nowhere.
    apc.rows = {
        Stay(1, "2026-03-01", "2026-03-05",
             {{"admission_method", "21"}, {"discharge_destination", "51"}}),
        Stay(1, "2026-03-05", "2026-03-09",
             {{"admission_method", "21"}, {"provider_code", "RXB"}}),
        Stay(1, "2026-03-10", "2026-03-12",
             {{"admission_method", "2B"}, {"provider_code", "RXC"}}),
        Stay(1, "2026-05-01", "2026-05-02", {{"admission_method", "2B"}}),
        Stay(1, "2026-06-01", "2026-06-02", {{"admission_method", "11"}}),
        Stay(0, "2026-07-01", "2026-07-02", {{"admission_method", "22"}})};
    release.activity.push_back(apc);
    ActivityBench bench(release);
    const MeasureContext context = bench.Context();
    const auto relation = EmergencyAdmissions(context);
    EXPECT_OK(relation);
    return bench.Rows("SELECT CAST(day AS VARCHAR) FROM " + *relation +
                      " ORDER BY 1");
  };
  EXPECT_THAT(days("day"),
              ElementsAre("2026-03-01", "2026-05-01", "2026-07-01"));
  // Nobody knows of continuous stays where dates are by month: only 2B is out.
  EXPECT_THAT(days("month"),
              ElementsAre("2026-03-01", "2026-03-05", "2026-07-01"));
}

TEST(EmergencyAdmissions, OfActivityAreTheSameOfAnyType) {
  FixtureRelease release;
  release.registrations.push_back(Registered(1, "Z90001", "2015-04-01"));
  FixtureTable apc = StayTable();
  apc.rows = {
      Stay(1, "2026-03-01", "2026-03-05", {{"discharge_destination", "51"}}),
      Stay(1, "2026-03-05", "2026-03-09", {{"provider_code", "RXB"}}),
      Stay(1, "2026-04-10", "2026-04-10", {{"patient_classification", "2"}}),
      Stay(1, "2026-05-10", "2026-05-12",
           {{"main_specialty", "501"}, {"sex", "2"}, {"age_fy", "30"}}),
      Stay(1, "2026-06-01", "2026-06-02", {{"admission_method", "11"}}),
      Stay(0, "2026-07-01", "2026-07-02")};
  release.activity.push_back(apc);
  ActivityBench bench(release);
  ASSERT_OK(MakeActivity(bench.Context()));
  EXPECT_THAT(
      bench.Rows("SELECT concat_ws(' ', day, pod, emergency) FROM "
                 "activity_admission ORDER BY day"),
      ElementsAre("2026-03-01 emergency true",
                  "2026-03-05 emergency false",  // a transfer
                  "2026-04-10 day_case true", "2026-05-10 maternity true",
                  "2026-06-01 elective false", "2026-07-01 emergency true"));
}

TEST(RecordKeys, KeepOneRowOfAKeyBySourceAndAllWithoutAKey) {
  FixtureRelease release;
  release.registrations.push_back(Registered(1, "Z90001", "2015-04-01"));
  FixtureTable contacts;
  contacts.dataset = "community-contact";
  contacts.columns = {"person", "contact_id", "contact_date"};
  const auto contact = [&](std::string key, std::string day) {
    contacts.Add({{"person", "1"},
                  {"contact_id", std::move(key)},
                  {"contact_date", std::move(day)}});
  };
  contact("7", "2026-05-02");
  contact("7", "2026-05-01");
  contact("8", "2026-05-03");
  contact("", "2026-05-04");
  contact("", "2026-05-04");
  release.activity.push_back(contacts);
  ActivityBench bench(release);
  const MeasureContext context = bench.Context();
  const auto relation = RowsByKey(context, "community_contact");
  ASSERT_TRUE(relation.ok()) << relation.status();
  EXPECT_THAT(
      bench.Rows("SELECT CAST(contact_date AS VARCHAR) FROM " + *relation +
                 " ORDER BY 1"),
      ElementsAre("2026-05-01", "2026-05-03", "2026-05-04", "2026-05-04"));
}

TEST(ActivityTypes, HaveTitles) {
  EXPECT_EQ(ActivityTitle("day_case"), "Day case");
  EXPECT_EQ(ActivityTitle("nothing"), "nothing");
}

}  // namespace
}  // namespace tally::analytics
