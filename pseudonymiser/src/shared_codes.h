#ifndef TALLY_PSEUDONYMISER_SRC_SHARED_CODES_H_
#define TALLY_PSEUDONYMISER_SRC_SHARED_CODES_H_

// The distinct codes of one column of a delivery, numbered, so that a spooled
// row holds four bytes instead of the text. Bounded: a column with more codes
// than that spools the others as text.
//
// Threading: Intern from any thread; value() when no Intern runs.
// Secrets: holds codes of records; never printed.

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/mutex.h"

namespace tally::pseudonymiser {

class SharedCodes {
 public:
  static constexpr uint32_t kFull = 0xFFFF'FFFF;
  static constexpr size_t kMaxCodes = 65'536;

  // The number of `value`, a new one if need be; kFull when there is none left.
  uint32_t Intern(std::string_view value) {
    MutexLock lock(mu_);
    const auto known = numbers_.find(value);
    if (known != numbers_.end()) return known->second;
    if (values_.size() >= kMaxCodes) return kFull;
    const uint32_t number = static_cast<uint32_t>(values_.size());
    values_.emplace_back(value);
    numbers_.emplace(values_.back(), number);
    return number;
  }

  // REQUIRES: number < size(); no Intern runs.
  std::string_view value(uint32_t number) const
      TALLY_NO_THREAD_SAFETY_ANALYSIS {
    return values_[number];
  }
  size_t size() const {
    MutexLock lock(mu_);
    return values_.size();
  }

 private:
  mutable Mutex mu_;
  std::deque<std::string> values_ TALLY_GUARDED_BY(mu_);  // stable addresses
  std::unordered_map<std::string_view, uint32_t> numbers_ TALLY_GUARDED_BY(mu_);
};

}  // namespace tally::pseudonymiser

#endif  // TALLY_PSEUDONYMISER_SRC_SHARED_CODES_H_
