#include "transport/call_executor.h"

#include <utility>

#include "base/status.h"

namespace tally::transport {

CallExecutor::CallExecutor(int threads, size_t waiting)
    : waiting_(waiting), queue_(waiting) {
  TALLY_CHECK(threads >= 1);
  for (int i = 0; i < threads; ++i) {
    threads_.emplace_back([this] {
      while (auto work = queue_.Pop()) (*work)();
    });
  }
}

CallExecutor::~CallExecutor() {
  queue_.Close();
  for (std::thread& thread : threads_) thread.join();
}

bool CallExecutor::TryRun(std::function<void()> work) {
  // Between the look and the push the queue may fill by a few; then the push
  // waits for a moment, which is bounded by the callers that passed the look.
  if (queue_.size() >= waiting_) return false;
  return queue_.Push(std::move(work));
}

}  // namespace tally::transport
