// Tables of figures computed from gated tables: what they may hold, how they
// are printed, and that they are logged and registered but join no audit.
#include "analytics/disclosure/derived_table.h"

#include <cmath>
#include <filesystem>
#include <limits>
#include <string>
#include <vector>

#include "analytics/disclosure/gate.h"
#include "analytics/export/table_writers.h"
#include "base/error.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tally::analytics {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TableInfo DerivedInfo(std::string table) {
  TableInfo info;
  info.table = std::move(table);
  info.measure_id = "T01";
  info.project = "trial";
  info.release = "r2026-11";
  info.period = "2026-11";
  info.cohort = "everyone";
  return info;
}

// Three months: 40, a hidden one, 60; 90 of 100 rows linked.
GatedTable Months(std::string_view profile = "nhs-subnational",
                  std::string project = "trial", int64_t linked = 90) {
  TableInfo info = DerivedInfo("months");
  info.project = std::move(project);
  info.rows_linked = linked;
  info.rows_all = 100;
  auto raw = RawTable::Create(
      info, {DimensionColumn("month", "Month"),
             CountColumn("n", ColumnKind::kEvents, "Admissions")});
  EXPECT_TRUE(raw->AddRow({"2026-01", int64_t{41}}).ok());
  EXPECT_TRUE(raw->AddRow({"2026-02", int64_t{3}}).ok());
  EXPECT_TRUE(raw->AddRow({"2026-03", int64_t{59}}).ok());
  Gate gate(*Profile::Named(profile), {});
  return *gate.Release(*raw);
}

std::vector<ColumnSpec> PointColumns() {
  return {DimensionColumn("month", "Month"),
          DerivedColumn("value", "Value", "events"),
          DerivedColumn("mean", "Mean", "events")};
}

DerivedTable Points(const GatedTable& source) {
  auto table = DerivedTable::Create(DerivedInfo("spc_points"), PointColumns(),
                                    {&source});
  EXPECT_TRUE(table.ok()) << table.status();
  for (size_t row = 0; row < source.rows(); ++row) {
    const GatedCell& n = source.at(row, "n");
    const DerivedCell mean =
        n.suppressed() ? DerivedCell::Star() : DerivedCell::Number(50.25, 1);
    EXPECT_TRUE(table
                    ->AddRow({DerivedCell::Copy(source.at(row, "month")),
                              DerivedCell::Copy(n), mean})
                    .ok());
  }
  return *std::move(table);
}

TEST(DerivedTable, PrintsWhatTheSourcePrintedAndRoundedNumbers) {
  const GatedTable source = Months();
  Gate gate(*Profile::Named("nhs-subnational"), {});
  const auto gated = gate.ReleaseDerived(Points(source));
  ASSERT_TRUE(gated.ok()) << gated.status();
  EXPECT_EQ(GatedCsv(*gated),
            "month,value,mean\n2026-01,40,50.2\n2026-02,*,*\n"
            "2026-03,60,50.2\n");
  EXPECT_EQ(gated->suppressed_cells(), 2);
  EXPECT_FALSE(gated->at(1, "mean").number().has_value());
  // The number is the printed one, not the computed one.
  EXPECT_EQ(gated->at(0, "mean").number(), 50.2);
  EXPECT_EQ(gated->profile(), "nhs-subnational");
}

TEST(DerivedTable, SaysWhatItWasComputedFrom) {
  const GatedTable source = Months();
  Gate gate(*Profile::Named("nhs-subnational"), {});
  const auto gated = gate.ReleaseDerived(Points(source));
  ASSERT_TRUE(gated.ok());
  EXPECT_THAT(gated->info().notes,
              ElementsAre("Computed from released figures: "
                          "T01/months@r2026-11."));
}

TEST(DerivedTable, TakesTheLowestShareOfRowsLinked) {
  const GatedTable low = Months("nhs-subnational", "trial", 60);
  const GatedTable high = Months();
  const GatedTable starred = Months("nhs-subnational", "trial", 3);
  Gate gate(*Profile::Named("nhs-subnational"), {});
  const auto share = [&](const std::vector<const GatedTable*>& sources) {
    const auto table =
        DerivedTable::Create(DerivedInfo("t"), PointColumns(), sources);
    return gate.ReleaseDerived(*table)->linked_share_pct();
  };
  EXPECT_EQ(share({&high}), "90.0");
  EXPECT_EQ(share({&high, &low}), "60.0");
  EXPECT_EQ(share({&low, &high}), "60.0");
  EXPECT_EQ(share({&low, &starred, &high}), "*");
}

TEST(DerivedTable, NaKeepsItsReason) {
  const GatedTable source = Months();
  auto table =
      DerivedTable::Create(DerivedInfo("t"), PointColumns(), {&source});
  ASSERT_TRUE(table.ok());
  ASSERT_TRUE(
      table
          ->AddRow({DerivedCell::Text(""),
                    DerivedCell::Number(Figure::Na(NaReason::kTooFewValues), 1),
                    DerivedCell::Number(Figure::Of(-0.04), 1)})
          .ok());
  Gate gate(*Profile::Named("nhs-subnational"), {});
  const auto gated = gate.ReleaseDerived(*table);
  ASSERT_TRUE(gated.ok());
  EXPECT_EQ(gated->at(0, "month").text(), "unknown");
  EXPECT_EQ(gated->at(0, "value").text(), "NA");
  EXPECT_EQ(gated->at(0, "value").reason(), NaReason::kTooFewValues);
  EXPECT_EQ(gated->at(0, "mean").text(), "0.0");
}

TEST(DerivedTable, RefusesNamesThatListPeople) {
  const GatedTable source = Months();
  for (const char* name : {"person", "pseudonym", "nhs_number", "token"}) {
    EXPECT_FALSE(DerivedTable::Create(DerivedInfo("t"),
                                      {DimensionColumn(name, "x")}, {&source})
                     .ok())
        << name;
  }
}

TEST(DerivedTable, RefusesCountsAndOtherKinds) {
  const GatedTable source = Months();
  for (const ColumnKind kind :
       {ColumnKind::kUnknown, ColumnKind::kPersons, ColumnKind::kEvents,
        ColumnKind::kProportion, ColumnKind::kModelMetric}) {
    EXPECT_FALSE(DerivedTable::Create(DerivedInfo("t"),
                                      {CountColumn("n", kind, "n")}, {&source})
                     .ok());
  }
}

TEST(DerivedTable, NeedsSourcesOfOneProjectAndOneProfile) {
  const GatedTable source = Months();
  const GatedTable other_profile = Months("opensafely");
  const GatedTable other_project = Months("nhs-subnational", "elsewhere");
  const auto make = [](const std::vector<const GatedTable*>& sources) {
    return DerivedTable::Create(DerivedInfo("t"), PointColumns(), sources);
  };
  EXPECT_TRUE(make({&source, &source}).ok());
  EXPECT_EQ(ExitCodeOf(make({}).status()), kExitInvalidInput);
  EXPECT_EQ(ExitCodeOf(make({nullptr}).status()), kExitInvalidInput);
  EXPECT_EQ(ExitCodeOf(make({&source, &other_profile}).status()),
            kExitInvalidInput);
  EXPECT_EQ(ExitCodeOf(make({&other_project}).status()), kExitInvalidInput);
}

TEST(DerivedTable, RefusesRowsThatDoNotFitTheColumns) {
  const GatedTable source = Months();
  auto table =
      DerivedTable::Create(DerivedInfo("t"), PointColumns(), {&source});
  ASSERT_TRUE(table.ok());
  const auto add = [&](DerivedCell level, DerivedCell value) {
    return table->AddRow({std::move(level), std::move(value),
                          DerivedCell::Na(NaReason::kTooFewValues)});
  };
  const DerivedCell level = DerivedCell::Text("a");
  EXPECT_TRUE(add(level, DerivedCell::Number(1, 0)).ok());
  EXPECT_FALSE(table->AddRow({level}).ok());
  EXPECT_FALSE(add(DerivedCell::Number(1, 0), DerivedCell::Star()).ok());
  EXPECT_FALSE(add(level, DerivedCell::Text("12")).ok());
  EXPECT_FALSE(add(DerivedCell::Text("\xff"), DerivedCell::Star()).ok());
  EXPECT_FALSE(add(level, DerivedCell::Number(1, -1)).ok());
  EXPECT_FALSE(add(level, DerivedCell::Number(1, 7)).ok());
  EXPECT_FALSE(add(level, DerivedCell::Number(std::nan(""), 1)).ok());
  EXPECT_FALSE(add(level, DerivedCell::Number(
                              std::numeric_limits<double>::infinity(), 1))
                   .ok());
  EXPECT_EQ(table->rows(), 1u);
}

TEST(Gate, RefusesDerivedTableOfAnotherProfile) {
  const GatedTable source = Months();
  Gate gate(*Profile::Named("opensafely"), {});
  const auto gated = gate.ReleaseDerived(Points(source));
  EXPECT_EQ(ExitCodeOf(gated.status()), kExitInvalidInput);
  EXPECT_THAT(std::string(gated.status().message()),
              HasSubstr("T01/months@r2026-11"));
}

TEST(Gate, RefusesRawTableWithADerivedColumn) {
  auto raw = RawTable::Create(DerivedInfo("t"), PointColumns());
  ASSERT_TRUE(raw.ok());
  Gate gate(*Profile::Named("nhs-subnational"), {});
  EXPECT_EQ(ExitCodeOf(gate.Release(*raw).status()), kExitInvalidInput);
}

class DerivedFiles : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = testing::TempDir() + "derivedXXXXXX";
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    folder_ = name;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  static GateOptions Files(DecisionLog* log, ReleaseRegistry* registry) {
    GateOptions options;
    options.log = log;
    options.registry = registry;
    return options;
  }
  std::string folder_;
};

TEST_F(DerivedFiles, AreLoggedAndRegisteredOnceWithTheirSources) {
  DecisionLog log(folder_ + "/decisions.jsonl");
  ReleaseRegistry registry(folder_ + "/released.jsonl");
  Gate gate(*Profile::Named("nhs-subnational"), Files(&log, &registry));
  const GatedTable source = Months();
  ASSERT_TRUE(gate.ReleaseDerived(Points(source)).ok());
  ASSERT_TRUE(gate.ReleaseDerived(Points(source)).ok());
  const auto logged = log.Read();
  ASSERT_TRUE(logged.ok());
  ASSERT_EQ(logged->size(), 2u);
  EXPECT_THAT(logged->front().cells, ElementsAre("-ss", "-xx", "-ss"));
  EXPECT_THAT(logged->front().derived_from, ElementsAre("T01/months@r2026-11"));
  const auto all = registry.All();
  ASSERT_TRUE(all.ok());
  ASSERT_EQ(all->size(), 1u);
  EXPECT_THAT(all->front().derived_from, ElementsAre("T01/months@r2026-11"));
  EXPECT_THAT(all->front().dimensions, ElementsAre("month"));
  EXPECT_TRUE(all->front().cells.empty());
}

TEST_F(DerivedFiles, JoinNoAuditOfLaterTables) {
  ReleaseRegistry registry(folder_ + "/released.jsonl");
  Gate gate(*Profile::Named("nhs-subnational"), Files(nullptr, &registry));
  ASSERT_TRUE(gate.ReleaseDerived(Points(Months())).ok());
  ReleasedTable same;
  same.project = "trial";
  same.measure = "T01";
  same.period = "2026-11";
  same.cohort = "everyone";
  same.table = "months";
  const auto related = registry.Related(same, {});
  ASSERT_TRUE(related.ok());
  EXPECT_TRUE(related->empty());
}

}  // namespace
}  // namespace tally::analytics
