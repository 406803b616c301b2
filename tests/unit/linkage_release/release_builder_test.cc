#include "linkage/release/release_builder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_format.h"
#include "base/sha256.h"
#include "dataset/dictionary.h"
#include "dataset/release_manifest.h"
#include "release_builder_fixture.h"
#include "release_world.h"
#include "status_matchers.h"

namespace tally::linkage {
namespace {

using ::testing::Contains;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

TEST_F(ReleaseBuilder, HoldsThePopulationAndNobodyElse) {
  PublishBasics();
  world_.MustBuild(BasicTerms(), kRelease);
  const Rows persons = world_.Table(kRelease, "persons");
  EXPECT_THAT(ColumnOf(persons, 0),
              ElementsAre("0", "1", "2", "3", "4", "5", "6", "7"));
  const std::vector<std::string> pseudonyms = ColumnOf(persons, 1);
  EXPECT_THAT(std::set<std::string>(pseudonyms.begin(), pseudonyms.end()),
              SizeIs(8));
  EXPECT_THAT(pseudonyms, Each(SizeIs(32)));
  EXPECT_THAT(ColumnOf(persons, 3), Each("true"));
}

TEST_F(ReleaseBuilder, TellsWhoWasFoundInTwoSources) {
  PublishBasics();
  world_.MustBuild(BasicTerms(), kRelease);
  const std::vector<std::string> statuses =
      ColumnOf(world_.Table(kRelease, "persons"), 2);
  // 1, 2 and 7 in hospital too; 3 at both suppliers.
  EXPECT_EQ(std::count(statuses.begin(), statuses.end(), "nhs_number"), 4);
  EXPECT_EQ(std::count(statuses.begin(), statuses.end(), "none"), 4);
}

TEST_F(ReleaseBuilder, GivesOnePersonOneNumberInEveryTable) {
  PublishBasics();
  world_.MustBuild(BasicTerms(), kRelease);
  // The test's own number of a person is in value1 and in tariff_pence.
  std::map<std::string, std::set<std::string>> persons_of;
  for (const auto& row : world_.Table(kRelease, "gp_event")) {
    if (row[0] != "-") persons_of[row[5]].insert(row[0]);
  }
  for (const auto& row : world_.Table(kRelease, "sus_apc")) {
    if (row[0] != "-") persons_of[row[6]].insert(row[0]);
  }
  EXPECT_THAT(persons_of, SizeIs(4));  // 1, 4, 7 and 2
  std::set<std::string> numbers;
  for (const auto& [who, persons] : persons_of) {
    EXPECT_THAT(persons, SizeIs(1)) << who;
    numbers.insert(*persons.begin());
  }
  EXPECT_THAT(numbers, SizeIs(4));
}

TEST_F(ReleaseBuilder, DropsRowsOfPeopleOutsideThePopulation) {
  PublishBasics();
  world_.MustBuild(BasicTerms(), kRelease);
  const Rows spells = world_.Table(kRelease, "sus_apc");
  EXPECT_THAT(spells, SizeIs(5));
  EXPECT_THAT(ColumnOf(spells, 6), Not(Contains("99")));
}

TEST_F(ReleaseBuilder, PutsRowsWithoutPersonLastWithTheirReason) {
  PublishBasics();
  world_.MustBuild(BasicTerms(), kRelease);
  const Rows spells = world_.Table(kRelease, "sus_apc");
  EXPECT_EQ(spells.back()[0], "-");
  EXPECT_EQ(spells.back()[1], "NHS_NUMBER_CHECK_DIGIT");
  EXPECT_EQ(spells.back()[2], "national-apc");
  for (size_t i = 0; i + 1 < spells.size(); ++i) {
    EXPECT_NE(spells[i][0], "-");
    EXPECT_EQ(spells[i][1], "-");
    if (i > 0) {
      EXPECT_LE(std::stoi(spells[i - 1][0]), std::stoi(spells[i][0]));
    }
  }
}

TEST_F(ReleaseBuilder, DropsRowsWithoutPersonWhenAgreed) {
  PublishBasics();
  Agreement agreement = BasicTerms();
  agreement.keep_rows_without_person = false;
  world_.MustBuild(agreement, kRelease);
  EXPECT_THAT(ColumnOf(world_.Table(kRelease, "sus_apc"), 0),
              Not(Contains("-")));
  EXPECT_THAT(ColumnOf(world_.Table(kRelease, "gp_event"), 0),
              Not(Contains("-")));
}

TEST_F(ReleaseBuilder, TakesEveryoneWhenThePopulationIsAll) {
  PublishBasics();
  Agreement agreement = BasicTerms();
  agreement.population = "all";
  world_.MustBuild(agreement, kRelease);
  EXPECT_THAT(world_.Table(kRelease, "persons"), SizeIs(9));
  EXPECT_THAT(ColumnOf(world_.Table(kRelease, "sus_apc"), 6), Contains("99"));
}

TEST_F(ReleaseBuilder, KeepsPseudonymsAndRenumbersPeople) {
  std::vector<TestRow> patients;
  for (int who = 1; who <= 60; ++who) patients.push_back(Patient(who));
  std::vector<TestRow> events;
  for (int who = 1; who <= 60; ++who) {
    events.push_back(Event(who, "2026-11-12"));
  }
  world_.Publish("gp-supplier-a", "2026-11", 1,
                 {{"gp-patient", patients}, {"gp-event", events}});
  Agreement agreement = BasicTerms();
  agreement.datasets.pop_back();
  world_.MustBuild(agreement, "r2026-11");
  world_.MustBuild(agreement, "r2026-12");
  const auto map_of = [&](const char* release) {
    std::map<std::string, std::string> person_to_pseudonym;
    for (const auto& row : world_.Table(release, "persons")) {
      person_to_pseudonym[row[0]] = row[1];
    }
    std::map<std::string, std::pair<std::string, std::string>> by_who;
    for (const auto& row : world_.Table(release, "gp_event")) {
      by_who[row[5]] = {row[0], person_to_pseudonym.at(row[0])};
    }
    return by_who;
  };
  const auto first = map_of("r2026-11");
  const auto second = map_of("r2026-12");
  ASSERT_THAT(first, SizeIs(60));
  int same_number = 0;
  for (const auto& [who, value] : first) {
    EXPECT_EQ(value.second, second.at(who).second);
    same_number += value.first == second.at(who).first ? 1 : 0;
  }
  // A random permutation of 60 keeps one number on average; 12 is beyond
  // 10^-9.
  EXPECT_LT(same_number, 12);
}

TEST_F(ReleaseBuilder, CoarsensDatesAsAgreed) {
  PublishBasics();
  Agreement agreement = BasicTerms();
  agreement.datasets[0].date_grain = DateGrain::kWeek;
  agreement.datasets[1].date_grain = DateGrain::kMonth;
  world_.MustBuild(agreement, kRelease);
  EXPECT_THAT(ColumnOf(world_.Table(kRelease, "gp_event"), 3),
              UnorderedElementsAre("2026-11-09", "2026-11-09", "2026-11-16",
                                   "2026-11-02", "2026-11-02"));
  EXPECT_THAT(ColumnOf(world_.Table(kRelease, "sus_apc"), 4),
              Each("2026-11-01"));
}

TEST_F(ReleaseBuilder, LeavesDaysWhenAgreed) {
  PublishBasics();
  Agreement agreement = BasicTerms();
  agreement.datasets[1].date_grain = DateGrain::kDay;
  world_.MustBuild(agreement, kRelease);
  EXPECT_THAT(ColumnOf(world_.Table(kRelease, "sus_apc"), 4),
              UnorderedElementsAre("2026-11-05", "2026-11-09", "2026-11-06",
                                   "2026-11-07", "2026-11-10"));
}

TEST_F(ReleaseBuilder, GroupsEthnicityAndDerivesAges) {
  world_.Publish("gp-supplier-a", "2026-11", 1,
                 {{"gp-patient",
                   {Patient(1, "Z90001", "E01990001", "A"),
                    Patient(2, "Z90001", "E01990001", "G"),
                    Patient(3, "Z90001", "E01990001", "L"),
                    Patient(4, "Z90001", "E01990001", "P"),
                    Patient(5, "Z90001", "E01990001", "S"),
                    Patient(6, "Z90001", "E01990001", "99")}},
                  {"gp-event", {Event(1, "2026-11-12")}}});
  Agreement agreement = BasicTerms();
  agreement.datasets[1] = {"gp-patient",
                           {"gp-supplier-a"},
                           {"ethnic_category", "age_fy", "age_band"},
                           DateGrain::kMonth,
                           {}};
  world_.MustBuild(agreement, kRelease);
  const Rows patients = world_.Table(kRelease, "gp_patient");
  EXPECT_THAT(ColumnOf(patients, 3),
              UnorderedElementsAre("white", "mixed", "asian", "black", "other",
                                   "unknown"));
  // Born 1951 to 1956, financial year 2026.
  EXPECT_THAT(ColumnOf(patients, 4),
              UnorderedElementsAre("75", "74", "73", "72", "71", "70"));
  for (const auto& row : patients) {
    EXPECT_EQ(row[5], row[4] == "75" ? "75-79" : "70-74");
  }
}

TEST_F(ReleaseBuilder, RenumbersRecordKeysWithinTheirExtract) {
  PublishBasics();
  // The same key in another extract of the same source: another spell.
  world_.Publish("national-apc", "2026-10", 1,
                 {{"sus-apc", {Spell(2, 500, "2026-10-05")}}});
  world_.MustBuild(BasicTerms(), kRelease);
  std::map<std::string, std::set<std::string>> keys;  // by who
  std::set<std::string> all;
  for (const auto& row : world_.Table(kRelease, "sus_apc")) {
    keys[row[6]].insert(row[3]);
    all.insert(row[3]);
  }
  EXPECT_THAT(keys["1"], SizeIs(1));  // two rows of one spell
  EXPECT_THAT(keys["2"], SizeIs(2));
  EXPECT_THAT(all, SizeIs(5));  // 500, 501, 502, 504 and the other 500
  for (const std::string& key : all) EXPECT_LT(std::stoi(key), 6);
}

// More keys than one batch holds.
TEST_F(ReleaseBuilder, GivesEachOfManyRecordKeysItsOwnNumber) {
  constexpr int kKeys = 40'000;
  PublishBasics();
  std::vector<TestRow> spells;
  for (int i = 0; i < kKeys; ++i) {
    spells.push_back(Spell(1 + i % 2, 1'000 + i, "2026-10-05"));
  }
  world_.Publish("national-apc", "2026-10", 1, {{"sus-apc", spells}});
  world_.MustBuild(BasicTerms(), kRelease);
  std::set<std::string> keys;
  for (const auto& row : world_.Table(kRelease, "sus_apc")) {
    keys.insert(row[3]);
    ASSERT_LT(std::stoi(row[3]), kKeys + 5);  // one is not released
  }
  EXPECT_THAT(keys, SizeIs(kKeys + 4));
}

TEST_F(ReleaseBuilder, UsesTheNewestSnapshotAndAllActivity) {
  world_.Publish("gp-supplier-a", "2026-10", 1,
                 {{"gp-patient", {Patient(1), Patient(2), Patient(5)}},
                  {"gp-event", {Event(1, "2026-10-05")}}});
  world_.Publish(
      "gp-supplier-a", "2026-11", 1,
      {{"gp-patient", {Patient(1), Patient(2)}},
       {"gp-event", {Event(1, "2026-11-05"), Event(5, "2026-11-06")}}});
  Agreement agreement = BasicTerms();
  agreement.datasets.pop_back();
  world_.MustBuild(agreement, kRelease);
  EXPECT_THAT(world_.Table(kRelease, "persons"), SizeIs(2));
  // 5 is in no current snapshot, so its rows are out; 1 has both months.
  EXPECT_THAT(ColumnOf(world_.Table(kRelease, "gp_event"), 3),
              UnorderedElementsAre("2026-10-01", "2026-11-01"));
}

TEST_F(ReleaseBuilder, ReplacesAPeriodByItsNewestRevision) {
  world_.Publish(
      "gp-supplier-a", "2026-11", 1,
      {{"gp-patient", {Patient(1)}},
       {"gp-event", {Event(1, "2026-11-05"), Event(1, "2026-11-06")}}});
  world_.Publish("gp-supplier-a", "2026-11", 2,
                 {{"gp-patient", {Patient(1), Patient(2)}},
                  {"gp-event", {Event(2, "2026-11-07")}}});
  Agreement agreement = BasicTerms();
  agreement.datasets.pop_back();
  world_.MustBuild(agreement, kRelease);
  EXPECT_THAT(world_.Table(kRelease, "persons"), SizeIs(2));
  EXPECT_THAT(ColumnOf(world_.Table(kRelease, "gp_event"), 5),
              ElementsAre("2"));
}

// Every operator against what it means in C++.
TEST_F(ReleaseBuilder, FiltersRowsAsEachOperatorSays) {
  std::vector<TestRow> events;
  for (int who = 1; who <= 9; ++who) {
    TestRow row = Event(who, "2026-11-12", who % 3 == 0 ? "DM_COD" : "DMX");
    if (who == 9) row.values.erase("value1");
    events.push_back(row);
  }
  std::vector<TestRow> patients;
  for (int who = 1; who <= 9; ++who) patients.push_back(Patient(who));
  world_.Publish("gp-supplier-a", "2026-11", 1,
                 {{"gp-patient", patients}, {"gp-event", events}});
  struct Case {
    Filter filter;
    std::set<std::string> expected;
  };
  const std::vector<Case> cases = {
      {{"value1", FilterOp::kEqual, {4.0}}, {"4"}},
      {{"value1", FilterOp::kNotEqual, {int64_t{4}}},
       {"1", "2", "3", "5", "6", "7", "8"}},
      {{"value1", FilterOp::kLess, {3.0}}, {"1", "2"}},
      {{"value1", FilterOp::kLessOrEqual, {3.0}}, {"1", "2", "3"}},
      {{"value1", FilterOp::kGreater, {7.0}}, {"8"}},
      {{"value1", FilterOp::kGreaterOrEqual, {7.0}}, {"7", "8"}},
      {{"value1", FilterOp::kIn, {1.0, 9.0}}, {"1"}},
      {{"value1", FilterOp::kNotIn, {1.0, 2.0}},
       {"3", "4", "5", "6", "7", "8"}},
      {{"value1", FilterOp::kIsNull, {}}, {"-"}},
      {{"value1", FilterOp::kNotNull, {}},
       {"1", "2", "3", "4", "5", "6", "7", "8"}},
      {{"cluster_id", FilterOp::kPrefix, {std::string("DM_")}},
       {"3", "6", "-"}},
      {{"cluster_id", FilterOp::kEqual, {std::string("x' OR '1'='1")}}, {}},
  };
  Agreement agreement = BasicTerms();
  agreement.datasets.pop_back();
  int number = 2;
  for (const Case& one : cases) {
    agreement.datasets[0].filters = {one.filter};
    const std::string release = absl::StrFormat("r2026-11-%d", number++);
    world_.MustBuild(agreement, release);
    const std::vector<std::string> found =
        ColumnOf(world_.Table(release, "gp_event"), 5);
    EXPECT_EQ(std::set<std::string>(found.begin(), found.end()), one.expected)
        << FilterOpName(one.filter.op);
  }
}

TEST_F(ReleaseBuilder, WithholdsRareAreasAndPracticesWithHardlyAnybody) {
  std::vector<TestRow> patients;
  for (int who = 1; who <= 6; ++who) {
    patients.push_back(Patient(who, "Z90001", "E01990001"));
  }
  patients.push_back(Patient(7, "Z90001", "E01990002"));  // rare by its area
  patients.push_back(
      Patient(8, "Z90003", "E01990001"));  // alone in its practice
  world_.Publish(
      "gp-supplier-a", "2026-11", 1,
      {{"gp-patient", patients}, {"gp-event", {Event(1, "2026-11-12")}}});
  Agreement agreement = BasicTerms();
  agreement.min_k = 3;
  agreement.geography = {"lsoa", "practice"};
  agreement.datasets[1] = {"gp-patient",
                           {"gp-supplier-a"},
                           {"practice_code", "lsoa21"},
                           DateGrain::kMonth,
                           {}};
  const BuiltRelease built = world_.MustBuild(agreement, kRelease);
  std::multiset<std::string> combinations;
  for (const auto& row : world_.Table(kRelease, "gp_patient")) {
    combinations.insert(row[3] + " " + row[4]);
  }
  EXPECT_EQ(combinations.count("Z90001 E01990001"), 6u);
  EXPECT_EQ(combinations.count("Z90001 -"), 1u);
  EXPECT_EQ(combinations.count("- -"), 1u);
  const auto line = std::find_if(
      built.report.uniqueness.begin(), built.report.uniqueness.end(),
      [](const UniquenessLine& l) { return l.table == "gp_patient"; });
  ASSERT_NE(line, built.report.uniqueness.end());
  EXPECT_EQ(line->rows, 8);
  EXPECT_EQ(line->rows_below_before, 2);
  EXPECT_EQ(line->rows_area_withheld, 2);
  EXPECT_EQ(line->rows_practice_withheld, 1);
  EXPECT_EQ(line->rows_below_after, 2);
}

TestRow SpellFrom(int who, int spell, const char* lsoa, int age) {
  TestRow row = Spell(who, spell, "2026-11-06");
  row.values["lsoa21"] = engine::Value::Text(lsoa);
  row.values["age_fy"] = engine::Value::Int64(age);
  return row;
}

// The terms of a project that sees the area of its people in two tables.
Agreement TermsWithAreas(const Agreement& basic, int min_k) {
  Agreement agreement = basic;
  agreement.min_k = min_k;
  agreement.geography = {"lsoa", "practice"};
  agreement.datasets = {{"gp-patient",
                         {"gp-supplier-a"},
                         {"practice_code", "lsoa21"},
                         DateGrain::kMonth,
                         {}},
                        {"sus-apc",
                         {"national-apc"},
                         {"lsoa21", "age_fy", "diag_01"},
                         DateGrain::kMonth,
                         {}}};
  return agreement;
}

TEST_F(ReleaseBuilder, WithholdsInEveryTableWhatItWithholdsInOne) {
  std::vector<TestRow> patients;
  std::vector<TestRow> spells;
  for (int who = 1; who <= 6; ++who) {
    patients.push_back(Patient(who));
    // Six in hospital, one of them of another age: rare by area and age.
    spells.push_back(
        SpellFrom(who, 500 + who, "E01990001", who == 6 ? 90 : 40));
  }
  world_.Publish("gp-supplier-a", "2026-11", 1, {{"gp-patient", patients}});
  world_.Publish("national-apc", "2026-11", 1, {{"sus-apc", spells}});
  const BuiltRelease built =
      world_.MustBuild(TermsWithAreas(BasicTerms(), 3), kRelease);
  std::string rare;
  for (const auto& row : world_.Table(kRelease, "sus_apc")) {
    EXPECT_EQ(row[3] == "-", row[4] == "90");
    if (row[4] == "90") rare = row[0];
  }
  int without_area = 0;
  for (const auto& row : world_.Table(kRelease, "gp_patient")) {
    if (row[4] != "-") continue;
    ++without_area;
    EXPECT_EQ(row[0], rare);
  }
  EXPECT_EQ(without_area, 1);
  for (const UniquenessLine& line : built.report.uniqueness) {
    EXPECT_EQ(line.rows_area_withheld, 1) << line.table;
  }
}

// Whoever keeps an area keeps it in company, in each table; whoever has lost it
// in one table has lost it in all.
TEST_F(ReleaseBuilder, LeavesNoAreaBelowKInAnyTable) {
  constexpr int kK = 4;
  std::mt19937 random(20261122);
  const auto upto = [&](int n) { return static_cast<int>(random() % n); };
  std::vector<TestRow> patients;
  std::vector<TestRow> spells;
  for (int who = 1; who <= 200; ++who) {
    const std::string area = absl::StrFormat("E0199%04d", upto(4));
    const std::string practice = absl::StrFormat("Z9000%d", upto(5));
    patients.push_back(Patient(who, practice.c_str(), area.c_str()));
    for (int n = upto(3); n > 0; --n) {
      spells.push_back(
          SpellFrom(who, 1000 * who + n, area.c_str(), 20 + 10 * upto(4)));
    }
  }
  for (int n = 0; n < 3; ++n) {  // rows without a person, one of them rare
    spells.push_back(
        SpellFrom(-1, 900000 + n, n == 0 ? "E01990009" : "E01990001", 20));
  }
  world_.Publish("gp-supplier-a", "2026-11", 1, {{"gp-patient", patients}});
  world_.Publish("national-apc", "2026-11", 1, {{"sus-apc", spells}});
  world_.MustBuild(TermsWithAreas(BasicTerms(), kK), kRelease);
  std::map<std::string, std::set<bool>> has_area;  // by person
  int kept = 0;
  const auto check = [&](const char* table, size_t area, size_t other) {
    std::map<std::pair<std::string, std::string>, std::set<std::string>> people;
    for (const auto& row : world_.Table(kRelease, table)) {
      auto& sharing = people[{row[area], row[other]}];
      if (row[0] != "-") sharing.insert(row[0]);
      if (row[0] != "-") has_area[row[0]].insert(row[area] != "-");
    }
    for (const auto& [combination, sharing] : people) {
      if (combination.first == "-") continue;
      ++kept;
      EXPECT_GE(sharing.size(), size_t{kK})
          << table << " " << combination.first << " " << combination.second;
    }
  };
  check("gp_patient", 4, 3);
  check("sus_apc", 3, 4);
  EXPECT_GT(kept, 10);
  EXPECT_THAT(has_area, SizeIs(200));
  for (const auto& [person, states] : has_area) {
    EXPECT_THAT(states, SizeIs(1)) << person;
  }
}

// An organisation is judged by the people of the whole release: few of a large
// practice are in hospital, and that withholds nothing.
TEST_F(ReleaseBuilder, JudgesAPracticeByAllItsPeople) {
  std::vector<TestRow> patients;
  for (int who = 1; who <= 6; ++who) patients.push_back(Patient(who));
  TestRow spell = Spell(1, 500, "2026-11-06");
  spell.values["practice_code"] = engine::Value::Text("Z90001");
  TestRow elsewhere = Spell(2, 501, "2026-11-06");
  elsewhere.values["practice_code"] = engine::Value::Text("Z90007");
  world_.Publish("gp-supplier-a", "2026-11", 1, {{"gp-patient", patients}});
  world_.Publish("national-apc", "2026-11", 1,
                 {{"sus-apc", {spell, elsewhere}}});
  Agreement agreement = TermsWithAreas(BasicTerms(), 3);
  agreement.datasets[0].columns = {"practice_code"};
  agreement.datasets[1].columns = {"practice_code", "diag_01"};
  world_.MustBuild(agreement, kRelease);
  EXPECT_THAT(ColumnOf(world_.Table(kRelease, "gp_patient"), 3),
              Each("Z90001"));
  EXPECT_THAT(ColumnOf(world_.Table(kRelease, "sus_apc"), 3),
              UnorderedElementsAre("Z90001", "-"));
}

TEST_F(ReleaseBuilder, CutsAndMergesCoverage) {
  TestRow moved = Patient(1);
  moved.values["registration_start"] = DayValue("2026-01-01");
  moved.values["registration_end"] = DayValue("2026-03-01");
  TestRow back = Patient(1);
  back.values["registration_start"] = DayValue("2026-04-01");
  back.values["registration_end"] = DayValue("2026-06-01");
  TestRow again = Patient(1);
  again.values["registration_start"] = DayValue("2026-09-01");
  TestRow died = Patient(2);
  died.values["death_month"] = DayValue("2026-10-01");
  world_.Publish("gp-supplier-a", "2026-10", 1,
                 {{"gp-patient", {moved, back, again, died}},
                  {"gp-event", {Event(1, "2026-10-05")}}});
  world_.Publish("gp-supplier-a", "2026-11", 1,
                 {{"gp-patient", {moved, back, again, died}},
                  {"gp-event", {Event(1, "2026-11-05")}}});
  Agreement agreement = BasicTerms();
  agreement.datasets.pop_back();
  world_.MustBuild(agreement, kRelease);
  std::multiset<std::string> spans;
  for (const auto& row : world_.Table(kRelease, "coverage")) {
    spans.insert(row[2] + " " + row[3].substr(0, 7) + " " +
                 row[4].substr(0, 7) + " " + row[5]);
  }
  EXPECT_THAT(spans,
              UnorderedElementsAre("gp-patient 2026-01 2026-06 moved",
                                   "gp-patient 2026-09 2026-11 no extract",
                                   "gp-patient 2020-01 2026-10 died",
                                   "gp-event 2026-10 2026-11 no extract",
                                   "gp-event 2026-10 2026-10 died"));
}

TEST_F(ReleaseBuilder, AddsUpEveryRowOfTheReport) {
  PublishBasics();
  const BuiltRelease built = world_.MustBuild(BasicTerms(), kRelease);
  const LinkageReport& report = built.report;
  EXPECT_EQ(report.anchor_persons, 8);
  for (const DatasetReport& dataset : report.datasets) {
    int64_t outcomes = 0;
    for (const auto& [reason, rows] : dataset.outcomes) outcomes += rows;
    EXPECT_EQ(outcomes, dataset.counts.rows)
        << dataset.source << " " << dataset.dataset;
  }
  const auto apc = std::find_if(
      report.datasets.begin(), report.datasets.end(),
      [](const DatasetReport& d) { return d.dataset == "sus-apc"; });
  ASSERT_NE(apc, report.datasets.end());
  EXPECT_EQ(apc->counts.rows, 6);
  EXPECT_EQ(apc->counts.rows_with_person, 5);
  EXPECT_EQ(apc->counts.persons, 4);         // 1, 2, 7, 99
  EXPECT_EQ(apc->counts.persons_linked, 3);  // not 99
  EXPECT_EQ(apc->outcomes.at("linked"), 4);
  EXPECT_EQ(apc->outcomes.at("not in population"), 1);
  EXPECT_EQ(apc->outcomes.at("NHS_NUMBER_CHECK_DIGIT"), 1);
  EXPECT_EQ(apc->dropped_by_fault.at("DATE_INVALID"), 2);
  EXPECT_EQ(apc->dropped_by_rule.at("NOT_PARTICIPATING"), 3);
  EXPECT_EQ(apc->newest_event, "2026-11-10");
}

TEST_F(ReleaseBuilder, CountsOverlapsOfSources) {
  PublishBasics();
  const BuiltRelease built = world_.MustBuild(BasicTerms(), kRelease);
  std::map<std::string, int64_t> pairs;
  for (const PairOverlap& pair : built.report.pairs) {
    pairs[pair.source_a + "+" + pair.source_b] = pair.persons;
  }
  EXPECT_EQ(pairs["gp-supplier-a+gp-supplier-b"], 1);  // 3
  EXPECT_EQ(pairs["gp-supplier-a+national-apc"], 2);   // 1, 2
  EXPECT_EQ(pairs["gp-supplier-b+national-apc"], 1);   // 7
  int64_t everybody = 0;
  for (const Combination& c : built.report.combinations) {
    everybody += c.persons;
  }
  EXPECT_EQ(everybody, 9);
}

TEST_F(ReleaseBuilder, TellsRowsOutsideTheirPersonsCoverage) {
  TestRow moved = Patient(1);
  moved.values["registration_end"] = DayValue("2026-06-01");
  world_.Publish(
      "gp-supplier-a", "2026-11", 1,
      {{"gp-patient", {moved, Patient(2)}},
       {"gp-event", {Event(1, "2026-11-05"), Event(2, "2026-11-05")}}});
  Agreement agreement = BasicTerms();
  agreement.datasets.pop_back();
  const BuiltRelease built = world_.MustBuild(agreement, kRelease);
  const auto events = std::find_if(
      built.report.datasets.begin(), built.report.datasets.end(),
      [](const DatasetReport& d) { return d.dataset == "gp-event"; });
  ASSERT_NE(events, built.report.datasets.end());
  EXPECT_EQ(events->outcomes.at("outside coverage"), 1);
  EXPECT_EQ(events->outcomes.at("linked"), 1);
  // The row is released all the same.
  EXPECT_THAT(world_.Table(kRelease, "gp_event"), SizeIs(2));
}

}  // namespace
}  // namespace tally::linkage
