// Sums of money and quantities: a hidden one must not follow from a total less
// the others. The audit of counts, in units of the table's own size.
#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "absl/strings/str_format.h"
#include "base/status.h"
#include "disclosure/gate_run.h"
#include "disclosure/number_text.h"

namespace tally::analytics {
namespace {

// A reader may come no closer to a hidden sum than this share of it, on either
// side: the p % of the p % rule.
constexpr double kSumProtection = 0.1;
// The largest sum of a column in units of the audit: programs keep their
// accuracy, and a unit is far below a printed figure.
constexpr double kSumUnits = 1e7;
// Sums that are equal but for the order in which they were added up.
constexpr double kSameSum = 1e-9;

// What three printed figures tell.
CountRange RangeOfThreeFigures(double exact, double unit) {
  const double printed = std::strtod(ThreeFigures(exact).c_str(), nullptr);
  if (printed == 0) return {0, 0};
  const double step =
      std::pow(10.0, std::floor(std::log10(std::fabs(printed)) + 1e-12) - 2);
  return {static_cast<int64_t>(std::floor((printed - step / 2) / unit)) - 1,
          static_cast<int64_t>(std::ceil((printed + step / 2) / unit)) + 1};
}

CountRange AroundSum(double exact, double unit) {
  const double less = exact * (1 - kSumProtection) / unit;
  const double more = exact * (1 + kSumProtection) / unit;
  return {std::max<int64_t>(static_cast<int64_t>(std::floor(less)), 0),
          static_cast<int64_t>(std::ceil(more))};
}

// The rows that a total or its parts stand in.
std::vector<size_t> RowsThatAddUp(const AuditProblem& problem) {
  std::vector<size_t> rows;
  for (const AuditEquality& equality : problem.equalities) {
    rows.insert(rows.end(), equality.parts.begin(), equality.parts.end());
    rows.insert(rows.end(), equality.whole.begin(), equality.whole.end());
  }
  return rows;
}

}  // namespace

std::vector<GateRun::RowTotal> GateRun::TotalsOfSum(size_t column) const {
  std::vector<RowTotal> candidates = RowsOfAll();
  const auto declare = [&](CellRef whole, const std::vector<CellRef>& parts) {
    RowTotal total{whole.row, {}};
    for (const CellRef part : parts) {
      if (part.column != whole.column) return;
      total.parts.push_back(part.row);
    }
    candidates.push_back(std::move(total));
  };
  for (const auto& [whole, parts] : raw_.totals_) declare(whole, parts);
  for (const auto& relation : raw_.equalities_) {
    declare(relation.whole, relation.parts);
  }
  // A row without a sum has none of it.
  std::set<std::pair<size_t, std::vector<size_t>>> seen;
  std::erase_if(candidates, [&](RowTotal& total) {
    double sum = 0;
    const double whole = SumAt({total.whole, column}).value_or(0);
    for (const size_t row : total.parts) {
      sum += SumAt({row, column}).value_or(0);
    }
    std::sort(total.parts.begin(), total.parts.end());
    return std::fabs(sum - whole) > kSameSum * std::fabs(whole) ||
           !seen.emplace(total.whole, total.parts).second;
  });
  return candidates;
}

std::optional<double> GateRun::SumAt(CellRef cell) const {
  return RawNumber(cell.row, raw_.columns_[cell.column].name);
}

AuditProblem GateRun::SumProblem(size_t column) const {
  AuditProblem problem;
  problem.deadline = deadline_;
  double largest = 0;
  for (size_t row = 0; row < raw_.rows(); ++row) {
    largest = std::max(largest, std::fabs(SumAt({row, column}).value_or(0)));
  }
  const double unit = std::max(largest, 1.0) / kSumUnits;
  for (size_t row = 0; row < raw_.rows(); ++row) {
    const CellRef cell{row, column};
    const double exact = SumAt(cell).value_or(0);
    CountRange range{0, 0};  // no sum: nothing was spent
    if (SumAt(cell).has_value()) {
      const bool hidden = hidden_sums_.contains(cell) || !SumMayBePrinted(cell);
      range = hidden ? CountRange{0, kUnboundedCount}
                     : RangeOfThreeFigures(exact, unit);
      // Where nobody is, readers see it: a `*` there shields nothing.
      if (hidden && exact == 0) range = {0, 0};
      if (!SumMayBePrinted(cell) && exact > 0) {
        problem.targets.push_back({row, AroundSum(exact, unit)});
      }
    }
    problem.unknowns.push_back({range});
  }
  for (const RowTotal& total : TotalsOfSum(column)) {
    AuditEquality equality;
    equality.parts = total.parts;
    equality.whole = {total.whole};
    problem.equalities.push_back(std::move(equality));
  }
  return problem;
}

// The smallest printed sum among `rows`.
std::optional<CellRef> GateRun::SumToHide(const std::vector<size_t>& rows,
                                          size_t column) const {
  std::optional<CellRef> best;
  for (const size_t row : rows) {
    const CellRef cell{row, column};
    const std::optional<double> sum = SumAt(cell);
    // A hidden zero shields nothing: nobody is seen to be there.
    if (!sum.has_value() || *sum == 0 || hidden_sums_.contains(cell)) continue;
    if (!SumMayBePrinted(cell)) continue;
    if (!best.has_value() || *sum < *SumAt(*best)) best = cell;
  }
  return best;
}

absl::Status GateRun::AuditSums(size_t column) {
  for (;;) {
    const AuditProblem problem = SumProblem(column);
    if (problem.targets.empty()) return absl::OkStatus();
    TALLY_ASSIGN_OR_RETURN(const AuditBounds bounds, solver_.Solve(problem));
    const std::vector<size_t> unsafe = Unsafe(problem, bounds);
    if (unsafe.empty()) return absl::OkStatus();
    std::set<CellRef> hidden;
    const auto served = [&](const std::vector<size_t>& rows) {
      return std::any_of(rows.begin(), rows.end(), [&](size_t row) {
        return hidden.contains({row, column});
      });
    };
    for (const size_t row : unsafe) {
      const auto proof = bounds.proof.find(row);
      std::optional<CellRef> partner;
      if (proof != bounds.proof.end()) {
        if (served(proof->second)) continue;
        partner = SumToHide(proof->second, column);
      }
      if (!partner.has_value()) {
        partner = SumToHide(RowsThatAddUp(problem), column);
      }
      if (!partner.has_value()) continue;
      hidden.insert(*partner);
      hidden_sums_.insert(*partner);
    }
    // Nothing left to hide: every total is hidden, and zeros tell no sum.
    if (hidden.empty()) {
      return Refusal("a hidden sum could be narrowed from what is printed");
    }
  }
}

absl::Status GateRun::AuditAllSums() {
  if (profile_.exact()) return absl::OkStatus();
  for (size_t column = 0; column < raw_.columns_.size(); ++column) {
    if (raw_.columns_[column].kind != ColumnKind::kSum) continue;
    const absl::Status status = AuditSums(column);
    if (absl::IsDeadlineExceeded(status)) {
      return Refusal(
          absl::StrFormat("the audit of sums came to no answer in "
                          "%d s",
                          options_.audit_time.count()));
    }
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

}  // namespace tally::analytics
