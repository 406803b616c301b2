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
