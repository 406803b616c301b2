// Counts that tables of several measures have under one name (CountedKey): one
// measure prints by provider what another prints by practice, and a reader has
// the months of both. Such cells are one unknown.
#include <algorithm>
#include <utility>

#include "absl/strings/str_format.h"
#include "base/exit_code.h"
#include "disclosure/gate_run.h"
#include "disclosure/joined_unknowns.h"

namespace tally::analytics {
namespace {

// Calls `visit` with the whole, or null, and the parts of each sum of a table.
template <typename Visit>
void ForEachSum(const ReleasedTable& table, const Visit& visit) {
  for (const auto* sums : {&table.totals, &table.sums}) {
    for (const auto& [whole, parts] : *sums) visit(&whole, parts);
  }
  for (const ReleasedRelation& sum : table.equalities) {
    visit(&sum.whole, sum.parts);
  }
  for (const ReleasedMargin& margin : table.margins) {
    visit(nullptr, margin.parts);
  }
}

bool IsStar(std::string_view printed) {
  return printed == "*" || printed == kShieldMark;
}

// A table of another measure: which of its cells are joined by its sums.
class StrangerTable {
 public:
  explicit StrangerTable(const ReleasedTable& table) : table_(&table) {
    for (const auto& [key, printed] : table.cells) Add(key);
    ForEachSum(table, [&](const std::string* whole, const auto& parts) {
      if (whole != nullptr) Add(*whole);
      for (const std::string& part : parts) Add(part);
    });
    joined_.emplace(numbers_.size());
    ForEachSum(table, [&](const std::string* whole, const auto& parts) {
      for (const std::string& part : parts) {
        const std::string& other = whole != nullptr ? *whole : parts.front();
        joined_->Join(numbers_.at(part), numbers_.at(other));
      }
    });
    std::unordered_map<std::string_view, size_t> names;
    for (const auto& [key, name] : table.counted) {
      const auto number = numbers_.find(key);
      if (number == numbers_.end()) continue;
      joined_->Join(number->second,
                    names.emplace(name, number->second).first->second);
    }
  }

  const ReleasedTable& table() const { return *table_; }
  // The same for all keys that are joined. REQUIRES: a key of the table.
  size_t GroupOf(const std::string& key) {
    return joined_->Leader(numbers_.at(key));
  }
  bool Has(const std::string& key) const { return numbers_.contains(key); }

 private:
  void Add(const std::string& key) { numbers_.emplace(key, numbers_.size()); }

  const ReleasedTable* table_;
  std::unordered_map<std::string_view, size_t> numbers_;
  std::optional<JoinedUnknowns> joined_;
};

// Cells of a stranger that its sums join, and the cells of this table that
// they are joined to by name.
struct StrangerGroup {
  bool star = false;  // one of them is hidden
  bool kept = false;
  std::vector<size_t> own;  // leaders
};
using StrangerGroups = std::map<size_t, StrangerGroup>;

// What of a stranger stands in groups that are kept. Its keys are the names of
// what they count, or told from others by the table they are of.
ReleasedTablePtr PartOf(StrangerTable& stranger, const StrangerGroups& groups) {
  const ReleasedTable& table = stranger.table();
  const auto kept = [&](const std::string& key) {
    const auto group = groups.find(stranger.GroupOf(key));
    return group != groups.end() && group->second.kept;
  };
  const std::string scope =
      absl::StrFormat("|@%s;%s;%s", table.measure, table.period, table.cohort);
  const auto name = [&](const std::string& key) {
    const auto counted = table.counted.find(key);
    return counted == table.counted.end() ? key + scope : counted->second;
  };
  auto part = std::make_shared<ReleasedTable>();
  part->version = table.version;
  part->project = table.project;
  part->release = table.release;
  part->measure = table.measure;
  part->table = table.table;
  part->period = table.period;
  part->cohort = table.cohort;
  part->profile = table.profile;
  part->dimensions = table.dimensions;
  part->hides_zeros = table.hides_zeros;
  for (const auto& [key, printed] : table.cells) {
    if (!kept(key)) continue;
    // Of cells of one name the one that tells most.
    const auto [cell, is_new] = part->cells.emplace(name(key), printed);
    const bool more = cell->second == kShieldMark ||
                      (IsStar(cell->second) && !IsStar(printed));
    if (!is_new && more) cell->second = printed;
  }
  for (const auto& sums : {&table.totals, &table.sums}) {
    for (const auto& [whole, parts] : *sums) {
      if (!kept(whole)) continue;
      ReleasedRelation& sum = part->equalities.emplace_back();
      sum.whole = name(whole);
      for (const std::string& one : parts) sum.parts.push_back(name(one));
    }
  }
  for (const ReleasedRelation& relation : table.equalities) {
    if (!kept(relation.whole)) continue;
    ReleasedRelation sum{name(relation.whole), {}};
    for (const std::string& one : relation.parts)
      sum.parts.push_back(name(one));
    if (sum.parts.size() == 1 && sum.parts[0] == sum.whole) continue;
    part->equalities.push_back(std::move(sum));
  }
  for (const ReleasedMargin& margin : table.margins) {
    if (margin.parts.empty() || !kept(margin.parts.front())) continue;
    ReleasedMargin& known = part->margins.emplace_back();
    known.exact = margin.exact;
    for (const std::string& one : margin.parts)
      known.parts.push_back(name(one));
  }
  return part;
}

}  // namespace

bool GateRun::IsAbout(const ReleasedTable& table) const {
  return table.measure == raw_.info().measure_id &&
         table.cohort == raw_.info().cohort;
}

absl::Status GateRun::NameCounts() {
  counted_.clear();
  for (const auto& [given, name] : raw_.counted_) {
    const bool inside = given.row < raw_.rows() &&
                        given.column < raw_.columns_.size() &&
                        IsCountColumn(given.column);
    if (!inside || !name.starts_with(kCountedMark)) {
      return InputError(absl::StrFormat(
          "table %s: the name of a count is not one, or names no count cell",
          raw_.info_.table));
    }
    const CellRef cell = Original(given);
    if (!At(cell).present) continue;
    const size_t unknown = UnknownOf(cell);
    const size_t first = by_key_.emplace(name, unknown).first->second;
    if (first != unknown) {
      // A measure that calls two numbers one is not believed.
      if (At(cells_[first]).exact != At(cell).exact) continue;
      inferred_.push_back({cells_[first], {cell}});
    }
    counted_.emplace(unknown, name);
  }
  return absl::OkStatus();
}

std::map<std::string, std::string> GateRun::Counted() const {
  std::map<std::string, std::string> counted;
  for (const auto& [unknown, name] : counted_) counted[keys_[unknown]] = name;
  return counted;
}

// Nearly all of what other measures print is far from any small count, and
// would make the audit long for nothing.
std::vector<ReleasedTablePtr> GateRun::WithoutStrangers(
    const std::vector<ReleasedTablePtr>& earlier) const {
  const bool none = std::all_of(
      earlier.begin(), earlier.end(),
      [&](const ReleasedTablePtr& table) { return IsAbout(*table); });
  if (none) return earlier;
  AuditProblem problem = CurrentProblem();
  AddRests(problem);
  JoinedUnknowns joined(problem);
  std::vector<bool> near(problem.unknowns.size());  // by leader
  for (size_t i = 0; i < cells_.size(); ++i) {
    if (At(cells_[i]).decision == CellDecision::kPrimary) {
      near[joined.Leader(i)] = true;
    }
  }
  std::vector<StrangerTable> strangers;
  std::vector<StrangerGroups> groups;
  for (const ReleasedTablePtr& table : earlier) {
    if (IsAbout(*table)) continue;
    StrangerTable& stranger = strangers.emplace_back(*table);
    StrangerGroups& own = groups.emplace_back();
    for (const auto& [key, name] : table->counted) {
      const auto cell = by_key_.find(name);
      if (cell == by_key_.end() || !stranger.Has(key)) continue;
      own[stranger.GroupOf(key)].own.push_back(joined.Leader(cell->second));
    }
    for (const auto& [key, printed] : table->cells) {
      if (!IsStar(printed)) continue;
      const auto group = own.find(stranger.GroupOf(key));
      if (group != own.end()) group->second.star = true;
    }
  }
  // What is joined to a small count joins its neighbours to it.
  for (bool more = true; more;) {
    more = false;
    for (StrangerGroups& own : groups) {
      for (auto& [leader, group] : own) {
        const bool keep =
            group.star || std::any_of(group.own.begin(), group.own.end(),
                                      [&](size_t i) { return near[i]; });
        if (group.kept || !keep) continue;
        group.kept = more = true;
        for (const size_t i : group.own) near[i] = true;
      }
    }
  }
  std::vector<ReleasedTablePtr> parts;
  size_t next = 0;
  for (const ReleasedTablePtr& table : earlier) {
    if (IsAbout(*table)) {
      parts.push_back(table);
      continue;
    }
    const bool any =
        std::any_of(groups[next].begin(), groups[next].end(),
                    [](const auto& group) { return group.second.kept; });
    if (any) parts.push_back(PartOf(strangers[next], groups[next]));
    ++next;
  }
  return parts;
}

}  // namespace tally::analytics
