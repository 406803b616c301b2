// Which further cells are hidden so that a hidden one stays open.
#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "disclosure/gate_run.h"

namespace tally::analytics {
namespace {

constexpr int64_t kFarAway = int64_t{1} << 60;

double WidthOf(const CountRange& range) {
  return static_cast<double>(range.high - range.low);
}

std::vector<size_t> MembersOf(const AuditEquality& equality) {
  std::vector<size_t> members = equality.parts;
  members.insert(members.end(), equality.whole.begin(), equality.whole.end());
  return members;
}

// Whether an equality by itself, with what the others leave of its members,
// keeps `cell` from an end of `wanted`.
bool Narrows(const AuditEquality& equality,
             const std::vector<CountRange>& ranges, size_t cell,
             const CountRange& wanted) {
  // Bounds of parts - whole - constant without `cell`.
  int64_t low = -equality.constant, high = -equality.constant;
  const auto add = [&](size_t member, bool is_part) {
    const CountRange& range = ranges[member];
    if (member == cell) return;
    // Held well below overflow, however many ends are open.
    low = std::max(low + (is_part ? range.low : -range.high), -kFarAway);
    high = std::min(high + (is_part ? range.high : -range.low), kFarAway);
  };
  for (const size_t part : equality.parts) add(part, true);
  for (const size_t whole : equality.whole) add(whole, false);
  const bool is_whole = !equality.whole.empty() && equality.whole[0] == cell;
  return is_whole ? low > wanted.low || high < wanted.high
                  : -high > wanted.low || -low < wanted.high;
}

// The equalities that each unknown stands in.
std::vector<std::vector<size_t>> UsesOf(const AuditProblem& problem) {
  std::vector<std::vector<size_t>> uses(problem.unknowns.size());
  for (size_t i = 0; i < problem.equalities.size(); ++i) {
    for (const size_t member : MembersOf(problem.equalities[i])) {
      uses[member].push_back(i);
    }
  }
  return uses;
}

// What the ranges of `members` but `cell` leave open.
double SlackBeside(size_t cell, const std::vector<size_t>& members,
                   const std::vector<CountRange>& ranges) {
  double slack = 0;
  for (const size_t member : members) {
    if (member != cell) slack += WidthOf(ranges[member]);
  }
  return slack;
}

// The members of each of the equalities `uses` that by itself keeps `cell` from
// an end of `wanted`, the tightest first.
std::vector<std::vector<size_t>> TightestFirst(
    const AuditProblem& problem, const std::vector<size_t>& uses,
    const std::vector<CountRange>& ranges, size_t cell,
    const CountRange& wanted) {
  std::vector<std::pair<double, std::vector<size_t>>> narrowing;
  for (const size_t use : uses) {
    const AuditEquality& equality = problem.equalities[use];
    if (!Narrows(equality, ranges, cell, wanted)) continue;
    std::vector<size_t> members = MembersOf(equality);
    const double slack = SlackBeside(cell, members, ranges);
    narrowing.emplace_back(slack, std::move(members));
  }
  std::stable_sort(
      narrowing.begin(), narrowing.end(),
      [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<std::vector<size_t>> tightest;
  for (auto& [slack, members] : narrowing) {
    tightest.push_back(std::move(members));
  }
  return tightest;
}

}  // namespace

// Zeros are the profile's own choice to show, and are hidden where nothing else
// helps (gate_search.cc).
bool GateRun::CanHide(size_t unknown) const {
  return IsUnpinned(unknown) && At(cells_[unknown]).exact != 0;
}

// A printed cell that readers know from its print only.
bool GateRun::IsUnpinned(size_t unknown) const {
  if (unknown >= cells_.size()) return false;  // a cell of an earlier table
  const CellRef cell = cells_[unknown];
  const Count& count = At(cell);
  if (count.copy || !count.printed.has_value()) return false;
  if (known_totals_.contains(cell)) return false;  // hiding it hides nothing
  // Nor does hiding what an earlier table has told as closely.
  const CountRange printed = RangeOf(cell);
  const CountRange& pinned = pinned_[unknown];
  return pinned.low < printed.low || pinned.high > printed.high;
}

// The cheapest cell among `unknowns` that may be hidden: one that an earlier
// table hid, for what it shielded then is open if it is printed now.
std::optional<CellRef> GateRun::PartnerIn(
    const std::vector<size_t>& unknowns) const {
  std::optional<CellRef> best;
  for (const size_t unknown : unknowns) {
    if (!CanHide(unknown)) continue;
    const CellRef cell = cells_[unknown];
    const auto rank = [&](CellRef of) {
      return std::pair(!stars_before_.contains(UnknownOf(of)), At(of).exact);
    };
    if (!best.has_value() || rank(cell) < rank(*best)) best = cell;
  }
  return best;
}

// For each unsafe cell, in order: the cheapest cell of what proves its bounds,
// or else of the tightest equality that narrows it. One that already lost a
// cell in this round is left for the next: a cell may serve several.
bool GateRun::Repair(const AuditProblem& problem, const AuditBounds& bounds,
                     const std::vector<size_t>& unsafe) {
  const std::vector<std::vector<size_t>> uses = UsesOf(problem);
  std::map<size_t, CountRange> wanted;
  for (const AuditTarget& target : problem.targets) {
    wanted[target.unknown] = target.range;
  }
  std::set<size_t> hidden;
  // Whether one of `unknowns` is hidden in this round, now if not before.
  const auto serve = [&](const std::vector<size_t>& unknowns) {
    const bool served =
        std::any_of(unknowns.begin(), unknowns.end(),
                    [&](size_t unknown) { return hidden.contains(unknown); });
    if (served) return true;
    const std::optional<CellRef> partner = PartnerIn(unknowns);
    if (!partner.has_value()) return false;
    hidden.insert(UnknownOf(*partner));
    Hide(*partner, CellDecision::kSecondary);
    return true;
  };
  for (const size_t cell : unsafe) {
    const auto proof = bounds.proof.find(cell);
    if (proof != bounds.proof.end() && serve(proof->second)) continue;
    for (const std::vector<size_t>& members : TightestFirst(
             problem, uses[cell], bounds.ranges, cell, wanted.at(cell))) {
      if (serve(members)) break;
    }
  }
  return !hidden.empty();
}

}  // namespace tally::analytics
