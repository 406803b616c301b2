#include "dataset/rounding.h"

#include <algorithm>
#include <charconv>

#include "absl/strings/str_format.h"

namespace tally::dataset {

std::string RoundCount(uint64_t count) {
  if (count == 0) return "0";
  if (count <= 7) return "*";
  // The nearest multiple of 5: remainders 1 and 2 go down, 3 and 4 go up.
  const uint64_t down = count - count % 5;
  const bool up = count % 5 >= 3 && down <= UINT64_MAX - 5;
  return absl::StrFormat("%u", up ? down + 5 : down);
}

bool IsRoundedCount(std::string_view text) {
  if (text == "0" || text == "*") return true;
  if (text.empty() || text.size() > 20 || text.front() == '0') return false;
  uint64_t count = 0;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), count);
  return error == std::errc() && end == text.data() + text.size() &&
         count >= 10 && count % 5 == 0;
}

}  // namespace tally::dataset
