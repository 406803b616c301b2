// The register of released tables as a file that grows: who reads what again.
#include "analytics/disclosure/registry.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "base/exit_code.h"
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
    const auto related = registry.Related(Table(measure, ""));
    EXPECT_TRUE(related.ok()) << related.status();
    if (!related.ok()) return seen;
    for (const ReleasedTable& table : *related) {
      seen.push_back(table.cells.at("n|level=L0"));
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
  EXPECT_EQ(registry.Related(Table("T01", "")).status().code(),
            absl::StatusCode::kDataLoss);
  EXPECT_EQ(registry.Related(Table("T01", "")).status().code(),
            absl::StatusCode::kDataLoss);
}

TEST_F(RegistryFile, LineOfAnotherKindIsFoundByEveryCall) {
  const ReleaseRegistry registry(path_);
  Append(Table("T01", "10"));
  EXPECT_THAT(Seen(registry, "T01"), ElementsAre("10"));
  std::ofstream(path_, std::ios::app) << "{\"project\":\"trial\"}\n";
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(registry.Related(Table("T02", "")).status().code(),
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

TEST_F(RegistryFile, AProfileOfANewerProgramIsNamedAsSuch) {
  ReleasedTable table = Table("T01", "10");
  table.profile = "threshold-of-tomorrow";
  Append(table);
  const ReleaseRegistry registry(path_);
  for (const absl::Status& status :
       {registry.All().status(), registry.Related(Table("T01", "")).status()}) {
    EXPECT_EQ(ExitCodeOf(status), kExitInvalidInput);
    EXPECT_NE(status.message().find("line 1 was written by a newer"),
              std::string::npos)
        << status;
  }
}

}  // namespace
}  // namespace tally::analytics
