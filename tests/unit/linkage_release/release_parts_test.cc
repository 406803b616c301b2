// Tables of several parts.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "engine/sql_lint.h"
#include "linkage/release/release_builder.h"
#include "release_builder_fixture.h"
#include "release_world.h"

namespace tally::linkage {
namespace {

using ::testing::SizeIs;

// Whether the rows of the parts are put apart first, or all read for each.
class ReleaseParts : public ReleaseBuilder,
                     public testing::WithParamInterface<size_t> {};

INSTANTIATE_TEST_SUITE_P(Ways, ReleaseParts, testing::Values(0, 100));

TEST_P(ReleaseParts, HoldTheSameRowsAsOne) {
  PublishBasics();
  const Agreement agreement = BasicTerms();
  const absl::StatusOr<ReleasePlan> plan = world_.Plan(agreement);
  ASSERT_TRUE(plan.ok());
  world_.MustBuild(agreement, kRelease);
  BuildInputs inputs = world_.BuildInputsFor(agreement, *plan, "r2026-12");
  inputs.max_rows_per_part = 2;
  inputs.max_readings = GetParam();
  const absl::StatusOr<BuiltRelease> cut = BuildRelease(inputs);
  ASSERT_TRUE(cut.ok()) << cut.status();
  for (const char* table : {"gp_event", "sus_apc"}) {
    EXPECT_EQ(Contents("r2026-12", table), Contents(kRelease, table));
    const Rows rows = world_.Table("r2026-12", table);
    int64_t files = 0;
    for (const FileRecord& file : cut->files) {
      files += file.path.find(table) != std::string::npos ? 1 : 0;
    }
    EXPECT_GT(files, 2) << table;
    // In the order of the files people stand together, nobody at the end.
    std::vector<std::string> order;
    for (const auto& row : rows) {
      if (order.empty() || order.back() != row[0]) order.push_back(row[0]);
    }
    EXPECT_THAT(std::set<std::string>(order.begin(), order.end()),
                SizeIs(order.size()));
    EXPECT_EQ(rows.back()[0], "-");
  }
  for (const std::string& sql : world_.statements()) {
    EXPECT_THAT(engine::LintSql(sql), SizeIs(0)) << sql;
  }
}

// However few parts the people need: rows of nobody have no order to cut by.
TEST_P(ReleaseParts, HoldEveryRowOfNobodyOnceInSeveralFiles) {
  constexpr int kRows = 400;
  PublishBasics();
  std::vector<TestRow> spells;
  for (int i = 0; i < kRows; ++i) {
    spells.push_back(Spell(-1, 1'000 + i, "2026-10-05"));
  }
  world_.Publish("national-apc", "2026-10", 1, {{"sus-apc", spells}});
  const Agreement agreement = BasicTerms();
  const absl::StatusOr<ReleasePlan> plan = world_.Plan(agreement);
  ASSERT_TRUE(plan.ok());
  BuildInputs inputs = world_.BuildInputsFor(agreement, *plan, "r2026-12");
  inputs.max_rows_per_part = 100;
  inputs.max_readings = GetParam();
  const absl::StatusOr<BuiltRelease> cut = BuildRelease(inputs);
  ASSERT_TRUE(cut.ok()) << cut.status();
  std::set<std::string> spells_of_nobody;
  for (const auto& row : world_.Table("r2026-12", "sus_apc")) {
    if (row[0] == "-") spells_of_nobody.insert(row[3]);
  }
  EXPECT_THAT(spells_of_nobody, SizeIs(kRows + 1));  // and that of November
  int64_t files = 0;
  for (const FileRecord& file : cut->files) {
    files += file.path.find("tables/sus_apc/") != std::string::npos ? 1 : 0;
  }
  EXPECT_THAT(files, testing::AllOf(testing::Ge(5), testing::Le(8)));
  for (const std::string& sql : world_.statements()) {
    EXPECT_THAT(engine::LintSql(sql), SizeIs(0)) << sql;
  }
}

}  // namespace
}  // namespace tally::linkage
