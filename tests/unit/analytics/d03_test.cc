// D03 against counts kept by hand.
#include <algorithm>
#include <fstream>

#include "absl/strings/str_format.h"
#include "analytics/statistics/standardise.h"
#include "bench.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "replaced_definition.h"

namespace tally::analytics {
namespace {

using testing::HasSubstr;

constexpr char kScreening[] = "Diabetes, eligible for eye screening";

class EhnaTest : public testing::Test {
 protected:
  EhnaTest() {
    FixtureTable claims;
    claims.dataset = "gos-claim";
    claims.columns = {"person", "claim_type", "service_date", "eligibility",
                      "outcome"};
    claims.defaults = {{"claim_type", "GOS1"},
                       {"service_date", "2026-10-15"},
                       {"eligibility", "aged60"}};
    FixtureTable visits;
    visits.dataset = "sus-op";
    visits.columns = {"person", "appointment_date", "attended",
                      "attendance_type", "treatment_function"};
    visits.defaults = {{"appointment_date", "2026-10-15"},
                       {"attended", "5"},
                       {"attendance_type", "1"},
                       {"treatment_function", "130"}};
    FixtureTable stays;
    stays.dataset = "sus-apc";
    stays.columns = {"person",        "spell_id",    "discharge_date",
                     "episode_start", "episode_end", "proc_02"};
    stays.defaults = {{"admission_date", "2026-10-15"},
                      {"provider_code", "RZ1"},
                      {"episode_end", "2026-10-16"},
                      {"episode_order", "1"},
                      {"last_episode", "true"},
                      {"admission_method", "11"},
                      {"admission_source", "19"},
                      {"discharge_method", "1"},
                      {"discharge_destination", "19"},
                      {"patient_classification", "2"},
                      {"proc_01", "C712"}};
    release_.activity = {claims, visits, stays};
  }
  FixtureRegistration& Add(int person, int age,
                           const std::string& practice = "Z90001") {
    FixtureRegistration r;
    r.person = person;
    r.practice = practice;
    r.year_of_birth = 2026 - age;
    return release_.registrations.emplace_back(r);
  }
  void Record(int person, const std::string& cluster,
              const std::string& day = "2025-06-01") {
    FixtureEvent event;
    event.person = person;
    event.cluster = cluster;
    event.date = day;
    release_.events.push_back(event);
  }
  FixtureRow& Row(size_t table, int person) {
    FixtureRow& row = release_.activity[table].Add({});
    if (person > 0) row["person"] = std::to_string(person);
    if (table == 2) row["spell_id"] = std::to_string(++spells_);
    return row;
  }
  MeasureResult Run(std::string_view profile = "nhs-national",
                    const std::string& comparators = "") {
    bench_.emplace(release_, profile);
    RunOptions options;
    options.definitions = DefinitionWith(
        *bench_, "D03", {{"smallest_area = 100", "smallest_area = 1"}});
    options.comparators = comparators;
    auto result = bench_->Run("D03", options);
    EXPECT_TRUE(result.ok()) << result.status();
    if (!result.ok()) return {};
    EXPECT_EQ(result->unavailable.value_or(""), "");
    return *std::move(result);
  }
  static std::string At(const MeasureResult& result,
                        const std::string& condition, const std::string& column,
                        const std::string& area = "All") {
    return Find(TableNamed(result, "ehna"),
                {{"condition", condition}, {"area", area}}, column);
  }

  FixtureRelease release_;
  int64_t spells_ = 10'000'000'000;
  std::optional<Bench> bench_;
};

TEST_F(EhnaTest, ScreeningBeginsAtTwelve) {
  for (int person = 1; person <= 3; ++person) Add(person, 10 + person);
  for (int person = 1; person <= 3; ++person) Record(person, "DM_COD");
  const MeasureResult result = Run();
  EXPECT_EQ(At(result, kScreening, "dr_eligible"), "2");  // 12 and 13
  EXPECT_EQ(At(result, kScreening, "recorded"), "2");
  EXPECT_EQ(At(result, kScreening, "list"), "2");
  EXPECT_EQ(At(result, "Glaucoma", "recorded"), "absent");  // not recorded
}

TEST_F(EhnaTest, ConditionsHaveAgesAndCanBeResolved) {
  Add(1, 39);
  Add(2, 40);
  Record(1, "GLAUCOMA_COD");
  Record(2, "GLAUCOMA_COD");
  Add(3, 60);
  Record(3, "DM_COD", "2025-01-01");
  Record(3, "DMRES_COD", "2025-02-01");
  Add(4, 60);
  Record(4, "DM_COD", "2026-11-01");  // after the month
  Record(2, "DM_COD");
  const MeasureResult result = Run();
  EXPECT_EQ(At(result, "Glaucoma", "recorded"), "1");
  EXPECT_EQ(At(result, "Glaucoma", "share"), "33.3");
  EXPECT_EQ(At(result, kScreening, "dr_eligible"), "1");
}

TEST_F(EhnaTest, ImpairmentIsByRecordOrByClaim) {
  for (int person = 1; person <= 5; ++person) Add(person, 70);
  Record(1, "SIGHTIMP_COD");
  Row(0, 1)["eligibility"] = "sight_impaired";  // both: once
  Row(0, 2)["eligibility"] = "sight_impaired";
  FixtureRow& old = Row(0, 3);
  old["eligibility"] = "sight_impaired";
  old["service_date"] = "2023-01-01";  // however long ago
  FixtureRow& later = Row(0, 4);
  later["eligibility"] = "sight_impaired";
  later["service_date"] = "2026-11-01";  // after the month
  Row(0, 0)["eligibility"] = "sight_impaired";
  const MeasureResult result = Run();
  EXPECT_EQ(At(result, "Sight impairment", "cvi_proxy"), "3");
  EXPECT_EQ(At(result, "Sight impairment", "recorded"), "1");
}

TEST_F(EhnaTest, ActivityIsThatOfPeopleOnTheListInTheYear) {
  for (int person = 1; person <= 4; ++person) Add(person, 70);
  Add(5, 70, "Z90002").end = "2026-04-01";  // left before the middle
  Row(0, 1);
  Row(0, 2)["claim_type"] = "GOS6";
  Row(0, 3)["claim_type"] = "GOS3";
  Row(0, 1)["service_date"] = "2025-10-31";
  Row(0, 2)["outcome"] = "dna";
  Row(0, 0);
  Row(0, 5);
  Row(1, 1);
  Row(1, 1)["attendance_type"] = "2";
  Row(1, 2)["attended"] = "3";
  Row(1, 3)["treatment_function"] = "662";
  Row(1, 3)["treatment_function"] = "110";
  Row(1, 4)["appointment_date"] = "2025-11-01";
  Row(1, 4)["appointment_date"] = "2025-10-31";
  const MeasureResult result = Run();
  EXPECT_EQ(At(result, "Eye care", "sight_tests"), "2");
  EXPECT_EQ(At(result, "Eye care", "list"), "4");
  EXPECT_EQ(At(result, "Eye care", "sight_tests_100k"), "50000.0");
  EXPECT_EQ(At(result, "Eye care", "hospital_first"), "3");
  EXPECT_EQ(At(result, "Eye care", "hospital_first_1000"), "750.0");
  EXPECT_EQ(At(result, "Eye care", "recorded"), "NA");
}

TEST_F(EhnaTest, CataractAdmissionsCountOnceInAnyPosition) {
  for (int person = 1; person <= 5; ++person) Add(person, 70);
  const std::string spell = Row(2, 1)["spell_id"];
  FixtureRow& again = Row(2, 1);  // a second episode of that stay
  again["proc_01"] = "C751";
  again["spell_id"] = spell;
  again["episode_order"] = "2";
  Row(2, 1)["admission_date"] = "2026-10-20";  // the other eye
  FixtureRow& second = Row(2, 2);
  second["proc_01"] = "C791";
  second["proc_02"] = "C751";
  Row(2, 3)["proc_01"] = "C701";  // no lens
  Row(2, 4)["proc_01"] = "C761";
  Row(2, 5)["proc_01"] = "";
  Row(2, 0);
  const MeasureResult result = Run();
  EXPECT_EQ(At(result, "Cataract", "cataract"), "3");
  EXPECT_EQ(At(result, "Cataract", "cataract_dsr"), "NA");  // below ten
}

TEST_F(EhnaTest, TwoCataractAdmissionsOfOneDayAreTwo) {
  for (int person = 1; person <= 2; ++person) Add(person, 70);
  Row(2, 1);
  Row(2, 1);  // the other eye, at the same hospital
  Row(2, 2)["admission_date"] = "2025-10-31";
  Row(2, 2)["admission_date"] = "2025-11-01";
  EXPECT_EQ(At(Run(), "Cataract", "cataract"), "3");
}

TEST_F(EhnaTest, TitleSaysWhoseShareIsHighest) {
  // Two of three of 12 and over, one of two of 40 and over.
  for (const int age : {20, 50, 60}) Add(age, age);
  Record(20, "DM_COD");
  Record(50, "DM_COD");
  Record(60, "GLAUCOMA_COD");
  const MeasureResult result = Run();
  ASSERT_FALSE(result.parts.empty());
  EXPECT_THAT(result.parts[0].charts[0].title,
              HasSubstr("has the highest recorded share: 66.7 % of people of "
                        "its ages"));
}

TEST_F(EhnaTest, CataractRateIsStandardised) {
  // Ten people in each band of the standard; an admission each for two people
  // of 70-74, 75-79, 80-84, 85-89 and 90+, and a second for one of the last.
  int person = 0;
  double expected = 0;
  for (const StandardBand& band : Esp2013()) {
    for (int i = 0; i < 10; ++i) {
      Add(++person, band.from);
      if (band.from < 70 || i >= 2) continue;
      Row(2, person);
      expected += band.population / 10;
      if (band.from == 90 && i == 0) {
        Row(2, person)["admission_date"] = "2026-09-01";
        expected += band.population / 10;
      }
    }
  }
  const MeasureResult result = Run();
  EXPECT_EQ(At(result, "Cataract", "cataract"), "11");
  // (2 x (5000 + 4000 + 2500 + 1500 + 1000) + 1000) / 10 per 100,000, three
  // figures below 100 events.
  EXPECT_DOUBLE_EQ(expected, 2900);
  EXPECT_EQ(At(result, "Cataract", "cataract_dsr"), "2900");
}

TEST_F(EhnaTest, ExpectedCasesComeFromTheOperatorsFile) {
  int person = 0;
  for (int i = 0; i < 400; ++i) {
    Add(++person, i < 200 ? 50 : 80).sex = i % 2 == 0 ? "1" : "2";
    if (i < 150) Record(person, "GLAUCOMA_COD");
  }
  const std::string folder = testing::TempDir() + "d03file";
  std::filesystem::create_directories(folder);
  std::ofstream(folder + "/eye_prevalence.toml")
      << "id = \"eye_prevalence\"\nsource = \"made up\"\n"
         "valid_from = 2026-04-01\nvalid_to = 2027-03-31\n"
         "columns = [\"condition\", \"sex\", \"age_from\", \"age_to\", "
         "\"rate\"]\n"
         "row = [[\"glaucoma\", \"male\", 40, 69, 0.5],\n"
         "[\"glaucoma\", \"male\", 70, 90, 1],\n"
         "[\"glaucoma\", \"female\", 40, 90, 0.25]]\n";
  // 100 x 0.5 + 100 x 1 + 200 x 0.25 = 200.
  const MeasureResult result = Run("nhs-national", folder);
  EXPECT_EQ(At(result, "Glaucoma", "expected", "Z90001"), "200");
  EXPECT_EQ(At(result, "Glaucoma", "gap", "Z90001"), "50");
  std::filesystem::remove_all(folder);
  // Of all practices together, an only practice expects what it has.
  EXPECT_EQ(At(Run(), "Glaucoma", "gap", "Z90001"), "0");
}

TEST_F(EhnaTest, DoesNotKnowWhatToExpectWhereNoAgeIsKnown) {
  for (int person = 1; person <= 320; ++person) {
    Add(person, 50, person <= 200 ? "Z90001" : "Z90002");
    if (person > 200) release_.registrations.back().year_of_birth = 0;
    Record(person, "CATARACT_COD");
  }
  const std::string folder = testing::TempDir() + "d03ages";
  std::filesystem::create_directories(folder);
  std::ofstream(folder + "/eye_prevalence.toml")
      << "id = \"eye_prevalence\"\nsource = \"made up\"\n"
         "valid_from = 2026-04-01\nvalid_to = 2027-03-31\n"
         "columns = [\"condition\", \"sex\", \"age_from\", \"age_to\", "
         "\"rate\"]\n"
         "row = [[\"cataract\", \"male\", 0, 90, 0.5]]\n";
  const MeasureResult result = Run("nhs-national", folder);
  EXPECT_EQ(At(result, "Cataract", "expected", "Z90001"), "100");
  EXPECT_EQ(At(result, "Cataract", "recorded", "Z90002"), "120");
  EXPECT_EQ(At(result, "Cataract", "expected", "Z90002"), "NA");
  EXPECT_EQ(At(result, "Cataract", "gap", "Z90002"), "NA");
  std::filesystem::remove_all(folder);
}

TEST_F(EhnaTest, PagesAreDrawnAndRowsMayComeInAnyOrder) {
  for (int person = 1; person <= 120; ++person) {
    Add(person, 12 + person % 70, person % 2 == 0 ? "Z90001" : "Z90002");
    if (person % 3 == 0) Record(person, "DM_COD");
    if (person % 2 == 0) Row(0, person);
    Row(1, person);
  }
  const MeasureResult first = Run("nhs-subnational");
  std::reverse(release_.registrations.begin(), release_.registrations.end());
  for (FixtureTable& table : release_.activity) {
    std::reverse(table.rows.begin(), table.rows.end());
  }
  const MeasureResult second = Run("nhs-subnational");
  EXPECT_EQ(RowsOf(first.tables[0]), RowsOf(second.tables[0]));
  ASSERT_EQ(first.parts.size(), 1u);
  EXPECT_EQ(first.parts[0].charts.size(), 4u);
  EXPECT_THAT(first.parts[0].sentences[0].text,
              HasSubstr("40 people are eligible"));
}

TEST_F(EhnaTest, WrongDefinitionsAreRefused) {
  Add(1, 50);
  bench_.emplace(release_);
  RunOptions options;
  options.definitions = DefinitionWith(
      *bench_, "D03", {{"surgery = \"cataract\"", "surgery = \"lens\""}});
  EXPECT_THAT(bench_->Run("D03", options).status().message(),
              HasSubstr("D03.toml:"));
  RunOptions by;
  by.by = {"sex"};
  EXPECT_THAT(bench_->Run("D03", by).status().message(),
              HasSubstr("by practice"));
}

TEST_F(EhnaTest, ActivityOfSomebodyWhoDiedSinceCounts) {
  for (int person = 1; person <= 4; ++person) Add(person, 70);
  release_.registrations[0].death = "2026-01-01";
  Row(0, 1)["service_date"] = "2025-12-10";
  Row(1, 1)["appointment_date"] = "2026-01-10";
  Row(2, 1)["admission_date"] = "2025-12-10";
  Row(0, 1);  // of October
  const MeasureResult result = Run();
  EXPECT_EQ(At(result, "Eye care", "list"), "3");
  EXPECT_EQ(At(result, "Eye care", "sight_tests"), "1");
  EXPECT_EQ(At(result, "Eye care", "hospital_first"), "1");
  EXPECT_EQ(At(result, "Cataract", "cataract"), "1");
}

}  // namespace
}  // namespace tally::analytics
