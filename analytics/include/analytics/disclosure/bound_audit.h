// The attacker audit: how far can a reader narrow each hidden cell, given
// everything that is printed and known? The problem is a set of whole-number
// unknowns with bounds and linear equalities; a solver tightens the bounds.
// Runs in: the analyst's program.
//
// PropagationSolver uses each equality by itself until nothing moves: fast, and
// a lower bound on what a reader can conclude. LpSolver (lp_solver.h) uses all
// of them together.
// Threading: a problem belongs to one thread; solvers are stateless.
// Secrets: bounds of hidden counts. No text form.
#ifndef TALLY_ANALYTICS_DISCLOSURE_BOUND_AUDIT_H_
#define TALLY_ANALYTICS_DISCLOSURE_BOUND_AUDIT_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "analytics/disclosure/profile.h"

namespace tally::analytics {

// No bound is known above; far from overflow when a table's cells are added.
inline constexpr int64_t kUnboundedCount = int64_t{1} << 50;

struct AuditUnknown {
  CountRange range{0, kUnboundedCount};
};

// Sum of the unknowns of `parts` minus `whole` (if any) equals `constant`.
struct AuditEquality {
  std::vector<size_t> parts;
  std::vector<size_t> whole;  // none or one
  int64_t constant = 0;
  // One of so many that no program is made of it: only propagation uses it.
  bool loose = false;
  // One part is a rest that nothing prints: what is known of the others says
  // what the whole is at least, and no more.
  bool with_rest = false;
};

// An unknown that must stay open: a reader may not be able to rule out either
// end of `range`.
struct AuditTarget {
  size_t unknown = 0;
  CountRange range{0, kUnboundedCount};
};

struct AuditProblem {
  std::vector<AuditUnknown> unknowns;
  std::vector<AuditEquality> equalities;
  // What the answer is wanted for. The bounds of other unknowns may come out
  // wider than they are.
  std::vector<AuditTarget> targets;
  // Only what is joined to a target is looked at: a contradiction elsewhere
  // goes unnoticed.
  bool targets_only = false;
  // No answer is of use after this.
  std::chrono::steady_clock::time_point deadline =
      std::chrono::steady_clock::time_point::max();
};

// What came out. A contradiction: the printed numbers cannot all be true at
// once. `proof` says for a target that is narrower than its range which
// unknowns' bounds narrow it (of solvers that know).
struct AuditBounds {
  std::vector<CountRange> ranges;
  bool contradiction = false;
  // Of a contradiction the equality that cannot hold (of PropagationSolver).
  std::optional<size_t> broken;
  std::map<size_t, std::vector<size_t>> proof;
};

class BoundSolver {
 public:
  virtual ~BoundSolver() = default;
  // Bounds of every unknown, at least as wide as what is truly possible, and
  // those of a target as narrow as the solver can show, or wide enough to
  // cover its range. Unknowns may take any real value between their bounds;
  // results are rounded to whole numbers inside them.
  // kDeadlineExceeded if there is no answer in time: the caller takes that as
  // unsafe.
  virtual absl::StatusOr<AuditBounds> Solve(
      const AuditProblem& problem) const = 0;
};

class PropagationSolver : public BoundSolver {
 public:
  // Cost: O(rounds x terms); at most 1,000 rounds. Pays no heed to targets and
  // deadline, gives no proofs.
  absl::StatusOr<AuditBounds> Solve(const AuditProblem& problem) const override;
};

}  // namespace tally::analytics

#endif  // TALLY_ANALYTICS_DISCLOSURE_BOUND_AUDIT_H_
