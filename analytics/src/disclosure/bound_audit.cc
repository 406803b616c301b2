#include "analytics/disclosure/bound_audit.h"

#include <algorithm>
#include <deque>

namespace tally::analytics {
namespace {

constexpr int kMaxRounds = 1000;

int64_t Clamp(int64_t value) {
  return std::clamp<int64_t>(value, -kUnboundedCount, kUnboundedCount);
}

// One term of an equality: +1 for a part, -1 for the whole.
struct Term {
  size_t unknown;
  int sign;
};

std::vector<Term> TermsOf(const AuditEquality& equality) {
  std::vector<Term> terms;
  terms.reserve(equality.parts.size() + equality.whole.size());
  for (const size_t part : equality.parts) terms.push_back({part, 1});
  for (const size_t whole : equality.whole) terms.push_back({whole, -1});
  return terms;
}

// Adds ranges; unbounded terms are counted apart so that one unbounded term
// can still be bounded by the others.
struct RangeSum {
  int64_t low = 0;
  int64_t high = 0;
  int unbounded_low = 0;
  int unbounded_high = 0;

  void Add(const CountRange& range, int sign, int times) {
    const bool open = range.high >= kUnboundedCount;
    if (sign > 0) {
      low += times * range.low;
      open ? unbounded_high += times : high += times * range.high;
    } else {
      high -= times * range.low;
      open ? unbounded_low += times : low -= times * range.high;
    }
  }
};

enum class Outcome { kSame, kTighter, kContradiction };

Outcome TightenOne(const std::vector<Term>& terms, int64_t constant,
                   std::vector<CountRange>& ranges) {
  RangeSum sum;
  for (const Term& term : terms) sum.Add(ranges[term.unknown], term.sign, 1);
  Outcome outcome = Outcome::kSame;
  for (const Term& term : terms) {
    CountRange& range = ranges[term.unknown];
    RangeSum rest = sum;
    rest.Add(range, term.sign, -1);
    // sign * x = constant - rest
    int64_t low = rest.unbounded_high > 0 ? -kUnboundedCount
                                          : Clamp(constant - rest.high);
    int64_t high =
        rest.unbounded_low > 0 ? kUnboundedCount : Clamp(constant - rest.low);
    if (term.sign < 0) {
      const int64_t swapped = -high;
      high = -low;
      low = swapped;
    }
    const CountRange next{std::max(range.low, low), std::min(range.high, high)};
    if (next.low > next.high) return Outcome::kContradiction;
    if (next == range) continue;
    sum = rest;
    range = next;
    sum.Add(range, term.sign, 1);
    outcome = Outcome::kTighter;
  }
  return outcome;
}

}  // namespace

absl::StatusOr<AuditBounds> PropagationSolver::Solve(
    const AuditProblem& problem) const {
  AuditBounds bounds;
  bounds.ranges.reserve(problem.unknowns.size());
  for (const AuditUnknown& unknown : problem.unknowns) {
    bounds.ranges.push_back(unknown.range);
  }
  std::vector<std::vector<Term>> terms;
  std::vector<std::vector<size_t>> uses(problem.unknowns.size());
  for (const AuditEquality& equality : problem.equalities) {
    for (const Term& term : terms.emplace_back(TermsOf(equality))) {
      uses[term.unknown].push_back(terms.size() - 1);
    }
  }
  std::deque<size_t> todo;
  std::vector<int> visits(terms.size(), 0);
  std::vector<bool> queued(terms.size(), true);
  for (size_t i = 0; i < terms.size(); ++i) todo.push_back(i);
  while (!todo.empty()) {
    const size_t i = todo.front();
    todo.pop_front();
    queued[i] = false;
    // Bounds that creep by one a visit would take for ever; stopping early
    // leaves wider bounds, so the limit is far above what tables need.
    if (++visits[i] > kMaxRounds) continue;
    const Outcome outcome =
        TightenOne(terms[i], problem.equalities[i].constant, bounds.ranges);
    if (outcome == Outcome::kContradiction) {
      bounds.contradiction = true;
      bounds.broken = i;
      return bounds;
    }
    if (outcome == Outcome::kSame) continue;
    for (const Term& term : terms[i]) {
      for (const size_t other : uses[term.unknown]) {
        if (queued[other]) continue;
        queued[other] = true;
        todo.push_back(other);
      }
    }
  }
  return bounds;
}

}  // namespace tally::analytics
