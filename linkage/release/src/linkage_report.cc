#include "linkage/release/linkage_report.h"

#include <algorithm>
#include <cmath>

#include "base/status.h"

namespace tally::linkage {
namespace {

constexpr double kZ95 = 1.959963984540054;
constexpr double kLargestDifference = 99.0;
constexpr double kFlaggedDifference = 0.1;

}  // namespace

Proportion WilsonProportion(int64_t hits, int64_t total) {
  TALLY_CHECK(hits >= 0 && hits <= total);
  if (total == 0) return {0.0, 0.0, 1.0};
  const double n = static_cast<double>(total);
  const double p = static_cast<double>(hits) / n;
  const double z2 = kZ95 * kZ95;
  const double centre = (p + z2 / (2 * n)) / (1 + z2 / n);
  const double half =
      kZ95 * std::sqrt(p * (1 - p) / n + z2 / (4 * n * n)) / (1 + z2 / n);
  // The ends are exact where rounding would miss them by one bit.
  const double lower = hits == 0 ? 0.0 : std::max(0.0, centre - half);
  const double upper = hits == total ? 1.0 : std::min(1.0, centre + half);
  return {p, lower, upper};
}

double StandardisedDifference(double p1, double p2) {
  const double variance = (p1 * (1 - p1) + p2 * (1 - p2)) / 2;
  const double difference = p1 - p2;
  if (difference == 0) return 0;
  if (variance <= 0) return std::copysign(kLargestDifference, difference);
  const double d = difference / std::sqrt(variance);
  return std::clamp(d, -kLargestDifference, kLargestDifference);
}

double ContrastLine::Difference() const {
  if (all_linked_rows == 0 || all_unlinked_rows == 0) return 0;
  return StandardisedDifference(
      static_cast<double>(linked_rows) / static_cast<double>(all_linked_rows),
      static_cast<double>(unlinked_rows) /
          static_cast<double>(all_unlinked_rows));
}

bool ContrastLine::Flagged() const {
  return std::fabs(Difference()) > kFlaggedDifference;
}

}  // namespace tally::linkage
