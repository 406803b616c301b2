#include "disclosure/lp_reduce.h"

#include <algorithm>
#include <deque>
#include <map>
#include <numeric>
#include <unordered_map>
#include <utility>

namespace tally::analytics {
namespace {

int64_t BoundMinus(int64_t bound, int64_t value) {
  if (IsOpenBound(bound)) return bound;
  return IsOpenBound(value) ? (value > 0 ? -kUnboundedCount : kUnboundedCount)
                            : bound - value;
}

// Unknowns and their factors.
using Terms = std::vector<std::pair<size_t, int64_t>>;

struct TermsHash {
  size_t operator()(const Terms& terms) const {
    constexpr size_t kSpread = 0x9E3779B97F4A7C15;
    size_t hash = terms.size();
    for (const auto& [unknown, factor] : terms) {
      hash = (hash ^ unknown ^ static_cast<size_t>(factor)) * kSpread;
      hash ^= hash >> 32;
    }
    return hash;
  }
};

class ProblemReducer {
 public:
  ProblemReducer(const AuditProblem& problem,
                 const std::vector<CountRange>& ranges)
      : ranges_(ranges),
        is_target_(ranges.size(), false),
        rows_of_(ranges.size()) {
    for (const AuditTarget& target : problem.targets) {
      is_target_[target.unknown] = true;
    }
    std::unordered_map<Terms, size_t, TermsHash> seen;
    seen.reserve(problem.equalities.size());
    for (const AuditEquality& equality : problem.equalities) {
      if (equality.loose) continue;
      AddRow(equality, seen);
    }
    for (size_t i = 0; i < rows_.size(); ++i) {
      for (const ReducedTerm& term : rows_[i].terms) {
        rows_of_[term.unknown].push_back(i);
      }
    }
    alive_.assign(rows_.size(), true);
  }

  // Takes away until nothing more can go.
  void Reduce() {
    std::deque<size_t> todo(rows_.size());
    std::iota(todo.begin(), todo.end(), size_t{0});
    while (!todo.empty()) {
      const size_t i = todo.front();
      todo.pop_front();
      if (!alive_[i]) continue;
      Fold(i);
      if (!IsIdle(rows_[i])) continue;
      alive_[i] = false;
      // Unknowns of this row may now stand in one row only.
      for (const ReducedTerm& term : rows_[i].terms) {
        std::erase(rows_of_[term.unknown], i);
        for (const size_t other : rows_of_[term.unknown]) {
          todo.push_back(other);
        }
      }
    }
  }

  ReducedProblem Take() {
    if (contradiction_) return {{}, true};
    std::vector<size_t> leader(ranges_.size());
    std::iota(leader.begin(), leader.end(), size_t{0});
    const auto find = [&](size_t i) {
      while (leader[i] != i) i = leader[i] = leader[leader[i]];
      return i;
    };
    ReducedProblem result;
    for (size_t i = 0; i < rows_.size(); ++i) {
      if (!alive_[i]) continue;
      if (rows_[i].terms.empty()) {  // a number outside its own bounds
        result.contradiction = true;
        return result;
      }
      for (const ReducedTerm& term : rows_[i].terms) {
        leader[find(term.unknown)] = find(rows_[i].terms.front().unknown);
      }
    }
    std::map<size_t, ReducedPart> parts;
    for (size_t i = 0; i < rows_.size(); ++i) {
      if (!alive_[i]) continue;
      parts[find(rows_[i].terms.front().unknown)].rows.push_back(
          std::move(rows_[i]));
    }
    for (auto& [unused, part] : parts) {
      for (const ReducedRow& row : part.rows) {
        for (const ReducedTerm& term : row.terms) {
          part.unknowns.push_back(term.unknown);
        }
      }
      std::sort(part.unknowns.begin(), part.unknowns.end());
      part.unknowns.erase(
          std::unique(part.unknowns.begin(), part.unknowns.end()),
          part.unknowns.end());
      result.parts.push_back(std::move(part));
    }
    return result;
  }

 private:
  // Appends the row of an equality over unknowns with more than one value;
  // rows over the same sum become one.
  void AddRow(const AuditEquality& equality,
              std::unordered_map<Terms, size_t, TermsHash>& seen) {
    Terms each;
    each.reserve(equality.parts.size() + equality.whole.size());
    for (const size_t part : equality.parts) each.emplace_back(part, 1);
    for (const size_t whole : equality.whole) each.emplace_back(whole, -1);
    std::sort(each.begin(), each.end());
    int64_t constant = equality.constant;
    Terms terms;
    for (size_t i = 0; i < each.size();) {
      const size_t unknown = each[i].first;
      int64_t factor = 0;
      for (; i < each.size() && each[i].first == unknown; ++i) {
        factor += each[i].second;
      }
      const CountRange& range = ranges_[unknown];
      if (range.low == range.high) {
        constant -= factor * range.low;
      } else if (factor != 0) {
        terms.emplace_back(unknown, factor);
      }
    }
    if (terms.empty()) {
      if (constant != 0) rows_.push_back({{}, constant, constant, {}});
      return;
    }
    const auto [it, is_new] = seen.emplace(terms, rows_.size());
    if (is_new) {
      ReducedRow& row = rows_.emplace_back();
      for (const auto& [unknown, factor] : terms) {
        row.terms.push_back({unknown, factor});
      }
      row.low = row.high = constant;
    } else {
      ReducedRow& row = rows_[it->second];
      // One sum that is two numbers: folding could hide it.
      contradiction_ = contradiction_ || row.low != constant;
    }
  }

  // Unknowns that stand in this row only become part of its bounds.
  void Fold(size_t i) {
    ReducedRow& row = rows_[i];
    std::vector<ReducedTerm> kept;
    for (const ReducedTerm& term : row.terms) {
      if (is_target_[term.unknown] || rows_of_[term.unknown].size() > 1) {
        kept.push_back(term);
        continue;
      }
      const CountRange range = TermRange(term, ranges_[term.unknown]);
      row.low = BoundMinus(row.low, range.high);
      row.high = BoundMinus(row.high, range.low);
      row.folded.push_back(term.unknown);
      rows_of_[term.unknown].clear();
    }
    row.terms = std::move(kept);
  }

  // The bounds of the terms fulfil the row anyway.
  bool IsIdle(const ReducedRow& row) const {
    int64_t low = 0, high = 0;
    bool low_open = false, high_open = false;
    for (const ReducedTerm& term : row.terms) {
      const CountRange range = TermRange(term, ranges_[term.unknown]);
      IsOpenBound(range.low) ? low_open = true : low += range.low;
      IsOpenBound(range.high) ? high_open = true : high += range.high;
    }
    const bool low_ok = IsOpenBound(row.low) || (!low_open && low >= row.low);
    const bool high_ok =
        IsOpenBound(row.high) || (!high_open && high <= row.high);
    return low_ok && high_ok;
  }

  const std::vector<CountRange>& ranges_;
  std::vector<bool> is_target_;
  std::vector<std::vector<size_t>> rows_of_;
  std::vector<ReducedRow> rows_;
  std::vector<bool> alive_;
  bool contradiction_ = false;
};

}  // namespace

bool IsOpenBound(int64_t bound) {
  return bound >= kUnboundedCount || bound <= -kUnboundedCount;
}

CountRange TermRange(const ReducedTerm& term, const CountRange& range) {
  const auto times = [&](int64_t bound) {
    if (IsOpenBound(bound)) {
      return (term.factor > 0) == (bound > 0) ? kUnboundedCount
                                              : -kUnboundedCount;
    }
    return term.factor * bound;
  };
  CountRange result{times(range.low), times(range.high)};
  if (term.factor < 0) std::swap(result.low, result.high);
  return result;
}

ReducedProblem ReduceProblem(const AuditProblem& problem,
                             const std::vector<CountRange>& ranges) {
  ProblemReducer reducer(problem, ranges);
  reducer.Reduce();
  return reducer.Take();
}

}  // namespace tally::analytics
