// C05: every level of every score, and a model whose figures are known by hand.
#include <filesystem>

#include "absl/strings/str_format.h"
#include "base/files.h"
#include "bench.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "hospital_rows.h"
#include "measures/c05_risk.h"

namespace tally::analytics {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// The index date of these releases is 31 October 2025.
struct RiskCast {
  FixtureRelease release;
  FixtureTable apc = ApcTable();
  FixtureTable ecds = EcdsTable();
  int last = 0;

  int Person(int age = 40, const std::string& sex = "2") {
    FixtureRegistration r;
    r.person = ++last;
    r.year_of_birth = 2025 - age;
    r.sex = sex;
    release.registrations.push_back(r);
    return last;
  }
  void Stay(int person, const std::string& from, const std::string& to,
            const std::string& method = "21",
            const std::string& diagnosis = "R690",
            const std::string& second = "") {
    FixtureEpisode e;
    e.person = person;
    e.spell = static_cast<int>(apc.rows.size()) + 1;
    e.admitted = from;
    e.discharged = to;
    e.method = method;
    e.diag_01 = diagnosis;
    e.diag_02 = second;
    AddEpisode(e, apc);
  }
  void Finish() {
    FixtureTable items = PrescriptionTable();
    AddItem(last, "2020-01-01", "0212000B0", items);
    release.activity = {apc, ecds, items};
  }
};

// A whole number of a working table; -1 for null, -2 if there is no row.
int64_t ScoreOf(Bench& bench, const std::string& table,
                const std::string& column, int person) {
  auto result = bench.database().connection().Query(absl::StrFormat(
      "SELECT CAST(coalesce(%s, -1) AS BIGINT) FROM %s WHERE person = %d",
      column, table, person));
  EXPECT_TRUE(result.ok()) << result.status();
  const auto rows = result->AllRows();
  return rows->empty() ? -2 : *rows->at(0).at(0).As<int64_t>();
}

const GatedTable* TableOf(const MeasureResult& result, std::string_view name) {
  for (const GatedTable& table : result.tables) {
    if (table.info().table == name) return &table;
  }
  return nullptr;
}

// Runs C05 and fails the test on an error.
MeasureResult RunRisk(Bench& bench, const RunOptions& options = {}) {
  auto result = bench.Run("C05", options);
  EXPECT_TRUE(result.ok()) << result.status();
  return result.ok() ? *std::move(result) : MeasureResult();
}

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
  const GatedTable& bands = *TableOf(result, "risk_bands");
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
  EXPECT_NE(Find(*TableOf(result, "risk_bands"),
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
    return Find(*TableOf(result, "risk_bands"),
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
    return Find(*TableOf(result, "risk_bands"),
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
  const GatedTable& bands = *TableOf(result, "lace_bands");
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
  const GatedTable& bands = *TableOf(result, "lace_bands");
  EXPECT_EQ(Find(bands, {{"band", "All"}}, "discharges"), "3");
  EXPECT_EQ(Find(bands, {{"band", "All"}}, "readmitted"), "1");
  EXPECT_EQ(ScoreOf(bench, "lace", "max(points * readmitted)", twice), 4);
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
RiskCast QuotaCast() {
  RiskCast cast;
  for (int i = 1; i <= 400; ++i) {
    const int p = cast.Person(30 + i % 40, i % 2 == 0 ? "1" : "2");
    const bool prior = i <= 100;
    const bool next = i <= 50 || (i > 100 && i <= 115);
    const bool last = (i <= 26) || (i > 200 && i <= 234);
    if (prior) cast.Stay(p, "2024-03-01", "2024-03-02");
    if (next) cast.Stay(p, "2025-03-01", "2025-03-02");
    if (last) cast.Stay(p, "2026-03-01", "2026-03-02");
  }
  cast.Finish();
  return cast;
}

RunOptions OneFeature(const Bench& bench, const std::string& features) {
  RunOptions options;
  options.definitions = bench.root() + "/definitions";
  std::filesystem::create_directories(options.definitions);
  std::string text = *ReadFile(std::string(TALLY_SOURCE_DIR) +
                                   "/analytics/measures/definitions/C05.toml",
                               1 << 20);
  const size_t from = text.find("\nfeatures = [") + 1;
  text.replace(from, text.find(']', from) + 1 - from, features);
  EXPECT_TRUE(
      WriteFileAtomically(options.definitions + "/C05.toml", text, 0600).ok());
  return options;
}

TEST(RiskModelOfC05, FiguresEqualThoseWorkedByHand) {
  RiskCast cast = QuotaCast();
  Bench bench(cast.release);
  const MeasureResult result =
      RunRisk(bench, OneFeature(bench, "features = [\"emergency_12\"]"));
  const GatedTable& models = *TableOf(result, "risk_model");
  const std::map<std::string, std::string> row = {{"model", "Logistic model"}};
  EXPECT_EQ(Find(models, row, "persons"), "400");
  EXPECT_EQ(Find(models, row, "admitted"), "60");
  EXPECT_EQ(Find(models, row, "trained"), "2024-10");
  EXPECT_EQ(Find(models, row, "judged"), "2025-10");
  // (26 x 301 + (26 x 39 + 34 x 301) / 2) / (60 x 340)
  EXPECT_EQ(Find(models, row, "auc"), "0.66");
  // Of the top 5 %, 20 of the 65: 26 x 20 / 65 = 8 of 60.
  EXPECT_EQ(Find(models, row, "capture_5"), "0.13");
  // All 26, and 15 of the 335 others: 34 x 15 / 335.
  EXPECT_EQ(Find(models, row, "capture_20"), "0.46");
  const GatedTable& groups = *TableOf(result, "risk_calibration");
  const std::map<std::string, std::string> all = {{"group", "all"}};
  EXPECT_EQ(Find(groups, all, "observed"), "15.0");
  // 65 at 50 % and 335 at 5 %; the ridge pulls a little.
  EXPECT_NEAR(std::strtod(Find(groups, all, "predicted").c_str(), nullptr),
              100 * (65 * 0.5 + 335 * 0.05) / 400, 0.4);
  EXPECT_NEAR(std::strtod(Find(groups, all, "ratio").c_str(), nullptr),
              60 / 49.25, 0.04);
  int people = 0;
  for (const char* sex : {"male", "female"}) {
    people +=
        std::stoi(Find(groups, {{"group", "sex"}, {"level", sex}}, "persons"));
  }
  EXPECT_EQ(people, 400);
  // Two scores only: those of one score are in one band.
  const GatedTable& bands = *TableOf(result, "risk_bands");
  const auto in_band = [&](const std::string& band, const char* column) {
    return Find(bands,
                {{"model", "Logistic model"}, {"area", "All"}, {"band", band}},
                column);
  };
  EXPECT_EQ(in_band("top 0.5 %", "persons"), "65");
  EXPECT_EQ(in_band("top 0.5 %", "admitted"), "26");
  EXPECT_EQ(in_band("top 0.5 %", "observed"), "40.0");
  EXPECT_EQ(in_band("next 4.5 %", "persons"), "0");
  EXPECT_EQ(in_band("next 15 %", "persons"), "335");
  EXPECT_EQ(in_band("rest", "list"), "400");
}

TEST(RiskModelOfC05, ASeparatingFeatureIsRefusedWithItsReason) {
  RiskCast cast;
  for (int i = 1; i <= 60; ++i) {
    const int p = cast.Person();
    if (i > 20) continue;
    cast.Stay(p, "2024-03-01", "2024-03-02");
    cast.Stay(p, "2025-03-01", "2025-03-02");
  }
  // Twice in the window makes it a number, not a flag of zeros and ones.
  for (int i = 1; i <= 10; ++i) cast.Stay(i, "2024-04-01", "2024-04-02");
  cast.Finish();
  Bench bench(cast.release);
  const MeasureResult result =
      RunRisk(bench, OneFeature(bench, "features = [\"emergency_12\"]"));
  const GatedTable& models = *TableOf(result, "risk_model");
  EXPECT_EQ(Find(models, {{"model", "Logistic model"}}, "auc"), "absent");
  EXPECT_THAT(models.info().notes,
              testing::Contains(HasSubstr("The model is refused")));
  EXPECT_EQ(TableOf(result, "risk_calibration"), nullptr);
}

TEST(RiskModelOfC05, IsNotFittedBeforeTheReleaseBegins) {
  for (const bool reaches : {true, false}) {
    RiskCast cast = QuotaCast();
    // The training date is the end of October 2024.
    cast.release.period_start = reaches ? "2024-10-01" : "2024-11-01";
    Bench bench(cast.release);
    const MeasureResult result = RunRisk(bench);
    EXPECT_EQ(TableOf(result, "risk_calibration") != nullptr, reaches);
    EXPECT_NE(
        Find(*TableOf(result, "risk_bands"),
             {{"model", "Emergency admissions, 12 months before"}}, "persons"),
        "absent");
  }
}

TEST(RiskModelOfC05, LeavesOutAndNamesWhatTheReleaseLacks) {
  RiskCast cast;
  cast.Person();
  FixtureTable apc;
  apc.dataset = "sus-apc";
  apc.columns = {"admission_date", "admission_method"};
  cast.release.activity = {apc};
  Bench bench(cast.release);
  const MeasureResult result = RunRisk(bench);
  const GatedTable& bands = *TableOf(result, "risk_bands");
  EXPECT_EQ(Find(bands, {{"model", "Electronic frailty index"}}, "persons"),
            "absent");
  EXPECT_EQ(TableOf(result, "lace_bands"), nullptr);
  for (const char* words :
       {"Deficits (eFI) are not available", "has no diag_01", "no ecds",
        "no sus-op", "lacks: deficits, charlson_2011, ed_12, outpatient_12."}) {
    EXPECT_THAT(bands.info().notes, testing::Contains(HasSubstr(words)));
  }
}

TEST(RiskModelOfC05, NoOutputNamesAPerson) {
  RiskCast cast = QuotaCast();
  Bench bench(cast.release, "nhs-subnational");
  const MeasureResult result = RunRisk(bench);
  EXPECT_TRUE(result.refused.empty());
  for (const GatedTable& table : result.tables) {
    for (const ColumnSpec& column : table.columns()) {
      EXPECT_NE(column.name, "person");
    }
  }
  ASSERT_EQ(result.parts.size(), 2u);
  EXPECT_EQ(result.parts[0].page, "risk");
  EXPECT_EQ(result.parts[0].charts[1].type(), "calibration");
}

}  // namespace
}  // namespace tally::analytics
