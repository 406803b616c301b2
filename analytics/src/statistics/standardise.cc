#include "analytics/statistics/standardise.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "absl/status/status.h"
#include "analytics/statistics/poisson.h"
#include "analytics/statistics/sum.h"

namespace tally::analytics {
namespace {

constexpr double kDirectMinimumEvents = 10;

using CountsByBand = std::map<std::string, const BandCounts*, std::less<>>;

// False if a band occurs twice or has an impossible count.
bool IndexBands(std::span<const BandCounts> counts, CountsByBand& by_name) {
  for (const BandCounts& band : counts) {
    if (!(band.events >= 0) || !(band.population >= 0)) return false;
    if (!by_name.emplace(band.band, &band).second) return false;
  }
  return true;
}

double StandardTotal(std::span<const StandardBand> standard) {
  std::vector<double> weights;
  for (const StandardBand& band : standard) weights.push_back(band.population);
  return PairwiseSum(weights);
}

DirectRate NoRate(NaReason reason, double events) {
  return {Estimate::Na(reason), Figure::Na(reason), events};
}

// The rate, its variance and the number of events, before any limit.
struct Moments {
  double rate = 0;
  double variance = 0;
  double events = 0;
};

DirectRate FromMoments(const Moments& m, double multiplier, double alpha) {
  const double spread = std::sqrt(m.variance / m.events) * multiplier;
  const Estimate rate =
      DobsonLimits(m.rate * multiplier, spread, m.events, alpha);
  return {rate, rate.value.known() ? Figure::Of(spread) : rate.value, m.events};
}

}  // namespace

const std::array<StandardBand, kEsp2013Bands>& Esp2013() {
  static constexpr std::array<StandardBand, kEsp2013Bands> kStandard = {{
      {"0-4", 0, 4, 5000},     {"5-9", 5, 9, 5500},     {"10-14", 10, 14, 5500},
      {"15-19", 15, 19, 5500}, {"20-24", 20, 24, 6000}, {"25-29", 25, 29, 6000},
      {"30-34", 30, 34, 6500}, {"35-39", 35, 39, 7000}, {"40-44", 40, 44, 7000},
      {"45-49", 45, 49, 7000}, {"50-54", 50, 54, 7000}, {"55-59", 55, 59, 6500},
      {"60-64", 60, 64, 6000}, {"65-69", 65, 69, 5500}, {"70-74", 70, 74, 5000},
      {"75-79", 75, 79, 4000}, {"80-84", 80, 84, 2500}, {"85-89", 85, 89, 1500},
      {"90+", 90, 90, 1000},
  }};
  return kStandard;
}

std::vector<StandardBand> Esp2013Between(int from, int to) {
  std::vector<StandardBand> kept;
  for (const StandardBand& band : Esp2013()) {
    const int first = std::max(from, band.from);
    const int last = std::min(to, band.to);
    if (first > last) continue;
    StandardBand part = band;
    part.from = first;
    part.to = last;
    part.population *= static_cast<double>(last - first + 1) /
                       static_cast<double>(band.to - band.from + 1);
    kept.push_back(part);
  }
  return kept;
}

DirectRate DirectlyStandardised(std::span<const BandCounts> counts,
                                std::span<const StandardBand> standard,
                                double multiplier, double alpha) {
  CountsByBand by_name;
  std::vector<double> events;
  for (const BandCounts& band : counts) events.push_back(band.events);
  const double all = PairwiseSum(events);
  if (!IndexBands(counts, by_name) || by_name.size() > standard.size()) {
    return NoRate(NaReason::kInconsistent, all);
  }
  const double total = StandardTotal(standard);
  std::vector<double> rates;
  std::vector<double> variances;
  for (const StandardBand& band : standard) {
    const auto found = by_name.find(band.name);
    if (found == by_name.end() || found->second->population <= 0) {
      return NoRate(NaReason::kEmptyBand, all);
    }
    const double x = found->second->events;
    const double weight = band.population / found->second->population;
    rates.push_back(weight * x);
    variances.push_back(x * weight * weight);
  }
  if (by_name.size() != standard.size()) {
    return NoRate(NaReason::kInconsistent, all);
  }
  if (all < kDirectMinimumEvents) return NoRate(NaReason::kTooFewEvents, all);
  return FromMoments({PairwiseSum(rates) / total,
                      PairwiseSum(variances) / (total * total), all},
                     multiplier, alpha);
}

DirectRate DirectlyStandardisedRepeat(std::span<const RepeatCounts> counts,
                                      std::span<const BandCounts> population,
                                      std::span<const StandardBand> standard,
                                      double multiplier, double alpha) {
  CountsByBand by_name;
  std::vector<double> all_events;
  for (const RepeatCounts& row : counts) {
    all_events.push_back(static_cast<double>(row.repeats) * row.persons);
  }
  const double all = PairwiseSum(all_events);
  if (!IndexBands(population, by_name)) {
    return NoRate(NaReason::kInconsistent, all);
  }
  std::map<std::string, double, std::less<>> weights;
  for (const StandardBand& band : standard) {
    const auto found = by_name.find(band.name);
    if (found == by_name.end() || found->second->population <= 0) {
      return NoRate(NaReason::kEmptyBand, all);
    }
    weights[std::string(band.name)] =
        band.population / found->second->population;
  }
  std::vector<double> rates;
  std::vector<double> variances;
  for (const RepeatCounts& row : counts) {
    const auto found = weights.find(row.band);
    if (found == weights.end() || row.repeats < 1 || !(row.persons >= 0)) {
      return NoRate(NaReason::kInconsistent, all);
    }
    const double f = static_cast<double>(row.repeats);
    rates.push_back(f * row.persons * found->second);
    variances.push_back(f * f * row.persons * found->second * found->second);
  }
  if (all < kDirectMinimumEvents) return NoRate(NaReason::kTooFewEvents, all);
  const double total = StandardTotal(standard);
  return FromMoments({PairwiseSum(rates) / total,
                      PairwiseSum(variances) / (total * total), all},
                     multiplier, alpha);
}

Estimate DobsonLimits(double rate, double spread, double events, double alpha) {
  if (!(events >= kDirectMinimumEvents)) {
    return Estimate::Na(NaReason::kTooFewEvents);
  }
  const Estimate byar = ByarLimits(events, alpha);
  const auto limit = [&](const Figure& of_events) {
    if (!of_events.known()) return of_events;
    return Figure::Of(rate + spread * (of_events.value() - events));
  };
  return {Figure::Of(rate), limit(byar.lower), limit(byar.upper)};
}

absl::StatusOr<double> ExpectedEvents(std::span<const BandCounts> population,
                                      std::span<const ReferenceRate> rates) {
  std::map<std::string, double, std::less<>> by_name;
  for (const ReferenceRate& rate : rates) {
    if (!(rate.rate >= 0) || !by_name.emplace(rate.band, rate.rate).second) {
      return absl::InvalidArgumentError(
          "reference rates: a band occurs twice or has a negative rate");
    }
  }
  std::vector<double> terms;
  for (const BandCounts& band : population) {
    const auto found = by_name.find(band.band);
    if (found == by_name.end()) {
      return absl::InvalidArgumentError(
          "reference rates: a band of the population has no rate");
    }
    terms.push_back(band.population * found->second);
  }
  return PairwiseSum(terms);
}

Estimate IndirectRatio(double observed, double expected, double alpha) {
  if (!(expected > 0)) return Estimate::Na(NaReason::kNoExpected);
  return CrudeRate(observed, expected, 1, alpha);
}

}  // namespace tally::analytics
