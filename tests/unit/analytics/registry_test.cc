// The register of released tables as a file that grows: who reads what again.
#include "analytics/disclosure/registry.h"

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "analytics/disclosure/gate.h"
#include "base/exit_code.h"
#include "base/files.h"
#include "disclosure/json_lines.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tally::analytics {
namespace {

class RegistryFile : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = testing::TempDir() + "registryXXXXXX";
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    folder_ = name;
    path_ = folder_ + "/released.jsonl";
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  static ReleasedTable Table(const std::string& measure, const std::string& n) {
    ReleasedTable table;
    table.project = "trial";
    table.measure = measure;
    table.table = "counts";
    table.profile = "nhs-subnational";
    table.cells["n|level=L0"] = n;
    return table;
  }
  void Append(const ReleasedTable& table) const {
    ReleaseRegistry writer(path_);
    auto held = writer.Hold();
    ASSERT_TRUE(held.ok()) << held.status();
    ASSERT_TRUE(writer.Append(table, *held).ok());
  }
  // The counts of the related tables, newest first.
  static std::vector<std::string> Seen(const ReleaseRegistry& registry,
                                       const std::string& measure) {
    std::vector<std::string> seen;
    const auto related = registry.Related(Table(measure, ""), {"n|level=L0"});
    EXPECT_TRUE(related.ok()) << related.status();
    if (!related.ok()) return seen;
    for (const ReleasedTablePtr& table : *related) {
      seen.push_back(table->cells.at("n|level=L0"));
    }
    return seen;
  }

  std::string folder_;
  std::string path_;
};

using testing::ElementsAre;

TEST_F(RegistryFile, RelatedSeesWhatWasAddedSinceNewestFirst) {
  const ReleaseRegistry registry(path_);
  EXPECT_THAT(Seen(registry, "T01"), ElementsAre());
  Append(Table("T01", "10"));
  Append(Table("T02", "11"));
  EXPECT_THAT(Seen(registry, "T01"), ElementsAre("10"));
  Append(Table("T01", "12"));
  EXPECT_THAT(Seen(registry, "T01"), ElementsAre("12", "10"));
  EXPECT_THAT(Seen(registry, "T02"), ElementsAre("11"));
}

TEST_F(RegistryFile, OnlyTablesThatSpeakOfTheCellsAreRelated) {
  ReleasedTable here = Table("T01", "10");
  here.equalities = {{"n", {"n|level=L0", "n|level=L1"}}};
  Append(here);
  ReleasedTable far = Table("T01", "12");
  far.cells = {{"k|level=L7", "12"}};
  Append(far);
  ReleasedTable through = Table("T01", "13");  // by "n", of which `here` tells
  through.cells = {{"m", "6"}, {"n", "9"}};
  Append(through);
  const ReleaseRegistry registry(path_);
  const auto related = [&](const std::vector<std::string>& keys) {
    std::vector<size_t> cells;
    const auto found = registry.Related(Table("T01", ""), keys);
    EXPECT_TRUE(found.ok()) << found.status();
    for (const ReleasedTablePtr& table : *found) {
      cells.push_back(table->cells.size());
    }
    return cells;
  };
  EXPECT_THAT(related({"n|level=L1"}), ElementsAre(2, 1));
  EXPECT_THAT(related({"k|level=L7", "k"}), ElementsAre(1));
  EXPECT_THAT(related({"o"}), ElementsAre());
}

// A reader adds the finer counts up.
TEST_F(RegistryFile, FinerAndCoarserCutsAreRelatedByTheirDimensions) {
  ReleasedTable coarse = Table("T01", "10");
  coarse.cells = {{"n|practice=A", "10"}};
  Append(coarse);
  const ReleaseRegistry registry(path_);
  const auto related = [&](const std::string& key) {
    const auto found = registry.Related(Table("T01", ""), {key});
    EXPECT_TRUE(found.ok()) << found.status();
    return found->size();
  };
  EXPECT_EQ(related("n|practice=A|sex=1"), 1U);
  EXPECT_EQ(related("n"), 1U);
  EXPECT_EQ(related("m|practice=A|sex=1"), 0U);
  EXPECT_EQ(related("n|practice=B"), 0U);
  EXPECT_EQ(related("n|breakdown=b|practice=B"), 1U);
  EXPECT_EQ(related("n|sex=1"), 0U);
}

TEST_F(RegistryFile, TablesWithBandsOfAgeAreAlwaysRelated) {
  ReleasedTable bands = Table("T01", "10");
  bands.cells = {{"n|age_band=0-4", "10"}};
  Append(bands);
  const ReleaseRegistry registry(path_);
  const auto related = registry.Related(Table("T01", ""), {"n|age_band=0-9"});
  ASSERT_TRUE(related.ok()) << related.status();
  EXPECT_EQ(related->size(), 1U);
}

// What a program adds itself it does not read again, and sees all the same.
TEST_F(RegistryFile, OwnLinesAndThoseOfOthersAreSeenInTheirOrder) {
  ReleaseRegistry registry(path_);
  const auto add = [&](const std::string& n) {
    auto held = registry.Hold();
    ASSERT_TRUE(held.ok()) << held.status();
    ASSERT_TRUE(registry.Append(Table("T01", n), *held).ok());
  };
  add("1");
  EXPECT_THAT(Seen(registry, "T01"), ElementsAre("1"));
  add("2");
  EXPECT_THAT(Seen(registry, "T01"), ElementsAre("2", "1"));
  Append(Table("T01", "3"));
  add("4");  // behind a line that it has not read yet
  add("5");
  EXPECT_THAT(Seen(registry, "T01"), ElementsAre("5", "4", "3", "2", "1"));
}

TEST_F(RegistryFile, DerivedTablesAreNotRelated) {
  ReleasedTable derived = Table("T01", "10");
  derived.derived_from = {"counts"};
  Append(derived);
  EXPECT_THAT(Seen(ReleaseRegistry(path_), "T01"), ElementsAre());
}

TEST_F(RegistryFile, AnotherFileUnderTheNameIsReadAnew) {
  const ReleaseRegistry registry(path_);
  Append(Table("T01", "10"));
  EXPECT_THAT(Seen(registry, "T01"), ElementsAre("10"));
  std::filesystem::rename(path_, folder_ + "/old.jsonl");
  EXPECT_THAT(Seen(registry, "T01"), ElementsAre());
  Append(Table("T01", "20"));
  Append(Table("T01", "21"));
  EXPECT_THAT(Seen(registry, "T01"), ElementsAre("21", "20"));
}

// The damage may be in a line that has nothing to do with the table: it is
// found all the same, and by every call.
TEST_F(RegistryFile, DamageIsFoundByEveryCall) {
  const ReleaseRegistry registry(path_);
  Append(Table("T01", "10"));
  std::ofstream(path_, std::ios::app) << "{\"project\":\n";
  EXPECT_EQ(registry.Related(Table("T01", ""), {"n|level=L0"}).status().code(),
            absl::StatusCode::kDataLoss);
  EXPECT_EQ(registry.Related(Table("T01", ""), {"n|level=L0"}).status().code(),
            absl::StatusCode::kDataLoss);
}

TEST_F(RegistryFile, LineOfAnotherKindIsFoundByEveryCall) {
  const ReleaseRegistry registry(path_);
  Append(Table("T01", "10"));
  EXPECT_THAT(Seen(registry, "T01"), ElementsAre("10"));
  std::ofstream(path_, std::ios::app) << "{\"project\":\"trial\"}\n";
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(
        registry.Related(Table("T02", ""), {"n|level=L0"}).status().code(),
        absl::StatusCode::kDataLoss);
  }
}

TEST_F(RegistryFile, TornLineIsNoTableAndIsCutByTheNext) {
  const ReleaseRegistry registry(path_);
  Append(Table("T01", "10"));
  std::ofstream(path_, std::ios::app) << "{\"project\":\"tri";
  EXPECT_THAT(Seen(registry, "T01"), ElementsAre("10"));
  Append(Table("T01", "11"));
  EXPECT_THAT(Seen(registry, "T01"), ElementsAre("11", "10"));
}

// The other program ends as soon as the wait is told of: no clock is needed.
TEST_F(RegistryFile, AWaitIsToldOfOnceWithTheFileAndEndsWithTheLock) {
  absl::StatusOr<FileLock> other = LockJsonLines(path_);
  ASSERT_TRUE(other.ok()) << other.status();
  std::vector<std::string> told;
  LockWait wait;
  wait.say_after_ms = 0;
  wait.say = [&](std::string_view text) {
    told.emplace_back(text);
    other = absl::CancelledError("");
  };
  const auto held = LockJsonLines(path_, wait);
  ASSERT_TRUE(held.ok()) << held.status();
  EXPECT_THAT(told, ElementsAre(testing::HasSubstr("waiting for " + path_)));
}

TEST_F(RegistryFile, AWaitEndsWithAConflictAndIsNotToldOfTooEarly) {
  const absl::StatusOr<FileLock> other = LockJsonLines(path_);
  ASSERT_TRUE(other.ok()) << other.status();
  LockWait wait;
  wait.give_up_after_ms = 0;
  wait.say = [](std::string_view text) { ADD_FAILURE() << text; };
  EXPECT_EQ(ExitCodeOf(LockJsonLines(path_, wait).status()), kExitConflict);
  // Longer than the longest audit, several times.
  const int64_t audit_ms =
      std::chrono::milliseconds(GateOptions().audit_time).count();
  EXPECT_GE(LockWait().give_up_after_ms, 5 * audit_ms);
}

TEST_F(RegistryFile, AProfileOfANewerProgramIsNamedAsSuch) {
  ReleasedTable table = Table("T01", "10");
  table.profile = "threshold-of-tomorrow";
  Append(table);
  const ReleaseRegistry registry(path_);
  for (const absl::Status& status :
       {registry.All().status(),
        registry.Related(Table("T01", ""), {"n|level=L0"}).status()}) {
    EXPECT_EQ(ExitCodeOf(status), kExitInvalidInput);
    EXPECT_NE(status.message().find("line 1 was written by a newer"),
              std::string::npos)
        << status;
  }
}

}  // namespace
}  // namespace tally::analytics
