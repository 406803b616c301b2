#include "base/process.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>

#include "base/exit_code.h"
#include "status_matchers.h"
#include "temp_dir.h"

namespace tally {
namespace {

// Death tests run their body in a child, so that nothing leaks into others.
[[noreturn]] void ExitIf(bool good) { _exit(good ? 0 : 1); }

bool Readable(int fd) {
  pollfd wait = {fd, POLLIN, 0};
  return poll(&wait, 1, 0) == 1;
}

// NOLINTBEGIN(concurrency-mt-unsafe): one thread
// A program that was started again ends before its tests, and says with what.
constexpr const char* kStartedAgain = "TALLY_TEST_STARTED_AGAIN";
[[maybe_unused]] const bool kStartedFirst = [] {
  if (getenv(kStartedAgain) == nullptr) return true;
  const char* tunables = getenv("GLIBC_TUNABLES");
  std::fprintf(stderr, "tunables: %s\n", tunables == nullptr ? "" : tunables);
  _exit(0);
}();

// Ends with 9 if the program is not started again.
[[noreturn]] void StartWithMode(const std::string& mode_file,
                                const char* tunables) {
  char name[] = "process_test";
  char* const argv[] = {name, nullptr};
  setenv(kStartedAgain, "1", 1);
  unsetenv("GLIBC_TUNABLES");
  if (tunables != nullptr) setenv("GLIBC_TUNABLES", tunables, 1);
  UseLargePages(argv, mode_file.c_str());
  _exit(9);
}
// NOLINTEND(concurrency-mt-unsafe)

TEST(ProcessDeathTest, LargePagesAreAskedForByAnotherStart) {
  TempDir dir;
  WriteFile(dir.Path("mode"), "always [madvise] never\n");
  EXPECT_EXIT(StartWithMode(dir.Path("mode"), nullptr),
              testing::ExitedWithCode(0), "tunables: glibc.malloc.hugetlb=1");
}

TEST(ProcessDeathTest, LargePagesAreNotAskedForTwiceOrAgainstTheUser) {
  TempDir dir;
  WriteFile(dir.Path("mode"), "always [madvise] never\n");
  EXPECT_EXIT(StartWithMode(dir.Path("mode"), ""), testing::ExitedWithCode(9),
              "");
}

TEST(ProcessDeathTest, LargePagesAreNotAskedForWhereAllHaveThemOrNobody) {
  TempDir dir;
  for (const char* mode :
       {"[always] madvise never\n", "always madvise [never]\n", ""}) {
    WriteFile(dir.Path("mode"), mode);
    EXPECT_EXIT(StartWithMode(dir.Path("mode"), nullptr),
                testing::ExitedWithCode(9), "");
  }
  EXPECT_EXIT(StartWithMode(dir.Path("none"), nullptr),
              testing::ExitedWithCode(9), "");
}

TEST(ProcessDeathTest, HardeningForbidsCoresTracingAndOpenModes) {
  EXPECT_EXIT(
      {
        const bool done = HardenProcess().ok();
        rlimit core{};
        getrlimit(RLIMIT_CORE, &core);
        ExitIf(done && core.rlim_cur == 0 && core.rlim_max == 0 &&
               prctl(PR_GET_DUMPABLE) == 0 && umask(0) == 077);
      },
      testing::ExitedWithCode(0), "");
}

TEST(ProcessDeathTest, HardeningFillsClosedStandardDescriptors) {
  EXPECT_EXIT(
      {
        close(0);
        close(1);
        const bool done = HardenProcess().ok();
        struct stat in {};
        struct stat out {};
        ExitIf(done && fstat(0, &in) == 0 && S_ISCHR(in.st_mode) &&
               fstat(1, &out) == 0 && S_ISCHR(out.st_mode));
      },
      testing::ExitedWithCode(0), "");
}

TEST(ProcessDeathTest, HardeningIgnoresBrokenPipes) {
  EXPECT_EXIT(
      {
        const bool done = HardenProcess().ok();
        raise(SIGPIPE);
        ExitIf(done);
      },
      testing::ExitedWithCode(0), "");
}

TEST(ProcessDeathTest, FirstSignalAsksAndSecondEnds) {
  EXPECT_EXIT(
      {
        InstallStopSignals();
        const bool before = !StopRequested() && !Readable(StopEventFd());
        raise(SIGTERM);
        const bool after = StopRequested() && Readable(StopEventFd()) &&
                           StopExitCode() == kExitTerminated &&
                           ExitCodeOf(CheckNotStopped()) == kExitTerminated;
        if (!before || !after) _exit(1);
        raise(SIGTERM);
        _exit(2);
      },
      testing::ExitedWithCode(143), "");
  EXPECT_EXIT(
      {
        InstallStopSignals();
        raise(SIGINT);
        if (StopExitCode() != kExitInterrupted) _exit(1);
        raise(SIGINT);
        _exit(2);
      },
      testing::ExitedWithCode(130), "");
}

TEST(ProcessDeathTest, HangupEndsUnlessItWasAskedToStop) {
  EXPECT_EXIT(
      {
        InstallStopSignals();
        raise(SIGHUP);
        _exit(0);
      },
      testing::KilledBySignal(SIGHUP), "");
  EXPECT_EXIT(
      {
        InstallStopSignals(/*hangup=*/true);
        raise(SIGHUP);
        ExitIf(StopRequested() && StopExitCode() == kExitTerminated);
      },
      testing::ExitedWithCode(0), "");
}

TEST(Process, StopCanBeAskedForFromInside) {
  ResetStopForTesting();
  EXPECT_OK(CheckNotStopped());
  EXPECT_EQ(StopExitCode(), kExitDone);
  RequestStop(SIGINT);
  EXPECT_THAT(CheckNotStopped(), StatusIs(absl::StatusCode::kCancelled));
  EXPECT_THAT(CheckNotStopped(), ExitCodeIs(kExitInterrupted));
  ResetStopForTesting();
  EXPECT_OK(CheckNotStopped());
}

TEST(Process, KnowsItsMemory) {
  EXPECT_GT(DefaultMemoryBytes(), 1 << 20);
  EXPECT_GT(PeakMemoryBytes(), 1 << 20);
}

}  // namespace
}  // namespace tally
