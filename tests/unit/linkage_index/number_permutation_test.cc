#include "linkage/index/number_permutation.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <vector>

#include "index_test_data.h"

namespace tally::linkage {
namespace {

// Values of the reference implementation for key 00..0f and input 00..07.
TEST(SipHash24, EqualsTheReferenceForEightBytes) {
  EXPECT_EQ(
      SipHash24(0x0706050403020100, 0x0f0e0d0c0b0a0908, 0x0706050403020100),
      0x93f5f5799a932462u);
}

TEST(NumberPermutation, TakesEveryNumberOnceForAllSmallSizes) {
  ASSERT_THAT(crypto::InitCrypto(), IsOk());
  for (uint64_t n = 1; n <= 300; ++n) {
    const NumberPermutation permutation(n);
    std::vector<bool> seen(n);
    for (uint64_t i = 0; i < n; ++i) {
      const uint64_t at = permutation.At(i);
      ASSERT_LT(at, n);
      ASSERT_FALSE(seen[at]) << "size " << n;
      seen[at] = true;
    }
  }
}

TEST(NumberPermutation, FillsWithWhatItGivesOneByOne) {
  for (const uint64_t n : {1, 2, 3, 10, 99, 1'000, 65'537, 1'000'003}) {
    const NumberPermutation permutation(n);
    for (const uint64_t first : {uint64_t{0}, n / 3, n - 1}) {
      std::vector<uint64_t> filled(std::min<uint64_t>(n - first, 300));
      permutation.Fill(first, filled);
      for (size_t i = 0; i < filled.size(); ++i) {
        ASSERT_EQ(filled[i], permutation.At(first + i)) << "size " << n;
      }
    }
  }
}

TEST(NumberPermutation, IsDrawnAfreshEachTime) {
  const NumberPermutation first(1'000'000);
  const NumberPermutation second(1'000'000);
  int equal = 0;
  for (uint64_t i = 0; i < 1'000; ++i) equal += first.At(i) == second.At(i);
  EXPECT_LT(equal, 10);
}

// The rank correlation of a random order is within 4 standard errors of 0.
TEST(NumberPermutation, DoesNotFollowTheOrderOfItsInput) {
  constexpr uint64_t kSize = 100'000;
  const NumberPermutation permutation(kSize);
  double sum = 0;
  const double mean = (kSize - 1) / 2.0;
  for (uint64_t i = 0; i < kSize; ++i) {
    sum += (static_cast<double>(i) - mean) *
           (static_cast<double>(permutation.At(i)) - mean);
  }
  const double variance = (double{kSize} * kSize - 1) / 12.0;
  const double correlation = sum / kSize / variance;
  EXPECT_LT(std::abs(correlation), 4 / std::sqrt(double{kSize}));
}

TEST(NumberPermutation, TakesNoNumberTwiceAtLargeSizes) {
  constexpr uint64_t kMost = NumberPermutation::kMostNumbers;
  for (const uint64_t size : {kMost / 2 - 12'345, kMost - 1, kMost}) {
    const NumberPermutation permutation(size);
    std::set<uint64_t> seen;
    for (uint64_t i = 0; i < 1'000; ++i) {
      const uint64_t at = permutation.At(size - 1 - i);
      EXPECT_LT(at, size);
      EXPECT_TRUE(seen.insert(at).second);
    }
    // The upper half is used as well.
    EXPECT_GT(*seen.rbegin(), size / 2);
  }
}

}  // namespace
}  // namespace tally::linkage
