// Data quality: known numbers of missing and default values, and one fault of
// each rule across rows. Every other row of the practice is sound.
#include <string>
#include <utility>
#include <vector>

#include "lanes/lanes.h"

namespace tally::demo {
namespace {

constexpr const char* kQualityProvider = "RXM";
constexpr int kQualityDay = Ymd(2026, 2, 3);

Episode QualityStay() {
  return {.admission = kQualityDay,
          .discharge = kQualityDay + 3,
          .method = "11",
          .provider = kQualityProvider,
          .pod = "elective"};
}

// Of all records of the source, which are counted with the rows.
Expect ItemCount(const char* item, const char* column, int64_t value) {
  return {"C33",
          "dq_items",
          column,
          value,
          std::string("dataset=sus-apc;item=") + item,
          false,
          false};
}

// A stay without a diagnosis is a record all the same, but not a complete one.
// Default categories are counted with the rows, as those of everybody.
Case ItemCase(const char* what, int copies, int64_t missing_diagnosis,
              int64_t default_category) {
  Case part;
  part.what = what;
  part.copies = copies;
  part.rows.episodes = {QualityStay()};
  if (missing_diagnosis == 1) part.rows.episodes[0].diagnoses.clear();
  if (default_category == 1) part.ethnic = "99";
  part.expect = {ItemCount("diag_01", "complete", -missing_diagnosis)};
  return part;
}

// A person with one fault of a rule.
Case RuleCase(const char* what, const char* dataset, const char* rule) {
  Case part;
  part.what = what;
  part.expect = {{"C33", "dq_failures", "failures", 1,
                  std::string("dataset=") + dataset + ";rule=" + rule, false,
                  false}};
  return part;
}

void AddRepeats(std::vector<Case>& cases) {
  Case twice =
      RuleCase("a row twice but for its key", "sus-op", "appointment_twice");
  const Appointment visit = {.day = kQualityDay,
                             .referred = kQualityDay - 30,
                             .provider = kQualityProvider};
  twice.rows.appointments = {visit, visit};
  cases.push_back(twice);
  Case once = RuleCase("two visits that differ", "sus-op", "appointment_twice");
  once.expect[0].value = 0;
  once.rows.appointments = {visit, visit};
  once.rows.appointments[1].specialty = "110";
  cases.push_back(once);
  Case key =
      RuleCase("one key for two attendances", "ecds", "attendance_key_twice");
  key.rows.attendances = {
      {.day = kQualityDay, .provider = kQualityProvider, .key = 0},
      {.day = kQualityDay + 1,
       .provider = kQualityProvider,
       .key = 0,
       .counted = false}};
  cases.push_back(key);
  Case overlap = RuleCase("two registrations that overlap", "gp-patient",
                          "registrations_overlap");
  overlap.rejoined = Ymd(2020, 1, 1);
  cases.push_back(overlap);
  Case follow = RuleCase("two registrations that follow", "gp-patient",
                         "registrations_overlap");
  follow.expect[0].value = 0;
  follow.left = Ymd(2019, 12, 28);
  follow.rejoined = Ymd(2020, 1, 1);
  cases.push_back(follow);
}

void AddDeaths(std::vector<Case>& cases) {
  Case two = RuleCase("two deaths", "ons-death", "two_deaths");
  two.died = kQualityDay;
  two.rows.deaths = {{.day = kQualityDay, .registered = kQualityDay + 3},
                     {.day = kQualityDay + 1, .registered = kQualityDay + 9}};
  cases.push_back(two);
  Case after =
      RuleCase("an attendance after death", "ecds", "emergency_after_death");
  after.died = kQualityDay;
  after.rows.deaths = {{.day = kQualityDay, .registered = kQualityDay + 3}};
  after.rows.attendances = {
      {.day = kQualityDay + 1, .provider = kQualityProvider}};
  cases.push_back(after);
  Case same = RuleCase("an attendance on the day of death", "ecds",
                       "emergency_after_death");
  same.expect[0].value = 0;
  same.died = kQualityDay;
  same.rows.deaths = {{.day = kQualityDay, .registered = kQualityDay + 3}};
  same.rows.attendances = {{.day = kQualityDay, .provider = kQualityProvider}};
  cases.push_back(same);
}

void AddStays(std::vector<Case>& cases) {
  const auto stay = [](const char* what, const char* rule, Episode row) {
    Case part = RuleCase(what, "sus-apc", rule);
    part.rows.episodes = {std::move(row)};
    return part;
  };
  Episode backwards = QualityStay();
  backwards.discharge = kQualityDay - 1;
  Case before = stay("discharged before admission",
                     "discharge_before_admission", backwards);
  // Its episode ends on that day too.
  before.expect.push_back({"C33", "dq_failures", "failures", 1,
                           "dataset=sus-apc;rule=episode_ends_before_start",
                           false, false});
  cases.push_back(before);
  Episode outside = QualityStay();
  outside.end = kQualityDay + 5;
  cases.push_back(stay("an episode that ends after its spell",
                       "episode_after_spell", outside));
  Episode delivery = QualityStay();
  delivery.diagnoses = {"O800"};
  cases.push_back(
      stay("a man with an obstetric code", "male_obstetric", delivery));
  Case woman =
      stay("a woman with an obstetric code", "male_obstetric", delivery);
  woman.sex = '2';
  woman.expect[0].value = 0;
  cases.push_back(woman);
}

}  // namespace

Lane QualityLane() {
  Lane lane = {.name = "quality", .first_practice = 13};
  lane.cases = {ItemCase("sound", 40, 0, 0), ItemCase("no diagnosis", 3, 1, 0),
                ItemCase("default category", 5, 0, 1)};
  AddRepeats(lane.cases);
  AddDeaths(lane.cases);
  AddStays(lane.cases);
  return lane;
}

}  // namespace tally::demo
