#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <thread>

#include "status_matchers.h"
#include "transport/status_mapping.h"
#include "transport/stream_watch.h"
#include "transport_fixture.h"

namespace tally::transport {
namespace {

namespace pb = ::tally::extract::v1;

// An upload stream of a client, message by message.
class Upload {
 public:
  explicit Upload(const TestHub& hub,
                  const std::string& name = "source-gp-supplier-a")
      : stub_(pb::ExtractService::NewStub(RawChannel(hub.address(), name))) {
    HubChannel::SetDeadline(context_, 60'000);
    stream_ = stub_->UploadBatches(&context_);
  }
  // Sends a batch of `bytes` and waits for its acknowledgement.
  bool Send(int64_t sequence, size_t bytes) {
    pb::UploadBatchesRequest request;
    request.mutable_batch()->set_sequence(sequence);
    request.mutable_batch()->set_content(std::string(bytes, 'x'));
    pb::UploadBatchesResponse response;
    return stream_->Write(request) && stream_->Read(&response) &&
           response.persisted_sequence() == sequence;
  }
  absl::Status Finish() {
    pb::UploadBatchesResponse response;
    while (stream_->Read(&response)) {
    }
    return FromGrpc(stream_->Finish(), context_);
  }
  absl::Status Done() {
    stream_->WritesDone();
    return Finish();
  }

 private:
  grpc::ClientContext context_;
  std::unique_ptr<pb::ExtractService::Stub> stub_;
  std::unique_ptr<grpc::ClientReaderWriter<pb::UploadBatchesRequest,
                                           pb::UploadBatchesResponse>>
      stream_;
};

TEST(Stream, BatchesAreAcknowledged) {
  TestHub hub;
  Upload upload(hub);
  for (int64_t i = 1; i <= 20; ++i) ASSERT_TRUE(upload.Send(i, 10'000));
  EXPECT_THAT(upload.Done(), IsOk());
}

TEST(Stream, ARevokedCallerIsCutWithinSixSeconds) {
  TestHub hub;
  Upload upload(hub);
  ASSERT_TRUE(upload.Send(1, 100));
  const int64_t start = NowMonotonicMs();
  hub.WritePeers("peer = []\n");  // nobody tells the hub
  EXPECT_THAT(upload.Finish(), ReasonIs(Reason::kPeerNotListed));
  EXPECT_LT(NowMonotonicMs() - start, 6'000);
}

TEST(Stream, ARevokedCallerIsCutAtItsNextBatch) {
  StreamLimits limits;
  limits.tick_ms = 600'000;  // the watch sleeps: the batch itself must see it
  TestHub hub(limits);
  Upload upload(hub);
  ASSERT_TRUE(upload.Send(1, 100));
  hub.WritePeers("peer = []\n");
  ASSERT_THAT(hub.peers().Reload(), IsOk());
  EXPECT_FALSE(upload.Send(2, 100));
  EXPECT_THAT(upload.Finish(), ReasonIs(Reason::kPeerNotListed));
}

TEST(Stream, StreamsThatSendNothingAreCut) {
  StreamLimits limits;
  limits.idle_ms = 300;
  limits.tick_ms = 50;
  TestHub hub(limits);
  std::vector<std::unique_ptr<Upload>> uploads;
  for (int i = 0; i < 32; ++i) uploads.push_back(std::make_unique<Upload>(hub));
  for (const auto& upload : uploads) {
    EXPECT_EQ(upload->Finish().code(), absl::StatusCode::kDeadlineExceeded);
  }
  // The caller hears of the end before the server has put the call away.
  const int64_t end = NowMonotonicMs() + 10'000;
  while (hub.watch().size() > 0 && NowMonotonicMs() < end) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  EXPECT_EQ(hub.watch().size(), 0u);
}

TEST(Stream, AStreamThatDripsIsCut) {
  StreamLimits limits;
  limits.idle_ms = 60'000;
  limits.window_ms = 400;
  limits.min_bytes_per_s = 1'000'000;
  limits.tick_ms = 50;
  TestHub hub(limits);
  Upload upload(hub);
  int64_t sequence = 0;
  const int64_t end = NowMonotonicMs() + 10'000;
  while (upload.Send(++sequence, 10) && NowMonotonicMs() < end) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  EXPECT_EQ(upload.Finish().code(), absl::StatusCode::kDeadlineExceeded);
}

TEST(Stream, AnalystsCannotUpload) {
  TestHub hub;
  Upload upload(hub, "analyst-r-okoro");
  EXPECT_THAT(upload.Finish(), ReasonIs(Reason::kRoleNotAllowed));
  EXPECT_EQ(hub.service().reached, 0);
}

// The watch without a network.
class StreamWatchTest : public ::testing::Test {
 protected:
  StreamWatchTest()
      : peers_("/nowhere/peers.toml", kTrustDomain), authoriser_(peers_) {}
  Caller CallerOfNow() {
    Caller caller;
    caller.identity = {kTrustDomain, PeerRole::kSource, "a"};
    caller.generation = peers_.generation();
    return caller;
  }
  PeerBook peers_;
  Authoriser authoriser_;
};

TEST_F(StreamWatchTest, TheHubsOwnSlownessIsNotHeldAgainstAStream) {
  StreamLimits limits;
  limits.idle_ms = 100;
  limits.tick_ms = 20;
  StreamWatch watch(authoriser_, limits);
  std::atomic<int> ended{0};
  const auto ticket = watch.Register(CallerOfNow(), "m", false,
                                     [&](const absl::Status&) { ++ended; });
  ticket->Pause();
  std::this_thread::sleep_for(std::chrono::milliseconds(400));
  EXPECT_EQ(ended, 0);
  ticket->Resume();
  const int64_t end = NowMonotonicMs() + 5'000;
  while (ended == 0 && NowMonotonicMs() < end) std::this_thread::yield();
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  EXPECT_EQ(ended, 1) << "told once";
}

// A watch of uploads with the limits in force, by a clock that the test sets.
class StreamRateTest : public StreamWatchTest {
 protected:
  // One message that the hub works on for `hub_ms`; the next one comes
  // `peer_ms` later.
  void Exchange(int64_t bytes, int64_t hub_ms, int64_t peer_ms) {
    EXPECT_THAT(ticket_->OnMessage(bytes), IsOk());
    ticket_->Pause();
    now_ms_ += hub_ms;
    ticket_->Resume();
    now_ms_ += peer_ms;
  }
  // Until the watch has looked at all streams at this time. It asks the time
  // before it looks: the second time from now the first look is over.
  void LetTheWatchLook() {
    const int before = asked_by_watch_;
    while (asked_by_watch_ < before + 2) std::this_thread::yield();
  }

  std::atomic<int64_t> now_ms_{1'000'000};
  std::atomic<int> asked_by_watch_{0};
  std::atomic<int> ended_{0};
  const std::thread::id test_ = std::this_thread::get_id();
  StreamWatch watch_{authoriser_, {.tick_ms = 1}, [this] {
                       if (std::this_thread::get_id() != test_) {
                         ++asked_by_watch_;
                       }
                       return now_ms_.load();
                     }};
  std::unique_ptr<StreamWatch::Ticket> ticket_ = watch_.Register(
      CallerOfNow(), "m", true, [this](const absl::Status&) { ++ended_; });
};

TEST_F(StreamRateTest, OneThatTricklesIsEndedAfterAMinuteOfItsOwn) {
  for (int s = 0; s < 59; ++s) Exchange(900, 1'000, 1'000);
  LetTheWatchLook();
  EXPECT_EQ(ended_, 0);
  for (int s = 0; s < 2; ++s) Exchange(900, 1'000, 1'000);
  LetTheWatchLook();
  EXPECT_EQ(ended_, 1);
}

TEST_F(StreamRateTest, OneThatTheHubKeepsWaitingIsNot) {
  for (int s = 0; s < 300; ++s) {
    Exchange(1'100, 9'000, 1'000);
    if (s % 10 == 0) LetTheWatchLook();
  }
  LetTheWatchLook();
  EXPECT_EQ(ended_, 0);
}

TEST_F(StreamWatchTest, ATicketMayGoAwayInsideItsOwnEnd) {
  StreamLimits limits;
  limits.idle_ms = 1;
  limits.tick_ms = 5;
  StreamWatch watch(authoriser_, limits);
  std::unique_ptr<StreamWatch::Ticket> ticket;
  std::atomic<bool> gone{false};
  std::atomic<bool> ready{false};
  ticket = watch.Register(CallerOfNow(), "m", false, [&](const absl::Status&) {
    while (!ready) std::this_thread::yield();
    ticket.reset();
    gone = true;
  });
  ready = true;
  const int64_t end = NowMonotonicMs() + 5'000;
  while (!gone && NowMonotonicMs() < end) std::this_thread::yield();
  EXPECT_TRUE(gone);
  EXPECT_EQ(watch.size(), 0u);
}

TEST_F(StreamWatchTest, NothingIsToldAfterTheTicketIsGone) {
  StreamLimits limits;
  limits.idle_ms = 1;
  limits.tick_ms = 1;
  StreamWatch watch(authoriser_, limits);
  for (int i = 0; i < 200; ++i) {
    auto alive = std::make_shared<std::atomic<bool>>(true);
    auto ticket =
        watch.Register(CallerOfNow(), "m", false,
                       [alive](const absl::Status&) { EXPECT_TRUE(*alive); });
    std::this_thread::yield();
    ticket.reset();
    *alive = false;
  }
  EXPECT_EQ(watch.size(), 0u);
}

TEST(CallExecutorTest, RunsAllAndRefusesWhatIsTooMuch) {
  std::atomic<bool> hold{true};
  std::atomic<int> ran{0};
  {
    CallExecutor executor(1, 2);
    // One at work, then two that wait.
    ASSERT_TRUE(executor.TryRun([&] {
      while (hold) std::this_thread::yield();
      ++ran;
    }));
    int taken = 1;
    for (int i = 0; i < 1'000 && taken < 3; ++i) {
      if (executor.TryRun([&] { ++ran; })) ++taken;
      std::this_thread::yield();
    }
    ASSERT_EQ(taken, 3);
    EXPECT_FALSE(executor.TryRun([&] { ++ran; }));
    hold = false;
  }
  EXPECT_EQ(ran, 3);
}

}  // namespace
}  // namespace tally::transport
