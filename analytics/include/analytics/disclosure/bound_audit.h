// The attacker audit: how far can a reader narrow each hidden cell, given
// everything that is printed and known? The problem is a set of whole-number
// unknowns with bounds and linear equalities; a solver tightens the bounds.
// Runs in: the analyst's program.
//
// PropagationSolver uses each equality by itself until nothing moves. It is a
// lower bound on what a reader can conclude: an exact solver (linear
// programming) is another implementation of BoundSolver behind the same
// interface.
// Threading: a problem belongs to one thread; solvers are stateless.
// Secrets: bounds of hidden counts. No text form.
#ifndef TALLY_ANALYTICS_DISCLOSURE_BOUND_AUDIT_H_
#define TALLY_ANALYTICS_DISCLOSURE_BOUND_AUDIT_H_

#include <cstddef>
#include <cstdint>
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
};

struct AuditProblem {
  std::vector<AuditUnknown> unknowns;
  std::vector<AuditEquality> equalities;
};

// What came out. `contradiction` names an equality that no value satisfies:
// the printed numbers cannot all be true at once.
struct AuditBounds {
  std::vector<CountRange> ranges;
  bool contradiction = false;
  size_t contradicted = 0;
};

class BoundSolver {
 public:
  virtual ~BoundSolver() = default;
  // Bounds of every unknown, at least as wide as what is truly possible.
  // kDeadlineExceeded if there is no answer in time: the caller takes that as
  // unsafe.
  virtual absl::StatusOr<AuditBounds> Solve(
      const AuditProblem& problem) const = 0;
};

class PropagationSolver : public BoundSolver {
 public:
  // Cost: O(rounds x terms); at most 1,000 rounds.
  absl::StatusOr<AuditBounds> Solve(const AuditProblem& problem) const override;
};

}  // namespace tally::analytics

#endif  // TALLY_ANALYTICS_DISCLOSURE_BOUND_AUDIT_H_
