// The plain counts behind the truth of the measures: journeys against the lane
// that was written by hand, and the edges of their rules; what a whole
// population books.
#include "demo/plain_counts.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>

#include "demo/cast.h"
#include "demo/population.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tally::demo {
namespace {

int64_t Variant(const MeasureTruth& truth, const std::string& steps) {
  return truth.Get({"C09", "variants", "persons"}, "steps=" + steps);
}

// Eight people with these rows: fewer are not booked.
MeasureTruth JourneysOf(const Activity& rows) {
  PlainJourneys journeys;
  for (int i = 0; i < 8; ++i) journeys.Add(rows);
  MeasureTruth truth;
  journeys.Book(truth);
  return truth;
}

TEST(PlainJourneys, AreThoseWrittenByHandInTheLane) {
  Cast cast(AllLanes());
  PlainJourneys journeys;
  for (const Actor& actor : cast.actors()) {
    const size_t practice = static_cast<size_t>(actor.practice);
    if (cast.practices()[practice].code == "Z98010") {
      journeys.Add(actor.part->rows);
    }
  }
  MeasureTruth found;
  journeys.Book(found);
  MeasureTruth planted;
  cast.Book(planted);
  for (const char* steps :
       {"Attendance>Emergency admission>Outpatient first",
        "Outpatient first>Planned admission>Community contact",
        "Attendance>Community contact"}) {
    EXPECT_EQ(Variant(found, steps),
              planted.Get({"PATH", "variants", "persons"},
                          std::string("area=Z98010;steps=") + steps))
        << steps;
    EXPECT_GE(Variant(found, steps), 8);
  }
  // Seven people are too few.
  EXPECT_EQ(Variant(found, "Attendance>Attendance>Community contact"), 0);
  for (const char* edge :
       {"from=Start;to=Attendance", "from=Attendance;to=Emergency admission",
        "from=Outpatient first;to=End",
        "from=Attendance;to=Community contact"}) {
    for (const char* column : {"n", "persons"}) {
      EXPECT_EQ(found.Get({"C09", "dfg_edges", column}, edge),
                planted.Get({"PATH", "dfg_edges", column},
                            std::string("area=Z98010;") + edge))
          << edge;
    }
  }
}

TEST(PlainJourneys, RepeatsWithinSevenDaysAreOneAndTheYearBeginsAnew) {
  const auto attend = [](int first, int second) {
    Activity rows;
    rows.attendances = {{.day = first}, {.day = second}};
    return rows;
  };
  const int day = Ymd(2026, 3, 1);
  EXPECT_EQ(Variant(JourneysOf(attend(day, day + 7)), "Attendance"), 8);
  EXPECT_EQ(Variant(JourneysOf(attend(day, day + 8)), "Attendance>Attendance"),
            8);
  // The first of the year counts, whatever was the day before.
  EXPECT_EQ(Variant(JourneysOf(attend(Ymd(2025, 10, 31), Ymd(2025, 11, 1))),
                    "Attendance"),
            8);
  EXPECT_EQ(Variant(JourneysOf(attend(Ymd(2025, 10, 20), Ymd(2025, 11, 1))),
                    "Attendance"),
            8);
}

TEST(PlainJourneys, LeaveOutWhatDidNotHappenAndRegularAttenders) {
  const int day = Ymd(2026, 3, 1);
  Activity rows;
  rows.appointments = {{.day = day, .attended = "3"},
                       {.day = day + 20, .type = "2"}};
  rows.episodes = {{.admission = day + 1, .classification = "3"},
                   {.admission = day + 2, .pod = ""}};
  rows.contacts = {{.day = day + 3, .attended = "7"}};
  EXPECT_EQ(Variant(JourneysOf(rows), "Outpatient follow-up"), 8);
}

TEST(PlainJourneys, OfOneDayAttendanceIsFirstAndDeathLast) {
  const int day = Ymd(2026, 3, 1);
  Activity rows;
  rows.deaths = {{.day = day, .registered = day}};
  rows.contacts = {{.day = day}};
  rows.appointments = {{.day = day}};
  rows.episodes = {{.admission = day, .method = "11"}};
  rows.attendances = {{.day = day}};
  EXPECT_EQ(Variant(JourneysOf(rows),
                    "Attendance>Planned admission>Outpatient first>Community "
                    "contact>Death"),
            8);
}

TEST(MeasureTruth, KeepsCountsAndOtherFiguresApart) {
  MeasureTruth truth;
  truth.Add({"C29", "t", "num"}, "a=1", 2);
  truth.Set({"C29", "t", "value"}, "a=1", 12.5);
  truth.Set({"C29", "t", "value"}, "a=1", 13.25);
  EXPECT_EQ(truth.Get({"C29", "t", "num"}, "a=1"), 2);
  const std::filesystem::path folder =
      std::filesystem::path(testing::TempDir()) / "measure_truth";
  std::filesystem::create_directories(folder);
  ASSERT_TRUE(truth.Write(folder.string()).ok());
  std::ifstream file(folder / "measures.csv");
  const std::string text((std::istreambuf_iterator<char>(file)), {});
  EXPECT_EQ(text,
            "measure,table,dimensions,column,value\n"
            "C29,t,a=1,num,2\nC29,t,a=1,value,13.25\n");
}

TEST(PlainCounts, BookSomethingOfEveryMeasureThatCountsRecords) {
  const std::filesystem::path folder =
      std::filesystem::path(testing::TempDir()) / "plain_counts";
  std::filesystem::remove_all(folder);
  PopulationOptions options;
  options.people = 200;
  ASSERT_TRUE(WritePopulation(options, folder.string(), [](uint64_t) {}).ok());
  std::ifstream file(folder / "truth" / "measures.csv");
  std::set<std::string> measures;
  int64_t lanes = 0;
  int64_t everybody = 0;
  for (std::string line; std::getline(file, line);) {
    measures.insert(line.substr(0, 3));
    const std::string crude = "D01,list_sizes,area=Lanes,crude,";
    const std::string all = "D01,list_sizes,area=All,crude,";
    if (line.starts_with(crude)) lanes = std::atoll(&line[crude.size()]);
    if (line.starts_with(all)) everybody = std::atoll(&line[all.size()]);
  }
  // C23 and D08 are about the trial itself (demo/trial_truth.csv). Of so few
  // people no practice of the peer set is large enough for D05.
  for (const char* id :
       {"C01", "C02", "C03", "C04", "C05", "C06", "C09", "C11",
        "C12", "C13", "C14", "C15", "C17", "C18", "C19", "C20",
        "C21", "C24", "C27", "C29", "C31", "C33", "C34", "C37",
        "D01", "D03", "D09", "D10", "D11", "D12", "D16", "D17"}) {
    EXPECT_THAT(measures, testing::Contains(id));
  }
  // The people of the lanes do not depend on how many others there are: those
  // of the tables, but who died, left, or has no list.
  Cast cast(AllLanes());
  uint64_t listed = 0;
  for (const LanePractice& practice : cast.practices()) {
    listed += practice.people;
  }
  EXPECT_LE(lanes, static_cast<int64_t>(listed));
  EXPECT_GE(lanes, static_cast<int64_t>(listed) - 60);
  EXPECT_GT(everybody, lanes);
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace tally::demo
