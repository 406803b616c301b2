#include "analytics/disclosure/lp_solver.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "base/process.h"
#include "base/status.h"
#include "disclosure/lp_part.h"
#include "disclosure/lp_reduce.h"

namespace tally::analytics {
namespace {

// The two questions about a target, as signs of the objective.
enum class AuditEnd { kLow, kHigh };

struct AuditQuestion {
  size_t unknown;  // of the problem
  size_t column;   // of the part
  AuditEnd end;
  int64_t wanted;  // open once a solution reaches this
  bool settled = false;

  double Sign() const { return end == AuditEnd::kLow ? 1 : -1; }
  bool Reached(double value) const {
    const auto want = static_cast<double>(wanted);
    return end == AuditEnd::kLow ? value <= want + kAuditTolerance
                                 : value >= want - kAuditTolerance;
  }
};

absl::Status NoAuditAnswer() {
  return absl::DeadlineExceededError("the audit has no answer in time");
}

// All questions about one part.
class PartAudit {
 public:
  PartAudit(const ReducedPart& part, const std::vector<CountRange>& ranges,
            std::chrono::steady_clock::time_point deadline,
            std::vector<AuditQuestion> questions, AuditBounds& bounds)
      : program_(part, ranges),
        deadline_(deadline),
        questions_(std::move(questions)),
        bounds_(bounds) {}

  absl::Status Run() {
    const LpPart::Answer start = program_.Start(deadline_);
    if (start == LpPart::Answer::kInfeasible) {
      bounds_.contradiction = true;
      return absl::OkStatus();
    }
    if (start != LpPart::Answer::kOptimal) return NoAuditAnswer();
    Harvest();
    for (const AuditEnd end : {AuditEnd::kLow, AuditEnd::kHigh}) {
      if (!AskTogether(end)) return NoAuditAnswer();
    }
    for (AuditQuestion& question : questions_) {
      if (question.settled) continue;
      if (!AskAlone(question)) return NoAuditAnswer();
    }
    return absl::OkStatus();
  }

 private:
  // Settles every question that the present solution answers.
  size_t Harvest() {
    size_t settled = 0;
    for (AuditQuestion& question : questions_) {
      if (question.settled) continue;
      if (!question.Reached(program_.values()[question.column])) continue;
      question.settled = true;
      ++settled;
    }
    return settled;
  }

  // Sends all open targets to one end at once, as long as some arrive.
  bool AskTogether(AuditEnd end) {
    for (;;) {
      std::vector<size_t> asked;
      for (const AuditQuestion& question : questions_) {
        const CountRange& range = bounds_.ranges[question.unknown];
        const bool reachable =
            end == AuditEnd::kLow
                ? range.low <= question.wanted
                : range.high >= question.wanted && range.high < kUnboundedCount;
        if (question.settled || question.end != end || !reachable) continue;
        asked.push_back(question.column);
        program_.SetFactor(question.column, question.Sign());
      }
      if (asked.size() < 2) {
        for (const size_t column : asked) program_.SetFactor(column, 0);
        return true;
      }
      const LpPart::Answer answer =
          program_.Minimise(LpPart::Method::kFar, deadline_);
      for (const size_t column : asked) program_.SetFactor(column, 0);
      if (answer != LpPart::Answer::kOptimal) return false;
      if (Harvest() == 0) return true;
    }
  }

  // The exact end of one target.
  bool AskAlone(AuditQuestion& question) {
    program_.SetFactor(question.column, question.Sign());
    const LpPart::Answer answer =
        program_.Minimise(LpPart::Method::kNear, deadline_);
    CountRange& range = bounds_.ranges[question.unknown];
    bool known = answer == LpPart::Answer::kOptimal;
    if (known) {
      const double value = program_.values()[question.column];
      if (question.end == AuditEnd::kLow) {
        const auto low =
            static_cast<int64_t>(std::ceil(value - kAuditTolerance));
        range.low = std::max(range.low, low);
      } else {
        const auto high =
            static_cast<int64_t>(std::floor(value + kAuditTolerance));
        range.high = std::min(range.high, high);
      }
      if (!question.Reached(value)) AddProof(question.unknown);
      Harvest();
    } else if (answer == LpPart::Answer::kUnbounded) {
      known = true;  // the range stays open on this side
    }
    question.settled = true;
    program_.SetFactor(question.column, 0);
    return known;
  }

  void AddProof(size_t unknown) {
    std::vector<size_t>& proof = bounds_.proof[unknown];
    for (const size_t holder : program_.Binding()) {
      if (holder != unknown) proof.push_back(holder);
    }
    std::sort(proof.begin(), proof.end());
    proof.erase(std::unique(proof.begin(), proof.end()), proof.end());
  }

  LpPart program_;
  std::chrono::steady_clock::time_point deadline_;
  std::vector<AuditQuestion> questions_;
  AuditBounds& bounds_;
};

// All questions about a part of one row. What the other terms leave to one is
// the exact answer, and PropagationSolver has worked it out; missing are the
// proofs, and the bounds where a term stands more than once.
class RowAudit {
 public:
  RowAudit(const ReducedPart& part, const std::vector<CountRange>& ranges,
           AuditBounds& bounds)
      : row_(part.rows.front()), ranges_(ranges), bounds_(bounds) {
    for (const ReducedTerm& term : row_.terms) {
      sum_.Add(TermRange(term, ranges_[term.unknown]), 1);
    }
  }

  void Run(const std::vector<AuditQuestion>& questions) {
    if (row_.low > row_.high ||
        (!IsOpenBound(row_.low) && sum_.open_high == 0 &&
         sum_.high < row_.low) ||
        (!IsOpenBound(row_.high) && sum_.open_low == 0 &&
         sum_.low > row_.high)) {
      bounds_.contradiction = true;
      return;
    }
    for (const AuditQuestion& question : questions) Answer(question);
  }

 private:
  // What the row leaves to its term of an unknown, all other terms being as
  // far to the other side as they can be.
  CountRange LeftTo(const ReducedTerm& term) const {
    RowSum rest = sum_;
    rest.Add(TermRange(term, ranges_[term.unknown]), -1);
    const bool low_open = IsOpenBound(row_.low) || rest.open_high > 0;
    const bool high_open = IsOpenBound(row_.high) || rest.open_low > 0;
    CountRange left{low_open ? -kUnboundedCount : row_.low - rest.high,
                    high_open ? kUnboundedCount : row_.high - rest.low};
    if (term.factor < 0) left = {-left.high, -left.low};
    const int64_t times = std::abs(term.factor);
    if (!IsOpenBound(left.low)) left.low = CeilOf(left.low, times);
    if (!IsOpenBound(left.high)) left.high = FloorOf(left.high, times);
    return left;
  }

  void Answer(const AuditQuestion& question) {
    // Of one row, the terms and the unknowns stand in the same order.
    const ReducedTerm& term = row_.terms[question.column];
    const CountRange left = LeftTo(term);
    CountRange& range = bounds_.ranges[question.unknown];
    const CountRange& given = ranges_[question.unknown];
    if (question.end == AuditEnd::kLow) {
      range.low = std::max(range.low, left.low);
      if (left.low > std::max(given.low, question.wanted)) AddProof(term);
    } else {
      range.high = std::min(range.high, left.high);
      if (left.high < std::min(given.high, question.wanted)) AddProof(term);
    }
  }

  void AddProof(const ReducedTerm& term) {
    std::vector<size_t>& proof = bounds_.proof[term.unknown];
    proof = row_.folded;
    for (const ReducedTerm& other : row_.terms) {
      if (other.unknown != term.unknown) proof.push_back(other.unknown);
    }
    std::sort(proof.begin(), proof.end());
    proof.erase(std::unique(proof.begin(), proof.end()), proof.end());
  }

  // The ends of a sum of terms; open ones are counted apart.
  struct RowSum {
    int64_t low = 0, high = 0;
    int open_low = 0, open_high = 0;

    void Add(const CountRange& range, int sign) {
      IsOpenBound(range.low) ? open_low += sign : low += sign * range.low;
      IsOpenBound(range.high) ? open_high += sign : high += sign * range.high;
    }
  };
  static int64_t FloorOf(int64_t value, int64_t by) {
    return value / by - (value % by < 0 ? 1 : 0);
  }
  static int64_t CeilOf(int64_t value, int64_t by) {
    return value / by + (value % by > 0 ? 1 : 0);
  }

  const ReducedRow& row_;
  const std::vector<CountRange>& ranges_;
  AuditBounds& bounds_;
  RowSum sum_;
};

// The questions about the targets of each part; none about targets outside.
std::vector<std::vector<AuditQuestion>> QuestionsOf(
    const AuditProblem& problem, const std::vector<ReducedPart>& parts) {
  constexpr size_t kNowhere = ~size_t{0};
  std::vector<std::pair<size_t, size_t>> place(problem.unknowns.size(),
                                               {kNowhere, 0});
  for (size_t p = 0; p < parts.size(); ++p) {
    for (size_t i = 0; i < parts[p].unknowns.size(); ++i) {
      place[parts[p].unknowns[i]] = {p, i};
    }
  }
  std::vector<std::vector<AuditQuestion>> questions(parts.size());
  for (const AuditTarget& target : problem.targets) {
    const auto [part, column] = place[target.unknown];
    if (part == kNowhere) continue;
    questions[part].push_back(
        {target.unknown, column, AuditEnd::kLow, target.range.low});
    questions[part].push_back(
        {target.unknown, column, AuditEnd::kHigh, target.range.high});
  }
  return questions;
}

}  // namespace

absl::StatusOr<AuditBounds> LpSolver::Solve(const AuditProblem& problem) const {
  absl::StatusOr<AuditBounds> bounds = PropagationSolver().Solve(problem);
  if (!bounds.ok() || bounds->contradiction) return bounds;
  // The programs get the bounds as given, not as propagated: what proves a
  // bound is then a cell as it was printed, and hiding it undoes the proof.
  std::vector<CountRange> given;
  for (const AuditUnknown& unknown : problem.unknowns) {
    given.push_back(unknown.range);
  }
  const ReducedProblem reduced = ReduceProblem(problem, given);
  bounds->contradiction = reduced.contradiction;
  std::vector<std::vector<AuditQuestion>> questions =
      QuestionsOf(problem, reduced.parts);
  for (size_t i = 0; i < reduced.parts.size() && !bounds->contradiction; ++i) {
    if (problem.targets_only && questions[i].empty()) continue;
    TALLY_RETURN_IF_ERROR(CheckNotStopped());
    if (std::chrono::steady_clock::now() >= problem.deadline) {
      return NoAuditAnswer();
    }
    if (reduced.parts[i].rows.size() == 1) {
      RowAudit(reduced.parts[i], given, *bounds).Run(questions[i]);
      continue;
    }
    PartAudit audit(reduced.parts[i], given, problem.deadline,
                    std::move(questions[i]), *bounds);
    const absl::Status status = audit.Run();
    if (!status.ok()) return status;
  }
  return bounds;
}

}  // namespace tally::analytics
