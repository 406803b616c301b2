// Monthly series of attendances, one provider each: a trend with a season and
// no noise, a level with one shock, and one for control charts. Nobody attends
// twice within a year.
#include <array>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/civil_day.h"
#include "demo/person.h"
#include "lanes/lanes.h"

namespace tally::demo {
namespace {

constexpr int kSeriesFirst = 2022 * 12 + 9;  // October 2022
constexpr int kSeriesMonths = 49;
// Sums to nothing over a year; January first.
constexpr std::array<int, 12> kSeason = {3,  2,  1,  0, -1, -2,
                                         -3, -2, -1, 0, 1,  2};

// `counts` attendances a month at `provider`, before month `from` at the one
// that it succeeded. Person k of every thirteenth month is the same, so a year
// and a month lie between two of them.
void AddSeries(const char* provider, const std::vector<int>& counts,
               std::vector<Case>& cases, int from = 0,
               const char* before = "") {
  constexpr int kCycle = 13;
  std::map<std::pair<int, int>, Case> people;
  for (int m = 0; m < static_cast<int>(counts.size()); ++m) {
    const int month = kSeriesFirst + m;
    for (int k = 0; k < counts[static_cast<size_t>(m)]; ++k) {
      Case& part = people[{m % kCycle, k}];
      part.what = "of a series";
      part.born = 1950 + k % 50;
      part.rows.attendances.push_back(
          {.day = FirstDay(month).days() + k % 28,
           .provider = m < from ? before : provider});
      part.expect.push_back({"C11", "activity_month", "events", 1,
                             std::string("by=provider;level=") + provider +
                                 ";month=" + MonthText(month) + ";pod=ed_1",
                             false, false});
    }
  }
  for (auto& [key, part] : people) cases.push_back(std::move(part));
}

// What a forecast of the trend and season must say, exactly.
void ExpectForecast(Case& part) {
  for (int m = kSeriesMonths; m < kSeriesMonths + 6; ++m) {
    const int month = kSeriesFirst + m;
    for (const char* column : {"plan", "lo", "hi"}) {
      part.expect.push_back(
          {"D09", "activity_plan", column,
           4 + m + kSeason[static_cast<size_t>(month % 12)],
           "month=" + MonthText(month) + ";pod=ed_1;provider=RXS;tfc=All",
           false, false});
    }
    part.expect.push_back(
        {"C11", "forecast", "point",
         4 + m + kSeason[static_cast<size_t>(month % 12)],
         "by=provider;level=RXS;month=" + MonthText(month) + ";pod=ed_1", false,
         false});
  }
}

}  // namespace

Lane SeriesLane() {
  Lane lane = {.name = "series", .first_practice = 19};
  std::vector<int> trend;
  std::vector<int> shock(kSeriesMonths, 8);
  std::vector<int> control;
  for (int m = 0; m < kSeriesMonths; ++m) {
    trend.push_back(4 + m + kSeason[static_cast<size_t>((9 + m) % 12)]);
    control.push_back(m % 2 == 0 ? 9 : 11);
  }
  shock[40] = 30;    // February 2026
  control[44] = 25;  // June 2026
  // RXQ until May 2024: reference file provider_successors.
  AddSeries("RXS", trend, lane.cases, 20, "RXQ");
  ExpectForecast(lane.cases.front());
  AddSeries("RXT", shock, lane.cases);
  AddSeries("RXU", control, lane.cases);
  return lane;
}

}  // namespace tally::demo
