#include "pseudonymiser/number_set.h"

#include <algorithm>
#include <utility>

namespace tally::pseudonymiser {
namespace {

// Above this a bit map of all stems is smaller than the stems themselves.
constexpr size_t kMapFrom = 1'000'000'000 / 32;

}  // namespace

NumberSet NumberSet::FromStems(std::vector<uint32_t> stems) {
  NumberSet set;
  if (stems.size() > kMapFrom) {
    set.bits_.resize(kStems / 64 + 1);
    for (const uint32_t stem : stems) {
      uint64_t& word = set.bits_[stem / 64];
      const uint64_t bit = uint64_t{1} << (stem % 64);
      if ((word & bit) == 0) ++set.size_;
      word |= bit;
    }
    return set;
  }
  std::sort(stems.begin(), stems.end());
  stems.erase(std::unique(stems.begin(), stems.end()), stems.end());
  const uint32_t groups = (kStems >> kGroupShift) + 1;
  set.group_begin_.resize(groups + 1);
  size_t at = 0;
  for (uint32_t group = 0; group <= groups; ++group) {
    while (at < stems.size() && (stems[at] >> kGroupShift) < group) ++at;
    set.group_begin_[group] = static_cast<uint32_t>(at);
  }
  set.size_ = stems.size();
  set.stems_ = std::move(stems);
  return set;
}

bool NumberSet::Contains(NhsNumber number) const {
  const uint32_t stem = number.stem();
  if (!bits_.empty()) return (bits_[stem / 64] >> (stem % 64) & 1) != 0;
  if (stems_.empty()) return false;
  const uint32_t group = stem >> kGroupShift;
  return std::binary_search(stems_.begin() + group_begin_[group],
                            stems_.begin() + group_begin_[group + 1], stem);
}

}  // namespace tally::pseudonymiser
