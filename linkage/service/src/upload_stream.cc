#include "upload_stream.h"

#include <atomic>
#include <deque>
#include <utility>

#include "base/civil_day.h"
#include "base/error.h"
#include "transport/status_mapping.h"

namespace tally::linkage {
namespace {

constexpr char kStreamMethod[] =
    "tally.extract.v1.ExtractService.UploadBatches";
constexpr int64_t kStreamTickMs = 500;
// Messages that are received while one is worked on: enough that neither the
// network nor the disk waits for the other.
constexpr size_t kReadAhead = 2;

}  // namespace

// Lives until gRPC says OnDone and no piece of its work runs.
class UploadStream : public UploadStreams::Reactor,
                     public std::enable_shared_from_this<UploadStream> {
 public:
  UploadStream(Hub& hub, transport::CallRuntime& calls,
               grpc::CallbackServerContext* context, transport::Caller caller)
      : calls_(calls),
        context_(context),
        caller_(caller),
        session_(hub, calls.authoriser, std::move(caller)),
        start_ms_(NowMonotonicMs()) {}

  void Begin(transport::StreamWatch& watch) {
    self_ = shared_from_this();
    std::weak_ptr<UploadStream> weak = self_;
    auto ticket = watch.Register(caller_, kStreamMethod, true,
                                 [weak](const absl::Status& status) {
                                   if (auto stream = weak.lock()) {
                                     stream->End(status);
                                   }
                                 });
    {
      MutexLock lock(ticket_mu_);
      ticket_ = std::move(ticket);
    }
    MutexLock lock(mu_);
    ReadOnLocked();
  }

  void OnReadDone(bool ok) override {
    // Without mu_: the watch holds its own lock when it ends a stream.
    const absl::Status allowed = ok ? Report(BytesRead()) : absl::OkStatus();
    // From here until it was worked on the hub owes something, not the source:
    // a message may wait long for a thread, and no other is read meanwhile.
    Pause();
    {
      MutexLock lock(mu_);
      // Until here reading_ keeps the next message from overtaking this one.
      std::unique_ptr<Request> read = std::move(reading_);
      if (!allowed.ok()) {
        FinishLocked(allowed);
      } else if (ok) {
        waiting_.push_back(std::move(read));
      }
      reads_ended_ = reads_ended_ || !ok;
      ReadOnLocked();
    }
    WorkOn();
  }

  void OnWriteDone(bool ok) override {
    MutexLock lock(mu_);
    writing_ = false;
    if (!ok) {
      FinishLocked(absl::CancelledError("the stream is gone"));
      return;
    }
    SendLocked();
  }

  void OnCancel() override { End(absl::CancelledError("the source has gone")); }

  void OnDone() override {
    transport::ReportCall(calls_, kStreamMethod, &caller_, outcome_,
                          NowMonotonicMs() - start_ms_);
    {
      MutexLock lock(ticket_mu_);
      ticket_.reset();
    }
    self_.reset();  // may delete this
  }

  // Acknowledges what has waited too long.
  void Tick(int64_t now_ms) {
    if (!session_.IsAckDue(now_ms)) return;
    // One at a time: they would pile up while all threads are busy.
    if (flushing_.exchange(true)) return;
    Pause();  // the source may wait for the acknowledgement
    Work([](UploadStream& stream) {
      stream.Answer(stream.session_.Flush(), false);
      stream.flushing_ = false;
      stream.Resume();
    });
  }

  // Ends the stream with a status, once.
  void End(const absl::Status& status) {
    MutexLock lock(mu_);
    FinishLocked(status);
  }

 private:
  using Request = extract::v1::UploadBatchesRequest;

  void Work(void (*work)(UploadStream&)) {
    std::shared_ptr<UploadStream> self = shared_from_this();
    if (!calls_.executor.TryRun([self, work] { work(*self); })) {
      End(Error(Reason::kRateLimited, "too many calls are waiting"));
    }
  }

  size_t BytesRead() {
    MutexLock lock(mu_);
    return reading_->ByteSizeLong();
  }

  // Receives the next message, unless enough of them wait.
  void ReadOnLocked() TALLY_REQUIRES(mu_) {
    if (finished_ || reads_ended_ || reading_ != nullptr ||
        waiting_.size() >= kReadAhead) {
      return;
    }
    reading_ =
        spare_ != nullptr ? std::move(spare_) : std::make_unique<Request>();
    StartRead(reading_.get());
  }

  // Has the next message worked on, or the end of the stream after the last;
  // one at a time, in order.
  void WorkOn() {
    {
      MutexLock lock(mu_);
      if (finished_) waiting_.clear();
      if (working_ || (waiting_.empty() && !reads_ended_)) return;
      working_ = true;
    }
    Work([](UploadStream& stream) { stream.TakeNext(); });
  }

  void TakeNext() {
    std::unique_ptr<Request> message;
    {
      MutexLock lock(mu_);
      if (!waiting_.empty()) {
        message = std::move(waiting_.front());
        waiting_.pop_front();
        ReadOnLocked();
      }
    }
    if (message == nullptr) {  // the end: nothing follows
      Answer(session_.Flush(), true);
      Resume();
      return;
    }
    Answer(session_.Take(*message, NowMonotonicMs()), false);
    Resume();
    {
      MutexLock lock(mu_);
      spare_ = std::move(message);
      working_ = false;
    }
    WorkOn();
  }

  absl::Status Report(size_t bytes) {
    MutexLock lock(ticket_mu_);
    if (ticket_ == nullptr) return absl::OkStatus();
    return ticket_->OnMessage(static_cast<int64_t>(bytes));
  }

  // The clocks of the watch stand still until as many Resume() as Pause() were
  // called. Without mu_, as Report().
  void Pause() {
    MutexLock lock(ticket_mu_);
    if (ticket_ != nullptr) ticket_->Pause();
  }
  void Resume() {
    MutexLock lock(ticket_mu_);
    if (ticket_ != nullptr) ticket_->Resume();
  }

  void Answer(absl::StatusOr<UploadSession::Ack> ack, bool last) {
    MutexLock lock(mu_);
    if (!ack.ok()) {
      FinishLocked(ack.status());
      return;
    }
    if (ack->has_value()) waiting_ack_ = **ack;
    last_ = last_ || last;
    SendLocked();
  }

  void SendLocked() TALLY_REQUIRES(mu_) {
    if (finished_ || writing_) return;
    if (waiting_ack_ > 0) {
      response_.set_persisted_sequence(std::exchange(waiting_ack_, 0));
      writing_ = true;
      StartWrite(&response_);
    } else if (last_) {
      FinishLocked(absl::OkStatus());
    }
  }

  void FinishLocked(const absl::Status& status) TALLY_REQUIRES(mu_) {
    if (std::exchange(finished_, true)) return;
    outcome_ = status;
    Finish(transport::ToGrpc(status, *context_, kStreamMethod));
  }

  transport::CallRuntime& calls_;
  grpc::CallbackServerContext* const context_;
  const transport::Caller caller_;
  UploadSession session_;
  const int64_t start_ms_;
  extract::v1::UploadBatchesResponse response_;
  Mutex ticket_mu_;
  std::unique_ptr<transport::StreamWatch::Ticket> ticket_
      TALLY_GUARDED_BY(ticket_mu_);
  std::shared_ptr<UploadStream> self_;
  absl::Status outcome_;
  std::atomic<bool> flushing_{false};

  Mutex mu_;
  std::unique_ptr<Request> reading_ TALLY_GUARDED_BY(mu_);
  std::deque<std::unique_ptr<Request>> waiting_ TALLY_GUARDED_BY(mu_);
  std::unique_ptr<Request> spare_ TALLY_GUARDED_BY(mu_);  // used again
  bool reads_ended_ TALLY_GUARDED_BY(mu_) = false;
  bool working_ TALLY_GUARDED_BY(mu_) = false;  // for ever after the end
  bool finished_ TALLY_GUARDED_BY(mu_) = false;
  bool writing_ TALLY_GUARDED_BY(mu_) = false;
  bool last_ TALLY_GUARDED_BY(mu_) = false;
  int64_t waiting_ack_ TALLY_GUARDED_BY(mu_) = 0;
};

namespace {

// A stream that is refused before it begins.
class RefusedStream : public UploadStreams::Reactor {
 public:
  RefusedStream(grpc::CallbackServerContext* context,
                const absl::Status& status) {
    Finish(transport::ToGrpc(status, *context, kStreamMethod));
  }
  void OnDone() override { delete this; }
};

}  // namespace

UploadStreams::UploadStreams(Hub& hub, transport::CallRuntime& calls,
                             transport::StreamWatch& watch)
    : hub_(hub), calls_(calls), watch_(watch), ticker_([this] { Tick(); }) {}

UploadStreams::~UploadStreams() {
  {
    MutexLock lock(mu_);
    stop_ = true;
    wake_.NotifyAll();
  }
  ticker_.join();
}

UploadStreams::Reactor* UploadStreams::Open(
    grpc::CallbackServerContext* context) {
  absl::StatusOr<transport::Caller> caller =
      calls_.authoriser.Authorise(*context, kStreamMethod);
  if (!caller.ok()) {
    transport::ReportCall(calls_, kStreamMethod, nullptr, caller.status(), 0);
    return new RefusedStream(context, caller.status());
  }
  auto stream =
      std::make_shared<UploadStream>(hub_, calls_, context, *std::move(caller));
  {
    MutexLock lock(mu_);
    std::erase_if(streams_, [](const auto& weak) { return weak.expired(); });
    streams_.push_back(stream);
  }
  stream->Begin(watch_);
  return stream.get();
}

void UploadStreams::Tick() {
  while (true) {
    std::vector<std::shared_ptr<UploadStream>> open;
    {
      MutexLock lock(mu_);
      if (!stop_) wake_.WaitFor(mu_, kStreamTickMs);
      if (stop_) return;
      for (const auto& weak : streams_) {
        if (auto stream = weak.lock()) open.push_back(std::move(stream));
      }
    }
    const int64_t now_ms = NowMonotonicMs();
    for (const auto& stream : open) stream->Tick(now_ms);
  }
}

}  // namespace tally::linkage
