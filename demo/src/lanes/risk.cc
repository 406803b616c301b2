// Risk: each group of the Charlson score, each level of LACE, and counts of
// frailty deficits on either side of the bands.
#include <array>
#include <string>
#include <utility>
#include <vector>

#include "lanes/lanes.h"

namespace tally::demo {
namespace {

constexpr const char* kRiskProvider = "RXR";
// Before 31 October 2025, the date at which a score of a year's outcome is
// taken.
constexpr int kRiskDay = Ymd(2025, 6, 16);

// Scores by the weights of 1987 and 2011, hierarchy on, and the points of LACE
// of a planned stay of two days with the codes.
struct CharlsonLine {
  std::vector<std::string> codes;
  int64_t first;
  int64_t second;
  int64_t lace;
};

// The bands in which scores are printed. Most people of the practice have a
// score of 0, and they are not counted.
void ExpectCharlson(int64_t score, const char* weights, Case& part) {
  if (score == 0) return;
  const char* band = score <= 2 ? "1 to 2" : "5 or more";
  if (score == 3 || score == 4) band = "3 to 4";
  part.expect.push_back({"C05", "risk_bands", "persons", 1,
                         std::string("band=") + band +
                             ";model=Charlson index weights of " + weights +
                             " hierarchy on",
                         false});
}

void ExpectLace(int64_t score, Case& part) {
  const char* band = score <= 4 ? "low 0 to 4" : "high 10 or more";
  if (score >= 5 && score <= 9) band = "moderate 5 to 9";
  part.expect.push_back({"C05", "lace_bands", "discharges", 1,
                         std::string("band=") + band, false});
}

Case CharlsonCase(const CharlsonLine& line) {
  Case part;
  part.what = "codes of a planned stay";
  part.rows.episodes = {{.admission = kRiskDay,
                         .discharge = kRiskDay + 2,
                         .method = "11",
                         .provider = kRiskProvider,
                         .diagnoses = line.codes,
                         .pod = "elective"}};
  part.rows.episodes[0].diagnoses.insert(
      part.rows.episodes[0].diagnoses.begin(), "M201");
  ExpectCharlson(line.first, "1987", part);
  ExpectCharlson(line.second, "2011", part);
  ExpectLace(line.lace, part);
  return part;
}

std::vector<CharlsonLine> CharlsonLines() {
  return {{{"I210"}, 1, 0, 3},
          {{"I500"}, 1, 2, 3},
          {{"I702"}, 1, 0, 3},
          {{"I639"}, 1, 0, 3},
          {{"F009"}, 1, 2, 3},
          {{"J440"}, 1, 1, 3},
          {{"M059"}, 1, 1, 3},
          {{"K259"}, 1, 0, 3},
          {{"K703"}, 1, 2, 3},
          {{"E119"}, 1, 0, 3},
          {{"E112"}, 2, 1, 4},
          {{"G819"}, 2, 2, 4},
          {{"N185"}, 2, 1, 4},
          {{"C509"}, 2, 2, 4},
          {{"K767"}, 3, 4, 5},
          {{"C780"}, 6, 6, 7},
          {{"B20X"}, 6, 4, 7},
          {{"K766"}, 3, 4, 5},
          // Each group once; the graver one cancels the lesser.
          {{"I210", "I252"}, 1, 0, 3},
          {{"E119", "E112"}, 2, 1, 4},
          {{"K703", "K767"}, 3, 4, 5},
          {{"C509", "C780"}, 6, 6, 7},
          {{"I210", "F009"}, 2, 2, 4},
          {{"I500", "J440", "N185"}, 4, 4, 7},
          // Codes beside a group.
          {{"I200"}, 0, 0, 2},
          {{"E139", "I459"}, 1, 0, 3},
          {{"C449"}, 0, 0, 2},
          {{"J390"}, 0, 0, 2}};
}

// A stay that ends on 20 March 2025, with visits in the six months before.
struct LaceLine {
  const char* what;
  int days;
  bool emergency;
  std::vector<std::string> codes;
  std::vector<int> visits;
  int64_t score;
  int64_t first = 0;   // Charlson's score by the weights of 1987
  int64_t second = 0;  // and of 2011
  // Visits that have three earlier ones within a year (C21).
  int64_t frequent = 0;
};

Case LaceCase(const LaceLine& line) {
  const int out = Ymd(2025, 3, 20);
  Case part;
  part.what = line.what;
  part.rows.episodes = {{.admission = out - line.days,
                         .discharge = out,
                         .method = line.emergency ? "21" : "11",
                         .provider = "RXI",
                         .diagnoses = {"M201"},
                         .pod = line.emergency ? "emergency" : "elective"}};
  for (const std::string& code : line.codes) {
    part.rows.episodes[0].diagnoses.push_back(code);
  }
  for (const int day : line.visits) {
    part.rows.attendances.push_back({.day = day, .provider = "RXI"});
  }
  ExpectLace(line.score, part);
  ExpectCharlson(line.first, "1987", part);
  ExpectCharlson(line.second, "2011", part);
  for (const char* department : {"all", "type1"}) {
    part.expect.push_back({"C21", "hiu_rolling", "frequent", line.frequent,
                           std::string("department=") + department, false,
                           false});
  }
  return part;
}

std::vector<LaceLine> LaceLines() {
  const int one = Ymd(2025, 2, 1);
  const int two = Ymd(2025, 1, 15);
  const int three = Ymd(2024, 12, 20);
  const int four = Ymd(2024, 12, 1);
  const int five = Ymd(2024, 11, 10);
  return {{"L of 0 days", 0, false, {}, {}, 0},
          {"L of 1", 1, false, {}, {}, 1},
          {"L of 2", 2, false, {}, {}, 2},
          {"L of 3", 3, false, {}, {}, 3},
          {"L of 4", 4, false, {}, {}, 4},
          {"L of 6", 6, false, {}, {}, 4},
          {"L of 7", 7, false, {}, {}, 5},
          {"L of 13", 13, false, {}, {}, 5},
          {"L of 14", 14, false, {}, {}, 7},
          {"A", 1, true, {}, {}, 4},
          {"C of 1", 1, false, {"I210"}, {}, 2, 1, 0},
          {"C of 2", 1, false, {"N185"}, {}, 3, 2, 1},
          {"C of 3", 1, false, {"K767"}, {}, 4, 3, 4},
          {"C of 4", 1, false, {"N185", "G819"}, {}, 6, 4, 3},
          {"C of 6", 1, false, {"C780"}, {}, 6, 6, 6},
          {"E of 1", 1, false, {}, {one}, 2},
          {"E of 2", 1, false, {}, {one, two}, 3},
          {"E of 3", 1, false, {}, {one, two, three}, 4},
          {"E of 4", 1, false, {}, {one, two, three, four}, 5, 0, 0, 1},
          {"E of 5", 1, false, {}, {one, two, three, four, five}, 5, 0, 0, 2},
          {"E: one seven months before", 1, false, {}, {Ymd(2024, 8, 10)}, 1},
          {"9", 6, false, {"I210"}, {one, two, three, four}, 9, 1, 0, 1},
          {"10", 7, false, {"I210"}, {one, two, three, four}, 10, 1, 0, 1},
          {"19", 14, true, {"C780"}, {one, two, three, four}, 19, 6, 6, 1}};
}

// The deficits of the electronic frailty index but polypharmacy, a cluster
// each.
constexpr std::array<const char*, 35> kDeficits = {"EFI_ACTLIM_COD",
                                                   "EFI_ANAEMIA_COD",
                                                   "EFI_ARTH_COD",
                                                   "AFIB_COD",
                                                   "STRK_COD",
                                                   "CKD_COD",
                                                   "DM_COD",
                                                   "EFI_DIZZY_COD",
                                                   "EFI_DYSPNOEA_COD",
                                                   "FALLS_COD",
                                                   "EFI_FOOT_COD",
                                                   "FF_COD",
                                                   "EFI_HEARING_COD",
                                                   "HF_COD",
                                                   "EFI_VALVE_COD",
                                                   "HOUSEBOUND_COD",
                                                   "HYP_COD",
                                                   "EFI_HYPOT_COD",
                                                   "CHD_COD",
                                                   "EFI_MEMORY_COD",
                                                   "EFI_MOBILITY_COD",
                                                   "OSTEO_COD",
                                                   "EFI_PARK_COD",
                                                   "EFI_ULCER_COD",
                                                   "PAD_COD",
                                                   "EFI_CARE_COD",
                                                   "COPD_COD",
                                                   "EFI_SKINULCER_COD",
                                                   "EFI_SLEEP_COD",
                                                   "EFI_SOCIAL_COD",
                                                   "EFI_THYROID_COD",
                                                   "EFI_INCONT_COD",
                                                   "EFI_URINARY_COD",
                                                   "EFI_VISUAL_COD",
                                                   "EFI_WEIGHTLOSS_COD"};

// The first `count` deficits, each on record.
Case FrailtyCase(const char* band, size_t count) {
  Case part;
  part.what = "so many deficits";
  part.born = 1945;
  for (size_t i = 0; i < count; ++i) {
    part.rows.events.push_back(
        {.day = Ymd(2025, 3, 1) + 7 * static_cast<int>(i),
         .cluster = kDeficits[i]});
  }
  // Everybody else of the practice is fit too, so the fit are not counted.
  if (std::string(band) != "fit") {
    part.expect = {
        {"C05", "risk_bands", "persons", 1,
         std::string("band=") + band + ";model=Electronic frailty index",
         false}};
  }
  return part;
}

void AddFrailty(std::vector<Case>& cases) {
  cases.push_back(FrailtyCase("fit", 4));
  cases.push_back(FrailtyCase("mild", 5));
  cases.push_back(FrailtyCase("mild", 8));
  cases.push_back(FrailtyCase("moderate", 9));
  cases.push_back(FrailtyCase("moderate", 12));
  cases.push_back(FrailtyCase("severe", 13));
  cases.push_back(FrailtyCase("severe", kDeficits.size()));
  Case twice = FrailtyCase("fit", 4);
  twice.what = "a deficit recorded twice";
  twice.rows.events.push_back(twice.rows.events.front());
  twice.rows.events.back().day += 100;
  cases.push_back(twice);
}

}  // namespace

Lane RiskLane() {
  Lane lane = {.name = "risk", .first_practice = 14};
  for (const CharlsonLine& line : CharlsonLines()) {
    lane.cases.push_back(CharlsonCase(line));
  }
  for (const LaceLine& line : LaceLines()) lane.cases.push_back(LaceCase(line));
  AddFrailty(lane.cases);
  return lane;
}

}  // namespace tally::demo
