// C04: every rule of both shipped sets with a person on either side of it, and
// every set total and exclusive.
#include <filesystem>
#include <map>
#include <set>

#include "absl/strings/str_format.h"
#include "base/files.h"
#include "bench.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "hospital_rows.h"

namespace tally::analytics {
namespace {

using testing::HasSubstr;

// The definition with texts replaced, in a folder of its own.
std::string ChangedDefinition(
    const Bench& bench, const std::string& id,
    const std::vector<std::pair<std::string, std::string>>& changes) {
  const std::string folder = bench.root() + "/definitions";
  std::filesystem::create_directories(folder);
  std::string text =
      *ReadFile(std::string(TALLY_SOURCE_DIR) +
                    "/analytics/measures/definitions/" + id + ".toml",
                1 << 20);
  for (const auto& [from, to] : changes) {
    EXPECT_NE(text.find(from), std::string::npos) << from;
    text.replace(text.find(from), from.size(), to);
  }
  EXPECT_TRUE(
      WriteFileAtomically(folder + "/" + id + ".toml", text, 0600).ok());
  return folder;
}

// A release in which each person is named by what they have.
struct Cast {
  FixtureRelease release;
  FixtureTable apc = ApcTable();
  std::map<int, std::string> expected;  // person -> segment
  int last = 0;

  int Person(const std::string& segment, int age = 40,
             const std::string& sex = "2") {
    FixtureRegistration r;
    r.person = ++last;
    r.year_of_birth = 2026 - age;
    r.sex = sex;
    release.registrations.push_back(r);
    expected[last] = segment;
    return last;
  }
  void Coded(const std::string& segment, const std::string& cluster,
             int age = 40, const std::string& day = "2020-01-01") {
    release.events.push_back({Person(segment, age), day, cluster});
  }
  // A person with an admission of a diagnosis, second place.
  int Admitted(const std::string& segment, const std::string& diagnosis,
               const std::string& day, int age = 40,
               const std::string& method = "11") {
    const int person = Person(segment, age);
    Stay(person, diagnosis, day, method);
    return person;
  }
  void Stay(int person, const std::string& diagnosis, const std::string& day,
            const std::string& method = "11") {
    FixtureEpisode e;
    e.person = person;
    e.spell = static_cast<int>(apc.rows.size()) + 1;
    e.admitted = e.discharged = day;
    e.method = method;
    e.diag_02 = diagnosis;
    AddEpisode(e, apc);
  }
  // People of each segment of a set.
  void Check(const std::string& set, const std::vector<std::string>& segments) {
    release.activity = {apc};
    Bench bench(release);
    RunOptions options;
    options.definitions = ChangedDefinition(
        bench, "C04", {{"smallest_area = 100", "smallest_area = 1"}});
    const auto result = bench.Run("C04", options);
    ASSERT_TRUE(result.ok()) << result.status();
    const GatedTable& table = result->tables[0];
    std::map<std::string, int> counts;
    for (const auto& [person, segment] : expected) ++counts[segment];
    int total = 0;
    for (const std::string& segment : segments) {
      const std::map<std::string, std::string> row = {{"rules", set},
                                                      {"segment", segment},
                                                      {"area", "All"},
                                                      {"age_band", "All"},
                                                      {"imd_decile", "All"}};
      EXPECT_EQ(Find(table, row, "persons"), std::to_string(counts[segment]))
          << segment;
      EXPECT_EQ(Find(table, row, "list"), std::to_string(last)) << segment;
      total += counts[segment];
    }
    EXPECT_EQ(total, last);
  }
};

TEST(Segmentation, LifeCourseTakesEachElementAndItsNeighbour) {
  Cast cast;
  const std::string well = "Generally well";
  cast.Coded("Frailty and dementia", "DEM_COD");
  cast.Coded("Frailty and dementia", "FRAILTY_COD", 65);
  cast.Coded(well, "FRAILTY_COD", 64);
  cast.Coded("Frailty and dementia", "SEVFRAIL_COD", 90);
  cast.Coded("Incurable cancer", "PALCARE_COD");
  // Two years back from 31 October 2026: from 1 November 2024.
  cast.Admitted("Incurable cancer", "C787", "2024-11-01");
  cast.Admitted(well, "C787", "2024-10-31");
  cast.Admitted(well, "C760", "2026-01-01");
  cast.Coded("Organ failure", "HF_COD");
  cast.Coded("Organ failure", "COPD_COD");
  cast.Admitted("Organ failure", "K721", "2026-01-01");
  cast.Admitted(well, "K720", "2026-01-01");
  cast.Coded("Disability", "LD_COD");
  cast.Coded("Disability", "MH_COD");
  cast.Coded("Long-term conditions", "DM_COD");
  cast.Coded(well, "XYZ_COD");
  cast.Admitted("Maternal health", "O800", "2025-11-01", 30);
  cast.Admitted(well, "O800", "2025-10-31", 30);
  cast.Admitted("Maternal health", "Z370", "2026-05-01", 55);
  cast.Admitted(well, "Z370", "2026-05-01", 56);
  cast.Admitted("Acutely ill", "R690", "2025-11-01", 40, "21");
  // A transfer of a planned stay is no emergency, whatever its method; without
  // the transfer it is one.
  const int moved = cast.Admitted(well, "R690", "2026-03-01");
  cast.apc.rows.back()["discharge_destination"] = "51";
  cast.Stay(moved, "R690", "2026-03-02", "21");
  const int ill = cast.Admitted("Acutely ill", "R690", "2026-03-01");
  cast.Stay(ill, "R690", "2026-03-02", "21");
  cast.Admitted(well, "R690", "2025-10-31", 40, "21");
  cast.Admitted(well, "R690", "2026-01-01", 40, "11");
  // After the month: not known yet.
  cast.Coded(well, "DEM_COD", 40, "2026-11-01");
  // The lower priority wins, whichever came first.
  const int both = cast.Person("Frailty and dementia");
  cast.release.events.push_back({both, "2010-01-01", "DM_COD"});
  cast.release.events.push_back({both, "2020-01-01", "DEM_COD"});
  // A man has no pregnancy.
  const int man = cast.Person(well, 30, "1");
  cast.Stay(man, "Z370", "2026-05-01");
  cast.Person(well);
  // Rows without a person, codes that are null.
  cast.release.events.push_back({0, "2020-01-01", "DEM_COD"});
  cast.Stay(0, "C787", "2026-01-01", "21");
  cast.Check("life-course",
             {"Frailty and dementia", "Incurable cancer", "Organ failure",
              "Disability", "Long-term conditions", "Maternal health",
              "Acutely ill", "Generally well"});
}

TEST(Segmentation, LifeStagesCountAdmissionsAndConditions) {
  Cast cast;
  const std::string live = "Live well";
  const std::string stay = "Stay well";
  // Two emergency admissions with heart failure in a year; one, or two on one
  // day, or one of them planned, are too few.
  const int two = cast.Admitted("Die well", "I500", "2026-01-01", 40, "21");
  cast.Stay(two, "I501", "2026-02-01", "22");
  cast.Admitted(live, "I500", "2026-01-01", 40, "21");
  const int day = cast.Admitted(live, "I500", "2026-01-01", 40, "21");
  cast.Stay(day, "I500", "2026-01-01", "21");
  const int planned = cast.Admitted(live, "I500", "2026-01-01", 40, "21");
  cast.Stay(planned, "I500", "2026-02-01", "11");
  const int old = cast.Admitted(live, "J440", "2026-01-01", 40, "21");
  cast.Stay(old, "J440", "2025-10-31", "21");
  cast.Admitted("Start well", "J459", "2026-01-01", 23);
  cast.Admitted(live, "J459", "2026-01-01", 24);
  cast.Admitted("Start well", "X609", "2026-01-01", 16);
  cast.Admitted("Start well", "F329", "2026-01-01", 16);
  cast.Admitted("Age well", "S720", "2026-01-01", 70);
  cast.Admitted(live, "S723", "2026-01-01", 70);
  cast.Admitted("Age well", "W190", "2026-01-01", 65);
  cast.Admitted(live, "W190", "2026-01-01", 64);
  cast.Coded("Age well", "SEVFRAIL_COD", 65);
  cast.Coded(stay, "MODFRAIL_COD", 65);
  cast.Coded(live, "MODFRAIL_COD", 64);
  cast.Coded("Age well", "HOUSEBOUND_COD");
  // Four different conditions, or one recorded four times.
  for (const bool different : {true, false}) {
    const int person = cast.Person(different ? "Age well" : stay);
    for (const char* cluster : {"DM_COD", "HYP_COD", "AST_COD", "CKD_COD"}) {
      cast.release.events.push_back(
          {person, "2020-01-01", different ? cluster : "DM_COD"});
    }
  }
  const int three = cast.Person(stay);
  for (const char* cluster : {"DM_COD", "HYP_COD", "AST_COD"}) {
    cast.release.events.push_back({three, "2020-01-01", cluster});
  }
  cast.Person(live);
  cast.Check("life-stages",
             {"Die well", "Start well", "Age well", "Stay well", "Live well"});
}

// A town of several practices with something of everything.
FixtureRelease MixedTown(int practices, int size) {
  FixtureRelease town = MakeTown(practices, size, 0.1, 0.02);
  FixtureTable apc = ApcTable();
  FixtureTable ecds = EcdsTable();
  for (const FixtureRegistration& r : town.registrations) {
    if (r.person % 7 == 0) {
      FixtureEpisode e;
      e.person = r.person;
      e.spell = r.person;
      e.tariff_pence = "150000";
      e.mff = "1.1";
      AddEpisode(e, apc);
      e.order = 2;  // a second episode of the stay repeats the price
      AddEpisode(e, apc);
    }
    if (r.person % 5 == 0) AddAttendance(r.person, "2026-06-01", ecds);
    if (r.person % 11 == 0) {
      town.events.push_back({r.person, "2024-06-01", "DEM_COD"});
    }
  }
  town.activity = {apc, ecds};
  return town;
}

TEST(Segmentation, IsTotalAndExclusiveInEveryCut) {
  const FixtureRelease town = MixedTown(3, 190);
  Bench bench(town);
  const auto result = bench.Run("C04");
  ASSERT_TRUE(result.ok()) << result.status();
  const GatedTable& table = result->tables[0];
  std::map<std::string, int> sums, lists;
  for (size_t row = 0; row < table.rows(); ++row) {
    const std::string key = table.at(row, "rules").text() + "/" +
                            table.at(row, "area").text() + "/" +
                            table.at(row, "age_band").text() + "/" +
                            table.at(row, "imd_decile").text();
    sums[key] += static_cast<int>(*table.at(row, "persons").number());
    lists[key] = static_cast<int>(*table.at(row, "list").number());
  }
  // 3 practices and all, 19 bands, 10 deciles, for two sets.
  EXPECT_EQ(sums.size(), 2u * (3 + 1 + 19 + 10));
  for (const auto& [key, sum] : sums) EXPECT_EQ(sum, lists[key]) << key;
  EXPECT_EQ(sums["life-course/All/All/All"], 570);
  EXPECT_EQ(sums["life-stages/All/All/All"], 570);
  EXPECT_EQ(sums["life-course/Z90002/All/All"], 190);
}

TEST(Segmentation, CostsAndEventsAreOfTheYear) {
  FixtureRelease town = MixedTown(1, 190);
  Bench bench(town);
  const auto result = bench.Run("C04");
  ASSERT_TRUE(result.ok()) << result.status();
  const GatedTable& table = result->tables[0];
  // Events: stays of every seventh person and visits of every fifth.
  double events = 0, pounds = 0, people = 0;
  for (size_t row = 0; row < table.rows(); ++row) {
    if (table.at(row, "rules").text() != "life-course" ||
        table.at(row, "area").text() != "Z90001") {
      continue;
    }
    events += *table.at(row, "events").number();
    const auto cost = table.at(row, "cost_per_head").number();
    const double persons = *table.at(row, "persons").number();
    if (cost.has_value()) pounds += *cost * persons;
    people += persons;
  }
  EXPECT_EQ(people, 190);
  EXPECT_EQ(events, 190 / 7 + 190 / 5);
  // 27 stays at 1,500 pounds times 1.1; means have three figures.
  EXPECT_NEAR(pounds, 27 * 1650, 27 * 1650 * 0.01);
  EXPECT_EQ(Find(table, {{"segment", "Generally well"}}, "rule_version"), "1");
}

TEST(Segmentation, TwoAdmissionsOfOneDayCostTheirTwoPrices) {
  FixtureRelease town = MakeTown(1, 190, 0, 0);
  FixtureTable apc = ApcTable();
  for (int person = 1; person <= 190; ++person) {
    for (int spell = 0; spell < 2; ++spell) {
      FixtureEpisode e;
      e.person = person;
      e.spell = 1000 * (spell + 1) + person;
      e.tariff_pence = spell == 0 ? "50000" : "30000";
      e.mff = "1";
      AddEpisode(e, apc);
    }
  }
  town.activity = {apc};
  Bench bench(town);
  const auto result = bench.Run("C04");
  ASSERT_TRUE(result.ok()) << result.status();
  const GatedTable& table = result->tables[0];
  int printed = 0;
  for (size_t row = 0; row < table.rows(); ++row) {
    const auto cost = table.at(row, "cost_per_head").number();
    if (!cost.has_value()) continue;
    EXPECT_EQ(*cost, 800) << row;
    ++printed;
  }
  EXPECT_GT(printed, 0);
}

TEST(Segmentation, WithoutPricesThereIsNoCost) {
  FixtureRelease town = MixedTown(1, 190);
  for (FixtureRow& row : town.activity[0].rows) row.erase("tariff_pence");
  std::erase(town.activity[0].columns, "tariff_pence");
  Bench bench(town);
  const auto result = bench.Run("C04");
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(Find(result->tables[0],
                 {{"segment", "Generally well"}, {"area", "Z90001"}},
                 "cost_per_head"),
            "NA");
  EXPECT_THAT(result->tables[0].info().notes,
              testing::Contains(HasSubstr("In the cost: nothing")));
}

TEST(Segmentation, PeopleMoveBetweenSegmentsWithinAYear) {
  Cast cast;
  cast.Coded("", "DM_COD", 40, "2020-01-01");  // all along
  cast.Coded("", "DM_COD", 40, "2025-10-31");  // before the earlier month ended
  cast.Coded("", "DM_COD", 40, "2025-11-01");  // after it
  cast.Person("");
  FixtureRegistration later;  // not on the earlier list
  later.person = 99;
  later.start = "2025-11-01";
  cast.release.registrations.push_back(later);
  cast.release.activity = {cast.apc};
  Bench bench(cast.release);
  const auto result = bench.Run("C04");
  ASSERT_TRUE(result.ok()) << result.status();
  ASSERT_EQ(result->tables.size(), 2u);
  const GatedTable& moves = result->tables[1];
  const auto flow = [&](const std::string& from, const std::string& to) {
    return Find(moves,
                {{"from_segment", "a year before: " + from},
                 {"to_segment", "at the month: " + to}},
                "persons");
  };
  EXPECT_EQ(flow("Long-term conditions", "Long-term conditions"), "2");
  EXPECT_EQ(flow("Generally well", "Long-term conditions"), "1");
  EXPECT_EQ(flow("Generally well", "Generally well"), "1");
  EXPECT_EQ(flow("Long-term conditions", "Generally well"), "0");
}

TEST(Segmentation, ASetThatTheReleaseCannotCarryIsNamed) {
  FixtureRelease town = MakeTown(1, 190, 0.1, 0);
  Bench bench(town);
  const auto result = bench.Run("C04");
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->tables[0].rows(), 0u);
  EXPECT_THAT(result->tables[0].info().notes,
              testing::Contains(HasSubstr("Life course is not available")));
}

TEST(Segmentation, RefusesRulesThatAreNotTotalOrNotExclusive) {
  FixtureRelease town = MakeTown(1, 190, 0.1, 0);
  town.activity = {ApcTable()};
  const std::pair<std::string, std::string> faults[] = {
      {"segment = \"Generally well\", priority = 8 }",
       "segment = \"Generally well\", priority = 8, element = \"x\", dataset = "
       "\"gp-event\", codes = [\"X_COD\"] }"},
      {"segment = \"Generally well\", priority = 8",
       "segment = \"Generally well\", priority = 7"},
      {"segment = \"Organ failure\", priority = 3, element = \"heart",
       "segment = \"Organ failure\", priority = 4, element = \"heart"},
      {"set = \"life-course\", segment = \"Generally",
       "set = \"none\", segment "
       "= \"Generally"},
      {"codes = [\"DEM_COD\"] }", "codes = [\"dem\"] }"},
      {"element = \"dementia\", dataset = \"gp-event\", codes = [\"DEM_COD\"] "
       "}",
       "element = \"dementia\" }"},
      {"age_from = 12, age_to = 55", "age_from = 12, age_to = 11"},
      {"\"C77-C80\"", "\"C80-C77\""},
  };
  for (const auto& [from, to] : faults) {
    Bench bench(town);
    RunOptions options;
    options.definitions = ChangedDefinition(bench, "C04", {{from, to}});
    EXPECT_EQ(bench.Run("C04", options).status().code(),
              absl::StatusCode::kInvalidArgument)
        << to;
  }
}

TEST(Segmentation, PrintsUnderTheDefaultProfileAndDraws) {
  Bench bench(MixedTown(3, 500), "nhs-subnational");
  const auto result = bench.Run("C04");
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_TRUE(result->refused.empty());
  ASSERT_EQ(result->parts.size(), 2u);
  EXPECT_EQ(result->parts[0].page, "population");
  ASSERT_EQ(result->parts[0].charts.size(), 3u);
  EXPECT_EQ(result->parts[0].charts[1].type(), "heatmap");
  EXPECT_THAT(result->parts[0].charts[0].title,
              HasSubstr("is the largest segment"));
}

TEST(Segmentation, MovesAreOfWindowsThatTheReleaseCoversAtBothEnds) {
  // The longest look-back is 36 months: of October 2025 from November 2022 on.
  for (const auto& [start, made] :
       {std::pair<const char*, bool>{"2022-11-01", true},
        {"2022-12-01", false}}) {
    Cast cast;
    cast.Person("");
    cast.release.activity = {cast.apc};
    cast.release.period_start = start;
    Bench bench(cast.release);
    const auto result = bench.Run("C04");
    ASSERT_TRUE(result.ok()) << result.status();
    EXPECT_EQ(result->tables.size(), made ? 2u : 1u) << start;
    ASSERT_EQ(result->missing.size(), made ? 0u : 1u) << start;
    if (made) continue;
    EXPECT_EQ(
        result->missing[0].reason,
        "it looks back to 2022-11, and table sus_apc begins with 2022-12");
  }
}

TEST(Segmentation, SaysHowFarBackTheReleaseGoes) {
  const std::string unlimited =
      "Rules that look back however long see what the release has: gp_event "
      "from ";
  const std::string limited = "Rules look back up to 36 months, to 2023-11";
  for (const auto& [start, month] :
       {std::pair<const char*, const char*>{"2023-11-01", "2023-11"},
        {"2023-12-01", "2023-12"}}) {
    Cast cast;
    cast.Person("");
    cast.release.activity = {cast.apc};
    cast.release.period_start = start;
    Bench bench(cast.release);
    const auto result = bench.Run("C04");
    ASSERT_TRUE(result.ok()) << result.status();
    const std::vector<std::string>& notes = result->tables[0].info().notes;
    EXPECT_THAT(notes, testing::Contains(unlimited + month + " on."));
    if (std::string(month) == "2023-11") {
      EXPECT_THAT(notes,
                  testing::Not(testing::Contains(HasSubstr("up to 36"))));
    } else {
      EXPECT_THAT(notes, testing::Contains(HasSubstr(limited)));
    }
  }
}

}  // namespace
}  // namespace tally::analytics
