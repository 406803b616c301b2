#ifndef TALLY_TRANSPORT_STREAM_WATCH_H_
#define TALLY_TRANSPORT_STREAM_WATCH_H_

// Ends streams that bring nothing, bring too little, or whose caller has been
// taken off the allow-list. A stream registers, reports every message, and is
// told once, from the watching thread, when it has to end.
//
// Role: hub. Spec: docs/spec/api-v1.md, "Streams".
// Threading: any thread.
// Secrets: none.

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <thread>

#include "absl/status/status.h"
#include "base/civil_day.h"
#include "base/mutex.h"
#include "transport/authoriser.h"

namespace tally::transport {

struct StreamLimits {
  int64_t idle_ms = 30'000;         // longest time without a message
  int64_t min_bytes_per_s = 1'000;  // over window_ms
  int64_t window_ms = 60'000;
  int64_t tick_ms = 500;  // how often the watch looks
};

class StreamWatch {
 public:
  // `authoriser` must outlive this. `now_ms` is a clock that is never set back;
  // the watch asks it once a tick.
  explicit StreamWatch(Authoriser& authoriser, StreamLimits limits = {},
                       std::function<int64_t()> now_ms = NowMonotonicMs);
  ~StreamWatch();
  StreamWatch(const StreamWatch&) = delete;
  StreamWatch& operator=(const StreamWatch&) = delete;

  // One stream; ends the watching when it is destroyed.
  class Ticket {
   public:
    ~Ticket();
    Ticket(const Ticket&) = delete;
    Ticket& operator=(const Ticket&) = delete;

    // A message of `bytes` came or went. Returns what Authoriser::Recheck()
    // says: an error means that the stream must end with it.
    absl::Status OnMessage(int64_t bytes);
    // The hub itself is slow (fsync, conversion): the clocks stand still
    // between Pause() and Resume(), and what came before counts on. They may be
    // nested.
    void Pause();
    void Resume();

   private:
    friend class StreamWatch;
    struct State;
    Ticket(StreamWatch& watch, uint64_t id, std::shared_ptr<State> state);
    StreamWatch& watch_;
    const uint64_t id_;
    const std::shared_ptr<State> state_;
  };

  // Watches a stream of `caller`. `end` is called at most once, with
  // kDeadlineExceeded (idle, slow) or the refusal of Recheck(); it must not
  // block, and it is not called after the ticket is gone. `min_rate` is off for
  // downloads, where the reader sets the pace.
  std::unique_ptr<Ticket> Register(
      Caller caller, std::string method, bool min_rate,
      std::function<void(const absl::Status&)> end);

  size_t size() const;

 private:
  void Watch();
  absl::Status Judge(Ticket::State& state, int64_t now_ms);

  Authoriser& authoriser_;
  const StreamLimits limits_;
  const std::function<int64_t()> now_ms_;
  mutable Mutex mu_;
  CondVar wake_;
  uint64_t next_id_ TALLY_GUARDED_BY(mu_) = 1;
  std::map<uint64_t, std::shared_ptr<Ticket::State>> streams_
      TALLY_GUARDED_BY(mu_);
  bool stop_ TALLY_GUARDED_BY(mu_) = false;
  std::thread watcher_;
};

}  // namespace tally::transport

#endif  // TALLY_TRANSPORT_STREAM_WATCH_H_
