#include "value_reader.h"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstring>
#include <utility>

#include "text_tools.h"

namespace tally::pseudonymiser {
namespace {

bool IsTimeDigit(char c) { return c >= '0' && c <= '9'; }

// What digits at the beginning of a text come to, and how many they are.
struct DigitRun {
  uint64_t value = 0;
  size_t digits = 0;
};

// Whether all eight characters are digits.
bool AreDigits(uint64_t eight) {
  constexpr uint64_t kHigh = 0xF0F0'F0F0'F0F0'F0F0;
  constexpr uint64_t kZeroes = 0x3030'3030'3030'3030;
  constexpr uint64_t kSix = 0x0606'0606'0606'0606;
  return (eight & kHigh) == kZeroes && ((eight + kSix) & kHigh) == kZeroes;
}

// The number that eight digits stand for, the first in the lowest byte: pairs
// first, then fours, then all.
uint64_t EightDigits(uint64_t eight) {
  eight -= 0x3030'3030'3030'3030;
  eight = eight * 10 + (eight >> 8);
  constexpr uint64_t kPairs = 0x0000'00FF'0000'00FF;
  return ((eight & kPairs) * 0x000F'4240'0000'0064 +
          ((eight >> 16) & kPairs) * 0x0000'2710'0000'0001) >>
         32;
}

// Reads digits at `at`, at most 18, which cannot overflow.
DigitRun ReadDigits(const char* at, const char* end) {
  static_assert(std::endian::native == std::endian::little);
  DigitRun run;
  const char* const begin = at;
  const char* const last = end - at > 18 ? at + 18 : end;
  while (last - at >= 8) {
    uint64_t eight = 0;
    std::memcpy(&eight, at, 8);
    if (!AreDigits(eight)) break;
    run.value = run.value * 100'000'000 + EightDigits(eight);
    at += 8;
  }
  for (; at < last && IsTimeDigit(*at); ++at) {
    run.value = run.value * 10 + static_cast<uint64_t>(*at - '0');
  }
  run.digits = static_cast<size_t>(at - begin);
  return run;
}

// A number of the form 123 or 123.45 that a double holds exactly once its dot
// is taken out, and a power of ten that it holds exactly too: their quotient is
// rounded once, so it is the nearest double. Empty for any other text.
std::optional<double> ReadPlainDecimal(std::string_view text) {
  constexpr std::array<double, 16> kPowers = {1e0,  1e1,  1e2,  1e3, 1e4,  1e5,
                                              1e6,  1e7,  1e8,  1e9, 1e10, 1e11,
                                              1e12, 1e13, 1e14, 1e15};
  const char* const end = text.data() + text.size();
  const DigitRun whole = ReadDigits(text.data(), end);
  if (whole.digits == 0 || whole.digits > 15) return std::nullopt;
  const char* at = text.data() + whole.digits;
  if (at == end) return static_cast<double>(whole.value);
  if (*at != '.') return std::nullopt;
  const DigitRun part = ReadDigits(++at, end);
  if (part.digits == 0 || whole.digits + part.digits > 15 ||
      at + part.digits != end) {
    return std::nullopt;
  }
  uint64_t all = whole.value;
  for (size_t i = 0; i < part.digits; ++i) all *= 10;
  return static_cast<double>(all + part.value) / kPowers[part.digits];
}

// Two digits at `pos`, below `limit`.
std::optional<int32_t> TwoDigits(std::string_view text, size_t pos,
                                 int32_t limit) {
  if (pos + 2 > text.size() || !IsTimeDigit(text[pos]) ||
      !IsTimeDigit(text[pos + 1])) {
    return std::nullopt;
  }
  const int32_t value = (text[pos] - '0') * 10 + (text[pos + 1] - '0');
  if (value >= limit) return std::nullopt;
  return value;
}

}  // namespace

NullMarkers::NullMarkers(std::vector<std::string> markers)
    : markers_(std::move(markers)) {
  for (const std::string& marker : markers_) {
    lengths_ |= LengthBit(marker.size());
  }
}

bool NullMarkers::IsMarker(std::string_view text) const {
  return std::any_of(markers_.begin(), markers_.end(),
                     [text](const std::string& marker) {
                       return marker.size() == text.size() &&
                              marker.front() == text.front() && marker == text;
                     });
}

DateReader::DateReader(std::string format)
    : format_(std::move(format)), date_format_(format_) {
  const size_t time = date_format_.find("%H");
  if (time != std::string::npos && time > 0) {
    date_format_.resize(time - 1);  // and the space or "T" before it
    if (!CivilDay::CheckFormat(date_format_).ok()) date_format_ = format_;
  }
}

std::optional<CivilDay> DateReader::Day(std::string_view text) const {
  const absl::StatusOr<CivilDay> day = CivilDay::Parse(text, format_);
  if (!day.ok()) return std::nullopt;
  return *day;
}

std::optional<TimeStamp> DateReader::Stamp(std::string_view text) const {
  const size_t split = text.find_last_of(" T");
  if (split == std::string_view::npos) return std::nullopt;
  const absl::StatusOr<CivilDay> day =
      CivilDay::Parse(text.substr(0, split), date_format_);
  const std::optional<int32_t> minute = ReadTime(text.substr(split + 1));
  if (!day.ok() || !minute) return std::nullopt;
  return TimeStamp{.day = *day, .minute = *minute};
}

std::optional<int32_t> ReadTime(std::string_view text) {
  const std::optional<int32_t> hour = TwoDigits(text, 0, 24);
  if (!hour) return std::nullopt;
  const bool colon = text.size() > 2 && text[2] == ':';
  const size_t minute_at = colon ? 3 : 2;
  const std::optional<int32_t> minute = TwoDigits(text, minute_at, 60);
  if (!minute) return std::nullopt;
  size_t pos = minute_at + 2;
  if (colon && pos < text.size() && text[pos] == ':') {
    if (!TwoDigits(text, pos + 1, 60)) return std::nullopt;
    pos += 3;
    if (pos < text.size() && text[pos] == '.') {
      do {
        ++pos;
      } while (pos < text.size() && IsTimeDigit(text[pos]));
      if (text.back() == '.') return std::nullopt;
    }
  }
  if (pos != text.size()) return std::nullopt;
  return *hour * 60 + *minute;
}

std::optional<bool> ReadBool(std::string_view text) {
  if (text == "1") return true;
  if (text == "0") return false;
  constexpr std::array<std::string_view, 5> kTrue = {"1", "y", "t", "yes",
                                                     "true"};
  constexpr std::array<std::string_view, 5> kFalse = {"0", "n", "f", "no",
                                                      "false"};
  if (text.size() > 5) return std::nullopt;
  const std::string word = ToLower(text);
  if (std::find(kTrue.begin(), kTrue.end(), word) != kTrue.end()) return true;
  if (std::find(kFalse.begin(), kFalse.end(), word) != kFalse.end()) {
    return false;
  }
  return std::nullopt;
}

std::optional<int64_t> ReadInteger(std::string_view text) {
  const DigitRun plain = ReadDigits(text.data(), text.data() + text.size());
  if (plain.digits == text.size() && plain.digits != 0) {
    return static_cast<int64_t>(plain.value);
  }
  if (!text.empty() && text.front() == '+') {
    text.remove_prefix(1);
    if (text.empty() || !IsTimeDigit(text.front())) return std::nullopt;
  }
  int64_t value = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || stop != end) return std::nullopt;
  return value;
}

std::optional<double> ReadDouble(std::string_view text) {
  if (const auto plain = ReadPlainDecimal(text)) return plain;
  if (!text.empty() && text.front() == '+') {
    text.remove_prefix(1);
    if (text.empty() || text.front() == '-') return std::nullopt;
  }
  double value = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] =
      std::from_chars(text.data(), end, value, std::chars_format::general);
  if (error != std::errc() || stop != end || !std::isfinite(value)) {
    return std::nullopt;
  }
  return value == 0 ? 0.0 : value;
}

}  // namespace tally::pseudonymiser
