// Frequent attenders: thresholds, the ends of the year, planned follow-ups, and
// runs of attendances within 365 days. The year is 1 November 2025 to 31
// October 2026. How many attend at all is booked with the rows.
#include <array>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lanes/lanes.h"

namespace tally::demo {
namespace {

Attendance Visit(int day) { return {.day = day, .provider = "RXE"}; }

// `count` visits of the year, 17 days apart from 5 November on.
std::vector<Attendance> Visits(int count) {
  std::vector<Attendance> visits;
  for (int i = 0; i < count; ++i) {
    visits.push_back(Visit(Ymd(2025, 11, 5) + 17 * i));
  }
  return visits;
}

// Attendances of the year by somebody who has at least 5, 10 and 20 of them
// (0: below), and attendances that have three earlier ones.
struct FrequentTruth {
  int64_t at5 = 0;
  int64_t at10 = 0;
  int64_t at20 = 0;
  int64_t rolling = 0;
};

void ExpectVisits(const char* department, const FrequentTruth& truth,
                  Case& part) {
  const std::string where = std::string("department=") + department;
  const auto at = [&](const char* threshold, int64_t attendances) {
    if (attendances == 0) return;
    const std::string dimensions = std::string("threshold=") + threshold;
    part.expect.push_back({"C21", "hiu_summary", "persons", 1, dimensions});
    part.expect.push_back(
        {"C21", "hiu_summary", "attendances", attendances, dimensions});
  };
  // The table of a year is about all departments.
  if (std::string_view(department) == "all") {
    at("5", truth.at5);
    at("10", truth.at10);
    at("20", truth.at20);
  }
  part.expect.push_back(
      {"C21", "hiu_rolling", "frequent", truth.rolling, where, false, false});
}

Case FrequentCase(const char* what, std::vector<Attendance> visits,
                  const FrequentTruth& all, const FrequentTruth& type1) {
  Case part;
  part.what = what;
  part.rows.attendances = std::move(visits);
  ExpectVisits("all", all, part);
  ExpectVisits("type1", type1, part);
  return part;
}

void AddFrequentThresholds(std::vector<Case>& cases) {
  struct Line {
    int visits;
    FrequentTruth truth;
  };
  const std::array<Line, 6> lines = {{{4, {0, 0, 0, 1}},
                                      {5, {5, 0, 0, 2}},
                                      {9, {9, 0, 0, 6}},
                                      {10, {10, 10, 0, 7}},
                                      {19, {19, 19, 0, 16}},
                                      {20, {20, 20, 20, 17}}}};
  for (const Line& line : lines) {
    cases.push_back(FrequentCase("so many visits of type 1",
                                 Visits(line.visits), line.truth, line.truth));
  }
}

void AddYears(std::vector<Case>& cases) {
  std::vector<Attendance> visits = Visits(4);
  visits.push_back(Visit(Ymd(2025, 11, 1)));
  cases.push_back(FrequentCase("the fifth on the first day of the year", visits,
                               {5, 0, 0, 2}, {5, 0, 0, 2}));
  visits.back() = Visit(kCensus);
  cases.push_back(FrequentCase("the fifth on the last day", visits,
                               {5, 0, 0, 2}, {5, 0, 0, 2}));
  visits.back() = Visit(Ymd(2025, 10, 31));
  cases.push_back(FrequentCase("the fifth a day before the year", visits,
                               {0, 0, 0, 2}, {0, 0, 0, 2}));
}

void AddKinds(std::vector<Case>& cases) {
  std::vector<Attendance> visits = Visits(5);
  visits[2].category = "2";
  cases.push_back(FrequentCase("one of five is planned", visits, {0, 0, 0, 1},
                               {0, 0, 0, 1}));
  visits[2].category = "3";
  cases.push_back(FrequentCase("one of five is a follow-up", visits,
                               {0, 0, 0, 1}, {0, 0, 0, 1}));
  visits[2].category = "1";
  visits[2].type = "03";
  cases.push_back(FrequentCase("one of five at an urgent treatment centre",
                               visits, {5, 0, 0, 2}, {0, 0, 0, 1}));
}

void AddRuns(std::vector<Case>& cases) {
  // The first of four lies before the year.
  cases.push_back(
      FrequentCase("the fourth 365 days after the first",
                   {Visit(Ymd(2025, 10, 1)), Visit(Ymd(2025, 12, 1)),
                    Visit(Ymd(2026, 3, 1)), Visit(Ymd(2026, 10, 1))},
                   {0, 0, 0, 1}, {0, 0, 0, 1}));
  cases.push_back(
      FrequentCase("the fourth 366 days after the first",
                   {Visit(Ymd(2025, 9, 30)), Visit(Ymd(2025, 12, 1)),
                    Visit(Ymd(2026, 3, 1)), Visit(Ymd(2026, 10, 1))},
                   {0, 0, 0, 0}, {0, 0, 0, 0}));
  Attendance later = Visit(Ymd(2026, 3, 1));
  later.hour = 15;
  cases.push_back(FrequentCase("the third and the fourth on one day",
                               {Visit(Ymd(2026, 1, 1)), Visit(Ymd(2026, 2, 1)),
                                later, Visit(Ymd(2026, 3, 1))},
                               {0, 0, 0, 1}, {0, 0, 0, 1}));
}

}  // namespace

Lane FrequentLane() {
  Lane lane = {.name = "frequent", .first_practice = 3};
  AddFrequentThresholds(lane.cases);
  AddYears(lane.cases);
  AddKinds(lane.cases);
  AddRuns(lane.cases);
  return lane;
}

}  // namespace tally::demo
