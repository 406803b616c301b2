#include "analytics/disclosure/registry.h"

#include <algorithm>
#include <functional>
#include <set>
#include <string_view>
#include <tuple>
#include <unordered_set>
#include <utility>

#include "absl/strings/str_format.h"
#include "analytics/disclosure/decision_log.h"
#include "base/exit_code.h"
#include "base/json.h"
#include "base/status.h"
#include "disclosure/gate_across.h"
#include "disclosure/joined_cells.h"
#include "disclosure/json_lines.h"
#include "disclosure/register_line.h"
#include "disclosure/table_period.h"

namespace tally::analytics {
namespace {

std::string Escape(std::string_view level) {
  std::string out;
  for (const char c : level) {
    if (c == '%' || c == '|' || c == '=') {
      out += absl::StrFormat("%%%02X", c);
    } else {
      out += c;
    }
  }
  return out;
}

// Calls `visit` with every key that a table says something of.
template <typename Visit>
void ForEachKey(const ReleasedTable& table, const Visit& visit) {
  for (const auto& [key, printed] : table.cells) visit(key);
  for (const auto* relations : {&table.totals, &table.sums}) {
    for (const auto& [key, parts] : *relations) {
      visit(key);
      for (const std::string& part : parts) visit(part);
    }
  }
  for (const ReleasedRelation& relation : table.equalities) {
    visit(relation.whole);
    for (const std::string& part : relation.parts) visit(part);
  }
  for (const ReleasedMargin& margin : table.margins) {
    for (const std::string& part : margin.parts) visit(part);
  }
}

// Of a key in a table of a period: keys of one count have one hash.
size_t HashOfKey(std::string_view key, const TablePeriod& period) {
  constexpr size_t kSpread = 31;
  const size_t hash = std::hash<std::string_view>()(key);
  if (period.IsAbsolute(key)) return hash;
  return hash * kSpread + std::hash<std::string>()(period.name());
}

// What Related asks of a line.
struct LineTopic {
  LineTopic(JsonLinePlace at, const ReleasedTable& t)
      : place(at),
        project(t.project),
        release(t.release),
        measure(t.measure),
        table(t.table),
        cohort(t.cohort),
        profile(t.profile),
        period(t.period),
        derived_from(t.derived_from) {
    ForEachKey(t, [&](std::string_view key) {
      keys.push_back(HashOfKey(key, period));
      // Bands of age are joined by what they cover, whatever their keys.
      has_age = has_age || key.find(kAgeDimension) != std::string_view::npos;
    });
    for (const auto& [key, printed] : t.cells) shapes.Add(key);
    SortOnce(keys);
    if (t.counted.empty()) return;
    JoinedCells cells(t);
    const std::set<size_t> starred = cells.WithStars();
    for (const auto& [key, name] : t.counted) {
      counted.push_back(std::hash<std::string>()(name));
      if (starred.contains(cells.GroupOf(key).value_or(cells.size()))) {
        near_stars.push_back(counted.back());
      }
    }
    SortOnce(counted);
    SortOnce(near_stars);
  }

  static void SortOnce(std::vector<size_t>& hashes) {
    std::sort(hashes.begin(), hashes.end());
    hashes.erase(std::unique(hashes.begin(), hashes.end()), hashes.end());
    hashes.shrink_to_fit();
  }

  // Of whatever project: one reader has the tables of all that share a
  // register.
  bool About(const ReleasedTable& t, const TablePeriod& of) const {
    return derived_from.empty() && measure == t.measure && cohort == t.cohort &&
           period.Joins(of);
  }
  bool Is(const ReleasedTable& t) const {
    return project == t.project && release == t.release &&
           measure == t.measure && table == t.table &&
           period.text() == t.period && cohort == t.cohort &&
           profile == t.profile && derived_from == t.derived_from;
  }

  JsonLinePlace place;
  std::string project, release, measure, table, cohort, profile;
  TablePeriod period;
  std::vector<std::string> derived_from;
  std::vector<size_t> keys;        // hashes, each once
  std::vector<size_t> counted;     // the same of names of counts
  std::vector<size_t> near_stars;  // those that sums join to a hidden cell
  TableShapes shapes;
  bool has_age = false;
  ReleasedTablePtr at_hand;  // null: to be read again
};

// Whether two sorted lists share a hash.
bool Share(const std::vector<size_t>& a, const std::vector<size_t>& b) {
  const auto& few = a.size() < b.size() ? a : b;
  const auto& many = a.size() < b.size() ? b : a;
  return std::any_of(few.begin(), few.end(), [&](size_t hash) {
    return std::binary_search(many.begin(), many.end(), hash);
  });
}

// The lines of `topics` that count what `table` does, by name; none if neither
// it nor they have a hidden cell near such a count, for then each tells nothing
// of the other. `near` are its names with such a cell near.
std::vector<size_t> LinesOfSameCounts(const std::vector<LineTopic>& topics,
                                      const ReleasedTable& table,
                                      const TablePeriod& period,
                                      const std::vector<std::string>& near) {
  std::vector<size_t> lines, names, own_near;
  for (const auto& [key, name] : table.counted) {
    names.push_back(std::hash<std::string>()(name));
  }
  for (const std::string& name : near) {
    own_near.push_back(std::hash<std::string>()(name));
  }
  LineTopic::SortOnce(names);
  LineTopic::SortOnce(own_near);
  if (names.empty()) return lines;
  bool any_near = false;
  for (size_t i = 0; i < topics.size(); ++i) {
    const LineTopic& topic = topics[i];
    if (!topic.derived_from.empty() || !topic.period.Joins(period)) continue;
    if (!Share(names, topic.counted)) continue;
    lines.push_back(i);
    any_near = any_near || Share(own_near, topic.counted) ||
               Share(names, topic.near_stars);
  }
  if (!any_near) lines.clear();
  return lines;
}

// Which of `topics` say something of the cells of `keys`, themselves or through
// others that do: they share a cell, or some of their cells may add up to
// others. What the rest says cannot bound one of these cells. Two keys of one
// hash join tables that have nothing to do with each other, which is harmless.
std::vector<bool> Touching(const std::vector<const LineTopic*>& topics,
                           const std::vector<std::string>& keys,
                           const TablePeriod& period) {
  std::unordered_set<size_t> known;
  TableShapes own;
  for (const std::string& key : keys) {
    known.insert(HashOfKey(key, period));
    own.Add(key);
  }
  using Reached = std::pair<const TableShapes*, const TablePeriod*>;
  std::vector<Reached> reached = {{&own, &period}};
  std::vector<bool> touching(topics.size());
  for (bool more = true; more;) {
    more = false;
    for (size_t i = 0; i < topics.size(); ++i) {
      const LineTopic& topic = *topics[i];
      if (touching[i]) continue;
      const bool joined =
          (topic.has_age && topic.period.Same(period)) ||
          std::any_of(reached.begin(), reached.end(),
                      [&](const Reached& one) {
                        return one.first->Joins(topic.shapes,
                                                one.second->Same(topic.period));
                      }) ||
          std::any_of(topic.keys.begin(), topic.keys.end(),
                      [&](size_t key) { return known.contains(key); });
      if (!joined) continue;
      known.insert(topic.keys.begin(), topic.keys.end());
      reached.emplace_back(&topic.shapes, &topic.period);
      touching[i] = more = true;
    }
  }
  return touching;
}

// The table of line `number`, counted from 1, that follows `chain`.
absl::StatusOr<ReleasedTable> NextTable(const JsonLineReader::Line& line,
                                        std::string_view path, size_t number,
                                        RegisterChain& chain) {
  absl::StatusOr<ReleasedTable> table = TableOfLine(line.value);
  if (!table.ok()) return LineProblem(table.status(), path, number);
  if (!chain.Pass(line.text, line.value, table->version).ok()) {
    return IntegrityError(absl::StrFormat(
        "%s: line %d does not follow the lines before it: some were changed, "
        "added or taken away; restore the file from a backup",
        path, number));
  }
  return table;
}

}  // namespace

class ReleaseRegistry::Index {
 public:
  explicit Index(const std::string& path) : path_(path), reader_(path) {}

  // Takes in the lines that were added.
  absl::Status Refresh() {
    const absl::StatusOr<JsonLineReader::News> news = reader_.Next();
    if (!news.ok() || news->again) Forget();
    if (!news.ok()) return news.status();
    for (const JsonLineReader::Line& line : news->lines) {
      absl::StatusOr<ReleasedTable> table =
          NextTable(line, path_, topics_.size() + 1, chain_);
      if (!table.ok()) {  // the next call finds the damage again
        Forget();
        reader_ = JsonLineReader(path_);
        return table.status();
      }
      topics_.emplace_back(line.place, *table);
    }
    return absl::OkStatus();
  }

  // The line of a table that is to be appended next. REQUIRES: the lines that
  // were added are taken in, and nobody adds others.
  RegisterChain::SignedLine NextLine(const ReleasedTable& table) const {
    return chain_.Sign(LineOfTable(table));
  }

  // Takes in a line that this program added itself, without reading it again.
  void Add(const JsonLinePlace& place, RegisterChain::SignedLine line,
           ReleasedTablePtr table) {
    if (!reader_.Pass(place)) return;
    chain_.Pass(std::move(line));
    topics_.emplace_back(place, *table).at_hand = std::move(table);
  }

  const std::vector<LineTopic>& topics() const { return topics_; }

  // Lets go of the tables that are not about the same as `table`.
  void KeepAbout(const ReleasedTable& table, const TablePeriod& period) {
    for (LineTopic& topic : topics_) {
      if (!topic.About(table, period)) topic.at_hand = nullptr;
    }
  }

  absl::StatusOr<ReleasedTablePtr> Read(size_t line) {
    LineTopic& topic = topics_[line];
    if (topic.at_hand != nullptr) return topic.at_hand;
    TALLY_ASSIGN_OR_RETURN(const JsonValue json,
                           reader_.ReadAgain(topic.place));
    absl::StatusOr<ReleasedTable> table = TableOfLine(json);
    if (!table.ok()) return LineProblem(table.status(), path_, line + 1);
    topic.at_hand = std::make_shared<const ReleasedTable>(*std::move(table));
    return topic.at_hand;
  }

 private:
  void Forget() {
    topics_.clear();
    chain_ = RegisterChain();
  }

  std::string path_;
  JsonLineReader reader_;
  RegisterChain chain_;  // of the lines in topics_
  std::vector<LineTopic> topics_;
};

ReleaseRegistry::ReleaseRegistry(std::string path, Mode mode)
    : path_(std::move(path)),
      mode_(mode),
      index_(std::make_unique<Index>(path_)) {}

ReleaseRegistry::~ReleaseRegistry() = default;

std::string CellKey(std::string_view column,
                    const std::map<std::string, std::string>& levels) {
  std::string key(column);
  for (const auto& [dimension, level] : levels) {
    if (level == kAllLevels) continue;
    key += absl::StrFormat("|%s=%s", dimension, Escape(level));
  }
  return key;
}

std::string CountedKey(std::string_view name,
                       const std::map<std::string, std::string>& levels) {
  return CellKey(absl::StrFormat("%s%s", kCountedMark, name), levels);
}

absl::StatusOr<std::optional<FileLock>> ReleaseRegistry::Hold() const {
  if (path_.empty() || mode_ == Mode::kReadOnly) return std::nullopt;
  TALLY_ASSIGN_OR_RETURN(FileLock lock, LockJsonLines(path_));
  return std::optional<FileLock>(std::move(lock));
}

absl::Status ReleaseRegistry::Append(ReleasedTable table,
                                     const std::optional<FileLock>& held) {
  if (path_.empty() || mode_ == Mode::kReadOnly) return absl::OkStatus();
  TALLY_CHECK(held.has_value());
  TALLY_RETURN_IF_ERROR(index_->Refresh());
  RegisterChain::SignedLine line = index_->NextLine(table);
  TALLY_ASSIGN_OR_RETURN(const JsonLinePlace place,
                         AppendJsonText(path_, line.text, *held));
  index_->Add(place, std::move(line),
              std::make_shared<const ReleasedTable>(std::move(table)));
  return absl::OkStatus();
}

absl::StatusOr<std::vector<ReleasedTable>> ReleaseRegistry::All() const {
  std::vector<ReleasedTable> all;
  if (path_.empty()) return all;
  JsonLineReader reader(path_);
  RegisterChain chain;
  TALLY_ASSIGN_OR_RETURN(const JsonLineReader::News news, reader.Next());
  for (const JsonLineReader::Line& line : news.lines) {
    TALLY_ASSIGN_OR_RETURN(ReleasedTable table,
                           NextTable(line, path_, all.size() + 1, chain));
    all.push_back(std::move(table));
  }
  return all;
}

absl::Status ReleaseRegistry::CheckComplete(
    const std::vector<TableDecisions>& decisions) const {
  if (path_.empty()) return absl::OkStatus();
  TALLY_RETURN_IF_ERROR(index_->Refresh());
  using Name = std::tuple<std::string_view, std::string_view, std::string_view,
                          std::string_view, std::string_view, std::string_view>;
  std::set<Name> known;
  for (const LineTopic& topic : index_->topics()) {
    known.emplace(topic.project, topic.release, topic.measure, topic.table,
                  topic.period.text(), topic.profile);
  }
  for (const TableDecisions& d : decisions) {
    // The oldest logs say less than is asked here.
    if (d.refused || d.period.empty() || !d.derived_from.empty()) continue;
    if (known.contains(
            {d.project, d.release, d.measure, d.table, d.period, d.profile})) {
      continue;
    }
    return IntegrityError(absl::StrFormat(
        "%s: a table that was released is not in it (%s %s of release %s, in "
        "the log of decisions): lines or the whole file are gone; restore the "
        "file from a backup. Without it the gate does not know what readers "
        "have; to begin anew all the same, set the log of decisions aside too",
        path_, d.measure, d.table, d.release));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<ReleasedTablePtr>> ReleaseRegistry::Related(
    const ReleasedTable& table, const std::vector<std::string>& keys,
    const std::vector<std::string>& near) const {
  std::vector<ReleasedTablePtr> related;
  if (path_.empty()) return related;
  TALLY_RETURN_IF_ERROR(index_->Refresh());
  const TablePeriod period(table.period);
  index_->KeepAbout(table, period);
  const std::vector<LineTopic>& topics = index_->topics();
  std::vector<const LineTopic*> about;  // newest first
  for (auto it = topics.rbegin(); it != topics.rend(); ++it) {
    if (it->About(table, period)) about.push_back(&*it);
  }
  const std::vector<bool> touching = Touching(about, keys, period);
  std::vector<size_t> lines;
  for (size_t i = 0; i < about.size(); ++i) {
    // A table without counts is known by its name alone.
    if (!touching[i] && !(keys.empty() && about[i]->table == table.table)) {
      continue;
    }
    lines.push_back(static_cast<size_t>(about[i] - topics.data()));
  }
  const std::vector<size_t> same =
      LinesOfSameCounts(topics, table, period, near);
  lines.insert(lines.end(), same.begin(), same.end());
  std::sort(lines.begin(), lines.end(), std::greater<>());
  lines.erase(std::unique(lines.begin(), lines.end()), lines.end());
  for (const size_t line : lines) {
    TALLY_ASSIGN_OR_RETURN(related.emplace_back(), index_->Read(line));
  }
  return related;
}

absl::StatusOr<bool> ReleaseRegistry::Has(const ReleasedTable& table) const {
  if (path_.empty()) return false;
  TALLY_RETURN_IF_ERROR(index_->Refresh());
  return std::any_of(index_->topics().begin(), index_->topics().end(),
                     [&](const LineTopic& topic) { return topic.Is(table); });
}

}  // namespace tally::analytics
