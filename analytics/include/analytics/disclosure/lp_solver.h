// The exact attacker: bounds of hidden cells by linear programming, over all
// printed cells, totals, public margins and earlier tables together.
// Runs in: the analyst's program.
//
// First each equality tightens bounds by itself (PropagationSolver). Then what
// cannot matter is taken away: unknowns with one value, unknowns that stand in
// one equality only, equalities that their terms' bounds fulfil anyway. What is
// left falls into parts that share no unknown. A part of one equality is
// answered by arithmetic; for each of the others one model is kept warm over
// all questions. A solution that reaches an end of a target's range answers for
// all targets that it reaches, so most targets need no program of their own.
// Solver: COIN-OR CLP.
//
// Exact for readers who solve linear systems. Whole numbers may narrow a cell
// further where an optimum is not whole, which cannot be for tables with two
// crossed dimensions (their matrices are totally unimodular).
// Spec: docs/measures/disclosure.md; docs/adr/0086-exact-audit.md.
// Threading: stateless.
// Secrets: bounds of hidden counts.
#ifndef TALLY_ANALYTICS_DISCLOSURE_LP_SOLVER_H_
#define TALLY_ANALYTICS_DISCLOSURE_LP_SOLVER_H_

#include "absl/status/statusor.h"
#include "analytics/disclosure/bound_audit.h"

namespace tally::analytics {

// A bound within this of a whole number is that number: a minimum of 2.9999999
// and of 3.0000001 are both 3.
inline constexpr double kAuditTolerance = 1e-7;

class LpSolver : public BoundSolver {
 public:
  // Minima are rounded up and maxima down, each with the tolerance first to
  // the outside: ceil(min - 1e-7), floor(max + 1e-7).
  // Cost: at most two linear programs a target, in practice a few tens for a
  // table: milliseconds for 1,000 cells, about a second for 10,000.
  // kDeadlineExceeded: `problem.deadline` has passed, or a program came to no
  // answer. kCancelled: the user asked to stop.
  absl::StatusOr<AuditBounds> Solve(const AuditProblem& problem) const override;
};

}  // namespace tally::analytics

#endif  // TALLY_ANALYTICS_DISCLOSURE_LP_SOLVER_H_
