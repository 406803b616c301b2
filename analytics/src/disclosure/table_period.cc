#include "disclosure/table_period.h"

#include <charconv>
#include <utility>

#include "absl/strings/str_format.h"

namespace tally::analytics {
namespace {

constexpr int kPeriodYear = 12;
constexpr int kApril = 3;             // of months that begin with 0
constexpr int kLongestPeriod = 1200;  // months: what is longer is a mistake

// A number of exactly so many digits.
std::optional<int> DigitsOf(std::string_view text, size_t digits) {
  int number = 0;
  if (text.size() != digits || text.front() < '0' || text.front() > '9') {
    return std::nullopt;
  }
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) {
    return std::nullopt;
  }
  return number;
}

// "12 months", "3 years": how many months that is.
std::optional<int> LengthOf(std::string_view text) {
  int number = 0;
  const char* const last = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data(), last, number);
  if (error != std::errc() || number < 1 || number > kLongestPeriod) {
    return std::nullopt;
  }
  const std::string_view unit(end, static_cast<size_t>(last - end));
  if (unit == " months" || unit == " month") return number;
  if (unit == " years" || unit == " year") return number * kPeriodYear;
  return std::nullopt;
}

std::optional<MonthSpan> SpanOfYear(std::string_view text) {
  constexpr size_t kYearDigits = 4;
  const auto year = DigitsOf(text.substr(0, kYearDigits), kYearDigits);
  if (!year.has_value()) return std::nullopt;
  const int january = *year * kPeriodYear;
  if (text.size() == kYearDigits) {
    return MonthSpan{january, january + kPeriodYear - 1};
  }
  if (text.size() != kYearDigits + 3 || text[kYearDigits] != '/') {
    return std::nullopt;
  }
  const auto next = DigitsOf(text.substr(kYearDigits + 1), 2);
  if (!next.has_value() || *next != (*year + 1) % 100) return std::nullopt;
  return MonthSpan{january + kApril, january + kApril + kPeriodYear - 1};
}

std::optional<MonthSpan> SpanOfPeriod(std::string_view text) {
  constexpr std::string_view kTo = " to ";
  if (const auto month = ParseMonthLevel(text)) {
    return MonthSpan{*month, *month};
  }
  const size_t to = text.find(kTo);
  if (to == text.npos) return SpanOfYear(text);
  const auto last = ParseMonthLevel(text.substr(to + kTo.size()));
  if (!last.has_value()) return std::nullopt;
  const std::string_view from = text.substr(0, to);
  if (const auto length = LengthOf(from)) {
    return MonthSpan{*last - *length + 1, *last};
  }
  const auto first = ParseMonthLevel(from);
  if (!first.has_value() || *first > *last) return std::nullopt;
  return MonthSpan{*first, *last};
}

}  // namespace

std::optional<int> ParseMonthLevel(std::string_view text) {
  constexpr size_t kDash = 4;
  if (text.size() != kDash + 3 || text[kDash] != '-') return std::nullopt;
  const auto year = DigitsOf(text.substr(0, kDash), kDash);
  const auto month = DigitsOf(text.substr(kDash + 1), 2);
  if (!year.has_value() || !month.has_value()) return std::nullopt;
  if (*month < 1 || *month > kPeriodYear) return std::nullopt;
  return *year * kPeriodYear + *month - 1;
}

std::optional<int> MonthOfKey(std::string_view key) {
  constexpr std::string_view kBefore = "|month=";
  static_assert(kBefore.substr(1, kMonthDimension.size()) == kMonthDimension);
  const size_t at = key.find(kBefore);
  if (at == key.npos) return std::nullopt;
  const std::string_view level = key.substr(at + kBefore.size());
  return ParseMonthLevel(level.substr(0, level.find('|')));
}

TablePeriod::TablePeriod(std::string text)
    : text_(std::move(text)), span_(SpanOfPeriod(text_)), name_(text_) {
  if (span_.has_value()) {
    name_ = absl::StrFormat("%d to %d", span_->first, span_->last);
  }
}

bool TablePeriod::Same(const TablePeriod& other) const {
  return name_ == other.name_;
}

bool TablePeriod::Joins(const TablePeriod& other) const {
  if (Same(other)) return true;
  return span_.has_value() && other.span_.has_value() &&
         (span_->Holds(*other.span_) || other.span_->Holds(*span_));
}

bool TablePeriod::IsAbsolute(std::string_view key) const {
  if (!span_.has_value()) return false;
  const std::optional<int> month = MonthOfKey(key);
  // A table of one month may go back before it.
  return month.has_value() && *month <= span_->last &&
         (!is_range() || *month >= span_->first);
}

}  // namespace tally::analytics
