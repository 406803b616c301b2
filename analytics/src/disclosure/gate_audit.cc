// The attacker audit of one table and its repair.
#include <algorithm>
#include <limits>
#include <set>

#include "absl/strings/str_format.h"
#include "base/error.h"
#include "base/exit_code.h"
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

int64_t Width(const CountRange& range) {
  return std::min(range.high, kUnboundedCount) - range.low;
}

std::vector<size_t> Members(const AuditEquality& equality) {
  std::vector<size_t> members = equality.parts;
  members.insert(members.end(), equality.whole.begin(), equality.whole.end());
  return members;
}

}  // namespace

absl::Status GateRun::IndexCells() {
  cells_.clear();
  unknown_.clear();
  by_key_.clear();
  for (size_t row = 0; row < counts_.size(); ++row) {
    for (size_t column = 0; column < raw_.columns_.size(); ++column) {
      const CellRef cell{row, column};
      if (!IsCountColumn(column) || !At(cell).present) continue;
      if (raw_.same_.contains(cell)) continue;
      if (!by_key_.emplace(KeyOf(cell), cells_.size()).second) {
        return InputError(absl::StrFormat(
            "table %s: two rows have the same levels", raw_.info_.table));
      }
      unknown_[cell] = cells_.size();
      cells_.push_back(cell);
    }
  }
  std::set<std::vector<CellRef>> margins;
  for (const RawTable::Margin& margin : raw_.margins_) {
    margins.insert(margin.parts);
  }
  for (const auto& [total, parts] : raw_.totals_) {
    if (margins.contains(parts)) known_totals_.insert(total);
  }
  return absl::OkStatus();
}

CountRange GateRun::RangeOf(CellRef cell) const {
  const Count& count = At(cell);
  if (count.copy) return {0, kUnboundedCount};  // its original has the range
  if (count.printed.has_value()) return profile_.RangeOfPrinted(*count.printed);
  if (count.decision == CellDecision::kPrimary) return profile_.hidden();
  return {profile_.hidden().low, kUnboundedCount};
}

AuditProblem GateRun::CurrentProblem() const {
  AuditProblem problem;
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
    const absl::StatusOr<int64_t> count = ParseInt64(printed);
    if (!count.ok()) continue;
    cell.range = Intersect(cell.range, profile->RangeOfPrinted(*count));
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

absl::StatusOr<AuditProblem> GateRun::WithEarlier(
    const std::vector<ReleasedTable>& earlier,
    std::vector<const ReleasedTable*>& kept) const {
  AuditProblem problem = CurrentProblem();
  std::map<std::string, size_t> by_key = by_key_;
  const bool chosen = !kept.empty();
  if (chosen) {
    for (const ReleasedTable* table : kept) {
      AddEarlier(*table, problem, by_key);
    }
    return problem;
  }
  std::set<std::map<std::string, std::string>> seen;
  for (const ReleasedTable& table : earlier) {
    if (seen.size() >= kEarlierTables) break;
    if (!seen.insert(table.cells).second) continue;
    AuditProblem tried = problem;
    std::map<std::string, size_t> tried_keys = by_key;
    AddEarlier(table, tried, tried_keys);
    const bool empty = std::any_of(
        tried.unknowns.begin(), tried.unknowns.end(),
        [](const AuditUnknown& u) { return u.range.low > u.range.high; });
    if (empty) continue;  // the data changed in between
    TALLY_ASSIGN_OR_RETURN(const AuditBounds bounds, solver_.Solve(tried));
    if (bounds.contradiction) continue;
    problem = std::move(tried);
    by_key = std::move(tried_keys);
    kept.push_back(&table);
  }
  return problem;
}

std::vector<size_t> GateRun::Unsafe(const AuditProblem& problem,
                                    const AuditBounds& bounds) const {
  std::vector<size_t> unsafe;
  for (size_t i = 0; i < cells_.size(); ++i) {
    if (At(cells_[i]).decision != CellDecision::kPrimary) continue;
    // The hidden range, or what of it an earlier table printed in so many
    // words: a zero under a looser profile is known and stays known.
    const CountRange& told = problem.unknowns[i].range;
    const CountRange& got = bounds.ranges[i];
    if (got.low > told.low || got.high < told.high) unsafe.push_back(i);
  }
  return unsafe;
}

std::optional<CellRef> GateRun::Cheapest(const AuditEquality& equality) const {
  std::optional<CellRef> best;
  for (const size_t member : Members(equality)) {
    if (member >= cells_.size()) continue;  // a cell of an earlier table
    const CellRef cell = cells_[member];
    const Count& count = At(cell);
    // A zero is the profile's own choice to show; hiding it hides nothing.
    if (count.copy || !count.printed.has_value() || count.exact == 0) continue;
    if (known_totals_.contains(cell)) continue;  // hiding it hides nothing
    if (!best.has_value() || count.exact < At(*best).exact) best = cell;
  }
  return best;
}

std::optional<CellRef> GateRun::BestPartner(const AuditProblem& problem,
                                            const AuditBounds& bounds,
                                            size_t cell) const {
  std::optional<CellRef> best;
  int64_t least = std::numeric_limits<int64_t>::max();
  for (const AuditEquality& equality : problem.equalities) {
    const std::vector<size_t> members = Members(equality);
    if (std::find(members.begin(), members.end(), cell) == members.end()) {
      continue;
    }
    int64_t slack = 0;
    for (const size_t member : members) {
      if (member != cell) slack += Width(bounds.ranges[member]);
    }
    if (slack >= least) continue;
    const std::optional<CellRef> cheapest = Cheapest(equality);
    if (!cheapest.has_value()) continue;
    least = slack;
    best = cheapest;
  }
  return best;
}

bool GateRun::Repair(const AuditProblem& problem, const AuditBounds& bounds,
                     const std::vector<size_t>& unsafe) {
  bool repaired = false;
  for (const size_t cell : unsafe) {
    const std::optional<CellRef> partner = BestPartner(problem, bounds, cell);
    if (!partner.has_value()) continue;
    Hide(*partner, CellDecision::kSecondary);
    repaired = true;
  }
  return repaired;
}

absl::Status GateRun::AuditAndRepair(
    const std::vector<ReleasedTable>& earlier) {
  std::vector<const ReleasedTable*> kept;
  for (int round = 0;; ++round) {
    TALLY_ASSIGN_OR_RETURN(const AuditProblem problem,
                           WithEarlier(earlier, kept));
    absl::StatusOr<AuditBounds> bounds = solver_.Solve(problem);
    const bool in_time = !absl::IsDeadlineExceeded(bounds.status());
    if (in_time && !bounds.ok()) return bounds.status();
    if (in_time && bounds->contradiction) {
      return InputError(absl::StrFormat(
          "table %s: the margins contradict the cells", raw_.info_.table));
    }
    if (in_time) {
      const std::vector<size_t> unsafe = Unsafe(problem, *bounds);
      if (unsafe.empty()) return absl::OkStatus();
      if (round < options_.repair_rounds && Repair(problem, *bounds, unsafe)) {
        continue;
      }
    }
    return Error(
        Reason::kDisclosureRefused,
        absl::StrFormat("table %s is not released: a hidden cell could be "
                        "narrowed from what is printed or known; use fewer "
                        "dimensions or wider groups",
                        raw_.info_.table));
  }
}

}  // namespace tally::analytics
