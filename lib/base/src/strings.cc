#include "base/strings.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>
#include <utility>

#include "absl/strings/str_format.h"

namespace tally {
namespace {

constexpr std::string_view kHex = "0123456789abcdef";
constexpr std::string_view kStandard =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view kUrl =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

bool IsDecimal(char c) { return c >= '0' && c <= '9'; }

char Lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

std::string Encode64(std::span<const uint8_t> bytes, std::string_view alphabet,
                     bool padded) {
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (size_t i = 0; i < bytes.size(); i += 3) {
    const size_t have = std::min<size_t>(3, bytes.size() - i);
    uint32_t group = 0;
    for (size_t j = 0; j < 3; ++j) {
      group = group << 8 | (j < have ? bytes[i + j] : 0U);
    }
    for (size_t j = 0; j < 4; ++j) {
      if (j <= have) {
        out.push_back(alphabet[(group >> (18 - 6 * j)) & 63]);
      } else if (padded) {
        out.push_back('=');
      }
    }
  }
  return out;
}

// Unpadded text to bytes; the caller has dealt with padding.
absl::StatusOr<std::string> Decode64(std::string_view text,
                                     std::string_view alphabet) {
  if (text.size() % 4 == 1) {
    return absl::InvalidArgumentError("Base64 text has an impossible length");
  }
  std::string out;
  out.reserve(text.size() / 4 * 3 + 2);
  uint32_t bits = 0;
  int count = 0;
  for (const char c : text) {
    const size_t value = alphabet.find(c);
    if (value == std::string_view::npos) {
      return absl::InvalidArgumentError(
          "Base64 text has a character outside its alphabet");
    }
    bits = (bits << 6 | static_cast<uint32_t>(value)) & 0xffffff;
    count += 6;
    if (count >= 8) {
      count -= 8;
      out.push_back(static_cast<char>((bits >> count) & 0xff));
    }
  }
  if ((bits & ((1U << count) - 1)) != 0) {
    return absl::InvalidArgumentError(
        "Base64 text has spare bits that are set");
  }
  return out;
}

int HexValue(char c) {
  if (IsDecimal(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

struct Unit {
  std::string_view name;
  int64_t factor;
};

// Digits and a unit out of `units`, as int64 with overflow checked.
template <size_t N>
std::optional<int64_t> ParseWithUnit(std::string_view text,
                                     const std::array<Unit, N>& units) {
  size_t digits = 0;
  while (digits < text.size() && IsDecimal(text[digits])) ++digits;
  if (digits == 0) return std::nullopt;
  int64_t number = 0;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + digits, number);
  if (error != std::errc()) return std::nullopt;
  const std::string_view name = text.substr(digits);
  for (const Unit& unit : units) {
    if (unit.name != name) continue;
    int64_t product = 0;
    if (__builtin_mul_overflow(number, unit.factor, &product)) {
      return std::nullopt;
    }
    return product;
  }
  return std::nullopt;
}

// Optimal string alignment distance: insert, delete, replace, swap neighbours.
size_t EditDistance(std::string_view a, std::string_view b) {
  std::vector<size_t> before(b.size() + 1);
  std::vector<size_t> previous(b.size() + 1);
  std::vector<size_t> current(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) previous[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    current[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t differ = Lower(a[i - 1]) == Lower(b[j - 1]) ? 0 : 1;
      current[j] = std::min(
          {previous[j] + 1, current[j - 1] + 1, previous[j - 1] + differ});
      if (i > 1 && j > 1 && Lower(a[i - 1]) == Lower(b[j - 2]) &&
          Lower(a[i - 2]) == Lower(b[j - 1])) {
        current[j] = std::min(current[j], before[j - 2] + 1);
      }
    }
    std::swap(before, previous);
    std::swap(previous, current);
  }
  return previous[b.size()];
}

}  // namespace

std::string HexEncode(std::span<const uint8_t> bytes) {
  std::string out;
  out.reserve(bytes.size() * 2);
  for (const uint8_t byte : bytes) {
    out.push_back(kHex[byte >> 4]);
    out.push_back(kHex[byte & 15]);
  }
  return out;
}

absl::StatusOr<std::string> HexDecode(std::string_view text) {
  if (text.size() % 2 != 0) {
    return absl::InvalidArgumentError("hexadecimal text has an odd length");
  }
  std::string out;
  out.reserve(text.size() / 2);
  for (size_t i = 0; i < text.size(); i += 2) {
    const int high = HexValue(text[i]);
    const int low = HexValue(text[i + 1]);
    if (high < 0 || low < 0) {
      return absl::InvalidArgumentError(
          "hexadecimal text has a character other than 0-9 and a-f");
    }
    out.push_back(static_cast<char>(high * 16 + low));
  }
  return out;
}

std::string Base64Encode(std::span<const uint8_t> bytes) {
  return Encode64(bytes, kStandard, /*padded=*/true);
}

absl::StatusOr<std::string> Base64Decode(std::string_view text) {
  if (text.size() % 4 != 0) {
    return absl::InvalidArgumentError("Base64 text is not padded");
  }
  if (text.ends_with("==")) {
    text.remove_suffix(2);
  } else if (text.ends_with("=")) {
    text.remove_suffix(1);
  }
  return Decode64(text, kStandard);
}

std::string Base64UrlEncode(std::span<const uint8_t> bytes) {
  return Encode64(bytes, kUrl, /*padded=*/false);
}

absl::StatusOr<std::string> Base64UrlDecode(std::string_view text) {
  return Decode64(text, kUrl);
}

absl::StatusOr<int64_t> ParseSize(std::string_view text) {
  static constexpr std::array<Unit, 10> kUnits = {{
      {"", 1},
      {"B", 1},
      {"kB", 1000},
      {"MB", 1000000},
      {"GB", 1000000000},
      {"TB", 1000000000000},
      {"KiB", int64_t{1} << 10},
      {"MiB", int64_t{1} << 20},
      {"GiB", int64_t{1} << 30},
      {"TiB", int64_t{1} << 40},
  }};
  const std::optional<int64_t> size = ParseWithUnit(text, kUnits);
  if (size.has_value()) return *size;
  return absl::InvalidArgumentError(
      "not a size: digits and B, kB, MB, GB, TB, KiB, MiB, GiB or TiB, as in "
      "64MiB");
}

absl::StatusOr<int64_t> ParseDurationMs(std::string_view text) {
  static constexpr std::array<Unit, 5> kUnits = {{
      {"ms", 1},
      {"s", 1000},
      {"m", 60000},
      {"h", 3600000},
      {"d", 86400000},
  }};
  const std::optional<int64_t> ms = ParseWithUnit(text, kUnits);
  if (ms.has_value()) return *ms;
  return absl::InvalidArgumentError(
      "not a duration: digits and ms, s, m, h or d, as in 30s");
}

absl::StatusOr<int64_t> ParseInt64(std::string_view text) {
  const std::string_view digits = text.starts_with('-') ? text.substr(1) : text;
  const bool plain = !digits.empty() &&
                     std::all_of(digits.begin(), digits.end(), IsDecimal) &&
                     (digits == "0" || digits[0] != '0') && text != "-0";
  int64_t value = 0;
  if (plain) {
    const auto [end, error] =
        std::from_chars(text.data(), text.data() + text.size(), value);
    if (error == std::errc()) return value;
  }
  return absl::InvalidArgumentError("not a whole number");
}

absl::StatusOr<int64_t> ParseInt64In(std::string_view text, int64_t least,
                                     int64_t most) {
  absl::StatusOr<int64_t> value = ParseInt64(text);
  if (!value.ok() || (*value >= least && *value <= most)) return value;
  return absl::InvalidArgumentError(
      absl::StrFormat("the number is not from %d to %d", least, most));
}

absl::StatusOr<double> ParseDouble(std::string_view text) {
  double value = 0;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() ||
      !std::isfinite(value)) {
    return absl::InvalidArgumentError("not a number");
  }
  return value;
}

std::string FormatSize(int64_t bytes) {
  static constexpr std::array<const char*, 5> kNames = {"B", "KiB", "MiB",
                                                        "GiB", "TiB"};
  if (bytes < 1024 && bytes > -1024) return absl::StrFormat("%d B", bytes);
  auto value = static_cast<double>(bytes);
  size_t unit = 0;
  while (std::abs(value) >= 1023.95 && unit + 1 < kNames.size()) {
    value /= 1024;
    ++unit;
  }
  return absl::StrFormat("%.1f %s", value, kNames[unit]);
}

std::string FormatCount(int64_t count) {
  const std::string digits = std::to_string(count);
  std::string out;
  for (size_t i = 0; i < digits.size(); ++i) {
    const size_t left = digits.size() - i;
    if (left % 3 == 0 && i > 0 && digits[i - 1] != '-') out += ',';
    out += digits[i];
  }
  return out;
}

bool IsResourceId(std::string_view text) {
  if (text.empty() || text.size() > 63) return false;
  if (text[0] < 'a' || text[0] > 'z') return false;
  return std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || IsDecimal(c) || c == '-';
  });
}

std::string NearestMatch(std::string_view word,
                         std::span<const std::string> candidates) {
  // A third of the word may be wrong, at least one letter of three or more.
  const std::string* best = nullptr;
  size_t best_distance = std::numeric_limits<size_t>::max();
  for (const std::string& candidate : candidates) {
    const size_t longer = std::max(word.size(), candidate.size());
    const size_t allowed = longer < 3 ? 0 : (longer + 2) / 3;
    const size_t distance = EditDistance(word, candidate);
    if (distance <= allowed && distance < best_distance) {
      best = &candidate;
      best_distance = distance;
    }
  }
  return best == nullptr ? std::string() : *best;
}

std::string JoinText(std::span<const std::string> parts,
                     std::string_view separator) {
  std::string out;
  for (const std::string& part : parts) {
    if (!out.empty() || &part != parts.data()) out.append(separator);
    out.append(part);
  }
  return out;
}

bool IsValidUtf8(std::string_view text) {
  size_t i = 0;
  while (i < text.size()) {
    const auto lead = static_cast<uint8_t>(text[i]);
    if (lead < 0x80) {
      ++i;
      continue;
    }
    const size_t extra = lead >= 0xf0 ? 3 : lead >= 0xe0 ? 2 : 1;
    if (lead < 0xc2 || lead > 0xf4 || i + extra >= text.size()) return false;
    uint32_t code = lead & (0x3fU >> extra);
    for (size_t j = 1; j <= extra; ++j) {
      const auto next = static_cast<uint8_t>(text[i + j]);
      if ((next & 0xc0) != 0x80) return false;
      code = code << 6 | (next & 0x3fU);
    }
    static constexpr std::array<uint32_t, 4> kLeast = {0, 0x80, 0x800, 0x10000};
    if (code < kLeast[extra] || code > 0x10ffff) return false;
    if (code >= 0xd800 && code <= 0xdfff) return false;
    i += extra + 1;
  }
  return true;
}

}  // namespace tally
