#include "analytics/plan/run_folder.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>
#include <system_error>
#include <utility>

#include "absl/strings/str_format.h"
#include "analytics/export/table_files.h"
#include "analytics/release/record_csv.h"
#include "base/exit_code.h"
#include "base/files.h"
#include "base/sha256.h"
#include "base/status.h"
#include "base/strings.h"
#include "base/versions.h"
#include "engine/database.h"

namespace tally::analytics {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kTimingsName = "timings.json";
constexpr std::string_view kRunName = "run.json";

std::string RunCsvLine(const std::vector<std::pair<std::string, bool>>& cells) {
  std::string line;
  bool first = true;
  for (const auto& [text, numeric] : cells) {
    if (!first) line += ',';
    line += CsvField(text, numeric);
    first = false;
  }
  return line + "\n";
}

int64_t NotAvailableCells(const GatedTable& table) {
  int64_t count = 0;
  for (size_t row = 0; row < table.rows(); ++row) {
    for (size_t i = 0; i < table.columns().size(); ++i) {
      count += table.cell(row, i).state() == GatedCell::State::kNotAvailable;
    }
  }
  return count;
}

std::string GateReport(const PlanOutcome& outcome) {
  std::string csv =
      "step,measure,table,profile,rows,columns,hidden_cells,na_cells\n";
  for (const StepOutcome& step : outcome.steps) {
    for (const GatedTable& table : step.tables) {
      csv += RunCsvLine({{step.step.id, false},
                         {table.info().measure_id, false},
                         {table.info().table, false},
                         {table.profile(), false},
                         {std::to_string(table.rows()), true},
                         {std::to_string(table.columns().size()), true},
                         {std::to_string(table.suppressed_cells()), true},
                         {std::to_string(NotAvailableCells(table)), true}});
    }
  }
  return csv;
}

std::string MissingReport(const PlanOutcome& outcome) {
  std::string csv = "step,measure,table,state,reason\n";
  for (const StepOutcome& step : outcome.steps) {
    const std::string& measure = step.step.measure;
    for (const RefusedTable& refused : step.refused) {
      csv +=
          RunCsvLine({{step.step.id, false},
                      {measure, false},
                      {refused.table, false},
                      {"refused", false},
                      {std::string(ToStd(refused.status.message())), false}});
    }
    for (const MissingTable& missing : step.missing) {
      csv += RunCsvLine({{step.step.id, false},
                         {measure, false},
                         {missing.table, false},
                         {"not available", false},
                         {missing.reason, false}});
    }
    if (step.state == StepState::kDone || !step.refused.empty() ||
        !step.missing.empty()) {
      continue;
    }
    csv += RunCsvLine({{step.step.id, false},
                       {measure, false},
                       {"", false},
                       {std::string(StepStateName(step.state)), false},
                       {step.reason, false}});
  }
  return csv;
}

enum class Below { kRegularFiles, kEverything };

// What is below `root`, relative, ascending.
absl::StatusOr<std::vector<std::string>> NamesBelow(const std::string& root,
                                                    Below which) {
  std::vector<std::string> files;
  std::error_code error;
  fs::recursive_directory_iterator it(root, error);
  const fs::recursive_directory_iterator end;
  while (!error && it != end) {
    if (which == Below::kEverything || it->is_regular_file(error)) {
      files.push_back(it->path().lexically_relative(root).string());
    }
    it.increment(error);
  }
  if (error) return ErrnoStatus(error.value(), "list", root);
  std::sort(files.begin(), files.end());
  return files;
}

// What a run left in its folder.
struct EarlierRun {
  std::map<std::string, std::string> digests;  // of the files that it lists
  std::set<std::string> others;  // the folders over them, and its own two files
};

// By the run.json of `folder`; nothing if there is none that a run wrote.
EarlierRun ReadEarlierRun(const std::string& folder) {
  constexpr int64_t kMostBytes = int64_t{1} << 26;
  constexpr int kDepth = 16;
  const absl::StatusOr<std::string> text =
      ReadFile(JoinPath(folder, kRunName), kMostBytes);
  if (!text.ok()) return {};
  const absl::StatusOr<JsonValue> run = ParseJson(*text, kDepth);
  if (!run.ok() || !run->is_object()) return {};
  const JsonValue* format = run->Find("format");
  const JsonValue* files = run->Find("files");
  if (format == nullptr || !format->is_int() || format->AsInt() != kRunFormat ||
      files == nullptr || !files->is_array()) {
    return {};
  }
  EarlierRun earlier;
  earlier.others = {std::string(kRunName), std::string(kTimingsName)};
  for (const JsonValue& file : files->AsArray()) {
    const JsonValue* path = file.is_object() ? file.Find("path") : nullptr;
    const JsonValue* digest = file.is_object() ? file.Find("sha256") : nullptr;
    if (path == nullptr || !path->is_string() || digest == nullptr ||
        !digest->is_string()) {
      return {};
    }
    const std::string& name = path->AsString();
    for (size_t slash = name.find('/'); slash != std::string::npos;
         slash = name.find('/', slash + 1)) {
      earlier.others.insert(name.substr(0, slash));
    }
    earlier.digests[name] = digest->AsString();
  }
  return earlier;
}

// Adds `prefix`/path and digest of every file of a folder, if there is one.
absl::Status AddInputs(const std::string& folder, std::string_view prefix,
                       JsonValue& list) {
  if (folder.empty() || !IsDirectory(folder)) return absl::OkStatus();
  TALLY_ASSIGN_OR_RETURN(const std::vector<std::string> files,
                         NamesBelow(folder, Below::kRegularFiles));
  for (const std::string& file : files) {
    TALLY_ASSIGN_OR_RETURN(const std::string digest,
                           Sha256HexOfFile(JoinPath(folder, file)));
    JsonValue entry = JsonValue::MakeObject();
    entry.Set("path", absl::StrFormat("%s/%s", prefix, file))
        .Set("sha256", digest);
    list.Append(std::move(entry));
  }
  return absl::OkStatus();
}

// "runs/.plan.tally-part" of "runs/plan": a name that nobody else gives.
std::string HiddenBeside(const std::string& path, std::string_view what) {
  return JoinPath(DirectoryOf(path),
                  absl::StrFormat(".%s.tally-%s", BaseNameOf(path), what));
}

JsonValue WordList(const std::vector<std::string>& words) {
  JsonValue list = JsonValue::MakeArray();
  for (const std::string& word : words) list.Append(word);
  return list;
}

class RunFolderWriter {
 public:
  RunFolderWriter(const Plan& plan, const PlanOutcome& outcome,
                  const PlanGround& ground, const RunFolderOptions& options)
      : plan_(plan),
        outcome_(outcome),
        ground_(ground),
        options_(options),
        part_(HiddenBeside(options.path, "part")),
        old_(HiddenBeside(options.path, "old")) {}

  absl::Status Write();

 private:
  absl::Status WriteText(std::string_view name, std::string_view text) {
    return WriteFileAtomically(JoinPath(part_, name), text, kTableFileMode);
  }
  absl::Status WriteSteps();
  absl::StatusOr<JsonValue> ReleaseJson() const;
  absl::StatusOr<JsonValue> FilesJson() const;
  JsonValue StepsJson() const;
  absl::Status WriteRunJson();
  absl::Status WriteTimings();
  absl::Status MoveToItsPlace();

  const Plan& plan_;
  const PlanOutcome& outcome_;
  const PlanGround& ground_;
  const RunFolderOptions& options_;
  const std::string part_, old_;
};

absl::Status RunFolderWriter::WriteSteps() {
  for (const StepOutcome& step : outcome_.steps) {
    if (!step.page.empty()) {
      TALLY_RETURN_IF_ERROR(WriteText("dashboard.html", step.page));
    }
    for (const GatedTable& table : step.tables) {
      const std::string stem =
          JoinPath(JoinPath(part_, step.step.id), table.info().table);
      TALLY_RETURN_IF_ERROR(WriteTableFiles(table, stem, options_.temp,
                                            {std::begin(kAllTableFormats),
                                             std::end(kAllTableFormats)})
                                .status());
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<JsonValue> RunFolderWriter::ReleaseJson() const {
  const ReleaseFolder& release = ground_.release;
  TALLY_ASSIGN_OR_RETURN(
      const std::string digest,
      Sha256HexOfFile(JoinPath(release.path(), "manifest.json")));
  JsonValue json = JsonValue::MakeObject();
  json.Set("name", release.name())
      .Set("created", release.manifest().created)
      .Set("environment", release.manifest().environment)
      .Set("synthetic", release.synthetic())
      .Set("manifestSha256", digest);
  return json;
}

JsonValue RunFolderWriter::StepsJson() const {
  JsonValue list = JsonValue::MakeArray();
  for (const StepOutcome& step : outcome_.steps) {
    JsonValue files = JsonValue::MakeArray();
    for (const GatedTable& table : step.tables) {
      for (const TableFormat format : kAllTableFormats) {
        files.Append(absl::StrFormat("%s/%s.%s", step.step.id,
                                     table.info().table,
                                     TableFormatName(format)));
      }
    }
    if (!step.page.empty()) files.Append("dashboard.html");
    JsonValue refused = JsonValue::MakeArray();
    for (const RefusedTable& table : step.refused) refused.Append(table.table);
    JsonValue missing = JsonValue::MakeArray();
    for (const MissingTable& table : step.missing) missing.Append(table.table);
    JsonValue entry = JsonValue::MakeObject();
    entry.Set("id", step.step.id)
        .Set("measure", step.step.measure)
        .Set("version", step.version)
        .Set("definitionSha256", step.definition)
        .Set("by", WordList(step.step.by))
        .Set("pages", WordList(step.step.pages))
        .Set("state", StepStateName(step.state))
        .Set("reason", step.reason)
        .Set("refused", std::move(refused))
        .Set("missing", std::move(missing))
        .Set("files", std::move(files));
    list.Append(std::move(entry));
  }
  return list;
}

absl::StatusOr<JsonValue> RunFolderWriter::FilesJson() const {
  TALLY_ASSIGN_OR_RETURN(const std::vector<std::string> files,
                         NamesBelow(part_, Below::kRegularFiles));
  JsonValue list = JsonValue::MakeArray();
  for (const std::string& file : files) {
    if (file == kTimingsName || file == kRunName) continue;
    const std::string path = JoinPath(part_, file);
    TALLY_ASSIGN_OR_RETURN(const int64_t bytes, FileSize(path));
    TALLY_ASSIGN_OR_RETURN(const std::string digest, Sha256HexOfFile(path));
    JsonValue entry = JsonValue::MakeObject();
    entry.Set("path", file).Set("bytes", bytes).Set("sha256", digest);
    list.Append(std::move(entry));
  }
  return list;
}

absl::Status RunFolderWriter::WriteRunJson() {
  TALLY_ASSIGN_OR_RETURN(JsonValue release, ReleaseJson());
  TALLY_ASSIGN_OR_RETURN(JsonValue files, FilesJson());
  JsonValue plan;  // null: no file
  if (!plan_.file.empty()) {
    plan.Set("file", BaseNameOf(plan_.file)).Set("sha256", plan_.sha256);
  }
  JsonValue json = JsonValue::MakeObject();
  json.Set("format", kRunFormat)
      .Set("plan", std::move(plan))
      .Set("release", std::move(release))
      .Set("month", outcome_.month.ToMonth())
      .Set("profile", ground_.gate.profile().name())
      .Set("spcMode", ground_.options.spc_mode.empty()
                          ? "as defined"
                          : ground_.options.spc_mode)
      .Set("tallyVersion", TallyVersion())
      .Set("engine", engine::EngineVersion())
      .Set("inputs", options_.inputs)
      .Set("steps", StepsJson())
      .Set("files", std::move(files));
  return WriteText(kRunName, json.DumpPretty() + "\n");
}

absl::Status RunFolderWriter::WriteTimings() {
  JsonValue steps = JsonValue::MakeArray();
  int64_t total = 0;
  for (const StepOutcome& step : outcome_.steps) {
    JsonValue entry = JsonValue::MakeObject();
    entry.Set("id", step.step.id)
        .Set("seconds", static_cast<double>(step.elapsed_ms) / 1000);
    steps.Append(std::move(entry));
    total += step.elapsed_ms;
  }
  JsonValue json = JsonValue::MakeObject();
  json.Set("ended", NowUtcRfc3339())
      .Set("threads", options_.threads)
      .Set("seconds", static_cast<double>(total) / 1000)
      .Set("steps", std::move(steps));
  return WriteText(kTimingsName, json.DumpPretty() + "\n");
}

absl::Status RunFolderWriter::Write() {
  TALLY_RETURN_IF_ERROR(RemoveTree(part_));
  TALLY_RETURN_IF_ERROR(MakeDirectories(part_, kTableFolderMode));
  TALLY_RETURN_IF_ERROR(
      MarkMadeUp(part_, ground_.release.manifest().environment));
  TALLY_RETURN_IF_ERROR(WriteSteps());
  TALLY_RETURN_IF_ERROR(WriteText("gate.csv", GateReport(outcome_)));
  TALLY_RETURN_IF_ERROR(
      WriteText("not_available.csv", MissingReport(outcome_)));
  if (!plan_.file.empty()) {
    TALLY_RETURN_IF_ERROR(WriteText("plan.toml", plan_.text));
  }
  TALLY_RETURN_IF_ERROR(WriteRunJson());
  TALLY_RETURN_IF_ERROR(WriteTimings());
  const absl::Status moved = MoveToItsPlace();
  if (moved.ok()) return moved;
  // The figures are registered as released and must not be lost.
  return WithExitCode(
      absl::Status(moved.code(),
                   absl::StrFormat("%s; what was computed is in %s",
                                   moved.message(), part_)),
      ExitCodeOf(moved));
}

absl::Status RunFolderWriter::MoveToItsPlace() {
  const std::string& path = options_.path;
  // Somebody may have put a file there while the figures were computed.
  TALLY_RETURN_IF_ERROR(CheckRunFolder(path, ground_.release));
  TALLY_RETURN_IF_ERROR(RemoveTree(old_));
  const bool replaces = FileExists(path);
  if (replaces) TALLY_RETURN_IF_ERROR(RenameDurably(path, old_));
  const absl::Status moved = RenameDurably(part_, path);
  if (!moved.ok()) {
    if (replaces && !FileExists(path)) {
      TALLY_RETURN_IF_ERROR(RenameDurably(old_, path));
    }
    return moved;
  }
  // What is left of the earlier run the next one removes.
  (void)RemoveTree(old_);
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckRunFolder(const std::string& path,
                            const ReleaseFolder& release) {
  TALLY_RETURN_IF_ERROR(CheckOutsideRelease(path, release.path()));
  if (!FileExists(path)) return absl::OkStatus();
  EarlierRun earlier;
  if (IsDirectory(path)) {
    TALLY_ASSIGN_OR_RETURN(const std::vector<std::string> names,
                           ListDirectory(path));
    if (names.empty()) return absl::OkStatus();
    earlier = ReadEarlierRun(path);
  }
  if (earlier.others.empty()) {
    return ConflictError(
        absl::StrFormat("%s is there and is no folder of an earlier run: name "
                        "another with --out",
                        path));
  }
  TALLY_ASSIGN_OR_RETURN(const std::vector<std::string> there,
                         NamesBelow(path, Below::kEverything));
  for (const std::string& name : there) {
    const auto digest = earlier.digests.find(name);
    bool is_of_run = earlier.others.contains(name);
    if (digest != earlier.digests.end()) {
      TALLY_ASSIGN_OR_RETURN(const std::string now,
                             Sha256HexOfFile(JoinPath(path, name)));
      is_of_run = now == digest->second;
    }
    if (is_of_run) continue;
    return ConflictError(absl::StrFormat(
        "%s holds %s, which is not as the earlier run wrote it and would be "
        "lost: move it, or name another folder with --out",
        path, name));
  }
  return absl::OkStatus();
}

absl::StatusOr<JsonValue> ReadRunInputs(const std::string& comparators,
                                        const std::string& definitions) {
  JsonValue inputs = JsonValue::MakeArray();
  TALLY_RETURN_IF_ERROR(AddInputs(comparators, "comparators", inputs));
  TALLY_RETURN_IF_ERROR(AddInputs(definitions, "definitions", inputs));
  return inputs;
}

absl::Status WriteRunFolder(const Plan& plan, const PlanOutcome& outcome,
                            const PlanGround& ground,
                            const RunFolderOptions& options) {
  TALLY_RETURN_IF_ERROR(
      CheckOutsideRelease(options.path, ground.release.path()));
  TALLY_RETURN_IF_ERROR(
      MakeDirectories(DirectoryOf(options.path), kTableFolderMode));
  return RunFolderWriter(plan, outcome, ground, options).Write();
}

}  // namespace tally::analytics
