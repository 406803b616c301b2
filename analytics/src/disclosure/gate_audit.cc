// The attacker audit of one table.
#include <algorithm>

#include "absl/strings/str_format.h"
#include "base/error.h"
#include "base/exit_code.h"
#include "base/process.h"
#include "base/status.h"
#include "disclosure/gate_run.h"

namespace tally::analytics {
namespace {

constexpr std::string_view kUnknownLevel = "unknown";

// The key of a row's cells but for the column.
std::string RowKey(const std::vector<ColumnSpec>& columns,
                   const std::vector<RawValue>& row) {
  std::map<std::string, std::string> levels;
  for (size_t i = 0; i < columns.size(); ++i) {
    if (columns[i].kind != ColumnKind::kDimension) continue;
    const auto* level = std::get_if<std::string>(&row[i]);
    levels[columns[i].name] =
        level == nullptr ? std::string(kUnknownLevel) : *level;
  }
  return CellKey("", levels);
}

}  // namespace

absl::Status GateRun::IndexCells() {
  unknown_.assign(counts_.size(), std::vector<size_t>(raw_.columns_.size()));
  for (size_t row = 0; row < counts_.size(); ++row) {
    const std::string levels = RowKey(raw_.columns_, raw_.rows_[row]);
    for (size_t column = 0; column < raw_.columns_.size(); ++column) {
      const CellRef cell{row, column};
      if (!IsCountColumn(column) || !At(cell).present) continue;
      if (raw_.same_.contains(cell)) continue;
      unknown_[row][column] = cells_.size();
      cells_.push_back(cell);
      keys_.push_back(raw_.columns_[column].name + levels);
    }
  }
  by_key_.reserve(keys_.size() + raw_.counted_.size());
  named_ = keys_.size();
  for (size_t i = 0; i < keys_.size(); ++i) {
    if (by_key_.emplace(keys_[i], i).second) continue;
    return InputError(absl::StrFormat("table %s: two rows have the same levels",
                                      raw_.info_.table));
  }
  InferTotals();
  TALLY_RETURN_IF_ERROR(NameCounts());
  std::set<std::vector<CellRef>> margins;
  for (const RawTable::Margin& margin : raw_.margins_) {
    margins.insert(margin.parts);
  }
  for (const auto& [total, parts] : raw_.totals_) {
    if (margins.contains(parts)) known_totals_.insert(total);
  }
  return FindRowParts();
}

CountRange GateRun::RangeOf(CellRef cell) const {
  const Count& count = At(cell);
  if (count.copy) return {0, kUnboundedCount};  // its original has the range
  if (count.printed.has_value()) {
    return IsMidpoint(cell.column) ? Profile::RangeOfMidpoint(*count.printed)
                                   : profile_.RangeOfPrinted(*count.printed);
  }
  if (count.decision == CellDecision::kPrimary) return profile_.hidden();
  return {shield_low_, kUnboundedCount};
}

std::vector<size_t> GateRun::Unsafe(const AuditProblem& problem,
                                    const AuditBounds& bounds) const {
  std::vector<size_t> unsafe;
  for (const AuditTarget& target : problem.targets) {
    const CountRange& got = bounds.ranges[target.unknown];
    if (got.low > target.range.low || got.high < target.range.high) {
      unsafe.push_back(target.unknown);
    }
  }
  return unsafe;
}

absl::Status GateRun::Refusal(std::string_view why,
                              std::string_view advice) const {
  return Error(Reason::kDisclosureRefused,
               absl::StrFormat("table %s is not released: %s%s",
                               raw_.info_.table, why, advice));
}

// `earlier` names the tables without which the cell might stay open.
absl::Status GateRun::NarrowedRefusal(std::string_view earlier) const {
  constexpr std::string_view kNarrowed =
      "a hidden cell could be narrowed from what is printed or known";
  if (earlier.empty()) return Refusal(kNarrowed);
  return Refusal(
      absl::StrFormat("%s, together with tables that readers have: %s. Take "
                      "the figures from those",
                      kNarrowed, earlier),
      ", or ask for fewer dimensions or wider groups");
}

// Targets that can be narrowed, with the bounds that say so. Propagation
// first: what it finds needs no program. kDeadlineExceeded: no answer.
absl::StatusOr<std::vector<size_t>> GateRun::AuditOnce(
    const AuditProblem& problem, AuditBounds& bounds) {
  TALLY_ASSIGN_OR_RETURN(bounds, PropagationSolver().Solve(problem));
  if (bounds.contradiction) return std::vector<size_t>();
  std::vector<size_t> unsafe = Unsafe(problem, bounds);
  if (!unsafe.empty()) return unsafe;
  TALLY_ASSIGN_OR_RETURN(bounds, solver_.Solve(problem));
  if (bounds.contradiction) return std::vector<size_t>();
  unsafe = Unsafe(problem, bounds);
  std::set<size_t> narrowed(unsafe.begin(), unsafe.end());
  for (const AuditTarget& target : problem.targets) {
    if (!narrowed.contains(target.unknown)) shown_safe_.insert(target.unknown);
  }
  return unsafe;
}

// Where no equality of an unsafe cell has a cell to hide, the exact proof of
// its bounds may have one further away.
absl::StatusOr<bool> GateRun::RepairByProof(AuditProblem problem) {
  absl::StatusOr<AuditBounds> bounds = PropagationSolver().Solve(problem);
  if (!bounds.ok()) return bounds.status();
  const std::vector<size_t> narrowed = Unsafe(problem, *bounds);
  std::erase_if(problem.targets, [&](const AuditTarget& target) {
    return !std::binary_search(narrowed.begin(), narrowed.end(),
                               target.unknown);
  });
  bounds = solver_.Solve(problem);
  if (!bounds.ok()) return bounds.status();
  return Repair(problem, *bounds, narrowed);
}

absl::Status GateRun::AuditAndRepair(
    const std::vector<ReleasedTablePtr>& earlier) {
  const auto audited = [&]() -> absl::Status {
    shield_low_ = profile_.hidden().low;
    ReadEarlier(earlier);
    TALLY_ASSIGN_OR_RETURN(const Tables kept, Consistent(earlier));
    PinCells(kept);
    TALLY_RETURN_IF_ERROR(FindWanted(kept));
    AllowRowParts();
    TALLY_RETURN_IF_ERROR(RepairUntilSafe(kept));
    return RepairWithoutGuesses(kept);
  };
  const std::vector<std::vector<Count>> begun = counts_;
  absl::Status status = audited();
  if (in_parts_ && !status.ok() &&
      ReasonOf(status) == Reason::kDisclosureRefused) {
    // That the rest of a table is what it was is a guess of readers too. Where
    // nothing can be hidden any more for it, a refresh passes without it.
    counts_ = begun;
    shown_safe_.clear();
    whole_only_ = true;
    status = audited();
  }
  if (!absl::IsDeadlineExceeded(status)) return status;
  return Refusal(absl::StrFormat("the audit came to no answer in %d s",
                                 options_.audit_time.count()));
}

// The exact counts lie in the ranges of their cells, so that a sum of this
// table is wrong by them. The whole of it stands for it, or its first part.
absl::Status GateRun::Contradiction() const {
  const auto holds = [&](const std::vector<CellRef>& parts, int64_t whole) {
    for (const CellRef part : parts) whole -= At(Original(part)).exact;
    return whole == 0;
  };
  std::string place;
  const auto name = [&](CellRef cell) {
    if (!place.empty()) return;
    place = absl::StrFormat(", column %s, row %d",
                            raw_.columns_[cell.column].name, cell.row + 1);
  };
  for (const RawTable::Margin& margin : raw_.margins_) {
    if (margin.parts.empty() || holds(margin.parts, margin.exact)) continue;
    name(margin.parts.front());
  }
  for (const RawTable::Relation& relation : raw_.equalities_) {
    if (holds(relation.parts, At(Original(relation.whole)).exact)) continue;
    name(relation.whole);
  }
  return InputError(absl::StrFormat(
      "table %s%s: the margins contradict the cells", raw_.info_.table, place));
}

// A sum between tables that nobody declared may be none. What readers know by
// it already was not asked for; if it is none, they know less, and may not
// learn more. Hiding more leaves safe what the sums made safe.
absl::Status GateRun::RepairWithoutGuesses(const Tables& earlier) {
  if (!guesses_tell_) return absl::OkStatus();
  across_.clear();
  shown_safe_.clear();
  const std::map<size_t, CountRange> asked = std::move(wanted_);
  TALLY_RETURN_IF_ERROR(FindWanted(earlier));
  AllowRowParts();
  std::erase_if(wanted_, [&](const auto& target) {
    const auto before = asked.find(target.first);
    return before != asked.end() && before->second.low <= target.second.low &&
           before->second.high >= target.second.high;
  });
  return wanted_.empty() ? absl::OkStatus() : RepairUntilSafe(earlier);
}

absl::Status GateRun::RepairUntilSafe(const Tables& earlier) {
  for (int round = 0;; ++round) {
    TALLY_RETURN_IF_ERROR(CheckNotStopped());
    const AuditProblem problem = ProblemWith(earlier);
    if (problem.targets.empty() && round > 0) return absl::OkStatus();
    AuditBounds bounds;
    TALLY_ASSIGN_OR_RETURN(const std::vector<size_t> unsafe,
                           AuditOnce(problem, bounds));
    if (bounds.contradiction) {
      return Contradiction();
    }
    if (unsafe.empty()) return absl::OkStatus();
    if (round < options_.repair_rounds) {
      if (Repair(problem, bounds, unsafe)) continue;
      TALLY_ASSIGN_OR_RETURN(const bool proved, RepairByProof(problem));
      if (proved) continue;
    }
    TALLY_ASSIGN_OR_RETURN(const bool found, RepairBySearch(problem, unsafe));
    if (found) continue;
    return NarrowedRefusal(EarlierBehind(earlier, problem, unsafe));
  }
}

}  // namespace tally::analytics
