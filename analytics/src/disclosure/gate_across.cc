// Tables that are cut to different depths: a reader of a count by practice and
// of the same count of everybody adds up the first. Nobody declares that, for
// the two were released at different times.
#include <algorithm>
#include <chrono>
#include <limits>
#include <map>
#include <set>

#include "absl/strings/str_split.h"
#include "base/status.h"
#include "base/strings.h"
#include "disclosure/gate_across.h"
#include "disclosure/gate_run.h"
#include "disclosure/halving.h"
#include "disclosure/joined_unknowns.h"

namespace tally::analytics {
namespace {

// The dimension that names the cut itself: it says nothing of who is counted.
constexpr std::string_view kCutName = "breakdown=";

// Sums with more terms than this, all together, are not put into programs. They
// would join the months of a region into one of 100,000 unknowns; that with
// 20,000 takes some seconds.
constexpr size_t kMostTerms = 20'000;

constexpr int kMonthsOfAYear = 12;

// Nothing is inside, and every month widens it.
constexpr MonthSpan kNoMonths{std::numeric_limits<int>::max(),
                              std::numeric_limits<int>::min()};

// The same column, by more dimensions.
bool IsFiner(const KeyShape& fine, const KeyShape& coarse) {
  return fine.size() > coarse.size() && fine.front() == coarse.front() &&
         std::includes(fine.begin() + 1, fine.end(), coarse.begin() + 1,
                       coarse.end());
}

// Calls `visit` with each part of a key but the name of its cut: the column,
// then "dimension=level" in their order.
template <typename Visit>
void ForEachPart(std::string_view key, const Visit& visit) {
  for (size_t begin = 0; begin <= key.size();) {
    const size_t end = std::min(key.find('|', begin), key.size());
    const std::string_view part = key.substr(begin, end - begin);
    if (begin == 0 || !part.starts_with(kCutName)) visit(part);
    begin = end + 1;
  }
}

// Whether each part of a key of shape `fine` stands in the shape `coarse`.
std::vector<bool> PartsIn(const KeyShape& fine, const KeyShape& coarse) {
  std::vector<bool> kept;
  size_t next = 0;
  for (const std::string& name : fine) {
    kept.push_back(next < coarse.size() && name == coarse[next]);
    next += kept.back();
  }
  return kept;
}

// Those parts of a key that `keep` holds for, by their places, as a key. `key`
// is filled anew.
template <typename Keep>
void KeepParts(std::string_view from, const Keep& keep, std::string& key) {
  key.clear();
  size_t i = 0;
  ForEachPart(from, [&](std::string_view part) {
    if (!keep(i++)) return;
    if (!key.empty()) key += '|';
    key += part;
  });
}

// A key without the name of its cut. `key` is filled anew.
void PlainKey(std::string_view from, std::string& key) {
  KeepParts(
      from, [](size_t) { return true; }, key);
}

// The shape of a key as text, the name of its cut with it. `text` is filled
// anew.
void ShapeText(std::string_view key, std::string& text) {
  text.clear();
  bool name = true;
  for (const char c : key) {
    name = c == '|' || (name && c != '=');
    if (name) text += c;
  }
}

// The shape, and whether it names the cut.
std::pair<KeyShape, bool> ShapeOf(const std::string& text) {
  KeyShape shape = absl::StrSplit(text, '|');
  const size_t named =
      std::erase(shape, kCutName.substr(0, kCutName.size() - 1));
  return {std::move(shape), named > 0};
}

bool HasMonth(const KeyShape& shape) {
  return std::find(shape.begin() + 1, shape.end(), kMonthDimension) !=
         shape.end();
}

// How many levels make a year where `fine` is `coarse` by time; else more than
// there are.
size_t TimesOfAYear(const KeyShape& fine, const KeyShape& coarse) {
  if (fine.size() == coarse.size() + 1) {
    const auto at = std::mismatch(coarse.begin(), coarse.end(), fine.begin());
    if (*at.second == kMonthDimension) return kMonthsOfAYear;
    if (*at.second == "year") return 1;
  }
  return std::numeric_limits<size_t>::max();
}

}  // namespace

void TableShapes::Add(std::string_view key) {
  std::string text;
  ShapeText(key, text);
  if (!seen_.insert(text).second) return;
  auto [shape, named] = ShapeOf(text);
  bool& is_named = shapes_[std::move(shape)];
  is_named = is_named || named;
}

bool TableShapes::Joins(const TableShapes& other, bool same_period) const {
  for (const auto& [one, one_named] : shapes_) {
    for (const auto& [two, two_named] : other.shapes_) {
      if (!same_period && !HasMonth(one) && !HasMonth(two)) continue;
      if (one == two ? one_named || two_named
                     : IsFiner(one, two) || IsFiner(two, one)) {
        return true;
      }
    }
  }
  return false;
}

void KeyShapes::Add(const KeyedUnknown& cell) {
  std::string text;
  ShapeText(cell.key, text);
  auto found = seen_.find(text);
  if (found == seen_.end()) {
    auto [shape, named] = ShapeOf(text);
    const bool by_month = HasMonth(shape);
    Group& group = keys_[std::move(shape)];  // stays where it is
    group.named = group.named || named;
    if (by_month && !group.shown.has_value()) group.shown = kNoMonths;
    found = seen_.emplace(std::move(text), &group).first;
  }
  Group& group = *found->second;
  group.keys.push_back(cell);
  if (!group.shown.has_value()) return;
  const std::optional<int> month = MonthOfKey(cell.key);
  if (!month.has_value()) return;
  group.shown->first = std::min(group.shown->first, *month);
  group.shown->last = std::max(group.shown->last, *month);
}

// Of keys that differ in the name of their cut only, the first.
const KeyShapes::ByPlainKey& KeyShapes::PlainKeys(const Group& group) {
  if (group.plain.has_value()) return *group.plain;
  ByPlainKey& plain = group.plain.emplace();
  plain.reserve(group.keys.size());
  std::string key;
  for (const KeyedUnknown& cell : group.keys) {
    PlainKey(cell.key, key);
    plain.emplace(key, cell);
  }
  return plain;
}

// Who has counts of one shape says itself what adds up; only the names of cuts
// may differ.
void KeyShapes::SameCounts(const Group& own, const Group& other, Sums& sums) {
  if (!own.named && !other.named) return;
  const ByPlainKey& known = PlainKeys(other);
  std::string key;
  for (const KeyedUnknown& cell : own.keys) {
    PlainKey(cell.key, key);
    const auto whole = known.find(key);
    if (whole == known.end() || whole->second.key == cell.key) continue;
    sums[whole->second].insert({Keys{cell}});
  }
}

// Of a whole, the first that can be is taken.
std::vector<KeyShapes::Keys> KeyShapes::WaysOf(Keys parts,
                                               const OverTime& over) {
  std::vector<Keys> ways;
  const auto add = [&](Keys way) {
    const bool is_new = std::find(ways.begin(), ways.end(), way) == ways.end();
    if (is_new && !way.empty()) ways.push_back(std::move(way));
  };
  const auto add_months = [&](const MonthSpan& months) {
    if (!over.covered.Holds(months)) return;
    Keys way;
    for (const KeyedUnknown& part : parts) {
      const std::optional<int> month = MonthOfKey(part.key);
      if (month.has_value() && months.Holds({*month, *month})) {
        way.push_back(part);
      }
    }
    add(std::move(way));
  };
  const bool dated = over.by_month && over.whole.has_value();
  const bool range = dated && over.whole->first < over.whole->last;
  if (range) add_months(*over.whole);
  if (over.same && parts.size() > over.last) {  // a year is the last of several
    add(Keys(parts.end() - static_cast<ptrdiff_t>(over.last), parts.end()));
  }
  if (over.same) add(parts);
  if (dated && !range) {
    const int last = over.whole->last;
    if (!over.same) add_months({last - kMonthsOfAYear + 1, last});
    add_months({last, last});
  }
  if (!over.by_month) add(std::move(parts));
  return ways;
}

// The cells of `own` by the whole of `known` that each is a part of.
void KeyShapes::SumsOf(const Group& own, const std::vector<bool>& kept,
                       const OverTime& over, const ByPlainKey& known,
                       Sums& sums) {
  std::map<KeyedUnknown, Keys> groups;
  std::string key;
  for (const KeyedUnknown& cell : own.keys) {
    KeepParts(
        cell.key, [&](size_t i) { return kept[i]; }, key);
    const auto whole = known.find(key);
    if (whole != known.end()) groups[whole->second].push_back(cell);
  }
  for (auto& [whole, parts] : groups) {
    std::vector<Keys> ways = WaysOf(std::move(parts), over);
    if (!ways.empty()) sums[whole].insert(std::move(ways));
  }
}

// A table of a range of months has them all: one that is missing is nobody's.
// Another one has what it shows.
MonthSpan KeyShapes::CoveredBy(const Group& own) const {
  return period_.is_range() ? *period_.span() : *own.shown;
}

void KeyShapes::SumsTo(const KeyShapes& other, Sums& sums) const {
  OverTime over;
  over.same = period_.Same(other.period_);
  over.whole = other.period_.span();
  for (const auto& [coarse, wholes] : other.keys_) {
    const auto twin = keys_.find(coarse);
    if (twin != keys_.end() && (over.same || HasMonth(coarse))) {
      SameCounts(twin->second, wholes, sums);
      continue;
    }
    for (const auto& [fine, own] : keys_) {
      if (!IsFiner(fine, coarse) || (!over.same && !HasMonth(fine))) continue;
      over.by_month = HasMonth(fine) && !HasMonth(coarse);
      over.last = TimesOfAYear(fine, coarse);
      if (over.by_month) over.covered = CoveredBy(own);
      SumsOf(own, PartsIn(fine, coarse), over, PlainKeys(wholes), sums);
    }
  }
}

// Whether a sum can be one, by the exact counts of this table and what earlier
// ones printed: some levels overlap, and some tables leave small groups out.
bool GateRun::MayAddUp(const std::vector<CountRange>& truth,
                       const AuditEquality& sum) const {
  CountRange parts{0, 0};
  for (const size_t part : sum.parts) {
    parts.low += truth[part].low;
    parts.high = std::min(parts.high + truth[part].high, kUnboundedCount);
  }
  const CountRange& whole = truth[sum.whole.front()];
  return parts.low <= whole.high && whole.low <= parts.high;
}

// What may add up, by the keys of this table and the earlier ones.
KeyShapes::Sums GateRun::SumsByKeys(const Tables& earlier) const {
  std::vector<KeyShapes> tables;
  tables.reserve(earlier.size() + 1);
  tables.emplace_back(TablePeriod(raw_.info().period));
  std::vector<KeyedUnknown> own;
  own.reserve(keys_.size());
  for (size_t i = 0; i < keys_.size(); ++i) own.push_back({keys_[i], i});
  std::sort(own.begin(), own.end());
  for (const KeyedUnknown& cell : own) tables[0].Add(cell);
  for (const Earlier& e : earlier) {
    if (!IsAbout(*e.table)) continue;  // its columns are others
    KeyShapes& shapes = tables.emplace_back(TablePeriod(e.table->period));
    auto cell = e.facts->cells.begin();  // in the order of their keys
    for (const auto& [key, printed] : e.table->cells) {
      shapes.Add({key, (cell++)->unknown});
    }
  }
  KeyShapes::Sums sums;
  for (const KeyShapes& fine : tables) {
    for (const KeyShapes& coarse : tables) {
      if (&fine != &coarse) fine.SumsTo(coarse, sums);
    }
  }
  return sums;
}

// Of the ways in which parts may make a whole, the first that can be.
std::optional<AuditEquality> GateRun::FirstThatAddsUp(
    const std::vector<CountRange>& truth, size_t whole,
    const std::vector<KeyShapes::Keys>& either) const {
  for (const KeyShapes::Keys& parts : either) {
    AuditEquality sum;
    sum.whole = {whole};
    for (const KeyedUnknown& part : parts) sum.parts.push_back(part.unknown);
    if (MayAddUp(truth, sum)) return sum;
  }
  return std::nullopt;
}

absl::Status GateRun::FindAcross(const Tables& earlier) {
  across_.clear();
  if (earlier.empty()) return absl::OkStatus();
  const std::vector<CountRange> truth = TrueRanges(earlier);
  for (const auto& [whole, ways] : SumsByKeys(earlier)) {
    for (const std::vector<KeyShapes::Keys>& either : ways) {
      std::optional<AuditEquality> sum =
          FirstThatAddsUp(truth, whole.unknown, either);
      if (sum.has_value()) across_.push_back(*std::move(sum));
    }
  }
  AuditProblem problem = CurrentProblem();
  for (const Earlier& e : earlier) AddEarlier(e, problem);
  Add(bands_, problem);
  LoosenLarge(problem);
  TALLY_RETURN_IF_ERROR(DropImpossible(problem));
  HideSmallSums();
  return absl::OkStatus();
}

// Sums that other equalities join stay together; of such groups the smaller are
// solved as long as there is room, the others are used sum by sum.
void GateRun::LoosenLarge(const AuditProblem& problem) {
  JoinedUnknowns joined(problem);
  joined.Join(across_);
  std::map<size_t, size_t> terms;  // by group
  for (const AuditEquality& sum : across_) {
    terms[joined.Leader(sum.whole.front())] += sum.parts.size() + 1;
  }
  std::vector<std::pair<size_t, size_t>> groups;  // the smallest first
  for (const auto& [group, size] : terms) groups.emplace_back(size, group);
  std::sort(groups.begin(), groups.end());
  std::set<size_t> solved;
  size_t used = 0;
  for (const auto& [size, group] : groups) {
    used += size;
    if (used > kMostTerms) break;
    solved.insert(group);
  }
  for (AuditEquality& sum : across_) {
    sum.loose = !solved.contains(joined.Leader(sum.whole.front()));
  }
}

// More sums are never more possible: the first that contradicts those before it
// is none. Propagation finds most of these, and is far faster.
absl::Status GateRun::DropImpossible(const AuditProblem& problem) {
  TALLY_RETURN_IF_ERROR(DropImpossible(problem, PropagationSolver()));
  const bool loose =
      std::all_of(across_.begin(), across_.end(),
                  [](const AuditEquality& sum) { return sum.loose; });
  return loose ? absl::OkStatus() : DropImpossible(problem, solver_);
}

absl::Status GateRun::DropImpossible(const AuditProblem& problem,
                                     const BoundSolver& solver) {
  const auto possible = [&](size_t count) -> absl::StatusOr<bool> {
    if (std::chrono::steady_clock::now() > deadline_) {
      return absl::DeadlineExceededError("sums between tables");
    }
    AuditProblem tried = problem;
    const auto end = across_.begin() + static_cast<std::ptrdiff_t>(count);
    tried.equalities.insert(tried.equalities.end(), across_.begin(), end);
    TALLY_ASSIGN_OR_RETURN(const AuditBounds bounds, solver.Solve(tried));
    return !bounds.contradiction;
  };
  while (true) {
    TALLY_ASSIGN_OR_RETURN(const size_t good,
                           MostPossible(across_.size(), possible));
    if (good == across_.size()) return absl::OkStatus();
    across_.erase(across_.begin() + static_cast<std::ptrdiff_t>(good));
  }
}

// What a reader may not narrow is the parts, in a table that they have; a small
// sum goes with them, as a total does.
void GateRun::HideSmallSums() {
  for (const AuditEquality& sum : across_) {
    const size_t whole = sum.whole.front();
    if (whole >= cells_.size()) continue;  // of an earlier table
    if (At(cells_[whole]).decision == CellDecision::kPrimary) {
      Hide(cells_[whole], CellDecision::kSecondary);
    }
  }
}

}  // namespace tally::analytics
