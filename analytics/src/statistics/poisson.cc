#include "analytics/statistics/poisson.h"

#include <cmath>

#include "analytics/statistics/distributions.h"

namespace tally::analytics {
namespace {

Figure Scale(const Figure& figure, double factor) {
  return figure.known() ? Figure::Of(figure.value() * factor) : figure;
}

// From here on Byar's approximation is used; it is within 0.1 % of the exact
// limits at 10 events.
constexpr double kByarFrom = 10;

}  // namespace

Estimate ByarLimits(double events, double alpha) {
  if (!(events >= 0)) return Estimate::Na(NaReason::kInconsistent);
  const double z = NormalZ(alpha);
  Figure lower = Figure::Of(0);
  if (events > 0) {
    const double root = 1 - 1 / (9 * events) - z / (3 * std::sqrt(events));
    lower = root < 0 ? Figure::Na(NaReason::kLimitUndefined)
                     : Figure::Of(events * root * root * root);
  }
  const double next = events + 1;
  const double root = 1 - 1 / (9 * next) + z / (3 * std::sqrt(next));
  return {Figure::Of(events), lower, Figure::Of(next * root * root * root)};
}

Estimate ExactPoissonLimits(double events, double alpha) {
  if (!(events >= 0)) return Estimate::Na(NaReason::kInconsistent);
  const double lower =
      events == 0 ? 0 : ChiSquaredQuantile(alpha / 2, 2 * events) / 2;
  const double upper = ChiSquaredUpperQuantile(alpha / 2, 2 * events + 2) / 2;
  return {Figure::Of(events), Figure::Of(lower), Figure::Of(upper)};
}

Estimate EventLimits(double events, double alpha) {
  return events < kByarFrom ? ExactPoissonLimits(events, alpha)
                            : ByarLimits(events, alpha);
}

Estimate CrudeRate(double events, double population, double multiplier,
                   double alpha) {
  if (!(population > 0)) return Estimate::Na(NaReason::kNoDenominator);
  const Estimate limits = EventLimits(events, alpha);
  const double factor = multiplier / population;
  return {Scale(limits.value, factor), Scale(limits.lower, factor),
          Scale(limits.upper, factor)};
}

}  // namespace tally::analytics
