// Inequality: attendances of the people of each deprivation decile, in three
// practices: falling evenly from decile 1 to 10, the same in all, and rising;
// the same at every age. So standardising changes nothing, and the slope index
// has a closed form (docs/population.md).
#include <string>
#include <vector>

#include "lanes/lanes.h"

namespace tally::demo {
namespace {

constexpr int kPeoplePerBand = 5;
constexpr int kInequalityBands = 19;

// `events` attendances of the five people of each age band of the decile, one
// or two each.
void AddDecile(int practice, int decile, int events, std::vector<Case>& cases) {
  const std::string where =
      "imd_decile=" + std::to_string(decile) + ";measure=ed_attendances";
  for (int i = 0; i < kPeoplePerBand; ++i) {
    const int visits =
        events / kPeoplePerBand + (i < events % kPeoplePerBand ? 1 : 0);
    for (int band = 0; band < kInequalityBands; ++band) {
      Case part;
      part.what = "attends so often";
      part.practice = practice;
      part.born = 2026 - (5 * band + 2);  // in the band in 2025 and 2026
      part.sex = i % 2 == 0 ? '1' : '2';
      part.decile = decile;
      part.expect = {
          {"C06", "inequality_deciles", "people", 1, where, false},
          {"C06", "inequality_deciles", "events", visits, where, false}};
      for (int n = 0; n < visits; ++n) {
        part.rows.attendances.push_back(
            {.day = Ymd(2026, 2, 2 + decile + 10 * n), .provider = "RXN"});
      }
      cases.push_back(part);
    }
  }
}

}  // namespace

Lane InequalityLane() {
  Lane lane = {.name = "inequality", .first_practice = 16, .practices = 3};
  lane.members = 0;
  for (int decile = 1; decile <= 10; ++decile) {
    AddDecile(0, decile, 11 - decile, lane.cases);
    AddDecile(1, decile, 5, lane.cases);
    AddDecile(2, decile, decile, lane.cases);
  }
  return lane;
}

}  // namespace tally::demo
