// The exact attacker: against GLPK and against propagation.
#include "analytics/disclosure/lp_solver.h"

#include <chrono>
#include <random>
#include <string>
#include <vector>

#include "analytics/disclosure/profile.h"
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
// Sums that share no unknown: each is a part of one row. Made of values that
// fulfil them, one in eight is then off by some.
AuditProblem RandomSums(std::mt19937& random) {
  AuditProblem problem;
  const auto below = [&](int64_t end) {
    return static_cast<int64_t>(random() % static_cast<uint64_t>(end));
  };
  for (int sum = 0; sum < 6; ++sum) {
    AuditEquality equality;
    int64_t value = 0;
    for (int64_t parts = 1 + below(4); parts > 0; --parts) {
      const int64_t low = below(6), high = low + below(8);
      const int64_t times = below(5) == 0 ? 2 : 1;  // a term with a factor
      for (int64_t i = 0; i < times; ++i) {
        equality.parts.push_back(problem.unknowns.size());
      }
      value += times * (low + below(high - low + 1));
      problem.unknowns.push_back(
          {below(5) == 0 ? kAnything : CountRange{low, high}});
    }
    if (below(8) == 0) value += below(9) - 4;
    if (below(3) == 0) {
      equality.whole = {problem.unknowns.size()};
      const bool open = below(2) == 0;
      problem.unknowns.push_back(
          {open ? kAnything : CountRange{value - below(3), value + below(3)}});
    } else {
      equality.constant = value;
    }
    problem.equalities.push_back(equality);
  }
  return problem;
}

TEST(LpSolver, EqualsGlpkOnSumsThatShareNothing) {
  std::mt19937 random(815);
  int possible = 0;
  for (int round = 0; round < 600; ++round) {
    const AuditProblem problem = RandomSums(random);
    possible += OracleIsPossible(problem);
    ExpectSameAsOracle(AskingAll(problem));
    if (HasFatalFailure()) return;
  }
  EXPECT_GT(possible, 100);
}

// What proves a bound is enough to undo it: with those unknowns open nothing
// narrows the target.
TEST(LpSolver, OpeningAProofOfASumOpensTheTarget) {
  std::mt19937 random(4242);
  int proofs = 0;
  for (int round = 0; round < 300; ++round) {
    AuditProblem problem = RandomSums(random);
    if (!OracleIsPossible(problem)) continue;
    for (size_t i = 0; i < problem.unknowns.size(); ++i) {
      problem.targets.push_back({i, problem.unknowns[i].range});
    }
    const auto bounds = LpSolver().Solve(problem);
    ASSERT_TRUE(bounds.ok());
    for (size_t i = 0; i < problem.unknowns.size(); ++i) {
      const CountRange given = problem.unknowns[i].range;
      const auto proof = bounds->proof.find(i);
      ASSERT_EQ(bounds->ranges[i] != given, proof != bounds->proof.end()) << i;
      if (proof == bounds->proof.end() || proof->second.empty()) continue;
      AuditProblem opened = problem;
      for (const size_t unknown : proof->second) {
        ASSERT_NE(unknown, i);
        opened.unknowns[unknown].range = {-kUnboundedCount, kUnboundedCount};
      }
      const auto ends = OracleBounds(opened, {i});
      ASSERT_TRUE(ends.has_value());
      EXPECT_EQ(ends->front(), given);
      ++proofs;
    }
  }
  EXPECT_GT(proofs, 200);
}

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

// Propagation sees nothing: each sum by itself leaves open ends. Two rows over
// the same terms become one, which no values fulfil.
TEST(LpSolver, FindsContradictionsOfOneSumWithTwoValuesAndOpenEnds) {
  AuditProblem problem;
  problem.unknowns = {{kAnything}, {kAnything}, {kAnything}};
  problem.equalities = {{{0}, {1}, 3}, {{0}, {1}, 5}};
  const auto one_row = LpSolver().Solve(AskingAll(problem));
  ASSERT_TRUE(one_row.ok()) << one_row.status();
  EXPECT_TRUE(one_row->contradiction);
  // Terms that stand nowhere else are folded into the bounds of the row.
  problem.equalities = {{{0, 2}, {1}, 3}, {{0, 2}, {1}, 5}};
  problem.targets = {{0, {0, kUnboundedCount}}};
  const auto with_third = LpSolver().Solve(problem);
  ASSERT_TRUE(with_third.ok()) << with_third.status();
  EXPECT_TRUE(with_third->contradiction);
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

}  // namespace
}  // namespace tally::analytics
