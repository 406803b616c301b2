// Sums of money: a hidden one does not follow from a total less the others.
// Limits are worked out by hand.
#include <algorithm>
#include <string>
#include <vector>

#include "analytics/disclosure/gate.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tally::analytics {
namespace {

using testing::ElementsAre;

struct Spending {
  std::string provider;
  double cost;
  int64_t people;
};

// Costs by provider; of few people where `people` is below 8.
RawTable Costs(const std::vector<Spending>& rows) {
  TableInfo info;
  info.table = "costs";
  info.measure_id = "T06";
  info.project = "trial";
  info.release = "r2026-11";
  info.period = "2026-11";
  info.cohort = "everyone";
  ColumnSpec cost;
  cost.name = "cost";
  cost.kind = ColumnKind::kSum;
  cost.title = "Cost";
  auto table =
      RawTable::Create(info, {DimensionColumn("provider", "Provider"), cost});
  EXPECT_TRUE(table.ok());
  for (const Spending& row : rows) {
    EXPECT_TRUE(table->AddRow({row.provider, row.cost}).ok());
    CellBasis basis;
    basis.contributors = row.people;
    basis.largest =
        row.cost / static_cast<double>(std::max<int64_t>(row.people, 1));
    basis.second = basis.largest;
    table->SetBasis({table->rows() - 1, 1}, basis);
  }
  return *std::move(table);
}

std::vector<std::string> PrintedCosts(const RawTable& raw) {
  const auto table = Gate(*Profile::Named("nhs-subnational"), {}).Release(raw);
  EXPECT_TRUE(table.ok()) << table.status();
  std::vector<std::string> printed;
  for (size_t row = 0; table.ok() && row < table->rows(); ++row) {
    printed.push_back(table->at(row, "cost").text());
  }
  return printed;
}

// 995,000 to 1,005,000 less 399,500 to 400,500 and 349,500 to 350,500 leaves
// 244,000 to 256,000 of 250,000: less than a tenth on either side. The smaller
// of the two goes too.
TEST(SumAudit, HidesASecondSumWhereTheTotalWouldTellTheFirst) {
  EXPECT_THAT(PrintedCosts(Costs({{"P0", 250000, 3},
                                  {"P1", 400000, 90},
                                  {"P2", 350000, 80},
                                  {"All", 1000000, 173}})),
              ElementsAre("*", "400000", "*", "1000000"));
}

// A row without anybody is 0, and every reader knows it.
TEST(SumAudit, ASumOfNobodyShieldsNothing) {
  EXPECT_THAT(PrintedCosts(Costs({{"P0", 250000, 3},
                                  {"P1", 400000, 90},
                                  {"P2", 350000, 80},
                                  {"P3", 0, 0},
                                  {"All", 1000000, 173}})),
              ElementsAre("*", "400000", "*", "0", "1000000"));
}

// Costs of one row with a count beside it, under a profile.
std::string PrintedCost(const char* profile, int64_t events, double cost,
                        int64_t people) {
  TableInfo info;
  info.table = "costs";
  info.measure_id = "T06";
  info.period = "2026-11";
  info.cohort = "everyone";
  ColumnSpec sum;
  sum.name = "cost";
  sum.kind = ColumnKind::kSum;
  sum.title = "Cost";
  auto table = RawTable::Create(
      info, {DimensionColumn("provider", "Provider"),
             CountColumn("events", ColumnKind::kEvents, "Events"), sum});
  EXPECT_TRUE(table.ok());
  EXPECT_TRUE(table->AddRow({"P0", events, cost}).ok());
  CellBasis basis;
  basis.contributors = people;
  table->SetBasis({0, 2}, basis);
  const auto gated = Gate(*Profile::Named(profile), {}).Release(*table);
  EXPECT_TRUE(gated.ok()) << gated.status();
  return gated.ok() ? gated->at(0, "cost").text() : "";
}

TEST(SumAudit, NothingOfNobodyIsPrintedWhereZerosAre) {
  EXPECT_EQ(PrintedCost("nhs-subnational", 0, 0, 0), "0");
  EXPECT_EQ(PrintedCost("midpoint6", 0, 0, 0), "0");
  EXPECT_EQ(PrintedCost("nhs-national", 0, 0, 0), "0");
  // A zero is disclosive there.
  EXPECT_EQ(PrintedCost("threshold10", 0, 0, 0), "*");
  EXPECT_EQ(PrintedCost("opensafely", 0, 0, 0), "*");
  // Something of nobody does not exist; nothing of few is about them.
  EXPECT_EQ(PrintedCost("nhs-subnational", 7, 0, 7), "*");
  EXPECT_EQ(PrintedCost("nhs-subnational", 7, 0, 0), "*");
  EXPECT_EQ(PrintedCost("nhs-subnational", 8, 0, 7), "*");
  EXPECT_EQ(PrintedCost("nhs-subnational", 8, 0, 8), "0");
}

// Without a row of all there is nothing to subtract from.
TEST(SumAudit, HidesNoMoreWhereThereIsNoTotal) {
  EXPECT_THAT(PrintedCosts(Costs(
                  {{"P0", 250000, 3}, {"P1", 400000, 90}, {"P2", 350000, 80}})),
              ElementsAre("*", "400000", "350000"));
}

// A row of all that is not the sum of the others tells nothing of them.
TEST(SumAudit, HidesNoMoreWhereTheRowsDoNotAddUp) {
  EXPECT_THAT(
      PrintedCosts(Costs(
          {{"P0", 250000, 3}, {"P1", 400000, 90}, {"All", 1000000, 173}})),
      ElementsAre("*", "400000", "1000000"));
}

// 2,000 of a million: three figures of the total leave 0 to 8,000.
TEST(SumAudit, RoundingOfTheTotalShieldsASmallSum) {
  EXPECT_THAT(PrintedCosts(Costs({{"P0", 2000, 3},
                                  {"P1", 499000, 90},
                                  {"P2", 499000, 80},
                                  {"All", 1000000, 173}})),
              ElementsAre("*", "499000", "499000", "1000000"));
}

// Two hidden ones stand in for each other; where one of them is small it does
// not shield the large one, and a third goes.
TEST(SumAudit, ASmallHiddenSumShieldsNoLargeOne) {
  EXPECT_THAT(PrintedCosts(Costs({{"P0", 250000, 3},
                                  {"P1", 200000, 4},
                                  {"P2", 550000, 80},
                                  {"All", 1000000, 87}})),
              ElementsAre("*", "*", "550000", "1000000"));
  // Beside 100 the first is 256,000 at most: less than a tenth more than it is.
  EXPECT_THAT(PrintedCosts(Costs({{"P0", 250000, 3},
                                  {"P1", 100, 4},
                                  {"P2", 400000, 80},
                                  {"P3", 349900, 80},
                                  {"All", 1000000, 167}})),
              ElementsAre("*", "*", "400000", "*", "1000000"));
}

TEST(SumAudit, NationalProfileHidesNothing) {
  const auto table =
      Gate(*Profile::Named("nhs-national"), {})
          .Release(Costs(
              {{"P0", 250000, 3}, {"P1", 750000, 90}, {"All", 1000000, 93}}));
  ASSERT_TRUE(table.ok());
  EXPECT_EQ(table->suppressed_cells(), 0);
}

}  // namespace
}  // namespace tally::analytics
