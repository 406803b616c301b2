// Statistical process control of a monthly series: XmR charts with the rules
// that the NHS reads them by.
//
// Ref: NHS England, Making Data Count; W. A. Shewhart's individuals chart with
// limits at mean -+ 2.66 times the mean moving range.
// Threading: pure functions.  Secrets: none.
#ifndef TALLY_ANALYTICS_STATISTICS_SPC_H_
#define TALLY_ANALYTICS_STATISTICS_SPC_H_

#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace tally::analytics {

// What is an improvement.
enum class Direction { kHigherIsBetter, kLowerIsBetter, kNeither };

// The two published ways to take the mean moving range.
enum class SpcMode {
  kScreened,  // ranges of 3.267 times the mean range or more are left out, once
  kExcel,     // all ranges
};

// The first rule that a point meets.
enum class SpcRule {
  kNone,
  kBeyondLimit,  // beyond a limit, not on it
  kTrend,        // in a run of 7 points that only rise or only fall
  kNearLimit,    // of 3 points in a row on one side of the mean at least 2 lie
                 // beyond 2/3 of the way to the limit, and not beyond it: those
  kShift,        // in a run of 7 on one side of the mean
};
// "beyond a limit", "a trend of 7" ...
std::string_view SpcRuleText(SpcRule rule);

struct SpcPoint {
  double value = 0;
  double mean = 0;
  std::optional<double> lower;  // missing in a part of one point
  std::optional<double> upper;
  SpcRule rule = SpcRule::kNone;
  // The side on which the rule was met: by the value for kBeyondLimit,
  // kNearLimit and kShift, by the direction of travel for kTrend.
  bool high = false;
  bool trial = false;  // limits of a part with fewer than 13 points
};

enum class Variation {
  kCommonCause,
  kImprovement,
  kConcern,
  kNeutralHigh,
  kNeutralLow,
};
// For people: "common cause", "special cause, high".
std::string_view VariationText(Variation variation);
// In tables and pages: "common", "improvement", "concern", "neutral_high",
// "neutral_low".
std::string_view VariationCode(Variation variation);

enum class Assurance { kPass, kFail, kInconsistent, kNoTarget };
std::string_view AssuranceText(Assurance assurance);
// "pass", "fail", "inconsistent", "no_target".
std::string_view AssuranceCode(Assurance assurance);

inline constexpr size_t kSpcRun = 7;
inline constexpr size_t kSpcFirmPoints = 13;

// One point a value, in order of time. `rebase` are indexes at which all starts
// over: mean, limits and rules know nothing of the points before. A point on
// the mean ends a run; runs are marked whole. Cost: O(n).
std::vector<SpcPoint> XmrChart(std::span<const double> values,
                               SpcMode mode = SpcMode::kScreened,
                               std::span<const size_t> rebase = {});

// What the last point says. kCommonCause for an empty chart.
Variation VariationOf(std::span<const SpcPoint> chart, Direction direction);

// Whether the process meets the target by itself: the target lies beyond a
// limit of the last part (kPass, kFail), or between (kInconsistent). kNoTarget
// without a target, without limits, or where neither direction is better.
Assurance AssuranceOf(std::span<const SpcPoint> chart,
                      std::optional<double> target, Direction direction);

}  // namespace tally::analytics

#endif  // TALLY_ANALYTICS_STATISTICS_SPC_H_
