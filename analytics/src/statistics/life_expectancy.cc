#include "analytics/statistics/life_expectancy.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

#include "analytics/statistics/distributions.h"

namespace tally::analytics {
namespace {

constexpr double kSmallestPopulation = 5000;
constexpr double kWidestYears = 20;
constexpr double kRadix = 100'000;
constexpr std::array<int, kLifeBands> kLifeStarts = {0,  1,  5,  10, 15, 20, 25,
                                                     30, 35, 40, 45, 50, 55, 60,
                                                     65, 70, 75, 80, 85, 90};

double WidthOf(size_t band) {
  return kLifeStarts[band + 1] - kLifeStarts[band];
}
// The share of the band that those who die in it live through.
double LivedShare(size_t band) { return band == 0 ? 0.1 : 0.5; }

std::optional<NaReason> WhyNoLifeTable(std::span<const LifeBandCounts> bands) {
  if (bands.size() < 2 || bands.size() > kLifeBands) {
    return NaReason::kInconsistent;
  }
  double total = 0;
  for (const LifeBandCounts& band : bands) {
    if (!(band.population > 0)) return NaReason::kEmptyBand;
    if (!(band.deaths >= 0 && band.deaths <= band.population)) {
      return NaReason::kInconsistent;
    }
    total += band.population;
  }
  if (total <= kSmallestPopulation) return NaReason::kTooFewValues;
  if (bands.back().deaths == 0) return NaReason::kTooFewEvents;
  return std::nullopt;
}

}  // namespace

int LifeBandOfAge(int age) {
  const auto* const after =
      std::upper_bound(kLifeStarts.begin(), kLifeStarts.end(), age);
  return std::max(0, static_cast<int>(after - kLifeStarts.begin()) - 1);
}

std::vector<Estimate> LifeExpectancy(std::span<const LifeBandCounts> bands,
                                     double alpha) {
  if (const std::optional<NaReason> why = WhyNoLifeTable(bands)) {
    return std::vector<Estimate>(kLifeBands, Estimate::Na(*why));
  }
  const size_t last = bands.size() - 1;
  std::vector<Estimate> table(bands.size(),
                              Estimate::Na(NaReason::kLimitUndefined));
  std::array<double, kLifeBands> q{};
  std::array<double, kLifeBands> alive{};  // l
  alive[0] = kRadix;
  for (size_t i = 0; i < last; ++i) {
    const double m = bands[i].deaths / bands[i].population;
    const double w = WidthOf(i);
    q[i] = std::min(1.0, w * m / (1 + w * m * (1 - LivedShare(i))));
    alive[i + 1] = alive[i] * (1 - q[i]);
  }
  const LifeBandCounts& oldest = bands[last];
  const double m_last = oldest.deaths / oldest.population;
  double years = alive[last] / m_last;  // T
  // The sum of W; of the last band (l / 2)^2 x 4 / (d M^2).
  double weight = alive[last] * alive[last] / (oldest.deaths * m_last * m_last);
  double e_next = 0;
  const double z = NormalZ(alpha);
  const double z95 = NormalZ(kAlpha95);
  for (size_t i = bands.size(); i-- > 0;) {
    if (i < last) {
      const double dying = alive[i] * q[i];
      const double share = LivedShare(i);
      const double w = WidthOf(i);
      years += w * (alive[i + 1] + share * dying);
      if (bands[i].deaths > 0 && q[i] < 1) {
        const double s2 = q[i] * q[i] * (1 - q[i]) / bands[i].deaths;
        const double reach = (1 - share) * w + e_next;
        weight += s2 * alive[i] * alive[i] * reach * reach;
      }
    }
    const double e = years / alive[i];
    const double error = std::sqrt(weight) / alive[i];
    table[i] = 2 * z95 * error > kWidestYears
                   ? Estimate::Na(NaReason::kTooWide)
                   : Estimate{Figure::Of(e), Figure::Of(e - z * error),
                              Figure::Of(e + z * error)};
    e_next = e;
  }
  return table;
}

}  // namespace tally::analytics
