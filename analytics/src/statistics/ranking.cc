#include "analytics/statistics/ranking.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <tuple>
#include <utility>

#include "analytics/statistics/random_draws.h"
#include "base/status.h"

namespace tally::analytics {
namespace {

constexpr double kDistanceSteps = 1e9;

std::vector<int> RanksOf(std::span<const double> values) {
  std::vector<double> falling(values.begin(), values.end());
  std::sort(falling.rbegin(), falling.rend());
  std::vector<int> ranks;
  for (const double value : values) {
    const auto first = std::lower_bound(falling.begin(), falling.end(), value,
                                        std::greater<>());
    ranks.push_back(static_cast<int>(first - falling.begin()) + 1);
  }
  return ranks;
}

}  // namespace

std::vector<RankInterval> RankIntervals(std::span<const RankedValue> values,
                                        uint64_t seed, int draws) {
  TALLY_CHECK(draws >= 1);
  std::vector<double> now;
  for (const RankedValue& value : values) now.push_back(value.value);
  const std::vector<int> ranks = RanksOf(now);
  std::vector<std::vector<int>> drawn(values.size());
  RandomDraws random(seed);
  for (int draw = 0; draw < draws; ++draw) {
    for (size_t i = 0; i < values.size(); ++i) {
      now[i] = values[i].value + values[i].error * random.Normal();
    }
    const std::vector<int> of_draw = RanksOf(now);
    for (size_t i = 0; i < values.size(); ++i) drawn[i].push_back(of_draw[i]);
  }
  const auto low = static_cast<size_t>(
      std::max(1.0, std::round(static_cast<double>(draws) * 0.025)));
  const size_t high = std::max<size_t>(1, static_cast<size_t>(draws) - low);
  std::vector<RankInterval> out;
  for (size_t i = 0; i < values.size(); ++i) {
    std::sort(drawn[i].begin(), drawn[i].end());
    out.push_back({ranks[i], drawn[i][low - 1], drawn[i][high - 1]});
  }
  return out;
}

std::vector<std::string> NearestAreas(std::span<const PeerArea> areas,
                                      size_t of,
                                      std::span<const double> weights,
                                      size_t count) {
  TALLY_CHECK(of < areas.size());
  const auto n = static_cast<double>(areas.size());
  std::vector<double> squared(areas.size(), 0.0);
  for (size_t v = 0; v < weights.size(); ++v) {
    double sum = 0;
    double squares = 0;
    for (const PeerArea& area : areas) sum += area.variables[v];
    for (const PeerArea& area : areas) {
      squares += (area.variables[v] - sum / n) * (area.variables[v] - sum / n);
    }
    const double deviation = std::sqrt(squares / n);
    if (!(deviation > 0)) continue;
    for (size_t i = 0; i < areas.size(); ++i) {
      const double away = weights[v] *
                          (areas[i].variables[v] - areas[of].variables[v]) /
                          deviation;
      squared[i] += away * away;
    }
  }
  // Whole steps of the longest distance: what rounding alone parts is equal,
  // and codes decide.
  const double longest = *std::max_element(squared.begin(), squared.end());
  std::vector<std::pair<int64_t, size_t>> order;
  for (size_t i = 0; i < areas.size(); ++i) {
    const double share = longest > 0 ? squared[i] / longest : 0;
    order.emplace_back(std::llround(share * kDistanceSteps), i);
  }
  std::sort(order.begin(), order.end(), [&](const auto& a, const auto& b) {
    return std::tie(a.first, areas[a.second].code) <
           std::tie(b.first, areas[b.second].code);
  });
  std::vector<std::string> nearest;
  for (const auto& [distance, i] : order) {
    if (i != of && nearest.size() < count) nearest.push_back(areas[i].code);
  }
  return nearest;
}

}  // namespace tally::analytics
