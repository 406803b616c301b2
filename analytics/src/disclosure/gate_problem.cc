// What a reader knows about a table, as unknowns and equalities: this table,
// public margins, and earlier tables that do not contradict it.
#include <algorithm>
#include <iterator>
#include <set>
#include <string_view>
#include <unordered_set>
#include <utility>

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

// What the printed form of a cell of an earlier table tells by itself. Which
// `*` are small no reader can tell.
CountRange RangeOfReleased(const ReleasedTable& table, const Profile& profile,
                           const std::string& printed) {
  if (printed == "*" || printed == kShieldMark) {
    const bool zero = printed == kShieldMark && table.hides_zeros;
    const int64_t low = zero ? 0 : profile.hidden().low;
    return {std::max<int64_t>(low, 0), kUnboundedCount};
  }
  const bool midpoint = printed.starts_with(kMidpointMark);
  const absl::StatusOr<int64_t> count = ParseInt64(
      std::string_view(printed).substr(midpoint ? kMidpointMark.size() : 0));
  if (!count.ok()) return {0, kUnboundedCount};
  return midpoint ? Profile::RangeOfMidpoint(*count)
                  : profile.RangeOfPrinted(*count);
}

// Calls `visit` with every key that a table says something of.
template <typename Visit>
void ForEachKey(const ReleasedTable& table, const Visit& visit) {
  for (const auto& [key, printed] : table.cells) visit(key);
  for (const auto* relations : {&table.totals, &table.sums}) {
    for (const auto& [key, parts] : *relations) {
      visit(key);
      for (const std::string& part : parts) visit(part);
    }
  }
  for (const ReleasedRelation& relation : table.equalities) {
    visit(relation.whole);
    for (const std::string& part : relation.parts) visit(part);
  }
  for (const ReleasedMargin& margin : table.margins) {
    for (const std::string& part : margin.parts) visit(part);
  }
}

// Bands of age are joined by what they cover, whatever their keys.
bool HasAge(std::string_view key) {
  return key.find("|age") != std::string_view::npos;
}

// Which of `earlier` share a cell with `keys`, themselves or through others
// that do. What the rest says cannot bound a cell of `keys`.
std::vector<bool> Touching(const std::vector<ReleasedTable>& earlier,
                           const std::map<std::string, size_t>& keys) {
  std::vector<bool> touching(earlier.size());
  std::unordered_set<std::string_view> known;
  for (const auto& [key, unknown] : keys) known.insert(key);
  for (bool more = true; more;) {
    more = false;
    for (size_t i = 0; i < earlier.size(); ++i) {
      if (touching[i]) continue;
      bool shared = false;
      ForEachKey(earlier[i], [&](const std::string& key) {
        shared = shared || HasAge(key) || known.contains(key);
      });
      if (!shared) continue;
      touching[i] = more = true;
      ForEachKey(earlier[i],
                 [&](const std::string& key) { known.insert(key); });
    }
  }
  return touching;
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
  for (const auto* relations : {&raw_.equalities_, &inferred_}) {
    for (const RawTable::Relation& relation : *relations) {
      add(relation.parts, {index(relation.whole)}, 0);
    }
  }
  for (const RawTable::Margin& margin : raw_.margins_) {
    add(margin.parts, {}, margin.exact);
  }
  return problem;
}

// Of cells that two tables have, what both say holds.
void GateRun::AddEarlier(const Earlier& earlier, AuditProblem& problem,
                         std::map<std::string, size_t>& by_key) {
  const ReleasedTable& table = *earlier.table;
  const absl::StatusOr<Profile> profile = Profile::Named(table.profile);
  if (!profile.ok()) return;
  const auto unknown = [&](const std::string& key) {
    const auto [it, is_new] = by_key.emplace(key, problem.unknowns.size());
    if (is_new) problem.unknowns.push_back({});
    return it->second;
  };
  const auto add = [&](const std::vector<std::string>& parts,
                       std::vector<size_t> whole, int64_t constant) {
    AuditEquality equality;
    for (const std::string& part : parts) {
      equality.parts.push_back(unknown(part));
    }
    equality.whole = std::move(whole);
    equality.constant = constant;
    problem.equalities.push_back(std::move(equality));
  };
  for (const auto& [key, printed] : table.cells) {
    AuditUnknown& cell = problem.unknowns[unknown(key)];
    if (table.totals.contains(key)) continue;
    cell.range =
        Intersect(cell.range, RangeOfReleased(table, *profile, printed));
  }
  for (const auto* relations : {&table.totals, &table.sums}) {
    for (const auto& [key, parts] : *relations) add(parts, {unknown(key)}, 0);
  }
  for (const ReleasedRelation& relation : table.equalities) {
    add(relation.parts, {unknown(relation.whole)}, 0);
  }
  if (!earlier.margins) return;
  for (const ReleasedMargin& margin : table.margins) {
    add(margin.parts, {}, margin.exact);
  }
}

AuditProblem GateRun::ProblemWith(const Tables& earlier) const {
  AuditProblem problem = CurrentProblem();
  std::map<std::string, size_t> by_key = by_key_;
  for (const Earlier& table : earlier) AddEarlier(table, problem, by_key);
  JoinAgeBands(by_key, problem);
  for (const auto& [unknown, range] : wanted_) {
    if (shown_safe_.contains(unknown)) continue;
    problem.targets.push_back({unknown, range});
  }
  return problem;
}

AuditProblem GateRun::ProblemOf(const Tables& earlier,
                                std::map<std::string, size_t>& by_key) const {
  AuditProblem problem;
  problem.deadline = deadline_;
  problem.unknowns.resize(cells_.size());
  by_key = by_key_;
  for (const Earlier& table : earlier) AddEarlier(table, problem, by_key);
  JoinAgeBands(by_key, problem);
  return problem;
}

GateRun::Tables GateRun::ConsistentByPropagation(
    const std::vector<ReleasedTable>& earlier) const {
  AuditProblem problem = CurrentProblem();
  std::map<std::string, size_t> by_key = by_key_;
  const std::vector<bool> touching = Touching(earlier, by_key_);
  std::set<std::pair<std::string, std::map<std::string, std::string>>> seen;
  Tables kept;
  for (size_t i = 0; i < earlier.size(); ++i) {
    if (seen.size() >= kEarlierTables) break;
    const ReleasedTable& table = earlier[i];
    if (!touching[i] || !seen.emplace(table.profile, table.cells).second) {
      continue;
    }
    for (const bool margins : {true, false}) {
      AuditProblem tried = problem;
      std::map<std::string, size_t> tried_keys = by_key;
      AddEarlier({&table, margins}, tried, tried_keys);
      if (HasEmptyRange(tried)) break;  // the data changed in between
      const absl::StatusOr<AuditBounds> bounds =
          PropagationSolver().Solve(tried);
      if (!bounds.ok() || bounds->contradiction) continue;
      problem = std::move(tried);
      by_key = std::move(tried_keys);
      kept.push_back({&table, margins});
      break;
    }
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
    Earlier& liar = kept[bad - 1];
    if (liar.margins && !liar.table->margins.empty()) {
      liar.margins = false;
    } else {
      kept.erase(kept.begin() + static_cast<std::ptrdiff_t>(bad - 1));
    }
  }
  return kept;
}

void GateRun::PinCells(const Tables& earlier) {
  std::map<std::string, size_t> by_key;
  const AuditProblem problem = ProblemOf(earlier, by_key);
  pinned_.clear();
  for (size_t i = 0; i < cells_.size(); ++i) {
    pinned_.push_back(problem.unknowns[i].range);
  }
}

absl::Status GateRun::FindWanted(const Tables& earlier) {
  wanted_.clear();
  for (size_t i = 0; i < cells_.size(); ++i) {
    if (At(cells_[i]).decision != CellDecision::kPrimary) continue;
    wanted_[i] = Intersect(profile_.hidden(), pinned_[i]);
  }
  if (earlier.empty()) return absl::OkStatus();
  std::map<std::string, size_t> by_key;
  AuditProblem problem = ProblemOf(earlier, by_key);
  std::set<size_t> known;  // cells that readers have seen in some form
  for (const Earlier& e : earlier) {
    for (const auto& [key, printed] : e.table->cells) {
      known.insert(by_key.at(key));
    }
    const absl::StatusOr<Profile> profile = Profile::Named(e.table->profile);
    if (!profile.ok() || !profile->hides() || e.table->version < 2) continue;
    for (const auto& [key, printed] : e.table->cells) {
      if (printed != "*" || e.table->totals.contains(key)) continue;
      wanted_.emplace(by_key.at(key), profile->hidden());
    }
  }
  // A sum is as safe as its parts: that each is 1 at least cannot be hidden.
  // Those of this table have been left out by their decision.
  for (const AuditEquality& equality : ProblemWith(earlier).equalities) {
    for (const size_t whole : equality.whole) {
      const bool own = whole < cells_.size() &&
                       At(cells_[whole]).decision == CellDecision::kPrimary;
      if (!own && equality.parts.size() > 1) wanted_.erase(whole);
    }
  }
  for (const auto& [unknown, range] : wanted_) {
    problem.targets.push_back({unknown, range});
  }
  TALLY_ASSIGN_OR_RETURN(const AuditBounds before, solver_.Solve(problem));
  // What readers know already of a cell stays known. A cell that they have not
  // seen, and know something of all the same, is not released: a `*` would
  // promise too much.
  for (auto it = wanted_.begin(); it != wanted_.end();) {
    if (known.contains(it->first)) {
      it->second = Intersect(it->second, before.ranges[it->first]);
    }
    it = it->second.low > it->second.high ? wanted_.erase(it) : std::next(it);
  }
  return absl::OkStatus();
}

}  // namespace tally::analytics
