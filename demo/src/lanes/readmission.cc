// Emergency readmissions within thirty days: intervals, exclusions, chains.
// Figures are of financial year 2025.
#include <string>
#include <utility>
#include <vector>

#include "lanes/lanes.h"

namespace tally::demo {
namespace {

// The index stay of most cases: 5 to 9 January 2026.
constexpr int kIndexIn = Ymd(2026, 1, 5);
constexpr int kIndexOut = Ymd(2026, 1, 9);

Episode IndexStay() {
  return {.admission = kIndexIn,
          .discharge = kIndexOut,
          .method = "11",
          .provider = "RXC",
          .pod = "elective"};
}

// Three days, `gap` days after the discharge of 9 January.
Episode ReturnAfter(int gap, std::string method = "21") {
  return {.spell = 1,
          .admission = kIndexOut + gap,
          .discharge = kIndexOut + gap + 3,
          .method = std::move(method),
          .provider = "RXC"};
}

Case ReadmissionCase(const char* what, std::vector<Episode> episodes,
                     int64_t index, int64_t readmitted) {
  Case part;
  part.what = what;
  part.rows.episodes = std::move(episodes);
  part.expect = {{"C20", "readmission_30d", "index_spells", index},
                 {"C20", "readmission_30d", "readmitted", readmitted}};
  for (Expect& expect : part.expect) expect.all = false;
  return part;
}

void AddIntervals(std::vector<Case>& cases) {
  cases.push_back(ReadmissionCase("on the day of discharge",
                                  {IndexStay(), ReturnAfter(0)}, 2, 1));
  cases.push_back(
      ReadmissionCase("day 1", {IndexStay(), ReturnAfter(1)}, 2, 1));
  cases.push_back(
      ReadmissionCase("day 29", {IndexStay(), ReturnAfter(29)}, 2, 1));
  cases.push_back(
      ReadmissionCase("day 30", {IndexStay(), ReturnAfter(30)}, 2, 0));
  Episode other = ReturnAfter(5);
  other.provider = "RXD";
  cases.push_back(
      ReadmissionCase("at another provider", {IndexStay(), other}, 2, 1));
}

void AddMethods(std::vector<Case>& cases) {
  for (const char* method :
       {"21", "22", "23", "24", "25", "28", "2A", "2B", "2C", "2D"}) {
    cases.push_back(ReadmissionCase(
        "each emergency method", {IndexStay(), ReturnAfter(5, method)}, 2, 1));
  }
  for (const char* method : {"11", "12", "13"}) {
    Episode planned = ReturnAfter(5, method);
    planned.pod = "elective";
    cases.push_back(ReadmissionCase("planned", {IndexStay(), planned}, 2, 0));
  }
  Episode transfer = ReturnAfter(5, "81");
  transfer.pod = "transfer";
  cases.push_back(ReadmissionCase("a transfer after five days",
                                  {IndexStay(), transfer}, 2, 0));
}

void AddEnds(std::vector<Case>& cases) {
  Episode dead = IndexStay();
  dead.discharge_method = "4";
  dead.destination = "79";
  Case died = ReadmissionCase("died in the index stay", {dead}, 0, 0);
  died.died = kIndexOut;
  cases.push_back(died);
  Episode back = ReturnAfter(10);
  back.discharge_method = "4";
  back.destination = "79";
  Case later =
      ReadmissionCase("died in the readmission", {IndexStay(), back}, 1, 1);
  later.died = Ymd(2026, 1, 22);
  cases.push_back(later);
  Episode day_case = IndexStay();
  day_case.discharge = kIndexIn;
  day_case.classification = "2";
  day_case.pod = "day_case";
  cases.push_back(
      ReadmissionCase("after a day case", {day_case, ReturnAfter(5)}, 1, 0));
  Episode regular = IndexStay();
  regular.classification = "3";
  regular.pod = "regular";
  cases.push_back(ReadmissionCase("after a regular attendance",
                                  {regular, ReturnAfter(5)}, 1, 0));
  Episode lasting = ReturnAfter(0);
  lasting.admission = Ymd(2026, 1, 20);
  lasting.discharge = kNoDay;
  lasting.last = false;
  lasting.sent = Ymd(2026, 9, 30);
  cases.push_back(ReadmissionCase("a readmission that lasts",
                                  {IndexStay(), lasting}, 1, 1));
}

// A day case with a cancer code `days` before an index stay of one day, 20
// January 2026.
Case CancerBefore(int days, int64_t index) {
  Episode cancer = {.admission = Ymd(2026, 1, 20) - days,
                    .discharge = Ymd(2026, 1, 20) - days,
                    .method = "11",
                    .classification = "2",
                    .provider = "RXC",
                    .diagnoses = {"C509"},
                    .pod = "day_case"};
  Episode stay = {.spell = 1,
                  .admission = Ymd(2026, 1, 20),
                  .discharge = Ymd(2026, 1, 20),
                  .provider = "RXC"};
  return ReadmissionCase("cancer some days before", {cancer, stay}, index, 0);
}

void AddExclusions(std::vector<Case>& cases) {
  cases.push_back(CancerBefore(364, 0));
  cases.push_back(CancerBefore(365, 0));
  cases.push_back(CancerBefore(366, 1));
  for (const char* code : {"C000", "C509", "C97X", "D370", "D489"}) {
    Episode stay = IndexStay();
    stay.diagnoses = {"M201", code};
    cases.push_back(ReadmissionCase("cancer in the index stay", {stay}, 0, 0));
  }
  for (const char* code : {"D099", "D360"}) {
    Episode stay = IndexStay();
    stay.diagnoses = {"M201", code};
    cases.push_back(ReadmissionCase("a code beside cancer", {stay}, 1, 0));
  }
  Episode back = ReturnAfter(10);
  back.diagnoses = {"M201", "C509"};
  cases.push_back(
      ReadmissionCase("cancer in the readmission", {IndexStay(), back}, 1, 0));
  for (const char* specialty : {"501", "560", "610", "710"}) {
    Episode stay = IndexStay();
    stay.specialty = specialty;
    stay.pod =
        std::string(specialty) == "501" || std::string(specialty) == "560"
            ? "maternity"
            : "elective";
    Case part = ReadmissionCase("obstetrics, mental health", {stay}, 0, 0);
    part.sex = '2';
    part.born = 1995;
    cases.push_back(part);
  }
  Episode stay = IndexStay();
  stay.specialty = "502";
  Case part = ReadmissionCase("gynaecology is neither", {stay}, 1, 0);
  part.sex = '2';
  cases.push_back(part);
}

void AddChainsOfReturns(std::vector<Case>& cases) {
  Episode second = ReturnAfter(20);
  second.spell = 2;
  cases.push_back(
      ReadmissionCase("two readmissions: each of the last discharge",
                      {IndexStay(), ReturnAfter(5), second}, 3, 2));
  Episode inside = ReturnAfter(10);
  inside.destination = "51";
  Episode moved = ReturnAfter(13, "81");
  moved.spell = 2;
  moved.provider = "RXD";
  moved.pod = "transfer";
  cases.push_back(ReadmissionCase("a readmission of two spells",
                                  {IndexStay(), inside, moved}, 2, 1));
}

// Stays at the ends of financial year 2025.
void AddYearEnds(std::vector<Case>& cases) {
  const auto stay = [](int spell, int discharge, const char* method) {
    return Episode{
        .spell = spell,
        .admission = discharge - 2,
        .discharge = discharge,
        .method = method,
        .provider = "RXC",
        .pod = std::string(method) == "21" ? "emergency" : "elective"};
  };
  cases.push_back(ReadmissionCase(
      "discharged on 31 March, back in April",
      {stay(0, Ymd(2026, 3, 31), "11"), stay(1, Ymd(2026, 4, 22), "21")}, 1,
      1));
  cases.push_back(ReadmissionCase(
      "discharged on 1 April, back in April",
      {stay(0, Ymd(2026, 4, 1), "11"), stay(1, Ymd(2026, 4, 22), "21")}, 0, 0));
  cases.push_back(ReadmissionCase("discharged on 1 April of 2025",
                                  {stay(0, Ymd(2025, 4, 1), "11")}, 1, 0));
  cases.push_back(ReadmissionCase("discharged on 31 March of 2025",
                                  {stay(0, Ymd(2025, 3, 31), "11")}, 0, 0));
}

}  // namespace

Lane ReadmissionLane() {
  Lane lane = {.name = "readmission", .first_practice = 2};
  AddIntervals(lane.cases);
  AddMethods(lane.cases);
  AddEnds(lane.cases);
  AddExclusions(lane.cases);
  AddChainsOfReturns(lane.cases);
  AddYearEnds(lane.cases);
  return lane;
}

}  // namespace tally::demo
