#ifndef TALLY_PSEUDONYMISER_NUMBER_SET_H_
#define TALLY_PSEUDONYMISER_NUMBER_SET_H_

// A fixed set of NHS Numbers: who is on an opt-out list, who is on the list of
// those whose data may be used. Four bytes a number, and never more than
// 125 MB: a long list becomes a bit map over all stems.
//
// Threading: immutable after Create.
// Secrets: holds numbers of people; nothing prints them.

#include <cstddef>
#include <cstdint>
#include <vector>

#include "pseudonymiser/nhs_number.h"

namespace tally::pseudonymiser {

class NumberSet {
 public:
  // The empty set.
  NumberSet() = default;

  // The numbers of these stems; repeats count once. Cost: a sort.
  static NumberSet FromStems(std::vector<uint32_t> stems);

  // Cost: a few steps, one or two cache misses.
  bool Contains(NhsNumber number) const;
  size_t size() const { return size_; }

 private:
  static constexpr uint32_t kStems = 1'000'000'000;
  static constexpr uint32_t kGroupShift = 14;

  std::vector<uint32_t> stems_;        // ascending; empty with a bit map
  std::vector<uint32_t> group_begin_;  // where stems of each group begin
  std::vector<uint64_t> bits_;
  size_t size_ = 0;
};

}  // namespace tally::pseudonymiser

#endif  // TALLY_PSEUDONYMISER_NUMBER_SET_H_
