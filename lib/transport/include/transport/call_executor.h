#ifndef TALLY_TRANSPORT_CALL_EXECUTOR_H_
#define TALLY_TRANSPORT_CALL_EXECUTOR_H_

// Threads that handlers run on. gRPC calls a service on its own few threads,
// which must not wait for a disk; so a handler's work goes here.
//
// Role: hub. Spec: docs/spec/api-v1.md, "Handlers".
// Threading: any thread.
// Secrets: none.

#include <cstddef>
#include <functional>
#include <thread>
#include <vector>

#include "base/bounded_queue.h"

namespace tally::transport {

class CallExecutor {
 public:
  // REQUIRES: threads >= 1, waiting >= 1.
  CallExecutor(int threads, size_t waiting);
  // Finishes what was taken.
  ~CallExecutor();
  CallExecutor(const CallExecutor&) = delete;
  CallExecutor& operator=(const CallExecutor&) = delete;

  // Runs `work` soon, and returns true; false when `waiting` pieces of work
  // wait already: answer RATE_LIMITED.
  [[nodiscard]] bool TryRun(std::function<void()> work);

 private:
  const size_t waiting_;
  BoundedQueue<std::function<void()>> queue_;
  std::vector<std::thread> threads_;
};

}  // namespace tally::transport

#endif  // TALLY_TRANSPORT_CALL_EXECUTOR_H_
