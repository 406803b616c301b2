#include "base/html.h"

#include <gtest/gtest.h>

namespace tally {
namespace {

TEST(HtmlEscape, MakesMarkupText) {
  EXPECT_EQ(HtmlEscape("<script>'\"&"), "&lt;script&gt;&#39;&quot;&amp;");
}

TEST(HtmlEscape, LeavesOtherTextAlone) {
  EXPECT_EQ(HtmlEscape("O\xC3\xA9 1 = 1; /path"), "O\xC3\xA9 1 = 1; /path");
  EXPECT_EQ(HtmlEscape(""), "");
}

}  // namespace
}  // namespace tally
