// A release folder made on the test's side, exactly as a hub would write it,
// from people whose every field the test chooses.
#ifndef TALLY_TESTS_UNIT_ANALYTICS_RELEASE_FIXTURE_H_
#define TALLY_TESTS_UNIT_ANALYTICS_RELEASE_FIXTURE_H_

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace tally::analytics {

// One registration of one person; a person may have several.
struct FixtureRegistration {
  int person = 0;  // 0: a row without a person
  std::string source = "gp-supplier-a";
  int year_of_birth = 1980;
  std::string sex = "1";
  std::string ethnic_category = "white";
  std::string practice = "Z90001";
  std::optional<int> imd_decile = 5;
  std::string start = "2015-04-01";
  std::string end;    // empty: current
  std::string death;  // empty: alive
};

struct FixtureEvent {
  int person = 0;
  std::string date = "2025-06-01";
  std::string cluster = "DM_COD";
  std::string source = "gp-supplier-a";
};

struct FixtureRelease {
  std::vector<FixtureRegistration> registrations;
  std::vector<FixtureEvent> events;
  std::string linkage_quality_csv;           // empty: a small one
  std::string age_column = "year_of_birth";  // or age_fy, age_band
  std::string grain = "month";
  std::string environment = "example";
  std::string period_end = "2026-10-31";
  std::string agreement = "# agreement of the trial\n";
};

// An Ed25519 pair made for one test.
struct FixtureKey {
  std::string secret;  // 32 bytes
  std::string public_base64url;
  static FixtureKey Make();
};

// Writes the folder; aborts the test on any failure.
void WriteFixtureRelease(const FixtureRelease& release, const FixtureKey& key,
                         const std::string& folder);

// Signs manifest.json again, as after a change to it.
void SignFixture(const FixtureKey& key, const std::string& folder);

// A population with known shape: `practices` practices of `size` people, all
// age bands of both sexes, diabetes by quota. Practice i (from 0) has
// round(size * (base + i * step)) diabetics among its adults.
FixtureRelease MakeTown(int practices, int size, double base, double step);

}  // namespace tally::analytics

#endif  // TALLY_TESTS_UNIT_ANALYTICS_RELEASE_FIXTURE_H_
