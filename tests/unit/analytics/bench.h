// A release, its engine and a gate, for tests of measures and pages.
#ifndef TALLY_TESTS_UNIT_ANALYTICS_BENCH_H_
#define TALLY_TESTS_UNIT_ANALYTICS_BENCH_H_

#include <cstdlib>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "analytics/disclosure/gate.h"
#include "analytics/measures/runner.h"
#include "analytics/release/release_database.h"
#include "analytics/release/release_folder.h"
#include "gtest/gtest.h"
#include "release_fixture.h"

namespace tally::analytics {

// A release, its engine and a gate under one profile.
class Bench {
 public:
  explicit Bench(const FixtureRelease& release,
                 std::string_view profile = "nhs-national") {
    std::string name = testing::TempDir() + "measuresXXXXXX";
    EXPECT_NE(mkdtemp(name.data()), nullptr);
    root_ = name;
    const FixtureKey key = FixtureKey::Make();
    WriteFixtureRelease(release, key, root_ + "/release");
    OpenOptions options;
    options.release_key = key.public_base64url;
    auto folder = ReleaseFolder::Open(root_ + "/release", options);
    EXPECT_TRUE(folder.ok()) << folder.status();
    folder_.emplace(*std::move(folder));
    DatabaseSettings settings;
    settings.work_directory = root_ + "/work";
    settings.memory_bytes = 512 << 20;
    auto database = ReleaseDatabase::Open(*folder_, settings);
    EXPECT_TRUE(database.ok()) << database.status();
    database_.emplace(*std::move(database));
    gate_.emplace(*Profile::Named(profile), GateOptions{});
  }
  ~Bench() {
    database_.reset();
    std::filesystem::remove_all(root_);
  }

  absl::StatusOr<MeasureResult> Run(std::string_view id,
                                    RunOptions options = {}) {
    MeasureRunner runner(*folder_, *database_, *gate_, std::move(options));
    return runner.Run(id);
  }
  ReleaseFolder& folder() { return *folder_; }
  ReleaseDatabase& database() { return *database_; }
  Gate& gate() { return *gate_; }
  const std::string& root() const { return root_; }

 private:
  std::string root_;
  std::optional<ReleaseFolder> folder_;
  std::optional<ReleaseDatabase> database_;
  std::optional<Gate> gate_;
};

// Every table of the result has the columns that the definition names, in their
// order. A table that the release cannot carry may be missing.
inline void ExpectDeclaredColumns(const MeasureResult& result) {
  const auto definition = LoadDefinition(result.id, "");
  ASSERT_TRUE(definition.ok()) << definition.status();
  EXPECT_FALSE(result.tables.empty()) << result.id;
  for (const GatedTable& table : result.tables) {
    std::vector<std::string> names;
    for (const ColumnSpec& column : table.columns()) {
      names.push_back(column.name);
    }
    std::vector<std::string> declared;
    for (const MeasureOutput& output : definition->outputs()) {
      if (output.table == table.info().table) declared = output.columns;
    }
    EXPECT_EQ(names, declared) << result.id << " " << table.info().table;
  }
}

// The text of a column in the row whose levels match; "absent" if none does.
inline std::string Find(const GatedTable& table,
                        const std::map<std::string, std::string>& levels,
                        std::string_view column) {
  for (size_t row = 0; row < table.rows(); ++row) {
    bool match = true;
    for (const auto& [name, level] : levels) {
      match = match && table.at(row, name).text() == level;
    }
    if (match) return table.at(row, column).text();
  }
  return "absent";
}

}  // namespace tally::analytics

#endif  // TALLY_TESTS_UNIT_ANALYTICS_BENCH_H_
