#include "demo/random.h"

#include <gtest/gtest.h>

#include <set>
#include <vector>

namespace tally::demo {
namespace {

TEST(Draws, AreTheSameForTheSameSeedStreamAndIndex) {
  // Fixed values: the population's bytes hang on them, on every machine.
  const Draws draws(1, "sex");
  EXPECT_EQ(draws.Bits(0), Draws(1, "sex").Bits(0));
  EXPECT_NE(draws.Bits(0), Draws(2, "sex").Bits(0));
  EXPECT_NE(draws.Bits(0), Draws(1, "age").Bits(0));
  EXPECT_NE(draws.Bits(0), draws.Bits(1));
  EXPECT_NE(draws.Bits(0, 0), draws.Bits(0, 1));
}

TEST(Draws, BelowIsUniformWithinFiveStandardErrors) {
  const Draws draws(7, "below");
  std::vector<int> counts(10);
  constexpr int kDraws = 100000;
  for (int i = 0; i < kDraws; ++i) {
    ++counts[draws.Below(10, static_cast<uint64_t>(i))];
  }
  for (const int count : counts) {
    EXPECT_NEAR(count, kDraws / 10, 5 * 95);  // sqrt(100000 * 0.1 * 0.9) = 95
  }
}

TEST(Draws, BetweenReachesBothEnds) {
  const Draws draws(7, "between");
  std::set<int64_t> seen;
  for (uint64_t i = 0; i < 200; ++i) seen.insert(draws.Between(-2, 2, i));
  EXPECT_EQ(seen, (std::set<int64_t>{-2, -1, 0, 1, 2}));
}

TEST(Permutation, IsABijectionAndIndexOfIsItsInverse) {
  for (const uint64_t size : {1, 2, 3, 4, 5, 16, 17, 100, 1000, 4096, 5001}) {
    const Permutation order(3, "order", size);
    std::vector<bool> seen(size);
    for (uint64_t i = 0; i < size; ++i) {
      const uint64_t value = order.At(i);
      ASSERT_LT(value, size);
      ASSERT_FALSE(seen[value]) << "size " << size;
      seen[value] = true;
      ASSERT_EQ(order.IndexOf(value), i);
    }
  }
}

TEST(Quota, PicksExactlyTheCount) {
  for (const uint64_t count : {0, 1, 7, 500, 1000, 2000}) {
    const Quota quota(5, "quota", 1000, count);
    uint64_t picked = 0;
    for (uint64_t i = 0; i < 1000; ++i) picked += quota.Contains(i) ? 1 : 0;
    EXPECT_EQ(picked, std::min<uint64_t>(count, 1000));
  }
}

}  // namespace
}  // namespace tally::demo
