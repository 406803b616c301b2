#include "linkage/release/release_sql.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "linked_extracts.h"
#include "release_tables.h"
#include "release_test_data.h"

namespace tally::linkage {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;

TEST(SplitIntoParts, CoversEveryPersonOnce) {
  for (const int64_t persons : {1, 2, 7, 1000}) {
    for (const int64_t rows : {0, 1, 100, 5000}) {
      const std::vector<PartRange> ranges =
          SplitIntoParts(rows, 3, persons, 100);
      int64_t next = 0;
      for (const PartRange& range : ranges) {
        if (range.which != PartRange::kPersons) continue;
        EXPECT_EQ(range.first_person, next);
        EXPECT_GT(range.end_person, range.first_person);
        next = range.end_person;
      }
      EXPECT_EQ(next, rows == 0 ? 0 : persons);
      EXPECT_EQ(ranges.back().which, PartRange::kNobody);
    }
  }
}

TEST(SplitIntoParts, LeavesOneFileForATableWithoutRows) {
  const std::vector<PartRange> ranges = SplitIntoParts(0, 0, 10, 100);
  ASSERT_THAT(ranges, SizeIs(1));
  EXPECT_EQ(ranges[0].which, PartRange::kAll);
}

TEST(ThreadsThatFit, AreAsManyAsTheMemoryFeedsAndOneAtLeast) {
  EXPECT_EQ(ThreadsThatFit(int64_t{90} << 20, 8), 1);
  EXPECT_EQ(ThreadsThatFit(int64_t{179} << 20, 8), 1);
  EXPECT_EQ(ThreadsThatFit(int64_t{717} << 20, 8), 5);
  EXPECT_EQ(ThreadsThatFit(int64_t{717} << 20, 2), 2);
}

TEST(RowsThatSort, GrowWithTheMemoryAndShrinkWithTheColumns) {
  const int64_t usual = RowsThatSort(int64_t{700} << 20, 10);
  EXPECT_GT(usual, 7'000'000);
  EXPECT_LT(usual, 8'000'000);
  EXPECT_GT(RowsThatSort(int64_t{1400} << 20, 10), 2 * usual - 10);
  EXPECT_LT(RowsThatSort(int64_t{700} << 20, 21), usual / 2 + 10);
  EXPECT_GE(RowsThatSort(0, 10), 250'000);
  // A hub of 512 MiB leaves the engine 179 MB.
  EXPECT_LT(RowsThatSort(179'000'000, 12), 750'000);
}

TEST(SplitIntoParts, KeepsPartsBelowTheLimitOnAverage) {
  const std::vector<PartRange> ranges =
      SplitIntoParts(30'000'000, 0, 1'200'000, 8'000'000);
  EXPECT_THAT(ranges, SizeIs(5));
}

TEST(SplitIntoParts, CutsRowsOfNobodyByTheSameLimit) {
  const std::vector<PartRange> ranges =
      SplitIntoParts(30'000'000, 17'000'000, 1'200'000, 8'000'000);
  ASSERT_THAT(ranges, SizeIs(8));
  for (size_t i = 0; i < ranges.size(); ++i) {
    EXPECT_EQ(ranges[i].which,
              i < 5 ? PartRange::kPersons : PartRange::kNobody);
  }
}

TEST(TableRowsSql, BindsValuesAndNeverWritesThem) {
  const TestSpecifications specifications;
  const dataset::Specification* events = specifications.Newest("gp-event");
  AgreementDataset agreed;
  agreed.id = "gp-event";
  agreed.columns = {"cluster_id"};
  agreed.filters = {
      {"cluster_id",
       FilterOp::kIn,
       {std::string("x') OR 1=1 --"), std::string("y")}},
      {"cluster_id", FilterOp::kPrefix, {std::string("\xc3\xa9t")}}};
  TableRecipe recipe;
  recipe.agreed = &agreed;
  recipe.columns = {*ResolveColumn(*events, "cluster_id")};
  recipe.parts = {{"part_0", 0, "gp-supplier-a", events, 2026}};
  const SqlStatement statement = TableRowsSql(recipe);
  EXPECT_THAT(statement.sql, Not(HasSubstr("OR 1=1")));
  EXPECT_THAT(statement.sql, HasSubstr("r.cluster_id IN (?, ?)"));
  EXPECT_THAT(statement.sql, HasSubstr("substr(r.cluster_id, 1, 2) = ?"));
  EXPECT_THAT(statement.values, SizeIs(3));
}

// A release of few columns must not carry the others through its joins.
TEST(TableRowsSql, NamesNoColumnThatTheTableAndItsFiltersDoNotNeed) {
  const TestSpecifications specifications;
  const dataset::Specification* apc = specifications.Newest("sus-apc");
  AgreementDataset agreed;
  agreed.id = "sus-apc";
  agreed.columns = {"diag_01"};
  agreed.filters = {{"lsoa21", FilterOp::kNotNull, {}}};
  TableRecipe recipe;
  recipe.agreed = &agreed;
  recipe.columns = {*ResolveColumn(*apc, "diag_01")};
  recipe.parts = {{"part_0", 0, "national-apc", apc, 2026}};
  const SqlStatement statement = TableRowsSql(recipe);
  EXPECT_THAT(statement.sql, Not(HasSubstr("*")));
  for (const dataset::ColumnSpec& column : apc->columns()) {
    if (column.name == "diag_01" || column.name == "lsoa21") {
      EXPECT_THAT(statement.sql, HasSubstr(column.name));
    } else {
      EXPECT_THAT(statement.sql, Not(HasSubstr(column.name)));
    }
  }
}

TEST(AgeBandOf, HasNineteenBands) {
  EXPECT_EQ(AgeBandOf(0), "0-4");
  EXPECT_EQ(AgeBandOf(4), "0-4");
  EXPECT_EQ(AgeBandOf(5), "5-9");
  EXPECT_EQ(AgeBandOf(89), "85-89");
  EXPECT_EQ(AgeBandOf(90), "90+");
  EXPECT_EQ(AgeBandOf(-1), "0-4");
}

TEST(QuasiIdentifiersOf, LeavesDatesOut) {
  const TestSpecifications specifications;
  const dataset::Specification* apc = specifications.Newest("sus-apc");
  AgreementDataset agreed;
  agreed.id = "sus-apc";
  TableRecipe recipe;
  recipe.agreed = &agreed;
  for (const char* name :
       {"spell_id", "admission_date", "diag_01", "lsoa21", "age_fy"}) {
    recipe.columns.push_back(*ResolveColumn(*apc, name));
  }
  EXPECT_THAT(QuasiIdentifiersOf(recipe), ElementsAre("lsoa21", "age_fy"));
}

ExtractRecord Extract(const char* source, const char* first, const char* last) {
  ExtractRecord extract;
  extract.source = source;
  extract.extract_id = "p" + std::string(last).substr(0, 7) + "-r1";
  extract.period_start = CivilDay::Parse(first)->days();
  extract.period_end = CivilDay::Parse(last)->days();
  return extract;
}

TEST(CoveragePeriodsOf, MergesMonthsThatAdjoin) {
  const TestSpecifications specifications;
  ReleasePlan plan;
  plan.extracts = {Extract("a", "2026-01-01", "2026-02-28"),
                   Extract("a", "2026-03-01", "2026-03-31"),
                   Extract("a", "2026-06-01", "2026-06-30"),
                   Extract("n", "2026-06-01", "2026-06-30")};
  const dataset::Specification* patient = specifications.Newest("gp-patient");
  const dataset::Specification* event = specifications.Newest("gp-event");
  for (int i = 0; i < 3; ++i) {
    plan.parts.push_back({i, "gp-event", event, true});
  }
  plan.parts.push_back({2, "gp-patient", patient, false});
  plan.parts.push_back({3, "gp-event", event, true});
  std::vector<std::string> shown;
  for (const CoveragePeriod& period : CoveragePeriodsOf(plan)) {
    shown.push_back(period.source + " " + period.dataset + " " +
                    period.first_month.ToMonth() + " " +
                    period.last_month.ToMonth());
  }
  // Source n has no registrations: no periods.
  EXPECT_THAT(shown, ElementsAre("a gp-event 2026-01 2026-03",
                                 "a gp-event 2026-06 2026-06",
                                 "a gp-patient 1900-01 2026-06"));
}

}  // namespace
}  // namespace tally::linkage
