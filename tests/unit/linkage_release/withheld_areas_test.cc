// Areas that are withheld in many rounds: whoever loses one makes the next one
// rare.
#include "withheld_areas.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_format.h"
#include "base/files.h"
#include "release_engine.h"
#include "status_matchers.h"
#include "temp_dir.h"

namespace tally::linkage {
namespace {

class WithheldAreas : public testing::Test {
 protected:
  WithheldAreas() {
    ReleaseEngineOptions options;
    options.work_directory = dir_.Path("work");
    TALLY_CHECK(MakeDirectories(options.work_directory, 0700).ok());
    auto engine = ReleaseEngine::Open(std::move(options));
    TALLY_CHECK(engine.ok());
    engine_ = *std::move(engine);
  }

  // `people` rows, one a person, in pairs of equal year: 0 | 1 2 | 3 4 | ...
  // with `shift` 1, and 0 1 | 2 3 | ... with 0.
  static OutgoingTable Pairs(const std::string& name, int people, int shift) {
    OutgoingTable table;
    table.name = name;
    table.schema = {{"person", engine::SqlType::kInt},
                    {"lsoa21", engine::SqlType::kString},
                    {"year_of_birth", engine::SqlType::kInt},
                    {"value", engine::SqlType::kInt}};
    table.quasi_identifiers = {"lsoa21", "year_of_birth"};
    table.rows.sql = absl::StrFormat(
        "SELECT CAST(i AS INTEGER) AS person, 'E01000001' AS lsoa21, "
        "CAST((i + %d) // 2 AS INTEGER) AS year_of_birth, "
        "CAST(i AS INTEGER) AS value FROM range(%d) AS t(i)",
        shift, people);
    table.keys.push_back(
        {absl::StrFormat("SELECT person, lsoa21, year_of_birth, count(*) AS "
                         "key_rows FROM (%s) AS r "
                         "GROUP BY person, lsoa21, year_of_birth",
                         table.rows.sql),
         {}});
    return table;
  }
  // Rows that have a value there.
  int64_t Filled(const OutgoingTable& table, std::string_view column) {
    const auto count =
        engine_->Count({absl::StrFormat("SELECT count(%s) FROM (%s) AS r",
                                        column, table.rows.sql),
                        {}});
    TALLY_CHECK(count.ok());
    return *count;
  }

  TempDir dir_;
  std::unique_ptr<ReleaseEngine> engine_;
};

TEST_F(WithheldAreas, EndAfterDozensOfRounds) {
  constexpr int kPeople = 61;  // as many rounds
  // The one alone in the first table leaves one alone in the second, and so on
  // to the last, who is alone in the second.
  std::vector<OutgoingTable> tables = {Pairs("a", kPeople, 1),
                                       Pairs("b", kPeople, 0)};
  ASSERT_THAT(WithholdAreas(2, LinkedExtracts{}, *engine_, tables), IsOk());
  for (const OutgoingTable& table : tables) {
    EXPECT_TRUE(table.withheld);
    EXPECT_EQ(table.line.rows_area_withheld, kPeople);
    EXPECT_EQ(Filled(table, "lsoa21"), 0);
    EXPECT_EQ(Filled(table, "value"), kPeople);
  }
}

}  // namespace
}  // namespace tally::linkage
