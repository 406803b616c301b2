#include "base/worker_pool.h"

#include <sched.h>

#include <algorithm>
#include <atomic>
#include <deque>
#include <exception>
#include <limits>
#include <new>
#include <system_error>
#include <thread>
#include <vector>

#include "base/mutex.h"
#include "base/status.h"

namespace tally {
namespace {

// One ParallelFor. Pieces are claimed in ascending order and a claimed piece
// always runs to its end, so the error of the lowest failing piece is always
// seen: which error comes back does not depend on timing.
struct Job {
  Job(int64_t count_in, int64_t grain_in, const WorkerPool::RangeFunction& f)
      : count(count_in), grain(grain_in), fn(f) {}

  const int64_t count;
  const int64_t grain;
  const WorkerPool::RangeFunction& fn;
  std::atomic<int64_t> next{0};
  std::atomic<bool> stop{false};

  Mutex mu;
  CondVar done;
  int running TALLY_GUARDED_BY(mu) = 0;
  int64_t error_begin TALLY_GUARDED_BY(mu) =
      std::numeric_limits<int64_t>::max();
  absl::Status error TALLY_GUARDED_BY(mu);
};

absl::Status CallGuarded(const WorkerPool::RangeFunction& fn, int64_t begin,
                         int64_t end) {
  try {
    return fn(begin, end);
  } catch (const std::bad_alloc&) {
    return absl::ResourceExhaustedError("out of memory");
  } catch (const std::exception&) {
    return absl::InternalError("an exception ended a worker's piece");
  }
}

// Claims one piece and runs it; false when there is none left to claim.
bool RunPiece(Job& job, const std::atomic<bool>& cancelled) {
  if (job.stop.load() || cancelled.load()) return false;
  int64_t begin = job.next.load();
  int64_t end = 0;
  do {
    if (begin >= job.count) return false;
    end = job.count - begin < job.grain ? job.count : begin + job.grain;
  } while (!job.next.compare_exchange_weak(begin, end));
  absl::Status status = CallGuarded(job.fn, begin, end);
  if (!status.ok()) {
    job.stop.store(true);
    MutexLock lock(job.mu);
    if (begin < job.error_begin) {
      job.error_begin = begin;
      job.error = std::move(status);
    }
  }
  return true;
}

}  // namespace

struct WorkerPool::State {
  std::atomic<bool> cancelled{false};
  Mutex mu;
  CondVar work;
  std::deque<Job*> jobs TALLY_GUARDED_BY(mu);
  bool ending TALLY_GUARDED_BY(mu) = false;
  std::vector<std::thread> workers;

  void Work() {
    for (;;) {
      Job* job = nullptr;
      {
        MutexLock lock(mu);
        while (!ending && jobs.empty()) work.Wait(mu);
        if (ending) return;
        job = jobs.front();
        // Counted while the job is still listed: its caller takes it off the
        // list before it waits for `running`, so the job outlives this use.
        MutexLock job_lock(job->mu);
        ++job->running;
      }
      while (RunPiece(*job, cancelled)) {
      }
      Unlist(job);
      // Under the lock: once the caller sees 0 the job is destroyed.
      MutexLock lock(job->mu);
      --job->running;
      job->done.NotifyAll();
    }
  }

  void List(Job* job) {
    {
      MutexLock lock(mu);
      jobs.push_back(job);
    }
    work.NotifyAll();
  }

  void Unlist(Job* job) {
    MutexLock lock(mu);
    std::erase(jobs, job);
  }
};

WorkerPool::WorkerPool(int threads) : state_(std::make_unique<State>()) {
  if (threads <= 0) threads = DefaultThreads();
  state_->workers.reserve(static_cast<size_t>(threads - 1));
  try {
    for (int i = 1; i < threads; ++i) {
      state_->workers.emplace_back([state = state_.get()] { state->Work(); });
    }
  } catch (const std::system_error&) {
    // The system gives no more threads: those that there are do all the work.
  }
}

WorkerPool::~WorkerPool() {
  {
    MutexLock lock(state_->mu);
    state_->ending = true;
  }
  state_->work.NotifyAll();
  for (std::thread& worker : state_->workers) worker.join();
}

absl::Status WorkerPool::ParallelFor(int64_t count, int64_t grain,
                                     const RangeFunction& fn) {
  TALLY_CHECK(count >= 0);
  TALLY_CHECK(grain >= 1);
  Job job(count, grain, fn);
  const bool share = !state_->workers.empty() && count > grain;
  if (share) state_->List(&job);
  while (RunPiece(job, state_->cancelled)) {
  }
  if (share) state_->Unlist(&job);
  MutexLock lock(job.mu);
  while (job.running > 0) job.done.Wait(job.mu);
  if (!job.error.ok()) return job.error;
  if (cancelled() && job.next.load() < count) {
    return absl::CancelledError("the work was cancelled");
  }
  return absl::OkStatus();
}

void WorkerPool::Cancel() { state_->cancelled.store(true); }

bool WorkerPool::cancelled() const { return state_->cancelled.load(); }

int WorkerPool::threads() const {
  return static_cast<int>(state_->workers.size()) + 1;
}

int WorkerPool::DefaultThreads() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof(set), &set) != 0) return 1;
  return std::max(1, CPU_COUNT(&set));
}

}  // namespace tally
