// What a reader knows about a table, as unknowns and equalities: this table,
// public margins, and earlier tables that do not contradict it.
#include <algorithm>
#include <iterator>
#include <set>
#include <string_view>
#include <tuple>
#include <utility>

#include "absl/strings/str_format.h"
#include "base/status.h"
#include "base/strings.h"
#include "disclosure/gate_across.h"
#include "disclosure/gate_run.h"
#include "disclosure/halving.h"
#include "disclosure/joined_unknowns.h"
#include "disclosure/table_period.h"

namespace tally::analytics {
namespace {

// Earlier tables beyond this many would make the audit too long.
constexpr size_t kEarlierTables = 100;

// After so many lines that cannot hold, a table is not believed at all.
constexpr int kBrokenLines = 20;

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

// Which table, in words.
std::string NameOf(const ReleasedTable& table) {
  return absl::StrFormat("%s/%s@%s of %s, %s", table.measure, table.table,
                         table.release, table.project, table.period);
}

// The same with its cut: one table may be out in several.
std::string NameOfCut(const ReleasedTable& table) {
  return absl::StrFormat("%s (by %s)", NameOf(table),
                         JoinText(table.dimensions, ", "));
}

std::set<size_t> UnknownsIn(const AuditEquality& equality) {
  std::set<size_t> unknowns(equality.parts.begin(), equality.parts.end());
  unknowns.insert(equality.whole.begin(), equality.whole.end());
  return unknowns;
}

}  // namespace

AuditProblem GateRun::EmptyProblem() const {
  AuditProblem problem;
  problem.deadline = deadline_;
  problem.unknowns.resize(named_ + pieces_ + detached_);
  return problem;
}

void GateRun::Add(const std::vector<AuditEquality>& more,
                  AuditProblem& problem) {
  problem.equalities.insert(problem.equalities.end(), more.begin(), more.end());
}

AuditProblem GateRun::CurrentProblem() const {
  AuditProblem problem = EmptyProblem();
  for (size_t i = 0; i < cells_.size(); ++i) {
    problem.unknowns[i].range = RangeOf(cells_[i]);
  }
  const auto index = [&](CellRef cell) { return UnknownOf(Original(cell)); };
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

// Of other months one key is another count, unless it names its month.
size_t GateRun::UnknownOfKey(const std::string& key, const TablePeriod* other,
                             const std::string* counted) {
  std::string_view name = key;
  if (other != nullptr && !other->IsAbsolute(key)) {
    const std::string dated = absl::StrFormat("%s|@%s", key, other->name());
    const auto found = by_key_.find(dated);
    name = found != by_key_.end() ? found->first
                                  : period_keys_.emplace_back(dated);
  }
  const auto known =
      counted == nullptr ? by_key_.end() : by_key_.find(*counted);
  const size_t next = known == by_key_.end() ? named_ : known->second;
  const size_t unknown = by_key_.emplace(name, next).first->second;
  if (unknown == named_) ++named_;
  if (counted != nullptr) by_key_.emplace(*counted, unknown);
  return unknown;
}

GateRun::Facts GateRun::FactsOf(const ReleasedTable& table) {
  Facts facts;
  const absl::StatusOr<Profile> profile = Profile::Named(table.profile);
  if (!profile.ok()) return facts;
  facts.hidden = profile->hidden();
  const TablePeriod period(table.period);
  // The keys of other measures say themselves of which time they are.
  const bool same =
      !IsAbout(table) || period.Same(TablePeriod(raw_.info().period));
  const auto unknown = [&](const std::string& key) {
    const auto counted = table.counted.find(key);
    return UnknownOfKey(
        key, same ? nullptr : &period,
        counted == table.counted.end() ? nullptr : &counted->second);
  };
  const auto equality = [&](const std::vector<std::string>& parts,
                            std::vector<size_t> whole, int64_t constant) {
    AuditEquality of;
    for (const std::string& part : parts) of.parts.push_back(unknown(part));
    of.whole = std::move(whole);
    of.constant = constant;
    return of;
  };
  for (const auto& [key, printed] : table.cells) {
    Facts::Cell cell{unknown(key), {}};
    if (!table.totals.contains(key)) {
      cell.told = RangeOfReleased(table, *profile, printed);
      cell.star = printed == "*" || printed == kShieldMark;
      cell.small = printed == "*" && table.version > 1 && profile->hides();
    }
    facts.cells.push_back(cell);
  }
  for (const auto* relations : {&table.totals, &table.sums}) {
    for (const auto& [key, parts] : *relations) {
      facts.sums.push_back(equality(parts, {unknown(key)}, 0));
    }
  }
  for (const ReleasedRelation& relation : table.equalities) {
    AuditEquality sum = equality(relation.parts, {unknown(relation.whole)}, 0);
    sum.with_rest =
        !relation.parts.empty() && relation.parts.back().starts_with(kRestMark);
    facts.sums.push_back(std::move(sum));
  }
  for (const auto& [key, name] : table.counted) {
    const size_t own = unknown(key), other = by_key_.at(name);
    if (own == other) continue;
    facts.sums.push_back(equality({key}, {other}, 0));
  }
  for (const ReleasedMargin& margin : table.margins) {
    facts.margins.push_back(equality(margin.parts, {}, margin.exact));
  }
  return facts;
}

void GateRun::ReadEarlier(const std::vector<ReleasedTablePtr>& earlier) {
  facts_.clear();
  detached_ = 0;
  stars_before_.clear();
  left_out_.clear();
  earlier_ = earlier;
  for (const ReleasedTablePtr& table : earlier) {
    facts_.push_back(FactsOf(*table));
  }
  FindAgeBands();
}

// Of cells that two tables have, what both say holds.
void GateRun::AddEarlier(const Earlier& earlier, AuditProblem& problem) {
  for (const Facts::Cell& cell : earlier.facts->cells) {
    CountRange& range = problem.unknowns[cell.unknown].range;
    range = Intersect(range, cell.told);
  }
  if (earlier.sums) Add(earlier.facts->sums, problem);
  if (earlier.margins) Add(earlier.facts->margins, problem);
}

AuditProblem GateRun::ProblemWith(const Tables& earlier) const {
  AuditProblem problem = CurrentProblem();
  for (const Earlier& table : earlier) AddEarlier(table, problem);
  Add(across_, problem);
  Add(bands_, problem);
  AddRests(problem);
  for (const auto& [unknown, range] : wanted_) {
    if (shown_safe_.contains(unknown)) continue;
    problem.targets.push_back({unknown, range});
  }
  return problem;
}

AuditProblem GateRun::ProblemOf(const Tables& earlier) const {
  AuditProblem problem = EmptyProblem();
  for (const Earlier& table : earlier) AddEarlier(table, problem);
  Add(across_, problem);
  Add(bands_, problem);
  return problem;
}

std::vector<CountRange> GateRun::TrueRanges(const Tables& earlier) const {
  std::vector<CountRange> truth(EmptyProblem().unknowns.size(),
                                CountRange{0, kUnboundedCount});
  for (const Earlier& e : earlier) {
    for (const Facts::Cell& cell : e.facts->cells) {
      CountRange& range = truth[cell.unknown];
      range = Intersect(range, cell.small ? e.facts->hidden : cell.told);
    }
  }
  for (size_t i = 0; i < cells_.size(); ++i) {
    truth[i] = {At(cells_[i]).exact, At(cells_[i]).exact};
  }
  return truth;
}

size_t GateRun::Detach(const std::set<size_t>& unknowns, Facts& facts) {
  std::map<size_t, size_t> moved;
  for (Facts::Cell& cell : facts.cells) {
    if (!unknowns.contains(cell.unknown)) continue;
    const auto [at, is_new] = moved.emplace(cell.unknown, 0);
    if (is_new) at->second = named_ + pieces_ + detached_++;
    cell.unknown = at->second;
  }
  const auto move = [&](std::vector<size_t>& members) {
    for (size_t& member : members) {
      const auto to = moved.find(member);
      if (to != moved.end()) member = to->second;
    }
  };
  for (auto* equalities : {&facts.sums, &facts.margins}) {
    for (AuditEquality& equality : *equalities) {
      move(equality.parts);
      move(equality.whole);
    }
  }
  return moved.size();
}

std::set<size_t> GateRun::SharedCells(const AuditEquality& equality,
                                      const Facts& facts) const {
  const std::set<size_t> members = UnknownsIn(equality);
  const size_t own = named_ + pieces_;
  std::set<size_t> shared;
  for (const Facts::Cell& cell : facts.cells) {
    // What has its own unknown has it of this table alone.
    if (cell.unknown < own && members.contains(cell.unknown)) {
      shared.insert(cell.unknown);
    }
  }
  return shared;
}

// A cell that is printed otherwise now has changed, and its lines held when
// they were printed. Where a line cannot hold though each of its cells could be
// the same, any of them may have changed.
std::optional<GateRun::Earlier> GateRun::Believe(const ReleasedTable& table,
                                                 Facts& facts,
                                                 AuditProblem& problem) {
  std::set<size_t> changed;
  for (const Facts::Cell& cell : facts.cells) {
    const CountRange range =
        Intersect(problem.unknowns[cell.unknown].range, cell.told);
    if (range.low > range.high) changed.insert(cell.unknown);
  }
  Earlier believed{&table, &facts};
  for (int broken = 0;; ++broken) {
    // Most of it changed: these are other people.
    if (2 * (believed.changed + changed.size()) > facts.cells.size()) break;
    if (whole_only_ && !changed.empty()) break;
    believed.changed += Detach(changed, facts);
    AuditProblem tried = problem;
    tried.unknowns.resize(EmptyProblem().unknowns.size());
    AddEarlier(believed, tried);
    const absl::StatusOr<AuditBounds> bounds = PropagationSolver().Solve(tried);
    if (!bounds.ok() || broken == kBrokenLines) break;
    if (!bounds->contradiction) {
      problem = std::move(tried);
      return believed;
    }
    if (believed.margins && !facts.margins.empty()) {
      believed.margins = false;
      changed.clear();
      continue;
    }
    changed.clear();
    if (bounds->broken.has_value()) {
      changed = SharedCells(tried.equalities[*bounds->broken], facts);
    }
    if (changed.empty()) break;
  }
  return std::nullopt;
}

GateRun::Tables GateRun::ConsistentByPropagation(
    const std::vector<ReleasedTablePtr>& earlier) {
  AuditProblem problem = CurrentProblem();
  // Tables of one period that say the same are one.
  const auto before = [](const ReleasedTable* a, const ReleasedTable* b) {
    return std::tie(a->measure, a->period, a->profile, a->cells) <
           std::tie(b->measure, b->period, b->profile, b->cells);
  };
  std::set<const ReleasedTable*, decltype(before)> seen(before);
  Tables kept;
  for (size_t i = 0; i < earlier.size() && kept.size() < kEarlierTables; ++i) {
    const ReleasedTable& table = *earlier[i];
    if (!seen.insert(&table).second) continue;
    const std::optional<Earlier> believed = Believe(table, facts_[i], problem);
    if (!believed.has_value()) continue;
    in_parts_ = in_parts_ || believed->changed > 0;
    kept.push_back(*believed);
  }
  return kept;
}

absl::StatusOr<GateRun::Tables> GateRun::Consistent(
    const std::vector<ReleasedTablePtr>& earlier) {
  across_.clear();
  if (earlier.empty()) return Tables();
  Tables kept = ConsistentByPropagation(earlier);
  const auto possible = [&](size_t count) -> absl::StatusOr<bool> {
    const auto end = kept.begin() + static_cast<std::ptrdiff_t>(count);
    AuditProblem problem = ProblemWith(Tables(kept.begin(), end));
    problem.targets.clear();
    TALLY_ASSIGN_OR_RETURN(const AuditBounds bounds, solver_.Solve(problem));
    return !bounds.contradiction;
  };
  // More tables are never more possible: the first that contradicts those
  // before it, which are newer, is not believed: its list sizes, then its sums,
  // then its cells.
  while (true) {
    TALLY_ASSIGN_OR_RETURN(const size_t good,
                           MostPossible(kept.size(), possible));
    if (good == kept.size()) break;
    Earlier& liar = kept[good];
    if (liar.margins && !liar.facts->margins.empty()) {
      liar.margins = false;
    } else if (!whole_only_ && liar.sums && !liar.facts->sums.empty()) {
      liar.sums = false;
      in_parts_ = true;
    } else {
      kept.erase(kept.begin() + static_cast<std::ptrdiff_t>(good));
    }
  }
  for (const Earlier& e : kept) {
    for (const Facts::Cell& cell : e.facts->cells) {
      if (cell.star && cell.unknown < cells_.size()) {
        stars_before_.insert(cell.unknown);
      }
    }
  }
  NoteLeftOut(earlier, kept);
  TALLY_RETURN_IF_ERROR(FindAcross(kept));
  return kept;
}

void GateRun::NoteLeftOut(const std::vector<ReleasedTablePtr>& earlier,
                          const Tables& kept) {
  for (const ReleasedTablePtr& table : earlier) {
    // Of tables that say the same one is kept, for all of them.
    const auto found =
        std::find_if(kept.begin(), kept.end(), [&](const Earlier& e) {
          return e.table == table.get() ||
                 (e.table->measure == table->measure &&
                  e.table->period == table->period &&
                  e.table->profile == table->profile &&
                  e.table->cells == table->cells);
        });
    if (found == kept.end()) {
      left_out_.push_back(NameOf(*table) + ": all");
      continue;
    }
    if (found->table != table.get()) continue;
    if (found->changed > 0) {
      left_out_.push_back(absl::StrFormat("%s: %d of %d cells", NameOf(*table),
                                          found->changed,
                                          found->facts->cells.size()));
    }
    if (!found->margins) left_out_.push_back(NameOf(*table) + ": list sizes");
    if (!found->sums) left_out_.push_back(NameOf(*table) + ": sums");
  }
}

std::string GateRun::EarlierBehind(const Tables& earlier,
                                   const AuditProblem& problem,
                                   const std::vector<size_t>& unsafe) {
  constexpr size_t kNamed = 3;
  const std::vector<bool> joined = JoinedUnknowns(problem).JoinedTo(unsafe);
  std::vector<std::string> names;
  for (const Earlier& e : earlier) {
    const auto& cells = e.facts->cells;
    const bool behind = std::any_of(
        cells.begin(), cells.end(),
        [&](const Facts::Cell& cell) { return joined[cell.unknown]; });
    std::string name = NameOfCut(*e.table);
    const bool is_new =
        std::find(names.begin(), names.end(), name) == names.end();
    if (behind && is_new) names.push_back(std::move(name));
  }
  if (names.size() <= kNamed) return JoinText(names, ", ");
  const size_t more = names.size() - kNamed;
  names.resize(kNamed);
  return absl::StrFormat("%s and %d more", JoinText(names, ", "), more);
}

void GateRun::PinCells(const Tables& earlier) {
  pinned_.clear();
  const AuditProblem problem = ProblemOf(earlier);
  for (size_t i = 0; i < cells_.size(); ++i) {
    pinned_.push_back(problem.unknowns[i].range);
  }
}

// A sum is as safe as its parts: that each is 1 at least cannot be hidden.
// Those of this table have been left out by their decision.
void GateRun::LeaveSums(const Tables& earlier) {
  AuditProblem declared = CurrentProblem();
  for (const Earlier& e : earlier) AddEarlier(e, declared);
  Add(bands_, declared);
  for (const AuditEquality& equality : declared.equalities) {
    if (equality.with_rest) continue;
    for (const size_t whole : equality.whole) {
      const bool own = whole < cells_.size() &&
                       At(cells_[whole]).decision == CellDecision::kPrimary;
      if (!own && equality.parts.size() > 1) wanted_.erase(whole);
    }
  }
}

// Nor of a sum that two tables make: nothing else of it may be learnt, for it
// may be none.
void GateRun::AllowParts(const AuditProblem& earlier) {
  for (const AuditEquality& sum : across_) {
    const auto whole = wanted_.find(sum.whole.front());
    if (whole == wanted_.end()) continue;
    const int64_t parts =
        std::count_if(sum.parts.begin(), sum.parts.end(), [&](size_t part) {
          return part < cells_.size() ? At(cells_[part]).exact > 0
                                      : earlier.unknowns[part].range.low > 0;
        });
    CountRange& range = whole->second;
    range.low = std::min(std::max(range.low, parts), range.high);
  }
}

absl::Status GateRun::FindWanted(const Tables& earlier) {
  wanted_.clear();
  guesses_tell_ = false;
  for (size_t i = 0; i < cells_.size(); ++i) {
    if (At(cells_[i]).decision != CellDecision::kPrimary) continue;
    wanted_[i] = Intersect(profile_.hidden(), pinned_[i]);
  }
  if (earlier.empty()) return absl::OkStatus();
  AuditProblem problem = ProblemOf(earlier);
  std::set<size_t> known;  // cells that readers have seen in some form
  for (const Earlier& e : earlier) {
    for (const Facts::Cell& cell : e.facts->cells) {
      known.insert(cell.unknown);
      if (cell.small) wanted_.emplace(cell.unknown, e.facts->hidden);
    }
  }
  for (const AuditEquality& sum : across_) {  // or added up
    if (std::all_of(sum.parts.begin(), sum.parts.end(),
                    [&](size_t part) { return known.contains(part); })) {
      known.insert(sum.whole.front());
    }
  }
  LeaveSums(earlier);
  const std::map<size_t, CountRange> all = wanted_;
  AllowParts(problem);
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
  guesses_tell_ = !across_.empty() && wanted_ != all;
  return absl::OkStatus();
}

}  // namespace tally::analytics
