// Counting people in slices (LinkInputs::max_people_counted).

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include "base/files.h"
#include "engine/sql_lint.h"
#include "linkage/release/release_builder.h"
#include "linkage/release/report_text.h"
#include "linked_extracts.h"
#include "release_builder_fixture.h"
#include "release_engine.h"
#include "release_world.h"
#include "status_matchers.h"
#include "temp_dir.h"

namespace tally::linkage {
namespace {

using ::testing::SizeIs;

class ReleaseSlices : public ReleaseBuilder {
 protected:
  // People in several practices and areas, with events and spells in two
  // extracts each, of which some combinations are rare.
  void PublishMany() {
    for (const char* month : {"2026-10", "2026-11"}) {
      const std::string day = std::string(month) + "-07";
      std::vector<TestRow> patients, events, spells;
      for (int who = 1; who <= 60; ++who) {
        patients.push_back(Patient(who, who < 59 ? "Z90001" : "Z90003",
                                   who % 20 == 0 ? "E01990002" : "E01990001",
                                   who % 3 == 0 ? "A" : "R"));
        events.push_back(Event(who, day.c_str()));
        if (who % 2 == 0) spells.push_back(Spell(who, who, day.c_str()));
      }
      events.push_back(Event(-1, day.c_str()));
      spells.push_back(Spell(-1, 99, day.c_str()));
      world_.Publish("gp-supplier-a", month, 1,
                     {{"gp-patient", patients}, {"gp-event", events}});
      world_.Publish("national-apc", month, 1, {{"sus-apc", spells}});
    }
  }

  Agreement TermsWithMinK() const {
    Agreement agreement = BasicTerms();
    agreement.min_k = 3;
    agreement.geography = {"lsoa", "practice"};
    agreement.datasets.push_back(
        {"gp-patient",
         {"gp-supplier-a"},
         {"practice_code", "lsoa21", "ethnic_category"},
         DateGrain::kMonth,
         {}});
    return agreement;
  }
};

TEST_F(ReleaseSlices, CountWhatOneStatementCounts) {
  PublishMany();
  const Agreement agreement = TermsWithMinK();
  const BuiltRelease whole = world_.MustBuild(agreement, kRelease);
  const absl::StatusOr<ReleasePlan> plan = world_.Plan(agreement);
  ASSERT_TRUE(plan.ok());
  BuildInputs inputs = world_.BuildInputsFor(agreement, *plan, "r2026-12");
  inputs.link.max_people_counted = 7;
  absl::StatusOr<BuiltRelease> sliced = BuildRelease(inputs);
  ASSERT_TRUE(sliced.ok()) << sliced.status();
  sliced->report.release = whole.report.release;
  EXPECT_EQ(ReportJson(sliced->report), ReportJson(whole.report));
  for (const char* table : {"gp_event", "gp_patient", "sus_apc"}) {
    EXPECT_EQ(Contents("r2026-12", table), Contents(kRelease, table)) << table;
  }
  // Something was rare, or min_k had nothing to count.
  int64_t withheld = 0;
  for (const UniquenessLine& line : sliced->report.uniqueness) {
    withheld += line.rows_area_withheld;
  }
  EXPECT_GT(withheld, 0);
  int64_t in_slices = 0;
  for (const std::string& sql : world_.statements()) {
    in_slices += sql.find(" % 9 = 8") != std::string::npos ? 1 : 0;
    EXPECT_THAT(engine::LintSql(sql), SizeIs(0)) << sql;
  }
  EXPECT_GT(in_slices, 10);
}

// Everything that many people are told apart by, beside a live release.
TEST_F(ReleaseSlices, FindWhomContentJoins) {
  PublishMany();
  const Agreement agreement = TermsWithMinK();
  world_.MustBuild(agreement, kRelease);
  Agreement other = agreement;
  other.project = "other-2026";
  const absl::StatusOr<ReleasePlan> plan = world_.Plan(other);
  ASSERT_TRUE(plan.ok());
  const auto attacked = [&](const char* release, int64_t max_people) {
    BuildInputs inputs = world_.BuildInputsFor(other, *plan, release);
    inputs.link.agreement = &other;
    inputs.link.max_people_counted = max_people;
    inputs.live_releases = {{agreement.project,
                             "projects/frailty-2026/releases/r2026-11",
                             world_.ReleaseDirectory(kRelease), agreement}};
    const absl::StatusOr<BuiltRelease> built = BuildRelease(inputs);
    EXPECT_TRUE(built.ok()) << built.status();
    std::map<std::string, std::pair<int64_t, int64_t>> lines;
    if (!built.ok()) return lines;
    for (const JoinAttackLine& line : built->report.join_attack) {
      lines[line.table] = {line.relinked, line.persons};
    }
    return lines;
  };
  const auto whole = attacked("r2026-12", 0);
  ASSERT_THAT(whole, SizeIs(3));
  EXPECT_GT(whole.at("gp_event").first, 0);
  EXPECT_EQ(attacked("r2027-01", 7), whole);
  for (const std::string& sql : world_.statements()) {
    EXPECT_THAT(engine::LintSql(sql), SizeIs(0)) << sql;
  }
}

TEST(Slices, HoldEverybodyOnce) {
  LinkedExtracts linked;
  linked.max_people_counted = 10;
  EXPECT_THAT(linked.SlicesOf(0), SizeIs(1));
  EXPECT_THAT(linked.SlicesOf(10), SizeIs(1));
  const std::vector<Slice> slices = linked.SlicesOf(25);
  ASSERT_THAT(slices, SizeIs(3));
  for (int64_t i = 0; i < 3; ++i) {
    EXPECT_EQ(slices[static_cast<size_t>(i)].which, i);
    EXPECT_EQ(slices[static_cast<size_t>(i)].of, 3);
  }
  EXPECT_EQ(InSlice("n", slices[2]), "coalesce(n, 0) % 3 = 2");
  EXPECT_EQ(InSlice("n", Slice{}), "true");
}

// A source may send any number and any text.
TEST(Slices, HoldEveryCombinationOnce) {
  const TempDir dir;
  ReleaseEngineOptions options;
  options.work_directory = dir.Path("work");
  ASSERT_THAT(MakeDirectories(options.work_directory, 0700), IsOk());
  const auto engine = ReleaseEngine::Open(std::move(options));
  ASSERT_THAT(engine, IsOk());
  const engine::TableSchema columns = {{"n", engine::SqlType::kBigint},
                                       {"i", engine::SqlType::kInt},
                                       {"t", engine::SqlType::kString},
                                       {"d", engine::SqlType::kDate},
                                       {"b", engine::SqlType::kBoolean}};
  const std::string rows =
      "SELECT -9223372036854775808 AS n, CAST(-2147483648 AS INT) AS i, "
      "'' AS t, DATE '0001-01-01' AS d, true AS b UNION ALL "
      "SELECT 9223372036854775807, CAST(2147483647 AS INT), 'x', "
      "DATE '9999-12-31', false UNION ALL SELECT NULL, NULL, NULL, NULL, NULL "
      "UNION ALL SELECT 1, CAST(2 AS INT), '\u00fc\u20ac', DATE '2026-11-01', "
      "NULL";
  const auto slices =
      (*engine)->SliceCombinations(rows, columns, 5, "sliced", columns);
  ASSERT_THAT(slices, IsOk());
  ASSERT_THAT(*slices, SizeIs(5));
  int64_t all = 0;
  for (const std::string& slice : *slices) {
    const auto count = (*engine)->Count(
        {absl::StrFormat("SELECT count(*) FROM (%s) AS r", slice), {}});
    ASSERT_THAT(count, IsOk());
    all += *count;
  }
  EXPECT_EQ(all, 4);
  EXPECT_THAT((*engine)->DiscardSlices("sliced", 5), IsOk());
}

TEST(Slices, AreNotMadeForARegionWithTheMemoryOfAHub) {
  constexpr int64_t kOfAHub = int64_t{717} << 20;
  EXPECT_GT(PeopleCountedAtOnce(kOfAHub), 2'900'000);
  EXPECT_GE(PeopleCountedAtOnce(1), 1);
}

}  // namespace
}  // namespace tally::linkage
