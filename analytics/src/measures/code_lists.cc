#include "measures/code_lists.h"

#include <algorithm>

#include "absl/strings/str_format.h"
#include "base/status.h"

namespace tally::analytics {
namespace {

constexpr size_t kRangeEnd = 3;  // characters of an end of a range

bool IsCodePrefix(std::string_view code) {
  if (code.empty() || code.size() > 15) return false;
  return std::all_of(code.begin(), code.end(), [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  });
}

bool IsRangeEnd(std::string_view code) {
  return code.size() == kRangeEnd && code[0] >= 'A' && code[0] <= 'Z' &&
         code[1] >= '0' && code[1] <= '9' && code[2] >= '0' && code[2] <= '9';
}

// Appends the prefixes of one entry; false if it is none.
bool AppendPrefixes(std::string_view entry, std::vector<std::string>& out) {
  const size_t dash = entry.find('-');
  if (dash == std::string_view::npos) {
    out.emplace_back(entry);
    return IsCodePrefix(entry);
  }
  const std::string_view from = entry.substr(0, dash);
  const std::string_view to = entry.substr(dash + 1);
  if (!IsRangeEnd(from) || !IsRangeEnd(to) || from[0] != to[0] || to < from) {
    return false;
  }
  const auto number = [](std::string_view code) {
    return (code[1] - '0') * 10 + (code[2] - '0');
  };
  for (int i = number(from); i <= number(to); ++i) {
    out.push_back(absl::StrFormat("%c%02d", from[0], i));
  }
  return true;
}

}  // namespace

absl::StatusOr<std::vector<std::string>> ReadCodePrefixes(
    const TomlTable& table, std::string_view key) {
  TALLY_ASSIGN_OR_RETURN(const std::vector<std::string> entries,
                         table.GetStrings(key));
  std::vector<std::string> prefixes;
  for (const std::string& entry : entries) {
    if (!AppendPrefixes(entry, prefixes)) {
      return table.ErrorAt(
          table.Find(key)->line(),
          "a code is capitals and digits, or a range such as C00-C97");
    }
  }
  return prefixes;
}

bool HasPrefix(std::string_view code,
               const std::vector<std::string>& prefixes) {
  return std::any_of(
      prefixes.begin(), prefixes.end(),
      [&](const std::string& prefix) { return code.starts_with(prefix); });
}

}  // namespace tally::analytics
