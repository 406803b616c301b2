#include "base/progress.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <string>
#include <thread>
#include <vector>

#include "base/files.h"
#include "base/json.h"
#include "base/status.h"
#include "status_matchers.h"

namespace tally {
namespace {

using testing::HasSubstr;

// What a reporter writes, through a pipe.
class Pipe {
 public:
  Pipe() {
    std::array<int, 2> ends{};
    TALLY_CHECK(pipe2(ends.data(), O_CLOEXEC) == 0);
    reading_ = UniqueFd(ends[0]);
    writing_ = UniqueFd(ends[1]);
  }
  int fd() const { return writing_.get(); }

  // Waits until something was written (at most ten seconds) and takes it.
  std::string Wait() {
    pollfd wait = {reading_.get(), POLLIN, 0};
    if (poll(&wait, 1, 10000) != 1) return "";
    std::array<char, 65536> buffer{};
    const ssize_t got = read(reading_.get(), buffer.data(), buffer.size());
    return std::string(buffer.data(), got > 0 ? static_cast<size_t>(got) : 0);
  }

  // All that was written; no more can be.
  std::string Rest() {
    writing_.Reset();
    return ReadAll(reading_.get(), 1 << 20, "pipe").value();
  }

 private:
  UniqueFd reading_;
  UniqueFd writing_;
};

TEST(Progress, FormatsTheLineThatThePageShows) {
  ProgressReporter::Snapshot s;
  s.op = "pushing";
  s.stage = "gp-event";
  s.unit = "rows";
  s.done = 812400;
  s.total = 1204511;
  s.resumed_at = 401408;
  s.rate = 48012;
  s.eta_s = 8;
  EXPECT_EQ(ProgressReporter::FormatLine(s),
            "pushing gp-event  812,400/1,204,511 rows  67%  48k rows/s  eta "
            "0:08  (resumed at 401,408)");
  ASSERT_OK_AND_ASSIGN(const JsonValue json,
                       ParseJson(ProgressReporter::FormatJson(s), 1));
  EXPECT_OK(json.OnlyKeys(
      {"op", "stage", "done", "total", "unit", "rate", "eta_s", "resumed_at"}));
  EXPECT_THAT(json.GetInt("done"), IsOkAndHolds(812400));
  EXPECT_THAT(json.GetInt("eta_s"), IsOkAndHolds(8));
}

TEST(Progress, LeavesOutWhatIsNotKnown) {
  ProgressReporter::Snapshot s;
  s.op = "reading";
  s.unit = "rows";
  s.done = 5;
  EXPECT_EQ(ProgressReporter::FormatLine(s), "reading  5 rows");
  ASSERT_OK_AND_ASSIGN(const JsonValue json,
                       ParseJson(ProgressReporter::FormatJson(s), 1));
  EXPECT_TRUE(json.Find("eta_s")->is_null());
}

TEST(Progress, NeverSaysMoreThanAllOrAllBeforeTheEnd) {
  ProgressReporter::Snapshot s;
  s.op = "x";
  s.unit = "rows";
  s.total = 1000;
  s.done = 999;
  EXPECT_THAT(ProgressReporter::FormatLine(s), HasSubstr("  99%"));
  s.done = 1001;
  EXPECT_THAT(ProgressReporter::FormatLine(s), HasSubstr("  100%"));
}

TEST(Progress, WritesRatesAndTimesForPeople) {
  EXPECT_EQ(FormatEta(0), "0:00");
  EXPECT_EQ(FormatEta(8), "0:08");
  EXPECT_EQ(FormatEta(750), "12:30");
  EXPECT_EQ(FormatEta(10921), "3:02:01");
}

TEST(Progress, JsonModeWritesObjectsAndALastOne) {
  Pipe pipe;
  {
    ProgressReporter progress(
        {.mode = ProgressMode::kJson, .fd = pipe.fd(), .interval_ms = 5});
    progress.Start("pushing", "gp-event", 100, "rows", 10);
    progress.Update(40);
    EXPECT_THAT(pipe.Wait(), HasSubstr("\"op\":\"pushing\""));
    progress.Add(60);
  }
  const std::string rest = pipe.Rest();
  ASSERT_TRUE(rest.ends_with("\n"));
  const size_t begin = rest.rfind('\n', rest.size() - 2);
  ASSERT_OK_AND_ASSIGN(
      const JsonValue last,
      ParseJson(rest.substr(begin == std::string::npos ? 0 : begin + 1), 1));
  EXPECT_THAT(last.GetInt("done"), IsOkAndHolds(100));
  EXPECT_THAT(last.GetInt("resumed_at"), IsOkAndHolds(10));
  EXPECT_THAT(last.GetDouble("rate"), IsOkAndHolds(testing::Gt(0.0)));
}

TEST(Progress, PlainModeWritesWholeLines) {
  Pipe pipe;
  {
    ProgressReporter progress({.mode = ProgressMode::kPlain, .fd = pipe.fd()});
    progress.Start("reading", "patients.csv", 0, "rows");
    progress.Update(7);
    progress.Start("writing", "", 3, "files");
    progress.Update(3);
    progress.Finish();
  }
  const std::string text = pipe.Rest();
  EXPECT_THAT(text, testing::StartsWith("reading patients.csv  7 rows"));
  EXPECT_THAT(text, HasSubstr("\nwriting  3/3 files  100%"));
  EXPECT_EQ(text.find('\r'), std::string::npos);
}

TEST(Progress, AutoModeIsSilentWithoutATerminal) {
  Pipe pipe;
  {
    ProgressReporter progress(
        {.mode = ProgressMode::kAuto, .fd = pipe.fd(), .interval_ms = 1});
    progress.Start("reading", "x", 10, "rows");
    progress.Update(10);
  }
  EXPECT_EQ(pipe.Rest(), "");
}

TEST(Progress, QuietIsSilentInEveryMode) {
  Pipe pipe;
  {
    ProgressReporter progress(
        {.mode = ProgressMode::kPlain, .quiet = true, .fd = pipe.fd()});
    progress.Start("reading", "x", 10, "rows");
  }
  EXPECT_EQ(pipe.Rest(), "");
}

TEST(Progress, Sigusr1PrintsOneLineEvenWhenQuiet) {
  Pipe pipe;
  {
    ProgressReporter progress(
        {.mode = ProgressMode::kNone, .quiet = true, .fd = pipe.fd()});
    progress.Start("merging", "runs", 10, "people");
    progress.Update(5);
    raise(SIGUSR1);
    EXPECT_THAT(pipe.Wait(), testing::StartsWith("merging runs  5/10 people"));
  }
  EXPECT_EQ(pipe.Rest(), "");
}

TEST(Progress, TakesUpdatesFromManyThreads) {
  Pipe pipe;
  {
    ProgressReporter progress({.mode = ProgressMode::kPlain, .fd = pipe.fd()});
    progress.Start("x", "y", 4000, "rows");
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&progress] {
        for (int i = 0; i < 1000; ++i) progress.Add(1);
      });
    }
    for (std::thread& thread : threads) thread.join();
  }
  EXPECT_THAT(pipe.Rest(), HasSubstr("4,000/4,000 rows  100%"));
}

TEST(Progress, SurvivesAReaderThatWentAway) {
  signal(SIGPIPE, SIG_IGN);
  std::array<int, 2> ends{};
  ASSERT_EQ(pipe2(ends.data(), O_CLOEXEC), 0);
  close(ends[0]);
  {
    ProgressReporter progress({.mode = ProgressMode::kPlain, .fd = ends[1]});
    progress.Start("x", "y", 1, "rows");
  }
  close(ends[1]);
}

TEST(ParseProgressMode, KnowsFourWords) {
  EXPECT_THAT(ParseProgressMode("auto"), IsOkAndHolds(ProgressMode::kAuto));
  EXPECT_THAT(ParseProgressMode("none"), IsOkAndHolds(ProgressMode::kNone));
  EXPECT_FALSE(ParseProgressMode("bar").ok());
}

}  // namespace
}  // namespace tally
