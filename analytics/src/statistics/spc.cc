#include "analytics/statistics/spc.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_format.h"
#include "analytics/statistics/sum.h"

namespace tally::analytics {
namespace {

constexpr double kLimitFactor = 2.66;
constexpr double kScreenFactor = 3.267;
// What is this near, relative to the largest value, is equal: a mean of values
// such as 0.1 is rounded.
constexpr double kSpcRounding = 1e-12;

// What a difference must exceed to be one.
double SpcRounding(std::span<const double> values) {
  double rounding = 0;
  for (const double value : values) {
    rounding = std::max(rounding, kSpcRounding * std::fabs(value));
  }
  return rounding;
}

// Nothing where neighbours are mostly equal: such ranges are no measure of how
// much the values vary, and the first other value would lie beyond a limit.
std::optional<double> MeanRange(std::span<const double> values, SpcMode mode) {
  const double rounding = SpcRounding(values);
  std::vector<double> ranges;
  size_t equal = 0;
  for (size_t i = 1; i < values.size(); ++i) {
    ranges.push_back(std::fabs(values[i] - values[i - 1]));
    equal += ranges.back() <= rounding;
  }
  if (2 * equal > ranges.size() || ranges.empty()) return std::nullopt;
  const auto mean = [&ranges] {
    return PairwiseSum(ranges) / static_cast<double>(ranges.size());
  };
  if (mode == SpcMode::kScreened) {
    const double most = kScreenFactor * mean();
    std::vector<double> kept;
    for (const double range : ranges) {
      if (range < most) kept.push_back(range);
    }
    ranges = std::move(kept);
  }
  return mean();
}

// The rules on one part of a chart that has limits, between two rebasings.
class PartRules {
 public:
  explicit PartRules(std::span<SpcPoint> points) : points_(points) {
    std::vector<double> values;
    for (const SpcPoint& point : points) values.push_back(point.value);
    rounding_ = SpcRounding(values);
  }

  void Apply() {
    MarkBeyond();
    MarkTrends();
    MarkNearLimits();
    MarkShifts();
  }

 private:
  void Mark(size_t i, SpcRule rule, bool high) {
    if (points_[i].rule != SpcRule::kNone) return;
    points_[i].rule = rule;
    points_[i].high = high;
  }

  void MarkBeyond() {
    for (size_t i = 0; i < points_.size(); ++i) {
      const SpcPoint& point = points_[i];
      if (Sign(point.value - *point.upper) > 0) {
        Mark(i, SpcRule::kBeyondLimit, true);
      }
      if (Sign(point.value - *point.lower) < 0) {
        Mark(i, SpcRule::kBeyondLimit, false);
      }
    }
  }

  // Marks runs of at least seven points on which `step` is the same and not 0.
  // `step(i)` is of point i; a run of steps between points has one point more.
  template <typename Step>
  void MarkRuns(SpcRule rule, size_t begin, size_t extra, Step step) {
    size_t first = begin;
    for (size_t i = begin; i <= points_.size(); ++i) {
      const int here = i < points_.size() ? step(i) : 0;
      const int run = first < points_.size() ? step(first) : 0;
      if (here == run && here != 0) continue;
      if (run != 0 && i - first + extra >= kSpcRun) {
        for (size_t j = first - extra; j < i; ++j) Mark(j, rule, run > 0);
      }
      first = i;
    }
  }

  void MarkTrends() {
    MarkRuns(SpcRule::kTrend, 1, 1, [this](size_t i) {
      return Sign(points_[i].value - points_[i - 1].value);
    });
  }

  void MarkShifts() {
    MarkRuns(SpcRule::kShift, 0, 0, [this](size_t i) { return Side(i); });
  }

  void MarkNearLimits() {
    std::vector<size_t> found;
    for (size_t i = 2; i < points_.size(); ++i) {
      if (Side(i) == 0 || Side(i) != Side(i - 1) || Side(i) != Side(i - 2)) {
        continue;
      }
      if (IsNear(i) + IsNear(i - 1) + IsNear(i - 2) < 2) continue;
      for (size_t j = i - 2; j <= i; ++j) {
        if (IsNear(j) == 1) found.push_back(j);
      }
    }
    for (const size_t i : found) Mark(i, SpcRule::kNearLimit, Side(i) > 0);
  }

  int Sign(double value) const {
    return (value > rounding_) - (value < -rounding_);
  }
  int Side(size_t i) const { return Sign(points_[i].value - points_[i].mean); }
  int IsNear(size_t i) const {
    const SpcPoint& point = points_[i];
    const double reach = (*point.upper - point.mean) * 2 / 3;
    const double away = std::fabs(point.value - point.mean);
    const bool beyond = Sign(point.value - *point.upper) > 0 ||
                        Sign(point.value - *point.lower) < 0;
    return Sign(away - reach) > 0 && !beyond ? 1 : 0;
  }

  std::span<SpcPoint> points_;
  double rounding_ = 0;
};

void ChartPart(std::span<const double> values, SpcMode mode,
               std::span<SpcPoint> points) {
  if (values.empty()) return;
  const double mean = PairwiseSum(values) / static_cast<double>(values.size());
  const std::optional<double> range = MeanRange(values, mode);
  for (size_t i = 0; i < values.size(); ++i) {
    points[i].value = values[i];
    points[i].mean = mean;
    if (range) {
      points[i].lower = mean - kLimitFactor * *range;
      points[i].upper = mean + kLimitFactor * *range;
    }
    points[i].trial = values.size() < kSpcFirmPoints;
    points[i].part = values.size();
  }
  if (range) PartRules(points).Apply();
}

std::span<const SpcPoint> LastPart(std::span<const SpcPoint> chart) {
  if (chart.empty()) return chart;
  return chart.last(std::min(chart.back().part, chart.size()));
}

size_t SpecialPoints(std::span<const SpcPoint> points) {
  return static_cast<size_t>(std::count_if(
      points.begin(), points.end(),
      [](const SpcPoint& p) { return p.rule != SpcRule::kNone; }));
}

// Why limits do not judge the last point; nothing if they do.
std::optional<Variation> WhyNotJudged(std::span<const SpcPoint> chart) {
  const std::span<const SpcPoint> part = LastPart(chart);
  if (part.size() < kSpcLeastPoints) return Variation::kTooFew;
  if (!part.back().upper) return Variation::kTooEqual;
  if (2 * SpecialPoints(part) > part.size()) return Variation::kUnstable;
  return std::nullopt;
}

}  // namespace

std::string_view SpcRuleText(SpcRule rule) {
  switch (rule) {
    case SpcRule::kNone:
      return "";
    case SpcRule::kBeyondLimit:
      return "beyond a limit";
    case SpcRule::kTrend:
      return "a trend of 7";
    case SpcRule::kNearLimit:
      return "2 of 3 near a limit";
    case SpcRule::kShift:
      return "7 on one side of the mean";
  }
  return "";
}

std::string_view VariationText(Variation variation) {
  switch (variation) {
    case Variation::kCommonCause:
      return "common cause";
    case Variation::kImprovement:
      return "improvement";
    case Variation::kConcern:
      return "concern";
    case Variation::kNeutralHigh:
      return "special cause, high";
    case Variation::kNeutralLow:
      return "special cause, low";
    case Variation::kTooFew:
      return "too few months to judge";
    case Variation::kTooEqual:
      return "too few different values to judge";
    case Variation::kUnstable:
      return "not stable enough to judge";
  }
  return "";
}

std::string_view AssuranceText(Assurance assurance) {
  switch (assurance) {
    case Assurance::kPass:
      return "passes the target";
    case Assurance::kFail:
      return "fails the target";
    case Assurance::kInconsistent:
      return "passes and fails by chance";
    case Assurance::kNotJudged:
      return "not to be judged";
    case Assurance::kNoTarget:
      return "no target";
  }
  return "";
}

std::string_view VariationCode(Variation variation) {
  switch (variation) {
    case Variation::kCommonCause:
      return "common";
    case Variation::kImprovement:
      return "improvement";
    case Variation::kConcern:
      return "concern";
    case Variation::kNeutralHigh:
      return "neutral_high";
    case Variation::kNeutralLow:
      return "neutral_low";
    case Variation::kTooFew:
      return "too_few";
    case Variation::kTooEqual:
      return "too_equal";
    case Variation::kUnstable:
      return "unstable";
  }
  return "common";
}

std::string_view AssuranceCode(Assurance assurance) {
  switch (assurance) {
    case Assurance::kPass:
      return "pass";
    case Assurance::kFail:
      return "fail";
    case Assurance::kInconsistent:
      return "inconsistent";
    case Assurance::kNotJudged:
      return "not_judged";
    case Assurance::kNoTarget:
      return "no_target";
  }
  return "no_target";
}

std::vector<SpcPoint> XmrChart(std::span<const double> values, SpcMode mode,
                               std::span<const size_t> rebase) {
  std::vector<SpcPoint> chart(values.size());
  std::vector<size_t> starts(rebase.begin(), rebase.end());
  starts.push_back(0);
  starts.push_back(values.size());
  std::sort(starts.begin(), starts.end());
  for (size_t i = 0; i + 1 < starts.size(); ++i) {
    const size_t begin = std::min(starts[i], values.size());
    const size_t end = std::min(starts[i + 1], values.size());
    ChartPart(values.subspan(begin, end - begin), mode,
              std::span(chart).subspan(begin, end - begin));
  }
  return chart;
}

Variation VariationOfPoint(const SpcPoint& point, Direction direction) {
  if (point.rule == SpcRule::kNone) return Variation::kCommonCause;
  if (direction == Direction::kNeither) {
    return point.high ? Variation::kNeutralHigh : Variation::kNeutralLow;
  }
  return point.high == (direction == Direction::kHigherIsBetter)
             ? Variation::kImprovement
             : Variation::kConcern;
}

Variation VariationOf(std::span<const SpcPoint> chart, Direction direction) {
  const std::optional<Variation> why = WhyNotJudged(chart);
  return why.has_value() ? *why : VariationOfPoint(chart.back(), direction);
}

bool IsJudged(Variation variation) {
  return variation != Variation::kTooFew && variation != Variation::kTooEqual &&
         variation != Variation::kUnstable;
}

std::pair<size_t, size_t> SpecialMonths(std::span<const SpcPoint> chart) {
  const std::span<const SpcPoint> part = LastPart(chart);
  return {SpecialPoints(part), part.size()};
}

std::string UnstableText(size_t special, size_t months) {
  return absl::StrFormat(
      "the series does not vary about one level (%d of %d months show a "
      "special cause), and limits cannot judge single months",
      special, months);
}

Assurance AssuranceOf(std::span<const SpcPoint> chart,
                      std::optional<double> target, Direction direction) {
  if (!target || direction == Direction::kNeither) return Assurance::kNoTarget;
  if (WhyNotJudged(chart).has_value()) return Assurance::kNotJudged;
  const bool above = *target > *chart.back().upper;
  const bool below = *target < *chart.back().lower;
  if (!above && !below) return Assurance::kInconsistent;
  return below == (direction == Direction::kHigherIsBetter) ? Assurance::kPass
                                                            : Assurance::kFail;
}

}  // namespace tally::analytics
