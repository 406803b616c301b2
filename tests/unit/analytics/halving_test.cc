// The greatest number of first elements that hold together is found, for every
// place of the first that does not.
#include "disclosure/halving.h"

#include "absl/status/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "status_matchers.h"

namespace tally::analytics {
namespace {

TEST(MostPossible, FindsTheFirstThatDoesNotHoldWithFewQuestions) {
  for (size_t count = 0; count <= 40; ++count) {
    for (size_t holds = 0; holds <= count; ++holds) {
      int asked = 0;
      const absl::StatusOr<size_t> found =
          MostPossible(count, [&](size_t n) -> absl::StatusOr<bool> {
            EXPECT_GT(n, 0U);
            EXPECT_LE(n, count);
            ++asked;
            return n <= holds;
          });
      EXPECT_THAT(found, IsOkAndHolds(holds)) << count;
      EXPECT_LE(asked, 7) << count;  // 1 + log2(40)
    }
  }
}

TEST(MostPossible, HandsOnWhatGoesWrong) {
  const auto fails = [](size_t n) -> absl::StatusOr<bool> {
    if (n == 8) return false;
    return absl::DeadlineExceededError("too long");
  };
  EXPECT_TRUE(absl::IsDeadlineExceeded(MostPossible(8, fails).status()));
}

}  // namespace
}  // namespace tally::analytics
