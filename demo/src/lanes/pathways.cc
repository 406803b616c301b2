// Pathways: four variants of 100, 50, 8 and 7 people, with events of one day
// and repeats inside and outside the seven days that make them one.
#include <string>
#include <utility>
#include <vector>

#include "lanes/lanes.h"

namespace tally::demo {
namespace {

constexpr const char* kPathProvider = "RXP";

Attendance PathVisit(int day) {
  return {.day = day, .provider = kPathProvider};
}
Contact PathContact(int day) {
  return {.day = day, .referred = day - 5, .provider = kPathProvider};
}
Appointment PathClinic(int day) {
  return {.day = day, .referred = day - 20, .provider = kPathProvider};
}

using Edges = std::vector<std::pair<const char*, const char*>>;

// One person of a variant adds one to each of its edges, once each.
void ExpectPath(const char* steps, const Edges& edges, Case& part) {
  part.expect.push_back(
      {"PATH", "variants", "persons", 1, std::string("steps=") + steps, false});
  for (const auto& [from, to] : edges) {
    const std::string where = std::string("from=") + from + ";to=" + to;
    part.expect.push_back({"PATH", "dfg_edges", "n", 1, where, false});
    part.expect.push_back({"PATH", "dfg_edges", "persons", 1, where, false});
  }
}

// Department, emergency admission, clinic.
Case EmergencyPath(const char* what, int copies, int admission) {
  Case part;
  part.what = what;
  part.copies = copies;
  part.rows.attendances = {PathVisit(Ymd(2026, 1, 5))};
  part.rows.episodes = {{.admission = admission,
                         .discharge = Ymd(2026, 1, 12),
                         .provider = kPathProvider}};
  part.rows.appointments = {PathClinic(Ymd(2026, 2, 10))};
  ExpectPath("Attendance>Emergency admission>Outpatient first",
             {{"Start", "Attendance"},
              {"Attendance", "Emergency admission"},
              {"Emergency admission", "Outpatient first"},
              {"Outpatient first", "End"}},
             part);
  return part;
}

// Clinic, planned admission, community.
Case PlannedPath() {
  Case part;
  part.what = "the second variant";
  part.copies = 50;
  part.rows.appointments = {PathClinic(Ymd(2026, 1, 12))};
  part.rows.episodes = {{.admission = Ymd(2026, 2, 9),
                         .discharge = Ymd(2026, 2, 11),
                         .method = "11",
                         .provider = kPathProvider,
                         .pod = "elective"}};
  part.rows.contacts = {PathContact(Ymd(2026, 3, 9))};
  ExpectPath("Outpatient first>Planned admission>Community contact",
             {{"Start", "Outpatient first"},
              {"Outpatient first", "Planned admission"},
              {"Planned admission", "Community contact"},
              {"Community contact", "End"}},
             part);
  return part;
}

// Department once or twice, community.
Case CommunityPath(const char* what, int copies, int second, bool repeats) {
  Case part;
  part.what = what;
  part.copies = copies;
  part.rows.attendances = {PathVisit(Ymd(2026, 1, 5))};
  if (second != kNoDay) part.rows.attendances.push_back(PathVisit(second));
  part.rows.contacts = {PathContact(Ymd(2026, 1, 26))};
  if (repeats) {
    ExpectPath("Attendance>Attendance>Community contact",
               {{"Start", "Attendance"},
                {"Attendance", "Attendance"},
                {"Attendance", "Community contact"},
                {"Community contact", "End"}},
               part);
  } else {
    ExpectPath("Attendance>Community contact",
               {{"Start", "Attendance"},
                {"Attendance", "Community contact"},
                {"Community contact", "End"}},
               part);
  }
  return part;
}

}  // namespace

Lane PathwayLane() {
  Lane lane = {.name = "pathways", .first_practice = 10};
  lane.cases = {
      EmergencyPath("the first variant", 80, Ymd(2026, 1, 8)),
      EmergencyPath("its first two steps on one day", 20, Ymd(2026, 1, 5)),
      PlannedPath(),
      CommunityPath("the third variant", 5, kNoDay, false),
      CommunityPath("a repeat after six days is none", 3, Ymd(2026, 1, 11),
                    false),
      CommunityPath("a repeat after eight days", 7, Ymd(2026, 1, 13), true)};
  return lane;
}

}  // namespace tally::demo
