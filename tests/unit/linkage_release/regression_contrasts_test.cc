#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>

#include "release_builder_fixture.h"

namespace tally::linkage {
namespace {

using ::testing::Contains;
using ::testing::Not;

// Who has no verified number is unlinked by definition: a difference in it
// between linked and unlinked rows says nothing about either.
TEST_F(ReleaseBuilder, ComparesNoColumnThatDecidesLinkage) {
  PublishBasics();
  const BuiltRelease built = world_.MustBuild(BasicTerms(), kRelease);
  std::set<std::string> levels;
  for (const auto& line : built.report.levels) {
    if (line.dataset == "sus-apc") levels.insert(line.dimension);
  }
  std::set<std::string> compared;
  for (const ContrastLine& line : built.report.contrasts) {
    if (line.dataset == "sus-apc") compared.insert(line.attribute);
  }
  EXPECT_THAT(levels, Contains("nhs_number_status"));
  EXPECT_THAT(compared, Contains("practice"));
  EXPECT_THAT(compared, Not(Contains("nhs_number_status")));
}

}  // namespace
}  // namespace tally::linkage
