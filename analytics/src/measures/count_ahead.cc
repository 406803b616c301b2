#include "measures/count_ahead.h"

#include <algorithm>
#include <exception>
#include <new>
#include <utility>

#include "base/process.h"

namespace tally::analytics {
namespace {

constexpr int64_t kBetweenInterruptsMs = 50;
// How long a stop waits to be seen.
constexpr int64_t kBetweenLooksMs = 50;

// What `count` gives. An exception that left the thread would end the program:
// it becomes the error that CommandLine::Run makes of one.
CountAhead::Figures CountedOrError(
    const std::function<CountAhead::Figures(const std::string&)>& count,
    const std::string& id) {
  try {
    return count(id);
  } catch (const std::bad_alloc&) {
    return absl::ResourceExhaustedError("out of memory");
  } catch (const std::exception&) {
    // Its text may quote data.
    return absl::InternalError("unexpected failure");
  }
}

size_t RowsOf(const CountAhead::Figures& figures) {
  size_t rows = 0;
  if (!figures.ok() || !(*figures)->raw.ok()) return rows;
  for (const RawTable& table : *(*figures)->raw) rows += table.rows();
  return rows;
}

}  // namespace

CountAhead::CountAhead(std::vector<std::string> ids,
                       std::function<Figures(const std::string&)> count,
                       std::function<void()> interrupt, size_t most_rows_ready)
    : ids_(std::move(ids)),
      count_(std::move(count)),
      interrupt_(std::move(interrupt)),
      most_rows_ready_(most_rows_ready),
      awaited_(ids_),
      thread_([this] { Work(); }) {}

CountAhead::~CountAhead() {
  {
    MutexLock lock(mu_);
    stop_ = true;
    changed_.NotifyAll();
    // Again and again: the call may be between two statements.
    while (!ended_) {
      interrupt_();
      changed_.WaitFor(mu_, kBetweenInterruptsMs);
    }
  }
  thread_.join();
}

void CountAhead::Work() {
  for (const std::string& id : ids_) {
    {
      MutexLock lock(mu_);
      while (!stop_ && waited_for_.empty() && rows_ready_ >= most_rows_ready_) {
        changed_.Wait(mu_);
      }
      if (stop_) break;
    }
    Figures figures = CountedOrError(count_, id);
    MutexLock lock(mu_);
    rows_ready_ += RowsOf(figures);
    ready_.emplace(id, std::move(figures));
    if (waited_for_ == id) waited_for_.clear();
    changed_.NotifyAll();
  }
  MutexLock lock(mu_);
  ended_ = true;
  changed_.NotifyAll();
}

std::optional<CountAhead::Figures> CountAhead::Take(const std::string& id) {
  MutexLock lock(mu_);
  const auto place = std::find(awaited_.begin(), awaited_.end(), id);
  if (place == awaited_.end()) return std::nullopt;
  awaited_.erase(place);
  auto found = ready_.find(id);
  if (found == ready_.end()) waited_for_ = id;
  changed_.NotifyAll();
  while (found == ready_.end()) {
    absl::Status stopped = CheckNotStopped();
    if (!stopped.ok()) {
      waited_for_.clear();
      return stopped;
    }
    changed_.WaitFor(mu_, kBetweenLooksMs);
    found = ready_.find(id);
  }
  Figures figures = std::move(found->second);
  ready_.erase(found);
  rows_ready_ -= RowsOf(figures);
  changed_.NotifyAll();
  return figures;
}

}  // namespace tally::analytics
