// synth: a release of the same shape about nobody.

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include "analytics/export/output_place.h"
#include "analytics/export/table_files.h"
#include "analytics/measures/measure.h"
#include "analytics/measures/reference.h"
#include "analytics/release/synthetic_release.h"
#include "base/exit_code.h"
#include "base/files.h"
#include "base/status.h"
#include "base/table_printer.h"
#include "base/toml.h"
#include "commands.h"

namespace tally::analytics {
namespace {

constexpr int64_t kMaxAgreementBytes = 1 << 20;
constexpr int kSynthMode = 0700;

struct SynthFlags {
  std::string release;   // RELEASE
  std::string released;  // --release
  int64_t rows = 10'000;
  int64_t seed = 1;
  std::string out;
};

// Every list of code clusters in a definition file, at any depth.
void CollectClusters(const TomlTable& table, std::vector<std::string>& words) {
  for (const auto& [key, value] : table.entries()) {
    if (value.is_table()) CollectClusters(value.AsTable(), words);
    if (!value.is_array()) continue;
    const bool clusters = key.find("cluster") != std::string::npos;
    for (const TomlValue& item : value.AsArray()) {
      if (item.is_table()) CollectClusters(item.AsTable(), words);
      if (clusters && item.is_string()) words.push_back(item.AsString());
    }
  }
}

void SortAndUnite(std::vector<std::string>& words) {
  std::sort(words.begin(), words.end());
  words.erase(std::unique(words.begin(), words.end()), words.end());
}

// Practices and providers of the reference files, so that what a measure joins
// with them finds its people.
absl::Status CollectOrganisations(
    const std::string& folder,
    std::map<std::string, std::vector<std::string>>& words) {
  struct Place {
    std::string file, column, field;
  };
  const Place places[] = {{"practice_areas", "practice", "practice_code"},
                          {"peer_set", "area", "practice_code"},
                          {"peer_variables", "area", "practice_code"},
                          {"capacity", "provider", "provider_code"},
                          {"contract_plan", "provider", "provider_code"},
                          {"market_forces", "provider", "provider_code"}};
  for (const Place& place : places) {
    if (!HasReference(folder, place.file)) continue;
    // Codes of organisations alone are taken.
    TALLY_ASSIGN_OR_RETURN(
        const ReferenceFile file,
        ReferenceFile::Read(folder, place.file,
                            {{place.column, ReferenceType::kText}}, kAnyMonth));
    for (size_t row = 0; row < file.rows(); ++row) {
      // "All" is the line of all together, and no organisation.
      if (file.Text(row, 0) == kAllLevels) continue;
      words[place.field].push_back(file.Text(row, 0));
    }
  }
  for (auto& [field, codes] : words) SortAndUnite(codes);
  return absl::OkStatus();
}

// What measures look for in columns without a code list.
absl::StatusOr<std::map<std::string, std::vector<std::string>>> MeasureWords(
    const std::string& definitions, const std::string& references) {
  std::vector<std::string> clusters;
  for (const std::string& id : MeasureIds()) {
    TALLY_ASSIGN_OR_RETURN(const MeasureDefinition definition,
                           LoadDefinition(id, definitions));
    CollectClusters(definition.root(), clusters);
  }
  SortAndUnite(clusters);
  std::map<std::string, std::vector<std::string>> words;
  words["cluster_id"] = std::move(clusters);
  TALLY_RETURN_IF_ERROR(CollectOrganisations(references, words));
  return words;
}

// A synthetic release of before may be replaced, nothing else.
absl::Status CheckPlace(const AnalystConfig& config, const std::string& path) {
  if (!FileExists(path)) return absl::OkStatus();
  OpenOptions open;
  open.release_key = config.release_key;
  const absl::StatusOr<ReleaseFolder> there = ReleaseFolder::Open(path, open);
  if (there.ok() && there->synthetic()) return absl::OkStatus();
  return ConflictError(absl::StrFormat(
      "%s is there and is %s: name another place with --out, or move it away",
      path,
      there.ok() ? "a release of real data"
                 : absl::StrFormat("no synthetic release as it was made (%s)",
                                   there.status().message())));
}

// Makes the folder beside its place and puts it there.
absl::StatusOr<std::map<std::string, uint64_t>> MakeFolder(
    const AnalystConfig& config, const SynthFlags& synth,
    const SyntheticShape& shape, const std::string& path) {
  SyntheticOptions options;
  options.people = synth.rows;
  options.seed = static_cast<uint64_t>(synth.seed);
  options.temp = JoinPath(config.work_directory, "temp");
  options.memory_bytes = config.memory_bytes / 10 * 7;
  TALLY_RETURN_IF_ERROR(MakeDirectories(options.temp, kSynthMode));
  const std::string part = path + ".part";
  TALLY_RETURN_IF_ERROR(RemoveTree(part));
  TALLY_RETURN_IF_ERROR(MakeDirectories(DirectoryOf(path), kSynthMode));
  TALLY_ASSIGN_OR_RETURN(auto rows,
                         WriteSyntheticRelease(shape, options, part));
  TALLY_RETURN_IF_ERROR(RemoveTree(path));
  TALLY_RETURN_IF_ERROR(RenameDurably(part, path));
  return rows;
}

absl::Status PrintSynth(const CommonFlags& flags, const std::string& path,
                        const std::map<std::string, uint64_t>& rows) {
  if (flags.json) {
    JsonValue tables = JsonValue::MakeObject();
    for (const auto& [table, count] : rows) tables.Set(table, count);
    JsonValue json = JsonValue::MakeObject();
    json.Set("folder", path)
        .Set("environment", "synthetic")
        .Set("rows", std::move(tables));
    return PrintOut(json.Dump() + "\n");
  }
  TablePrinter printer({"table", "rows", "folder"});
  for (const auto& [table, count] : rows) {
    printer.AddRow({table, static_cast<int64_t>(count), path});
  }
  return printer.Print(flags.format);
}

absl::Status Synthesise(const CommonFlags& flags, const SynthFlags& synth) {
  if (synth.rows < 1 || synth.rows > kMaxSyntheticPeople) {
    return UsageError(absl::StrFormat("--rows: 1 to %d", kMaxSyntheticPeople));
  }
  if (synth.seed < 0) return UsageError("--seed: 0 or more");
  if (!synth.release.empty() && !synth.released.empty()) {
    return UsageError("give RELEASE or --release, not both");
  }
  TALLY_ASSIGN_OR_RETURN(const AnalystConfig config, ReadConfig(flags));
  TALLY_ASSIGN_OR_RETURN(
      const std::string source,
      FindRelease(config,
                  synth.release.empty() ? synth.released : synth.release));
  OpenOptions open;
  open.release_key = config.release_key;
  open.allow_absent_tables = true;
  TALLY_ASSIGN_OR_RETURN(const ReleaseFolder folder,
                         ReleaseFolder::Open(source, open));
  if (folder.synthetic()) {
    return UsageError("this release is synthetic itself: name a real one");
  }
  SyntheticShape shape;
  shape.dictionary = folder.dictionary();
  shape.manifest = folder.manifest();
  TALLY_ASSIGN_OR_RETURN(
      shape.agreement,
      ReadFile(JoinPath(folder.path(), "agreement.toml"), kMaxAgreementBytes));
  TALLY_ASSIGN_OR_RETURN(shape.words,
                         MeasureWords(config.definitions, config.comparators));
  std::string path = synth.out;
  if (path.empty()) {
    path = JoinPath(
        JoinPath(config.SyntheticDirectory(), folder.manifest().project),
        folder.manifest().release.ToText());
  }
  TALLY_ASSIGN_OR_RETURN(path, ResolveOutput(path));
  TALLY_RETURN_IF_ERROR(CheckOutsideRelease(path, folder.path()));
  TALLY_RETURN_IF_ERROR(CheckPlace(config, path));
  TALLY_RETURN_IF_ERROR(CheckOutputFolder(DirectoryOf(path)));
  if (flags.dry_run) {
    Say(flags,
        absl::StrFormat("dry run: %s would hold %d people", path, synth.rows));
    return absl::OkStatus();
  }
  const auto rows = MakeFolder(config, synth, shape, path);
  TALLY_RETURN_IF_ERROR(OutputStatus(rows.status(), path));
  Say(flags, absl::StrFormat("made: %s; these people do not exist", path));
  return PrintSynth(flags, path, *rows);
}

}  // namespace

void AddSynthCommand(CommandLine& line) {
  auto synth = std::make_shared<SynthFlags>();
  line.AddCommand(
          "synth",
          "Makes a release of the same shape about people who do not exist, "
          "from the data dictionary alone, to write SQL, plans and notebooks "
          "on",
          {"commissioning synth frailty-2026/r2026-11",
           "commissioning synth --rows 50000 --seed 7 --out made-up"},
          kTraitLists | kTraitChanges | kTraitLocal)
      .AddPositional("RELEASE", &synth->release,
                     "Folder or name of the release; default: the only one",
                     false)
      .AddOption("--release", &synth->released, "The same as RELEASE",
                 "RELEASE")
      .AddOption("--rows", &synth->rows,
                 "People; the other tables in proportion. Default 10,000")
      .AddOption("--seed", &synth->seed,
                 "Another number, other rows; the same number, the same bytes. "
                 "Default 1")
      .AddOption("--out", &synth->out,
                 "The folder; default: WORK/synthetic/PROJECT/RELEASE", "DIR")
      .SetNext("commissioning run plan.toml --release DIR")
      .SetHandler([synth](const CommonFlags& flags) {
        return Synthesise(flags, *synth);
      });
}

}  // namespace tally::analytics
