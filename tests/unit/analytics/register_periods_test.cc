// Tables that write their periods otherwise, or come of other projects, through
// one register: a reader has them all.
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "analytics/disclosure/gate.h"
#include "base/error.h"
#include "disclosure/table_period.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tally::analytics {
namespace {

using testing::ElementsAre;

constexpr int MonthNumber(int year, int month) { return year * 12 + month - 1; }

TEST(TablePeriod, ReadsEveryFormThatNamesMonths) {
  const auto span = [](const char* text) { return TablePeriod(text).span(); };
  const MonthSpan year{MonthNumber(2025, 4), MonthNumber(2026, 3)};
  EXPECT_EQ(span("2025/26"), year);
  EXPECT_EQ(span("2025-04 to 2026-03"), year);
  EXPECT_EQ(span("12 months to 2026-03"), year);
  EXPECT_EQ(span("1 year to 2026-03"), year);
  EXPECT_EQ(span("3 years to 2026-03"),
            (MonthSpan{MonthNumber(2023, 4), MonthNumber(2026, 3)}));
  EXPECT_EQ(span("2026-10"),
            (MonthSpan{MonthNumber(2026, 10), MonthNumber(2026, 10)}));
  EXPECT_EQ(span("2025"),
            (MonthSpan{MonthNumber(2025, 1), MonthNumber(2025, 12)}));
  EXPECT_EQ(span("1999/00"),
            (MonthSpan{MonthNumber(1999, 4), MonthNumber(2000, 3)}));
}

TEST(TablePeriod, KnowsNothingOfOtherTexts) {
  for (const char* text :
       {"", "r2026-11", "2026-13", "2026-00", "2025/27", "2025/2", "26-10",
        "52 weeks to 2026-10-31", "12 months to 2026", "0 months to 2026-10",
        "2026-10 to 2026-09", "2026-10-31", "+026-10", "2026- 1"}) {
    EXPECT_FALSE(TablePeriod(text).span().has_value()) << text;
    EXPECT_TRUE(TablePeriod(text).Joins(TablePeriod(text))) << text;
  }
  EXPECT_FALSE(TablePeriod("r2026-11").Joins(TablePeriod("r2026-12")));
}

TEST(TablePeriod, JoinsWhatIsEqualOrInsideIt) {
  const TablePeriod year("2025/26");
  EXPECT_TRUE(year.Same(TablePeriod("2025-04 to 2026-03")));
  EXPECT_FALSE(year.Same(TablePeriod("2023-10 to 2026-09")));
  EXPECT_TRUE(year.Joins(TablePeriod("2023-10 to 2026-09")));
  EXPECT_TRUE(TablePeriod("2023-10 to 2026-09").Joins(year));
  EXPECT_TRUE(year.Joins(TablePeriod("2025-04")));
  EXPECT_FALSE(year.Joins(TablePeriod("2026-04")));
  EXPECT_FALSE(year.Joins(TablePeriod("2025-10 to 2026-09")));
}

TEST(TablePeriod, AMonthInAKeySaysWhichCountItIs) {
  const TablePeriod range("2023-10 to 2026-09");
  EXPECT_TRUE(range.IsAbsolute("n|area=A|month=2023-10"));
  EXPECT_TRUE(range.IsAbsolute("n|month=2026-09|sex=1"));
  EXPECT_FALSE(range.IsAbsolute("n|month=2026-10"));
  EXPECT_FALSE(range.IsAbsolute("n|month=2023-09"));
  EXPECT_FALSE(range.IsAbsolute("n|month=unknown"));
  EXPECT_FALSE(range.IsAbsolute("n|area=A"));
  // A table of one month may go back.
  EXPECT_TRUE(TablePeriod("2026-10").IsAbsolute("n|month=2024-11"));
  EXPECT_FALSE(TablePeriod("2026-10").IsAbsolute("n|month=2026-11"));
}

class RegisterPeriods : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = testing::TempDir() + "periodsXXXXXX";
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    folder_ = name;
    registry_ = std::make_unique<ReleaseRegistry>(folder_ + "/released.jsonl");
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  using Rows = std::vector<std::pair<std::vector<std::string>, int64_t>>;

  // Counts by `dimensions`.
  static RawTable Make(const std::string& period,
                       const std::vector<std::string>& dimensions,
                       const Rows& rows, const std::string& project = "trial") {
    TableInfo info;
    info.table = "counts";
    info.measure_id = "T07";
    info.project = project;
    info.release = "r2026-11";
    info.period = period;
    info.cohort = "everyone";
    std::vector<ColumnSpec> columns;
    for (const std::string& name : dimensions) {
      columns.push_back(DimensionColumn(name, name));
    }
    columns.push_back(CountColumn("n", ColumnKind::kEvents, "Spells"));
    auto table = RawTable::Create(info, std::move(columns));
    EXPECT_TRUE(table.ok()) << table.status();
    for (const auto& [levels, n] : rows) {
      std::vector<RawValue> row(levels.begin(), levels.end());
      row.emplace_back(n);
      EXPECT_TRUE(table->AddRow(std::move(row)).ok());
    }
    return *std::move(table);
  }

  // The printed counts, or "refused".
  std::vector<std::string> Pass(const RawTable& raw) {
    GateOptions options;
    options.registry = registry_.get();
    const auto table =
        Gate(*Profile::Named("nhs-subnational"), options).Release(raw);
    if (!table.ok()) {
      EXPECT_EQ(ReasonOf(table.status()), Reason::kDisclosureRefused)
          << table.status();
      return {"refused"};
    }
    std::vector<std::string> printed;
    for (size_t row = 0; row < table->rows(); ++row) {
      printed.push_back(table->at(row, "n").text());
    }
    return printed;
  }

  std::string folder_;
  std::unique_ptr<ReleaseRegistry> registry_;
};

constexpr const char* kThreeYears = "2023-10 to 2026-09";

// 20 and 1 in the financial year, 40 in months before and after it: 18 to 22
// less 18 to 22 would leave 4 at most.
TEST_F(RegisterPeriods, AYearHidesBesideItsMonths) {
  EXPECT_THAT(Pass(Make(kThreeYears, {"month"},
                        {{{"2025-03"}, 40},
                         {{"2026-01"}, 20},
                         {{"2026-03"}, 1},
                         {{"2026-04"}, 40}})),
              ElementsAre("40", "20", "*", "40"));
  EXPECT_THAT(Pass(Make("2025/26", {}, {{{}, 21}})), ElementsAre("*"));
}

TEST_F(RegisterPeriods, MonthsHideBesideTheirYear) {
  EXPECT_THAT(Pass(Make("2025/26", {}, {{{}, 21}})), ElementsAre("20"));
  EXPECT_THAT(Pass(Make(kThreeYears, {"month"},
                        {{{"2025-03"}, 40},
                         {{"2026-01"}, 20},
                         {{"2026-03"}, 1},
                         {{"2026-04"}, 40}})),
              ElementsAre("40", "*", "*", "40"));
}

// The sum is over another dimension as well.
TEST_F(RegisterPeriods, MonthsByPracticeAddUpToTheYearOfAll) {
  EXPECT_THAT(Pass(Make("2025/26", {}, {{{}, 21}})), ElementsAre("20"));
  EXPECT_THAT(Pass(Make(kThreeYears, {"area", "month"},
                        {{{"A", "2026-01"}, 20},
                         {{"B", "2026-03"}, 1},
                         {{"B", "2026-04"}, 40}})),
              ElementsAre("*", "*", "40"));
}

// Of a year of which the months are not all there, nothing follows.
TEST_F(RegisterPeriods, MonthsThatDoNotCoverTheYearAreNoSum) {
  const Rows months = {{{"2026-01"}, 20}, {{"2026-03"}, 1}};
  EXPECT_THAT(Pass(Make("2025-10 to 2026-09", {"month"}, months)),
              ElementsAre("20", "*"));
  EXPECT_THAT(Pass(Make("2025/26", {}, {{{}, 21}})), ElementsAre("20"));
}

// Other months are other counts, whatever the keys.
TEST_F(RegisterPeriods, OneKeyOfTwoPeriodsIsTwoCounts) {
  EXPECT_THAT(Pass(Make(kThreeYears, {"area"}, {{{"A"}, 60}, {{"B"}, 3}})),
              ElementsAre("60", "*"));
  // 60 and 1 to 7 are no 20 of a year.
  EXPECT_THAT(Pass(Make("2025/26", {"area"}, {{{"A"}, 20}, {{"B"}, 8}})),
              ElementsAre("20", "10"));
  EXPECT_THAT(Pass(Make("2025/26", {}, {{{}, 28}})), ElementsAre("30"));
}

// A month that is printed within a longer span is the same count again.
TEST_F(RegisterPeriods, OneMonthOfTwoSpansIsOneCount) {
  EXPECT_THAT(Pass(Make("2025/26", {"month"}, {{{"2026-01"}, 25}})),
              ElementsAre("25"));
  // 23 to 27 less 23 to 27: the men must be hidden too.
  EXPECT_THAT(Pass(Make(kThreeYears, {"month", "sex"},
                        {{{"2026-01", "women"}, 2}, {{"2026-01", "men"}, 23}})),
              ElementsAre("*", "*"));
}

// A table of one month may be one of a year: that cannot be here, for the
// twelve months are more.
TEST_F(RegisterPeriods, ATableOfAMonthIsThatMonthOfASeries) {
  EXPECT_THAT(Pass(Make(kThreeYears, {"month", "sex"},
                        {{{"2025-11", "men"}, 40},
                         {{"2026-01", "women"}, 2},
                         {{"2026-01", "men"}, 23}})),
              ElementsAre("40", "*", "25"));
  EXPECT_THAT(Pass(Make("2026-01", {}, {{{}, 25}})), ElementsAre("*"));
}

TEST_F(RegisterPeriods, ATableOfAMonthMayBeTheYearToIt) {
  EXPECT_THAT(Pass(Make(kThreeYears, {"month"},
                        {{{"2025-01"}, 40},
                         {{"2025-02"}, 20},
                         {{"2025-11"}, 1},
                         {{"2026-01"}, 0}})),
              ElementsAre("40", "20", "*", "0"));
  EXPECT_THAT(Pass(Make("2026-01", {}, {{{}, 21}})), ElementsAre("*"));
}

TEST_F(RegisterPeriods, WhatAnotherProjectPrintedIsKnown) {
  // 23 to 27 less 23 to 27 would leave 4 women at most.
  const Rows cut = {{{"women"}, 2}, {{"men"}, 23}};
  EXPECT_THAT(Pass(Make("2026-10", {"sex"}, cut, "diabetes")),
              ElementsAre("*", "25"));
  EXPECT_THAT(Pass(Make("2026-10", {}, {{{}, 25}}, "frailty")),
              ElementsAre("*"));
}

TEST_F(RegisterPeriods, TheSameFiguresOfAnotherProjectOrPeriodAreALine) {
  Pass(Make("2026-10", {}, {{{}, 25}}, "frailty"));
  Pass(Make("2026-10", {}, {{{}, 25}}, "diabetes"));
  Pass(Make("2026-10", {}, {{{}, 25}}, "frailty"));
  Pass(Make("2026-10 to 2026-10", {}, {{{}, 25}}, "frailty"));
  const auto all = registry_->All();
  ASSERT_TRUE(all.ok()) << all.status();
  EXPECT_EQ(all->size(), 3u);
}

}  // namespace
}  // namespace tally::analytics
