#include "analytics/measures/definition.h"

#include <algorithm>
#include <array>
#include <utility>

#include "absl/strings/str_format.h"
#include "analytics/measures/reference.h"
#include "base/exit_code.h"
#include "base/files.h"
#include "base/sha256.h"
#include "base/status.h"
#include "base/strings.h"
#include "measures/measure_table.h"

namespace tally::analytics {
namespace {

constexpr int64_t kMaxDefinitionBytes = 1 << 20;
constexpr std::array<std::string_view, 3> kGrains = {"day", "week", "month"};

constexpr int64_t kMostMonths = 120;  // ten years

// 0 for the finest; 3 for a word that is none.
size_t GrainRank(std::string_view grain) {
  return static_cast<size_t>(std::find(kGrains.begin(), kGrains.end(), grain) -
                             kGrains.begin());
}

bool IsMeasureId(std::string_view id) {
  return id.size() == 3 && (id[0] == 'C' || id[0] == 'D') && id[1] >= '0' &&
         id[1] <= '9' && id[2] >= '0' && id[2] <= '9';
}

absl::StatusOr<std::vector<std::string>> OptionalStrings(const TomlTable& table,
                                                         std::string_view key) {
  if (table.Find(key) == nullptr) return std::vector<std::string>();
  return table.GetStrings(key);
}

absl::StatusOr<MeasureNeed> ReadNeed(const TomlTable& table) {
  TALLY_RETURN_IF_ERROR(table.OnlyKeys(
      {"dataset", "file", "reference", "measure", "columns", "one_of",
       "optional", "optional_dataset", "grain", "months"}));
  MeasureNeed need;
  const std::pair<std::string_view, std::string*> kinds[] = {
      {"file", &need.file},
      {"reference", &need.reference},
      {"measure", &need.measure}};
  for (const auto& [key, target] : kinds) {
    if (table.Find(key) == nullptr) continue;
    TALLY_ASSIGN_OR_RETURN(*target, table.GetString(key));
    return need;
  }
  TALLY_ASSIGN_OR_RETURN(need.dataset, table.GetString("dataset"));
  if (!IsResourceId(need.dataset)) {
    return table.ErrorAt(table.line(), "dataset is not an id");
  }
  TALLY_ASSIGN_OR_RETURN(need.columns, OptionalStrings(table, "columns"));
  TALLY_ASSIGN_OR_RETURN(need.optional, OptionalStrings(table, "optional"));
  if (table.Find("optional_dataset") != nullptr) {
    TALLY_ASSIGN_OR_RETURN(need.optional_dataset,
                           table.GetBool("optional_dataset"));
  }
  TALLY_ASSIGN_OR_RETURN(need.grain, table.GetString("grain"));
  if (GrainRank(need.grain) == kGrains.size()) {
    return table.ErrorAt(table.line(), "grain is day, week or month");
  }
  if (table.Find("months") != nullptr) {
    TALLY_ASSIGN_OR_RETURN(need.months, table.GetInt("months", 1, kMostMonths));
  }
  if (table.Find("one_of") == nullptr) return need;
  TALLY_ASSIGN_OR_RETURN(const TomlArray sets, table.GetArray("one_of"));
  for (const TomlValue& set : sets) {
    std::vector<std::string>& names = need.one_of.emplace_back();
    if (!set.is_array()) return table.ErrorAt(set.line(), "one_of holds lists");
    for (const TomlValue& name : set.AsArray()) {
      if (!name.is_string()) {
        return table.ErrorAt(name.line(), "one_of holds column names");
      }
      names.push_back(name.AsString());
    }
  }
  return need;
}

// A file, or any file of a folder that is named with its slash.
bool HasFile(const ReleaseFolder& release, const std::string& name) {
  if (!name.ends_with('/')) return release.manifest().Find(name) != nullptr;
  const auto& files = release.manifest().files;
  return std::any_of(
      files.begin(), files.end(),
      [&](const dataset::ReleaseFile& f) { return f.path.starts_with(name); });
}

bool AnyColumn(const ReleaseFolder& release, std::string_view table,
               const std::vector<std::string>& names) {
  return std::any_of(names.begin(), names.end(), [&](const std::string& name) {
    return release.Column(table, name) != nullptr;
  });
}

// What a measure needs, as a line of its page.
std::string NeedInWords(const MeasureNeed& need) {
  if (!need.file.empty()) {
    return absl::StrFormat("the file `%s` of the release", need.file);
  }
  if (!need.reference.empty()) {
    return absl::StrFormat("the reference file `%s.toml`", need.reference);
  }
  if (!need.measure.empty()) {
    return absl::StrFormat("the released tables of %s", need.measure);
  }
  std::string words =
      absl::StrFormat("`%s`%s with %s", need.dataset,
                      need.optional_dataset ? ", if the release has it," : "",
                      JoinText(need.columns, ", "));
  for (const auto& set : need.one_of) {
    words += absl::StrFormat("; one of %s", JoinText(set, ", "));
  }
  if (!need.optional.empty()) {
    words +=
        absl::StrFormat("; where there, %s", JoinText(need.optional, ", "));
  }
  words += absl::StrFormat("; dates by %s or finer", need.grain);
  if (need.months > 0) {
    words += absl::StrFormat("; %d months covered", need.months);
  }
  return words;
}

}  // namespace

std::string MeasureNeed::Table() const {
  std::string table = dataset;
  std::replace(table.begin(), table.end(), '-', '_');
  return table;
}

std::optional<std::string> MeasureNeed::MissingOfDataset(
    const ReleaseFolder& release) const {
  const std::string table = Table();
  if (!release.HasTable(table)) {
    return absl::StrFormat("the release has no table %s", table);
  }
  for (const std::string& column : columns) {
    if (release.Column(table, column) == nullptr) {
      return absl::StrFormat("table %s has no column %s", table, column);
    }
  }
  for (const std::vector<std::string>& set : one_of) {
    if (!AnyColumn(release, table, set)) {
      return absl::StrFormat("table %s has none of %s", table,
                             JoinText(set, ", "));
    }
  }
  const std::string here = release.Grain(table);
  if (GrainRank(here) > GrainRank(grain)) {
    return absl::StrFormat("dates of %s are by %s, the measure needs %s", table,
                           here, grain);
  }
  return std::nullopt;
}

absl::StatusOr<MeasureDefinition> MeasureDefinition::Parse(
    std::string_view toml, std::string file) {
  MeasureDefinition definition;
  definition.file_ = file;
  definition.sha256_ = Sha256Hex(toml);
  TALLY_ASSIGN_OR_RETURN(definition.root_, ParseToml(toml, std::move(file)));
  TALLY_RETURN_IF_ERROR(definition.ReadTexts());
  TALLY_RETURN_IF_ERROR(definition.ReadNeeds());
  TALLY_RETURN_IF_ERROR(definition.ReadOutputs());
  return definition;
}

absl::Status MeasureDefinition::ReadTexts() {
  const std::pair<std::string_view, std::string*> texts[] = {
      {"id", &id_},
      {"version", &version_},
      {"title", &title_},
      {"question", &question_},
      {"owner", &owner_},
      {"numerator", &numerator_},
      {"denominator", &denominator_},
      {"exclusions", &exclusions_},
      {"direction", &direction_},
      {"target", &target_},
      {"interval", &interval_},
      {"picture", &picture_},
  };
  for (const auto& [key, target] : texts) {
    TALLY_ASSIGN_OR_RETURN(*target, root_.GetString(key));
  }
  if (!IsMeasureId(id_)) {
    return root_.ErrorAt(root_.Find("id")->line(),
                         "id is C or D and two digits");
  }
  if (direction_ != "higher" && direction_ != "lower" &&
      direction_ != "neither") {
    return root_.ErrorAt(root_.Find("direction")->line(),
                         "direction is higher, lower or neither");
  }
  TALLY_ASSIGN_OR_RETURN(const int64_t stage, root_.GetInt("stage", 1, 8));
  stage_ = static_cast<int>(stage);
  TALLY_ASSIGN_OR_RETURN(minimum_count_, root_.GetInt("minimum_count"));
  TALLY_ASSIGN_OR_RETURN(pages_, root_.GetStrings("pages"));
  TALLY_ASSIGN_OR_RETURN(by_, OptionalStrings(root_, "by"));
  return absl::OkStatus();
}

absl::Status MeasureDefinition::ReadNeeds() {
  TALLY_ASSIGN_OR_RETURN(const TomlArray needs, root_.GetArray("needs"));
  for (const TomlValue& value : needs) {
    if (!value.is_table()) {
      return root_.ErrorAt(value.line(), "needs holds tables");
    }
    TALLY_ASSIGN_OR_RETURN(MeasureNeed need, ReadNeed(value.AsTable()));
    needs_.push_back(std::move(need));
  }
  return absl::OkStatus();
}

absl::Status MeasureDefinition::ReadOutputs() {
  TALLY_ASSIGN_OR_RETURN(const TomlArray outputs, root_.GetArray("output"));
  for (const TomlValue& value : outputs) {
    if (!value.is_table()) {
      return root_.ErrorAt(value.line(), "output holds tables");
    }
    const TomlTable& table = value.AsTable();
    TALLY_RETURN_IF_ERROR(table.OnlyKeys({"table", "columns"}));
    MeasureOutput output;
    TALLY_ASSIGN_OR_RETURN(output.table, table.GetString("table"));
    TALLY_ASSIGN_OR_RETURN(output.columns, table.GetStrings("columns"));
    outputs_.push_back(std::move(output));
  }
  return absl::OkStatus();
}

MeasureDefinition MeasureDefinition::WithParameter(
    std::string_view key, const std::string& value) const {
  MeasureDefinition changed = *this;
  const absl::StatusOr<TomlTable> parameters = root_.GetTable("parameters");
  if (!parameters.ok()) return changed;
  const TomlValue* old = parameters->Find(key);
  if (old == nullptr) return changed;
  TomlTable::Map inner = parameters->entries();
  inner.insert_or_assign(std::string(key), TomlValue(value, old->line()));
  TomlTable::Map outer = root_.entries();
  outer.insert_or_assign(
      "parameters", TomlValue(TomlTable(parameters->file(), parameters->line(),
                                        std::move(inner)),
                              parameters->line()));
  changed.root_ = TomlTable(root_.file(), root_.line(), std::move(outer));
  return changed;
}

absl::StatusOr<double> MeasureDefinition::Parameter(
    std::string_view key) const {
  TALLY_ASSIGN_OR_RETURN(const TomlTable parameters,
                         root_.GetTable("parameters"));
  return parameters.GetDouble(key);
}

std::optional<std::string> MeasureDefinition::Unavailable(
    const ReleaseFolder& release, const std::string& references) const {
  for (const MeasureNeed& need : needs_) {
    if (!need.measure.empty()) continue;
    if (!need.reference.empty()) {
      if (HasReference(references, need.reference)) continue;
      return absl::StrFormat("there is no reference file %s.toml",
                             need.reference);
    }
    if (!need.file.empty()) {
      if (HasFile(release, need.file)) continue;
      return absl::StrFormat("the release has no %s", need.file);
    }
    if (need.optional_dataset) continue;
    std::optional<std::string> missing = need.MissingOfDataset(release);
    if (missing.has_value()) return missing;
  }
  return std::nullopt;
}

std::vector<std::string> MeasureDefinition::Uses() const {
  std::vector<std::string> ids;
  for (const MeasureNeed& need : needs_) {
    if (!need.measure.empty()) ids.push_back(need.measure);
  }
  return ids;
}

std::string MeasureDefinition::ToMarkdown() const {
  std::string out =
      absl::StrFormat("# %s %s\n\n%s\n\n", id_, title_, question_);
  const std::pair<std::string_view, std::string> rows[] = {
      {"version", version_},
      {"stage of the commissioning cycle", std::to_string(stage_)},
      {"numerator", numerator_},
      {"denominator", denominator_},
      {"exclusions", exclusions_},
      {"better when", direction_},
      {"target", target_.empty() ? "none" : target_},
      {"interval", interval_},
      {"minimum count", std::to_string(minimum_count_)},
      {"picture", picture_},
      {"pages", JoinText(pages_, ", ")},
      {"grouped with --by",
       by_.empty() ? "no: it has its own breakdowns" : JoinText(by_, ", ")},
      {"owner", owner_},
  };
  out += "| part | content |\n|---|---|\n";
  for (const auto& [name, content] : rows) {
    out += absl::StrFormat("| %s | %s |\n", name, content);
  }
  out += "\n## Needs\n\n";
  for (const MeasureNeed& need : needs_) {
    out += absl::StrFormat("- %s\n", NeedInWords(need));
  }
  out += "\n## Output\n\n";
  for (const MeasureOutput& output : outputs_) {
    out += absl::StrFormat("- `%s`: %s\n", output.table,
                           JoinText(output.columns, ", "));
  }
  out +=
      "\n`*` is hidden, `NA` not available; [disclosure](disclosure.md) says "
      "when a figure is either, and the notes of a table why in it.\n";
  return out;
}

absl::StatusOr<MeasureDefinition> LoadDefinition(
    std::string_view id, const std::string& override_folder) {
  for (const MeasureEntry& entry : MeasureTable()) {
    if (entry.id != id) continue;
    const std::string file = absl::StrFormat("%s.toml", id);
    std::string text(entry.definition);
    std::string name = file;
    if (!override_folder.empty()) {
      const std::string path = JoinPath(override_folder, file);
      if (FileExists(path)) {
        TALLY_ASSIGN_OR_RETURN(text, ReadFile(path, kMaxDefinitionBytes));
        name = path;
      }
    }
    TALLY_ASSIGN_OR_RETURN(MeasureDefinition definition,
                           MeasureDefinition::Parse(text, name));
    if (definition.id() != id) {
      return UsageError(absl::StrFormat("%s: its id is not its name", name));
    }
    return definition;
  }
  return MakeMeasure(id).status();
}

absl::Status CheckDefinitions(const std::string& override_folder) {
  if (override_folder.empty()) return absl::OkStatus();
  for (const MeasureEntry& entry : MeasureTable()) {
    TALLY_RETURN_IF_ERROR(LoadDefinition(entry.id, override_folder).status());
  }
  return absl::OkStatus();
}

}  // namespace tally::analytics
