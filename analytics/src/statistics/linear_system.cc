#include "analytics/statistics/linear_system.h"

#include <algorithm>
#include <cmath>

#include "base/status.h"

namespace tally::analytics {
namespace {

constexpr double kSmallestPivot = 1e-12;

}  // namespace

std::optional<std::vector<double>> SolvePositiveDefinite(
    const SymmetricMatrix& a, std::span<const double> b) {
  const size_t n = a.size();
  TALLY_CHECK(b.size() == n);
  double largest = 0;
  for (size_t i = 0; i < n; ++i) largest = std::max(largest, a.At(i, i));
  SymmetricMatrix lower = a;
  for (size_t i = 0; i < n; ++i) {
    for (size_t j = 0; j <= i; ++j) {
      double sum = a.At(i, j);
      for (size_t k = 0; k < j; ++k) sum -= lower.At(i, k) * lower.At(j, k);
      if (i != j) {
        lower.At(i, j) = sum / lower.At(j, j);
      } else if (sum > kSmallestPivot * largest) {
        lower.At(i, i) = std::sqrt(sum);
      } else {
        return std::nullopt;
      }
    }
  }
  std::vector<double> x(b.begin(), b.end());
  for (size_t i = 0; i < n; ++i) {
    for (size_t k = 0; k < i; ++k) x[i] -= lower.At(i, k) * x[k];
    x[i] /= lower.At(i, i);
  }
  for (size_t i = n; i-- > 0;) {
    for (size_t k = i + 1; k < n; ++k) x[i] -= lower.At(k, i) * x[k];
    x[i] /= lower.At(i, i);
  }
  return x;
}

}  // namespace tally::analytics
