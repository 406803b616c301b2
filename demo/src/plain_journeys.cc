// Journeys as C09 defines them, over the rows of one person at a time.
#include <algorithm>
#include <array>
#include <tuple>

#include "absl/strings/str_cat.h"
#include "demo/plain_counts.h"

namespace tally::demo {
namespace {

constexpr int kJourneyBegin = Ymd(2025, 11, 1);
constexpr int kJourneyEnd = Ymd(2026, 10, 31);
constexpr int kCollapseDays = 7;
constexpr int64_t kFewestPersons = 8;
constexpr size_t kMostVariants = 40;  // others are put together

// In the order of one day.
constexpr std::array<const char*, 7> kActivities = {"Attendance",
                                                    "Emergency admission",
                                                    "Planned admission",
                                                    "Outpatient first",
                                                    "Outpatient follow-up",
                                                    "Community contact",
                                                    "Death"};

// (activity, day), sorted.
using JourneyEvents = std::vector<std::pair<size_t, int>>;

JourneyEvents EventsOf(const Activity& rows) {
  JourneyEvents events;
  for (const Attendance& row : rows.attendances) {
    events.emplace_back(0, row.day);
  }
  for (const Episode& row : rows.episodes) {
    // The first row of its spell says what the admission is.
    if (row.pod.empty() || row.classification == "3" ||
        row.classification == "4") {
      continue;
    }
    if (row.method[0] == '2') events.emplace_back(1, row.admission);
    if (row.method[0] == '1') events.emplace_back(2, row.admission);
  }
  for (const Appointment& row : rows.appointments) {
    if (row.attended != "5" && row.attended != "6") continue;
    if (row.type == "1" || row.type == "3") events.emplace_back(3, row.day);
    if (row.type == "2" || row.type == "4") events.emplace_back(4, row.day);
  }
  for (const Contact& row : rows.contacts) {
    if (row.attended == "5" || row.attended == "6") {
      events.emplace_back(5, row.day);
    }
  }
  for (const Death& row : rows.deaths) events.emplace_back(6, row.day);
  std::sort(events.begin(), events.end());
  return events;
}

}  // namespace

void PlainJourneys::Add(const Activity& rows) {
  // Of one activity, what follows within a week of the one before is a repeat;
  // what lies before the year takes nothing away.
  std::vector<std::pair<int, size_t>> steps;
  const JourneyEvents events = EventsOf(rows);
  for (size_t i = 0; i < events.size(); ++i) {
    const auto& [activity, day] = events[i];
    const bool repeat = i > 0 && events[i - 1].first == activity &&
                        day - events[i - 1].second <= kCollapseDays &&
                        events[i - 1].second >= kJourneyBegin;
    if (!repeat && day >= kJourneyBegin && day <= kJourneyEnd) {
      steps.emplace_back(day, activity);
    }
  }
  if (steps.empty()) return;
  std::sort(steps.begin(), steps.end());
  std::string variant;
  std::string before = "Start";
  std::map<std::pair<std::string, std::string>, int64_t> edges;
  for (const auto& [day, activity] : steps) {
    const std::string name = kActivities[activity];
    absl::StrAppend(&variant, variant.empty() ? "" : ">", name);
    ++edges[{before, name}];
    before = name;
  }
  ++edges[{before, "End"}];
  // Longer ones are cut by the measure, and nobody of the background has such:
  // they are too few to be told apart.
  constexpr size_t kLongest = 8;
  ++persons_;
  if (steps.size() <= kLongest) ++variants_[variant];
  for (const auto& [edge, times] : edges) {
    edges_[edge].first += times;
    ++edges_[edge].second;
  }
}

void PlainJourneys::Book(MeasureTruth& truth) const {
  // The commonest; of those as common as the first that is left out it hangs on
  // their names which are there, so none of them is booked.
  std::vector<int64_t> common;
  for (const auto& [steps, persons] : variants_) {
    if (persons >= kFewestPersons) common.push_back(persons);
  }
  std::sort(common.rbegin(), common.rend());
  const int64_t beyond =
      common.size() > kMostVariants ? common[kMostVariants] : 0;
  int64_t others = persons_;
  for (size_t i = 0; i < std::min(common.size(), kMostVariants); ++i) {
    others -= common[i];
  }
  const Figure figure = {"C09", "variants", "persons"};
  if (others >= kFewestPersons) truth.Add(figure, "steps=other", others);
  for (const auto& [steps, persons] : variants_) {
    if (persons < kFewestPersons || persons <= beyond) continue;
    truth.Add(figure, absl::StrCat("steps=", steps), persons);
  }
  for (const auto& [edge, counts] : edges_) {
    if (counts.second < kFewestPersons) continue;
    const std::string where =
        absl::StrCat("from=", edge.first, ";to=", edge.second);
    truth.Add({"C09", "dfg_edges", "n"}, where, counts.first);
    truth.Add({"C09", "dfg_edges", "persons"}, where, counts.second);
  }
}

}  // namespace tally::demo
