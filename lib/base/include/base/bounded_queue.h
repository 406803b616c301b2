#ifndef TALLY_BASE_BOUNDED_QUEUE_H_
#define TALLY_BASE_BOUNDED_QUEUE_H_

// A queue between threads that holds at most `capacity` items: a fast producer
// waits for a slow consumer, so memory stays flat.
//
// Threading: any number of producers and consumers.
// Secrets: items are destroyed, not wiped.

#include <cstddef>
#include <deque>
#include <optional>
#include <utility>

#include "base/mutex.h"
#include "base/status.h"

namespace tally {

template <typename T>
class BoundedQueue {
 public:
  // REQUIRES: capacity >= 1.
  explicit BoundedQueue(size_t capacity) : capacity_(capacity) {
    TALLY_CHECK(capacity >= 1);
  }

  // Waits for room. False, the item dropped, when the queue is closed.
  bool Push(T item) TALLY_EXCLUDES(mu_) {
    {
      MutexLock lock(mu_);
      while (!closed_ && items_.size() >= capacity_) not_full_.Wait(mu_);
      if (closed_) return false;
      items_.push_back(std::move(item));
    }
    not_empty_.NotifyOne();
    return true;
  }

  // Waits for an item. Empty when the queue is closed and has none left.
  std::optional<T> Pop() TALLY_EXCLUDES(mu_) {
    std::optional<T> item;
    {
      MutexLock lock(mu_);
      while (!closed_ && items_.empty()) not_empty_.Wait(mu_);
      if (items_.empty()) return std::nullopt;
      item.emplace(std::move(items_.front()));
      items_.pop_front();
    }
    not_full_.NotifyOne();
    return item;
  }

  // No more items: producers get false, consumers what is left.
  void Close() TALLY_EXCLUDES(mu_) {
    {
      MutexLock lock(mu_);
      closed_ = true;
    }
    not_full_.NotifyAll();
    not_empty_.NotifyAll();
  }

  // As Close(), and what is left is dropped: for a consumer that failed.
  void Abort() TALLY_EXCLUDES(mu_) {
    std::deque<T> dropped;
    {
      MutexLock lock(mu_);
      closed_ = true;
      dropped.swap(items_);
    }
    not_full_.NotifyAll();
    not_empty_.NotifyAll();
  }

  size_t size() const TALLY_EXCLUDES(mu_) {
    MutexLock lock(mu_);
    return items_.size();
  }

 private:
  const size_t capacity_;
  mutable Mutex mu_;
  CondVar not_full_;
  CondVar not_empty_;
  std::deque<T> items_ TALLY_GUARDED_BY(mu_);
  bool closed_ TALLY_GUARDED_BY(mu_) = false;
};

}  // namespace tally

#endif  // TALLY_BASE_BOUNDED_QUEUE_H_
