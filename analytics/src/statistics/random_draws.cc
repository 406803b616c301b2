#include "analytics/statistics/random_draws.h"

#include <cmath>
#include <numbers>

namespace tally::analytics {

double RandomDraws::Uniform() {
  // 52 bits, moved by half a step: exact, so that neither end is drawn.
  return (static_cast<double>(bits_() >> 12) + 0.5) * 0x1.0p-52;
}

double RandomDraws::Normal() {
  if (has_spare_) {
    has_spare_ = false;
    return spare_;
  }
  const double radius = std::sqrt(-2 * std::log(Uniform()));
  const double angle = 2 * std::numbers::pi * Uniform();
  spare_ = radius * std::sin(angle);
  has_spare_ = true;
  return radius * std::cos(angle);
}

}  // namespace tally::analytics
