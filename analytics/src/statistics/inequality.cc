#include "analytics/statistics/inequality.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>

#include "analytics/statistics/distributions.h"
#include "analytics/statistics/random_draws.h"
#include "analytics/statistics/sum.h"

namespace tally::analytics {
namespace {

constexpr size_t kFewestGroups = 5;
constexpr size_t kMostGroups = 100;

// The line through the groups as two weighted sums of the values: least
// squares is linear in y, so that a draw costs one pass.
struct LineWeights {
  std::vector<double> at_top;    // c0: the value at the most deprived end
  std::vector<double> of_slope;  // c1
};

LineWeights WeightsOf(std::span<const InequalityGroup> groups) {
  double total = 0;
  for (const InequalityGroup& group : groups) total += group.population;
  std::vector<double> share;
  std::vector<double> middle;
  double before = 0;
  for (const InequalityGroup& group : groups) {
    share.push_back(group.population / total);
    middle.push_back(before + share.back() / 2);
    before += share.back();
  }
  double sum_b = 0;   // sum a b
  double sum_bb = 0;  // sum a b^2; sum a is 1
  for (size_t i = 0; i < groups.size(); ++i) {
    sum_b += share[i] * middle[i];
    sum_bb += share[i] * middle[i] * middle[i];
  }
  const double spread = sum_bb - sum_b * sum_b;
  LineWeights weights;
  for (size_t i = 0; i < groups.size(); ++i) {
    weights.of_slope.push_back(share[i] * (middle[i] - sum_b) / spread);
    weights.at_top.push_back(share[i] * (sum_bb - sum_b * middle[i]) / spread);
  }
  return weights;
}

double ToScale(ValueScale scale, double value) {
  switch (scale) {
    case ValueScale::kLog:
      return std::log(value);
    case ValueScale::kLogit:
      return std::log(value / (1 - value));
    case ValueScale::kPlain:
      break;
  }
  return value;
}

double FromScale(ValueScale scale, double value) {
  switch (scale) {
    case ValueScale::kLog:
      return std::exp(value);
    case ValueScale::kLogit:
      return 1 / (1 + std::exp(-value));
    case ValueScale::kPlain:
      break;
  }
  return value;
}

std::optional<NaReason> WhyNoSlope(std::span<const InequalityGroup> groups,
                                   ValueScale scale) {
  if (groups.size() < kFewestGroups || groups.size() > kMostGroups) {
    return NaReason::kTooFewValues;
  }
  for (const InequalityGroup& group : groups) {
    if (!(group.population > 0)) return NaReason::kNoDenominator;
    if (!(group.lower <= group.value && group.value <= group.upper)) {
      return NaReason::kInconsistent;
    }
    if (!std::isfinite(ToScale(scale, group.lower)) ||
        !std::isfinite(ToScale(scale, group.upper))) {
      return NaReason::kLimitUndefined;  // as of Dobson's at or below 0
    }
  }
  return std::nullopt;
}

struct SlopePair {
  double sii = 0;
  double rii = 0;
  bool sound = false;  // both ends above 0: the ratio says something
};

SlopePair SlopeOf(const LineWeights& weights, std::span<const double> values,
                  bool high_is_bad) {
  const double c0 = std::inner_product(values.begin(), values.end(),
                                       weights.at_top.begin(), 0.0);
  const double c1 = std::inner_product(values.begin(), values.end(),
                                       weights.of_slope.begin(), 0.0);
  const bool sound = c0 > 0 && c0 + c1 > 0 && std::isfinite(c0 + c1);
  if (high_is_bad) return {-c1, c0 / (c0 + c1), sound};
  return {c1, (c0 + c1) / c0, sound};
}

Estimate WithDrawnLimits(double value, std::vector<double>& drawn,
                         double alpha) {
  std::sort(drawn.begin(), drawn.end());
  const auto n = static_cast<double>(drawn.size());
  const double low = std::max(1.0, std::round(n * alpha / 2));
  const double high = std::max(1.0, n - low);
  const auto at = [&](double position) {  // counted from 1
    return Figure::Of(drawn[static_cast<size_t>(position) - 1]);
  };
  return {Figure::Of(value), at(low), at(high)};
}

// (2 / mu) sum a h R - 1 in the order of the groups.
Figure IndexOverRanks(std::span<const InequalityGroup> groups) {
  double people = 0;
  double sum = 0;
  for (const InequalityGroup& group : groups) {
    if (!(group.population > 0)) return Figure::Na(NaReason::kNoDenominator);
    people += group.population;
    sum += group.population * group.value;
  }
  if (!(sum > 0)) return Figure::Na(NaReason::kNoExpected);
  double before = 0;
  std::vector<double> terms;
  for (const InequalityGroup& group : groups) {
    const double middle = (before + group.population / 2) / people;
    terms.push_back(group.population * group.value / sum * middle);
    before += group.population;
  }
  return Figure::Of(2 * PairwiseSum(terms) - 1);
}

}  // namespace

SlopeIndex SlopeIndexOfInequality(std::span<const InequalityGroup> groups,
                                  ValueScale scale, bool high_is_bad,
                                  uint64_t seed, int draws, double alpha) {
  if (const std::optional<NaReason> why = WhyNoSlope(groups, scale)) {
    return {Estimate::Na(*why), Estimate::Na(*why)};
  }
  const LineWeights weights = WeightsOf(groups);
  std::vector<double> values;
  std::vector<double> centres;
  std::vector<double> errors;
  for (const InequalityGroup& group : groups) {
    values.push_back(group.value);
    centres.push_back(ToScale(scale, group.value));
    errors.push_back(
        (ToScale(scale, group.upper) - ToScale(scale, group.lower)) /
        (2 * NormalZ(kAlpha95)));
  }
  const SlopePair slope = SlopeOf(weights, values, high_is_bad);
  RandomDraws random(seed);
  std::vector<double> siis;
  std::vector<double> riis;
  siis.reserve(static_cast<size_t>(draws));
  riis.reserve(static_cast<size_t>(draws));
  bool all_sound = slope.sound;
  for (int draw = 0; draw < draws; ++draw) {
    for (size_t i = 0; i < values.size(); ++i) {
      values[i] = FromScale(scale, centres[i] + errors[i] * random.Normal());
    }
    const SlopePair drawn = SlopeOf(weights, values, high_is_bad);
    if (!std::isfinite(drawn.sii)) {
      return {Estimate::Na(NaReason::kLimitUndefined),
              Estimate::Na(NaReason::kLimitUndefined)};
    }
    all_sound = all_sound && drawn.sound;
    siis.push_back(drawn.sii);
    riis.push_back(drawn.rii);
  }
  SlopeIndex index{WithDrawnLimits(slope.sii, siis, alpha),
                   Estimate::Na(NaReason::kLimitUndefined)};
  // A ratio whose ends may change sign has no limits.
  if (slope.sound) index.rii.value = Figure::Of(slope.rii);
  if (all_sound) index.rii = WithDrawnLimits(slope.rii, riis, alpha);
  return index;
}

Figure ConcentrationIndex(std::span<const InequalityGroup> groups) {
  if (groups.size() < 2) return Figure::Na(NaReason::kTooFewValues);
  return IndexOverRanks(groups);
}

Figure Gini(std::span<const int64_t> persons) {
  std::vector<InequalityGroup> groups;
  for (size_t i = 0; i < persons.size(); ++i) {
    if (persons[i] < 0) return Figure::Na(NaReason::kInconsistent);
    if (persons[i] == 0) continue;
    groups.push_back({.population = static_cast<double>(persons[i]),
                      .value = static_cast<double>(i)});
  }
  if (groups.empty()) return Figure::Na(NaReason::kNoDenominator);
  return IndexOverRanks(groups);
}

}  // namespace tally::analytics
