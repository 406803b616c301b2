#include "linkage/release/release_builder.h"

#include <algorithm>
#include <filesystem>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_format.h"
#include "base/error.h"
#include "base/files.h"
#include "base/sha256.h"
#include "base/status.h"
#include "crypto/hash_to_group.h"
#include "dataset/release_manifest.h"
#include "join_attack.h"
#include "linkage/release/report_text.h"
#include "linked_extracts.h"
#include "release_documents.h"
#include "release_engine.h"
#include "release_tables.h"
#include "report_builder.h"

namespace tally::linkage {
namespace {

using dataset::ReleaseFile;
using dataset::ReleaseManifest;

constexpr int64_t kMaxValidationBytes = int64_t{16} << 20;
// The engine's share of the memory; the rest is for the merge and batches.
constexpr double kEngineShare = 0.7;

ReleaseEngineOptions EngineOptions(const LinkInputs& inputs,
                                   const std::string& output) {
  ReleaseEngineOptions options;
  for (const ExtractRecord& extract : inputs.plan->extracts) {
    options.input_directories.push_back(inputs.extract_directory(extract.uid) +
                                        "/rows");
  }
  options.work_directory = inputs.work_directory;
  options.output_directory = output;
  options.memory_bytes = static_cast<int64_t>(
      static_cast<double>(inputs.memory_bytes) * kEngineShare);
  options.threads = ThreadsThatFit(options.memory_bytes, inputs.threads);
  options.on_statement = inputs.on_statement;
  options.cancelled = inputs.cancelled;
  return options;
}

// Files of a release as they are written: text now, tables when they are known.
class FolderWriter {
 public:
  explicit FolderWriter(std::string folder) : folder_(std::move(folder)) {}

  absl::Status AddText(const std::string& path, std::string_view bytes) {
    TALLY_RETURN_IF_ERROR(MakeDirectories(
        std::filesystem::path(folder_ + "/" + path).parent_path().string(),
        0700));
    TALLY_RETURN_IF_ERROR(
        CreateFileExclusive(folder_ + "/" + path, bytes, 0600));
    files_.push_back({path, bytes.size(), Sha256Hex(bytes), 0});
    return absl::OkStatus();
  }

  absl::Status AddTablePart(const std::string& path, int64_t rows) {
    const std::string full = folder_ + "/" + path;
    std::error_code error;
    const uint64_t bytes = std::filesystem::file_size(full, error);
    if (error) return absl::InternalError("a table part is missing");
    TALLY_ASSIGN_OR_RETURN(const std::string digest, Sha256HexOfFile(full));
    files_.push_back({path, bytes, digest, static_cast<uint64_t>(rows)});
    return absl::OkStatus();
  }

  // Ascending by path.
  std::vector<ReleaseFile> Files() const {
    std::vector<ReleaseFile> sorted = files_;
    std::sort(sorted.begin(), sorted.end(),
              [](const ReleaseFile& a, const ReleaseFile& b) {
                return a.path < b.path;
              });
    return sorted;
  }

 private:
  const std::string folder_;
  std::vector<ReleaseFile> files_;
};

std::string DayText(int32_t days) {
  const absl::StatusOr<CivilDay> day = CivilDay::FromDays(days);
  TALLY_CHECK(day.ok());
  return day->ToIso();
}

absl::Status AddValidationReports(const BuildInputs& inputs,
                                  FolderWriter& folder) {
  for (const ExtractRecord& extract : inputs.link.plan->extracts) {
    TALLY_ASSIGN_OR_RETURN(const std::string text,
                           ReadFile(inputs.link.extract_directory(extract.uid) +
                                        "/validation.json",
                                    kMaxValidationBytes));
    TALLY_RETURN_IF_ERROR(
        folder.AddText(absl::StrFormat("validation/%s-%s.json", extract.source,
                                       extract.extract_id),
                       text));
  }
  return absl::OkStatus();
}

absl::Status AddDocuments(const BuildInputs& inputs,
                          const std::vector<WrittenTable>& tables,
                          const LinkageReport& report, FolderWriter& folder) {
  const dataset::Dictionary dictionary = DictionaryOf(inputs, tables);
  TALLY_RETURN_IF_ERROR(
      folder.AddText("README.txt", ReadmeText(inputs, tables)));
  TALLY_RETURN_IF_ERROR(
      folder.AddText("agreement.toml", inputs.agreement_bytes));
  TALLY_RETURN_IF_ERROR(folder.AddText("dictionary.json", dictionary.ToJson()));
  TALLY_RETURN_IF_ERROR(
      folder.AddText("dictionary.html", DictionaryHtml(dictionary)));
  TALLY_RETURN_IF_ERROR(
      folder.AddText("linkage_quality.json", ReportJson(report)));
  TALLY_RETURN_IF_ERROR(
      folder.AddText("linkage_quality.csv", ReportCsv(report)));
  TALLY_RETURN_IF_ERROR(
      folder.AddText("linkage_quality.html", ReportHtml(report)));
  TALLY_RETURN_IF_ERROR(
      folder.AddText("audit_summary.csv", inputs.audit_summary_csv));
  TALLY_RETURN_IF_ERROR(AddValidationReports(inputs, folder));
  for (const WrittenTable& table : tables) {
    for (const std::string& path : table.paths) {
      TALLY_RETURN_IF_ERROR(
          folder.AddTablePart(path, table.rows_of_path.at(path)));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<ReleaseManifest> ManifestOf(
    const BuildInputs& inputs, const std::vector<WrittenTable>& tables,
    const FolderWriter& folder) {
  const Agreement& agreement = *inputs.link.agreement;
  ReleaseManifest manifest;
  manifest.agreement_sha256 = agreement.sha256;
  manifest.created = inputs.link.created;
  for (const AgreementDataset& dataset : agreement.datasets) {
    manifest.date_grain[dataset.id] =
        std::string(DateGrainName(dataset.date_grain));
  }
  manifest.environment =
      std::string(crypto::EnvironmentName(inputs.link.environment));
  for (const ExtractRecord& extract : inputs.link.plan->extracts) {
    TALLY_ASSIGN_OR_RETURN(const dataset::ExtractId id,
                           dataset::ExtractId::Parse(extract.extract_id));
    manifest.extracts.push_back({{extract.source, id},
                                 extract.manifest_sha256,
                                 DayText(extract.period_start),
                                 DayText(extract.period_end),
                                 inputs.link.plan->DatasetsHeld(extract)});
  }
  manifest.files = folder.Files();
  manifest.hub = inputs.hub_id;
  manifest.project = inputs.name.project;
  manifest.release = inputs.name.release;
  for (const WrittenTable& table : tables) {
    manifest.row_counts[table.name] = static_cast<uint64_t>(table.rows);
  }
  manifest.suite = std::string(crypto::kSuite);
  manifest.tally_version = inputs.tally_version;
  TALLY_RETURN_IF_ERROR(manifest.Check());
  return manifest;
}

// Writes manifest.json and manifest.sig; returns the manifest's digest.
absl::StatusOr<std::string> SignFolder(const BuildInputs& inputs,
                                       const ReleaseManifest& manifest,
                                       FolderWriter& folder) {
  const std::string json = manifest.ToJson();
  TALLY_ASSIGN_OR_RETURN(
      const crypto::Signature signature,
      inputs.sign_key->Sign(crypto::SignLabel::kRelease, json));
  TALLY_RETURN_IF_ERROR(folder.AddText("manifest.json", json));
  TALLY_RETURN_IF_ERROR(
      folder.AddText("manifest.sig", crypto::EncodeSignatureFile(signature)));
  return Sha256Hex(json);
}

// Fsyncs every folder of the release; its files are synced as written.
absl::Status SyncFolders(const std::string& folder) {
  std::error_code error;
  for (std::filesystem::recursive_directory_iterator it(folder, error), end;
       !error && it != end; it.increment(error)) {
    if (it->is_directory(error)) {
      TALLY_RETURN_IF_ERROR(FsyncDirectory(it->path().string()));
    }
  }
  if (error) return absl::InternalError("the release folder cannot be read");
  return FsyncDirectory(folder);
}

absl::StatusOr<BuiltRelease> BuildInto(const BuildInputs& inputs,
                                       const std::string& folder) {
  ReleaseEngineOptions options = EngineOptions(inputs.link, folder);
  for (const LiveRelease& live : inputs.live_releases) {
    options.input_directories.push_back(live.directory + "/tables");
  }
  TALLY_ASSIGN_OR_RETURN(std::unique_ptr<ReleaseEngine> engine,
                         ReleaseEngine::Open(std::move(options)));
  TALLY_ASSIGN_OR_RETURN(
      const LinkedExtracts linked,
      LinkPinnedExtracts(inputs.link, inputs.project_key, *engine));
  BuiltRelease built;
  TALLY_ASSIGN_OR_RETURN(built.report,
                         BuildLinkageReport(inputs.link, linked, *engine));
  built.report.release = inputs.name.ToText();
  TALLY_ASSIGN_OR_RETURN(
      const std::vector<WrittenTable> tables,
      WriteTables(inputs, linked, folder, *engine, built.report));
  TALLY_RETURN_IF_ERROR(
      RunJoinAttack(inputs, linked, tables, *engine, built.report));
  TALLY_RETURN_IF_ERROR(
      CheckJoinAttack(built.report, inputs.link.agreement->max_relinked_share));
  TALLY_RETURN_IF_ERROR(EnterStage(inputs.link, "sign"));
  FolderWriter writer(folder);
  TALLY_RETURN_IF_ERROR(AddDocuments(inputs, tables, built.report, writer));
  TALLY_ASSIGN_OR_RETURN(const ReleaseManifest manifest,
                         ManifestOf(inputs, tables, writer));
  TALLY_ASSIGN_OR_RETURN(built.manifest_sha256,
                         SignFolder(inputs, manifest, writer));
  for (const ReleaseFile& file : writer.Files()) {
    built.files.push_back(
        {file.path, static_cast<int64_t>(file.bytes), file.sha256});
  }
  for (const WrittenTable& table : tables) {
    built.tables[table.name] = table.rows;
  }
  return built;
}

absl::Status PrepareFolders(const std::string& work) {
  TALLY_RETURN_IF_ERROR(RemoveTree(work));
  return MakeDirectories(work, 0700);
}

}  // namespace

std::string BuildingDirectory(std::string_view final_directory) {
  return absl::StrFormat("%s.building", final_directory);
}

absl::StatusOr<LinkageReport> PreviewLinkage(const LinkInputs& inputs) {
  const auto cleanup = absl::MakeCleanup(
      [&] { RemoveTree(inputs.work_directory).IgnoreError(); });
  TALLY_RETURN_IF_ERROR(PrepareFolders(inputs.work_directory));
  TALLY_ASSIGN_OR_RETURN(std::unique_ptr<ReleaseEngine> engine,
                         ReleaseEngine::Open(EngineOptions(inputs, "")));
  TALLY_ASSIGN_OR_RETURN(const LinkedExtracts linked,
                         LinkPinnedExtracts(inputs, nullptr, *engine));
  return BuildLinkageReport(inputs, linked, *engine);
}

absl::StatusOr<BuiltRelease> BuildRelease(const BuildInputs& inputs) {
  const std::string folder = BuildingDirectory(inputs.directory);
  // The link map and everything between goes with the work folder, the half
  // built release with its own.
  const auto cleanup = absl::MakeCleanup([&] {
    RemoveTree(inputs.link.work_directory).IgnoreError();
    RemoveTree(folder).IgnoreError();
  });
  TALLY_RETURN_IF_ERROR(PrepareFolders(inputs.link.work_directory));
  TALLY_RETURN_IF_ERROR(PrepareFolders(folder));
  TALLY_ASSIGN_OR_RETURN(BuiltRelease built, BuildInto(inputs, folder));
  TALLY_RETURN_IF_ERROR(SyncFolders(folder));
  TALLY_RETURN_IF_ERROR(RenameDurablyNoReplace(folder, inputs.directory));
  return built;
}

}  // namespace tally::linkage
