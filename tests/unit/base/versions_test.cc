#include "base/versions.h"

#include <gtest/gtest.h>

#include "base/exit_code.h"
#include "status_matchers.h"

namespace tally {
namespace {

TEST(RequireVersion, ComparesNumbersAndNotLetters) {
  EXPECT_OK(RequireVersion("x", "3.0.17", "3.0.11"));
  EXPECT_OK(RequireVersion("x", "3.0.11", "3.0.11"));
  EXPECT_OK(RequireVersion("x", "3.1", "3.0.11"));
  EXPECT_OK(RequireVersion("x", "4", "3.0.11"));
  EXPECT_OK(RequireVersion("x", "3.0.17-1~deb12u2", "3.0.11"));
  EXPECT_OK(RequireVersion("x", "1.0", "1"));
  for (const char* old : {"3.0.9", "3.0", "2.9.99", "", "x"}) {
    EXPECT_THAT(RequireVersion("x", old, "3.0.11"), ExitCodeIs(kExitUsage))
        << old;
  }
}

TEST(Versions, AcceptTheLibrariesOfThisMachine) {
  EXPECT_OK(CheckOpenSslVersion());
  EXPECT_OK(RequireVersion("OpenSSL", OpenSslVersion(), "3"));
  EXPECT_FALSE(TallyVersion().empty());
  EXPECT_FALSE(MinimumSodiumVersion().empty());
}

}  // namespace
}  // namespace tally
