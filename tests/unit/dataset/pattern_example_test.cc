#include "dataset/pattern_example.h"

#include <set>
#include <string>

#include "dataset/pattern.h"
#include "gtest/gtest.h"

namespace tally::dataset {
namespace {

TEST(PatternExample, EveryExampleIsDescribedByItsPattern) {
  for (const char* text :
       {"[A-Z][0-9]{5}", "[0-9][0-9A-D]", "[EW]01[0-9]{6}", "(a|bc)?[0-9]+",
        "[A-Z]{2}[0-9]{2}[A-Z]", "\\d{2}-x*y", "[A-Z0-9]{3,5}"}) {
    const auto pattern = Pattern::Create(text);
    ASSERT_TRUE(pattern.ok()) << text;
    std::set<std::string> seen;
    for (uint64_t seed = 0; seed < 200; ++seed) {
      const auto example = ExampleOfPattern(text, seed);
      ASSERT_TRUE(example.ok()) << example.status();
      EXPECT_TRUE(pattern->Matches(*example)) << text << " " << *example;
      seen.insert(*example);
    }
    EXPECT_GT(seen.size(), 5U) << text;
  }
}

TEST(PatternExample, SameSeedGivesSameValue) {
  EXPECT_EQ(*ExampleOfPattern("[A-Z][0-9]{5}", 7),
            *ExampleOfPattern("[A-Z][0-9]{5}", 7));
  EXPECT_NE(*ExampleOfPattern("[A-Z][0-9]{5}", 7),
            *ExampleOfPattern("[A-Z][0-9]{5}", 8));
}

TEST(PatternExample, RefusesWhatIsNoPattern) {
  EXPECT_FALSE(ExampleOfPattern("[a-", 1).ok());
  EXPECT_FALSE(ExampleOfPattern("", 1).ok());
}

}  // namespace
}  // namespace tally::dataset
