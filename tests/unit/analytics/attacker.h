// A reader who has every released table and a solver of linear programs: GLPK,
// not the gate's. Knows printed forms, totals, declared relations and margins,
// and what a test tells it besides.
// Threading: GLPK keeps global state; one thread.  Secrets: none.
#ifndef TALLY_TESTS_UNIT_ANALYTICS_ATTACKER_H_
#define TALLY_TESTS_UNIT_ANALYTICS_ATTACKER_H_

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "analytics/disclosure/registry.h"
#include "base/strings.h"
#include "lp_oracle.h"

namespace tally::analytics {

// What readers of one table think is one number.
inline std::string UnknownName(const ReleasedTable& table,
                               const std::string& key) {
  return table.measure + "/" + table.period + "/" + table.cohort + "/" + key;
}

class Attacker {
 public:
  // `known` are counts that the attacker has from elsewhere, by UnknownName.
  explicit Attacker(std::map<std::string, int64_t> known = {})
      : known_(std::move(known)) {}

  // Adds a table unless it contradicts what is believed already. `margins`:
  // its list sizes too.
  bool Believe(const ReleasedTable& table, bool margins = true) {
    Attacker tried = *this;
    tried.Add(table, margins);
    for (const AuditUnknown& unknown : tried.problem_.unknowns) {
      if (unknown.range.low > unknown.range.high) return false;
    }
    if (!OracleIsPossible(tried.problem_)) return false;
    *this = std::move(tried);
    return true;
  }

  // One count is the sum of others, of whatever tables.
  void Relate(const std::string& whole, const std::vector<std::string>& parts) {
    AuditEquality equality;
    for (const std::string& part : parts) {
      equality.parts.push_back(Unknown(part));
    }
    equality.whole = {Unknown(whole)};
    // One with a rest that nobody knows says no more than what is least.
    const bool with_rest =
        !parts.empty() && parts.back().find(kRestMark) != std::string::npos;
    if (parts.size() > 1 && !with_rest) sums_.insert(equality.whole.front());
    problem_.equalities.push_back(std::move(equality));
  }

  const AuditProblem& problem() const { return problem_; }
  // Whether it is known to be the sum of others.
  bool IsSum(size_t unknown) const { return sums_.contains(unknown); }
  // The unknown of a name, or nothing.
  std::optional<size_t> Find(const std::string& name) const {
    const auto found = names_.find(name);
    if (found == names_.end()) return std::nullopt;
    return found->second;
  }

 private:
  size_t Unknown(const std::string& name) {
    const auto [it, is_new] = names_.emplace(name, names_.size());
    if (is_new) {
      problem_.unknowns.push_back({});
      const auto known = known_.find(name);
      if (known != known_.end()) {
        problem_.unknowns.back().range = {known->second, known->second};
      }
    }
    return it->second;
  }

  static CountRange Told(const ReleasedTable& table,
                         const std::string& printed) {
    // Both kinds of `*` look alike; that it is no zero is known where the table
    // hides none.
    if (printed == "*" || printed == kShieldMark) {
      return {table.hides_zeros && printed == kShieldMark ? 0 : 1,
              kUnboundedCount};
    }
    const Profile profile = *Profile::Named(table.profile);
    return profile.RangeOfPrinted(*ParseInt64(printed));
  }

  void Add(const ReleasedTable& table, bool margins) {
    for (const auto& [key, printed] : table.cells) {
      CountRange& range =
          problem_.unknowns[Unknown(UnknownName(table, key))].range;
      if (table.totals.contains(key)) continue;
      const CountRange told = Told(table, printed);
      range.low = std::max(range.low, told.low);
      range.high = std::min(range.high, told.high);
    }
    const auto relate = [&](const std::string& whole,
                            const std::vector<std::string>& parts) {
      std::vector<std::string> names;
      for (const std::string& part : parts) {
        names.push_back(UnknownName(table, part));
      }
      Relate(UnknownName(table, whole), names);
    };
    for (const auto* relations : {&table.sums, &table.totals}) {
      for (const auto& [whole, parts] : *relations) relate(whole, parts);
    }
    for (const auto& [whole, parts] : table.equalities) relate(whole, parts);
    if (!margins) return;
    for (const auto& [parts, exact] : table.margins) {
      AuditEquality equality;
      for (const std::string& part : parts) {
        equality.parts.push_back(Unknown(UnknownName(table, part)));
      }
      equality.constant = exact;
      problem_.equalities.push_back(std::move(equality));
    }
  }

  std::map<std::string, int64_t> known_;
  std::map<std::string, size_t> names_;
  std::set<size_t> sums_;
  AuditProblem problem_;
};

// Small hidden counts of `tables`, sums left out (that each part is 1 at least
// cannot be hidden), of which the attacker can rule out an end of
// 1 to 7, by name; `asked` says how many there are.
inline std::vector<std::string> Narrowed(
    const Attacker& attacker, const std::vector<ReleasedTable>& tables,
    size_t* asked = nullptr) {
  std::map<std::string, size_t> hidden;

  for (const ReleasedTable& table : tables) {
    for (const auto& [key, printed] : table.cells) {
      const std::string name = UnknownName(table, key);
      const std::optional<size_t> unknown = attacker.Find(name);
      if (printed != "*" || !unknown.has_value()) continue;
      if (attacker.IsSum(*unknown)) continue;
      hidden.emplace(name, *unknown);
    }
  }
  std::vector<size_t> wanted;
  for (const auto& [name, unknown] : hidden) wanted.push_back(unknown);
  const auto bounds = OracleBounds(attacker.problem(), wanted);
  if (asked != nullptr) *asked = wanted.size();
  std::vector<std::string> narrowed;
  size_t i = 0;
  for (const auto& [name, unknown] : hidden) {
    if (!bounds.has_value()) return {"no values fulfil what is printed"};
    const CountRange& range = (*bounds)[i++];
    if (range.low <= 1 && range.high >= 7) continue;
    narrowed.push_back(name + ": " + std::to_string(range.low) + " to " +
                       std::to_string(range.high));
  }
  return narrowed;
}

}  // namespace tally::analytics

#endif  // TALLY_TESTS_UNIT_ANALYTICS_ATTACKER_H_
