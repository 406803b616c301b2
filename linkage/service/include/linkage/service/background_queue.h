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

  // Whether `key` waits or runs.
  bool Has(const std::string& key) const;
  size_t size() const;

  // True once Stop() has begun: long work asks and ends early.
  bool stopping() const;

  // Takes nothing more, lets the piece at work end, forgets the rest.
  void Stop();

 private:
  struct Item {
    std::string key;
    std::function<void()> work;
  };
  void Run();

  mutable Mutex mu_;
  CondVar wake_;
  std::deque<Item> waiting_ TALLY_GUARDED_BY(mu_);
  std::set<std::string> keys_ TALLY_GUARDED_BY(mu_);
  bool stop_ TALLY_GUARDED_BY(mu_) = false;
  std::thread thread_;
};

}  // namespace tally::linkage

#endif  // TALLY_LINKAGE_SERVICE_BACKGROUND_QUEUE_H_
