// C05: every level of every score.
#include <filesystem>

#include "absl/strings/str_format.h"
#include "base/files.h"
#include "bench.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "hospital_rows.h"
#include "measures/c05_risk.h"
#include "risk_cast.h"

namespace tally::analytics {
namespace {

using testing::ElementsAre;

TEST(RiskScores, FrailtyIndexBandsChangeAtFiveNineAndThirteen) {
  RiskCast cast;
  const char* const clusters[] = {
      "EFI_ACTLIM_COD", "EFI_ANAEMIA_COD", "AFIB_COD",     "CKD_COD", "DM_COD",
      "EFI_DIZZY_COD",  "FALLS_COD",       "EFI_FOOT_COD", "FF_COD",  "HF_COD",
      "HOUSEBOUND_COD", "HYP_COD",         "CHD_COD"};
  std::map<int, int> deficits;
  for (const int count : {0, 4, 5, 8, 9, 12, 13}) {
    const int person = cast.Person(65);
    deficits[person] = count;
    for (int i = 0; i < count; ++i) {
      cast.release.events.push_back({person, "2020-01-01", clusters[i]});
      cast.release.events.push_back({person, "2021-01-01", clusters[i]});
    }
  }
  const int young = cast.Person(64);
  for (const char* cluster : clusters) {
    cast.release.events.push_back({young, "2020-01-01", cluster});
  }
  // Five substances in three months are a deficit; four, or one too early, not.
  FixtureTable items = PrescriptionTable();
  std::map<int, int> medicines = {{cast.Person(65), 5}, {cast.Person(65), 4}};
  for (const auto& [person, count] : medicines) {
    for (int i = 0; i < count; ++i) {
      AddItem(person, "2025-10-31", absl::StrFormat("0212000%02d", i), items);
      AddItem(person, "2025-08-01", absl::StrFormat("0212000%02d", i), items);
      // Another product and strength of a substance is no further medicine.
      AddItem(person, "2025-08-01", absl::StrFormat("0212000%02dAAABAB", i),
              items);
      AddItem(person, "2025-08-01", absl::StrFormat("0212000%02dBBACAC", i),
              items);
    }
    AddItem(person, "2025-07-31", "0501000X0", items);
    AddItem(person, "2025-10-01", "2001000X0", items);
    AddItem(person, "2025-10-01", "0501000X1",
            items);  // chapter 5: not counted
  }
  cast.release.activity = {cast.apc, cast.ecds, items};
  Bench bench(cast.release);
  const MeasureResult result = RunRisk(bench);
  for (const auto& [person, count] : deficits) {
    EXPECT_EQ(ScoreOf(bench, "risk_judged", "deficits", person), count);
  }
  for (const auto& [person, count] : medicines) {
    EXPECT_EQ(ScoreOf(bench, "risk_judged", "deficits", person),
              count == 5 ? 1 : 0);
  }
  const GatedTable& bands = *RiskTable(result, "risk_bands");
  const auto people = [&](const std::string& band) {
    return Find(bands,
                {{"model", "Electronic frailty index"},
                 {"area", "All"},
                 {"band", band}},
                "persons");
  };
  EXPECT_EQ(people("fit"), "4");  // 0, 4 and the two with medicines
  EXPECT_EQ(people("mild"), "2");
  EXPECT_EQ(people("moderate"), "2");
  EXPECT_EQ(people("severe"), "1");
}

// Group, a code of it, a code beside it that is in no group, weights.
struct CharlsonCase {
  const char* code;
  const char* outside;
  int weight_1987;
  int weight_2011;
};

TEST(RiskScores, CharlsonTakesEachGroupOnceWithItsWeight) {
  const CharlsonCase cases[] = {
      {"I219", "I200", 1, 0}, {"I500", "I515", 1, 2}, {"I739", "I730", 1, 0},
      {"G459", "G470", 1, 0}, {"F051", "F050", 1, 2}, {"J449", "J840", 1, 1},
      {"M059", "M070", 1, 1}, {"K259", "K290", 1, 0}, {"K703", "K710", 1, 2},
      {"E119", "E150", 1, 0}, {"E112", "E160", 2, 1}, {"G819", "G839", 2, 2},
      {"N189", "N200", 2, 1}, {"C509", "C449", 2, 2}, {"K721", "K720", 3, 4},
      {"C787", "C860", 6, 6}, {"B200", "B230", 6, 4},
  };
  RiskCast cast;
  std::map<int, std::pair<int, int>> expected;
  for (const CharlsonCase& c : cases) {
    const int with = cast.Person();
    cast.Stay(with, "2025-03-01", "2025-03-02", "11", "R690", c.code);
    cast.Stay(with, "2025-04-01", "2025-04-02", "11", c.code);
    expected[with] = {c.weight_1987, c.weight_2011};
    // G839 is the last code of its group: there is nothing outside it.
    if (std::string(c.outside) == "G839") continue;
    const int without = cast.Person();
    cast.Stay(without, "2025-03-01", "2025-03-02", "11", c.outside);
    expected[without] = {0, 0};
  }
  // Two groups add up; the milder of a pair does not count.
  const int two = cast.Person();
  cast.Stay(two, "2025-03-01", "2025-03-02", "11", "I219", "J449");
  expected[two] = {2, 1};
  const std::tuple<const char*, const char*, int, int> pairs[] = {
      {"E119", "E112", 2, 1}, {"K703", "K721", 3, 4}, {"C509", "C787", 6, 6}};
  for (const auto& [mild, severe, old_weight, new_weight] : pairs) {
    const int person = cast.Person();
    cast.Stay(person, "2025-03-01", "2025-03-02", "11", mild, severe);
    expected[person] = {old_weight, new_weight};
  }
  // Two years back from the day after the index date, and none after it.
  const int first = cast.Person();
  cast.Stay(first, "2023-11-01", "2023-11-02", "11", "I219");
  expected[first] = {1, 0};
  const int early = cast.Person();
  cast.Stay(early, "2023-10-31", "2023-11-02", "11", "I219");
  expected[early] = {0, 0};
  const int late = cast.Person();
  cast.Stay(late, "2025-11-01", "2025-11-02", "11", "I219");
  expected[late] = {0, 0};
  cast.Stay(0, "2025-03-01", "2025-03-02", "11", "I219");
  cast.Finish();
  Bench bench(cast.release);
  RunRisk(bench);
  for (const auto& [person, scores] : expected) {
    EXPECT_EQ(ScoreOf(bench, "risk_judged", "charlson_1987", person),
              scores.first)
        << person;
    EXPECT_EQ(ScoreOf(bench, "risk_judged", "charlson_2011", person),
              scores.second)
        << person;
  }
}

TEST(RiskScores, CharlsonWithoutHierarchyCountsBoth) {
  RiskCast cast;
  const int person = cast.Person();
  cast.Stay(person, "2025-03-01", "2025-03-02", "11", "E119", "E112");
  cast.Finish();
  Bench bench(cast.release);
  const std::string folder = bench.root() + "/definitions";
  std::filesystem::create_directories(folder);
  std::string text = *ReadFile(std::string(TALLY_SOURCE_DIR) +
                                   "/analytics/measures/definitions/C05.toml",
                               1 << 20);
  const std::string on = "charlson_hierarchy = true";
  text.replace(text.find(on), on.size(), "charlson_hierarchy = false");
  ASSERT_TRUE(WriteFileAtomically(folder + "/C05.toml", text, 0600).ok());
  RunOptions options;
  options.definitions = folder;
  const MeasureResult result = RunRisk(bench, options);
  EXPECT_EQ(ScoreOf(bench, "risk_judged", "charlson_1987", person), 3);
  EXPECT_NE(Find(*RiskTable(result, "risk_bands"),
                 {{"model", "Charlson index, weights of 1987, hierarchy off"}},
                 "persons"),
            "absent");
}

TEST(RiskScores, HospitalFrailtyAddsTenthsOfEachCodeOnce) {
  RiskCast cast;
  // Weights of the test: A01 49, B01 1, C01 1, D01 99.
  std::map<int, int> expected;
  const auto person = [&](int age, std::vector<std::string> codes, int tenths) {
    const int p = cast.Person(age);
    for (const std::string& code : codes) {
      cast.Stay(p, "2025-09-01", "2025-09-02", "21", code, code);
    }
    expected[p] = tenths;
  };
  person(75, {"A010", "A019"}, 49);  // one code of three characters
  person(75, {"A010", "B010"}, 50);
  person(75, {"A010", "B010", "C010"}, 51);
  person(80, {"D010", "A010", "B010", "Z990"}, 149);
  person(80, {"D010", "A010", "B010", "C010"}, 150);
  person(74, {"A010"}, -1);  // too young
  person(75, {"Z990"}, 0);
  // Two years before the index admission; planned stays of it count too.
  const int window = cast.Person(75);
  cast.Stay(window, "2025-09-01", "2025-09-02", "21", "B010");
  cast.Stay(window, "2023-09-02", "2023-09-03", "11", "C010");
  cast.Stay(window, "2023-09-01", "2023-09-03", "11", "A010");
  expected[window] = 2;
  const int planned = cast.Person(75);
  cast.Stay(planned, "2025-09-01", "2025-09-02", "11", "A010");
  expected[planned] = -1;
  cast.Finish();
  Bench bench(cast.release);
  RunOptions options;
  options.comparators = bench.root() + "/references";
  std::filesystem::create_directories(options.comparators);
  ASSERT_TRUE(
      WriteFileAtomically(options.comparators + "/hfrs_weights.toml",
                          "id = \"hfrs_weights\"\nsource = \"A test\"\n"
                          "valid_from = 2018-01-01\nvalid_to = 2030-12-31\n"
                          "columns = [\"code\", \"tenths\"]\n"
                          "row = [[\"A01\", 49], [\"B01\", 1], [\"C01\", 1], "
                          "[\"D01\", 99]]\n",
                          0600)
          .ok());
  const MeasureResult result = RunRisk(bench, options);
  for (const auto& [p, tenths] : expected) {
    EXPECT_EQ(ScoreOf(bench, "risk_judged", "frailty_tenths", p), tenths) << p;
  }
  const auto people = [&](const std::string& band) {
    return Find(*RiskTable(result, "risk_bands"),
                {{"model", "Hospital Frailty Risk Score"},
                 {"area", "All"},
                 {"band", band}},
                "persons");
  };
  EXPECT_EQ(people("low"), "3");           // 49, 0 and 2
  EXPECT_EQ(people("intermediate"), "4");  // 50, 51, 149 and 150
  EXPECT_EQ(people("high"), "0");
}

// Points of the published table, added by hand.
TEST(RiskScores, HospitalFrailtyTakesThePublishedPointsWithoutAFile) {
  RiskCast cast;
  std::map<int, int> expected;
  const auto person = [&](std::vector<std::string> codes, int tenths) {
    const int p = cast.Person(80);
    for (const std::string& code : codes) {
      cast.Stay(p, "2025-09-01", "2025-09-02", "21", code, code);
    }
    expected[p] = tenths;
  };
  person({"I100"}, 0);                            // not among the 109
  person({"G819", "Z911"}, 49);                   // 4.4 + 0.5
  person({"G819", "Z736"}, 50);                   // 4.4 + 0.6
  person({"F009", "G819", "N390", "R11X"}, 150);  // 7.1 + 4.4 + 3.2 + 0.3
  person({"F009", "G819", "N390", "R11X", "R509"}, 151);  // and 0.1
  cast.Finish();
  Bench bench(cast.release);
  const MeasureResult result = RunRisk(bench, RunOptions());
  for (const auto& [p, tenths] : expected) {
    EXPECT_EQ(ScoreOf(bench, "risk_judged", "frailty_tenths", p), tenths) << p;
  }
  const auto people = [&](const std::string& band) {
    return Find(*RiskTable(result, "risk_bands"),
                {{"model", "Hospital Frailty Risk Score"},
                 {"area", "All"},
                 {"band", band}},
                "persons");
  };
  EXPECT_EQ(people("low"), "2");           // 0 and 49
  EXPECT_EQ(people("intermediate"), "2");  // 50 and 150
  EXPECT_EQ(people("high"), "1");          // 151
}

TEST(RiskScores, LaceTakesEveryLevelOfItsFourParts) {
  RiskCast cast;
  std::map<int, int> expected;
  // L: days of stay, planned.
  const std::pair<int, int> stays[] = {{0, 0},  {1, 1}, {2, 2}, {3, 3},
                                       {4, 4},  {6, 4}, {7, 5}, {13, 5},
                                       {14, 7}, {20, 7}};
  for (const auto& [days, points] : stays) {
    const int p = cast.Person();
    cast.Stay(p, "2025-06-01", absl::StrFormat("2025-06-%02d", 1 + days), "11");
    expected[p] = points;
  }
  // A: three points for an emergency.
  const int emergency = cast.Person();
  cast.Stay(emergency, "2025-06-01", "2025-06-01", "2A");
  expected[emergency] = 3;
  // C: 0 to 3 as they are, 4 and above five.
  const std::pair<std::vector<const char*>, int> indices[] = {
      {{"I219", ""}, 1},
      {{"I219", "J449"}, 2},
      {{"E112", "I219"}, 3},
      {{"E112", "G819"}, 5},
      {{"C787", ""}, 5}};
  for (const auto& [codes, points] : indices) {
    const int p = cast.Person();
    cast.Stay(p, "2025-06-01", "2025-06-01", "11", codes[0], codes[1]);
    expected[p] = points;
  }
  // E: attendances of the six months before, at most four.
  for (int visits = 1; visits <= 5; ++visits) {
    const int p = cast.Person();
    cast.Stay(p, "2025-06-01", "2025-06-01", "11");
    for (int i = 0; i < visits; ++i) {
      AddAttendance(p, "2025-05-31", cast.ecds);
    }
    AddAttendance(p, "2025-06-01", cast.ecds);       // the day itself
    AddAttendance(p, "2025-05-01", cast.ecds, "2");  // planned
    expected[p] = std::min(visits, 4);
  }
  const int window = cast.Person();
  cast.Stay(window, "2025-06-01", "2025-06-01", "11");
  AddAttendance(window, "2024-12-01", cast.ecds);
  AddAttendance(window, "2024-11-30", cast.ecds);  // a day too early
  expected[window] = 1;
  // Deaths are no discharges.
  const int dead = cast.Person();
  cast.Stay(dead, "2025-06-01", "2025-06-01");
  cast.apc.rows.back()["discharge_method"] = "4";
  // Readmitted on days 0 and 29, not on day 30, not when planned.
  const std::pair<const char*, const char*> returns[] = {{"2025-06-01", "21"},
                                                         {"2025-06-30", "21"},
                                                         {"2025-07-01", "21"},
                                                         {"2025-06-10", "11"}};
  std::vector<int> back;
  for (const auto& [day, method] : returns) {
    back.push_back(cast.Person());
    cast.Stay(back.back(), "2025-06-01", "2025-06-01", "11");
    cast.Stay(back.back(), day, "2026-01-01", method);
  }
  cast.Finish();
  Bench bench(cast.release);
  const MeasureResult result = RunRisk(bench);
  for (const auto& [p, points] : expected) {
    EXPECT_EQ(ScoreOf(bench, "lace", "points", p), points) << p;
  }
  EXPECT_EQ(ScoreOf(bench, "lace", "points", dead), -2);
  EXPECT_EQ(ScoreOf(bench, "lace", "readmitted", back[0]), 1);
  EXPECT_EQ(ScoreOf(bench, "lace", "readmitted", back[1]), 1);
  EXPECT_EQ(ScoreOf(bench, "lace", "readmitted", back[2]), 0);
  EXPECT_EQ(ScoreOf(bench, "lace", "readmitted", back[3]), 0);
  const GatedTable& bands = *RiskTable(result, "lace_bands");
  EXPECT_EQ(Find(bands, {{"band", "All"}}, "discharges"),
            std::to_string(expected.size() + back.size()));
  EXPECT_EQ(Find(bands, {{"band", "All"}}, "readmitted"), "2");
}

TEST(RiskScores, LaceJudgesAContinuousStayAndTheLastDischargeBeforeAReturn) {
  RiskCast cast;
  // A transfer: one stay of eight days, no return.
  const int moved = cast.Person();
  cast.Stay(moved, "2025-03-01", "2025-03-05", "21");
  cast.apc.rows.back()["discharge_destination"] = "51";
  cast.Stay(moved, "2025-03-05", "2025-03-09", "2B");
  // A regular attender is not discharged.
  const int regular = cast.Person();
  cast.Stay(regular, "2025-03-01", "2025-03-01", "11");
  cast.apc.rows.back()["patient_classification"] = "3";
  // Two stays before a return: it belongs to the later one.
  const int twice = cast.Person();
  cast.Stay(twice, "2025-03-01", "2025-03-02", "11");
  cast.Stay(twice, "2025-03-10", "2025-03-14", "11");
  cast.Stay(twice, "2025-03-20", "2026-01-01", "21");
  cast.Finish();
  Bench bench(cast.release);
  const MeasureResult result = RunRisk(bench);
  EXPECT_EQ(ScoreOf(bench, "lace", "points", moved), 5 + 3);
  EXPECT_EQ(ScoreOf(bench, "lace", "readmitted", moved), 0);
  EXPECT_EQ(ScoreOf(bench, "lace", "points", regular), -2);
  EXPECT_EQ(ScoreOf(bench, "lace", "sum(readmitted)", twice), 1);
  const GatedTable& bands = *RiskTable(result, "lace_bands");
  EXPECT_EQ(Find(bands, {{"band", "All"}}, "discharges"), "3");
  EXPECT_EQ(Find(bands, {{"band", "All"}}, "readmitted"), "1");
  EXPECT_EQ(ScoreOf(bench, "lace", "max(points * readmitted)", twice), 4);
}

TEST(RiskScores, LaceLeavesNoTieOfStaysToTheirKeys) {
  // Two stays of the same days at one provider, in either order: four points of
  // four days, and three more of an emergency, to which the return belongs.
  RiskCast cast;
  std::vector<int> people;
  for (const bool planned_first : {true, false}) {
    const int p = cast.Person();
    people.push_back(p);
    cast.Stay(p, "2025-03-10", "2025-03-14", planned_first ? "11" : "21");
    cast.Stay(p, "2025-03-10", "2025-03-14", planned_first ? "21" : "11");
    cast.Stay(p, "2025-03-20", "2026-01-01", "21");
  }
  // Of a stay that counts and one of a regular attender it is the first.
  for (const bool regular_first : {true, false}) {
    const int p = cast.Person();
    people.push_back(p);
    cast.Stay(p, "2025-03-10", "2025-03-14", regular_first ? "22" : "21");
    if (regular_first) cast.apc.rows.back()["patient_classification"] = "3";
    cast.Stay(p, "2025-03-10", "2025-03-14", regular_first ? "21" : "22");
    if (!regular_first) cast.apc.rows.back()["patient_classification"] = "3";
    cast.Stay(p, "2025-03-20", "2026-01-01", "21");
  }
  // A method of discharge that is not known is no discharge alive.
  const int unknown = cast.Person();
  cast.Stay(unknown, "2025-03-10", "2025-03-14");
  cast.apc.rows.back()["discharge_method"] = "";
  cast.Finish();
  Bench bench(cast.release);
  RunRisk(bench);
  for (const int p : people) {
    EXPECT_EQ(ScoreOf(bench, "lace", "sum(readmitted)", p), 1) << p;
    EXPECT_EQ(ScoreOf(bench, "lace", "sum(points * readmitted)", p), 7) << p;
  }
  EXPECT_EQ(ScoreOf(bench, "lace", "points", unknown), -2);
}

TEST(RiskScores, LaceCanBeShownByPracticeAndNothingElseCan) {
  RiskCast cast;
  // Points of 0 and 7 at Z90001, 7 at Z90002, and somebody on no list.
  const int low = cast.Person();
  cast.Stay(low, "2025-06-01", "2025-06-01", "11");
  const int moderate = cast.Person();
  cast.Stay(moderate, "2025-06-01", "2025-06-15", "11");
  const int other = cast.Person();
  cast.release.registrations.back().practice = "Z90002";
  cast.Stay(other, "2025-06-01", "2025-06-15", "11");
  cast.Stay(other + 1, "2025-06-01", "2025-06-01", "11");
  cast.Finish();
  Bench bench(cast.release);
  RunOptions options;
  options.by = {"practice"};
  const MeasureResult result = RunRisk(bench, options);
  ASSERT_EQ(result.tables.size(), 1u);
  const auto discharges = [&](const std::string& area,
                              const std::string& band) {
    return Find(result.tables[0], {{"area", area}, {"band", band}},
                "discharges");
  };
  const std::string home = cast.release.registrations.front().practice;
  EXPECT_EQ(discharges(home, "low, 0 to 4"), "1");
  EXPECT_EQ(discharges(home, "moderate, 5 to 9"), "1");
  EXPECT_EQ(discharges(home, "All"), "2");
  EXPECT_EQ(discharges("Z90002", "moderate, 5 to 9"), "1");
  EXPECT_EQ(discharges("Z90002", "high, 10 or more"), "0");
  EXPECT_EQ(discharges("unknown", "low, 0 to 4"), "1");
  options.by = {"sex"};
  EXPECT_FALSE(bench.Run("C05", options).ok());
}

TEST(RiskScores, FeaturesEndWithTheIndexDateAndOutcomesBeginAfterIt) {
  RiskCast cast;
  struct Row {
    const char* day;
    int in_12, in_24, outcome;
  };
  const Row rows[] = {{"2023-10-31", 0, 0, 0}, {"2023-11-01", 0, 1, 0},
                      {"2024-10-31", 0, 1, 0}, {"2024-11-01", 1, 1, 0},
                      {"2025-10-31", 1, 1, 0}, {"2025-11-01", 0, 0, 1},
                      {"2026-10-31", 0, 0, 1}, {"2026-11-01", 0, 0, 0}};
  std::vector<int> people;
  for (const Row& row : rows) {
    people.push_back(cast.Person());
    cast.Stay(people.back(), row.day, row.day);
    cast.Stay(people.back(), row.day, row.day, "11");
    AddAttendance(people.back(), row.day, cast.ecds);
  }
  cast.Finish();
  Bench bench(cast.release);
  RunRisk(bench);
  for (size_t i = 0; i < people.size(); ++i) {
    const auto score = [&](const char* column) {
      return ScoreOf(bench, "risk_judged", column, people[i]);
    };
    EXPECT_EQ(score("emergency_12"), rows[i].in_12) << rows[i].day;
    EXPECT_EQ(score("emergency_24"), rows[i].in_24) << rows[i].day;
    EXPECT_EQ(score("ed_12"), rows[i].in_12) << rows[i].day;
    EXPECT_EQ(score("ed_24"), rows[i].in_24) << rows[i].day;
    EXPECT_EQ(score("outcome"), rows[i].outcome) << rows[i].day;
  }
}

TEST(RiskScores, EqualScoresShareTheHigherBand) {
  // 200 scores, all different: 1, 9, 30 and the rest.
  std::vector<double> different;
  for (int i = 0; i < 200; ++i) different.push_back(i);
  std::map<size_t, int> sizes;
  for (const size_t band : TopBands(different, {0.005, 0.045, 0.15})) {
    ++sizes[band];
  }
  EXPECT_EQ(sizes, (std::map<size_t, int>{{0, 1}, {1, 9}, {2, 30}, {3, 160}}));
  EXPECT_THAT(TopBands({1, 2, 2, 2, 3}, {0.4, 0.2}),
              ElementsAre(2, 0, 0, 0, 0));
  EXPECT_THAT(TopBands({5, 5, 5}, {0.005, 0.045}), ElementsAre(0, 0, 0));
}

// 400 people. At the end of October 2024 100 had been admitted within a year;
// 50 of them and 15 others come back in the next. Of those 65 then 26 come back
// in the last year, and 34 of the 335 others.

}  // namespace
}  // namespace tally::analytics
