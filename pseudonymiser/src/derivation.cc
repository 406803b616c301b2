#include "derivation.h"

#include <algorithm>

#include "text_tools.h"

namespace tally::pseudonymiser {
namespace {

using dataset::DerivationInput;

constexpr int32_t kFirstYear = 1850;
constexpr int32_t kLastYear = 2200;
constexpr int32_t kOldestAge = 130;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

std::optional<int32_t> ReadYear(std::string_view text) {
  if (text.size() != 4 || !std::all_of(text.begin(), text.end(), IsDigit)) {
    return std::nullopt;
  }
  const int32_t year = static_cast<int32_t>(*ReadInteger(text));
  if (year < kFirstYear || year > kLastYear) return std::nullopt;
  return year;
}

// MMYYYY, as some hospital extracts write a birth date.
std::optional<int32_t> ReadMonthYear(std::string_view text) {
  if (text.size() != 6 || !std::all_of(text.begin(), text.end(), IsDigit)) {
    return std::nullopt;
  }
  const int32_t month = static_cast<int32_t>(*ReadInteger(text.substr(0, 2)));
  if (month < 1 || month > 12) return std::nullopt;
  return ReadYear(text.substr(2));
}

// An age in years: "28", also "28.0".
std::optional<int32_t> ReadAge(std::string_view text) {
  const size_t dot = text.find('.');
  if (dot != std::string_view::npos) {
    const std::string_view fraction = text.substr(dot + 1);
    if (fraction.empty() ||
        !std::all_of(fraction.begin(), fraction.end(), IsDigit)) {
      return std::nullopt;
    }
    text = text.substr(0, dot);
  }
  const std::optional<int64_t> age = ReadInteger(text);
  if (!age) return std::nullopt;
  if (*age >= 7001 && *age <= 7007) return 0;
  if (*age < 0 || *age > kOldestAge) return std::nullopt;
  return static_cast<int32_t>(*age);
}

}  // namespace

std::optional<int32_t> ReadBirthYear(std::string_view text,
                                     DerivationInput input,
                                     const DateReader& dates) {
  if (input == DerivationInput::kYearOfBirth) return ReadYear(text);
  if (const auto day = dates.Day(text)) return day->year();
  if (const auto year = ReadMonthYear(text)) return year;
  return input == DerivationInput::kAny ? ReadYear(text) : std::nullopt;
}

int32_t CapBirthYear(int32_t year, int32_t financial_year) {
  return std::max(year, financial_year - kAgeCap);
}

std::optional<int32_t> AgeInFinancialYear(std::string_view text,
                                          DerivationInput input, CivilDay event,
                                          const DateReader& dates) {
  std::optional<int32_t> year;
  if (input != DerivationInput::kAge) year = ReadBirthYear(text, input, dates);
  if (!year &&
      (input == DerivationInput::kAge || input == DerivationInput::kAny)) {
    if (const std::optional<int32_t> age = ReadAge(text)) {
      year = event.year() - *age;
    }
  }
  if (!year) return std::nullopt;
  return std::clamp(event.FinancialYear() - *year, 0, kAgeCap);
}

bool IsLsoa21(std::string_view text) {
  return text.size() == 9 && (text[0] == 'E' || text[0] == 'W') &&
         std::all_of(text.begin() + 1, text.end(), IsDigit) &&
         text.substr(1, 2) == "01";
}

std::optional<std::string> NormaliseIcd10(std::string_view text) {
  std::string code;
  for (const char raw : text) {
    if (raw == '.' || raw == ' ') continue;
    code.push_back(ToUpper(raw));
  }
  if (code.size() < 3 || code.size() > 7) return std::nullopt;
  if (code[0] < 'A' || code[0] > 'Z' || !IsDigit(code[1]) ||
      !IsDigit(code[2])) {
    return std::nullopt;
  }
  const std::string_view marks = std::string_view(code).substr(3);
  for (const char c : marks) {
    if (!IsDigit(c) && c != 'X' && c != 'D' && c != 'A' && c != '-' &&
        c != '+' && c != '*') {
      return std::nullopt;
    }
  }
  code.resize(!marks.empty() && IsDigit(marks[0]) ? 4 : 3);
  return code;
}

std::optional<int32_t> ReadHour(std::string_view text,
                                const DateReader& dates) {
  if (const auto time = ReadTime(text)) return *time / 60;
  if (const auto stamp = dates.Stamp(text)) return stamp->minute / 60;
  return std::nullopt;
}

}  // namespace tally::pseudonymiser
