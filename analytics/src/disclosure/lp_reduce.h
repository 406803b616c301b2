// What is left of an audit problem when everything is taken away that cannot
// narrow a target. Exact: over the unknowns that stay, precisely those values
// are possible that were possible before.
// Threading: pure functions.  Secrets: bounds of hidden counts.
#ifndef TALLY_ANALYTICS_SRC_DISCLOSURE_LP_REDUCE_H_
#define TALLY_ANALYTICS_SRC_DISCLOSURE_LP_REDUCE_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "analytics/disclosure/bound_audit.h"

namespace tally::analytics {

struct ReducedTerm {
  size_t unknown;
  int64_t factor;
  friend bool operator==(const ReducedTerm&, const ReducedTerm&) = default;
};

// low <= sum of factor x unknown <= high; kUnboundedCount and its negative
// stand for no bound.
struct ReducedRow {
  std::vector<ReducedTerm> terms;  // by unknown, factors not 0
  int64_t low;
  int64_t high;
  std::vector<size_t> folded;  // unknowns whose bounds are in low and high
};

// Whether a bound stands for none.
bool IsOpenBound(int64_t bound);
// The least and the most that a term can add; open ends stay open.
CountRange TermRange(const ReducedTerm& term, const CountRange& range);

// Rows that share no unknown with rows outside.
struct ReducedPart {
  std::vector<size_t> unknowns;  // ascending
  std::vector<ReducedRow> rows;
};

struct ReducedProblem {
  std::vector<ReducedPart> parts;
  bool contradiction = false;
};

// `ranges` are bounds of all unknowns, each low <= high. Targets stay
// unless they have one value or stand in no row that matters; then their range
// is what is possible, as far as the parts have a solution at all.
ReducedProblem ReduceProblem(const AuditProblem& problem,
                             const std::vector<CountRange>& ranges);

}  // namespace tally::analytics

#endif  // TALLY_ANALYTICS_SRC_DISCLOSURE_LP_REDUCE_H_
