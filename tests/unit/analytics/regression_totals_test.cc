// Totals are printed by themselves and audited; what was printed before may be
// hidden now; a breakdown that is mostly hidden is refused where asked for.
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "analytics/disclosure/gate.h"
#include "base/error.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tally::analytics {
namespace {

using testing::ElementsAre;

RawTable Numbers(const std::vector<int64_t>& counts,
                 const std::string& name = "numbers") {
  TableInfo info;
  info.table = name;
  info.measure_id = "T01";
  info.project = "trial";
  info.release = "r2026-11";
  info.period = "2026-11";
  info.cohort = "everyone";
  auto table = RawTable::Create(
      info, {DimensionColumn("level", "Level"),
             CountColumn("n", ColumnKind::kPersons, "People")});
  EXPECT_TRUE(table.ok());
  for (size_t i = 0; i < counts.size(); ++i) {
    EXPECT_TRUE(table->AddRow({"L" + std::to_string(i), counts[i]}).ok());
  }
  return *std::move(table);
}

std::vector<std::string> Printed(const GatedTable& table) {
  std::vector<std::string> texts;
  for (size_t row = 0; row < table.rows(); ++row) {
    texts.push_back(table.at(row, "n").text());
  }
  return texts;
}

class TotalsInRegister : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = testing::TempDir() + "totalsXXXXXX";
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    folder_ = name;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  std::string folder_;
};

TEST(Totals, InARingAreRefused) {
  RawTable raw = Numbers({3, 3});
  raw.SetTotal({0, 1}, {{1, 1}});
  raw.SetTotal({1, 1}, {{0, 1}});
  Gate gate(*Profile::Named("nhs-subnational"), {});
  EXPECT_FALSE(gate.Release(raw).ok());
}

TEST(Totals, KnownTotalIsNeverHidden) {
  // The list of 447 is known; hiding it would protect nobody.
  RawTable raw = Numbers({3, 4, 440});
  ASSERT_TRUE(raw.AddRow({"All", RawValue()}).ok());
  const std::vector<CellRef> parts = {{0, 1}, {1, 1}, {2, 1}};
  raw.SetTotal({3, 1}, parts);
  raw.AddKnownMargin(parts, 447);
  Gate gate(*Profile::Named("nhs-subnational"), {});
  const auto table = gate.Release(raw);
  ASSERT_TRUE(table.ok()) << table.status();
  EXPECT_EQ(Printed(*table).back(), "445");
}

TEST(Totals, TotalOfOnePartPrintsWhatThePartPrints) {
  RawTable raw = Numbers({3, 8, 33});
  ASSERT_TRUE(raw.AddRow({"All", RawValue()}).ok());
  raw.AddKnownMargin({{0, 1}, {1, 1}, {2, 1}}, 44);
  raw.SetTotal({3, 1}, {{1, 1}});  // hidden for the sake of the first
  Gate gate(*Profile::Named("nhs-subnational"), {});
  const auto table = gate.Release(raw);
  ASSERT_TRUE(table.ok()) << table.status();
  EXPECT_THAT(Printed(*table), ElementsAre("*", "*", "35", "*"));
}

TEST(Totals, TotalThatWouldNarrowItsPartsIsHidden) {
  // 13 to 17 in two cells of at most 7 would leave 6 and 7.
  RawTable raw = Numbers({7, 7});
  ASSERT_TRUE(raw.AddRow({"All", RawValue()}).ok());
  raw.SetTotal({2, 1}, {{0, 1}, {1, 1}});
  Gate gate(*Profile::Named("nhs-subnational"), {});
  const auto table = gate.Release(raw);
  ASSERT_TRUE(table.ok()) << table.status();
  EXPECT_THAT(Printed(*table), ElementsAre("*", "*", "*"));
}

TEST(Totals, TotalMakesAFurtherCellHide) {
  // 23 to 27 without 23 to 27 would leave 1 to 4.
  RawTable raw = Numbers({2, 23});
  ASSERT_TRUE(raw.AddRow({"All", RawValue()}).ok());
  raw.SetTotal({2, 1}, {{0, 1}, {1, 1}});
  Gate gate(*Profile::Named("nhs-subnational"), {});
  const auto table = gate.Release(raw);
  ASSERT_TRUE(table.ok()) << table.status();
  EXPECT_THAT(Printed(*table), ElementsAre("*", "*", "25"));
}

TEST(Totals, RefusesWhatIsMostlyHiddenWhereAsked) {
  RawTable raw = Numbers({3, 4, 33, 0, 0, 0});
  Gate gate(*Profile::Named("nhs-subnational"), {});
  EXPECT_TRUE(gate.Release(raw).ok());
  raw.RefuseMostlyHidden();
  const auto refused = gate.Release(raw);
  EXPECT_EQ(ReasonOf(refused.status()), Reason::kDisclosureRefused);
  EXPECT_THAT(std::string(refused.status().message()),
              testing::HasSubstr("fewer dimensions"));
}

// Under a looser profile a zero was printed; a stricter one hides it, and
// cannot hide what readers have.
TEST_F(TotalsInRegister, WhatWasPrintedBeforeMayBeHiddenNow) {
  ReleaseRegistry registry(folder_ + "/released.jsonl");
  GateOptions options;
  options.registry = &registry;
  Gate loose(*Profile::Named("nhs-subnational"), options);
  ASSERT_TRUE(loose.Release(Numbers({0, 40, 3, 60})).ok());
  Gate strict(*Profile::Named("opensafely"), options);
  const auto table = strict.Release(Numbers({0, 40, 3, 60}));
  ASSERT_TRUE(table.ok()) << table.status();
  EXPECT_THAT(Printed(*table), ElementsAre("*", "40", "*", "60"));
}

// A measure of several tables that is computed again: only what changed has a
// new line, whichever table was the last.
TEST_F(TotalsInRegister, TablesThatAreTheSameAgainHaveNoNewLine) {
  ReleaseRegistry registry(folder_ + "/released.jsonl");
  GateOptions options;
  options.registry = &registry;
  Gate gate(*Profile::Named("nhs-subnational"), options);
  const auto release = [&](const char* name, int64_t count) {
    EXPECT_TRUE(gate.Release(Numbers({40, count}, name)).ok());
    return registry.All()->size();
  };
  EXPECT_EQ(release("first", 60), 1u);
  EXPECT_EQ(release("second", 80), 2u);
  EXPECT_EQ(release("first", 60), 2u);
  EXPECT_EQ(release("second", 80), 2u);
  EXPECT_EQ(release("first", 70), 3u);
  EXPECT_EQ(release("first", 60), 4u);
}

// Registers of the first format: totals were sums of printed cells, a star
// counting 5, and say nothing by themselves.
TEST_F(TotalsInRegister, TotalsOfTheFirstRegistersSayNothing) {
  const std::string path = folder_ + "/released.jsonl";
  std::ofstream(path)
      << R"({"time":"2026-11-20T00:00:00Z","project":"trial",)"
      << R"("release":"r2026-11","measure":"T01","table":"by_sex",)"
      << R"("period":"2026-11","cohort":"everyone",)"
      << R"("profile":"nhs-subnational","dimensions":["level","sex"],)"
      << R"("cells":{"n|level=L0":"30","n|level=L0|sex=women":"*",)"
      << R"("n|level=L0|sex=men":"25"},"totals":{"n|level=L0":)"
      << R"(["n|level=L0|sex=women","n|level=L0|sex=men"]}})"
      << "\n";
  std::filesystem::permissions(path, std::filesystem::perms(0600));
  ReleaseRegistry registry(path);
  const auto all = registry.All();
  ASSERT_TRUE(all.ok()) << all.status();
  EXPECT_EQ(all->front().totals.size(), 1u);
  EXPECT_TRUE(all->front().sums.empty());
  GateOptions options;
  options.registry = &registry;
  Gate gate(*Profile::Named("nhs-subnational"), options);
  const auto table = gate.Release(Numbers({26}));
  ASSERT_TRUE(table.ok()) << table.status();
  EXPECT_EQ(registry.All()->size(), 2u);
}

}  // namespace
}  // namespace tally::analytics
