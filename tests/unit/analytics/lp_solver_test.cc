// The exact attacker: against GLPK, against propagation, and in the gate.
#include "analytics/disclosure/lp_solver.h"

#include <chrono>
#include <filesystem>
#include <map>
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

constexpr CountRange kAnything{0, kUnboundedCount};

// Asks for the exact bounds of every unknown.
AuditProblem AskingAll(AuditProblem problem) {
  for (size_t i = 0; i < problem.unknowns.size(); ++i) {
    problem.targets.push_back({i, {-kUnboundedCount, kUnboundedCount}});
  }
  return problem;
}

// A table of `sides` crossed dimensions with made-up counts: every margin over
// one dimension is printed or known, counts are printed by the default profile.
AuditProblem RandomTable(const std::vector<size_t>& sides, double mean,
                         std::mt19937& random) {
  const Profile profile = *Profile::Named("nhs-subnational");
  size_t cells = 1;
  for (const size_t side : sides) cells *= side;
  AuditProblem problem;
  std::vector<int64_t> counts;
  const auto print = [&](int64_t count) -> CountRange {
    const auto printed = profile.PrintCount(count);
    return printed.has_value() ? profile.RangeOfPrinted(*printed)
                               : profile.hidden();
  };
  for (size_t i = 0; i < cells; ++i) {
    counts.push_back(static_cast<int64_t>(
        mean * static_cast<double>(random() % 1000) / 500));
    problem.unknowns.push_back({print(counts.back())});
  }
  size_t stride = 1;
  for (const size_t side : sides) {
    for (size_t first = 0; first < cells; ++first) {
      if (first / stride % side != 0) continue;
      AuditEquality line;
      int64_t sum = 0;
      for (size_t k = 0; k < side; ++k) {
        line.parts.push_back(first + k * stride);
        sum += counts[line.parts.back()];
      }
      if (random() % 3 == 0) {
        line.constant = sum;
      } else {
        line.whole = {problem.unknowns.size()};
        const bool hidden = random() % 4 == 0;
        problem.unknowns.push_back({hidden ? kAnything : print(sum)});
      }
      problem.equalities.push_back(line);
    }
    stride *= side;
  }
  return problem;
}

void ExpectSameAsOracle(const AuditProblem& problem) {
  std::vector<size_t> wanted;
  for (const AuditTarget& target : problem.targets) {
    wanted.push_back(target.unknown);
  }
  const auto expected = OracleBounds(problem, wanted);
  const auto bounds = LpSolver().Solve(problem);
  ASSERT_TRUE(bounds.ok()) << bounds.status();
  ASSERT_EQ(bounds->contradiction, !expected.has_value());
  if (!expected.has_value()) return;
  for (size_t i = 0; i < wanted.size(); ++i) {
    EXPECT_EQ(bounds->ranges[wanted[i]].low, (*expected)[i].low) << wanted[i];
    EXPECT_EQ(bounds->ranges[wanted[i]].high, (*expected)[i].high) << wanted[i];
  }
}

TEST(LpSolver, EqualsGlpkOnRandomTables) {
  std::mt19937 random(20261122);
  const std::vector<std::vector<size_t>> shapes = {
      {4, 4}, {5, 7}, {8, 3}, {3, 3, 3}, {4, 3, 5}, {2, 2, 2, 3}};
  for (const std::vector<size_t>& shape : shapes) {
    for (const double mean : {3.0, 8.0, 20.0}) {
      for (int round = 0; round < 3; ++round) {
        ExpectSameAsOracle(AskingAll(RandomTable(shape, mean, random)));
        if (HasFatalFailure()) return;
      }
    }
  }
}

// Equalities that no table has: unknowns twice, sums of sums, contradictions.
TEST(LpSolver, EqualsGlpkOnArbitraryEqualities) {
  std::mt19937 random(4711);
  int contradictions = 0;
  for (int round = 0; round < 150; ++round) {
    AuditProblem problem;
    for (int i = 0; i < 8; ++i) {
      const auto low = static_cast<int64_t>(random() % 6);
      const bool open = random() % 5 == 0;
      problem.unknowns.push_back(
          {{low, open ? kUnboundedCount
                      : low + static_cast<int64_t>(random() % 9)}});
    }
    for (int e = 0; e < 3; ++e) {
      AuditEquality equality;
      for (size_t i = 0; i < 8; ++i) {
        if (random() % 3 == 0) equality.parts.push_back(i);
      }
      if (random() % 2 == 0) equality.whole = {random() % 8};
      const auto terms = static_cast<int64_t>(equality.parts.size());
      equality.constant = 5 * terms + static_cast<int64_t>(random() % 8);
      if (!equality.whole.empty()) equality.constant -= 5;
      problem.equalities.push_back(equality);
    }
    ExpectSameAsOracle(AskingAll(problem));
    if (HasFatalFailure()) return;
    contradictions += LpSolver().Solve(problem)->contradiction ? 1 : 0;
  }
  EXPECT_GT(contradictions, 20);
  EXPECT_LT(contradictions, 130);
}

// Bounds may be wider than exact where the target's range is covered, and
// never anywhere else.
TEST(LpSolver, TargetsAreShownSafeExactlyWhenGlpkSaysSo) {
  std::mt19937 random(99);
  int safe = 0, unsafe = 0;
  for (int round = 0; round < 40; ++round) {
    AuditProblem problem = RandomTable({6, 5}, 9, random);
    std::vector<size_t> wanted;
    for (size_t i = 0; i < 30; ++i) {
      if (problem.unknowns[i].range != CountRange{1, 7}) continue;
      problem.targets.push_back({i, {1, 7}});
      wanted.push_back(i);
    }
    const auto exact = OracleBounds(problem, wanted);
    ASSERT_TRUE(exact.has_value());
    auto bounds = LpSolver().Solve(problem);
    ASSERT_TRUE(bounds.ok());
    for (size_t k = 0; k < wanted.size(); ++k) {
      const CountRange& got = bounds->ranges[wanted[k]];
      EXPECT_EQ(got.low > 1, (*exact)[k].low > 1);
      EXPECT_EQ(got.high < 7, (*exact)[k].high < 7);
      const bool open = (*exact)[k] == CountRange{1, 7};
      (open ? safe : unsafe) += 1;
      if (open) {
        EXPECT_FALSE(bounds->proof.contains(wanted[k]));
      } else {
        EXPECT_FALSE(bounds->proof[wanted[k]].empty());
      }
    }
  }
  EXPECT_GT(safe, 50);
  EXPECT_GT(unsafe, 10);
}

// Four by four; `x` is hidden, the rest is known, so are all margins:
//   x x x .     3 5 4
//   x x . .     5 3
//   . . x x         6 2
//   . . x x         2 6
// Rows 1 and 2 less columns 1 and 2 leave the third cell of row 1: 20 - 16.
AuditProblem FourByFour() {
  AuditProblem problem;
  problem.unknowns.assign(9, {{1, 20}});
  problem.equalities = {{{0, 1, 2}, {}, 12}, {{3, 4}, {}, 8}, {{5, 6}, {}, 8},
                        {{7, 8}, {}, 8},     {{0, 3}, {}, 8}, {{1, 4}, {}, 8},
                        {{2, 5, 7}, {}, 12}, {{6, 8}, {}, 8}};
  problem.targets = {{2, {1, 7}}};
  return problem;
}

TEST(LpSolver, FindsTheCellThatTwoHiddenCellsPerLineDoNotShield) {
  const AuditProblem problem = FourByFour();
  const auto propagated = PropagationSolver().Solve(problem);
  EXPECT_LE(propagated->ranges[2].low, 1);
  EXPECT_GE(propagated->ranges[2].high, 7);
  const auto exact = LpSolver().Solve(problem);
  ASSERT_TRUE(exact.ok());
  EXPECT_EQ(exact->ranges[2], (CountRange{4, 4}));
}

TEST(LpSolver, FindsContradictionsOfSeveralLines) {
  AuditProblem problem;
  problem.unknowns.assign(9, {kAnything});
  // Rows add up to 31, columns to 30.
  problem.equalities = {{{0, 1, 2}, {}, 10}, {{3, 4, 5}, {}, 10},
                        {{6, 7, 8}, {}, 11}, {{0, 3, 6}, {}, 10},
                        {{1, 4, 7}, {}, 10}, {{2, 5, 8}, {}, 10}};
  EXPECT_FALSE(PropagationSolver().Solve(problem)->contradiction);
  EXPECT_TRUE(LpSolver().Solve(problem)->contradiction);
  problem.equalities.back().constant = 11;
  EXPECT_FALSE(LpSolver().Solve(problem)->contradiction);
}

TEST(LpSolver, FindsContradictionsOfOneSumWithTwoValues) {
  AuditProblem problem;
  problem.unknowns.assign(3, {kAnything});
  problem.equalities = {{{0, 1}, {}, 10}, {{0, 1}, {}, 11}};
  EXPECT_TRUE(LpSolver().Solve(problem)->contradiction);
}

TEST(LpSolver, RoundsBoundsThatAreNotWholeInwards) {
  AuditProblem problem;
  // a + b = 3, b + c = 4, a + c = 4: a = 1.5, which no count is; each of two
  // twins may be 0 to 3.
  problem.unknowns.assign(5, {kAnything});
  problem.equalities = {
      {{0, 1}, {}, 3}, {{1, 2}, {}, 4}, {{0, 2, 3}, {}, 4}, {{3, 4}, {}, 3}};
  const auto bounds = LpSolver().Solve(AskingAll(problem));
  ASSERT_TRUE(bounds.ok());
  // d = 4 - a - c = 3 - 2 a, so a is 0 to 1.5: as a whole number 0 to 1.
  EXPECT_EQ(bounds->ranges[0], (CountRange{0, 1}));
  EXPECT_EQ(bounds->ranges[3], (CountRange{0, 3}));
}

TEST(LpSolver, GivesNoAnswerAfterTheDeadline) {
  std::mt19937 random(5);
  AuditProblem problem = AskingAll(RandomTable({6, 6}, 9, random));
  problem.deadline = std::chrono::steady_clock::now() - std::chrono::seconds(1);
  EXPECT_TRUE(absl::IsDeadlineExceeded(LpSolver().Solve(problem).status()));
}

TEST(LpSolver, AnswersLargeTablesInTime) {
  std::mt19937 random(6);
  AuditProblem problem = RandomTable({100, 100}, 14, random);
  for (size_t i = 0; i < 10000; ++i) {
    if (problem.unknowns[i].range == CountRange{1, 7}) {
      problem.targets.push_back({i, {1, 7}});
    }
  }
  EXPECT_GT(problem.targets.size(), 2000u);
  problem.deadline =
      std::chrono::steady_clock::now() + std::chrono::seconds(60);
  const auto bounds = LpSolver().Solve(problem);
  EXPECT_TRUE(bounds.ok()) << bounds.status();
}

// --- in the gate -------------------------------------------------------------

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
