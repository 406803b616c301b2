// A month that the release does not cover has no figures.
#include "base/error.h"
#include "bench.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tally::analytics {
namespace {

TEST(Month, OutsideTheReleaseIsAUsageErrorThatNamesTheMonths) {
  Bench bench(MakeTown(2, 400, 0.1, 0.02));
  for (const auto& [year, month] :
       {std::pair(2099, 1), std::pair(2026, 11), std::pair(2022, 10)}) {
    for (const char* id : {"C02", "C03"}) {
      RunOptions options;
      options.month = *CivilDay::Create(year, month, 1);
      const auto result = bench.Run(id, options);
      EXPECT_EQ(ExitCodeOf(result.status()), kExitUsage) << id << year;
      EXPECT_THAT(std::string(result.status().message()),
                  testing::HasSubstr("2022-11 to 2026-10"));
    }
  }
}

TEST(Month, FirstAndLastCanBeAskedFor) {
  Bench bench(MakeTown(2, 400, 0.1, 0.02));
  for (const auto& [year, month] : {std::pair(2026, 10), std::pair(2022, 11)}) {
    RunOptions options;
    options.month = *CivilDay::Create(year, month, 1);
    const auto result = bench.Run("C02", options);
    ASSERT_TRUE(result.ok()) << result.status();
    EXPECT_EQ(result->tables[0].info().period, options.month->ToMonth());
  }
}

}  // namespace
}  // namespace tally::analytics
