#ifndef TALLY_BASE_WORKER_POOL_H_
#define TALLY_BASE_WORKER_POOL_H_

// A fixed number of threads that work through index ranges. The thread that
// calls takes part, so a pool of one runs everything in place, and calls may be
// nested without running dry.
//
// Threading: any thread may call, several at once.
// Secrets: none of its own; results of errors are statuses.

#include <cstdint>
#include <functional>
#include <memory>

#include "absl/status/status.h"

namespace tally {

class WorkerPool {
 public:
  using RangeFunction = std::function<absl::Status(int64_t begin, int64_t end)>;

  // `threads` in all, the calling one included; 0 or less: DefaultThreads().
  // Fewer where the system gives no more (see threads()).
  explicit WorkerPool(int threads);
  ~WorkerPool();
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  // Calls `fn` for pieces of [0, count) of at most `grain` indices, each index
  // once, in no order, on several threads at once; returns when all are done.
  // After an error no new piece is begun; returned is the error of the piece
  // with the lowest begin. An exception in `fn` becomes kInternal
  // (kResourceExhausted for bad_alloc), its text dropped. kCancelled after
  // Cancel(). REQUIRES: count >= 0, grain >= 1.
  absl::Status ParallelFor(int64_t count, int64_t grain,
                           const RangeFunction& fn);

  // Makes running and later ParallelFor calls end with kCancelled as soon as
  // their running pieces end. For good.
  void Cancel();
  bool cancelled() const;

  int threads() const;

  // The processors that this process may use, at least 1.
  static int DefaultThreads();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace tally

#endif  // TALLY_BASE_WORKER_POOL_H_
