// Unknowns that equalities join, in any number of steps.
// Threading: one thread.  Secrets: none.
#ifndef TALLY_ANALYTICS_SRC_DISCLOSURE_JOINED_UNKNOWNS_H_
#define TALLY_ANALYTICS_SRC_DISCLOSURE_JOINED_UNKNOWNS_H_

#include <cstddef>
#include <numeric>
#include <vector>

#include "analytics/disclosure/bound_audit.h"

namespace tally::analytics {

class JoinedUnknowns {
 public:
  explicit JoinedUnknowns(size_t unknowns) : leader_(unknowns) {
    std::iota(leader_.begin(), leader_.end(), size_t{0});
  }
  explicit JoinedUnknowns(const AuditProblem& problem)
      : JoinedUnknowns(problem.unknowns.size()) {
    Join(problem.equalities);
  }

  void Join(size_t a, size_t b) { leader_[Leader(a)] = Leader(b); }
  void Join(const std::vector<AuditEquality>& equalities) {
    for (const AuditEquality& equality : equalities) {
      const auto& some =
          equality.parts.empty() ? equality.whole : equality.parts;
      for (const size_t part : equality.parts) Join(part, some.front());
      for (const size_t whole : equality.whole) Join(whole, some.front());
    }
  }

  // The same for all that are joined.
  size_t Leader(size_t i) {
    while (leader_[i] != i) i = leader_[i] = leader_[leader_[i]];
    return i;
  }

  // For each unknown whether it is joined to one of `from`.
  std::vector<bool> JoinedTo(const std::vector<size_t>& from) {
    std::vector<bool> wanted(leader_.size()), joined(leader_.size());
    for (const size_t i : from) wanted[Leader(i)] = true;
    for (size_t i = 0; i < leader_.size(); ++i) joined[i] = wanted[Leader(i)];
    return joined;
  }

 private:
  std::vector<size_t> leader_;
};

}  // namespace tally::analytics

#endif  // TALLY_ANALYTICS_SRC_DISCLOSURE_JOINED_UNKNOWNS_H_
