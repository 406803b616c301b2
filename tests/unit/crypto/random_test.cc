#include "crypto/random.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>
#include <set>

#include "crypto_fixture.h"

namespace tally::crypto {
namespace {

// Chi-square of counts that should be equal.
double ChiSquare(const std::vector<int>& counts) {
  const double mean =
      std::accumulate(counts.begin(), counts.end(), 0.0) / counts.size();
  double sum = 0;
  for (const int count : counts) sum += (count - mean) * (count - mean) / mean;
  return sum;
}

TEST(RandomUint64Below, IsEven) {
  std::vector<int> counts(10);
  for (int i = 0; i < 20000; ++i) ++counts[RandomUint64Below(10)];
  EXPECT_LT(ChiSquare(counts), 40);  // 9 degrees of freedom; p about 1e-5
}

TEST(RandomUint64Below, BoundOneIsAlwaysZero) {
  for (int i = 0; i < 10; ++i) EXPECT_EQ(RandomUint64Below(1), 0u);
}

TEST(RandomUint64Below, BoundBeyondHalfTheRangeStaysBelowIt) {
  const uint64_t bound = (uint64_t{1} << 63) + 1;
  for (int i = 0; i < 100; ++i) EXPECT_LT(RandomUint64Below(bound), bound);
}

TEST(Shuffle, KeepsAllItems) {
  std::vector<int> items(1000);
  std::iota(items.begin(), items.end(), 0);
  std::vector<int> shuffled = items;
  Shuffle(std::span<int>(shuffled));
  EXPECT_NE(shuffled, items);
  std::sort(shuffled.begin(), shuffled.end());
  EXPECT_EQ(shuffled, items);
}

TEST(Shuffle, EveryOrderOfFourIsAsLikely) {
  std::map<std::vector<int>, int> seen;
  for (int i = 0; i < 24000; ++i) {
    std::vector<int> items = {1, 2, 3, 4};
    Shuffle(std::span<int>(items));
    ++seen[items];
  }
  ASSERT_EQ(seen.size(), 24u);
  std::vector<int> counts;
  for (const auto& [order, count] : seen) counts.push_back(count);
  EXPECT_LT(ChiSquare(counts), 65);  // 23 degrees of freedom; p about 1e-5
}

TEST(RandomStream, SameSeedGivesTheSameBytesForEver) {
  const Secret32 seed = RepeatedSecret(9);
  RandomStream a(seed);
  RandomStream b(seed);
  std::vector<uint8_t> whole(10000);
  a.Fill(whole);
  std::vector<uint8_t> pieces(10000);
  size_t at = 0;
  for (size_t n = 1; at < pieces.size(); n = n * 3 + 1) {
    const size_t take = std::min(n, pieces.size() - at);
    b.Fill(std::span(pieces).subspan(at, take));
    at += take;
  }
  EXPECT_EQ(whole, pieces);
  // Pinned: a spool written by one version is repeated by the next.
  EXPECT_EQ(Hex(std::span(whole).first(16)),
            "e73823356a34eaa466e4952cef176157");
  EXPECT_EQ(Hex(std::span(whole).subspan(4090, 12)),
            "ae97dbf846f9202cd852b6b8");
}

TEST(RandomStream, OtherSeedsGiveOtherBytes) {
  const Secret32 one = RepeatedSecret(1);
  const Secret32 two = RepeatedSecret(2);
  RandomStream a(one);
  RandomStream b(two);
  EXPECT_NE(a.Next(), b.Next());
}

TEST(RandomStream, BelowDrawsAgainExactlyBeyondTheLastWholeMultiple) {
  const Secret32 seed = RepeatedSecret(3);
  RandomStream stream(seed);
  RandomStream numbers(seed);
  constexpr uint64_t kMax = std::numeric_limits<uint64_t>::max();
  for (const uint64_t bound :
       {uint64_t{1}, uint64_t{2}, uint64_t{7}, uint64_t{1} << 32,
        (uint64_t{1} << 63) - 1, (uint64_t{1} << 63) + 1, kMax / 3 * 2,
        kMax - 1, kMax}) {
    const uint64_t beyond = (kMax % bound + 1) % bound;
    for (int i = 0; i < 2000; ++i) {
      uint64_t value = numbers.Next();
      while (value > kMax - beyond) value = numbers.Next();
      ASSERT_EQ(stream.Below(bound), value % bound) << bound;
    }
  }
}

TEST(RandomStream, SystemStreamsRepeatNoBlock) {
  RandomStream stream;
  std::set<std::vector<uint8_t>> seen;
  for (int i = 0; i < 2000; ++i) {
    std::vector<uint8_t> piece(32);
    stream.Fill(piece);
    EXPECT_TRUE(seen.insert(piece).second);
  }
}

TEST(RandomStream, SystemStreamsDiffer) {
  RandomStream a;
  RandomStream b;
  EXPECT_NE(a.Next(), b.Next());
}

TEST(RandomUuid4, HasVersionAndVariant) {
  std::set<std::string> seen;
  for (int i = 0; i < 100; ++i) {
    const std::string uuid = RandomUuid4();
    EXPECT_THAT(uuid, testing::MatchesRegex(
                          "[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]"
                          "{3}-[0-9a-f]{12}"));
    EXPECT_TRUE(seen.insert(uuid).second);
  }
}

TEST(RandomHex, HasTwoDigitsAByte) {
  EXPECT_THAT(RandomHex(8), testing::MatchesRegex("[0-9a-f]{16}"));
  EXPECT_EQ(RandomHex(0), "");
}

}  // namespace
}  // namespace tally::crypto
