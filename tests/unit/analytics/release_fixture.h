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
  int year_of_birth = 1980;  // 0: not known
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

// Fields of one row by column name, as text; what is not there is null.
// Written as in CSV: 2026-01-31, 12.5, true.
using FixtureRow = std::map<std::string, std::string>;

// A table of any shipped dataset. Its columns are those that `columns`, the
// defaults or a row name, with the types of the dataset's specification, and
// person, unlinked_reason and source. A row takes from `defaults` what it does
// not say itself; an empty text in it is null. Of a row without a person the
// reason is NHS_NUMBER_MISSING.
struct FixtureTable {
  std::string dataset;  // "sus-apc"
  FixtureRow defaults = {};
  std::vector<FixtureRow> rows = {};
  std::vector<std::string> columns = {};  // that no row fills
  std::string grain = "day";
  std::string source = "national-apc";

  FixtureRow& Add(FixtureRow row) {
    rows.push_back(std::move(row));
    return rows.back();
  }
};

// A table of a release as a query, such as over range(): for many rows. Sorted
// by person as a release is; every column of a dictionary type.
struct FixtureQuery {
  std::string table;  // "sus_apc", "gp_patient", "persons"
  std::string select;
  std::string grain = "day";
};

struct FixtureRelease {
  std::vector<FixtureRegistration> registrations;
  std::vector<FixtureEvent> events;
  // Further tables. The release has gp_patient and gp_event beside them, with
  // no rows if there are none, so that a test can leave out what it does not
  // need; its months are those of the extracts below.
  std::vector<FixtureTable> activity;
  // Made last; one replaces what would be made under its name.
  std::vector<FixtureQuery> queries;
  int64_t memory_bytes = 256 << 20;  // for making it
  std::string linkage_quality_csv;   // empty: a small one
  std::string linkage_quality_json = "{}\n";
  std::string age_column = "year_of_birth";  // or age_fy, age_band
  std::string grain = "month";
  std::string environment = "example";
  std::string period_start = "2022-11-01";
  std::string period_end = "2026-10-31";
  // Of a source that ends otherwise.
  std::map<std::string, std::string> period_end_of = {};
  // First and last days of the extracts of a source that sent several, in their
  // order; they replace the one above.
  std::map<std::string, std::vector<std::pair<std::string, std::string>>>
      periods_of = {};
  // What each of them holds, by source; of other sources all datasets.
  std::map<std::string, std::vector<std::vector<std::string>>> datasets_of = {};
  std::string agreement = "# agreement of the trial\n";
  std::string audit_summary = "month,action,events\n2026-11,release,1\n";
  // Of one extract of gp-supplier-a.
  std::string validation =
      "{\"extract\":\"sources/gp-supplier-a/extracts/p2026-10-r1\","
      "\"results\":[]}\n";
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
