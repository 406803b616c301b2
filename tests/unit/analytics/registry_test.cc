// The register of released tables as a file that grows: who reads what again.
#include "analytics/disclosure/registry.h"

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "analytics/disclosure/decision_log.h"
#include "analytics/disclosure/gate.h"
#include "base/exit_code.h"
#include "base/files.h"
#include "base/sha256.h"
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

// --- what was done to the file ----------------------------------------------

std::vector<std::string> LinesOf(const std::string& path) {
  std::vector<std::string> lines;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) lines.push_back(line);
  return lines;
}

void WriteLines(const std::string& path,
                const std::vector<std::string>& lines) {
  std::ofstream file(path);
  for (const std::string& line : lines) file << line << "\n";
}

std::string Replaced(std::string text, const std::string& from,
                     const std::string& to) {
  const size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

TEST_F(RegistryFile, ALineCarriesTheDigestOfAllBeforeIt) {
  Append(Table("T01", "10"));
  Append(Table("T01", "15"));
  const std::vector<std::string> lines = LinesOf(path_);
  ASSERT_EQ(lines.size(), 2u);
  std::string before(64, '0');
  for (const std::string& line : lines) {
    const size_t at = line.find("\"chain\":\"");
    ASSERT_NE(at, std::string::npos);
    const std::string chain = line.substr(at + 9, 64);
    std::string rest = line;
    rest.erase(at, 9 + 64 + 2);  // with its quote and comma
    EXPECT_EQ(Sha256Hex(before + rest), chain);
    before = chain;
  }
}

TEST_F(RegistryFile, LinesThatWereChangedOrTakenAwayAreNamed) {
  for (const char* n : {"10", "15", "20", "25"}) Append(Table("T01", n));
  const std::vector<std::string> lines = LinesOf(path_);
  const auto problem = [&](const std::vector<std::string>& changed) {
    WriteLines(path_, changed);
    const absl::Status all = ReleaseRegistry(path_).All().status();
    const absl::Status related = ReleaseRegistry(path_)
                                     .Related(Table("T02", ""), {"n|level=L0"})
                                     .status();
    EXPECT_EQ(all, related);
    EXPECT_EQ(ExitCodeOf(all), kExitIntegrity) << all;
    return std::string(all.message());
  };
  using testing::HasSubstr;
  EXPECT_THAT(problem({lines[1], lines[2]}), HasSubstr("line 1 does not"));
  EXPECT_THAT(problem({lines[0], lines[2]}), HasSubstr("line 2 does not"));
  EXPECT_THAT(problem({lines[0], lines[0]}), HasSubstr("line 2 does not"));
  const std::string changed = Replaced(lines[1], "\"15\"", "\"10\"");
  EXPECT_THAT(problem({lines[0], changed}), HasSubstr("line 2 does not"));
  // What is taken for an older line would need no digest.
  std::string old = Replaced(lines[1], "\"version\":4", "\"version\":2");
  old.erase(old.find("\"chain\""), 9 + 64 + 2);
  EXPECT_THAT(problem({lines[0], old}), HasSubstr("line 2 does not"));
  WriteLines(path_, lines);
  EXPECT_EQ(ReleaseRegistry(path_).All()->size(), 4u);
}

// A register of a program that knew no chain goes on with one.
TEST_F(RegistryFile, LinesWithoutDigestsAreReadAndContinued) {
  Append(Table("T01", "10"));
  std::string old =
      Replaced(LinesOf(path_)[0], "\"version\":4", "\"version\":2");
  old.erase(old.find("\"chain\""), 9 + 64 + 2);
  WriteLines(path_, {old, Replaced(old, "\"10\"", "\"15\"")});
  Append(Table("T01", "20"));
  EXPECT_THAT(Seen(ReleaseRegistry(path_), "T01"),
              ElementsAre("20", "15", "10"));
  std::vector<std::string> lines = LinesOf(path_);
  ASSERT_EQ(lines.size(), 3u);
  lines.erase(lines.begin());  // the third covers those before the chain too
  WriteLines(path_, lines);
  EXPECT_EQ(ExitCodeOf(ReleaseRegistry(path_).All().status()), kExitIntegrity);
}

TEST_F(RegistryFile, APrintedFormThatIsNoneIsDamage) {
  for (const char* form : {"2x", "", "-5", "m6:", "m6:*", "1125899906842624",
                           "9223372036854775806", "X", "**", "05"}) {
    std::filesystem::remove(path_);
    Append(Table("T01", "10"));
    const std::string line = LinesOf(path_)[0];
    WriteLines(path_, {line, Replaced(line, "\"10\"",
                                      "\"" + std::string(form) + "\"")});
    const absl::Status status = ReleaseRegistry(path_).All().status();
    EXPECT_EQ(ExitCodeOf(status), kExitIntegrity) << form;
    EXPECT_THAT(std::string(status.message()),
                testing::HasSubstr("released.jsonl: line 2 is not"))
        << form;
  }
}

TEST_F(RegistryFile, AMarginBeyondAllCountsIsDamage) {
  ReleasedTable table = Table("T01", "10");
  table.margins = {{{"n|level=L0"}, 1234}};
  Append(table);
  const std::string line = LinesOf(path_)[0];
  for (const char* exact : {"-1", "1125899906842624"}) {
    WriteLines(path_, {Replaced(line, "\"exact\":1234",
                                std::string("\"exact\":") + exact)});
    const absl::Status status = ReleaseRegistry(path_).All().status();
    EXPECT_THAT(std::string(status.message()),
                testing::HasSubstr("line 1 is not a released table"));
  }
}

TEST_F(RegistryFile, ATableThatTheLogHasAndTheFileHasNotIsMissed) {
  TableDecisions d;
  d.project = "trial";
  d.measure = "T01";
  d.table = "counts";
  d.period = "2026-10";
  d.profile = "nhs-subnational";
  ReleasedTable table = Table("T01", "10");
  table.period = "2026-10";
  Append(table);
  EXPECT_TRUE(ReleaseRegistry(path_).CheckComplete({d}).ok());
  TableDecisions refused = d;
  refused.table = "others";
  refused.refused = true;
  TableDecisions derived = d;
  derived.table = "derived";
  derived.derived_from = {"T01/counts@r2026-11"};
  EXPECT_TRUE(ReleaseRegistry(path_).CheckComplete({refused, derived}).ok());
  TableDecisions gone = d;
  gone.period = "2026-11";
  EXPECT_EQ(ExitCodeOf(ReleaseRegistry(path_).CheckComplete({d, gone})),
            kExitIntegrity);
  std::filesystem::remove(path_);
  const absl::Status missing = ReleaseRegistry(path_).CheckComplete({d});
  EXPECT_EQ(ExitCodeOf(missing), kExitIntegrity);
  EXPECT_THAT(std::string(missing.message()), testing::HasSubstr("T01 counts"));
}

// Whether a hidden cell may be a zero is told to a reader too.
TEST_F(RegistryFile, TablesThatHideZerosOrDoNotSaySomethingElse) {
  ReleasedTable one = Table("T01", "x");
  ReleasedTable other = one;
  EXPECT_TRUE(one.SaysTheSame(other));
  other.hides_zeros = true;
  EXPECT_FALSE(one.SaysTheSame(other));
}

}  // namespace
}  // namespace tally::analytics
