// What a reader knows about a table, as unknowns and equalities: this table,
// public margins, and earlier tables that do not contradict it.
#include <algorithm>
#include <iterator>
#include <set>

#include "base/status.h"
#include "base/strings.h"
#include "disclosure/gate_run.h"

namespace tally::analytics {
namespace {

// Earlier tables beyond this many say nothing that the newer ones do not.
constexpr size_t kEarlierTables = 100;

CountRange Intersect(const CountRange& a, const CountRange& b) {
  return {std::max(a.low, b.low), std::min(a.high, b.high)};
}

bool HasEmptyRange(const AuditProblem& problem) {
  return std::any_of(
      problem.unknowns.begin(), problem.unknowns.end(),
      [](const AuditUnknown& u) { return u.range.low > u.range.high; });
}

}  // namespace

AuditProblem GateRun::CurrentProblem() const {
  AuditProblem problem;
  problem.deadline = deadline_;
  for (const CellRef cell : cells_) problem.unknowns.push_back({RangeOf(cell)});
  const auto index = [&](CellRef cell) { return unknown_.at(Original(cell)); };
  const auto add = [&](const std::vector<CellRef>& parts,
                       std::vector<size_t> whole, int64_t constant) {
    AuditEquality equality;
    for (const CellRef part : parts) equality.parts.push_back(index(part));
    equality.whole = std::move(whole);
    equality.constant = constant;
    problem.equalities.push_back(std::move(equality));
  };
  for (const auto& [total, parts] : raw_.totals_) {
    add(parts, {index(total)}, 0);
  }
  for (const RawTable::Relation& relation : raw_.equalities_) {
    add(relation.parts, {index(relation.whole)}, 0);
  }
  for (const RawTable::Margin& margin : raw_.margins_) {
    add(margin.parts, {}, margin.exact);
  }
  return problem;
}

void GateRun::AddEarlier(const ReleasedTable& table, AuditProblem& problem,
                         std::map<std::string, size_t>& by_key) const {
  const absl::StatusOr<Profile> profile = Profile::Named(table.profile);
  if (!profile.ok()) return;
  const auto unknown = [&](const std::string& key) {
    const auto [it, is_new] = by_key.emplace(key, problem.unknowns.size());
    if (is_new) problem.unknowns.push_back({});
    return it->second;
  };
  for (const auto& [key, printed] : table.cells) {
    AuditUnknown& cell = problem.unknowns[unknown(key)];
    if (table.totals.contains(key)) continue;
    if (printed == "*") {
      const int64_t low = std::max<int64_t>(profile->hidden().low, 0);
      cell.range = Intersect(cell.range, {low, kUnboundedCount});
      continue;
    }
    const bool midpoint = printed.starts_with(kMidpointMark);
    const absl::StatusOr<int64_t> count = ParseInt64(
        std::string_view(printed).substr(midpoint ? kMidpointMark.size() : 0));
    if (!count.ok()) continue;
    cell.range =
        Intersect(cell.range, midpoint ? Profile::RangeOfMidpoint(*count)
                                       : profile->RangeOfPrinted(*count));
  }
  for (const auto* relations : {&table.totals, &table.sums}) {
    for (const auto& [key, parts] : *relations) {
      AuditEquality equality;
      for (const std::string& part : parts) {
        equality.parts.push_back(unknown(part));
      }
      equality.whole = {unknown(key)};
      problem.equalities.push_back(std::move(equality));
    }
  }
}

AuditProblem GateRun::ProblemWith(const Tables& earlier) const {
  AuditProblem problem = CurrentProblem();
  std::map<std::string, size_t> by_key = by_key_;
  for (const ReleasedTable* table : earlier) {
    AddEarlier(*table, problem, by_key);
  }
  for (size_t i = 0; i < cells_.size(); ++i) {
    const bool primary = At(cells_[i]).decision == CellDecision::kPrimary;
    if (!primary || shown_safe_.contains(i)) continue;
    // The hidden range, or what of it an earlier table printed in so many
    // words: a zero under a looser profile is known and stays known.
    problem.targets.push_back({i, problem.unknowns[i].range});
  }
  return problem;
}

GateRun::Tables GateRun::ConsistentByPropagation(
    const std::vector<ReleasedTable>& earlier) const {
  AuditProblem problem = CurrentProblem();
  std::map<std::string, size_t> by_key = by_key_;
  std::set<std::map<std::string, std::string>> seen;
  Tables kept;
  for (const ReleasedTable& table : earlier) {
    if (seen.size() >= kEarlierTables) break;
    if (!seen.insert(table.cells).second) continue;
    AuditProblem tried = problem;
    std::map<std::string, size_t> tried_keys = by_key;
    AddEarlier(table, tried, tried_keys);
    if (HasEmptyRange(tried)) continue;  // the data changed in between
    const absl::StatusOr<AuditBounds> bounds = PropagationSolver().Solve(tried);
    if (!bounds.ok() || bounds->contradiction) continue;
    problem = std::move(tried);
    by_key = std::move(tried_keys);
    kept.push_back(&table);
  }
  return kept;
}

absl::StatusOr<GateRun::Tables> GateRun::Consistent(
    const std::vector<ReleasedTable>& earlier) const {
  Tables kept = ConsistentByPropagation(earlier);
  const auto possible = [&](size_t count) -> absl::StatusOr<bool> {
    const auto end = kept.begin() + static_cast<std::ptrdiff_t>(count);
    AuditProblem problem = ProblemWith(Tables(kept.begin(), end));
    problem.targets.clear();
    TALLY_ASSIGN_OR_RETURN(const AuditBounds bounds, solver_.Solve(problem));
    return !bounds.contradiction;
  };
  // More tables are never more possible, so the newest one that contradicts
  // those before it is found by halving.
  while (!kept.empty()) {
    TALLY_ASSIGN_OR_RETURN(const bool all, possible(kept.size()));
    if (all) break;
    size_t good = 0, bad = kept.size();
    while (bad - good > 1) {
      const size_t middle = good + (bad - good) / 2;
      TALLY_ASSIGN_OR_RETURN(const bool ok, possible(middle));
      (ok ? good : bad) = middle;
    }
    kept.erase(kept.begin() + static_cast<std::ptrdiff_t>(bad - 1));
  }
  return kept;
}

void GateRun::PinCells(const Tables& earlier) {
  AuditProblem problem;
  problem.unknowns.resize(cells_.size());
  std::map<std::string, size_t> by_key = by_key_;
  for (const ReleasedTable* table : earlier) {
    AddEarlier(*table, problem, by_key);
  }
  pinned_.clear();
  for (size_t i = 0; i < cells_.size(); ++i) {
    pinned_.push_back(problem.unknowns[i].range);
  }
}

}  // namespace tally::analytics
