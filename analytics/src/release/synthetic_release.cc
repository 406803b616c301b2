#include "analytics/release/synthetic_release.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <optional>
#include <set>
#include <system_error>
#include <utility>

#include "absl/strings/str_format.h"
#include "base/civil_day.h"
#include "base/exit_code.h"
#include "base/files.h"
#include "base/html.h"
#include "base/json.h"
#include "base/sha256.h"
#include "base/status.h"
#include "base/strings.h"
#include "base/toml.h"
#include "base/versions.h"
#include "engine/database.h"
#include "release/synthetic_report.h"
#include "release/synthetic_sql.h"

namespace tally::analytics {
namespace {

constexpr int kSynthFileMode = 0600;
constexpr int kSynthFolderMode = 0700;

constexpr char kSynthReadme[] =
    "SYNTHETIC DATA. Nobody in this folder exists.\n\n"
    "`commissioning synth` made it from the data dictionary of a release alone:"
    "\nthe tables, columns, types and codes are those of the release, the rows "
    "are\ndrawn at random. Nothing in it was taken from a record, and no "
    "figure "
    "from it\nsays anything about anybody. It is unsigned, and every table and "
    "page made\nfrom it is marked.\n\n"
    "Write SQL, plans and notebooks on it, then run them on the release:\n\n"
    "  commissioning run plan.toml --release DIR\n";

// Sources by dataset and the population, as the agreement has them.
absl::Status ReadSynthAgreement(const std::string& text,
                                SyntheticWorld& world) {
  TALLY_ASSIGN_OR_RETURN(const TomlTable root,
                         ParseToml(text, "agreement.toml"));
  if (root.Find("population") != nullptr) {
    TALLY_ASSIGN_OR_RETURN(world.population, root.GetString("population"));
  }
  if (root.Find("dataset") == nullptr) return absl::OkStatus();
  TALLY_ASSIGN_OR_RETURN(const TomlArray list, root.GetArray("dataset"));
  for (const TomlValue& value : list) {
    if (!value.is_table()) continue;
    const TomlTable& entry = value.AsTable();
    TALLY_ASSIGN_OR_RETURN(const std::string id, entry.GetString("id"));
    if (entry.Find("sources") == nullptr) continue;
    TALLY_ASSIGN_OR_RETURN(world.sources[id], entry.GetStrings("sources"));
    std::sort(world.sources[id].begin(), world.sources[id].end());
  }
  return absl::OkStatus();
}

absl::Status ReadSynthPeriods(const dataset::ReleaseManifest& manifest,
                              SyntheticWorld& world) {
  if (manifest.extracts.empty()) {
    return InputError("the manifest names no extract: there is no period");
  }
  std::set<std::string> sources;
  bool any = false;
  for (const dataset::ReleaseExtract& extract : manifest.extracts) {
    TALLY_ASSIGN_OR_RETURN(const CivilDay first,
                           CivilDay::Parse(extract.period_start));
    TALLY_ASSIGN_OR_RETURN(const CivilDay last,
                           CivilDay::Parse(extract.period_end));
    world.first = any ? std::min(world.first, first) : first;
    world.last = any ? std::max(world.last, last) : last;
    any = true;
    sources.insert(extract.extract.source);
  }
  world.all_sources.assign(sources.begin(), sources.end());
  return absl::OkStatus();
}

// The dataset that registers people: the population's, or, where everybody is
// in it ("all"), the one whose table has registrations.
std::string RegisterOf(const SyntheticWorld& world,
                       const dataset::Dictionary& dictionary) {
  if (world.sources.contains(world.population)) return world.population;
  for (const dataset::DictionaryTable& table : dictionary.tables) {
    const bool registers =
        std::any_of(table.columns.begin(), table.columns.end(),
                    [](const dataset::DictionaryColumn& column) {
                      return column.name == "registration_start";
                    });
    if (!registers) continue;
    if (!table.sources.empty()) return table.sources.front().dataset;
    std::string dataset = table.name;
    std::replace(dataset.begin(), dataset.end(), '_', '-');
    return dataset;
  }
  return "";
}

// Datasets of the sources that register people.
void FillCovered(const dataset::Dictionary& dictionary, SyntheticWorld& world) {
  const auto home = world.sources.find(RegisterOf(world, dictionary));
  if (home == world.sources.end()) return;
  for (const auto& [dataset, sources] : world.sources) {
    if (sources == home->second) world.covered.push_back(dataset);
  }
}

class SyntheticWriter {
 public:
  SyntheticWriter(const SyntheticShape& shape, const SyntheticOptions& options,
                  std::string folder)
      : shape_(shape), options_(options), folder_(std::move(folder)) {}

  absl::StatusOr<std::map<std::string, uint64_t>> Write();

 private:
  absl::Status WriteText(std::string_view name, std::string_view text);
  absl::Status OpenEngine();
  absl::Status WriteTable(const dataset::DictionaryTable& like,
                          uint64_t persons);
  absl::Status WriteDocuments();
  absl::Status WriteManifest();

  const SyntheticShape& shape_;
  const SyntheticOptions& options_;
  const std::string folder_;
  SyntheticWorld world_;
  std::optional<engine::Database> database_;
  std::optional<engine::Connection> connection_;
  dataset::Dictionary dictionary_;
  dataset::ReleaseManifest manifest_;
};

absl::Status SyntheticWriter::WriteText(std::string_view name,
                                        std::string_view text) {
  const std::string path = JoinPath(folder_, name);
  TALLY_RETURN_IF_ERROR(MakeDirectories(DirectoryOf(path), kSynthFolderMode));
  TALLY_RETURN_IF_ERROR(CreateFileExclusive(path, text, kSynthFileMode));
  dataset::ReleaseFile& file = manifest_.files.emplace_back();
  file.path = std::string(name);
  file.bytes = text.size();
  file.sha256 = Sha256Hex(text);
  return absl::OkStatus();
}

absl::Status SyntheticWriter::OpenEngine() {
  engine::DatabaseOptions options;
  options.directories = {folder_};
  std::error_code error;
  options.temp_directory =
      std::filesystem::absolute(options_.temp, error).string();
  if (error) return ErrnoStatus(error.value(), "resolve", options_.temp);
  options.memory_bytes = options_.memory_bytes;
  // One thread: the order of rows is part of the bytes.
  options.threads = 1;
  TALLY_ASSIGN_OR_RETURN(engine::Database database,
                         engine::Database::Open(options));
  database_.emplace(std::move(database));
  TALLY_ASSIGN_OR_RETURN(engine::Connection connection, database_->Connect());
  connection_.emplace(std::move(connection));
  return absl::OkStatus();
}

absl::Status SyntheticWriter::WriteTable(const dataset::DictionaryTable& like,
                                         uint64_t persons) {
  if (!engine::IsPlainSqlName(like.name)) {
    return InputError("dictionary.json: a table's name is no name");
  }
  dataset::DictionaryTable table = like;
  const int64_t wanted = SyntheticRows(world_, like, persons);
  TALLY_ASSIGN_OR_RETURN(const std::string sql,
                         SyntheticSelect(world_, like, wanted));
  const std::string name =
      absl::StrFormat("tables/%s/part-00000.parquet", like.name);
  const std::string path = JoinPath(folder_, name);
  TALLY_RETURN_IF_ERROR(MakeDirectories(DirectoryOf(path), kSynthFolderMode));
  TALLY_RETURN_IF_ERROR(connection_->Execute(absl::StrFormat(
      "COPY (%s) TO %s (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE "
      "122880, KV_METADATA {'tally.release': %s, 'tally.table': %s, "
      "'tally.environment': 'synthetic'})",
      sql, engine::QuoteLiteral(path),
      engine::QuoteLiteral(shape_.dictionary.release),
      engine::QuoteLiteral(like.name))));
  TALLY_RETURN_IF_ERROR(connection_->Execute(absl::StrFormat(
      "CREATE VIEW %s AS SELECT * FROM read_parquet(%s)",
      engine::QuoteIdentifier(like.name), engine::QuoteLiteral(path))));
  TALLY_ASSIGN_OR_RETURN(
      const engine::Value rows,
      connection_->Scalar(absl::StrFormat("SELECT count(*) FROM %s",
                                          engine::QuoteIdentifier(like.name))));
  const int64_t* const count = rows.As<int64_t>();
  TALLY_CHECK(count != nullptr);
  table.rows = static_cast<uint64_t>(*count);
  table.paths = {name};
  for (dataset::DictionaryColumn& column : table.columns) {
    if (column.filled.has_value()) column.filled = CoarseShare(*column.filled);
  }
  dataset::ReleaseFile& file = manifest_.files.emplace_back();
  file.path = name;
  TALLY_ASSIGN_OR_RETURN(const int64_t bytes, FileSize(path));
  file.bytes = static_cast<uint64_t>(bytes);
  TALLY_ASSIGN_OR_RETURN(file.sha256, Sha256HexOfFile(path));
  file.rows = table.rows;
  manifest_.row_counts[table.name] = table.rows;
  dictionary_.tables.push_back(std::move(table));
  return absl::OkStatus();
}

absl::Status SyntheticWriter::WriteDocuments() {
  TALLY_ASSIGN_OR_RETURN(const std::string report,
                         SyntheticLinkageReport(dictionary_, *connection_));
  JsonValue note = JsonValue::MakeObject();
  note.Set("environment", "synthetic");
  std::string page =
      "<!DOCTYPE html><html "
      "lang=\"en-GB\"><title>Synthetic</title><p>Synthetic "
      "data: nobody here exists. The words are in dictionary.json.</p><ul>";
  for (const dataset::DictionaryTable& table : dictionary_.tables) {
    page += absl::StrFormat("<li>%s: %s</li>", HtmlEscape(table.name),
                            HtmlEscape(table.title));
  }
  page += "</ul></html>\n";
  const std::pair<std::string_view, std::string> documents[] = {
      {"README.txt", kSynthReadme},
      {"agreement.toml", shape_.agreement},
      {"audit_summary.csv", "month,action,events\n"},
      {"dictionary.html", page},
      {"dictionary.json", dictionary_.ToJson()},
      {"linkage_quality.csv", report},
      {"linkage_quality.html", page},
      {"linkage_quality.json", note.Dump() + "\n"},
  };
  for (const auto& [name, text] : documents) {
    TALLY_RETURN_IF_ERROR(WriteText(name, text));
  }
  for (const dataset::ReleaseExtract& extract : manifest_.extracts) {
    JsonValue json = JsonValue::MakeObject();
    json.Set("extract", extract.extract.ToText())
        .Set("results", JsonValue::MakeArray());
    TALLY_RETURN_IF_ERROR(WriteText(
        absl::StrFormat("validation/%s-%s.json", extract.extract.source,
                        extract.extract.extract.ToText()),
        json.Dump() + "\n"));
  }
  return absl::OkStatus();
}

absl::Status SyntheticWriter::WriteManifest() {
  std::sort(manifest_.files.begin(), manifest_.files.end(),
            [](const auto& a, const auto& b) { return a.path < b.path; });
  TALLY_RETURN_IF_ERROR(manifest_.Check());
  return CreateFileExclusive(JoinPath(folder_, "manifest.json"),
                             manifest_.ToJson(), kSynthFileMode);
}

absl::StatusOr<std::map<std::string, uint64_t>> SyntheticWriter::Write() {
  const dataset::DictionaryTable* const persons =
      shape_.dictionary.Find("persons");
  if (persons == nullptr) {
    return InputError("dictionary.json: there is no table `persons`");
  }
  world_.seed = options_.seed;
  world_.people = options_.people;
  world_.words = shape_.words;
  TALLY_RETURN_IF_ERROR(ReadSynthPeriods(shape_.manifest, world_));
  TALLY_RETURN_IF_ERROR(ReadSynthAgreement(shape_.agreement, world_));
  FillCovered(shape_.dictionary, world_);
  manifest_ = shape_.manifest;
  manifest_.environment = std::string(dataset::kSyntheticEnvironment);
  manifest_.files.clear();
  manifest_.row_counts.clear();
  manifest_.hub = "synthetic";
  manifest_.tally_version = std::string(TallyVersion());
  manifest_.agreement_sha256 = Sha256Hex(shape_.agreement);
  for (dataset::ReleaseExtract& extract : manifest_.extracts) {
    extract.manifest_sha256 = std::string(64, '0');  // nobody signed one
  }
  dictionary_ = shape_.dictionary;
  dictionary_.environment = manifest_.environment;
  dictionary_.title = "Synthetic: " + dictionary_.title;
  dictionary_.tables.clear();
  TALLY_RETURN_IF_ERROR(MakeDirectories(folder_, kSynthFolderMode));
  TALLY_RETURN_IF_ERROR(OpenEngine());
  for (const dataset::DictionaryTable& table : shape_.dictionary.tables) {
    TALLY_RETURN_IF_ERROR(WriteTable(table, persons->rows));
  }
  TALLY_RETURN_IF_ERROR(WriteDocuments());
  TALLY_RETURN_IF_ERROR(WriteManifest());
  return manifest_.row_counts;
}

}  // namespace

double CoarseShare(double share) {
  if (share <= 0 || share >= 1) return std::clamp(share, 0.0, 1.0);
  return std::clamp(std::round(share * 20) / 20, 0.02, 0.98);
}

uint64_t CoarseCount(uint64_t count) {
  uint64_t unit = 1;
  while (count / unit >= 10) unit *= 10;
  return (count + unit / 2) / unit * unit;
}

absl::StatusOr<std::map<std::string, uint64_t>> WriteSyntheticRelease(
    const SyntheticShape& shape, const SyntheticOptions& options,
    const std::string& folder) {
  if (options.people < 1 || options.people > kMaxSyntheticPeople) {
    return UsageError(absl::StrFormat("--rows: 1 to %d", kMaxSyntheticPeople));
  }
  if (FileExists(folder)) {
    return ConflictError(absl::StrFormat("%s is there already", folder));
  }
  std::error_code error;
  const std::string absolute =
      std::filesystem::absolute(folder, error).string();
  if (error) return ErrnoStatus(error.value(), "resolve", folder);
  absl::StatusOr<std::map<std::string, uint64_t>> rows =
      SyntheticWriter(shape, options, absolute).Write();
  if (!rows.ok()) RemoveTree(absolute).IgnoreError();
  return rows;
}

}  // namespace tally::analytics
