// Hospital stays for tests of measures: a neutral stay of which a test changes
// what its rule is about.
#ifndef TALLY_TESTS_UNIT_ANALYTICS_STAYS_H_
#define TALLY_TESTS_UNIT_ANALYTICS_STAYS_H_

#include <string>
#include <utility>
#include <vector>

#include "release_fixture.h"

namespace tally::analytics {

// A table of sus-apc whose rows are emergency stays of one episode of a man of
// 60 with pneumonia (J180), discharged alive to his home.
inline FixtureTable StayTable() {
  return {.dataset = "sus-apc",
          .defaults = {{"provider_code", "RZZ01"},
                       {"practice_code", "Z90001"},
                       {"admission_method", "21"},
                       {"admission_source", "19"},
                       {"discharge_method", "1"},
                       {"discharge_destination", "19"},
                       {"patient_classification", "1"},
                       {"episode_order", "1"},
                       {"last_episode", "true"},
                       {"main_specialty", "300"},
                       {"treatment_function", "300"},
                       {"episode_type", "1"},
                       {"age_fy", "60"},
                       {"sex", "1"},
                       {"diag_01", "J180"}},
          .columns = {"spell_id", "admission_date", "discharge_date",
                      "episode_start", "episode_end", "diag_02", "diag_03",
                      "proc_01", "proc_02", "hrg_spell"}};
}

// A stay of one episode; `discharged` empty: it lasts. A person of 0 is none.
// Every stay has a spell_id of its own, unless `fields` has one.
inline FixtureRow Stay(int person, const std::string& admitted,
                       const std::string& discharged,
                       const FixtureRow& fields = {}) {
  static int64_t spells = 10'000'000'000;
  FixtureRow row = {{"person", person > 0 ? std::to_string(person) : ""},
                    {"spell_id", std::to_string(++spells)},
                    {"admission_date", admitted},
                    {"discharge_date", discharged},
                    {"episode_start", admitted},
                    {"episode_end", discharged}};
  if (discharged.empty()) {
    row["last_episode"] = "false";
    row["discharge_method"] = "";
  }
  for (const auto& [name, value] : fields) row[name] = value;
  return row;
}

// A person without a hospital stay, so that a release has somebody.
inline FixtureRegistration OnTheList(int person, int born = 1960,
                                     const std::string& practice = "Z90001") {
  FixtureRegistration r;
  r.person = person;
  r.year_of_birth = born;
  r.practice = practice;
  return r;
}

}  // namespace tally::analytics

#endif  // TALLY_TESTS_UNIT_ANALYTICS_STAYS_H_
