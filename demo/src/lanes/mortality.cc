// Deaths: a practice with ten and one with nine, before and from 75 on, late
// registration, and deaths 30 and 31 days after a discharge. Deaths of January
// to March 2026.
#include <string>
#include <utility>
#include <vector>

#include "lanes/lanes.h"

namespace tally::demo {
namespace {

// Somebody who died on `day` of `cause`, at `age` years of the financial year
// 2025; `premature`: under 75.
Case DeathCase(const char* what, int practice, int age, int day,
               const char* cause, int64_t premature) {
  Case part;
  part.what = what;
  part.practice = practice;
  part.born = 2025 - age;
  part.died = day;
  part.rows.deaths = {
      {.day = day, .registered = day + 4, .cause = cause, .place = "home"}};
  part.expect = {
      {"C15", "mortality", "deaths", 1, "age_group=all;cause=all", false},
      {"C15", "mortality", "deaths", premature, "age_group=under75;cause=all",
       false}};
  return part;
}

void AddTen(std::vector<Case>& cases) {
  const int day = Ymd(2026, 1, 12);
  const std::vector<std::pair<int, int64_t>> ages = {{52, 1}, {61, 1}, {74, 1},
                                                     {75, 0}, {78, 0}, {82, 0},
                                                     {85, 0}, {88, 0}, {90, 0}};
  int later = 0;
  for (const auto& [age, premature] : ages) {
    cases.push_back(
        DeathCase("one of ten", 0, age, day + 7 * later, "R99X", premature));
    ++later;
  }
  Case late = DeathCase("the tenth, registered in the newest month", 0, 70,
                        Ymd(2026, 1, 20), "R99X", 1);
  late.rows.deaths[0].registered = Ymd(2026, 10, 5);
  cases.push_back(late);
}

void AddNine(std::vector<Case>& cases) {
  const int day = Ymd(2026, 2, 2);
  for (int i = 0; i < 9; ++i) {
    cases.push_back(DeathCase("one of nine", 1, 80, day + 3 * i, "R99X", 0));
  }
}

// In a third practice: deaths of April and May 2026.
Case AfterDischarge(const char* what, int days, int64_t counted,
                    bool in_hospital) {
  const int out = Ymd(2026, 4, 10);
  Case part;
  part.what = what;
  part.practice = 2;
  part.born = 1945;
  part.died = out + days;
  part.rows.deaths = {{.day = out + days, .registered = out + days + 3}};
  Episode stay = {.admission = out - 4, .discharge = out, .provider = "RXH"};
  if (in_hospital) {
    stay.discharge_method = "4";
    stay.destination = "79";
  }
  part.rows.episodes = {stay};
  part.expect = {
      {"C15", "mortality", "deaths", 1, "age_group=all;cause=all", false},
      {"C15", "mortality", "deaths", 0, "age_group=under75;cause=all", false},
      {"SHMI", "shmi_style", "spells", 1, "provider=RXH", false, false},
      {"SHMI", "shmi_style", "deaths", counted, "provider=RXH", false, false}};
  return part;
}

void AddDischarges(std::vector<Case>& cases) {
  cases.push_back(AfterDischarge("died in hospital", 0, 1, true));
  cases.push_back(AfterDischarge("a day after discharge", 1, 1, false));
  cases.push_back(AfterDischarge("30 days after", 30, 1, false));
  cases.push_back(AfterDischarge("31 days after", 31, 0, false));
}

}  // namespace

Lane MortalityLane() {
  Lane lane = {.name = "mortality", .first_practice = 6, .practices = 3};
  AddTen(lane.cases);
  AddNine(lane.cases);
  AddDischarges(lane.cases);
  return lane;
}

}  // namespace tally::demo
