#include "demo/activity.h"

#include "absl/strings/str_format.h"
#include "base/civil_day.h"

namespace tally::demo {

int MonthOfDay(int day) {
  const CivilDay date = CivilDay::FromDays(day).value();
  return date.year() * 12 + date.month() - 1;
}

std::string MonthText(int month) {
  return absl::StrFormat("%04d-%02d", month / 12, month % 12 + 1);
}

std::string IsoDay(int day) {
  return day == kNoDay ? std::string() : CivilDay::FromDays(day)->ToIso();
}

}  // namespace tally::demo
