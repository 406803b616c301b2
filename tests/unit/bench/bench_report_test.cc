#include <gtest/gtest.h>

#include <array>
#include <string>
#include <vector>

#include "bench/report.h"
#include "bench/table.h"
#include "status_matchers.h"
#include "temp_dir.h"

namespace tally::bench {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

Row Merge(int64_t size, std::vector<double> ours, std::vector<double> theirs) {
  return {.name = "merge",
          .unit = "s",
          .size = size,
          .values = std::move(ours),
          .rival = "DuckDB",
          .rival_values = std::move(theirs),
          .bar = RatioAtMost(1),
          .peak_bytes = 1 << 20};
}

TEST(BenchReport, GivesMediansSpreadAndTheRatioOfEachRound) {
  // Ratios of the rounds: 2, 0.5, 1; those of the medians would be 1.
  const Figure figure = Summarise(Merge(10, {2, 4, 3}, {1, 8, 3}));
  EXPECT_EQ(figure.value, 3);
  EXPECT_EQ(figure.low, 2);
  EXPECT_EQ(figure.high, 4);
  EXPECT_EQ(figure.rounds, 3);
  EXPECT_EQ(figure.rival_value, 3);
  EXPECT_EQ(figure.ratio, 1);
  EXPECT_TRUE(figure.met);
}

TEST(BenchReport, MedianOfAnEvenNumberIsTheMeanOfTheTwoInTheMiddle) {
  EXPECT_EQ(Median({7}), 7);
  EXPECT_EQ(Median({9, 1}), 5);
  EXPECT_EQ(Median({3, 1, 2}), 2);
  EXPECT_EQ(Median({100, 2, 1, 4}), 3);
}

TEST(BenchReport, KnowsWhichSideOfEachBarIsMet) {
  const auto met = [](Bar bar) {
    Row row = Merge(1, {4}, {2});
    row.bar = bar;
    return Summarise(row).met;
  };
  EXPECT_TRUE(met({}));
  EXPECT_TRUE(met(RatioAtLeast(2)));
  EXPECT_FALSE(met(RatioAtLeast(2.01)));
  EXPECT_TRUE(met(RatioAtMost(2)));
  EXPECT_FALSE(met(RatioAtMost(1.99)));
  EXPECT_TRUE(met(ValueAtLeast(4)));
  EXPECT_FALSE(met(ValueAtLeast(5)));
  EXPECT_TRUE(met(ValueAtMost(4)));
  EXPECT_FALSE(met(ValueAtMost(3)));
}

TEST(BenchReport, AppendsLinesThatReadBackAsTheyWere) {
  const TempDir dir;
  std::string file = dir.Path("lines");
  std::string program = "bench";
  std::string flag = "--json";
  std::string size = "100";
  std::array<char*, 5> argv = {program.data(), flag.data(), file.data(),
                               size.data(), nullptr};
  int argc = 4;
  Report report(&argc, argv.data());
  ASSERT_EQ(argc, 2);
  EXPECT_STREQ(argv[1], "100");
  report.Add(Merge(100, {1}, {2}));
  EXPECT_EQ(report.ExitCode(), 0);
  report.Add(Merge(100, {3}, {2}));
  EXPECT_EQ(report.ExitCode(), 1);
  report.Add(
      {.name = "plain", .unit = "MiB", .values = {7}, .is_steady = true});

  const auto figures = ReadFigures(Slurp(file));
  ASSERT_THAT(figures, IsOk());
  ASSERT_EQ(figures->size(), 3u);
  EXPECT_EQ((*figures)[1].ToJson(), Summarise(Merge(100, {3}, {2})).ToJson());
  EXPECT_FALSE((*figures)[1].met);
  EXPECT_FALSE((*figures)[1].is_steady);
  EXPECT_TRUE((*figures)[2].met);
  EXPECT_TRUE((*figures)[2].is_steady);
  EXPECT_TRUE((*figures)[2].ToJson().Find("bar")->is_null());
  EXPECT_TRUE((*figures)[2].ToJson().Find("rival")->is_null());
}

TEST(BenchTable, NamesTheLineThatItCannotRead) {
  const std::string good = Summarise(Merge(1, {1}, {1})).ToJson().Dump();
  EXPECT_THAT(
      ReadFigures(good + "\nnot a figure\n"),
      StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("line 2")));
  EXPECT_THAT(ReadFigures("{}"), StatusIs(absl::StatusCode::kInvalidArgument,
                                          HasSubstr("line 1")));
}

TEST(BenchTable, CostOfAnItemComesFromTimesAndRatesAlike) {
  Row row = Merge(1000, {2}, {1});
  EXPECT_DOUBLE_EQ(ItemNanoseconds(Summarise(row)), 2e6);
  row.unit = "rows/s";
  row.values = {500};
  EXPECT_DOUBLE_EQ(ItemNanoseconds(Summarise(row)), 2e6);
  row.unit = "MiB";
  EXPECT_EQ(ItemNanoseconds(Summarise(row)), 0);
  row.unit = "s";
  row.size = 0;
  EXPECT_EQ(ItemNanoseconds(Summarise(row)), 0);
}

TEST(BenchTable, ASizeBeyondTheBarHasABarForItsGrowth) {
  Row small = Merge(10, {1}, {1});
  small.bar = {};
  const Figure at_bar = Summarise(Merge(100, {1}, {2}));
  const Figure beyond = Summarise(Merge(1000, {11}, {20}));
  const Figure far_beyond = Summarise(Merge(2000, {24}, {40}));
  const std::vector<Figure> growth =
      GrowthBeyondBase({Summarise(small), at_bar, beyond, far_beyond});
  ASSERT_EQ(growth.size(), 2u);
  EXPECT_DOUBLE_EQ(growth[0].ratio, 1.1);
  EXPECT_TRUE(growth[0].met);
  EXPECT_DOUBLE_EQ(growth[1].ratio, 1.2);
  EXPECT_FALSE(growth[1].met);
}

TEST(BenchTable, GrowthCountsFromTheSmallestSteadySizeToo) {
  const auto at = [](int64_t size, double seconds, bool is_steady) {
    Row row = Merge(size, {seconds}, {1});
    row.bar = {};
    row.is_steady = is_steady;
    return Summarise(row);
  };
  const Figure barred = Summarise(Merge(10'000, {130}, {100}));
  // A tenth of a second an item where starting up counts, then a hundredth.
  const std::vector<Figure> growth = GrowthBeyondBase(
      {at(10, 1, false), at(100, 1, true), at(1000, 11, true), barred});
  ASSERT_EQ(growth.size(), 2u);
  EXPECT_EQ(growth[0].size, 1000);
  EXPECT_DOUBLE_EQ(growth[0].ratio, 1.1);
  EXPECT_DOUBLE_EQ(growth[1].ratio, 1.3);
  EXPECT_FALSE(growth[1].met);
  EXPECT_TRUE(GrowthBeyondBase({at(10, 1, false), at(100, 99, false)}).empty());
}

TEST(BenchTable, ShowsBarsAndGrowthBesideTheSmallestSize) {
  Row small = Merge(10, {1}, {1});
  small.bar = {};
  const std::vector<Figure> figures = {Summarise(small),
                                       Summarise(Merge(1000, {150}, {100}))};
  const std::string table = FormatTable(figures);
  EXPECT_THAT(table, HasSubstr("<= 1 x"));
  EXPECT_THAT(table, HasSubstr("MISSED"));
  EXPECT_THAT(table, HasSubstr("1.50 x"));
  EXPECT_THAT(FormatTable({figures[0]}), Not(HasSubstr("met")));
}

TEST(BenchTable, TheListIsOneArrayThatReadsBack) {
  const Figure figure = Summarise(Merge(10, {1}, {1}));
  const auto json = ParseJson(FormatJson({figure, figure}), 2);
  ASSERT_THAT(json, IsOk());
  ASSERT_EQ(json->AsArray().size(), 2u);
  EXPECT_EQ(json->AsArray()[1], figure.ToJson());
  EXPECT_EQ(FormatJson({}), "[]\n");
}

}  // namespace
}  // namespace tally::bench
