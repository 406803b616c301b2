#include "analytics/dashboard/wording.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_format.h"
#include "analytics/dashboard/page_model.h"
#include "base/civil_day.h"
#include "base/status.h"
#include "disclosure/number_text.h"

namespace tally::analytics {
namespace {

constexpr size_t kMonthLength = 7;  // 2026-10
constexpr size_t kDayLength = 10;   // 2026-10-31

bool IsDigit(std::string_view text, size_t at) {
  return at < text.size() &&
         absl::ascii_isdigit(static_cast<unsigned char>(text[at]));
}

// The length of the date that begins at `at`; 0 if none does.
size_t DateLength(std::string_view text, size_t at) {
  if (at > 0 && (IsDigit(text, at - 1) || text[at - 1] == '-')) return 0;
  const auto like = [&](size_t length) {
    if (text.size() < at + length) return false;
    for (size_t i = 0; i < length; ++i) {
      const bool dash = i == 4 || i == kMonthLength;
      if (dash ? text[at + i] != '-' : !IsDigit(text, at + i)) return false;
    }
    const size_t after = at + length;
    return !IsDigit(text, after) &&
           (after >= text.size() || text[after] != '-');
  };
  if (like(kDayLength)) return kDayLength;
  return like(kMonthLength) ? kMonthLength : 0;
}

// A date as people say it; the text itself if there is no such date.
std::string DateWords(const std::string& text) {
  const bool month = text.size() == kMonthLength;
  const absl::StatusOr<CivilDay> day =
      CivilDay::Parse(month ? text + "-01" : text);
  if (!day.ok()) return text;
  const std::string words = day->ToText();  // "1 October 2026"
  return month ? words.substr(words.find(' ') + 1) : words;
}

// "is above" as "is not above", "lies" as "does not lie".
std::string Denied(ByNumber verb) {
  for (const std::string_view first : {"is", "was"}) {
    const bool alone = verb.one == first;
    if (!alone && !verb.one.starts_with(std::string(first) + " ")) continue;
    return absl::StrFormat("%s not%s", std::string(first),
                           std::string(verb.one.substr(first.size())));
  }
  return "does not " + std::string(verb.many);
}

}  // namespace

std::optional<std::string> Spoken(const GatedCell& cell) {
  if (cell.suppressed() || cell.state() == GatedCell::State::kNotAvailable) {
    return std::nullopt;
  }
  return DisplayText(cell);
}

std::optional<std::string> Spoken(std::string_view text) {
  return std::string(text);
}

std::optional<std::string> Spoken(int64_t number) {
  return WithThousands(absl::StrFormat("%d", number));
}

std::optional<std::string> SayParts(
    std::string_view pattern,
    const std::vector<std::optional<std::string>>& parts) {
  std::string text;
  for (size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] != '$' || i + 1 == pattern.size()) {
      text += pattern[i];
      continue;
    }
    ++i;
    if (pattern[i] == '$') {
      text += '$';
      continue;
    }
    const auto place = static_cast<size_t>(pattern[i] - '0');
    TALLY_CHECK(IsDigit(pattern, i) && place < parts.size());
    if (!parts[place].has_value()) return std::nullopt;
    text += *parts[place];
  }
  return text;
}

std::string FirstSaid(std::initializer_list<std::optional<std::string>> texts,
                      std::string_view otherwise) {
  for (const std::optional<std::string>& text : texts) {
    if (text.has_value()) return *text;
  }
  return std::string(otherwise);
}

std::optional<std::string> SayInterval(const GatedCell& value,
                                       const GatedCell& low,
                                       const GatedCell& high) {
  for (const GatedCell* cell : {&value, &low, &high}) {
    if (!cell->number().has_value()) return std::nullopt;
  }
  return IntervalText(value.text(), low.text(), high.text());
}

std::string IntervalText(const std::string& value, const std::string& low,
                         const std::string& high) {
  const auto decimals_of = [](const std::string& text) {
    const size_t point = text.find('.');
    return point == std::string::npos
               ? 0
               : static_cast<int>(text.size() - point - 1);
  };
  const int decimals =
      std::min({decimals_of(value), decimals_of(low), decimals_of(high)});
  const auto say = [&](const std::string& text) {
    return WithThousands(
        FixedDecimals(std::strtod(text.c_str(), nullptr), decimals));
  };
  return absl::StrFormat("%s (%s to %s)", say(value), say(low), say(high));
}

std::string Counted(int64_t number, ByNumber what) {
  if (number == 0) return absl::StrFormat("no %s", std::string(what.many));
  return absl::StrFormat("%s %s", WithThousands(absl::StrFormat("%d", number)),
                         std::string(number == 1 ? what.one : what.many));
}

std::string PartOf(int64_t part, int64_t all, ByNumber what, ByNumber verb) {
  TALLY_CHECK(0 <= part && part <= all);
  const std::string things =
      absl::StrFormat("%s %s", WithThousands(absl::StrFormat("%d", all)),
                      std::string(all == 1 ? what.one : what.many));
  if (all == 1 && verb.one != verb.many) {
    return absl::StrFormat("the only %s %s", std::string(what.one),
                           part == 1 ? std::string(verb.one) : Denied(verb));
  }
  const bool every = part == all && all > 1;
  const std::string subject =
      part == 0 ? "none of " + things
      : every
          ? "all " + things
          : absl::StrFormat("%s of %s",
                            WithThousands(absl::StrFormat("%d", part)), things);
  const std::string_view does = part <= 1 ? verb.one : verb.many;
  return does.empty() ? subject
                      : absl::StrFormat("%s %s", subject, std::string(does));
}

std::string NumberOrNone(int64_t number) {
  return number == 0 ? "none" : WithThousands(absl::StrFormat("%d", number));
}

std::string AboveAndBelow(int64_t high, int64_t low, int64_t all, ByNumber what,
                          std::string_view line) {
  TALLY_CHECK(0 <= high && 0 <= low && 0 < all && high + low <= all);
  if (all == 1) {
    const std::string_view where = high == 1  ? "above"
                                   : low == 1 ? "below"
                                              : "neither above nor below";
    return absl::StrFormat("the only %s lies %s %s", what.one, where, line);
  }
  const std::string above = PartOf(high, all, what, {"lies", "lie"});
  return high + low == 0 ? absl::StrFormat("%s above or below %s", above, line)
                         : absl::StrFormat("%s above %s, %s below", above, line,
                                           NumberOrNone(low));
}

std::string FromTo(std::string_view low, std::string_view high,
                   std::string_view unit) {
  if (low == high) {
    return absl::StrFormat("every printed value is %s %s", std::string(low),
                           std::string(unit));
  }
  return absl::StrFormat("from %s to %s %s", std::string(low),
                         std::string(high), std::string(unit));
}

std::string Extremes(std::string_view high_name, std::string_view high,
                     std::string_view low_name, std::string_view low) {
  if (low == high) {
    return "Every printed value is " + std::string(low);
  }
  return absl::StrFormat("Highest: %s with %s; lowest: %s with %s",
                         std::string(high_name), std::string(high),
                         std::string(low_name), std::string(low));
}

std::string Capitalised(std::string text) {
  if (!text.empty()) {
    text[0] = absl::ascii_toupper(static_cast<unsigned char>(text[0]));
  }
  return text;
}

std::string MonthInWords(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size();) {
    const size_t length = DateLength(text, i);
    if (length == 0) {
      out += text[i++];
      continue;
    }
    out += DateWords(std::string(text.substr(i, length)));
    i += length;
  }
  return out;
}

}  // namespace tally::analytics
