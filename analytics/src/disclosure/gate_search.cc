// What else is hidden where the cheapest cells of single lines do not help: a
// least set of cells, found by trying. Zeros come last; a reader then no longer
// knows that a `*` which shields others is not one.
#include <algorithm>
#include <tuple>

#include "base/process.h"
#include "base/status.h"
#include "disclosure/gate_run.h"
#include "disclosure/joined_unknowns.h"

namespace tally::analytics {
// Cells that may be hidden, in the order in which they are preferred: small
// counts first, then zeros, those near an unsafe cell before those far away,
// for a zero among counts looks less like one that must be.
std::vector<size_t> GateRun::HidableNear(
    const AuditProblem& problem, const std::vector<size_t>& unsafe) const {
  const std::vector<bool> joined = JoinedUnknowns(problem).JoinedTo(unsafe);
  std::vector<size_t> cells;
  for (size_t i = 0; i < cells_.size(); ++i) {
    if (joined[i] && IsUnpinned(i)) cells.push_back(i);
  }
  const auto distance = [&](size_t i) {
    size_t least = cells_.size();
    for (const size_t cell : unsafe) {
      least = std::min(least, cell > i ? cell - i : i - cell);
    }
    return least;
  };
  const auto rank = [&](size_t i) {
    const int64_t exact = At(cells_[i]).exact;
    return exact > 0 ? std::tuple<bool, int64_t, size_t>(false, exact, i)
                     : std::tuple<bool, int64_t, size_t>(
                           true, static_cast<int64_t>(distance(i)), i);
  };
  std::sort(cells.begin(), cells.end(),
            [&](size_t a, size_t b) { return rank(a) < rank(b); });
  return cells;
}

AuditProblem GateRun::WithHidden(const AuditProblem& problem,
                                 const std::vector<size_t>& hidden) const {
  AuditProblem result = problem;
  std::vector<bool> star(cells_.size(), false);
  int64_t low = shield_low_;
  for (const size_t i : hidden) {
    star[i] = true;
    if (At(cells_[i]).exact == 0) low = 0;
  }
  for (size_t i = 0; i < cells_.size(); ++i) {
    const Count& count = At(cells_[i]);
    const bool shields = !count.copy && !count.printed.has_value() &&
                         count.decision == CellDecision::kSecondary;
    if (!star[i] && !shields) continue;
    result.unknowns[i].range = {std::max(low, pinned_[i].low), pinned_[i].high};
  }
  return result;
}

absl::StatusOr<bool> GateRun::IsSafe(const AuditProblem& problem) const {
  TALLY_RETURN_IF_ERROR(CheckNotStopped());
  if (std::chrono::steady_clock::now() >= problem.deadline) {
    return absl::DeadlineExceededError("the search came to no end in time");
  }
  TALLY_ASSIGN_OR_RETURN(AuditBounds bounds,
                         PropagationSolver().Solve(problem));
  if (!Unsafe(problem, bounds).empty()) return false;
  TALLY_ASSIGN_OR_RETURN(bounds, solver_.Solve(problem));
  return Unsafe(problem, bounds).empty();
}

// More hidden cells are never less safe. So of the preferred cells the shortest
// beginning that is enough ends with one that is needed; that one is kept, and
// the search goes on among those before it.
absl::StatusOr<bool> GateRun::RepairBySearch(
    const AuditProblem& problem, const std::vector<size_t>& unsafe) {
  AuditProblem asked = problem;
  asked.targets_only = true;
  std::erase_if(asked.targets, [&](const AuditTarget& target) {
    return std::find(unsafe.begin(), unsafe.end(), target.unknown) ==
           unsafe.end();
  });
  std::vector<size_t> cells = HidableNear(problem, unsafe);
  std::vector<size_t> chosen;
  const auto enough = [&](size_t count) {
    std::vector<size_t> hidden = chosen;
    hidden.insert(hidden.end(), cells.begin(),
                  cells.begin() + static_cast<std::ptrdiff_t>(count));
    return IsSafe(WithHidden(asked, hidden));
  };
  TALLY_ASSIGN_OR_RETURN(const bool possible, enough(cells.size()));
  if (!possible) return false;
  for (;;) {
    TALLY_ASSIGN_OR_RETURN(const bool done, enough(0));
    if (done) break;
    size_t few = 0, many = cells.size();
    while (many - few > 1) {
      const size_t middle = few + (many - few) / 2;
      TALLY_ASSIGN_OR_RETURN(const bool ok, enough(middle));
      (ok ? many : few) = middle;
    }
    chosen.push_back(cells[many - 1]);
    cells.resize(many - 1);
  }
  for (const size_t i : chosen) {
    if (At(cells_[i]).exact == 0) shield_low_ = 0;
    Hide(cells_[i], CellDecision::kSecondary);
  }
  return !chosen.empty();
}

}  // namespace tally::analytics
