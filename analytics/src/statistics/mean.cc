#include "analytics/statistics/mean.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>

#include "analytics/statistics/distributions.h"
#include "analytics/statistics/sum.h"

namespace tally::analytics {

Estimate MeanLimits(double mean, double deviation, double n, double alpha) {
  if (!(n >= 2)) return Estimate::Na(NaReason::kTooFewValues);
  if (!(deviation >= 0)) return Estimate::Na(NaReason::kInconsistent);
  const double half =
      StudentTUpperQuantile(alpha / 2, n - 1) * deviation / std::sqrt(n);
  return {Figure::Of(mean), Figure::Of(mean - half), Figure::Of(mean + half)};
}

Estimate MeanOf(std::span<const double> values, double alpha) {
  if (values.size() < 2) return Estimate::Na(NaReason::kTooFewValues);
  const double n = static_cast<double>(values.size());
  const double mean = PairwiseSum(values) / n;
  std::vector<double> squares;
  squares.reserve(values.size());
  for (const double value : values) {
    squares.push_back((value - mean) * (value - mean));
  }
  return MeanLimits(mean, std::sqrt(PairwiseSum(squares) / (n - 1)), n, alpha);
}

Figure Quantile(std::span<const double> ascending, double p) {
  if (ascending.empty()) return Figure::Na(NaReason::kTooFewValues);
  if (!(p >= 0 && p <= 1)) return Figure::Na(NaReason::kInconsistent);
  const double at = p * static_cast<double>(ascending.size() - 1);
  const auto below = static_cast<size_t>(std::floor(at));
  const size_t above = std::min(below + 1, ascending.size() - 1);
  const double share = at - static_cast<double>(below);
  return Figure::Of(ascending[below] +
                    share * (ascending[above] - ascending[below]));
}

Figure BandedQuantile(std::span<const int64_t> counts, double width, double p) {
  const bool negative = std::any_of(counts.begin(), counts.end(),
                                    [](int64_t count) { return count < 0; });
  if (negative || !(width > 0) || !(p >= 0 && p <= 1)) {
    return Figure::Na(NaReason::kInconsistent);
  }
  const int64_t total =
      std::accumulate(counts.begin(), counts.end(), int64_t{0});
  if (total == 0) return Figure::Na(NaReason::kTooFewValues);
  const double wanted = p * static_cast<double>(total);
  double before = 0;
  size_t band = 0;
  while (band + 1 < counts.size() &&
         (counts[band] == 0 ||
          before + static_cast<double>(counts[band]) < wanted)) {
    before += static_cast<double>(counts[band]);
    ++band;
  }
  const double share = (wanted - before) / static_cast<double>(counts[band]);
  return Figure::Of(width * (static_cast<double>(band) + share));
}

std::vector<int> QuantileGroups(std::span<const double> values, int groups,
                                bool highest_first) {
  if (groups < 1 || values.size() < static_cast<size_t>(groups)) return {};
  std::vector<double> sorted(values.begin(), values.end());
  if (highest_first) {
    std::sort(sorted.begin(), sorted.end(), std::greater<>());
  } else {
    std::sort(sorted.begin(), sorted.end());
  }
  const auto n = static_cast<int64_t>(values.size());
  std::vector<int> out;
  out.reserve(values.size());
  for (const double value : values) {
    const auto first =
        highest_first ? std::lower_bound(sorted.begin(), sorted.end(), value,
                                         std::greater<>())
                      : std::lower_bound(sorted.begin(), sorted.end(), value);
    const int64_t rank = first - sorted.begin() + 1;
    const int64_t scaled = (n + 1 - rank) * groups;
    const int64_t from_top = (scaled + n - 1) / n;  // rounded up
    out.push_back(
        static_cast<int>(std::max<int64_t>(groups + 1 - from_top, 1)));
  }
  return out;
}

}  // namespace tally::analytics
