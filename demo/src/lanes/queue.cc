// Referral to treatment: waits on either side of every bound at the census of
// 31 October 2026, and clocks that stopped. One provider, one specialty.
#include <string>
#include <utility>
#include <vector>

#include "lanes/lanes.h"

namespace tally::demo {
namespace {

constexpr const char* kQueueProvider = "RXK";

Appointment QueueVisit(int start, const char* status, int day,
                       int stop = kNoDay) {
  return {.day = day,
          .outcome = "2",
          .referred = start,
          .specialty = "110",
          .provider = kQueueProvider,
          .rtt_status = status,
          .rtt_start = start,
          .rtt_end = stop};
}

// Pathways that are incomplete at the census, within 18 weeks, over 52 and 65.
struct QueueTruth {
  int64_t incomplete;
  int64_t within18 = 0;
  int64_t over52 = 0;
  int64_t over65 = 0;
};

Case QueueCase(const char* what, std::vector<Appointment> visits,
               const QueueTruth& truth) {
  Case part;
  part.what = what;
  part.rows.appointments = std::move(visits);
  const auto add = [&](const char* column, int64_t value) {
    part.expect.push_back({"C12", "rtt_summary", column, value,
                           "provider=RXK;tfc=110", false, false});
  };
  add("incomplete", truth.incomplete);
  add("within_18", truth.within18);
  add("over_52", truth.over52);
  add("over_65", truth.over65);
  return part;
}

void AddWaits(std::vector<Case>& cases) {
  struct Line {
    int days;
    QueueTruth truth;
  };
  for (const Line& line : std::vector<Line>{{1, {1, 1, 0, 0}},
                                            {125, {1, 1, 0, 0}},
                                            {126, {1, 1, 0, 0}},
                                            {127, {1, 0, 0, 0}},
                                            {363, {1, 0, 0, 0}},
                                            {364, {1, 0, 0, 0}},
                                            {365, {1, 0, 1, 0}},
                                            {454, {1, 0, 1, 0}},
                                            {455, {1, 0, 1, 0}},
                                            {456, {1, 0, 1, 1}}}) {
    const int start = kCensus - line.days;
    cases.push_back(QueueCase("waits so many days",
                              {QueueVisit(start, "10", start)}, line.truth));
  }
  cases.push_back(QueueCase("starts on the census day",
                            {QueueVisit(kCensus, "10", kCensus)},
                            {1, 1, 0, 0}));
}

void AddStops(std::vector<Case>& cases) {
  const int start = Ymd(2026, 8, 3);  // 89 days
  cases.push_back(QueueCase("stops on the census day",
                            {QueueVisit(start, "10", Ymd(2026, 8, 20)),
                             QueueVisit(start, "30", kCensus, kCensus)},
                            {0}));
  for (const char* status : {"30", "31", "32", "33", "34", "35", "36"}) {
    cases.push_back(QueueCase(
        "each status that stops the clock",
        {QueueVisit(start, "10", Ymd(2026, 8, 20)),
         QueueVisit(start, status, Ymd(2026, 10, 15), Ymd(2026, 10, 15))},
        {0}));
  }
  for (const char* status : {"20", "21"}) {
    cases.push_back(QueueCase("each status that goes on",
                              {QueueVisit(start, "10", Ymd(2026, 8, 20)),
                               QueueVisit(start, status, Ymd(2026, 10, 15))},
                              {1, 1, 0, 0}));
  }
  for (const char* status : {"11", "12"}) {
    cases.push_back(QueueCase("each status that starts a clock",
                              {QueueVisit(start, status, Ymd(2026, 8, 20))},
                              {1, 1, 0, 0}));
  }
  for (const char* status : {"90", "91", "92", "98", "99"}) {
    cases.push_back(QueueCase("each status that does not count",
                              {QueueVisit(start, status, Ymd(2026, 8, 20))},
                              {0}));
  }
}

void AddClocks(std::vector<Case>& cases) {
  const int start = Ymd(2026, 8, 3);
  const int second = Ymd(2026, 5, 4);  // 180 days
  cases.push_back(
      QueueCase("two clocks, one of them stopped",
                {QueueVisit(second, "10", Ymd(2026, 5, 20)),
                 QueueVisit(second, "30", Ymd(2026, 7, 1), Ymd(2026, 7, 1)),
                 QueueVisit(start, "11", Ymd(2026, 8, 20))},
                {1, 1, 0, 0}));
  cases.push_back(QueueCase("two clocks that run",
                            {QueueVisit(second, "10", Ymd(2026, 5, 20)),
                             QueueVisit(start, "10", Ymd(2026, 8, 20))},
                            {2, 1, 0, 0}));
  Case admitted = QueueCase("stopped by an admission",
                            {QueueVisit(start, "10", Ymd(2026, 8, 20))}, {0});
  admitted.rows.episodes = {{.admission = Ymd(2026, 10, 12),
                             .discharge = Ymd(2026, 10, 12),
                             .method = "11",
                             .classification = "2",
                             .specialty = "110",
                             .provider = kQueueProvider,
                             .rtt_status = "30",
                             .rtt_start = start,
                             .rtt_end = Ymd(2026, 10, 12),
                             .pod = "day_case"}};
  cases.push_back(admitted);
  Case missed = QueueCase("did not attend a later appointment",
                          {QueueVisit(start, "10", Ymd(2026, 8, 20)),
                           QueueVisit(start, "20", Ymd(2026, 10, 15))},
                          {1, 1, 0, 0});
  missed.rows.appointments[1].attended = "3";
  missed.rows.appointments[1].type = "2";
  cases.push_back(missed);
}

}  // namespace

Lane QueueLane() {
  Lane lane = {.name = "queue", .first_practice = 9};
  AddWaits(lane.cases);
  AddStops(lane.cases);
  AddClocks(lane.cases);
  return lane;
}

}  // namespace tally::demo
