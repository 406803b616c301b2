#include "analytics/statistics/survival.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <optional>

#include "analytics/statistics/distributions.h"
#include "analytics/statistics/linear_system.h"

namespace tally::analytics {
namespace {

Estimate SurvivalEstimate(double survival, double sum, double alpha) {
  Estimate estimate = Estimate::Na(NaReason::kLimitUndefined);
  estimate.value = Figure::Of(survival);
  if (survival <= 0 || survival >= 1) return estimate;
  const double error = std::sqrt(sum) / std::fabs(std::log(survival));
  const double z = NormalZ(alpha);
  estimate.lower = Figure::Of(std::pow(survival, std::exp(z * error)));
  estimate.upper = Figure::Of(std::pow(survival, std::exp(-z * error)));
  return estimate;
}

// What every group has at one day of an event.
struct DayCounts {
  std::vector<double> at_risk;
  std::vector<double> events;
};

std::map<int64_t, DayCounts> DaysOfEvents(
    std::span<const std::vector<SurvivalTime>> groups) {
  std::map<int64_t, DayCounts> days;
  for (const auto& group : groups) {
    for (const SurvivalTime& person : group) {
      if (person.event) days[person.days];
    }
  }
  for (auto& [day, counts] : days) {
    counts.at_risk.resize(groups.size());
    counts.events.resize(groups.size());
  }
  for (size_t g = 0; g < groups.size(); ++g) {
    std::vector<int64_t> ends;
    for (const SurvivalTime& person : groups[g]) {
      ends.push_back(person.days);
      if (person.event) days[person.days].events[g] += 1;
    }
    std::sort(ends.begin(), ends.end());
    for (auto& [day, counts] : days) {
      const auto still = std::lower_bound(ends.begin(), ends.end(), day);
      counts.at_risk[g] = static_cast<double>(ends.end() - still);
    }
  }
  return days;
}

}  // namespace

std::vector<SurvivalCounts> CountSurvival(
    std::span<const SurvivalTime> people) {
  std::vector<SurvivalTime> sorted(people.begin(), people.end());
  std::sort(sorted.begin(), sorted.end(),
            [](const SurvivalTime& a, const SurvivalTime& b) {
              return a.days < b.days;
            });
  std::vector<SurvivalCounts> counts;
  for (size_t i = 0; i < sorted.size();) {
    SurvivalCounts row{.days = sorted[i].days,
                       .at_risk = static_cast<double>(sorted.size() - i)};
    while (i < sorted.size() && sorted[i].days == row.days) {
      row.events += sorted[i].event ? 1 : 0;
      ++i;
    }
    if (row.events > 0) counts.push_back(row);
  }
  return counts;
}

std::vector<SurvivalStep> KaplanMeier(std::span<const SurvivalCounts> counts,
                                      double alpha) {
  std::vector<SurvivalStep> steps;
  double survival = 1;
  double sum = 0;
  std::optional<NaReason> why;
  for (const SurvivalCounts& row : counts) {
    if (!(row.at_risk > 0)) {
      why = why.value_or(NaReason::kNoDenominator);
    } else if (!(row.events >= 0 && row.events <= row.at_risk)) {
      why = why.value_or(NaReason::kInconsistent);
    }
    if (!why) {
      survival *= 1 - row.events / row.at_risk;
      sum += row.events / (row.at_risk * (row.at_risk - row.events));
    }
    steps.push_back({.days = row.days,
                     .at_risk = row.at_risk,
                     .events = row.events,
                     .survival = why ? Estimate::Na(*why)
                                     : SurvivalEstimate(survival, sum, alpha)});
  }
  return steps;
}

LogRank LogRankTest(std::span<const std::vector<SurvivalTime>> groups) {
  const auto na = [](NaReason reason) {
    return LogRank{Figure::Na(reason), 0, Figure::Na(reason)};
  };
  std::vector<std::vector<SurvivalTime>> filled;
  for (const auto& group : groups) {
    if (!group.empty()) filled.push_back(group);
  }
  if (filled.size() < 2) return na(NaReason::kTooFewValues);
  // One group less: its difference is the negative sum of the others'.
  const size_t free = filled.size() - 1;
  std::vector<double> difference(free, 0.0);
  SymmetricMatrix variance(free);
  for (const auto& [day, counts] : DaysOfEvents(filled)) {
    const double n =
        std::accumulate(counts.at_risk.begin(), counts.at_risk.end(), 0.0);
    const double d =
        std::accumulate(counts.events.begin(), counts.events.end(), 0.0);
    const double factor = n > 1 ? d * (n - d) / (n - 1) : 0;
    for (size_t i = 0; i < free; ++i) {
      const double share = counts.at_risk[i] / n;
      difference[i] += counts.events[i] - d * share;
      for (size_t j = 0; j <= i; ++j) {
        const double other = counts.at_risk[j] / n;
        variance.At(i, j) += factor * share * ((i == j ? 1 : 0) - other);
      }
    }
  }
  const auto solved = SolvePositiveDefinite(variance, difference);
  if (!solved) return na(NaReason::kTooFewEvents);
  const double chi = std::inner_product(solved->begin(), solved->end(),
                                        difference.begin(), 0.0);
  return {Figure::Of(chi), static_cast<int>(free),
          Figure::Of(GammaQ(static_cast<double>(free) / 2, chi / 2))};
}

}  // namespace tally::analytics
