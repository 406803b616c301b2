#include "analytics/statistics/funnel.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "analytics/statistics/distributions.h"
#include "analytics/statistics/sum.h"

namespace tally::analytics {
namespace {

constexpr double kTail95 = 0.025;   // beyond 95 % on one side
constexpr double kTail998 = 0.001;  // beyond 99.8 % on one side

// The mean O at which P(X >= O) is `tail`: an observed O is high if E is
// below it.
double HighAt(double observed, double tail) {
  return observed <= 0 ? 0 : ChiSquaredQuantile(tail, 2 * observed) / 2;
}

// The mean at which P(X <= O) is `tail`: an observed O is low if E is above.
double LowAt(double observed, double tail) {
  return ChiSquaredUpperQuantile(tail, 2 * observed + 2) / 2;
}

// Inverts an increasing function of O by bisection; O is real, which joins
// the whole counts by a smooth curve.
template <typename F>
double SolveObserved(F f, double expected) {
  double low = 0;
  double high = expected + 20 * std::sqrt(expected) + 50;
  for (int round = 0; round < 100; ++round) {
    const double mid = (low + high) / 2;
    (f(mid) < expected ? low : high) = mid;
  }
  return (low + high) / 2;
}

}  // namespace

std::string_view FunnelClassText(FunnelClass c) {
  switch (c) {
    case FunnelClass::kInside:
      return "inside the limits";
    case FunnelClass::kHigh95:
      return "above the 95 % limit";
    case FunnelClass::kHigh998:
      return "above the 99.8 % limit";
    case FunnelClass::kLow95:
      return "below the 95 % limit";
    case FunnelClass::kLow998:
      return "below the 99.8 % limit";
    case FunnelClass::kNotAvailable:
      return "not available";
  }
  return "not available";
}

FunnelLimits ProportionFunnelLimits(double p0, double n, double phi) {
  const auto na = [](NaReason r) {
    return FunnelLimits{Figure::Na(r), Figure::Na(r), Figure::Na(r),
                        Figure::Na(r)};
  };
  if (!(p0 >= 0 && p0 <= 1) || !(phi >= 1)) return na(NaReason::kInconsistent);
  if (!(n > 0)) return na(NaReason::kNoDenominator);
  const double se = std::sqrt(p0 * (1 - p0) / n * phi);
  const auto at = [&](double z) {
    return Figure::Of(std::clamp(p0 + z * se, 0.0, 1.0));
  };
  const double z95 = NormalZ(kAlpha95);
  const double z998 = NormalZ(kAlpha998);
  return {at(-z998), at(-z95), at(z95), at(z998)};
}

FunnelClass ClassifyProportion(double x, double n, double p0, double phi) {
  const FunnelLimits limits = ProportionFunnelLimits(p0, n, phi);
  if (!limits.low95.known() || !(x >= 0 && x <= n)) {
    return FunnelClass::kNotAvailable;
  }
  const double p = x / n;
  if (p > limits.high998.value()) return FunnelClass::kHigh998;
  if (p > limits.high95.value()) return FunnelClass::kHigh95;
  if (p < limits.low998.value()) return FunnelClass::kLow998;
  if (p < limits.low95.value()) return FunnelClass::kLow95;
  return FunnelClass::kInside;
}

FunnelClass ClassifyRatio(double observed, double expected) {
  if (!(observed >= 0) || !(expected > 0)) return FunnelClass::kNotAvailable;
  if (HighAt(observed, kTail998) > expected) return FunnelClass::kHigh998;
  if (HighAt(observed, kTail95) > expected) return FunnelClass::kHigh95;
  if (LowAt(observed, kTail998) < expected) return FunnelClass::kLow998;
  if (LowAt(observed, kTail95) < expected) return FunnelClass::kLow95;
  return FunnelClass::kInside;
}

FunnelLimits RatioFunnelLimits(double expected) {
  if (!(expected > 0)) {
    const Figure na = Figure::Na(NaReason::kNoExpected);
    return {na, na, na, na};
  }
  const auto high = [&](double tail) {
    const double o =
        SolveObserved([tail](double x) { return HighAt(x, tail); }, expected);
    return Figure::Of(o / expected);
  };
  const auto low = [&](double tail) {
    if (LowAt(0, tail) >= expected) return Figure::Of(0);
    const double o =
        SolveObserved([tail](double x) { return LowAt(x, tail); }, expected);
    return Figure::Of(o / expected);
  };
  return {low(kTail998), low(kTail95), high(kTail95), high(kTail998)};
}

double OverDispersion(std::span<const double> z) {
  if (z.empty()) return 1;
  std::vector<double> sorted(z.begin(), z.end());
  std::sort(sorted.begin(), sorted.end());
  const size_t cut = sorted.size() / 10;
  const double low = sorted[cut];
  const double high = sorted[sorted.size() - 1 - cut];
  for (double& value : sorted) {
    value = std::clamp(value, low, high);
    value *= value;
  }
  const double phi = PairwiseSum(sorted) / static_cast<double>(sorted.size());
  return std::max(1.0, phi);
}

}  // namespace tally::analytics
