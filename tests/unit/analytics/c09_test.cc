// C09: order of events, repeats, edges, journeys and what is too rare to show.
#include <filesystem>
#include <string>
#include <vector>

#include "absl/strings/str_format.h"
#include "base/exit_code.h"
#include "base/files.h"
#include "bench.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "stays.h"

namespace tally::analytics {
namespace {

using ::testing::HasSubstr;

// Events of people, in three datasets.
struct Journeys {
  FixtureTable apc = StayTable();
  FixtureTable op{.dataset = "sus-op",
                  .defaults = {{"attended", "5"}, {"attendance_type", "1"}},
                  .rows = {},
                  .columns = {"appointment_date"}};
  FixtureTable ecds{.dataset = "ecds",
                    .defaults = {{"attendance_category", "1"}},
                    .rows = {},
                    .columns = {"arrival_date"}};
  int next = 1;  // the next person

  void Emergency(int person, const std::string& day) {
    apc.Add(Stay(person, day, day));
  }
  void Planned(int person, const std::string& day) {
    apc.Add(Stay(person, day, day, {{"admission_method", "11"}}));
  }
  void Outpatient(int person, const std::string& day, const char* type = "1",
                  const char* attended = "5") {
    op.Add({{"person", std::to_string(person)},
            {"appointment_date", day},
            {"attendance_type", type},
            {"attended", attended}});
  }
  void Attend(int person, const std::string& day) {
    ecds.Add({{"person", std::to_string(person)}, {"arrival_date", day}});
  }
  // `count` people alike.
  template <typename F>
  void People(int count, F add) {
    for (int i = 0; i < count; ++i) add(next++);
  }

  FixtureRelease Release() const {
    FixtureRelease release;
    release.activity = {apc, op, ecds};
    return release;
  }
};

absl::StatusOr<MeasureResult> RunJourneys(
    const Journeys& journeys, std::string_view profile = "nhs-national") {
  Bench bench(journeys.Release(), profile);
  return bench.Run("C09");
}

std::string Edge(const MeasureResult& result, const std::string& from,
                 const std::string& to, const char* column = "persons") {
  return Find(result.tables[0], {{"from", from}, {"to", to}}, column);
}
std::string Variant(const MeasureResult& result, const std::string& steps,
                    const char* column = "persons") {
  return Find(result.tables[1], {{"steps", steps}}, column);
}

// Variants of 100, 50, 8 and 7 people.
Journeys FourVariants() {
  Journeys j;
  j.People(100, [&](int p) {
    j.Emergency(p, "2026-03-01");  // after the attendance of that day
    j.Attend(p, "2026-03-01");
  });
  j.People(50, [&](int p) {
    j.Outpatient(p, "2026-03-01");
    j.Planned(p, "2026-03-31");
  });
  j.People(8, [&](int p) { j.Attend(p, "2026-04-01"); });
  j.People(7, [&](int p) {
    j.Planned(p, "2026-04-01");
    j.Outpatient(p, "2026-05-01", "2");
  });
  return j;
}

TEST(PathwayMining, ShowsWhatEightPeopleDo) {
  const auto result = RunJourneys(FourVariants());
  ASSERT_TRUE(result.ok()) << result.status();
  ASSERT_FALSE(result->unavailable.has_value()) << *result->unavailable;
  EXPECT_EQ(Variant(*result, "Attendance > Emergency admission"), "100");
  EXPECT_EQ(Variant(*result, "Outpatient first > Planned admission"), "50");
  EXPECT_EQ(Variant(*result, "Attendance"), "8");
  EXPECT_EQ(Variant(*result, "Planned admission > Outpatient follow-up"),
            "absent");
  // Seven others are too few to be shown even together.
  EXPECT_EQ(Variant(*result, "other"), "absent");
  EXPECT_EQ(Variant(*result, "Attendance", "all_persons"), "158");
  EXPECT_EQ(Variant(*result, "Attendance", "share"), "5.1");
  EXPECT_EQ(Variant(*result, "Attendance", "variant_id"), "V03");
}

TEST(PathwayMining, EdgesHaveTimesPeopleAndGaps) {
  const auto result = RunJourneys(FourVariants());
  ASSERT_TRUE(result.ok()) << result.status();
  ExpectDeclaredColumns(*result);
  EXPECT_EQ(Edge(*result, "Start", "Attendance"), "108");
  EXPECT_EQ(Edge(*result, "Attendance", "Emergency admission"), "100");
  EXPECT_EQ(Edge(*result, "Attendance", "Emergency admission", "median_gap"),
            "0");
  EXPECT_EQ(Edge(*result, "Emergency admission", "End"), "100");
  EXPECT_EQ(Edge(*result, "Attendance", "End"), "8");
  EXPECT_EQ(
      Edge(*result, "Outpatient first", "Planned admission", "median_gap"),
      "30");
  EXPECT_EQ(Edge(*result, "Outpatient first", "Planned admission", "p90_gap"),
            "30");
  EXPECT_EQ(Edge(*result, "Start", "Attendance", "median_gap"), "NA");
  EXPECT_EQ(Edge(*result, "Emergency admission", "Attendance"), "absent");
  EXPECT_EQ(Edge(*result, "Start", "Planned admission"), "absent");
  EXPECT_EQ(Edge(*result, "other", "other"), "absent");
}

TEST(PathwayMining, RareJourneysTogetherWhereTheyAreEight) {
  Journeys j = FourVariants();
  j.People(1, [&](int p) { j.Outpatient(p, "2026-04-01", "2"); });
  const auto result = RunJourneys(j);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(Variant(*result, "other"), "8");
  EXPECT_EQ(Variant(*result, "other", "variant_id"), "other");
  EXPECT_EQ(Variant(*result, "Attendance", "all_persons"), "166");
  // 7 begin with a planned admission and go on to a follow-up, 1 begins with
  // it; 8 end there.
  EXPECT_EQ(Edge(*result, "other", "other"), "8");
  EXPECT_EQ(Edge(*result, "other", "other", "n"), "15");
  EXPECT_EQ(Edge(*result, "Outpatient follow-up", "End"), "8");
}

TEST(PathwayMining, RepeatsInsideTheWindowAreOne) {
  Journeys j;
  j.People(10, [&](int p) {
    j.Attend(p, "2026-03-01");
    j.Attend(p, "2026-03-08");  // day 7
  });
  j.People(9, [&](int p) {
    j.Attend(p, "2026-03-01");
    j.Attend(p, "2026-03-09");  // day 8
  });
  j.People(8, [&](int p) {  // each within seven days of the one before
    j.Attend(p, "2026-03-01");
    j.Attend(p, "2026-03-06");
    j.Attend(p, "2026-03-11");
  });
  j.People(8, [&](int p) {  // what lies before the year takes nobody away
    j.Attend(p, "2025-10-29");
    j.Attend(p, "2025-11-03");
  });
  const auto result = RunJourneys(j);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(Variant(*result, "Attendance"), "26");
  EXPECT_EQ(Variant(*result, "Attendance > Attendance"), "9");
  EXPECT_EQ(Edge(*result, "Attendance", "Attendance", "n"), "9");
  EXPECT_EQ(Edge(*result, "Attendance", "Attendance", "median_gap"), "8");
}

TEST(PathwayMining, LeavesOutWhatDidNotTakePlaceAndNobody) {
  Journeys j;
  j.People(8, [&](int p) {
    j.Attend(p, "2026-03-01");
    j.Outpatient(p, "2026-03-10", "1", "3");
    j.apc.Add(
        Stay(p, "2026-03-20", "2026-03-20", {{"patient_classification", "3"}}));
    j.apc.Add(Stay(0, "2026-03-20", "2026-03-20"));
    j.Attend(p, "2025-10-20");
    j.Attend(p, "2026-11-01");
  });
  const auto result = RunJourneys(j);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->tables[1].rows(), 1u);
  EXPECT_EQ(Variant(*result, "Attendance"), "8");
  ASSERT_FALSE(result->tables[0].info().notes.empty());
  EXPECT_THAT(result->tables[0].info().notes[0],
              HasSubstr("Community contact, Death"));
}

TEST(PathwayMining, CutsLongJourneys) {
  Journeys j;
  j.People(8, [&](int p) {
    for (int month = 1; month <= 9; ++month) {
      j.Attend(p, absl::StrFormat("2026-%02d-01", month));
    }
  });
  j.People(9, [&](int p) {
    for (int month = 1; month <= 8; ++month) {
      j.Attend(p, absl::StrFormat("2026-%02d-01", month));
    }
  });
  const auto result = RunJourneys(j);
  ASSERT_TRUE(result.ok()) << result.status();
  std::string eight = "Attendance";
  for (int i = 1; i < 8; ++i) eight += " > Attendance";
  EXPECT_EQ(Variant(*result, eight), "9");
  EXPECT_EQ(Variant(*result, eight + " > ..."), "8");
  EXPECT_EQ(Edge(*result, "Attendance", "Attendance", "n"), "127");
}

TEST(PathwayMining, ReferencesHoldTheirStepsInOrder) {
  Journeys j = FourVariants();
  j.People(10, [&](int p) {  // something lies between
    j.Outpatient(p, "2026-01-01");
    j.Attend(p, "2026-02-01");
    j.Planned(p, "2026-03-01");
  });
  j.People(10, [&](int p) {  // the wrong way round
    j.Planned(p, "2026-01-01");
    j.Outpatient(p, "2026-03-01");
  });
  const auto result = RunJourneys(j);
  ASSERT_TRUE(result.ok()) << result.status();
  const std::string reference =
      "Seen as an outpatient before a planned admission";
  EXPECT_EQ(Find(result->tables[2], {{"reference", reference}}, "persons"),
            "60");
  EXPECT_EQ(Find(result->tables[2], {{"reference", reference}}, "all_persons"),
            "185");
}

TEST(PathwayMining, DrawsWhatIsPrinted) {
  const auto result = RunJourneys(FourVariants(), "nhs-subnational");
  ASSERT_TRUE(result.ok()) << result.status();
  ASSERT_EQ(result->parts.size(), 1u);
  EXPECT_EQ(result->parts[0].page, "pathways");
  ASSERT_EQ(result->parts[0].charts.size(), 3u);
  EXPECT_THAT(result->parts[0].charts[0].title,
              HasSubstr("from Attendance to Emergency admission"));
  EXPECT_THAT(result->parts[0].charts[1].title,
              HasSubstr("Attendance > Emergency admission (100 people"));
  // Eight of ten by the profile: printed; its gap needs more people.
  EXPECT_EQ(Edge(*result, "Attendance", "End"), "10");
}

TEST(PathwayMining, RefusesADefinitionThatSaysNothing) {
  Bench bench(FourVariants().Release());
  const std::string folder = bench.root() + "/definitions";
  std::filesystem::create_directories(folder);
  const std::string shipped =
      *ReadFile(std::string(TALLY_SOURCE_DIR) +
                    "/analytics/measures/definitions/C09.toml",
                1 << 20);
  const auto with = [&](const std::string& from, const std::string& to) {
    std::string text = shipped;
    EXPECT_NE(text.find(from), std::string::npos) << from;
    text.replace(text.find(from), from.size(), to);
    EXPECT_TRUE(WriteFileAtomically(folder + "/C09.toml", text, 0600).ok());
    RunOptions options;
    options.definitions = folder;
    return ExitCodeOf(bench.Run("C09", options).status());
  };
  EXPECT_EQ(with("form = \"attendance\"", "form = \"visit\""), kExitUsage);
  EXPECT_EQ(with("name = \"Death\"", "name = \"Attendance\""), kExitUsage);
  EXPECT_EQ(with("form = \"death\"", "form = \"event\""), kExitUsage);
  EXPECT_EQ(with("longest = 8", "longest = 15"), kExitUsage);
  EXPECT_EQ(with("steps = [\"Outpatient first\"", "steps = [\"Visit\""),
            kExitUsage);
}

}  // namespace
}  // namespace tally::analytics
