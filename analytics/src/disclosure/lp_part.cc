#include "disclosure/lp_part.h"

#include <algorithm>
#include <cmath>

#include "ClpSimplex.hpp"
#include "CoinError.hpp"
#include "CoinPackedMatrix.hpp"

namespace tally::analytics {
namespace {

using LpClock = std::chrono::steady_clock;

// Moves bounds and costs a little while it works and mends it at the end: most
// tables have so many equal choices that plain pivoting goes in circles.
constexpr int kLpPerturb = 50;
// Reduced costs and row prices below this are none.
constexpr double kLpNoPrice = 1e-7;

double LpBound(int64_t bound) {
  if (bound >= kUnboundedCount) return COIN_DBL_MAX;
  if (bound <= -kUnboundedCount) return -COIN_DBL_MAX;
  return static_cast<double>(bound);
}

}  // namespace

struct LpPart::Model {
  ClpSimplex clp;
};

LpPart::LpPart(const ReducedPart& part, const std::vector<CountRange>& ranges)
    : part_(part), model_(std::make_unique<Model>()) {
  const auto columns = static_cast<int>(part.unknowns.size());
  const auto rows = static_cast<int>(part.rows.size());
  std::vector<int> row_of, column_of;
  std::vector<double> factors, low, high, row_low, row_high;
  for (const size_t unknown : part.unknowns) {
    low.push_back(LpBound(ranges[unknown].low));
    high.push_back(LpBound(ranges[unknown].high));
  }
  for (int i = 0; i < rows; ++i) {
    const ReducedRow& row = part.rows[static_cast<size_t>(i)];
    row_low.push_back(LpBound(row.low));
    row_high.push_back(LpBound(row.high));
    for (const ReducedTerm& term : row.terms) {
      const auto at = std::lower_bound(part.unknowns.begin(),
                                       part.unknowns.end(), term.unknown);
      row_of.push_back(i);
      column_of.push_back(static_cast<int>(at - part.unknowns.begin()));
      factors.push_back(static_cast<double>(term.factor));
    }
  }
  CoinPackedMatrix matrix(true, row_of.data(), column_of.data(), factors.data(),
                          static_cast<CoinBigIndex>(factors.size()));
  matrix.setDimensions(rows, columns);
  const std::vector<double> objective(part.unknowns.size(), 0.0);
  ClpSimplex& clp = model_->clp;
  clp.setLogLevel(0);
  clp.scaling(0);  // all factors are small whole numbers
  clp.setPrimalTolerance(1e-9);
  clp.setDualTolerance(1e-9);
  clp.loadProblem(matrix, low.data(), high.data(), objective.data(),
                  row_low.data(), row_high.data());
  clp.setPerturbation(kLpPerturb);
  clp.createStatus();
}

LpPart::~LpPart() = default;

LpPart::Answer LpPart::AnswerOf() const {
  switch (model_->clp.status()) {
    case 0:
      return Answer::kOptimal;
    case 1:
      return Answer::kInfeasible;
    case 2:
      return Answer::kUnbounded;
    default:
      return Answer::kNone;
  }
}

LpPart::Answer LpPart::Start(LpClock::time_point deadline) {
  try {
    if (deadline != LpClock::time_point::max()) {
      const std::chrono::duration<double> left = deadline - LpClock::now();
      if (left.count() <= 0) return Answer::kNone;
      // By the wall clock: the other limit is of the processor time of the
      // whole process, in which other threads count for the next measures.
      model_->clp.setMaximumWallSeconds(left.count());
    }
    model_->clp.dual();
    return AnswerOf();
  } catch (const CoinError&) {
    return Answer::kNone;
  }
}

void LpPart::SetFactor(size_t i, double factor) {
  model_->clp.setObjectiveCoefficient(static_cast<int>(i), factor);
}

LpPart::Answer LpPart::Minimise(Method method, LpClock::time_point deadline) {
  if (deadline != LpClock::time_point::max() && LpClock::now() >= deadline) {
    return Answer::kNone;
  }
  try {
    method == Method::kNear ? model_->clp.primal() : model_->clp.dual();
    if (AnswerOf() == Answer::kNone && LpClock::now() < deadline) {
      // A basis that went bad: once more from the beginning.
      model_->clp.allSlackBasis(true);
      model_->clp.dual();
      model_->clp.primal();
    }
    return AnswerOf();
  } catch (const CoinError&) {
    return Answer::kNone;
  }
}

const double* LpPart::values() const {
  return model_->clp.primalColumnSolution();
}

std::vector<size_t> LpPart::Binding() const {
  std::vector<size_t> binding;
  const double* costs = model_->clp.dualColumnSolution();
  const double* prices = model_->clp.dualRowSolution();
  for (size_t i = 0; i < part_.unknowns.size(); ++i) {
    if (std::fabs(costs[i]) > kLpNoPrice) binding.push_back(part_.unknowns[i]);
  }
  for (size_t i = 0; i < part_.rows.size(); ++i) {
    if (std::fabs(prices[i]) <= kLpNoPrice) continue;
    const std::vector<size_t>& folded = part_.rows[i].folded;
    binding.insert(binding.end(), folded.begin(), folded.end());
  }
  std::sort(binding.begin(), binding.end());
  return binding;
}

}  // namespace tally::analytics
