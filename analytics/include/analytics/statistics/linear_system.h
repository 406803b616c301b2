// Small symmetric linear systems: normal equations of least squares.
//
// Threading: pure functions.  Secrets: none.
#ifndef TALLY_ANALYTICS_STATISTICS_LINEAR_SYSTEM_H_
#define TALLY_ANALYTICS_STATISTICS_LINEAR_SYSTEM_H_

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

namespace tally::analytics {

// A square symmetric matrix; only the lower triangle is used.
class SymmetricMatrix {
 public:
  explicit SymmetricMatrix(size_t size)
      : size_(size), values_(size * size, 0.0) {}
  size_t size() const { return size_; }
  double& At(size_t row, size_t column) {
    return values_[row * size_ + column];
  }
  double At(size_t row, size_t column) const {
    return values_[row * size_ + column];
  }

 private:
  size_t size_;
  std::vector<double> values_;
};

// The x with A x = b, by Cholesky's decomposition. nullopt where A is not
// positive definite to 1e-12 of its largest diagonal element.
// REQUIRES: b.size() == a.size(). Cost: O(n^3).
std::optional<std::vector<double>> SolvePositiveDefinite(
    const SymmetricMatrix& a, std::span<const double> b);

}  // namespace tally::analytics

#endif  // TALLY_ANALYTICS_STATISTICS_LINEAR_SYSTEM_H_
