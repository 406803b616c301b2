#ifndef TALLY_LINKAGE_SERVICE_BACKGROUND_QUEUE_H_
#define TALLY_LINKAGE_SERVICE_BACKGROUND_QUEUE_H_

// Long work, one piece after the other, on a thread of its own: publishing
// extracts, building releases. Callers poll the resource that the work is
// about.
//
// Role: hub.
// Spec: docs/operations.md, "What runs"
// Threading: any thread.
// Secrets: none.

#include <deque>
#include <functional>
#include <set>
#include <string>
#include <thread>

#include "base/mutex.h"

namespace tally::linkage {

class BackgroundQueue {
 public:
  BackgroundQueue();
  // As Stop().
  ~BackgroundQueue();
  BackgroundQueue(const BackgroundQueue&) = delete;
  BackgroundQueue& operator=(const BackgroundQueue&) = delete;

  // Queues `work` under `key`; a key that waits or runs already is not queued
  // again. Returns whether it was queued.
  bool Add(const std::string& key, std::function<void()> work);
  // The same for work that can wait: it begins only when nothing queued by
  // Add() waits. What is at work is not interrupted.
  bool AddIdle(const std::string& key, std::function<void()> work);

  // Whether `key` waits or runs.
  bool Has(const std::string& key) const;
  size_t size() const;

  // True from BeginStop() or Stop() on: long work asks and ends early.
  bool stopping() const;

  // Takes nothing more and forgets what waits. Does not wait for the piece at
  // work.
  void BeginStop();
  // As BeginStop(), then lets the piece at work end.
  void Stop();

 private:
  struct Item {
    std::string key;
    std::function<void()> work;
  };
  bool AddTo(std::deque<Item>& list, const std::string& key,
             std::function<void()> work) TALLY_REQUIRES(mu_);
  void Run();

  mutable Mutex mu_;
  CondVar wake_;
  std::deque<Item> waiting_ TALLY_GUARDED_BY(mu_);
  std::deque<Item> idle_ TALLY_GUARDED_BY(mu_);  // after all that waits
  std::set<std::string> keys_ TALLY_GUARDED_BY(mu_);
  bool stop_ TALLY_GUARDED_BY(mu_) = false;
  std::thread thread_;
};

}  // namespace tally::linkage

#endif  // TALLY_LINKAGE_SERVICE_BACKGROUND_QUEUE_H_
