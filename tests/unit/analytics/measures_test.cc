// Measures over a fixture release, against counts kept by hand.
#include <algorithm>
#include <filesystem>
#include <map>
#include <set>

#include "analytics/disclosure/registry.h"
#include "analytics/measures/patient_list.h"
#include "analytics/statistics/standardise.h"
#include "base/error.h"
#include "base/exit_code.h"
#include "base/files.h"
#include "bench.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "status_matchers.h"
#include "stays.h"

namespace tally::analytics {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

// A folder with one built-in definition in which a text was replaced.
std::string ReplacedDefinition(const Bench& bench, const std::string& id,
                               const std::string& from, const std::string& to) {
  const std::string folder = bench.root() + "/definitions";
  fs::create_directories(folder);
  std::string text =
      *ReadFile(std::string(TALLY_SOURCE_DIR) +
                    "/analytics/measures/definitions/" + id + ".toml",
                1 << 20);
  EXPECT_NE(text.find(from), std::string::npos);
  text.replace(text.find(from), from.size(), to);
  EXPECT_TRUE(
      WriteFileAtomically(folder + "/" + id + ".toml", text, 0600).ok());
  return folder;
}

FixtureRegistration Person(int person) {
  FixtureRegistration r;
  r.person = person;
  return r;
}

// --- the list
// ------------------------------------------------------------------

TEST(PatientList, CountsBothEndMonthsAndNobodyTwice) {
  FixtureRelease release;
  // 1: registered throughout. 2: ended in the reference month. 3: ended the
  // month before. 4: begins in it. 5: begins after it. 6: died in it. 7: died
  // before it. 8: two registrations, the later one counts. 9: no person.
  for (int p = 1; p <= 8; ++p) release.registrations.push_back(Person(p));
  auto& r = release.registrations;
  r[1].end = "2026-10-01";
  r[2].end = "2026-09-01";
  r[3].start = "2026-10-01";
  r[4].start = "2026-11-01";
  r[5].death = "2026-10-01";
  r[6].death = "2026-09-01";
  FixtureRegistration later = Person(8);
  later.start = "2020-01-01";
  later.practice = "Z90002";
  r.push_back(later);
  r.push_back(Person(0));
  Bench bench(release);
  RunOptions options;
  options.by = {"practice"};
  // Practices this small would be left out; the national profile is exact and
  // the threshold is lowered by a definition of our own.
  options.definitions = ReplacedDefinition(bench, "C02", "smallest_area = 100",
                                           "smallest_area = 1");
  const auto result = bench.Run("C02", options);
  ASSERT_TRUE(result.ok()) << result.status();
  const GatedTable& table = result->tables[0];
  EXPECT_EQ(Find(table, {{"area", "Z90001"}}, "persons"), "4");  // 1 2 4 6
  EXPECT_EQ(Find(table, {{"area", "Z90002"}}, "persons"), "1");  // 8
  EXPECT_EQ(Find(table, {{"area", "All"}}, "persons"), "5");
  EXPECT_EQ(table.linked_share_pct(), "90.0");
}

TEST(PatientList, AgesAreOfTheListsYearWhateverTheReleaseCallsThem) {
  // Born in 1951: 75 in the financial year of the snapshot, 74 the year before.
  // Born in 2025: 0 in that year too. Born in 1930: 90 or more in both.
  for (const std::string column : {"year_of_birth", "age_fy"}) {
    FixtureRelease release;
    release.age_column = column;
    for (const int year : {1951, 2025, 1930}) {
      FixtureRegistration person =
          Person(static_cast<int>(release.registrations.size()) + 1);
      person.year_of_birth = year;
      release.registrations.push_back(person);
    }
    Bench bench(release);
    BaseTables base;
    const MeasureDefinition definition = *LoadDefinition("C02", "");
    const CivilDay month = *CivilDay::Create(2026, 10, 1);
    const MeasureContext context{bench.folder(),
                                 bench.database().connection(),
                                 definition,
                                 month,
                                 {},
                                 "",
                                 base};
    const std::pair<CivilDay, std::string> lists[] = {
        {month, "75 1 90"}, {*CivilDay::Create(2026, 3, 1), "74 0 89"}};
    for (const auto& [at, ages] : lists) {
      const auto list = MakePatientListAt(context, at);
      ASSERT_OK(list);
      auto found = bench.database().connection().Query(
          "SELECT string_agg(CAST(age AS VARCHAR), ' ' ORDER BY person) FROM " +
          *list);
      ASSERT_TRUE(found.ok()) << found.status();
      const auto rows = found->AllRows();
      ASSERT_TRUE(rows.ok()) << rows.status();
      const std::string expected =
          column == "year_of_birth" && at < month ? "74 0 90" : ages;
      EXPECT_EQ(*rows->at(0).at(0).As<std::string>(), expected) << column;
    }
  }
}

TEST(PatientList, WeekGrainKeepsTheMonthOfTheFirst) {
  // The Monday on or before 1 October 2026 is 28 September.
  FixtureRelease release = MakeTown(1, 200, 0.1, 0);
  release.grain = "week";
  for (auto& r : release.registrations) r.start = "2026-09-28";
  Bench coarse(release);
  // The definition asks for month or finer: weeks will do.
  const auto result = coarse.Run("C02");
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(Find(result->tables[0], {{"breakdown", "age and sex"}}, "list"),
            "200");
  RunOptions before;
  before.month = *CivilDay::Create(2026, 9, 1);
  const auto earlier = coarse.Run("C02", before);
  ASSERT_TRUE(earlier.ok());
  EXPECT_EQ(earlier->tables[0].rows(), 0u);
}

// --- C02
// -----------------------------------------------------------------------

TEST(PopulationProfile, EqualsCountsKeptByHand) {
  const FixtureRelease town = MakeTown(4, 380, 0.1, 0.02);
  std::map<std::pair<std::string, std::string>, int> by_age_sex;
  std::map<std::string, int> by_decile;
  for (const auto& r : town.registrations) {
    const int age = std::min(90, 2026 - r.year_of_birth);
    const std::string band =
        std::string(Esp2013()[static_cast<size_t>(age / 5)].name);
    if (r.practice == "Z90002") {
      ++by_age_sex[{band, r.sex == "1" ? "male" : "female"}];
      ++by_decile[std::to_string(*r.imd_decile)];
    }
  }
  Bench bench(town);
  const auto result = bench.Run("C02");
  ASSERT_TRUE(result.ok()) << result.status();
  const GatedTable& table = result->tables[0];
  for (const auto& [key, count] : by_age_sex) {
    EXPECT_EQ(Find(table,
                   {{"breakdown", "age and sex"},
                    {"area", "Z90002"},
                    {"age_band", key.first},
                    {"sex", key.second}},
                   "persons"),
              std::to_string(count));
  }
  for (const auto& [decile, count] : by_decile) {
    EXPECT_EQ(Find(table,
                   {{"breakdown", "deprivation"},
                    {"area", "Z90002"},
                    {"imd_decile", decile}},
                   "persons"),
              std::to_string(count));
  }
  EXPECT_EQ(
      Find(table, {{"breakdown", "deprivation"}, {"area", "All"}}, "list"),
      std::to_string(4 * 380));
}

TEST(PopulationProfile, DefaultProfileAppliesToEveryCell) {
  const FixtureRelease town = MakeTown(3, 500, 0.1, 0.02);
  Bench exact(town);
  Bench gated(town, "nhs-subnational");
  const auto truth = exact.Run("C02");
  const auto printed = gated.Run("C02");
  ASSERT_TRUE(truth.ok() && printed.ok()) << printed.status();
  const GatedTable& a = truth->tables[0];
  const GatedTable& b = printed->tables[0];
  ASSERT_EQ(a.rows(), b.rows());
  const Profile profile = *Profile::Named("nhs-subnational");
  std::map<std::string, int64_t> sums;
  for (size_t row = 0; row < a.rows(); ++row) {
    if (b.at(row, "area").text() == kAllLevels) continue;
    const auto count = static_cast<int64_t>(*a.at(row, "persons").number());
    const auto expected = profile.PrintCount(count);
    const GatedCell& cell = b.at(row, "persons");
    if (!expected.has_value()) {
      EXPECT_TRUE(cell.suppressed());
    } else if (!cell.suppressed()) {  // secondary suppression may hide more
      EXPECT_EQ(static_cast<int64_t>(*cell.number()), *expected);
    }
    sums[b.at(row, "breakdown").text() + b.at(row, "age_band").text() +
         b.at(row, "sex").text() + b.at(row, "imd_decile").text() +
         b.at(row, "ethnicity").text()] += count;
  }
  for (size_t row = 0; row < b.rows(); ++row) {
    if (b.at(row, "area").text() != kAllLevels) continue;
    const auto expected = profile.PrintCount(
        sums[b.at(row, "breakdown").text() + b.at(row, "age_band").text() +
             b.at(row, "sex").text() + b.at(row, "imd_decile").text() +
             b.at(row, "ethnicity").text()]);
    if (b.at(row, "persons").suppressed()) continue;
    EXPECT_EQ(static_cast<int64_t>(*b.at(row, "persons").number()), *expected);
  }
}

TEST(PopulationProfile, SmallPracticesAreShownTogetherOrLeftOut) {
  FixtureRelease town = MakeTown(2, 300, 0.1, 0);
  int person = 10000;
  for (const char* practice : {"Z90008", "Z90009"}) {
    for (int i = 0; i < 60; ++i) {
      FixtureRegistration r = Person(++person);
      r.practice = practice;
      town.registrations.push_back(r);
    }
  }
  Bench together(town, "nhs-subnational");
  const auto result = together.Run("C02");
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(Find(result->tables[0], {{"area", "Z90008"}}, "list"), "absent");
  EXPECT_NE(
      Find(result->tables[0], {{"area", "small practices together"}}, "list"),
      "absent");
  town.registrations.resize(town.registrations.size() - 60);
  Bench alone(town, "nhs-subnational");
  const auto left_out = alone.Run("C02");
  ASSERT_TRUE(left_out.ok()) << left_out.status();
  EXPECT_EQ(
      Find(left_out->tables[0], {{"area", "small practices together"}}, "list"),
      "absent");
}

TEST(PopulationProfile, DependencyRatioCountsItsAges) {
  FixtureRelease release;
  int person = 0;
  const auto add = [&](int age, int count) {
    for (int i = 0; i < count; ++i) {
      FixtureRegistration r = Person(++person);
      r.year_of_birth = 2026 - age;
      release.registrations.push_back(r);
    }
  };
  add(15, 30);
  add(16, 50);
  add(64, 50);
  add(65, 20);
  Bench bench(release);
  const auto result = bench.Run("C02");
  ASSERT_TRUE(result.ok()) << result.status();
  ASSERT_EQ(result->tables.size(), 2u);
  EXPECT_EQ(Find(result->tables[1], {{"area", "All"}}, "dependent"), "50");
  EXPECT_EQ(Find(result->tables[1], {{"area", "All"}}, "ratio"), "50.0");
}

TEST(PopulationProfile, UnknownGroupingIsAUsageError) {
  Bench bench(MakeTown(1, 150, 0.1, 0));
  RunOptions options;
  options.by = {"practise"};
  const auto result = bench.Run("C02", options);
  EXPECT_EQ(ExitCodeOf(result.status()), kExitUsage);
  EXPECT_THAT(std::string(result.status().message()), HasSubstr("practice"));
}

// --- C03
// -----------------------------------------------------------------------

TEST(PrevalenceMeasure, EqualsCountsAndFormulaByHand) {
  const FixtureRelease town = MakeTown(3, 760, 0.08, 0.04);
  std::map<std::string, std::set<int>> cases;
  std::set<int> diabetics;
  for (const auto& e : town.events) diabetics.insert(e.person);
  std::map<std::string, BandCounts> bands;  // of Z90003
  int64_t people = 0, sick = 0;
  for (const auto& r : town.registrations) {
    const int age = std::min(90, 2026 - r.year_of_birth);
    if (r.practice != "Z90003" || age < 17) continue;
    const auto& band = Esp2013()[static_cast<size_t>(age / 5)];
    BandCounts& counts = bands[std::string(band.name)];
    counts.band = std::string(band.name);
    counts.population += 1;
    ++people;
    if (diabetics.contains(r.person)) {
      counts.events += 1;
      ++sick;
    }
  }
  std::vector<BandCounts> list;
  for (auto& [name, band] : bands) list.push_back(band);
  const DirectRate rate =
      DirectlyStandardised(list, Esp2013Between(17, 90), 100);
  Bench bench(town);
  const auto result = bench.Run("C03");
  ASSERT_TRUE(result.ok()) << result.status();
  const GatedTable& table = result->tables[0];
  const std::map<std::string, std::string> row = {{"condition", "Diabetes"},
                                                  {"area", "Z90003"}};
  EXPECT_EQ(Find(table, row, "register"), std::to_string(sick));
  EXPECT_EQ(Find(table, row, "list"), std::to_string(people));
  const double dsr = std::stod(Find(table, row, "dsr"));
  EXPECT_NEAR(dsr, rate.rate.value.value(), sick < 100 ? 0.05 : 0.05);
  const double low = std::stod(Find(table, row, "dsr_lo"));
  EXPECT_NEAR(low, rate.rate.lower.value(), 0.05);
  // Conditions without a single event are left out, not printed as zero.
  EXPECT_EQ(Find(table, {{"condition", "Asthma"}}, "register"), "absent");
}

TEST(PrevalenceMeasure, ResolvedConditionsLeaveTheRegister) {
  FixtureRelease town = MakeTown(1, 190, 0, 0);
  const auto event = [&](int person, const char* date, const char* cluster) {
    town.events.push_back({person, date, cluster, "gp-supplier-a"});
  };
  // MakeTown numbers people from 1; from 41 on they are 17 or older... the
  // first band is 0-4, so take people of the bands 20-24 and up.
  std::vector<int> adults;
  for (const auto& r : town.registrations) {
    if (2026 - r.year_of_birth >= 20) adults.push_back(r.person);
  }
  event(adults[0], "2024-01-01", "DM_COD");  // stays
  event(adults[1], "2024-01-01", "DM_COD");  // resolved later
  event(adults[1], "2025-01-01", "DMRES_COD");
  event(adults[2], "2024-01-01", "DM_COD");  // same month: stands
  event(adults[2], "2024-01-01", "DMRES_COD");
  event(adults[3], "2024-01-01", "DMRES_COD");  // diagnosed again
  event(adults[3], "2025-01-01", "DM_COD");
  event(adults[4], "2026-11-01", "DM_COD");     // after the month
  event(adults[5], "2024-01-01", "BMI30_COD");  // outside its 12 months
  event(adults[6], "2025-11-01", "BMI30_COD");  // inside
  event(adults[7], "2025-10-01", "BMI30_COD");  // one month too old
  Bench bench(town);
  RunOptions options;
  options.definitions =
      ReplacedDefinition(bench, "C03", "clusters = [\"BMI30_COD\"]",
                         "clusters = [\"BMI30_COD\"]\nwithin_months = 12");
  const auto result = bench.Run("C03", options);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(Find(result->tables[0],
                 {{"condition", "Diabetes"}, {"area", "All"}}, "register"),
            "3");
  EXPECT_EQ(Find(result->tables[0], {{"condition", "Obesity"}, {"area", "All"}},
                 "register"),
            "1");
}

TEST(PrevalenceMeasure, AgeLimitsCutListAndRegister) {
  FixtureRelease release;
  for (int i = 0; i < 40; ++i) {
    FixtureRegistration r = Person(i + 1);
    r.year_of_birth = 2026 - (i < 20 ? 16 : 17);
    release.registrations.push_back(r);
    release.events.push_back({i + 1, "2025-01-01", "DM_COD", "gp-supplier-a"});
  }
  Bench bench(release);
  const auto result = bench.Run("C03");
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(Find(result->tables[0], {{"area", "All"}}, "list"), "20");
  EXPECT_EQ(Find(result->tables[0], {{"area", "All"}}, "register"), "20");
  // Bands without people: no standardised rate.
  EXPECT_EQ(Find(result->tables[0], {{"area", "Z90001"}}, "dsr"), "NA");
}

TEST(PrevalenceMeasure, AllAgesAreAlsoThoseOfUnknownAge) {
  FixtureRelease release;
  for (int i = 0; i < 40; ++i) {
    FixtureRegistration r = Person(i + 1);
    if (i < 3) r.year_of_birth = 0;
    release.registrations.push_back(r);
    // Atrial fibrillation has no limits of age, diabetes begins at 17.
    for (const char* cluster : {"AFIB_COD", "DM_COD"}) {
      release.events.push_back({i + 1, "2025-01-01", cluster, "gp-supplier-a"});
    }
  }
  Bench bench(release);
  const auto result = bench.Run("C03");
  ASSERT_TRUE(result.ok()) << result.status();
  const auto printed = [&](const char* condition, const char* column) {
    return Find(result->tables[0], {{"condition", condition}, {"area", "All"}},
                column);
  };
  EXPECT_EQ(printed("Atrial fibrillation", "register"), "40");
  EXPECT_EQ(printed("Atrial fibrillation", "list"), "40");
  EXPECT_EQ(printed("Diabetes", "register"), "37");
  EXPECT_EQ(printed("Diabetes", "list"), "37");
}

TEST(PrevalenceMeasure, BandsOnlyAreTooCoarseForAgeLimits) {
  FixtureRelease town = MakeTown(1, 190, 0.1, 0);
  town.age_column = "age_band";
  Bench bench(town);
  const auto c03 = bench.Run("C03");
  ASSERT_TRUE(c03.ok());
  ASSERT_TRUE(c03->unavailable.has_value());
  EXPECT_THAT(*c03->unavailable, HasSubstr("year_of_birth"));
  const auto c02 = bench.Run("C02");
  ASSERT_TRUE(c02.ok()) << c02.status();
  EXPECT_EQ(c02->tables.size(), 1u);  // no dependency ratio from bands
  EXPECT_EQ(
      Find(c02->tables[0], {{"age_band", "85-89"}, {"sex", "male"}}, "persons"),
      "5");
}

TEST(PrevalenceMeasure, ExpectedCountHidesBelowOneHundred) {
  Bench bench(MakeTown(2, 1900, 0.04, 0.1), "nhs-subnational");
  const auto result = bench.Run("C03");
  ASSERT_TRUE(result.ok()) << result.status();
  const GatedTable& table = result->tables[0];
  EXPECT_EQ(Find(table, {{"area", "Z90001"}}, "expected"), "NA");  // 76 cases
  EXPECT_NE(Find(table, {{"area", "Z90002"}}, "expected"), "NA");  // 266 cases
  EXPECT_EQ(Find(table, {{"area", "All"}}, "expected"), "NA");
}

// --- C01
// -----------------------------------------------------------------------

TEST(LinkageMeasure, PrintsTheReportThroughTheGate) {
  Bench bench(MakeTown(1, 150, 0.1, 0), "nhs-subnational");
  const auto result = bench.Run("C01");
  ASSERT_TRUE(result.ok()) << result.status();
  ASSERT_EQ(result->tables.size(), 3u);
  const GatedTable& summary = result->tables[0];
  EXPECT_EQ(
      Find(summary, {{"dataset", "sus-apc"}, {"dimension", "all"}}, "rate"),
      "95.0");
  EXPECT_EQ(Find(result->tables[1], {{"reason", "NHS_NUMBER_CHECK_DIGIT"}},
                 "rows_reason"),
            "*");
  EXPECT_EQ(
      Find(result->tables[1], {{"reason", "NHS_NUMBER_CHECK_DIGIT"}}, "rows"),
      "900");
  EXPECT_EQ(Find(result->tables[2], {{"source_b", "national-apc"}}, "persons"),
            "250");
}

TEST(LinkageMeasure, SaysOfWhichRowsItGivesReasons) {
  Bench bench(MakeTown(1, 150, 0.1, 0));
  const auto result = bench.Run("C01");
  ASSERT_TRUE(result.ok()) << result.status();
  const bool among_all = result->tables[0].info().anchor.empty();
  const std::string place =
      among_all ? "found in another source" : "found in the population";
  const std::string reason =
      among_all ? "Person in no other source" : "Person not in the population";
  const Chart* reasons = nullptr;
  for (const PagePart& part : result->parts) {
    for (const Chart& chart : part.charts) {
      if (chart.id() == "reasons") reasons = &chart;
    }
  }
  ASSERT_NE(reasons, nullptr);
  EXPECT_THAT(reasons->LevelsOf("reason"), testing::Contains(reason));
  EXPECT_THAT(reasons->title, HasSubstr("rows that are not " + place));
  EXPECT_THAT(reasons->summary, HasSubstr("has a number all the same"));
}

TEST(LinkageMeasure, NamesTheWorstGroup) {
  Bench bench(MakeTown(1, 150, 0.1, 0), "nhs-subnational");
  const auto result = bench.Run("C01");
  ASSERT_TRUE(result.ok());
  std::string sentences;
  for (const PagePart& part : result->parts) {
    for (const Sentence& s : part.sentences) sentences += s.text + "\n";
  }
  EXPECT_THAT(sentences, HasSubstr("practice Z90002"));
}

// --- the framework
// ---------------------------------------------------------------

TEST(Coverage, AMeasureOfMonthsThatNoExtractCoversIsNotAvailable) {
  FixtureRelease release = MakeTown(1, 190, 0, 0);
  FixtureTable apc = StayTable();
  apc.rows = {Stay(1, "2026-09-10", "2026-09-12", {{"diag_01", "J459"}})};
  release.activity.push_back(apc);
  // Twelve months to October 2026 begin with November 2025.
  release.period_start = "2025-11-01";
  EXPECT_FALSE(Bench(release).Run("C31")->unavailable.has_value());
  release.period_start = "2025-12-01";
  Bench bench(release);
  const auto result = bench.Run("C31");
  ASSERT_TRUE(result.ok()) << result.status();
  ASSERT_TRUE(result->unavailable.has_value());
  EXPECT_EQ(*result->unavailable,
            "table sus_apc has to cover 2025-11 to 2026-10, and its extracts "
            "do not");
}

TEST(Coverage, TheMonthIsTheLastThatEverySourceCovers) {
  FixtureRelease release = MakeTown(1, 190, 0, 0);
  FixtureTable apc = StayTable();
  apc.rows = {Stay(1, "2026-07-10", "2026-07-12", {{"diag_01", "J459"}})};
  release.activity.push_back(apc);
  release.period_end_of["national-apc"] = "2026-09-30";
  Bench bench(release);
  const auto covered = CoveredMonths(bench.folder());
  ASSERT_TRUE(covered.ok()) << covered.status();
  EXPECT_EQ(covered->last.ToMonth(), "2026-09");
  RunOptions options;
  options.month = *CivilDay::Create(2026, 10, 1);
  EXPECT_EQ(ExitCodeOf(bench.Run("C31", options).status()), kExitUsage);
}

TEST(Definitions, EveryBuiltInOneParsesAndNamesItsTables) {
  for (const std::string& id : MeasureIds()) {
    const auto definition = LoadDefinition(id, "");
    ASSERT_TRUE(definition.ok()) << definition.status();
    EXPECT_EQ(definition->id(), id);
    EXPECT_FALSE(definition->outputs().empty());
    EXPECT_TRUE(MakeMeasure(id).ok());
  }
}

TEST(Definitions, OutputsHaveTheirDeclaredColumns) {
  Bench bench(MakeTown(2, 400, 0.1, 0.05));
  for (const std::string& id : MeasureIds()) {
    const auto definition = LoadDefinition(id, "");
    const auto result = bench.Run(id);
    ASSERT_TRUE(result.ok()) << result.status();
    // What this release cannot carry is held against its definition where it
    // is tested.
    if (result->unavailable.has_value()) continue;
    EXPECT_LE(result->tables.size(), definition->outputs().size()) << id;
    ExpectDeclaredColumns(*result);
  }
}

TEST(Definitions, DocumentedPagesAreWhatTheDefinitionsSay) {
  for (const std::string& id : MeasureIds()) {
    const auto definition = LoadDefinition(id, "");
    const auto page =
        ReadFile(std::string(TALLY_SOURCE_DIR) + "/docs/measures/" + id + ".md",
                 1 << 20);
    ASSERT_TRUE(page.ok()) << "write it with `commissioning measure describe "
                           << id << " > docs/measures/" << id << ".md`";
    EXPECT_EQ(*page, definition->ToMarkdown()) << id;
  }
}

TEST(Definitions, RefuseWhatIsMalformed) {
  EXPECT_EQ(ExitCodeOf(MeasureDefinition::Parse("id = 1", "x").status()),
            kExitUsage);
  EXPECT_EQ(ExitCodeOf(MakeMeasure("C99").status()), kExitNotFound);
}

TEST(EffectiveProfileTest, NeverLooserThanTheAgreement) {
  Bench bench(MakeTown(1, 120, 0.1, 0));
  const auto name = [&](const char* configured, const char* asked) {
    const auto profile = EffectiveProfile(bench.folder(), configured, asked);
    return profile.ok() ? profile->name() : "refused";
  };
  EXPECT_EQ(name("", ""), "nhs-subnational");
  EXPECT_EQ(name("", "opensafely"), "opensafely");
  EXPECT_EQ(name("threshold10", ""), "threshold10");
  EXPECT_EQ(name("nhs-national", ""), "nhs-subnational");
  EXPECT_EQ(name("", "nhs-national"), "refused");
  EXPECT_EQ(
      ExitCodeOf(EffectiveProfile(bench.folder(), "", "midpoint6").status()),
      kExitNotPermitted);
}

TEST(Describe, CountsGoThroughTheGate) {
  FixtureRelease town = MakeTown(1, 190, 0.1, 0);
  town.registrations[0].sex = "9";
  Bench bench(town, "nhs-subnational");
  const auto tables = DescribeColumns(bench.folder(), bench.database(),
                                      bench.gate(), "gp_patient", {});
  ASSERT_TRUE(tables.ok()) << tables.status();
  EXPECT_EQ(Find((*tables)[0], {{"column_name", "death_month"}}, "filled"),
            "0");
  EXPECT_EQ(
      Find((*tables)[1], {{"column_name", "sex"}, {"value", "9"}}, "rows"),
      "*");
  EXPECT_EQ(Find((*tables)[0], {{"column_name", "person"}}, "median"), "NA");
  EXPECT_EQ(ExitCodeOf(DescribeColumns(bench.folder(), bench.database(),
                                       bench.gate(), "nothing", {})
                           .status()),
            kExitNotFound);
}

}  // namespace
}  // namespace tally::analytics
