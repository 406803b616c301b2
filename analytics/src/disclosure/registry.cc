#include "analytics/disclosure/registry.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_format.h"
#include "analytics/disclosure/profile.h"
#include "base/exit_code.h"
#include "base/json.h"
#include "base/status.h"
#include "disclosure/json_lines.h"

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

JsonValue StringsToJson(const std::vector<std::string>& strings) {
  JsonValue json = JsonValue::MakeArray();
  for (const std::string& s : strings) json.Append(s);
  return json;
}

absl::StatusOr<std::vector<std::string>> StringsFromJson(
    const JsonValue& json) {
  if (!json.is_array()) return absl::InvalidArgumentError("not an array");
  std::vector<std::string> strings;
  for (const JsonValue& item : json.AsArray()) {
    if (!item.is_string()) return absl::InvalidArgumentError("not a text");
    strings.push_back(item.AsString());
  }
  return strings;
}

using Relations = std::map<std::string, std::vector<std::string>>;

JsonValue RelationsToJson(const Relations& relations) {
  JsonValue json = JsonValue::MakeObject();
  for (const auto& [key, parts] : relations) {
    json.Set(key, StringsToJson(parts));
  }
  return json;
}

absl::StatusOr<Relations> RelationsFromJson(const JsonValue& json,
                                            std::string_view name) {
  TALLY_ASSIGN_OR_RETURN(const JsonValue::Object* object, json.GetObject(name));
  Relations relations;
  for (const auto& [key, parts] : *object) {
    TALLY_ASSIGN_OR_RETURN(relations[key], StringsFromJson(parts));
  }
  return relations;
}

JsonValue EqualitiesToJson(const std::vector<ReleasedRelation>& equalities) {
  JsonValue json = JsonValue::MakeArray();
  for (const ReleasedRelation& relation : equalities) {
    JsonValue entry = JsonValue::MakeObject();
    entry.Set("whole", relation.whole)
        .Set("parts", StringsToJson(relation.parts));
    json.Append(std::move(entry));
  }
  return json;
}

JsonValue MarginsToJson(const std::vector<ReleasedMargin>& margins) {
  JsonValue json = JsonValue::MakeArray();
  for (const ReleasedMargin& margin : margins) {
    JsonValue entry = JsonValue::MakeObject();
    entry.Set("parts", StringsToJson(margin.parts)).Set("exact", margin.exact);
    json.Append(std::move(entry));
  }
  return json;
}

absl::StatusOr<std::vector<std::string>> PartsFromJson(const JsonValue& json) {
  const JsonValue* parts = json.Find("parts");
  if (parts == nullptr) return absl::InvalidArgumentError("parts");
  return StringsFromJson(*parts);
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
      .Set("dimensions", StringsToJson(table.dimensions))
      .Set("cells", std::move(cells))
      .Set("sums", RelationsToJson(table.sums))
      .Set("totals", RelationsToJson(table.totals))
      .Set("equalities", EqualitiesToJson(table.equalities))
      .Set("margins", MarginsToJson(table.margins))
      .Set("hidesZeros", table.hides_zeros);
  if (!table.derived_from.empty()) {
    json.Set("derivedFrom", StringsToJson(table.derived_from));
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
  TALLY_ASSIGN_OR_RETURN(t.dimensions, StringsFromJson(*dimensions));
  const JsonValue* derived_from = json.Find("derivedFrom");
  if (derived_from != nullptr) {
    TALLY_ASSIGN_OR_RETURN(t.derived_from, StringsFromJson(*derived_from));
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

// What Related asks of a line.
struct LineTopic {
  int64_t begin = 0;
  int64_t size = 0;
  std::string project, release, measure, table, period, cohort, profile;
  std::vector<std::string> derived_from;

  bool About(const ReleasedTable& t) const {
    return derived_from.empty() && project == t.project &&
           measure == t.measure && period == t.period && cohort == t.cohort;
  }
  bool Is(const ReleasedTable& t) const {
    return project == t.project && release == t.release &&
           measure == t.measure && table == t.table && period == t.period &&
           cohort == t.cohort && profile == t.profile &&
           derived_from == t.derived_from;
  }
};

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
      topics_.push_back({line.begin, line.size, std::move(table->project),
                         std::move(table->release), std::move(table->measure),
                         std::move(table->table), std::move(table->period),
                         std::move(table->cohort), std::move(table->profile),
                         std::move(table->derived_from)});
    }
    return absl::OkStatus();
  }

  const std::vector<LineTopic>& topics() const { return topics_; }

  absl::StatusOr<ReleasedTable> Read(const LineTopic& topic) const {
    TALLY_ASSIGN_OR_RETURN(const JsonValue line,
                           reader_.ReadAgain(topic.begin, topic.size));
    absl::StatusOr<ReleasedTable> table = FromJson(line);
    if (table.ok()) return table;
    return LineProblem(table.status(), path_,
                       static_cast<size_t>(&topic - topics_.data()) + 1);
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

absl::Status ReleaseRegistry::Append(const ReleasedTable& table,
                                     const std::optional<FileLock>& held) {
  if (path_.empty() || mode_ == Mode::kReadOnly) return absl::OkStatus();
  TALLY_CHECK(held.has_value());
  return AppendJsonLine(path_, ToJson(table), *held);
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

absl::StatusOr<std::vector<ReleasedTable>> ReleaseRegistry::Related(
    const ReleasedTable& table) const {
  std::vector<ReleasedTable> related;
  if (path_.empty()) return related;
  TALLY_RETURN_IF_ERROR(index_->Refresh());
  const std::vector<LineTopic>& topics = index_->topics();
  for (auto it = topics.rbegin(); it != topics.rend(); ++it) {
    if (!it->About(table)) continue;
    TALLY_ASSIGN_OR_RETURN(related.emplace_back(), index_->Read(*it));
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
