// Continuous inpatient spells: what joins two stays, and what does not.
#include <string>
#include <utility>
#include <vector>

#include "lanes/lanes.h"

namespace tally::demo {
namespace {

// The first stay of every pair: 10 to 14 January 2026, an emergency.
constexpr int kCipIn = Ymd(2026, 1, 10);
constexpr int kCipOut = Ymd(2026, 1, 14);

Episode CipFirst(std::string destination) {
  return {.admission = kCipIn,
          .discharge = kCipOut,
          .destination = std::move(destination),
          .provider = "RXA"};
}

// The second: five days, planned, at another provider.
Episode CipSecond(int gap, std::string source, std::string method) {
  return {.spell = 1,
          .admission = kCipOut + gap,
          .discharge = kCipOut + gap + 5,
          .method = std::move(method),
          .source = std::move(source),
          .provider = "RXB",
          .pod = "elective"};
}

// What a case adds: provider spells, CIP spells, those that ended, midnights
// in them, finished stays of financial year 2025 that can be followed by a
// readmission, and readmissions.
struct CipTruth {
  int64_t spells;
  int64_t cips;
  int64_t finished;
  int64_t days;
  int64_t index;
  int64_t readmitted;
  int64_t overlapping = 0;
};

Case CipCase(const char* what, std::vector<Episode> episodes,
             const CipTruth& truth) {
  Case part;
  part.what = what;
  part.rows.episodes = std::move(episodes);
  part.expect = {
      {"SPELL", "cip", "provider_spells", truth.spells},
      {"SPELL", "cip", "cip_spells", truth.cips},
      {"SPELL", "cip", "cip_finished", truth.finished},
      {"SPELL", "cip", "cip_days", truth.days},
      {"SPELL", "cip", "overlapping", truth.overlapping},
      {"C20", "readmission_30d", "index_spells", truth.index},
      {"C20", "readmission_30d", "readmitted", truth.readmitted},
  };
  for (Expect& expect : part.expect) expect.all = false;
  return part;
}

void AddGaps(std::vector<Case>& cases) {
  cases.push_back(CipCase("gap 0, to another hospital",
                          {CipFirst("51"), CipSecond(0, "19", "11")},
                          {2, 1, 1, 9, 1, 0}));
  cases.push_back(CipCase("gap 1", {CipFirst("51"), CipSecond(1, "19", "11")},
                          {2, 1, 1, 10, 1, 0}));
  cases.push_back(CipCase("gap 2", {CipFirst("51"), CipSecond(2, "19", "11")},
                          {2, 1, 1, 11, 1, 0}));
  cases.push_back(CipCase("gap 3", {CipFirst("51"), CipSecond(3, "19", "11")},
                          {2, 2, 2, 9, 2, 0}));
  cases.push_back(CipCase("the later row first",
                          {CipSecond(1, "19", "11"), CipFirst("51")},
                          {2, 1, 1, 10, 1, 0}));
}

void AddTransfers(std::vector<Case>& cases) {
  for (const char* destination : {"49", "50", "51", "52", "53", "84"}) {
    cases.push_back(CipCase("each destination of a transfer",
                            {CipFirst(destination), CipSecond(1, "19", "11")},
                            {2, 1, 1, 10, 1, 0}));
  }
  for (const char* source : {"49", "50", "51", "52", "53", "87"}) {
    cases.push_back(CipCase("each source of a transfer",
                            {CipFirst("19"), CipSecond(1, source, "11")},
                            {2, 1, 1, 10, 1, 0}));
  }
  for (const char* method : {"2B", "81"}) {
    Episode second = CipSecond(1, "19", method);
    second.pod = std::string(method) == "81" ? "transfer" : "emergency";
    cases.push_back(CipCase("each method of a transfer",
                            {CipFirst("19"), second}, {2, 1, 1, 10, 1, 0}));
  }
  for (const char* destination : {"19", "54", "87"}) {
    cases.push_back(CipCase("a destination that is none",
                            {CipFirst(destination), CipSecond(1, "19", "11")},
                            {2, 2, 2, 9, 2, 0}));
  }
  for (const char* source : {"54", "84"}) {
    cases.push_back(CipCase("a source that is none",
                            {CipFirst("19"), CipSecond(1, source, "11")},
                            {2, 2, 2, 9, 2, 0}));
  }
}

void AddExceptions(std::vector<Case>& cases) {
  const auto second = [](const char* source, const char* method) {
    Episode row = CipSecond(1, source, method);
    row.pod = "emergency";
    return row;
  };
  cases.push_back(CipCase("home, then 51 through the department: not joined",
                          {CipFirst("19"), second("51", "21")},
                          {2, 2, 2, 9, 2, 1}));
  cases.push_back(CipCase("the same by method 22: joined",
                          {CipFirst("19"), second("51", "22")},
                          {2, 1, 1, 10, 1, 0}));
  cases.push_back(CipCase("the same from destination 51: joined",
                          {CipFirst("51"), second("51", "21")},
                          {2, 1, 1, 10, 1, 0}));
  Episode regular = CipFirst("51");
  regular.classification = "3";
  regular.pod = "regular";
  cases.push_back(CipCase("a regular day attender joins nothing",
                          {regular, CipSecond(0, "19", "11")},
                          {2, 2, 2, 9, 1, 0}));
  Episode night = CipSecond(0, "51", "11");
  night.classification = "4";
  night.pod = "regular";
  cases.push_back(CipCase("nor a regular night attender",
                          {CipFirst("51"), night}, {2, 2, 2, 9, 1, 0}));
  Episode same = CipSecond(1, "51", "11");
  same.provider = "RXA";
  cases.push_back(CipCase("one provider twice is joined too",
                          {CipFirst("51"), same}, {2, 1, 1, 10, 1, 0}));
}

void AddChains(std::vector<Case>& cases) {
  Episode third = CipSecond(0, "51", "81");
  third.spell = 2;
  third.admission = Ymd(2026, 1, 21);
  third.discharge = Ymd(2026, 1, 26);
  third.provider = "RXA";
  third.pod = "transfer";
  cases.push_back(CipCase("a chain of three",
                          {CipFirst("51"), CipSecond(1, "19", "11"), third},
                          {3, 1, 1, 16, 1, 0}));
  Episode longer = CipFirst("51");
  longer.discharge = Ymd(2026, 1, 20);
  Episode inside = CipSecond(1, "19", "11");  // 15 to 20 January
  inside.discharge = Ymd(2026, 1, 25);
  cases.push_back(CipCase("an overlap with a transfer", {longer, inside},
                          {2, 1, 1, 15, 1, 0, 1}));
  longer.destination = "19";
  cases.push_back(CipCase("an overlap without one", {longer, inside},
                          {2, 2, 2, 20, 2, 0, 1}));
  Episode open = CipFirst("51");
  open.discharge = kNoDay;
  open.last = false;
  open.sent = Ymd(2026, 1, 31);
  cases.push_back(CipCase("a stay without end ends the chain",
                          {open, CipSecond(1, "51", "11")},
                          {2, 2, 1, 5, 1, 0}));
  const auto day_case = [](int spell, const char* provider) {
    return Episode{.spell = spell,
                   .admission = kCipIn,
                   .discharge = kCipIn,
                   .method = "11",
                   .classification = "2",
                   .provider = provider,
                   .pod = "day_case"};
  };
  cases.push_back(CipCase("two day cases on one day",
                          {day_case(0, "RXA"), day_case(1, "RXB")},
                          {2, 2, 2, 0, 0, 0}));
}

// Stays whose rows lie in two deliveries; they end after financial year 2025.
void AddPeriods(std::vector<Case>& cases) {
  const Episode base = {.admission = Ymd(2026, 9, 20), .provider = "RXA"};
  Episode unfinished = base;
  unfinished.admission = Ymd(2026, 10, 20);
  unfinished.last = false;
  unfinished.sent = kCensus;
  cases.push_back(
      CipCase("a stay that lasts", {unfinished}, {1, 1, 0, 0, 0, 0}));
  Episode first = base;
  first.last = false;
  first.end = Ymd(2026, 9, 25);
  Episode second = base;
  second.order = 2;
  second.discharge = Ymd(2026, 10, 4);
  second.start = Ymd(2026, 9, 25);
  second.pod.clear();
  cases.push_back(
      CipCase("a stay over two periods", {first, second}, {1, 1, 1, 14, 0, 0}));
  Episode begun = base;
  begun.last = false;
  begun.sent = Ymd(2026, 9, 30);
  Episode ended = base;
  ended.discharge = Ymd(2026, 10, 5);
  ended.pod.clear();
  cases.push_back(CipCase("an episode sent again when finished", {begun, ended},
                          {1, 1, 1, 15, 0, 0}));
  std::vector<Episode> three;
  for (int i = 0; i < 3; ++i) {
    Episode row = {.order = i + 1,
                   .last = i == 2,
                   .admission = kCipIn,
                   .discharge = kCipIn + 9,
                   .start = kCipIn + 3 * i,
                   .end = kCipIn + 3 * i + 3,
                   .provider = "RXA"};
    if (i > 0) row.pod.clear();
    three.push_back(row);
  }
  cases.push_back(CipCase("a stay of three episodes", std::move(three),
                          {1, 1, 1, 9, 1, 0}));
}

}  // namespace

Lane CipLane() {
  Lane lane = {.name = "cip", .first_practice = 1};
  AddGaps(lane.cases);
  AddTransfers(lane.cases);
  AddExceptions(lane.cases);
  AddChains(lane.cases);
  AddPeriods(lane.cases);
  return lane;
}

}  // namespace tally::demo
