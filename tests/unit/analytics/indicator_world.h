// People, emergency attendances and other activity for tests of indicators,
// with a C29 whose areas may be as small as one person.
#ifndef TALLY_TESTS_UNIT_ANALYTICS_INDICATOR_WORLD_H_
#define TALLY_TESTS_UNIT_ANALYTICS_INDICATOR_WORLD_H_

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "base/files.h"
#include "bench.h"
#include "gtest/gtest.h"

namespace tally::analytics {

// The table of a result, or null.
inline const GatedTable* TableOf(const MeasureResult& result,
                                 std::string_view name) {
  for (const GatedTable& table : result.tables) {
    if (table.info().table == name) return &table;
  }
  return nullptr;
}

class IndicatorWorld {
 public:
  FixtureRelease release;
  // Texts of C29's definition that are replaced, beside the smallest areas.
  std::vector<std::pair<std::string, std::string>> replace;

  static std::string Definition(const std::string& id) {
    return *ReadFile(std::string(TALLY_SOURCE_DIR) +
                         "/analytics/measures/definitions/" + id + ".toml",
                     1 << 20);
  }

  void Person(int person, std::string practice,
              std::string start = "2015-04-01") {
    FixtureRegistration r;
    r.person = person;
    r.practice = std::move(practice);
    r.start = std::move(start);
    release.registrations.push_back(std::move(r));
  }

  // Minutes to departure, 0: not known.
  void Attend(int person, std::string date, int minutes,
              std::string category = "1") {
    FixtureRow row = {{"arrival_date", std::move(date)},
                      {"attendance_category", std::move(category)},
                      {"department_type", "01"},
                      {"provider_code", "RZA"}};
    row["dur_departure"] = minutes == 0 ? "" : std::to_string(minutes);
    if (person > 0) row["person"] = std::to_string(person);
    attendances_.Add(std::move(row));
  }

  // `practices` practices of 100 people each, with 24 months to October 2026 in
  // which practice i (from 1) has `each(i, month)` attendances of 100 minutes.
  template <typename Each>
  void Town(int practices, Each each) {
    for (int i = 1; i <= practices; ++i) {
      const std::string practice = "Z9000" + std::to_string(i);
      for (int p = 0; p < 100; ++p) Person((i - 1) * 100 + p + 1, practice);
      for (int month = 0; month < 24; ++month) {
        const CivilDay day = *CivilDay::Create(2024, 11, 1)->AddMonths(month);
        for (int k = 0; k < each(i, month); ++k) {
          Attend((i - 1) * 100 + k % 100 + 1, day.ToIso(), 100);
        }
      }
    }
    release.period_start = "2024-11-01";
  }

  // The release with what was added. Call once.
  FixtureRelease Release() {
    release.activity.push_back(std::move(attendances_));
    return release;
  }

  // Writes a reference file below the bench's folder and names the folder.
  static void Reference(const Bench& bench, RunOptions& options,
                        const std::string& id, const std::string& columns,
                        const std::string& rows) {
    options.comparators = bench.root() + "/reference";
    std::filesystem::create_directories(options.comparators);
    EXPECT_TRUE(WriteFileAtomically(
                    options.comparators + "/" + id + ".toml",
                    "id = \"" + id +
                        "\"\nsource = \"Test\"\nvalid_from = 2026-04-01\n"
                        "valid_to = 2027-03-31\ncolumns = [" +
                        columns + "]\nrow = [\n" + rows + "\n]\n",
                    0600)
                    .ok());
  }

  // Writes the definitions below the bench's folder.
  RunOptions Options(const Bench& bench) const {
    const std::string folder = bench.root() + "/definitions";
    std::filesystem::create_directories(folder);
    std::string text = Definition("C29");
    auto changes = replace;
    changes.emplace_back("smallest_area = 500", "smallest_area = 1");
    changes.emplace_back("smallest_area_month = 5000",
                         "smallest_area_month = 1");
    for (const auto& [from, to] : changes) {
      const size_t at = text.find(from);
      EXPECT_NE(at, std::string::npos) << from;
      if (at != std::string::npos) text.replace(at, from.size(), to);
    }
    EXPECT_TRUE(WriteFileAtomically(folder + "/C29.toml", text, 0600).ok());
    RunOptions options;
    options.definitions = folder;
    return options;
  }

 private:
  FixtureTable attendances_{.dataset = "ecds"};
};

}  // namespace tally::analytics

#endif  // TALLY_TESTS_UNIT_ANALYTICS_INDICATOR_WORLD_H_
