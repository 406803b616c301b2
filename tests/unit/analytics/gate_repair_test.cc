// Tables that the gate must mend and not refuse, with GLPK as the reader.
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "analytics/disclosure/gate.h"
#include "attacker.h"
#include "base/error.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tally::analytics {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

TableInfo RepairInfo(std::string table, std::string release = "r2026-11") {
  TableInfo info;
  info.table = std::move(table);
  info.measure_id = "T04";
  info.project = "trial";
  info.release = std::move(release);
  info.period = "2026-11";
  info.cohort = "everyone";
  return info;
}

class GateRepair : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = testing::TempDir() + "gaterepairXXXXXX";
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    folder_ = name;
    path_ = folder_ + "/released.jsonl";
    registry_ = std::make_unique<ReleaseRegistry>(path_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  absl::StatusOr<GatedTable> Pass(const RawTable& raw) {
    GateOptions options;
    options.registry = registry_.get();
    return Gate(*Profile::Named("nhs-subnational"), options).Release(raw);
  }
  // What a reader of everything released so far narrows.
  std::vector<std::string> NarrowedByAll() {
    const auto all = registry_->All();
    EXPECT_TRUE(all.ok());
    Attacker attacker;
    for (const ReleasedTable& table : *all) {
      EXPECT_TRUE(attacker.Believe(table)) << table.table;
    }
    return Narrowed(attacker, *all);
  }

  std::string folder_;
  std::string path_;
  std::unique_ptr<ReleaseRegistry> registry_;
};

// A segment of 7 people: 4 and 3 by practice, all of them in one decile. Beside
// it two large ones. The list sizes of the practices are public.
RawTable Segments() {
  auto table = RawTable::Create(
      RepairInfo("segments"),
      {DimensionColumn("segment", "Segment"), DimensionColumn("area", "Area"),
       DimensionColumn("decile", "Decile"),
       CountColumn("n", ColumnKind::kPersons, "People")});
  EXPECT_TRUE(table.ok());
  const std::vector<std::string> names = {"small", "well", "ill"};
  const std::vector<std::vector<int64_t>> areas = {
      {4, 3, 0}, {600, 710, 700}, {400, 500, 630}};
  const std::vector<std::vector<int64_t>> deciles = {
      {0, 0, 7, 0, 0}, {400, 405, 400, 405, 400}, {300, 305, 310, 305, 310}};
  std::vector<std::vector<CellRef>> by_area(3);
  for (size_t s = 0; s < names.size(); ++s) {
    const std::string& name = names[s];
    std::vector<CellRef> parts, others;
    for (size_t a = 0; a < 3; ++a) {
      EXPECT_TRUE(
          table->AddRow({name, "Z" + std::to_string(a), "All", areas[s][a]})
              .ok());
      parts.push_back({table->rows() - 1, 3});
      by_area[a].push_back(parts.back());
    }
    for (size_t d = 0; d < 5; ++d) {
      EXPECT_TRUE(
          table->AddRow({name, "All", "D" + std::to_string(d), deciles[s][d]})
              .ok());
      others.push_back({table->rows() - 1, 3});
    }
    EXPECT_TRUE(table->AddRow({name, "All", "All", RawValue()}).ok());
    table->SetTotal({table->rows() - 1, 3}, parts);
    table->AddEquality({table->rows() - 1, 3}, others);
  }
  for (size_t a = 0; a < 3; ++a) {
    table->AddKnownMargin(by_area[a], areas[0][a] + areas[1][a] + areas[2][a]);
  }
  return *std::move(table);
}

// Whatever count is hidden, the 7 of the decile are all there are, so 4 and 3
// are 6 at most. Only a hidden zero can help: that next to the 7.
TEST_F(GateRepair, HidesAZeroWhereNoCountHelps) {
  const auto table = Pass(Segments());
  ASSERT_TRUE(table.ok()) << table.status();
  std::vector<std::string> small;
  for (size_t row = 0; row < 9; ++row) {
    small.push_back(table->at(row, "n").text());
  }
  EXPECT_THAT(
      small, testing::ElementsAre("*", "*", "0", "0", "*", "*", "0", "0", "*"));
  // Practices of the large segments stay: hiding them helps nothing. One of
  // their totals goes: the lists, 3547, less 2012 and 1532 would leave 3 at
  // least.
  EXPECT_EQ(table->suppressed_cells(), 6);
  EXPECT_EQ(table->at(26, "n").text(), "*");
  EXPECT_THAT(NarrowedByAll(), IsEmpty());
  const auto all = registry_->All();
  ASSERT_TRUE(all.ok());
  EXPECT_TRUE(all->front().hides_zeros);
  EXPECT_EQ(all->front().cells.at("n|decile=D1|segment=small"), "x");
  EXPECT_EQ(all->front().cells.at("n|decile=D2|segment=small"), "*");
}

// Another table prints the zero that the first one hid, and so takes its
// shield away: it must hide it too.
TEST_F(GateRepair, AHiddenZeroStaysHiddenInTheNextTable) {
  ASSERT_TRUE(Pass(Segments()).ok());
  auto table =
      RawTable::Create(RepairInfo("deciles", "r2026-12"),
                       {DimensionColumn("segment", "Segment"),
                        DimensionColumn("decile", "Decile"),
                        CountColumn("n", ColumnKind::kPersons, "People")});
  ASSERT_TRUE(table.ok());
  for (size_t d = 0; d < 5; ++d) {
    ASSERT_TRUE(table
                    ->AddRow({"small", "D" + std::to_string(d),
                              int64_t{d == 2 ? 7 : 0}})
                    .ok());
  }
  const auto gated = Pass(*table);
  ASSERT_TRUE(gated.ok()) << gated.status();
  EXPECT_EQ(gated->at(1, "n").text(), "*");
  EXPECT_THAT(NarrowedByAll(), IsEmpty());
}

// The search takes over where the rounds end, so few rounds refuse nothing.
TEST_F(GateRepair, MendsWithoutAnyRounds) {
  auto table = RawTable::Create(
      RepairInfo("line"), {DimensionColumn("a", "A"),
                           CountColumn("n", ColumnKind::kPersons, "People")});
  ASSERT_TRUE(table.ok());
  std::vector<CellRef> cells;
  for (const int64_t n : {3, 60, 8, 33}) {
    ASSERT_TRUE(table->AddRow({"a" + std::to_string(n), n}).ok());
    cells.push_back({table->rows() - 1, 1});
  }
  table->AddKnownMargin(cells, 104);
  GateOptions options;
  options.repair_rounds = 0;
  const auto gated =
      Gate(*Profile::Named("nhs-subnational"), options).Release(*table);
  ASSERT_TRUE(gated.ok()) << gated.status();
  EXPECT_EQ(gated->at(0, "n").text(), "*");
  EXPECT_EQ(gated->suppressed_cells(), 2);  // one more, and no more than one
}

// --- what earlier tables say of their cells ---------------------------------

RawTable Line(const std::vector<std::pair<std::string, int64_t>>& cells,
              std::string table, std::string release) {
  auto raw =
      RawTable::Create(RepairInfo(std::move(table), std::move(release)),
                       {DimensionColumn("a", "A"),
                        CountColumn("n", ColumnKind::kPersons, "People")});
  EXPECT_TRUE(raw.ok());
  for (const auto& [level, n] : cells) {
    EXPECT_TRUE(raw->AddRow({level, n}).ok());
  }
  return *std::move(raw);
}

// First: 3 is hidden and 38 beside it, for all are 99, and 58 to 62 and 38 to
// 42 would leave 3 at most. The second table has the 38 by itself.
TEST_F(GateRepair, MarginOfAnEarlierTableProtectsItsHiddenCell) {
  RawTable first =
      Line({{"a0", 3}, {"a1", 58}, {"a2", 38}}, "first", "r2026-10");
  first.AddKnownMargin({{0, 1}, {1, 1}, {2, 1}}, 99);
  const auto before = Pass(first);
  ASSERT_TRUE(before.ok()) << before.status();
  EXPECT_EQ(before->at(0, "n").text(), "*");
  EXPECT_EQ(before->suppressed_cells(), 2);

  const auto after = Pass(Line({{"a1", 58}, {"a2", 38}}, "second", "r2026-11"));
  ASSERT_TRUE(after.ok()) << after.status();
  EXPECT_EQ(after->at(0, "n").text(), "60");
  EXPECT_EQ(after->at(1, "n").text(), "*");
  EXPECT_THAT(NarrowedByAll(), IsEmpty());
}

TEST_F(GateRepair, EqualityOfAnEarlierTableProtectsItsHiddenCell) {
  // Two breakdowns of one total; only the second is an equality. 73 to 77 less
  // 73 to 77 is 4 at most: the 73 is hidden.
  RawTable first =
      Line({{"whole", 76}, {"b0", 46}, {"b1", 30}, {"c0", 3}, {"c1", 73}},
           "first", "r2026-10");
  first.SetTotal({0, 1}, {{1, 1}, {2, 1}});
  first.AddEquality({0, 1}, {{3, 1}, {4, 1}});
  const auto before = Pass(first);
  ASSERT_TRUE(before.ok()) << before.status();
  EXPECT_EQ(before->at(4, "n").text(), "*");
  const auto after = Pass(Line({{"c1", 73}}, "second", "r2026-11"));
  ASSERT_TRUE(after.ok()) << after.status();
  EXPECT_EQ(after->at(0, "n").text(), "*");
  EXPECT_THAT(NarrowedByAll(), IsEmpty());
}

// A list size is another one a month later; the printed cells still count.
TEST_F(GateRepair, MarginThatChangedIsForgottenAndTheCellsAreNot) {
  RawTable first =
      Line({{"a0", 3}, {"a1", 58}, {"a2", 38}}, "first", "r2026-10");
  first.AddKnownMargin({{0, 1}, {1, 1}, {2, 1}}, 99);
  ASSERT_TRUE(Pass(first).ok());
  RawTable second =
      Line({{"a0", 4}, {"a1", 58}, {"a2", 38}}, "second", "r2026-11");
  second.AddKnownMargin({{0, 1}, {1, 1}, {2, 1}}, 100);
  const auto after = Pass(second);
  ASSERT_TRUE(after.ok()) << after.status();
  // a1 stays as printed before; what was hidden then is hidden now.
  EXPECT_EQ(after->at(0, "n").text(), "*");
  EXPECT_EQ(after->suppressed_cells(), 2);
}

TEST_F(GateRepair, OverlappingAgeBandsAreAddedUp) {
  const auto bands =
      [&](const std::vector<std::pair<std::string, int64_t>>& cells,
          const std::string& release) {
        auto raw = RawTable::Create(
            RepairInfo("bands", release),
            {DimensionColumn("age_band", "Age"),
             CountColumn("n", ColumnKind::kPersons, "People")});
        EXPECT_TRUE(raw.ok());
        for (const auto& [level, n] : cells) {
          EXPECT_TRUE(raw->AddRow({level, n}).ok());
        }
        return Pass(*raw);
      };
  // 18 to 22 and 1 to 7 make no more than 22, so 5-9 would be 4 at most.
  ASSERT_TRUE(bands({{"0-4", 18}, {"5-9", 4}, {"85+", 30}}, "r2026-10").ok());
  const auto wide = bands({{"0-9", 22}, {"80-84", 50}}, "r2026-11");
  ASSERT_TRUE(wide.ok()) << wide.status();
  EXPECT_EQ(wide->at(0, "n").text(), "*");
  EXPECT_EQ(wide->at(1, "n").text(), "50");
}

TEST_F(GateRepair, TotalThatNobodyDeclaredIsATotal) {
  const auto table =
      Pass(Line({{"a0", 3}, {"a1", 23}, {"All", 26}}, "plain", "r2026-11"));
  ASSERT_TRUE(table.ok()) << table.status();
  EXPECT_EQ(table->at(0, "n").text(), "*");
  EXPECT_EQ(table->suppressed_cells(), 2);
  EXPECT_THAT(NarrowedByAll(), IsEmpty());
}

// Two tables of an older program look as if one added up to the other: 10 of
// all, 10 men, so 4 women at most. They need not: of the women nothing is
// known, and the next table may not say that they are 4 at most. 25 less 23
// would.
TEST_F(GateRepair, ASumThatNobodyDeclaredIsNotTakenForKnown) {
  ReleasedTable fine;
  fine.project = "trial";
  fine.measure = "T04";
  fine.table = "fine";
  fine.period = "2026-11";
  fine.cohort = "everyone";
  fine.profile = "nhs-subnational";
  fine.cells = {{"n|kind=a|sex=men", "10"}, {"n|kind=a|sex=women", "*"}};
  ReleasedTable coarse = fine;
  coarse.table = "coarse";
  coarse.cells = {{"n|kind=a", "10"}};
  for (const ReleasedTable& table : {fine, coarse}) {
    const auto held = registry_->Hold();
    ASSERT_TRUE(held.ok()) << held.status();
    ASSERT_TRUE(registry_->Append(table, *held).ok());
  }
  auto raw = RawTable::Create(
      RepairInfo("next"),
      {DimensionColumn("kind", "Kind"), DimensionColumn("sex", "Sex"),
       CountColumn("n", ColumnKind::kPersons, "People")});
  ASSERT_TRUE(raw.ok());
  ASSERT_TRUE(raw->AddRow({"a", "women", int64_t{2}}).ok());
  ASSERT_TRUE(raw->AddRow({"b", "women", int64_t{23}}).ok());
  ASSERT_TRUE(raw->AddRow({"either", "women", RawValue()}).ok());
  raw->SetTotal({2, 2}, {{0, 2}, {1, 2}});
  const auto table = Pass(*raw);
  ASSERT_TRUE(table.ok()) << table.status();
  EXPECT_EQ(table->at(0, "n").text(), "*");
  EXPECT_EQ(table->at(1, "n").text(), "*");
  EXPECT_EQ(table->at(2, "n").text(), "25");
}

// Counts by area and sex, with the totals of areas if `totals`.
RawTable ByArea(const std::vector<std::pair<int64_t, int64_t>>& areas,
                bool totals, std::string release) {
  auto raw = RawTable::Create(
      RepairInfo("areas", std::move(release)),
      {DimensionColumn("area", "Area"), DimensionColumn("sex", "Sex"),
       CountColumn("n", ColumnKind::kPersons, "People")});
  EXPECT_TRUE(raw.ok());
  for (size_t i = 0; i < areas.size(); ++i) {
    const std::string area = "Z" + std::to_string(i);
    const size_t row = raw->rows();
    EXPECT_TRUE(raw->AddRow({area, "women", areas[i].first}).ok());
    EXPECT_TRUE(raw->AddRow({area, "men", areas[i].second}).ok());
    if (!totals) continue;
    EXPECT_TRUE(raw->AddRow({area, "All", RawValue()}).ok());
    raw->SetTotal({row + 2, 2}, {{row, 2}, {row + 1, 2}});
  }
  return *std::move(raw);
}

// The second area lost ten women. Of the first nothing changed: 23 to 27 in all
// less 23 to 27 men would leave 4 women at most.
TEST_F(GateRepair, AChangeElsewhereDoesNotForgetAnEarlierTable) {
  const auto before = Pass(ByArea({{2, 23}, {30, 40}}, true, "r2026-10"));
  ASSERT_TRUE(before.ok()) << before.status();
  EXPECT_EQ(before->at(1, "n").text(), "*");
  EXPECT_EQ(before->at(2, "n").text(), "25");
  DecisionLog log("");
  GateOptions options;
  options.registry = registry_.get();
  options.log = &log;
  const auto after =
      Gate(*Profile::Named("nhs-subnational"), options)
          .Release(ByArea({{2, 23}, {20, 40}}, false, "r2026-11"));
  ASSERT_TRUE(after.ok()) << after.status();
  EXPECT_EQ(after->at(0, "n").text(), "*");
  EXPECT_EQ(after->at(1, "n").text(), "*");
  EXPECT_EQ(after->at(2, "n").text(), "20");
  EXPECT_EQ(after->at(3, "n").text(), "40");
  ASSERT_EQ(log.appended().size(), 1u);
  EXPECT_THAT(log.appended()[0].left_out,
              testing::ElementsAre(
                  "T04/areas@r2026-10 of trial, 2026-11: 1 of 6 cells"));
}

// Each cell of the second area could be what it was, and not all of them: 8 to
// 12 and 8 to 12 make no 33 to 37.
TEST_F(GateRepair, ALineThatCannotHoldAnyMoreIsForgottenAlone) {
  const auto before = Pass(ByArea({{2, 23}, {3, 33}}, true, "r2026-10"));
  ASSERT_TRUE(before.ok()) << before.status();
  EXPECT_EQ(before->at(3, "n").text(), "*");
  EXPECT_EQ(before->at(4, "n").text(), "*");  // 33 to 37 less 33 to 37
  const auto after = Pass(ByArea({{2, 23}, {10, 10}}, false, "r2026-11"));
  ASSERT_TRUE(after.ok()) << after.status();
  EXPECT_EQ(after->at(0, "n").text(), "*");
  EXPECT_EQ(after->at(1, "n").text(), "*");
  EXPECT_EQ(after->at(2, "n").text(), "10");
  EXPECT_EQ(after->at(3, "n").text(), "10");
}

// 8 women became 7, and nobody else changed: 38 to 42 in all less 28 to 32 men,
// as both were printed before, would leave 6 at least, whatever is hidden now.
// The next month passes all the same.
TEST_F(GateRepair, ARefreshThatNothingCouldMendPassesWithoutTheEarlierTable) {
  const auto before = Pass(ByArea({{8, 32}, {30, 40}}, true, "r2026-10"));
  ASSERT_TRUE(before.ok()) << before.status();
  EXPECT_EQ(before->at(0, "n").text(), "10");
  EXPECT_EQ(before->suppressed_cells(), 0);
  const auto after = Pass(ByArea({{7, 32}, {30, 40}}, true, "r2026-11"));
  ASSERT_TRUE(after.ok()) << after.status();
  EXPECT_EQ(after->at(0, "n").text(), "*");
  EXPECT_EQ(after->at(1, "n").text(), "*");
  EXPECT_EQ(after->at(2, "n").text(), "40");
  EXPECT_EQ(after->suppressed_cells(), 2);
}

TEST_F(GateRepair, ATableThatIsNotBelievedIsLogged) {
  ASSERT_TRUE(Pass(Line({{"a0", 40}}, "first", "r2026-10")).ok());
  DecisionLog log(folder_ + "/decisions.jsonl");
  GateOptions options;
  options.registry = registry_.get();
  options.log = &log;
  Gate gate(*Profile::Named("nhs-subnational"), options);
  ASSERT_TRUE(gate.Release(Line({{"a0", 90}}, "second", "r2026-11")).ok());
  const auto read = log.Read();
  ASSERT_TRUE(read.ok()) << read.status();
  ASSERT_EQ(read->size(), 1u);
  EXPECT_THAT(
      read->front().left_out,
      testing::ElementsAre("T04/first@r2026-10 of trial, 2026-11: all"));
}

// Newer tables about other people, more of them than are ever used, do not
// crowd out an older one that is believed: 23 to 27 of all less 23 to 27.
TEST_F(GateRepair, TablesThatAreNotBelievedDoNotCrowdOutOlderOnes) {
  ReleasedTable table;
  table.project = "trial";
  table.measure = "T04";
  table.table = "older";
  table.period = "2026-11";
  table.cohort = "everyone";
  table.profile = "nhs-subnational";
  table.cells = {{"n", "25"}};
  const auto held = registry_->Hold();
  ASSERT_TRUE(held.ok()) << held.status();
  ASSERT_TRUE(registry_->Append(table, *held).ok());
  for (int i = 0; i < 110; ++i) {
    table.cells = {{"n|a=a1", std::to_string(100 + 5 * i)}};
    ASSERT_TRUE(registry_->Append(table, *held).ok());
  }
  DecisionLog log("");
  GateOptions options;
  options.log = &log;
  ReleaseRegistry reader(path_, ReleaseRegistry::Mode::kReadOnly);
  options.registry = &reader;
  const auto next = Gate(*Profile::Named("nhs-subnational"), options)
                        .Release(Line({{"a0", 2}, {"a1", 23}}, "next", "r"));
  ASSERT_TRUE(next.ok()) << next.status();
  EXPECT_EQ(next->at(0, "n").text(), "*");
  EXPECT_EQ(next->at(1, "n").text(), "*");
  ASSERT_EQ(log.appended().size(), 1u);
  EXPECT_EQ(log.appended()[0].left_out.size(), 110u);
}

// Of two cells that could shield, the one that shielded before does again.
TEST_F(GateRepair, WhatShieldedBeforeShieldsAgain) {
  const auto line = [&](int64_t a1, int64_t a2, std::string release) {
    RawTable raw =
        Line({{"a0", 3}, {"a1", a1}, {"a2", a2}}, "line", std::move(release));
    raw.AddKnownMargin({{0, 1}, {1, 1}, {2, 1}}, 3 + a1 + a2);
    return Pass(raw);
  };
  const auto before = line(58, 60, "r2026-10");
  ASSERT_TRUE(before.ok()) << before.status();
  EXPECT_EQ(before->at(1, "n").text(), "*");
  EXPECT_EQ(before->at(2, "n").text(), "60");
  const auto after = line(61, 53, "r2026-11");  // the second is the smaller
  ASSERT_TRUE(after.ok()) << after.status();
  EXPECT_EQ(after->at(1, "n").text(), "*");
  EXPECT_EQ(after->at(2, "n").text(), "55");
}

// --- the lines of the register ----------------------------------------------

TEST_F(GateRepair, RegisterKeepsWhatWasSaidOfTheCells) {
  ASSERT_TRUE(Pass(Segments()).ok());
  const auto all = registry_->All();
  ASSERT_TRUE(all.ok());
  const ReleasedTable& table = all->front();
  EXPECT_EQ(table.version, kRegisterVersion);
  ASSERT_EQ(table.equalities.size(), 3u);
  EXPECT_EQ(table.equalities[0].whole, "n|segment=small");
  EXPECT_EQ(table.equalities[0].parts.size(), 5u);
  ASSERT_EQ(table.margins.size(), 3u);
  EXPECT_EQ(table.margins[0].exact, 1004);
  EXPECT_THAT(
      table.margins[0].parts,
      testing::ElementsAre("n|area=Z0|segment=small", "n|area=Z0|segment=well",
                           "n|area=Z0|segment=ill"));
}

TEST_F(GateRepair, LineOfANewerFormatIsRefusedInWords) {
  ASSERT_TRUE(Pass(Segments()).ok());
  std::string text;
  std::getline(std::ifstream(path_), text);
  const size_t at = text.find("\"version\":4");
  ASSERT_NE(at, std::string::npos);
  text.replace(at, 11, "\"version\":5");
  std::ofstream(path_) << text << "\n";
  const auto table = Pass(Segments());
  EXPECT_EQ(ExitCodeOf(table.status()), kExitInvalidInput);
  EXPECT_THAT(std::string(table.status().message()), HasSubstr("newer"));
}

TEST_F(GateRepair, LineWithoutItsMarginsIsDamaged) {
  ASSERT_TRUE(Pass(Segments()).ok());
  std::string text;
  std::getline(std::ifstream(path_), text);
  const size_t at = text.find("\"margins\"");
  ASSERT_NE(at, std::string::npos);
  text.replace(at, 9, "\"morgins\"");
  std::ofstream(path_) << text << "\n";
  EXPECT_TRUE(absl::IsDataLoss(registry_->All().status()));
}

}  // namespace
}  // namespace tally::analytics
