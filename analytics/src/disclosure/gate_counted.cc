// Counts that tables of several measures have under one name (CountedKey): one
// measure prints by provider what another prints by practice, and a reader has
// the months of both. Such cells are one unknown.
#include <algorithm>
#include <utility>

#include "absl/strings/str_format.h"
#include "base/exit_code.h"
#include "disclosure/gate_run.h"
#include "disclosure/joined_cells.h"
#include "disclosure/joined_unknowns.h"

namespace tally::analytics {
namespace {

bool IsStar(std::string_view printed) {
  return printed == "*" || printed == kShieldMark;
}

// Cells of a table of another measure that its sums join, and the cells of this
// table that they are joined to by name.
struct StrangerGroup {
  bool star = false;  // one of them is hidden
  bool kept = false;
  std::vector<size_t> own;  // leaders
};

struct StrangerTable {
  ReleasedTablePtr table;
  JoinedCells cells;
  std::map<size_t, StrangerGroup> groups;

  bool Keeps(const std::string& key) {
    const auto group = groups.find(cells.GroupOf(key).value_or(cells.size()));
    return group != groups.end() && group->second.kept;
  }
  bool KeepsAny() const {
    return std::any_of(groups.begin(), groups.end(),
                       [](const auto& group) { return group.second.kept; });
  }
};

// The keys of a stranger: the names of what they count, or told from others by
// the table they are of.
class StrangerKeys {
 public:
  explicit StrangerKeys(const ReleasedTable& table)
      : counted_(table.counted),
        scope_(absl::StrFormat("|@%s;%s;%s", table.measure, table.period,
                               table.cohort)) {}
  std::string operator()(const std::string& key) const {
    const auto counted = counted_.find(key);
    return counted == counted_.end() ? key + scope_ : counted->second;
  }
  std::vector<std::string> operator()(
      const std::vector<std::string>& keys) const {
    std::vector<std::string> names;
    for (const std::string& key : keys) names.push_back((*this)(key));
    return names;
  }

 private:
  const std::map<std::string, std::string>& counted_;
  const std::string scope_;
};

// What of a stranger stands in groups that are kept.
ReleasedTablePtr KeptPart(StrangerTable& stranger) {
  const ReleasedTable& table = *stranger.table;
  const StrangerKeys name(table);
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
    if (!stranger.Keeps(key)) continue;
    const auto [cell, is_new] = part->cells.emplace(name(key), printed);
    // Of cells of one name the one that tells most.
    const bool more = cell->second == kShieldMark ||
                      (IsStar(cell->second) && !IsStar(printed));
    if (!is_new && more) cell->second = printed;
  }
  const auto add = [&](const std::string& whole,
                       const std::vector<std::string>& parts) {
    if (!stranger.Keeps(whole)) return;
    ReleasedRelation sum{name(whole), name(parts)};
    if (sum.parts != std::vector<std::string>{sum.whole}) {
      part->equalities.push_back(std::move(sum));
    }
  };
  for (const auto* sums : {&table.totals, &table.sums}) {
    for (const auto& [whole, parts] : *sums) add(whole, parts);
  }
  for (const auto& [whole, parts] : table.equalities) add(whole, parts);
  for (const ReleasedMargin& margin : table.margins) {
    if (margin.parts.empty() || !stranger.Keeps(margin.parts.front())) continue;
    part->margins.push_back({name(margin.parts), margin.exact});
  }
  return part;
}

// Finds the groups of a stranger's cells with a name that this table has, whose
// leader `leader_of` gives, and which of them have a hidden cell.
template <typename LeaderOf>
void GroupByNames(const LeaderOf& leader_of, StrangerTable& stranger) {
  for (const auto& [key, name] : stranger.table->counted) {
    const std::optional<size_t> own = leader_of(name);
    const std::optional<size_t> group = stranger.cells.GroupOf(key);
    if (!own.has_value() || !group.has_value()) continue;
    stranger.groups[*group].own.push_back(*own);
  }
  for (const size_t group : stranger.cells.WithStars()) {
    const auto found = stranger.groups.find(group);
    if (found != stranger.groups.end()) found->second.star = true;
  }
}

// Keeps the groups with a hidden cell and those that are joined to `near`, the
// leaders of small counts. What is joined joins its neighbours as well.
void KeepNear(std::set<size_t> near, std::vector<StrangerTable>& strangers) {
  const auto is_near = [&](size_t own) { return near.contains(own); };
  for (bool more = true; more;) {
    more = false;
    for (StrangerTable& stranger : strangers) {
      for (auto& [leader, group] : stranger.groups) {
        if (group.kept) continue;
        group.kept = group.star ||
                     std::any_of(group.own.begin(), group.own.end(), is_near);
        if (!group.kept) continue;
        more = true;
        near.insert(group.own.begin(), group.own.end());
      }
    }
  }
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

JoinedUnknowns GateRun::JoinedByOwnSums() const {
  AuditProblem problem = CurrentProblem();
  AddRests(problem);
  return JoinedUnknowns(problem);
}

std::vector<size_t> GateRun::SmallCounts() const {
  std::vector<size_t> small;
  for (size_t i = 0; i < cells_.size(); ++i) {
    if (At(cells_[i]).decision == CellDecision::kPrimary) small.push_back(i);
  }
  return small;
}

std::vector<std::string> GateRun::NamesNearSmall() const {
  std::vector<std::string> names;
  if (counted_.empty()) return names;
  const std::vector<bool> near = JoinedByOwnSums().JoinedTo(SmallCounts());
  for (const auto& [unknown, name] : counted_) {
    if (near[unknown]) names.emplace_back(name);
  }
  return names;
}

// Nearly all of what other measures print is far from any small count, and
// would make the audit long for nothing.
std::vector<ReleasedTablePtr> GateRun::WithoutStrangers(
    const std::vector<ReleasedTablePtr>& earlier) const {
  std::vector<StrangerTable> strangers;
  for (const ReleasedTablePtr& table : earlier) {
    if (!IsAbout(*table)) strangers.push_back({table, JoinedCells(*table), {}});
  }
  if (strangers.empty()) return earlier;
  JoinedUnknowns joined = JoinedByOwnSums();
  std::set<size_t> near;  // leaders
  for (const size_t i : SmallCounts()) near.insert(joined.Leader(i));
  const auto leader_of = [&](const std::string& name) -> std::optional<size_t> {
    const auto cell = by_key_.find(name);
    if (cell == by_key_.end()) return std::nullopt;
    return joined.Leader(cell->second);
  };
  for (StrangerTable& stranger : strangers) GroupByNames(leader_of, stranger);
  KeepNear(std::move(near), strangers);
  std::vector<ReleasedTablePtr> parts;
  auto stranger = strangers.begin();
  for (const ReleasedTablePtr& table : earlier) {
    if (IsAbout(*table)) {
      parts.push_back(table);
      continue;
    }
    if (stranger->KeepsAny()) parts.push_back(KeptPart(*stranger));
    ++stranger;
  }
  return parts;
}

}  // namespace tally::analytics
