#ifndef TALLY_PSEUDONYMISER_SRC_TEXT_TOOLS_H_
#define TALLY_PSEUDONYMISER_SRC_TEXT_TOOLS_H_

// Small helpers on field texts: white space, case, keys of addresses.
//
// Threading: pure functions.
// Secrets: see values, keep none.

#include <cstdint>
#include <string>
#include <string_view>

namespace tally::pseudonymiser {

inline bool IsBlank(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\v' ||
         c == '\f';
}

// Without white space around.
inline std::string_view Trim(std::string_view text) {
  // All that is blank is a space or lies below it.
  const auto may_be_blank = [](char c) {
    return static_cast<uint8_t>(c) <= ' ';
  };
  if (text.empty() ||
      (!may_be_blank(text.front()) && !may_be_blank(text.back()))) {
    return text;
  }
  size_t begin = 0;
  size_t end = text.size();
  while (begin < end && IsBlank(text[begin])) ++begin;
  while (end > begin && IsBlank(text[end - 1])) --end;
  return text.substr(begin, end - begin);
}

inline char ToLower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
}
inline char ToUpper(char c) {
  return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
}
inline std::string ToLower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = ToLower(c);
  return lower;
}

// An address key: upper case, single spaces.
inline std::string AddressKey(std::string_view text) {
  std::string key;
  for (const char c : Trim(text)) {
    if (IsBlank(c)) {
      if (!key.empty() && key.back() != ' ') key.push_back(' ');
    } else {
      key.push_back(ToUpper(c));
    }
  }
  return key;
}

}  // namespace tally::pseudonymiser

#endif  // TALLY_PSEUDONYMISER_SRC_TEXT_TOOLS_H_
