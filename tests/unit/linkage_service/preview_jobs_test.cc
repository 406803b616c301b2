#include "preview_jobs.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <string>

#include "base/error.h"
#include "status_matchers.h"

namespace tally::linkage {
namespace {

using hub::v1::PreviewLinkageResponse;

const PreviewJobs::Key kKey{"spiffe://example.test/operator/j", "p1", "v1"};

class Previews : public ::testing::Test {
 protected:
  ~Previews() override {
    Open();
    queue_.Stop();
  }

  // Work that waits for Open() and gives a report named `sentence`.
  PreviewJobs::Work Gated(const std::string& sentence) {
    return [this, sentence](
               auto progress,
               const auto& unwanted) -> absl::StatusOr<PreviewLinkageResponse> {
      progress({"link", 3, 7, "runs"});
      at_work_.set_value();
      gate_.wait();
      if (unwanted()) return absl::CancelledError("nobody waits");
      PreviewLinkageResponse report;
      report.add_summary(sentence);
      return report;
    };
  }
  static PreviewJobs::Work Fails(absl::Status status) {
    return
        [status](auto, const auto&) -> absl::StatusOr<PreviewLinkageResponse> {
          return status;
        };
  }
  static PreviewJobs::Work Gives(const std::string& sentence) {
    return [sentence](auto,
                      const auto&) -> absl::StatusOr<PreviewLinkageResponse> {
      PreviewLinkageResponse report;
      report.add_summary(sentence);
      return report;
    };
  }
  void Open() {
    if (!opened_) go_.set_value();
    opened_ = true;
  }
  void AwaitWork() { at_work_.get_future().wait(); }
  // Until all that was queued has ended.
  void Settle() {
    std::promise<void> done;
    // Each time another key: the last one may be known for a moment still.
    ASSERT_TRUE(queue_.Add("settle " + std::to_string(settled_++),
                           [&] { done.set_value(); }));
    done.get_future().wait();
  }
  hub::v1::PreviewState Begin(const PreviewJobs::Key& key,
                              const std::string& id, PreviewJobs::Work work) {
    PreviewLinkageResponse answer;
    EXPECT_THAT(jobs_.Begin(key, id, std::move(work), &answer), IsOk());
    return answer.state();
  }
  // As the caller of kKey.
  PreviewLinkageResponse Ask(const std::string& id) {
    PreviewLinkageResponse answer;
    EXPECT_TRUE(jobs_.Ask(kKey, id, &answer));
    return answer;
  }
  bool Knows(const std::string& id) {
    PreviewLinkageResponse answer;
    return jobs_.Ask(kKey, id, &answer);
  }

  std::atomic<int64_t> now_ms_{1000};
  std::promise<void> go_;
  std::shared_future<void> gate_ = go_.get_future().share();
  std::promise<void> at_work_;
  bool opened_ = false;
  int settled_ = 0;
  BackgroundQueue queue_;
  PreviewJobs jobs_{queue_, [this] { return now_ms_.load(); }};
};

TEST_F(Previews, TellTheirStateFromWaitingToTheReport) {
  std::promise<void> earlier;
  queue_.Add("a release", [&] { earlier.get_future().wait(); });
  EXPECT_EQ(Begin(kKey, "1", Gated("all linked")),
            hub::v1::PREVIEW_STATE_WAITING);
  EXPECT_EQ(Ask("1").progress().stage(), "wait");
  earlier.set_value();
  AwaitWork();
  EXPECT_EQ(Ask("1").state(), hub::v1::PREVIEW_STATE_RUNNING);
  EXPECT_EQ(Ask("1").progress().stage(), "link");
  EXPECT_EQ(Ask("1").progress().done(), 3);
  EXPECT_EQ(Ask("1").progress().total(), 7);
  Open();
  Settle();
  const PreviewLinkageResponse done = Ask("1");
  EXPECT_EQ(done.state(), hub::v1::PREVIEW_STATE_DONE);
  EXPECT_EQ(done.summary(0), "all linked");
  EXPECT_FALSE(done.has_progress());
}

TEST_F(Previews, RunOneAfterTheOtherWithWhatElseIsQueued) {
  std::atomic<int> at_once{0};
  std::atomic<int> most{0};
  const auto count = [&] {
    most = std::max(most.load(), ++at_once);
    std::this_thread::yield();
    --at_once;
  };
  for (int i = 0; i < 8; ++i) {
    const std::string n = std::to_string(i);
    queue_.Add("release " + n, count);
    Begin({"j", "p1", n}, n, [count](auto, const auto&) {
      count();
      return PreviewLinkageResponse();
    });
  }
  Settle();
  EXPECT_EQ(most, 1);
}

TEST_F(Previews, AreOfTheirCallerOnly) {
  Begin(kKey, "1", Gives("mine"));
  Settle();
  PreviewLinkageResponse answer;
  EXPECT_FALSE(jobs_.Ask({"spiffe://example.test/operator/m", "p1", "v1"}, "1",
                         &answer));
  EXPECT_FALSE(jobs_.Ask({std::get<0>(kKey), "p1", "v2"}, "1", &answer));
  EXPECT_EQ(answer.summary_size(), 0);
  EXPECT_TRUE(Knows("1"));
}

// The command was interrupted and is given again.
TEST_F(Previews, UnderWayAreTakenUpByANewRequest) {
  Begin(kKey, "1", Gated("all linked"));
  AwaitWork();
  EXPECT_EQ(Begin(kKey, "2", Fails(absl::InternalError("never run"))),
            hub::v1::PREVIEW_STATE_RUNNING);
  EXPECT_EQ(jobs_.size(), 1u);
  Open();
  Settle();
  EXPECT_EQ(Ask("1").summary(0), "all linked");
  EXPECT_EQ(Ask("2").summary(0), "all linked");
}

TEST_F(Previews, ThatHaveEndedAreMadeAnewForANewRequest) {
  Begin(kKey, "1", Gives("yesterday"));
  Settle();
  EXPECT_FALSE(Knows("2"));
  Begin(kKey, "2", Gives("today"));
  Settle();
  EXPECT_EQ(Ask("2").summary(0), "today");
  EXPECT_EQ(jobs_.size(), 1u);
}

TEST_F(Previews, FailWithTheReason) {
  Begin(kKey, "1", Fails(Error(Reason::kRunCorrupt, "an index run")));
  Settle();
  EXPECT_EQ(Ask("1").state(), hub::v1::PREVIEW_STATE_FAILED);
  EXPECT_EQ(Ask("1").error().reason(), common::v1::ERROR_REASON_RUN_CORRUPT);
  Begin(kKey, "2", Fails(absl::UnknownError("of a library")));
  Settle();
  EXPECT_EQ(Ask("2").error().reason(), common::v1::ERROR_REASON_INTERNAL);
  EXPECT_EQ(Ask("2").error().corr().size(), 32u);
  Begin(kKey, "3", Fails(absl::ResourceExhaustedError("no room")));
  Settle();
  EXPECT_EQ(Ask("3").error().reason(), common::v1::ERROR_REASON_DISK_LOW);
}

TEST_F(Previews, NobodyAsksAboutEndAndAreForgotten) {
  Begin(kKey, "1", Gated("nobody reads this"));
  AwaitWork();
  now_ms_ += kPreviewKeptMs + 1;
  Open();
  Settle();
  EXPECT_EQ(jobs_.size(), 0u);
  EXPECT_FALSE(Knows("1"));
}

TEST_F(Previews, SomebodyAsksAboutGoOn) {
  Begin(kKey, "1", Gated("all linked"));
  AwaitWork();
  for (int i = 0; i < 4; ++i) {
    now_ms_ += kPreviewKeptMs - 1;
    Ask("1");
    jobs_.Forget();
  }
  Open();
  Settle();
  EXPECT_EQ(Ask("1").state(), hub::v1::PREVIEW_STATE_DONE);
  now_ms_ += kPreviewKeptMs;
  jobs_.Forget();
  EXPECT_TRUE(Knows("1"));
  now_ms_ += kPreviewKeptMs + 1;
  jobs_.Forget();
  EXPECT_FALSE(Knows("1"));
}

TEST_F(Previews, AreNotBegunWhenNobodyWaitsForThemAnyMore) {
  std::promise<void> earlier;
  queue_.Add("a release", [&] { earlier.get_future().wait(); });
  std::atomic<bool> run{false};
  Begin(kKey, "1", [&run](auto, const auto&) {
    run = true;
    return PreviewLinkageResponse();
  });
  now_ms_ += kPreviewKeptMs + 1;
  earlier.set_value();
  Settle();
  EXPECT_FALSE(run);
  EXPECT_FALSE(Knows("1"));
}

TEST_F(Previews, ThatWaitAndNobodyAsksAboutAreForgottenAndMakeRoom) {
  Begin(kKey, "1", Gated("the first"));
  AwaitWork();
  for (size_t i = 1; i < kMostPreviews; ++i) {
    Begin({"j", "p1", std::to_string(i)}, "1", Gives("a report"));
  }
  now_ms_ += kPreviewKeptMs + 1;
  EXPECT_EQ(Begin({"j", "p1", "one more"}, "1", Gives("a report")),
            hub::v1::PREVIEW_STATE_WAITING);
  EXPECT_EQ(jobs_.size(), 2u);  // and the one at work
  now_ms_ += kPreviewKeptMs + 1;
  jobs_.Forget();
  EXPECT_EQ(jobs_.size(), 1u);
  Open();
  Settle();
  EXPECT_EQ(jobs_.size(), 0u);
}

TEST_F(Previews, TellTheirReportToWhomeverAskedLast) {
  Begin(kKey, "0", Gated("all linked"));
  AwaitWork();
  for (int i = 1; i <= 40; ++i) {
    Ask("0");  // goes on asking
    Ask(std::to_string(i));
  }
  Open();
  Settle();
  EXPECT_EQ(Ask("40").state(), hub::v1::PREVIEW_STATE_DONE);
  EXPECT_EQ(Ask("0").state(), hub::v1::PREVIEW_STATE_DONE);
  EXPECT_FALSE(Knows("1"));
}

TEST_F(Previews, AreKeptInABoundedNumber) {
  for (size_t i = 0; i < kMostPreviews + 5; ++i) {
    ++now_ms_;
    Begin({"j", "p1", std::to_string(i)}, "1", Gives("a report"));
    Settle();
  }
  EXPECT_EQ(jobs_.size(), kMostPreviews);
  PreviewLinkageResponse answer;
  EXPECT_FALSE(jobs_.Ask({"j", "p1", "4"}, "1", &answer));
  EXPECT_TRUE(jobs_.Ask({"j", "p1", "5"}, "1", &answer));
}

TEST_F(Previews, MoreThanMayWaitAreRefused) {
  Begin(kKey, "1", Gated("the first"));
  AwaitWork();
  for (size_t i = 1; i < kMostPreviews; ++i) {
    Begin({"j", "p1", std::to_string(i)}, "1", Gives("a report"));
  }
  PreviewLinkageResponse answer;
  EXPECT_THAT(
      jobs_.Begin({"j", "p1", "one more"}, "1", Gives("a report"), &answer),
      ReasonIs(Reason::kRateLimited));
  Open();
  Settle();
  EXPECT_THAT(
      jobs_.Begin({"j", "p1", "one more"}, "1", Gives("a report"), &answer),
      IsOk());
}

TEST_F(Previews, BeginNoMoreInAHubThatStops) {
  queue_.Stop();
  PreviewLinkageResponse answer;
  EXPECT_THAT(jobs_.Begin(kKey, "1", Gives("a report"), &answer),
              ReasonIs(Reason::kDraining));
}

}  // namespace
}  // namespace tally::linkage
