#include "analytics/disclosure/registry.h"

#include <algorithm>
#include <functional>
#include <unordered_set>
#include <utility>

#include "absl/strings/str_format.h"
#include "analytics/disclosure/profile.h"
#include "base/exit_code.h"
#include "base/json.h"
#include "base/status.h"
#include "disclosure/gate_across.h"
#include "disclosure/json_lines.h"
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

using Relations = std::map<std::string, std::vector<std::string>>;

JsonValue RelationsToJson(const Relations& relations) {
  JsonValue json = JsonValue::MakeObject();
  for (const auto& [key, parts] : relations) {
    json.Set(key, TextsToJson(parts));
  }
  return json;
}

absl::StatusOr<Relations> RelationsFromJson(const JsonValue& json,
                                            std::string_view name) {
  TALLY_ASSIGN_OR_RETURN(const JsonValue::Object* object, json.GetObject(name));
  Relations relations;
  for (const auto& [key, parts] : *object) {
    TALLY_ASSIGN_OR_RETURN(relations[key], TextsFromJson(parts));
  }
  return relations;
}

JsonValue EqualitiesToJson(const std::vector<ReleasedRelation>& equalities) {
  JsonValue json = JsonValue::MakeArray();
  for (const ReleasedRelation& relation : equalities) {
    JsonValue entry = JsonValue::MakeObject();
    entry.Set("whole", relation.whole)
        .Set("parts", TextsToJson(relation.parts));
    json.Append(std::move(entry));
  }
  return json;
}

JsonValue MarginsToJson(const std::vector<ReleasedMargin>& margins) {
  JsonValue json = JsonValue::MakeArray();
  for (const ReleasedMargin& margin : margins) {
    JsonValue entry = JsonValue::MakeObject();
    entry.Set("parts", TextsToJson(margin.parts)).Set("exact", margin.exact);
    json.Append(std::move(entry));
  }
  return json;
}

absl::StatusOr<std::vector<std::string>> PartsFromJson(const JsonValue& json) {
  const JsonValue* parts = json.Find("parts");
  if (parts == nullptr) return absl::InvalidArgumentError("parts");
  return TextsFromJson(*parts);
}

absl::Status ReadMargins(const JsonValue& json, ReleasedTable& table) {
  const JsonValue* equalities = json.Find("equalities");
  const JsonValue* margins = json.Find("margins");
  if (equalities == nullptr || !equalities->is_array() || margins == nullptr ||
      !margins->is_array()) {
    return absl::InvalidArgumentError("equalities, margins");
  }
  for (const JsonValue& entry : equalities->AsArray()) {
    ReleasedRelation& relation = table.equalities.emplace_back();
    TALLY_ASSIGN_OR_RETURN(relation.whole, entry.GetString("whole"));
    TALLY_ASSIGN_OR_RETURN(relation.parts, PartsFromJson(entry));
  }
  for (const JsonValue& entry : margins->AsArray()) {
    ReleasedMargin& margin = table.margins.emplace_back();
    TALLY_ASSIGN_OR_RETURN(margin.parts, PartsFromJson(entry));
    TALLY_ASSIGN_OR_RETURN(margin.exact, entry.GetInt("exact"));
  }
  TALLY_ASSIGN_OR_RETURN(table.hides_zeros, json.GetBool("hidesZeros"));
  return absl::OkStatus();
}

JsonValue ToJson(const ReleasedTable& table) {
  JsonValue cells = JsonValue::MakeObject();
  for (const auto& [key, printed] : table.cells) cells.Set(key, printed);
  JsonValue json = JsonValue::MakeObject();
  json.Set("version", table.version)
      .Set("time", table.time)
      .Set("project", table.project)
      .Set("release", table.release)
      .Set("measure", table.measure)
      .Set("table", table.table)
      .Set("period", table.period)
      .Set("cohort", table.cohort)
      .Set("profile", table.profile)
      .Set("dimensions", TextsToJson(table.dimensions))
      .Set("cells", std::move(cells))
      .Set("sums", RelationsToJson(table.sums))
      .Set("totals", RelationsToJson(table.totals))
      .Set("equalities", EqualitiesToJson(table.equalities))
      .Set("margins", MarginsToJson(table.margins))
      .Set("hidesZeros", table.hides_zeros);
  if (!table.derived_from.empty()) {
    json.Set("derivedFrom", TextsToJson(table.derived_from));
  }
  return json;
}

absl::StatusOr<ReleasedTable> FromJson(const JsonValue& json) {
  ReleasedTable t;
  t.version = 1;  // of lines that do not say
  if (json.Find("version") != nullptr) {
    TALLY_ASSIGN_OR_RETURN(t.version, json.GetInt("version"));
  }
  if (t.version > kRegisterVersion) {
    return absl::UnimplementedError("a newer format");
  }
  TALLY_ASSIGN_OR_RETURN(t.time, json.GetString("time"));
  TALLY_ASSIGN_OR_RETURN(t.project, json.GetString("project"));
  TALLY_ASSIGN_OR_RETURN(t.release, json.GetString("release"));
  TALLY_ASSIGN_OR_RETURN(t.measure, json.GetString("measure"));
  TALLY_ASSIGN_OR_RETURN(t.table, json.GetString("table"));
  TALLY_ASSIGN_OR_RETURN(t.period, json.GetString("period"));
  TALLY_ASSIGN_OR_RETURN(t.cohort, json.GetString("cohort"));
  TALLY_ASSIGN_OR_RETURN(t.profile, json.GetString("profile"));
  if (!Profile::Named(t.profile).ok()) {
    return absl::UnimplementedError("a profile of a newer program");
  }
  const JsonValue* dimensions = json.Find("dimensions");
  if (dimensions == nullptr) return absl::InvalidArgumentError("dimensions");
  TALLY_ASSIGN_OR_RETURN(t.dimensions, TextsFromJson(*dimensions));
  const JsonValue* derived_from = json.Find("derivedFrom");
  if (derived_from != nullptr) {
    TALLY_ASSIGN_OR_RETURN(t.derived_from, TextsFromJson(*derived_from));
  }
  TALLY_ASSIGN_OR_RETURN(const JsonValue::Object* cells,
                         json.GetObject("cells"));
  for (const auto& [key, printed] : *cells) {
    if (!printed.is_string()) return absl::InvalidArgumentError("cells");
    t.cells[key] = printed.AsString();
  }
  if (json.Find("sums") != nullptr) {  // not in the oldest registers
    TALLY_ASSIGN_OR_RETURN(t.sums, RelationsFromJson(json, "sums"));
  }
  TALLY_ASSIGN_OR_RETURN(t.totals, RelationsFromJson(json, "totals"));
  if (t.version > 1) TALLY_RETURN_IF_ERROR(ReadMargins(json, t));
  return t;
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
    std::sort(keys.begin(), keys.end());
    keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
    keys.shrink_to_fit();
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
  std::vector<size_t> keys;  // hashes, each once
  TableShapes shapes;
  bool has_age = false;
  ReleasedTablePtr at_hand;  // null: to be read again
};

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

// What is wrong with a line, counted from 1, that FromJson did not take.
absl::Status LineProblem(const absl::Status& status, std::string_view path,
                         size_t line) {
  if (absl::IsUnimplemented(status)) {
    return InputError(absl::StrFormat(
        "%s: line %d was written by a newer commissioning, in a format that "
        "this one does not know; use the newer one",
        path, line));
  }
  return IntegrityError(
      absl::StrFormat("%s: line %d is not a released table", path, line));
}

}  // namespace

class ReleaseRegistry::Index {
 public:
  explicit Index(const std::string& path) : path_(path), reader_(path) {}

  // Takes in the lines that were added.
  absl::Status Refresh() {
    TALLY_ASSIGN_OR_RETURN(const JsonLineReader::News news, reader_.Next());
    if (news.again) topics_.clear();
    for (const JsonLineReader::Line& line : news.lines) {
      absl::StatusOr<ReleasedTable> table = FromJson(line.value);
      if (!table.ok()) {  // the next call finds the damage again
        const absl::Status problem =
            LineProblem(table.status(), path_, topics_.size() + 1);
        topics_.clear();
        reader_ = JsonLineReader(path_);
        return problem;
      }
      topics_.emplace_back(line.place, *table);
    }
    return absl::OkStatus();
  }

  // Takes in a line that this program added itself, without reading it again.
  void Add(const JsonLinePlace& place, ReleasedTablePtr table) {
    if (!reader_.Pass(place)) return;
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
    absl::StatusOr<ReleasedTable> table = FromJson(json);
    if (!table.ok()) return LineProblem(table.status(), path_, line + 1);
    topic.at_hand = std::make_shared<const ReleasedTable>(*std::move(table));
    return topic.at_hand;
  }

 private:
  std::string path_;
  JsonLineReader reader_;
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

absl::StatusOr<std::optional<FileLock>> ReleaseRegistry::Hold() const {
  if (path_.empty() || mode_ == Mode::kReadOnly) return std::nullopt;
  TALLY_ASSIGN_OR_RETURN(FileLock lock, LockJsonLines(path_));
  return std::optional<FileLock>(std::move(lock));
}

absl::Status ReleaseRegistry::Append(ReleasedTable table,
                                     const std::optional<FileLock>& held) {
  if (path_.empty() || mode_ == Mode::kReadOnly) return absl::OkStatus();
  TALLY_CHECK(held.has_value());
  TALLY_ASSIGN_OR_RETURN(const JsonLinePlace place,
                         AppendJsonLine(path_, ToJson(table), *held));
  index_->Add(place, std::make_shared<const ReleasedTable>(std::move(table)));
  return absl::OkStatus();
}

absl::StatusOr<std::vector<ReleasedTable>> ReleaseRegistry::All() const {
  std::vector<ReleasedTable> all;
  if (path_.empty()) return all;
  TALLY_ASSIGN_OR_RETURN(const std::vector<JsonValue> lines,
                         ReadJsonLines(path_));
  for (const JsonValue& line : lines) {
    absl::StatusOr<ReleasedTable> table = FromJson(line);
    if (!table.ok()) return LineProblem(table.status(), path_, all.size() + 1);
    all.push_back(*std::move(table));
  }
  return all;
}

absl::StatusOr<std::vector<ReleasedTablePtr>> ReleaseRegistry::Related(
    const ReleasedTable& table, const std::vector<std::string>& keys) const {
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
  for (size_t i = 0; i < about.size(); ++i) {
    // A table without counts is known by its name alone.
    if (!touching[i] && !(keys.empty() && about[i]->table == table.table)) {
      continue;
    }
    TALLY_ASSIGN_OR_RETURN(
        related.emplace_back(),
        index_->Read(static_cast<size_t>(about[i] - topics.data())));
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
