// One part of a reduced audit problem as a linear program that stays warm from
// question to question. The only file pair that knows the solver (COIN-OR CLP).
// Threading: one thread.  Secrets: bounds of hidden counts.
#ifndef TALLY_ANALYTICS_SRC_DISCLOSURE_LP_PART_H_
#define TALLY_ANALYTICS_SRC_DISCLOSURE_LP_PART_H_

#include <chrono>
#include <cstddef>
#include <memory>
#include <vector>

#include "disclosure/lp_reduce.h"

namespace tally::analytics {

class LpPart {
 public:
  enum class Answer {
    kOptimal,
    kUnbounded,
    kInfeasible,  // no values fulfil all rows
    kNone,        // time is up, or the solver failed
  };

  // How far from the last solution the next one is expected. Both give the same
  // optimum; the wrong one takes longer.
  enum class Method {
    kNear,  // few steps: the primal simplex method
    kFar,   // many: the dual one
  };

  // `part` must outlive this. `ranges` are bounds of all unknowns.
  LpPart(const ReducedPart& part, const std::vector<CountRange>& ranges);
  ~LpPart();

  // Finds any solution. To be called first.
  Answer Start(std::chrono::steady_clock::time_point deadline);

  // Sets the objective's factor of the i-th unknown of the part; 0 at first.
  void SetFactor(size_t i, double factor);
  // Minimises the objective from where the last question ended.
  Answer Minimise(Method method,
                  std::chrono::steady_clock::time_point deadline);

  // The solution of the last kOptimal answer: a value per unknown of the part.
  const double* values() const;
  // Unknowns (of the problem) whose bounds hold the last optimum where it is.
  std::vector<size_t> Binding() const;

 private:
  struct Model;  // keeps the solver's headers out
  Answer AnswerOf() const;

  const ReducedPart& part_;
  std::unique_ptr<Model> model_;
};

}  // namespace tally::analytics

#endif  // TALLY_ANALYTICS_SRC_DISCLOSURE_LP_PART_H_
