#include "analytics/release/release_folder.h"

#include <algorithm>
#include <filesystem>
#include <set>
#include <system_error>
#include <utility>

#include "absl/strings/str_format.h"
#include "analytics/release/signature.h"
#include "base/exit_code.h"
#include "base/files.h"
#include "base/sha256.h"
#include "base/status.h"
#include "base/strings.h"

namespace tally::analytics {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kMaxManifestBytes = dataset::kMaxReleaseManifestBytes;
constexpr int64_t kMaxSignatureBytes = 256;
constexpr int64_t kMaxDictionaryBytes = int64_t{64} << 20;
constexpr std::string_view kTables = "tables/";

absl::Status Damaged(std::string_view path, std::string_view what) {
  return IntegrityError(absl::StrFormat("%s: %s", path, what));
}

// Every file below `root`, relative; a link or device is refused.
absl::StatusOr<std::set<std::string>> FilesBelow(const std::string& root) {
  std::set<std::string> files;
  std::error_code error;
  fs::recursive_directory_iterator it(root, error);
  if (error) return ErrnoStatus(error.value(), "list", root);
  const fs::recursive_directory_iterator end;
  while (it != end) {
    const fs::path& entry = it->path();
    const std::string relative = entry.lexically_relative(root).string();
    const fs::file_status status = it->symlink_status(error);
    if (error) return ErrnoStatus(error.value(), "stat", root);
    if (fs::is_regular_file(status)) {
      files.insert(relative);
    } else if (!fs::is_directory(status)) {
      return Damaged("the release folder",
                     "holds something that is neither file nor folder");
    }
    it.increment(error);
    if (error) return ErrnoStatus(error.value(), "list", root);
  }
  return files;
}

// csv/<table>.csv of a table of this release.
bool IsOwnCsv(std::string_view path, const dataset::ReleaseManifest& manifest) {
  if (path.ends_with(".part")) path.remove_suffix(5);  // being written
  if (!path.starts_with("csv/") || !path.ends_with(".csv")) return false;
  const std::string table(path.substr(4, path.size() - 8));
  return manifest.row_counts.contains(table);
}

// NAME.part of a file that the manifest names: an unfinished download.
bool IsUnfinished(std::string_view path,
                  const dataset::ReleaseManifest& manifest) {
  constexpr std::string_view kSuffix = ".part";
  if (!path.ends_with(kSuffix)) return false;
  path.remove_suffix(kSuffix.size());
  return path == "manifest.json" || path == "manifest.sig" ||
         manifest.Find(path) != nullptr;
}

absl::Status CheckNoExtraFile(const std::set<std::string>& present,
                              const dataset::ReleaseManifest& manifest) {
  for (const std::string& path : present) {
    const bool known = path == "manifest.json" || path == "manifest.sig" ||
                       manifest.Find(path) != nullptr ||
                       IsOwnCsv(path, manifest) || IsUnfinished(path, manifest);
    if (!known) {
      return IntegrityError(absl::StrFormat(
          "the release folder holds a file that the manifest does not name: %s",
          path));
    }
  }
  return absl::OkStatus();
}

absl::Status CheckFile(const std::string& root,
                       const dataset::ReleaseFile& file) {
  const std::string path = JoinPath(root, file.path);
  TALLY_ASSIGN_OR_RETURN(const int64_t size, FileSize(path));
  if (static_cast<uint64_t>(size) != file.bytes) {
    return Damaged(file.path, "its size is not the one in the manifest");
  }
  TALLY_ASSIGN_OR_RETURN(const std::string digest, Sha256HexOfFile(path));
  if (digest != file.sha256) {
    return Damaged(file.path, "its SHA-256 is not the one in the manifest");
  }
  return absl::OkStatus();
}

// Tables that may be left out: not asked for, or wholly absent and allowed.
std::set<std::string> AbsentTables(const std::set<std::string>& present,
                                   const dataset::ReleaseManifest& manifest,
                                   const OpenOptions& options) {
  std::set<std::string> absent;
  for (const auto& [table, rows] : manifest.row_counts) {
    const bool asked = options.tables.empty() ||
                       std::find(options.tables.begin(), options.tables.end(),
                                 table) != options.tables.end();
    bool any = false;
    for (const std::string& path : present) any |= TableOfPath(path) == table;
    if (!any && (!asked || options.allow_absent_tables)) absent.insert(table);
  }
  return absent;
}

}  // namespace

std::string TableOfPath(std::string_view path) {
  if (!path.starts_with(kTables) || !path.ends_with(".parquet")) return "";
  path.remove_prefix(kTables.size());
  const size_t slash = path.find('/');
  if (slash == std::string_view::npos) return "";
  return std::string(path.substr(0, slash));
}

absl::Status ReleaseFolder::ReadManifest(const OpenOptions& options) {
  const std::string manifest_path = JoinPath(path_, "manifest.json");
  if (!IsRegularFile(manifest_path)) {
    return NotFoundError("the folder holds no manifest.json: not a release");
  }
  TALLY_ASSIGN_OR_RETURN(const std::string manifest,
                         ReadFile(manifest_path, kMaxManifestBytes));
  const std::string signature_path = JoinPath(path_, "manifest.sig");
  const bool is_signed = FileExists(signature_path);
  if (is_signed) {
    TALLY_ASSIGN_OR_RETURN(const std::string signature,
                           ReadFile(signature_path, kMaxSignatureBytes));
    TALLY_RETURN_IF_ERROR(
        VerifyReleaseSignature(options.release_key, manifest, signature));
  }
  absl::StatusOr<dataset::ReleaseManifest> parsed =
      dataset::ReleaseManifest::Parse(manifest);
  if (!parsed.ok()) {
    return Damaged("manifest.json", ToStd(parsed.status().message()));
  }
  manifest_ = *std::move(parsed);
  // What claims to be real must be signed; no hub signs what is synthetic.
  if (is_signed == synthetic()) {
    return Damaged("manifest.sig",
                   is_signed ? "signs a synthetic release" : "is missing");
  }
  return absl::OkStatus();
}

absl::Status ReleaseFolder::CheckFiles(const OpenOptions& options) {
  TALLY_ASSIGN_OR_RETURN(const std::set<std::string> present,
                         FilesBelow(path_));
  TALLY_RETURN_IF_ERROR(CheckNoExtraFile(present, manifest_));
  const std::set<std::string> absent =
      AbsentTables(present, manifest_, options);
  int64_t total = 0;
  for (const dataset::ReleaseFile& file : manifest_.files) {
    total += static_cast<int64_t>(file.bytes);
  }
  ProgressReporter* const progress = options.progress;
  if (progress != nullptr) {
    progress->Start("verifying", manifest_.release.ToText(), total, "bytes");
  }
  for (const dataset::ReleaseFile& file : manifest_.files) {
    const std::string table = TableOfPath(file.path);
    if (!table.empty() && absent.contains(table)) continue;
    if (!present.contains(file.path)) return Damaged(file.path, "is missing");
    TALLY_RETURN_IF_ERROR(CheckFile(path_, file));
    if (progress != nullptr) progress->Add(static_cast<int64_t>(file.bytes));
    if (!table.empty()) parts_[table].push_back(JoinPath(path_, file.path));
  }
  if (progress != nullptr) progress->Finish();
  return absl::OkStatus();
}

absl::StatusOr<ReleaseFolder> ReleaseFolder::Open(const std::string& path,
                                                  const OpenOptions& options) {
  ReleaseFolder folder;
  std::error_code error;
  const fs::path absolute = fs::canonical(path, error);
  if (error || !fs::is_directory(absolute, error)) {
    return NotFoundError(
        absl::StrFormat("there is no release folder %s", path));
  }
  folder.path_ = absolute.string();
  TALLY_RETURN_IF_ERROR(folder.ReadManifest(options));
  TALLY_RETURN_IF_ERROR(folder.CheckFiles(options));
  TALLY_ASSIGN_OR_RETURN(
      const std::string dictionary,
      ReadFile(JoinPath(folder.path_, "dictionary.json"), kMaxDictionaryBytes));
  absl::StatusOr<dataset::Dictionary> words =
      dataset::Dictionary::Parse(dictionary);
  if (!words.ok()) return Damaged("dictionary.json", "is malformed");
  folder.dictionary_ = *std::move(words);
  return folder;
}

std::string ReleaseFolder::name() const {
  return absl::StrFormat("projects/%s/releases/%s", manifest_.project,
                         manifest_.release.ToText());
}

std::vector<std::string> ReleaseFolder::Tables() const {
  std::vector<std::string> tables;
  for (const auto& [table, parts] : parts_) tables.push_back(table);
  return tables;
}

bool ReleaseFolder::HasTable(std::string_view table) const {
  return parts_.find(table) != parts_.end();
}

const std::vector<std::string>& ReleaseFolder::Parts(
    std::string_view table) const {
  const auto found = parts_.find(table);
  TALLY_CHECK(found != parts_.end());
  return found->second;
}

const dataset::DictionaryColumn* ReleaseFolder::Column(
    std::string_view table, std::string_view column) const {
  const dataset::DictionaryTable* found = dictionary_.Find(table);
  if (found == nullptr) return nullptr;
  for (const dataset::DictionaryColumn& candidate : found->columns) {
    if (candidate.name == column) return &candidate;
  }
  return nullptr;
}

std::string ReleaseFolder::Grain(std::string_view table) const {
  std::string dataset(table);
  std::replace(dataset.begin(), dataset.end(), '_', '-');
  const auto found = manifest_.date_grain.find(dataset);
  return found == manifest_.date_grain.end() ? "month" : found->second;
}

}  // namespace tally::analytics
