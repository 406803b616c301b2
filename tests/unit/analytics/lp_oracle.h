// An attacker of its own for tests: bounds by GLPK, straight from an audit
// problem, with nothing taken away first and one program per question.
// Threading: GLPK keeps global state; one thread.  Secrets: none.
#ifndef TALLY_TESTS_UNIT_ANALYTICS_LP_ORACLE_H_
#define TALLY_TESTS_UNIT_ANALYTICS_LP_ORACLE_H_

#include <optional>
#include <vector>

#include "analytics/disclosure/bound_audit.h"

namespace tally::analytics {

// Whole-number ends of each of `wanted`, in order; nullopt: no values fulfil
// the problem. An open end is kUnboundedCount or its negative.
std::optional<std::vector<CountRange>> OracleBounds(
    const AuditProblem& problem, const std::vector<size_t>& wanted);

// Whether any values fulfil the problem.
bool OracleIsPossible(const AuditProblem& problem);

}  // namespace tally::analytics

#endif  // TALLY_TESTS_UNIT_ANALYTICS_LP_ORACLE_H_
