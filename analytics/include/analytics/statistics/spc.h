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
#include <string>
#include <string_view>
#include <utility>
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
  // Missing in a part of one point, and where more than half of the moving
  // ranges are 0: too few values differ. Without limits there are no rules.
  std::optional<double> lower;
  std::optional<double> upper;
  SpcRule rule = SpcRule::kNone;
  // The side on which the rule was met: by the value for kBeyondLimit,
  // kNearLimit and kShift, by the direction of travel for kTrend.
  bool high = false;
  bool trial = false;  // limits of a part with fewer than 13 points
  size_t part = 0;     // points from one rebasing to the next, with this one
};

enum class Variation {
  kCommonCause,
  kImprovement,
  kConcern,
  kNeutralHigh,
  kNeutralLow,
  // What no limits can judge, and why.
  kTooFew,    // fewer than 12 points
  kTooEqual,  // no limits: too few values differ
  kUnstable,  // more than half of the points show a special cause
};
// For people: "common cause", "special cause, high", "too few months to judge".
std::string_view VariationText(Variation variation);
// In tables and pages: "common", "improvement", "concern", "neutral_high",
// "neutral_low", "too_few", "too_equal", "unstable".
std::string_view VariationCode(Variation variation);

enum class Assurance { kPass, kFail, kInconsistent, kNotJudged, kNoTarget };
std::string_view AssuranceText(Assurance assurance);
// "pass", "fail", "inconsistent", "not_judged", "no_target".
std::string_view AssuranceCode(Assurance assurance);

inline constexpr size_t kSpcRun = 7;
inline constexpr size_t kSpcFirmPoints = 13;
// NHS England, Making Data Count: at least twelve points before a chart is
// read.
inline constexpr size_t kSpcLeastPoints = 12;

// One point a value, in order of time. `rebase` are indexes at which all starts
// over: mean, limits and rules know nothing of the points before. A point on
// the mean ends a run; runs are marked whole. Cost: O(n).
std::vector<SpcPoint> XmrChart(std::span<const double> values,
                               SpcMode mode = SpcMode::kScreened,
                               std::span<const size_t> rebase = {});

// What one point says by itself.
Variation VariationOfPoint(const SpcPoint& point, Direction direction);
// What the last point says, if its part of the chart can be judged; else why
// not, whatever the rules made of the points.
Variation VariationOf(std::span<const SpcPoint> chart, Direction direction);

bool IsJudged(Variation variation);
// Of the last part: how many points show a special cause, and of how many.
std::pair<size_t, size_t> SpecialMonths(std::span<const SpcPoint> chart);
// "the series does not vary about one level (46 of 48 months show a special
// cause), and limits cannot judge single months".
std::string UnstableText(size_t special, size_t months);

// Whether the process meets the target by itself: the target lies beyond a
// limit of the last part (kPass, kFail), or between (kInconsistent). kNoTarget
// without a target or where neither direction is better; kNotJudged where
// VariationOf cannot judge.
Assurance AssuranceOf(std::span<const SpcPoint> chart,
                      std::optional<double> target, Direction direction);

}  // namespace tally::analytics

#endif  // TALLY_ANALYTICS_STATISTICS_SPC_H_
