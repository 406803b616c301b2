// Sentences made of printed figures. A title states a finding; where a figure
// of the finding is not printed there is no such finding, and the reader is
// told that instead of being shown a `*` in the middle of a sentence. Runs in:
// the analyst's program.
//
//   chart.title = FirstSaid(
//       {Say("$0 % of attendances in $1 were the fourth or later in a year",
//            share, MonthInWords(month))},
//       "Too few attendances were the fourth or later in a year to print a "
//       "share");
//
// Threading: pure functions.
// Secrets: none: printed cells only.
#ifndef TALLY_ANALYTICS_DASHBOARD_WORDING_H_
#define TALLY_ANALYTICS_DASHBOARD_WORDING_H_

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "analytics/disclosure/gated_table.h"

namespace tally::analytics {

// A part of a sentence as it is said; nothing if it is a cell with `*` or NA,
// which cannot be said.
std::optional<std::string> Spoken(const GatedCell& cell);
std::optional<std::string> Spoken(std::string_view text);
std::optional<std::string> Spoken(int64_t number);

// `pattern` with the parts in the places $0 to $9; nothing if one cannot be
// said. "$$" is a dollar sign. REQUIRES: a part for each place.
std::optional<std::string> SayParts(
    std::string_view pattern,
    const std::vector<std::optional<std::string>>& parts);

// The same with cells, texts and whole numbers as parts.
template <typename... Parts>
std::optional<std::string> Say(std::string_view pattern,
                               const Parts&... parts) {
  return SayParts(pattern, {Spoken(parts)...});
}

// The first that could be said, else `otherwise`, which names no figure.
std::string FirstSaid(std::initializer_list<std::optional<std::string>> texts,
                      std::string_view otherwise);

// A figure with its limits, "0.29 (-0.78 to 1.36)", all three with the decimals
// of the one that is printed with fewest; nothing if one is not printed.
std::optional<std::string> SayInterval(const GatedCell& value,
                                       const GatedCell& low,
                                       const GatedCell& high);
// The same from texts of numbers, as they are written to files.
std::string IntervalText(const std::string& value, const std::string& low,
                         const std::string& high);

// What is counted, and a verb, by number.
struct ByNumber {
  std::string_view one;   // "practice", "lies"
  std::string_view many;  // "practices", "lie"
};

// "no practices", "1 practice", "1,204 practices".
std::string Counted(int64_t number, ByNumber what);
// "none of 12 practices lies", "1 of 12 practices lies", "3 of 12 practices
// lie", "all 12 practices lie"; of one: "the only practice lies", "the only
// practice does not lie".
// REQUIRES: 0 <= part <= all.
std::string PartOf(int64_t part, int64_t all, ByNumber what, ByNumber verb);
// "3 of 12 practices lie above the limits, 1 below", "none of 12 practices lies
// above or below the limits"; of one: "the only practice lies above the
// limits", "the only practice lies neither above nor below the limits".
// REQUIRES: 0 <= high, 0 <= low, high + low <= all, 0 < all.
std::string AboveAndBelow(int64_t high, int64_t low, int64_t all, ByNumber what,
                          std::string_view line);
// "none" or "3".
std::string NumberOrNone(int64_t number);
// "from 3.1 to 8.2 %"; of two equal texts "every printed value is 3.1 %".
std::string FromTo(std::string_view low, std::string_view high,
                   std::string_view unit);
// "Highest: A with 8.2; lowest: B with 3.1"; of equal texts "Every printed
// value is 3.1".
std::string Extremes(std::string_view high_name, std::string_view high,
                     std::string_view low_name, std::string_view low);
// With a capital letter.
std::string Capitalised(std::string text);

// "2026-10" as "October 2026", "2026-10-31" as "31 October 2026", also inside
// other text: "2025-11 to 2026-10".
std::string MonthInWords(std::string_view text);

}  // namespace tally::analytics

#endif  // TALLY_ANALYTICS_DASHBOARD_WORDING_H_
