#include "value_reader.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <utility>

#include "text_tools.h"

namespace tally::pseudonymiser {
namespace {

bool IsTimeDigit(char c) { return c >= '0' && c <= '9'; }

uint64_t LengthBit(size_t length) {
  return uint64_t{1} << std::min<size_t>(length, 63);
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

bool NullMarkers::IsNull(std::string_view text) const {
  if (text.empty()) return true;
  if ((lengths_ & LengthBit(text.size())) == 0) return false;
  return std::find(markers_.begin(), markers_.end(), text) != markers_.end();
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
