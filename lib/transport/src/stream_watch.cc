#include "transport/stream_watch.h"

#include <mutex>
#include <utility>
#include <vector>

#include "base/civil_day.h"
#include "base/status.h"

namespace tally::transport {

// The lock is recursive because `end` may destroy the ticket, on this thread,
// while it runs; on another thread the ticket waits until `end` is through.
struct StreamWatch::Ticket::State {
  std::recursive_mutex mu;
  Caller caller;
  std::string method;
  bool min_rate = false;
  std::function<void(const absl::Status&)> end;
  int64_t last_ms = 0;    // of the last message
  int64_t window_ms = 0;  // when the window began, later by what was paused
  int64_t window_bytes = 0;
  int64_t paused_ms = 0;  // since when, while paused
  int paused = 0;
  bool gone = false;  // ended, or without a ticket
};

StreamWatch::Ticket::Ticket(StreamWatch& watch, uint64_t id,
                            std::shared_ptr<State> state)
    : watch_(watch), id_(id), state_(std::move(state)) {}

StreamWatch::Ticket::~Ticket() {
  {
    const std::lock_guard<std::recursive_mutex> lock(state_->mu);
    state_->gone = true;
  }
  MutexLock lock(watch_.mu_);
  watch_.streams_.erase(id_);
}

absl::Status StreamWatch::Ticket::OnMessage(int64_t bytes) {
  const std::lock_guard<std::recursive_mutex> lock(state_->mu);
  state_->last_ms = watch_.now_ms_();
  state_->window_bytes += bytes;
  return watch_.authoriser_.Recheck(state_->caller, state_->method);
}

void StreamWatch::Ticket::Pause() {
  const std::lock_guard<std::recursive_mutex> lock(state_->mu);
  if (state_->paused++ == 0) state_->paused_ms = watch_.now_ms_();
}

void StreamWatch::Ticket::Resume() {
  const std::lock_guard<std::recursive_mutex> lock(state_->mu);
  TALLY_CHECK(state_->paused > 0);
  if (--state_->paused > 0) return;
  // What the hub took is not held against the peer. The window goes on: a
  // stream pauses at every message, and one that trickles must fill it too.
  state_->last_ms = watch_.now_ms_();
  state_->window_ms += state_->last_ms - state_->paused_ms;
}

StreamWatch::StreamWatch(Authoriser& authoriser, StreamLimits limits,
                         std::function<int64_t()> now_ms)
    : authoriser_(authoriser),
      limits_(limits),
      now_ms_(std::move(now_ms)),
      watcher_([this] { Watch(); }) {}

StreamWatch::~StreamWatch() {
  {
    MutexLock lock(mu_);
    stop_ = true;
  }
  wake_.NotifyAll();
  watcher_.join();
}

std::unique_ptr<StreamWatch::Ticket> StreamWatch::Register(
    Caller caller, std::string method, bool min_rate,
    std::function<void(const absl::Status&)> end) {
  auto state = std::make_shared<Ticket::State>();
  state->caller = std::move(caller);
  state->method = std::move(method);
  state->min_rate = min_rate;
  state->end = std::move(end);
  state->last_ms = now_ms_();
  state->window_ms = state->last_ms;
  MutexLock lock(mu_);
  const uint64_t id = next_id_++;
  streams_.emplace(id, state);
  return std::unique_ptr<Ticket>(new Ticket(*this, id, std::move(state)));
}

size_t StreamWatch::size() const {
  MutexLock lock(mu_);
  return streams_.size();
}

// REQUIRES: the state's lock.
absl::Status StreamWatch::Judge(Ticket::State& state, int64_t now_ms) {
  TALLY_RETURN_IF_ERROR(authoriser_.Recheck(state.caller, state.method));
  if (state.paused > 0) return absl::OkStatus();
  if (now_ms - state.last_ms > limits_.idle_ms) {
    return absl::DeadlineExceededError("the stream brought no message");
  }
  const int64_t window = now_ms - state.window_ms;
  if (window < limits_.window_ms) return absl::OkStatus();
  const int64_t least = limits_.min_bytes_per_s * window / 1'000;
  if (state.min_rate && state.window_bytes < least) {
    return absl::DeadlineExceededError("the stream is too slow");
  }
  state.window_ms = now_ms;
  state.window_bytes = 0;
  return absl::OkStatus();
}

void StreamWatch::Watch() {
  while (true) {
    std::vector<std::shared_ptr<Ticket::State>> streams;
    {
      MutexLock lock(mu_);
      if (!stop_) wake_.WaitFor(mu_, limits_.tick_ms);
      if (stop_) return;
      for (const auto& [id, state] : streams_) streams.push_back(state);
    }
    const int64_t now_ms = now_ms_();
    for (const std::shared_ptr<Ticket::State>& state : streams) {
      const std::lock_guard<std::recursive_mutex> lock(state->mu);
      if (state->gone) continue;
      const absl::Status verdict = Judge(*state, now_ms);
      if (verdict.ok()) continue;
      state->gone = true;
      state->end(verdict);
    }
  }
}

}  // namespace tally::transport
