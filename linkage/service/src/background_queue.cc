#include "linkage/service/background_queue.h"

#include <utility>

namespace tally::linkage {

BackgroundQueue::BackgroundQueue() : thread_([this] { Run(); }) {}

BackgroundQueue::~BackgroundQueue() { Stop(); }

bool BackgroundQueue::Add(const std::string& key, std::function<void()> work) {
  MutexLock lock(mu_);
  return AddTo(waiting_, key, std::move(work));
}

bool BackgroundQueue::AddIdle(const std::string& key,
                              std::function<void()> work) {
  MutexLock lock(mu_);
  return AddTo(idle_, key, std::move(work));
}

bool BackgroundQueue::AddTo(std::deque<Item>& list, const std::string& key,
                            std::function<void()> work) {
  if (stop_ || !keys_.insert(key).second) return false;
  list.push_back({key, std::move(work)});
  wake_.NotifyAll();
  return true;
}

bool BackgroundQueue::Has(const std::string& key) const {
  MutexLock lock(mu_);
  return keys_.count(key) != 0;
}

size_t BackgroundQueue::size() const {
  MutexLock lock(mu_);
  return keys_.size();
}

bool BackgroundQueue::stopping() const {
  MutexLock lock(mu_);
  return stop_;
}

void BackgroundQueue::BeginStop() {
  MutexLock lock(mu_);
  stop_ = true;
  waiting_.clear();
  idle_.clear();
  wake_.NotifyAll();
}

void BackgroundQueue::Stop() {
  BeginStop();
  if (thread_.joinable()) thread_.join();
}

void BackgroundQueue::Run() {
  while (true) {
    Item item;
    {
      MutexLock lock(mu_);
      while (waiting_.empty() && idle_.empty() && !stop_) wake_.Wait(mu_);
      if (stop_) return;
      std::deque<Item>& next = waiting_.empty() ? idle_ : waiting_;
      item = std::move(next.front());
      next.pop_front();
    }
    item.work();
    MutexLock lock(mu_);
    keys_.erase(item.key);
  }
}

}  // namespace tally::linkage
