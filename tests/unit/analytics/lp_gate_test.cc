// The exact attacker in the gate: what it hides, refuses and reads of earlier
// tables.
#include <chrono>
#include <filesystem>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "analytics/disclosure/gate.h"
#include "base/error.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lp_oracle.h"

namespace tally::analytics {
namespace {

TableInfo AuditInfo(std::string table) {
  TableInfo info;
  info.table = std::move(table);
  info.measure_id = "T02";
  info.project = "trial";
  info.release = "r2026-11";
  info.period = "2026-11";
  info.cohort = "everyone";
  return info;
}

// Rows and columns with all margins known to every reader.
RawTable Crossed(const std::vector<std::vector<int64_t>>& counts,
                 std::string release = "r2026-11") {
  TableInfo info = AuditInfo("crossed");
  info.release = std::move(release);
  auto table = RawTable::Create(
      std::move(info), {DimensionColumn("a", "A"), DimensionColumn("b", "B"),
                        CountColumn("n", ColumnKind::kPersons, "People")});
  std::vector<std::vector<CellRef>> columns(counts.front().size());
  std::vector<int64_t> column_sums(counts.front().size(), 0);
  for (size_t a = 0; a < counts.size(); ++a) {
    std::vector<CellRef> row;
    int64_t row_sum = 0;
    for (size_t b = 0; b < counts[a].size(); ++b) {
      EXPECT_TRUE(table
                      ->AddRow({"a" + std::to_string(a),
                                "b" + std::to_string(b), counts[a][b]})
                      .ok());
      const CellRef cell{table->rows() - 1, 2};
      row.push_back(cell);
      columns[b].push_back(cell);
      row_sum += counts[a][b];
      column_sums[b] += counts[a][b];
    }
    table->AddKnownMargin(row, row_sum);
  }
  for (size_t b = 0; b < columns.size(); ++b) {
    table->AddKnownMargin(columns[b], column_sums[b]);
  }
  return *std::move(table);
}

std::vector<std::vector<int64_t>> FourByFourCounts(int64_t row2_column3) {
  return {{3, 5, 4, 0}, {5, 3, row2_column3, 0}, {0, 0, 6, 2}, {0, 0, 2, 6}};
}

TEST(LpGate, HidesTheReleasedCellThatSeveralLinesNarrowAHiddenOneBy) {
  // 34 less 28 to 32 leaves 2 to 6 for a hidden 1 to 7.
  const RawTable raw = Crossed(FourByFourCounts(30));
  const Profile profile = *Profile::Named("nhs-subnational");
  Gate weak(profile, {}, std::make_unique<PropagationSolver>());
  EXPECT_EQ(weak.Release(raw)->at(6, "n").text(), "30");
  Gate gate(profile, {});
  const auto table = gate.Release(raw);
  ASSERT_TRUE(table.ok()) << table.status();
  EXPECT_EQ(table->at(6, "n").text(), "*");
  EXPECT_EQ(table->suppressed_cells(), 10);
}

// Hiding 20 and 30 is not enough: 60 less 38 to 42 leaves 18 to 22 beside the
// hidden one. The cell to hide stands in no line of it.
TEST(LpGate, HidesACellThatSharesNoLineWithTheHiddenOne) {
  Gate gate(*Profile::Named("nhs-subnational"), {});
  const auto table = gate.Release(Crossed({{3, 20}, {30, 40}}));
  ASSERT_TRUE(table.ok()) << table.status();
  EXPECT_EQ(table->suppressed_cells(), 4);
}

// One hidden cell and no margin: nothing narrows it.
RawTable OpenLine() {
  auto table = RawTable::Create(
      AuditInfo("line"), {DimensionColumn("a", "A"),
                          CountColumn("n", ColumnKind::kPersons, "People")});
  EXPECT_TRUE(table->AddRow({"a0", int64_t{3}}).ok());
  EXPECT_TRUE(table->AddRow({"a1", int64_t{30}}).ok());
  return *std::move(table);
}

class NoAnswerSolver : public BoundSolver {
 public:
  absl::StatusOr<AuditBounds> Solve(const AuditProblem&) const override {
    return absl::DeadlineExceededError("none");
  }
};

TEST(LpGate, RefusesWhatTheAuditDoesNotAnswerInTime) {
  Gate gate(*Profile::Named("nhs-subnational"), {},
            std::make_unique<NoAnswerSolver>());
  const auto table = gate.Release(OpenLine());
  EXPECT_EQ(ReasonOf(table.status()), Reason::kDisclosureRefused);
  EXPECT_THAT(std::string(table.status().message()),
              testing::HasSubstr("no answer"));
}

// What a reader knows of a released table, told to the oracle from the printed
// cells alone.
AuditProblem ReadersView(const GatedTable& table,
                         const std::vector<std::vector<int64_t>>& counts) {
  const Profile profile = *Profile::Named("nhs-subnational");
  const size_t width = counts.front().size();
  // A `*` may be a zero in a table that hides one, and only there.
  int64_t least = 1;
  for (size_t i = 0; i < table.rows(); ++i) {
    const bool hidden = table.at(i, "n").suppressed();
    if (hidden && counts[i / width][i % width] == 0) least = 0;
  }
  AuditProblem problem;
  for (size_t i = 0; i < table.rows(); ++i) {
    const GatedCell& cell = table.at(i, "n");
    problem.unknowns.push_back(
        {cell.suppressed()
             ? CountRange{least, kUnboundedCount}
             : profile.RangeOfPrinted(static_cast<int64_t>(*cell.number()))});
  }
  for (size_t a = 0; a < counts.size(); ++a) {
    AuditEquality row;
    for (size_t b = 0; b < width; ++b) {
      row.parts.push_back(a * width + b);
      row.constant += counts[a][b];
    }
    problem.equalities.push_back(row);
  }
  for (size_t b = 0; b < width; ++b) {
    AuditEquality column;
    for (size_t a = 0; a < counts.size(); ++a) {
      column.parts.push_back(a * width + b);
      column.constant += counts[a][b];
    }
    problem.equalities.push_back(column);
  }
  return problem;
}

// What hidden small counts of a table can still be, by GLPK.
void ExpectOpen(const GatedTable& table,
                const std::vector<std::vector<int64_t>>& counts) {
  const size_t width = counts.front().size();
  std::vector<size_t> hidden;
  for (size_t i = 0; i < table.rows(); ++i) {
    const int64_t n = counts[i / width][i % width];
    if (n >= 1 && n <= 7) hidden.push_back(i);
  }
  const auto bounds = OracleBounds(ReadersView(table, counts), hidden);
  ASSERT_TRUE(bounds.has_value());
  for (const CountRange& range : *bounds) {
    EXPECT_LE(range.low, 1);
    EXPECT_GE(range.high, 7);
  }
}

TEST(LpGate, HidesZerosOfTheFourByFourWhenNothingElseCanBeHidden) {
  Gate gate(*Profile::Named("nhs-subnational"), {});
  const auto counts = FourByFourCounts(0);
  const auto table = gate.Release(Crossed(counts));
  ASSERT_TRUE(table.ok()) << table.status();
  EXPECT_GT(table->suppressed_cells(), 9);
  ExpectOpen(*table, counts);
}

// A reader cannot tell a primary from a secondary `*`, so knows even less than
// the audit assumes; still every hidden cell of 1 to 7 must stay open.
TEST(LpGate, ReleasedRandomTablesStayOpenToGlpk) {
  std::mt19937 random(31);
  Gate gate(*Profile::Named("nhs-subnational"), {});
  int released = 0, refused = 0;
  for (int round = 0; round < 60; ++round) {
    std::vector<std::vector<int64_t>> counts(6, std::vector<int64_t>(5));
    for (auto& row : counts) {
      for (int64_t& n : row) n = static_cast<int64_t>(random() % 25);
    }
    const auto table = gate.Release(Crossed(counts));
    if (!table.ok()) {
      ++refused;
      continue;
    }
    ++released;
    ExpectOpen(*table, counts);
  }
  EXPECT_EQ(released, 60);
  EXPECT_EQ(refused, 0);
}

class LpGateFiles : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = testing::TempDir() + "lpgateXXXXXX";
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    folder_ = name;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  std::string folder_;
};

// The part by sex of one level, without its total.
RawTable PartsOnly(int64_t women, int64_t men, std::string release) {
  TableInfo info = AuditInfo("by_sex");
  info.release = std::move(release);
  auto table = RawTable::Create(
      std::move(info),
      {DimensionColumn("level", "Level"), DimensionColumn("sex", "Sex"),
       CountColumn("n", ColumnKind::kPersons, "People")});
  EXPECT_TRUE(table->AddRow({"L0", "women", women}).ok());
  EXPECT_TRUE(table->AddRow({"L0", "men", men}).ok());
  EXPECT_TRUE(table->AddRow({"L0", "All", women + men}).ok());
  table->SetTotal({2, 2}, {{0, 2}, {1, 2}});
  return *std::move(table);
}

RawTable OneLevel(int64_t count, std::string release) {
  TableInfo info = AuditInfo("levels");
  info.release = std::move(release);
  auto table = RawTable::Create(
      std::move(info), {DimensionColumn("level", "Level"),
                        CountColumn("n", ColumnKind::kPersons, "People")});
  EXPECT_TRUE(table->AddRow({"L0", count}).ok());
  return *std::move(table);
}

TEST_F(LpGateFiles, TableOfAnEarlierReleaseThatOpensAStarCostsACell) {
  ReleaseRegistry registry(folder_ + "/released.jsonl");
  GateOptions options;
  options.registry = &registry;
  const Profile profile = *Profile::Named("nhs-subnational");
  // Alone: 2 and 24, total 26, printed `*`, 25 (23 to 27) and 25: the hidden
  // one is 1 to 4, so the men are hidden. The release before printed the men.
  Gate alone(profile, {});
  EXPECT_EQ(alone.Release(PartsOnly(2, 24, "r2026-11"))->at(1, "n").text(),
            "*");
  Gate gate(profile, options);
  ASSERT_TRUE(gate.Release(OneLevel(26, "r2026-10")).ok());
  const auto table = gate.Release(PartsOnly(2, 24, "r2026-11"));
  ASSERT_TRUE(table.ok()) << table.status();
  EXPECT_EQ(table->at(0, "n").text(), "*");
  EXPECT_EQ(table->at(1, "n").text(), "*");
}

TEST_F(LpGateFiles, StarThatAnEarlierReleaseOpensForGoodIsRefused) {
  ReleaseRegistry registry(folder_ + "/released.jsonl");
  // The release before printed the men, when there were no women to hide.
  ReleasedTable earlier;
  earlier.project = "trial";
  earlier.release = "r2026-10";
  earlier.measure = "T02";
  earlier.table = "men";
  earlier.period = "2026-11";
  earlier.cohort = "everyone";
  earlier.profile = "nhs-subnational";
  earlier.cells = {{CellKey("n", {{"level", "L0"}, {"sex", "men"}}), "25"},
                   {CellKey("n", {{"level", "L0"}}), "25"}};
  auto held = registry.Hold();
  ASSERT_TRUE(held.ok());
  ASSERT_TRUE(registry.Append(earlier, *held).ok());
  held->reset();
  GateOptions options;
  options.registry = &registry;
  Gate gate(*Profile::Named("nhs-subnational"), options);
  // Whatever is hidden now, 27 less 23 leaves at most 4.
  const auto table = gate.Release(PartsOnly(2, 24, "r2026-11"));
  EXPECT_EQ(ReasonOf(table.status()), Reason::kDisclosureRefused);
}

TEST_F(LpGateFiles, EarlierTableThatContradictsSeveralLinesIsLeftOut) {
  ReleaseRegistry registry(folder_ + "/released.jsonl");
  GateOptions options;
  options.registry = &registry;
  Gate gate(*Profile::Named("nhs-subnational"), options);
  const std::vector<std::vector<int64_t>> before = {{3, 60, 9}, {70, 20, 30}};
  const std::vector<std::vector<int64_t>> after = {{4, 3, 90}, {9, 20, 30}};
  ASSERT_TRUE(gate.Release(Crossed(before, "r2026-10")).ok());
  const auto table = gate.Release(Crossed(after, "r2026-11"));
  ASSERT_TRUE(table.ok()) << table.status();
  Gate alone(*Profile::Named("nhs-subnational"), {});
  const auto same = alone.Release(Crossed(after, "r2026-11"));
  for (size_t i = 0; i < table->rows(); ++i) {
    EXPECT_EQ(table->at(i, "n").text(), same->at(i, "n").text());
  }
}

// The month after, 1 to 7 people came or went: still released.
TEST_F(LpGateFiles, RefreshAfterAFewPeopleCameOrWentPasses) {
  std::mt19937 random(77);
  for (int round = 0; round < 40; ++round) {
    const std::string path =
        folder_ + "/released" + std::to_string(round) + ".jsonl";
    ReleaseRegistry registry(path);
    GateOptions options;
    options.registry = &registry;
    Gate gate(*Profile::Named("nhs-subnational"), options);
    std::vector<std::vector<int64_t>> counts(5, std::vector<int64_t>(6));
    for (auto& row : counts) {
      for (int64_t& n : row) n = static_cast<int64_t>(random() % 60);
    }
    ASSERT_TRUE(gate.Release(Crossed(counts, "r2026-10")).ok());
    const auto changes = 1 + random() % 7;
    for (size_t i = 0; i < changes; ++i) {
      int64_t& n = counts[random() % 5][random() % 6];
      n += n > 0 && random() % 2 == 0 ? -1 : 1;
    }
    const auto table = gate.Release(Crossed(counts, "r2026-11"));
    EXPECT_TRUE(table.ok()) << round << ": " << table.status();
    EXPECT_EQ(registry.All()->size(), 2u);
  }
}

}  // namespace
}  // namespace tally::analytics
