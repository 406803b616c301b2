// The disclosure gate: profiles, totals, derived figures, audit and repair.
#include <sys/stat.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "analytics/disclosure/bound_audit.h"
#include "analytics/disclosure/gate.h"
#include "analytics/statistics/poisson.h"
#include "base/error.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tally::analytics {
namespace {

using testing::ElementsAre;

Profile Named(std::string_view name) { return *Profile::Named(name); }

TableInfo Info(std::string table) {
  TableInfo info;
  info.table = std::move(table);
  info.measure_id = "T01";
  info.project = "trial";
  info.release = "r2026-11";
  info.period = "2026-11";
  info.cohort = "everyone";
  return info;
}

RawTable CountTable(const std::vector<int64_t>& counts) {
  auto table = RawTable::Create(
      Info("counts"), {DimensionColumn("level", "Level"),
                       CountColumn("n", ColumnKind::kPersons, "People")});
  EXPECT_TRUE(table.ok());
  for (size_t i = 0; i < counts.size(); ++i) {
    EXPECT_TRUE(table->AddRow({"L" + std::to_string(i), counts[i]}).ok());
  }
  return *std::move(table);
}

std::vector<std::string> Column(const GatedTable& table,
                                std::string_view name) {
  std::vector<std::string> texts;
  for (size_t row = 0; row < table.rows(); ++row) {
    texts.push_back(table.at(row, name).text());
  }
  return texts;
}

TEST(Profile, DefaultHidesOneToSevenAndRoundsToFive) {
  const Profile p = Named("nhs-subnational");
  EXPECT_EQ(p.PrintCount(0), 0);
  for (int64_t n = 1; n <= 7; ++n) EXPECT_EQ(p.PrintCount(n), std::nullopt);
  EXPECT_EQ(p.PrintCount(8), 10);
  EXPECT_EQ(p.PrintCount(12), 10);
  EXPECT_EQ(p.PrintCount(13), 15);
}

TEST(Profile, EachProfileFollowsItsTable) {
  EXPECT_EQ(Named("nhs-national").PrintCount(3), 3);
  EXPECT_EQ(Named("opensafely").PrintCount(0), std::nullopt);
  EXPECT_EQ(Named("opensafely").PrintCount(8), 10);
  EXPECT_EQ(Named("midpoint6").PrintCount(0), 0);
  EXPECT_EQ(Named("midpoint6").PrintCount(1), 3);
  EXPECT_EQ(Named("midpoint6").PrintCount(6), 3);
  EXPECT_EQ(Named("midpoint6").PrintCount(7), 9);
  EXPECT_EQ(Named("threshold10").PrintCount(9), std::nullopt);
  EXPECT_EQ(Named("threshold10").PrintCount(10), 10);
  EXPECT_TRUE(Named("threshold10").zero_is_disclosive());
}

TEST(Profile, PrintedRangeHoldsTheTrueCount) {
  for (const std::string& name : Profile::Names()) {
    const Profile p = Named(name);
    for (int64_t n = 0; n < 500; ++n) {
      const std::optional<int64_t> printed = p.PrintCount(n);
      const CountRange range =
          printed.has_value() ? p.RangeOfPrinted(*printed) : p.hidden();
      EXPECT_LE(range.low, n) << name;
      EXPECT_GE(range.high, n) << name;
      // Each end of the range prints alike, and the next number does not.
      EXPECT_EQ(p.PrintCount(range.low), printed) << name << n;
      EXPECT_EQ(p.PrintCount(range.high), printed) << name << n;
      EXPECT_NE(p.PrintCount(range.high + 1), printed) << name << n;
    }
  }
}

TEST(Profile, StricterMayReplaceLooserOnly) {
  EXPECT_TRUE(Named("opensafely").AsStrictAs(Named("nhs-subnational")));
  EXPECT_FALSE(Named("nhs-national").AsStrictAs(Named("nhs-subnational")));
  EXPECT_TRUE(Named("midpoint6").AsStrictAs(Named("midpoint6")));
}

TEST(Profile, UnknownNameIsAUsageError) {
  const auto p = Profile::Named("nhs-subnatonal");
  EXPECT_EQ(ExitCodeOf(p.status()), kExitUsage);
  EXPECT_THAT(std::string(p.status().message()),
              testing::HasSubstr("nhs-subnational"));
}

TEST(RawTable, RefusesColumnsOfPeople) {
  for (const char* name : {"person", "pseudonym", "nhs_number"}) {
    EXPECT_FALSE(
        RawTable::Create(Info("t"), {DimensionColumn(name, "x")}).ok());
  }
}

TEST(RawTable, RefusesWrongTypesAndNegativeCounts) {
  RawTable table = CountTable({});
  EXPECT_FALSE(table.AddRow({"a"}).ok());
  EXPECT_FALSE(table.AddRow({"a", int64_t{-1}}).ok());
  EXPECT_FALSE(table.AddRow({"a", 1.5}).ok());
  EXPECT_FALSE(table.AddRow({int64_t{1}, int64_t{1}}).ok());
  EXPECT_FALSE(table.AddRow({"\xff", int64_t{1}}).ok());
  EXPECT_TRUE(table.AddRow({RawValue(), int64_t{1}}).ok());
}

TEST(Gate, RefusesColumnOfUnknownKind) {
  ColumnSpec column = CountColumn("n", ColumnKind::kUnknown, "?");
  auto table = RawTable::Create(Info("t"), {column});
  ASSERT_TRUE(table.ok());
  Gate gate(Named("nhs-subnational"), {});
  EXPECT_EQ(ExitCodeOf(gate.Release(*table).status()), kExitInvalidInput);
}

TEST(Gate, PrintsCountsByProfile) {
  Gate gate(Named("nhs-subnational"), {});
  const auto table = gate.Release(CountTable({0, 1, 7, 8, 12, 13, 1204}));
  ASSERT_TRUE(table.ok());
  EXPECT_THAT(Column(*table, "n"),
              ElementsAre("0", "*", "*", "10", "10", "15", "1205"));
  EXPECT_EQ(table->suppressed_cells(), 2);
  EXPECT_FALSE(table->at(1, "n").number().has_value());
  EXPECT_EQ(table->profile(), "nhs-subnational");
}

TEST(Gate, TotalIsPrintedByItself) {
  RawTable raw = CountTable({3, 12, 13, 0});
  ASSERT_TRUE(raw.AddRow({"All", RawValue()}).ok());
  raw.SetTotal({4, 1}, {{0, 1}, {1, 1}, {2, 1}, {3, 1}});
  Gate gate(Named("nhs-subnational"), {});
  const auto table = gate.Release(raw);
  ASSERT_TRUE(table.ok());
  EXPECT_EQ(table->at(4, "n").text(), "30");  // 28, not 10 + 15 and a star
}

TEST(Gate, RefusesTotalThatIsNotItsParts) {
  RawTable raw = CountTable({3, 12, 16});
  raw.SetTotal({2, 1}, {{0, 1}, {1, 1}});
  Gate gate(Named("nhs-subnational"), {});
  EXPECT_EQ(ExitCodeOf(gate.Release(raw).status()), kExitInvalidInput);
}

RawTable ProportionTable(int64_t x, int64_t n, bool sensitive = false) {
  ColumnSpec share = ProportionColumn("share", "Share", "x", "n");
  share.sensitive = sensitive;
  auto table = RawTable::Create(
      Info("shares"), {DimensionColumn("level", "Level"),
                       CountColumn("x", ColumnKind::kPersons, "With"),
                       CountColumn("n", ColumnKind::kPersons, "All"), share,
                       LimitColumn("lo", "Lower", share, ColumnRole::kLower),
                       LimitColumn("hi", "Upper", share, ColumnRole::kUpper)});
  EXPECT_TRUE(table.ok());
  EXPECT_TRUE(
      table->AddRow({"a", x, n, RawValue(), RawValue(), RawValue()}).ok());
  return *std::move(table);
}

TEST(Gate, ProportionAndLimitsComeFromPrintedCounts) {
  Gate gate(Named("nhs-subnational"), {});
  const auto table = gate.Release(ProportionTable(13, 102));
  ASSERT_TRUE(table.ok());
  // 15 of 100: Wilson gives 9.3 to 23.3 per cent.
  EXPECT_EQ(table->at(0, "share").text(), "15.0");
  EXPECT_EQ(table->at(0, "lo").text(), "9.3");
  EXPECT_EQ(table->at(0, "hi").text(), "23.3");
}

TEST(Gate, ProportionIsHiddenWithEitherCount) {
  Gate gate(Named("nhs-subnational"), {});
  const auto table = gate.Release(ProportionTable(7, 102));
  ASSERT_TRUE(table.ok());
  EXPECT_THAT(Column(*table, "share"), ElementsAre("*"));
  EXPECT_THAT(Column(*table, "hi"), ElementsAre("*"));
}

TEST(Gate, EmptyDenominatorIsNaWithReason) {
  Gate gate(Named("nhs-subnational"), {});
  const auto table = gate.Release(ProportionTable(0, 0));
  ASSERT_TRUE(table.ok());
  EXPECT_EQ(table->at(0, "share").text(), "NA");
  EXPECT_EQ(table->at(0, "share").reason(), NaReason::kNoDenominator);
}

// Two tables that differ only inside the rounding must be printed alike.
TEST(Gate, PrintedFiguresTellNothingBeyondRounding) {
  Gate gate(Named("nhs-subnational"), {});
  for (int64_t x = 8; x <= 12; ++x) {
    for (int64_t n = 98; n <= 102; ++n) {
      const auto table = gate.Release(ProportionTable(x, n));
      ASSERT_TRUE(table.ok());
      EXPECT_EQ(table->at(0, "share").text(), "10.0");
      EXPECT_EQ(table->at(0, "hi").text(), "17.4");
    }
  }
}

TEST(Gate, EveryoneInASensitiveColumnNeedsANamedPerson) {
  Gate strict(Named("nhs-subnational"), {});
  const RawTable raw = ProportionTable(50, 50, true);
  const auto refused = strict.Release(raw);
  EXPECT_EQ(ReasonOf(refused.status()), Reason::kDisclosureRefused);
  GateOptions options;
  options.accepted_by = "a-khan";
  Gate accepted(Named("nhs-subnational"), options);
  const auto table = accepted.Release(raw);
  ASSERT_TRUE(table.ok());
  EXPECT_TRUE(table->at(0, "share").everyone());
}

RawTable RatioTable(int64_t observed, double expected) {
  ColumnSpec ratio;
  ratio.name = "ratio";
  ratio.kind = ColumnKind::kRatio;
  ratio.numerator = "observed";
  ColumnSpec e;
  e.name = "expected";
  e.kind = ColumnKind::kRatio;
  e.role = ColumnRole::kExpected;
  e.numerator = "observed";
  ColumnSpec gap = e;
  gap.name = "gap";
  gap.role = ColumnRole::kGap;
  gap.of = "expected";
  auto table = RawTable::Create(
      Info("ratios"),
      {DimensionColumn("level", "Level"),
       CountColumn("observed", ColumnKind::kPersons, "Observed"), ratio,
       LimitColumn("lo", "Lower", ratio, ColumnRole::kLower), e, gap});
  EXPECT_TRUE(table.ok());
  const double o = static_cast<double>(observed);
  EXPECT_TRUE(table
                  ->AddRow({"a", observed, o / expected, RawValue(), expected,
                            RawValue()})
                  .ok());
  CellBasis basis;
  basis.spread = 1 / expected;
  table->SetBasis({0, 2}, basis);
  return *std::move(table);
}

TEST(Gate, RatioIsScaledToThePrintedCount) {
  Gate gate(Named("nhs-subnational"), {});
  const auto table = gate.Release(RatioTable(48, 40));
  ASSERT_TRUE(table.ok());
  EXPECT_EQ(table->at(0, "ratio").text(), "1.25");  // 50 / 40
  const double lower = ByarLimits(50).lower.value() / 40;
  EXPECT_NEAR(*table->at(0, "lo").number(), lower, 0.005);
}

TEST(Gate, ExpectedCountIsNeverPrintedBelowOneHundredEvents) {
  Gate gate(Named("nhs-subnational"), {});
  const auto few = gate.Release(RatioTable(92, 80.4));
  ASSERT_TRUE(few.ok());
  EXPECT_EQ(few->at(0, "expected").text(), "NA");
  EXPECT_EQ(few->at(0, "gap").text(), "NA");
  const auto many = gate.Release(RatioTable(203, 180.4));
  ASSERT_TRUE(many.ok());
  EXPECT_EQ(many->at(0, "expected").text(), "180");
  EXPECT_EQ(many->at(0, "gap").text(), "-25");
}

TEST(Gate, RatioNeedsTenEvents) {
  Gate gate(Named("nhs-subnational"), {});
  const auto table = gate.Release(RatioTable(9, 40));
  ASSERT_TRUE(table.ok());
  EXPECT_EQ(table->at(0, "ratio").reason(), NaReason::kTooFewEvents);
}

// --- the audit ---------------------------------------------------------------

TEST(PropagationSolver, NarrowsByOneEquality) {
  AuditProblem problem;
  problem.unknowns = {{{1, 7}}, {{8, 12}}, {{18, 22}}};
  problem.equalities = {{{0, 1, 2}, {}, 30}};
  const auto bounds = PropagationSolver().Solve(problem);
  ASSERT_TRUE(bounds.ok());
  EXPECT_EQ(bounds->ranges[0], (CountRange{1, 4}));
}

TEST(PropagationSolver, FindsContradictions) {
  AuditProblem problem;
  problem.unknowns = {{{1, 7}}, {{8, 12}}};
  problem.equalities = {{{0, 1}, {}, 30}};
  EXPECT_TRUE(PropagationSolver().Solve(problem)->contradiction);
}

TEST(PropagationSolver, LeavesOneUnboundedTermToTheOthers) {
  AuditProblem problem;
  problem.unknowns = {{{3, 5}}, {{1, kUnboundedCount}}, {{20, 20}}};
  problem.equalities = {{{0, 1}, {2}, 0}};
  const auto bounds = PropagationSolver().Solve(problem);
  EXPECT_EQ(bounds->ranges[1], (CountRange{15, 17}));
}

// Brute force over small domains: bounds must hold every true solution.
TEST(PropagationSolver, NeverCutsOffATrueSolution) {
  std::mt19937 random(7);
  for (int round = 0; round < 300; ++round) {
    AuditProblem problem;
    std::vector<int64_t> truth;
    for (int i = 0; i < 6; ++i) {
      truth.push_back(static_cast<int64_t>(random() % 10));
      const int64_t low = truth.back() - static_cast<int64_t>(random() % 4);
      problem.unknowns.push_back(
          {{std::max<int64_t>(0, low),
            truth.back() + static_cast<int64_t>(random() % 4)}});
    }
    for (int e = 0; e < 4; ++e) {
      AuditEquality equality;
      for (size_t i = 0; i < 5; ++i) {
        if (random() % 2 == 0) equality.parts.push_back(i);
      }
      for (const size_t i : equality.parts) equality.constant += truth[i];
      if (random() % 2 == 0) {
        equality.whole = {5};
        equality.constant -= truth[5];
      }
      problem.equalities.push_back(equality);
    }
    const auto bounds = PropagationSolver().Solve(problem);
    ASSERT_TRUE(bounds.ok());
    ASSERT_FALSE(bounds->contradiction);
    for (size_t i = 0; i < truth.size(); ++i) {
      EXPECT_LE(bounds->ranges[i].low, truth[i]);
      EXPECT_GE(bounds->ranges[i].high, truth[i]);
    }
  }
}

TEST(Gate, KnownMarginCostsASecondCell) {
  // 44 in all: what is left after at least 8 and at least 33 is at most 3.
  RawTable raw = CountTable({3, 8, 33});
  raw.AddKnownMargin({{0, 1}, {1, 1}, {2, 1}}, 44);
  Gate gate(Named("nhs-subnational"), {});
  const auto table = gate.Release(raw);
  ASSERT_TRUE(table.ok()) << table.status();
  EXPECT_THAT(Column(*table, "n"), ElementsAre("*", "*", "35"));
}

TEST(Gate, RefusesWhenNothingLeftCanBeHidden) {
  RawTable raw = CountTable({3, 0});
  raw.AddKnownMargin({{0, 1}, {1, 1}}, 3);
  Gate gate(Named("nhs-subnational"), {});
  EXPECT_EQ(ReasonOf(gate.Release(raw).status()), Reason::kDisclosureRefused);
}

TEST(Gate, ContradictingMarginIsAnErrorOfTheMeasure) {
  RawTable raw = CountTable({3, 12, 20});
  raw.AddKnownMargin({{0, 1}, {1, 1}}, 15);
  raw.AddKnownMargin({{1, 1}, {2, 1}}, 400);
  Gate gate(Named("nhs-subnational"), {});
  const absl::Status status = gate.Release(raw).status();
  EXPECT_EQ(ExitCodeOf(status), kExitInvalidInput);
  EXPECT_NE(status.message().find(", column n, row 2: the margins contradict"),
            absl::string_view::npos);
}

// Whatever is released, a reader who adds and subtracts cannot get a hidden
// count below its range: brute force over all tables the reader cannot rule
// out. The total is printed too.
TEST(Gate, HiddenCellsStayOpenToExhaustiveSearch) {
  std::mt19937 random(11);
  Gate gate(Named("nhs-subnational"), {});
  int released = 0;
  for (int round = 0; round < 400; ++round) {
    const std::vector<int64_t> n = {static_cast<int64_t>(random() % 20),
                                    static_cast<int64_t>(random() % 20),
                                    static_cast<int64_t>(random() % 40)};
    RawTable raw = CountTable(n);
    const int64_t sum = n[0] + n[1] + n[2];
    const bool known = round % 2 == 0;
    if (known) {
      raw.AddKnownMargin({{0, 1}, {1, 1}, {2, 1}}, sum);
    } else {
      ASSERT_TRUE(raw.AddRow({"All", RawValue()}).ok());
      raw.SetTotal({3, 1}, {{0, 1}, {1, 1}, {2, 1}});
    }
    const auto table = gate.Release(raw);
    if (!table.ok()) continue;
    ++released;
    const Profile p = Named("nhs-subnational");
    std::array<std::set<int64_t>, 3> possible;
    const auto fits = [&](size_t i, int64_t v) {
      const GatedCell& cell = table->cell(i, 1);
      if (cell.suppressed()) return v >= 1;
      return p.PrintCount(v) == static_cast<int64_t>(*cell.number());
    };
    for (int64_t all = known ? sum : 0; all <= (known ? sum : 100); ++all) {
      if (!known && !fits(3, all)) continue;
      for (int64_t a = 0; a <= all; ++a) {
        for (int64_t b = 0; a + b <= all; ++b) {
          const int64_t c = all - a - b;
          if (fits(0, a) && fits(1, b) && fits(2, c)) {
            possible[0].insert(a);
            possible[1].insert(b);
            possible[2].insert(c);
          }
        }
      }
    }
    for (size_t i = 0; i < 3; ++i) {
      if (n[i] < 1 || n[i] > 7) continue;
      EXPECT_LE(*possible[i].begin(), 1);
      EXPECT_GE(*possible[i].rbegin(), 7);
    }
  }
  EXPECT_GT(released, 100);
}

class GateFiles : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = testing::TempDir() + "gateXXXXXX";
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    folder_ = name;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  std::string folder_;
};

TEST_F(GateFiles, LogsEveryDecisionAndKeepsItPrivate) {
  DecisionLog log(folder_ + "/decisions.jsonl");
  GateOptions options;
  options.log = &log;
  Gate gate(Named("nhs-subnational"), options);
  RawTable raw = CountTable({3, 8, 33, 0});
  raw.AddKnownMargin({{0, 1}, {1, 1}, {2, 1}}, 44);
  ASSERT_TRUE(gate.Release(raw).ok());
  const auto logged = log.Read();
  ASSERT_TRUE(logged.ok());
  ASSERT_EQ(logged->size(), 1u);
  EXPECT_THAT(logged->front().cells, ElementsAre("-u", "-x", "-s", "-z"));
  struct stat info {};
  ASSERT_EQ(stat(log.path().c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
}

TEST_F(GateFiles, LogsRefusals) {
  DecisionLog log(folder_ + "/decisions.jsonl");
  GateOptions options;
  options.log = &log;
  Gate gate(Named("nhs-subnational"), options);
  RawTable raw = CountTable({3, 0});
  raw.AddKnownMargin({{0, 1}, {1, 1}}, 3);
  EXPECT_FALSE(gate.Release(raw).ok());
  EXPECT_TRUE(log.Read()->front().refused);
}

TEST_F(GateFiles, DamagedLogIsAnIntegrityError) {
  const std::string path = folder_ + "/decisions.jsonl";
  std::ofstream(path) << "{\"time\":1}\n";
  EXPECT_EQ(ExitCodeOf(DecisionLog(path).Read().status()), kExitIntegrity);
  std::ofstream(path) << "not json\n";
  EXPECT_EQ(ExitCodeOf(DecisionLog(path).Read().status()), kExitIntegrity);
}

RawTable BySex(int64_t women, int64_t men) {
  auto table = RawTable::Create(
      Info("by_sex"),
      {DimensionColumn("level", "Level"), DimensionColumn("sex", "Sex"),
       CountColumn("n", ColumnKind::kPersons, "People")});
  EXPECT_TRUE(table->AddRow({"L0", "women", women}).ok());
  EXPECT_TRUE(table->AddRow({"L0", "men", men}).ok());
  EXPECT_TRUE(table->AddRow({"L0", "All", RawValue()}).ok());
  table->SetTotal({2, 2}, {{0, 2}, {1, 2}});
  return *std::move(table);
}

TEST_F(GateFiles, EarlierTableJoinsTheAudit) {
  ReleaseRegistry registry(folder_ + "/released.jsonl");
  GateOptions options;
  options.registry = &registry;
  Gate gate(Named("nhs-subnational"), options);
  // First: the total of L0 as a cell of its own, printed 15 (13 to 17).
  ASSERT_TRUE(gate.Release(CountTable({13})).ok());
  // Then by sex: 3 and 10. 13..17 minus 8..12 leaves 1..9 for the women: the
  // hidden count keeps its whole range, nothing more is hidden.
  const auto open = gate.Release(BySex(3, 10));
  ASSERT_TRUE(open.ok()) << open.status();
  EXPECT_THAT(Column(*open, "n"), ElementsAre("*", "10", "15"));
}

TEST_F(GateFiles, EarlierTableForcesAFurtherCell) {
  ReleaseRegistry registry(folder_ + "/released.jsonl");
  GateOptions options;
  options.registry = &registry;
  Gate gate(Named("nhs-subnational"), options);
  // 23..27 minus 23..27 leaves 1..4: the men must be hidden too.
  ASSERT_TRUE(gate.Release(CountTable({25})).ok());
  const auto table = gate.Release(BySex(2, 23));
  ASSERT_TRUE(table.ok()) << table.status();
  EXPECT_THAT(Column(*table, "n"), ElementsAre("*", "*", "25"));
}

TEST_F(GateFiles, EarlierTableThatContradictsIsLeftOut) {
  ReleaseRegistry registry(folder_ + "/released.jsonl");
  GateOptions options;
  options.registry = &registry;
  Gate gate(Named("nhs-subnational"), options);
  ASSERT_TRUE(gate.Release(CountTable({40})).ok());
  // A refresh in which people left: 40 became 6.
  const auto table = gate.Release(CountTable({6}));
  ASSERT_TRUE(table.ok()) << table.status();
  EXPECT_THAT(Column(*table, "n"), ElementsAre("*"));
}

TEST_F(GateFiles, SameFiguresTwiceAreRegisteredOnce) {
  ReleaseRegistry registry(folder_ + "/released.jsonl");
  GateOptions options;
  options.registry = &registry;
  Gate gate(Named("nhs-subnational"), options);
  ASSERT_TRUE(gate.Release(CountTable({40, 3})).ok());
  ASSERT_TRUE(gate.Release(CountTable({40, 3})).ok());
  const auto all = registry.All();
  ASSERT_TRUE(all.ok());
  ASSERT_EQ(all->size(), 1u);
  EXPECT_EQ(all->front().cells.at("n|level=L1"), "*");
}

TEST_F(GateFiles, ReadOnlyRegistryJoinsTheAuditAndStaysAsItIs) {
  ReleaseRegistry registry(folder_ + "/released.jsonl");
  GateOptions options;
  options.registry = &registry;
  Gate gate(Named("nhs-subnational"), options);
  ASSERT_TRUE(gate.Release(CountTable({25})).ok());
  ReleaseRegistry read_only(folder_ + "/released.jsonl",
                            ReleaseRegistry::Mode::kReadOnly);
  GateOptions dry;
  dry.registry = &read_only;
  Gate dry_gate(Named("nhs-subnational"), dry);
  const auto table = dry_gate.Release(BySex(2, 23));
  ASSERT_TRUE(table.ok()) << table.status();
  EXPECT_THAT(Column(*table, "n"), ElementsAre("*", "*", "25"));
  const auto all = registry.All();
  ASSERT_TRUE(all.ok());
  EXPECT_EQ(all->size(), 1u);
}

// Each of two tables that are released at once hides what the other needs
// hidden: whoever comes second has read the first.
TEST_F(GateFiles, TablesReleasedAtOnceSeeEachOther) {
  const std::string path = folder_ + "/released.jsonl";
  const ReleaseRegistry other(path);
  auto held = other.Hold();
  ASSERT_TRUE(held.ok());
  std::vector<std::string> printed;
  std::thread second([&] {
    ReleaseRegistry registry(path);
    GateOptions options;
    options.registry = &registry;
    Gate gate(Named("nhs-subnational"), options);
    const auto table = gate.Release(BySex(2, 23));
    if (table.ok()) printed = Column(*table, "n");
  });
  // While `second` waits for the lock, or before it asks for it, another
  // program registers its table.
  ReleaseRegistry elsewhere(folder_ + "/elsewhere.jsonl");
  GateOptions options;
  options.registry = &elsewhere;
  Gate first(Named("nhs-subnational"), options);
  EXPECT_TRUE(first.Release(CountTable({25})).ok());
  const auto tables = elsewhere.All();
  ReleaseRegistry writer(path);
  EXPECT_TRUE(tables.ok() && tables->size() == 1 &&
              writer.Append(tables->front(), *held).ok());
  held->reset();
  second.join();
  EXPECT_THAT(printed, ElementsAre("*", "*", "25"));
  EXPECT_EQ(writer.All()->size(), 2u);
}

TEST(CellKey, EscapesLevelsThatLookLikeKeys) {
  EXPECT_EQ(CellKey("n", {{"a", "x|b=y"}}), "n|a=x%7Cb%3Dy");
  EXPECT_EQ(CellKey("n", {{"a", "All"}, {"b", "1"}}), "n|b=1");
}

}  // namespace
}  // namespace tally::analytics
