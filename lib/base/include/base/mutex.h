#ifndef TALLY_BASE_MUTEX_H_
#define TALLY_BASE_MUTEX_H_

// std::mutex with clang's thread annotations, so that `clang -Wthread-safety`
// checks who touches what under which lock. Ours, because ThreadSanitizer sees
// races that are none in Abseil's packaged mutex.
//
// Threading: that is what it is for.
// Secrets: none.

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>

#if defined(__clang__)
#define TALLY_THREAD_ANNOTATION(x) __attribute__((x))
#else
#define TALLY_THREAD_ANNOTATION(x)
#endif

#define TALLY_CAPABILITY(x) TALLY_THREAD_ANNOTATION(capability(x))
#define TALLY_SCOPED_CAPABILITY TALLY_THREAD_ANNOTATION(scoped_lockable)
#define TALLY_GUARDED_BY(x) TALLY_THREAD_ANNOTATION(guarded_by(x))
#define TALLY_PT_GUARDED_BY(x) TALLY_THREAD_ANNOTATION(pt_guarded_by(x))
#define TALLY_REQUIRES(...) \
  TALLY_THREAD_ANNOTATION(requires_capability(__VA_ARGS__))
#define TALLY_EXCLUDES(...) TALLY_THREAD_ANNOTATION(locks_excluded(__VA_ARGS__))
#define TALLY_ACQUIRE(...) \
  TALLY_THREAD_ANNOTATION(acquire_capability(__VA_ARGS__))
#define TALLY_RELEASE(...) \
  TALLY_THREAD_ANNOTATION(release_capability(__VA_ARGS__))
#define TALLY_TRY_ACQUIRE(...) \
  TALLY_THREAD_ANNOTATION(try_acquire_capability(__VA_ARGS__))
#define TALLY_NO_THREAD_SAFETY_ANALYSIS \
  TALLY_THREAD_ANNOTATION(no_thread_safety_analysis)

namespace tally {

class TALLY_CAPABILITY("mutex") Mutex {
 public:
  Mutex() = default;
  Mutex(const Mutex&) = delete;
  Mutex& operator=(const Mutex&) = delete;

  void Lock() TALLY_ACQUIRE() { mu_.lock(); }
  void Unlock() TALLY_RELEASE() { mu_.unlock(); }
  bool TryLock() TALLY_TRY_ACQUIRE(true) { return mu_.try_lock(); }

 private:
  friend class CondVar;
  std::mutex mu_;
};

// Holds a Mutex for the length of a block.
class TALLY_SCOPED_CAPABILITY MutexLock {
 public:
  explicit MutexLock(Mutex& mu) TALLY_ACQUIRE(mu) : mu_(mu) { mu_.Lock(); }
  ~MutexLock() TALLY_RELEASE() { mu_.Unlock(); }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

 private:
  Mutex& mu_;
};

// Waits may end by themselves: always loop over the condition,
//   while (!ready_) cv_.Wait(mu_);
class CondVar {
 public:
  CondVar() = default;
  CondVar(const CondVar&) = delete;
  CondVar& operator=(const CondVar&) = delete;

  void Wait(Mutex& mu) TALLY_REQUIRES(mu) {
    std::unique_lock<std::mutex> lock(mu.mu_, std::adopt_lock);
    cv_.wait(lock);
    lock.release();
  }

  // False when `timeout_ms` went by.
  bool WaitFor(Mutex& mu, int64_t timeout_ms) TALLY_REQUIRES(mu) {
    std::unique_lock<std::mutex> lock(mu.mu_, std::adopt_lock);
    const auto result =
        cv_.wait_for(lock, std::chrono::milliseconds(timeout_ms));
    lock.release();
    return result == std::cv_status::no_timeout;
  }

  void NotifyOne() { cv_.notify_one(); }
  void NotifyAll() { cv_.notify_all(); }

 private:
  std::condition_variable cv_;
};

}  // namespace tally

#endif  // TALLY_BASE_MUTEX_H_
