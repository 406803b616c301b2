#include "analytics/disclosure/profile.h"

#include <algorithm>

#include "absl/strings/str_format.h"
#include "base/exit_code.h"
#include "base/status.h"
#include "base/strings.h"

namespace tally::analytics {
namespace {

constexpr int64_t kRoundTo = 5;
constexpr int64_t kHalf = 2;  // 5 / 2 for whole numbers: there is no tie
constexpr int64_t kMidpointGroup = 6;

}  // namespace

const std::vector<std::string>& Profile::Names() {
  static const auto& names =
      *new std::vector<std::string>{"nhs-subnational", "nhs-national",
                                    "opensafely", "midpoint6", "threshold10"};
  return names;
}

absl::StatusOr<Profile> Profile::Named(std::string_view name) {
  Profile p;
  p.name_ = std::string(name);
  if (name == "nhs-subnational") {
    p.hidden_ = {1, 7};
    p.strictness_ = 2;
    p.description_ =
        "0 is shown as 0, 1 to 7 as *, other counts and totals each to the "
        "nearest 5";
  } else if (name == "nhs-national") {
    p.exact_ = true;
    p.strictness_ = 0;
    p.description_ = "counts are shown unchanged (whole country only)";
  } else if (name == "opensafely") {
    p.hidden_ = {0, 7};
    p.strictness_ = 3;
    p.description_ =
        "0 to 7 are shown as *, other counts and totals each to the nearest 5";
  } else if (name == "midpoint6") {
    p.midpoint_ = true;
    p.strictness_ = 1;
    p.description_ =
        "0 is shown as 0, other counts and totals each as the middle of their "
        "group of six";
  } else if (name == "threshold10") {
    p.hidden_ = {0, 9};
    p.minimum_people_ = 10;
    p.zero_is_disclosive_ = true;
    p.strictness_ = 4;
    p.description_ =
        "0 to 9 are shown as *, other counts and totals each to the nearest 5";
  } else {
    const std::string near = NearestMatch(name, Names());
    return UsageError(absl::StrFormat(
        "there is no disclosure profile %s%s; profiles are %s", name,
        near.empty() ? "" : absl::StrFormat(" (did you mean %s?)", near),
        JoinText(Names(), ", ")));
  }
  return p;
}

int64_t Profile::MidpointOf(int64_t count) {
  if (count == 0) return 0;
  return (count + kMidpointGroup - 1) / kMidpointGroup * kMidpointGroup -
         kMidpointGroup / 2;
}

CountRange Profile::RangeOfMidpoint(int64_t printed) {
  if (printed == 0) return {0, 0};
  return {printed - 2, printed + 3};
}

std::optional<int64_t> Profile::PrintCount(int64_t count) const {
  TALLY_CHECK(count >= 0);
  if (exact_) return count;
  if (midpoint_) return MidpointOf(count);
  if (count >= hidden_.low && count <= hidden_.high) return std::nullopt;
  return (count + kHalf) / kRoundTo * kRoundTo;
}

CountRange Profile::RangeOfPrinted(int64_t printed) const {
  if (exact_ || printed == 0) return {printed, printed};
  if (midpoint_) return RangeOfMidpoint(printed);
  return {std::max(printed - kHalf, hidden_.high + 1), printed + kHalf};
}

}  // namespace tally::analytics
