#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "base/bytes.h"
#include "base/error.h"
#include "base/files.h"
#include "base/sha256.h"
#include "base/status.h"
#include "base/strings.h"
#include "dataset/extract_manifest.h"
#include "linkage/index/run_reader.h"
#include "linkage/store/recovery.h"
#include "unknown_directories.h"

namespace tally::linkage {

namespace {

constexpr std::string_view kManifest = "manifest.json";
constexpr std::string_view kSignature = "manifest.sig";
constexpr std::string_view kRun = "index.run";

// Every regular file below `root`, relative, sorted; anything else by name with
// a trailing '?'.
absl::Status ListFiles(const std::string& root, const std::string& below,
                       std::vector<std::string>& out) {
  TALLY_ASSIGN_OR_RETURN(const std::vector<std::string> names,
                         ListDirectory(JoinPath(root, below)));
  for (const std::string& name : names) {
    const std::string relative = below.empty() ? name : JoinPath(below, name);
    const std::string path = JoinPath(root, relative);
    if (IsDirectory(path)) {
      TALLY_RETURN_IF_ERROR(ListFiles(root, relative, out));
    } else {
      out.push_back(IsRegularFile(path) ? relative : relative + "?");
    }
  }
  return absl::OkStatus();
}

class Checker {
 public:
  Checker(const HubDirectory& directory, Catalogue& catalogue,
          const FsckOptions& options)
      : directory_(directory), catalogue_(catalogue), options_(options) {}

  absl::StatusOr<FsckReport> Run();

 private:
  void Find(const std::string& resource, std::string_view path, Reason reason,
            std::string_view text) {
    report_.findings.push_back(
        {resource, std::string(path), reason, std::string(text)});
  }
  absl::Status CheckFiles(const std::string& resource, const std::string& root,
                          const std::vector<FileRecord>& files);
  void CheckFile(const std::string& resource, const std::string& root,
                 const FileRecord& file);
  absl::Status CheckExtract(const ExtractRecord& extract);
  void CheckManifest(const ExtractRecord& extract);
  void CheckReceipt(const ExtractRecord& extract);
  void CheckRun(const ExtractRecord& extract);
  absl::Status CheckRelease(const ReleaseRecord& release);

  const HubDirectory& directory_;
  Catalogue& catalogue_;
  const FsckOptions& options_;
  FsckReport report_;
};

void Checker::CheckFile(const std::string& resource, const std::string& root,
                        const FileRecord& file) {
  ++report_.files;
  const std::string path = JoinPath(root, file.path);
  if (!IsRegularFile(path)) {
    return Find(resource, file.path, Reason::kFileDigest, "is missing");
  }
  const absl::StatusOr<int64_t> size = FileSize(path);
  const absl::StatusOr<std::string> digest = Sha256HexOfFile(path);
  if (!size.ok() || !digest.ok()) {
    return Find(resource, file.path, Reason::kFileDigest, "cannot be read");
  }
  report_.bytes += *size;
  if (*size != file.bytes) {
    Find(resource, file.path, Reason::kFileDigest, "has another size");
  } else if (*digest != file.sha256) {
    Find(resource, file.path, Reason::kFileDigest, "has other content");
  }
}

absl::Status Checker::CheckFiles(const std::string& resource,
                                 const std::string& root,
                                 const std::vector<FileRecord>& files) {
  if (!IsDirectory(root)) {
    Find(resource, "", Reason::kFileDigest, "its directory is missing");
    return absl::OkStatus();
  }
  for (const FileRecord& file : files) CheckFile(resource, root, file);
  std::vector<std::string> present;
  TALLY_RETURN_IF_ERROR(ListFiles(root, "", present));
  for (const std::string& name : present) {
    const bool known =
        std::any_of(files.begin(), files.end(),
                    [&](const FileRecord& file) { return file.path == name; });
    if (!known) {
      Find(resource, name, Reason::kFileDigest, "is not part of it");
    }
  }
  return absl::OkStatus();
}

void Checker::CheckManifest(const ExtractRecord& extract) {
  const std::string root = directory_.ExtractDirectory(extract.uid);
  const auto bytes = ReadFile(JoinPath(root, kManifest),
                              static_cast<int64_t>(dataset::kMaxManifestBytes));
  const auto text = ReadFile(JoinPath(root, kSignature), 1024);
  if (!bytes.ok() || !text.ok()) return;  // reported as missing
  if (Sha256Hex(*bytes) != extract.manifest_sha256) {
    Find(extract.name(), kManifest, Reason::kFileDigest,
         "is not the manifest that was accepted");
  }
  const auto manifest = dataset::ExtractManifest::Parse(*bytes);
  if (!manifest.ok() || manifest->extract.ToText() != extract.name()) {
    Find(extract.name(), kManifest, Reason::kManifestInvalid,
         "is not this extract's manifest");
  }
  if (options_.registry == nullptr) return;
  const auto party =
      options_.registry->FindParty(extract.source, crypto::PartyRole::kSource);
  const auto signature = crypto::DecodeSignatureFile(*text);
  if (!party.ok() || !signature.ok() ||
      !crypto::Verify(crypto::SignLabel::kManifest, *bytes, *signature,
                      party->sign_public)
           .ok()) {
    Find(extract.name(), kSignature, Reason::kSignatureInvalid,
         "is not the source's signature");
  }
}

void Checker::CheckReceipt(const ExtractRecord& extract) {
  if (options_.hub_sign_key == nullptr) return;
  const auto bytes = Base64UrlDecode(extract.receipt_signature);
  if (bytes.ok()) {
    const auto signature = crypto::SignatureFromBytes(AsBytes(*bytes));
    if (signature.ok() &&
        crypto::Verify(crypto::SignLabel::kReceipt, extract.receipt, *signature,
                       *options_.hub_sign_key)
            .ok()) {
      return;
    }
  }
  Find(extract.name(), "receipt", Reason::kSignatureInvalid,
       "is not signed by this hub");
}

void Checker::CheckRun(const ExtractRecord& extract) {
  if (!options_.storage_keys) return;
  const absl::StatusOr<RunSummary> run =
      VerifyRun(directory_.RunPath(extract.uid),
                {options_.environment, options_.domain,
                 HubDirectory::RunName(extract.uid),
                 static_cast<uint32_t>(extract.hub_epoch)},
                options_.storage_keys);
  if (!run.ok()) {
    if (absl::IsNotFound(run.status())) return;  // reported as missing
    Find(extract.name(), kRun, Reason::kRunCorrupt,
         ToStd(run.status().message()));
  } else if (run->records != static_cast<uint64_t>(extract.persons)) {
    Find(extract.name(), kRun, Reason::kRunCorrupt,
         "holds another number of people than the catalogue says");
  }
}

absl::Status Checker::CheckExtract(const ExtractRecord& extract) {
  ++report_.extracts;
  TALLY_ASSIGN_OR_RETURN(const std::vector<FileRecord> files,
                         catalogue_.ExtractFiles(extract.uid));
  TALLY_RETURN_IF_ERROR(CheckFiles(
      extract.name(), directory_.ExtractDirectory(extract.uid), files));
  CheckManifest(extract);
  CheckReceipt(extract);
  CheckRun(extract);
  return absl::OkStatus();
}

absl::Status Checker::CheckRelease(const ReleaseRecord& release) {
  ++report_.releases;
  const std::string root = directory_.ReleaseDirectory(release.uid);
  TALLY_ASSIGN_OR_RETURN(const std::vector<FileRecord> files,
                         catalogue_.ReleaseFiles(release.uid));
  TALLY_RETURN_IF_ERROR(CheckFiles(release.name(), root, files));
  const auto bytes = ReadFile(JoinPath(root, kManifest), int64_t{64} << 20);
  const auto text = ReadFile(JoinPath(root, kSignature), 1024);
  if (!bytes.ok() || !text.ok()) return absl::OkStatus();
  if (Sha256Hex(*bytes) != release.manifest_sha256) {
    Find(release.name(), kManifest, Reason::kFileDigest,
         "is not the manifest that was approved");
  }
  if (options_.hub_sign_key == nullptr) return absl::OkStatus();
  const auto signature = crypto::DecodeSignatureFile(*text);
  if (!signature.ok() || !crypto::Verify(crypto::SignLabel::kRelease, *bytes,
                                         *signature, *options_.hub_sign_key)
                              .ok()) {
    Find(release.name(), kSignature, Reason::kSignatureInvalid,
         "is not this hub's signature");
  }
  return absl::OkStatus();
}

absl::StatusOr<FsckReport> Checker::Run() {
  TALLY_ASSIGN_OR_RETURN(const std::vector<ExtractRecord> extracts,
                         catalogue_.ExtractsInState(ExtractState::kPublished));
  std::vector<ReleaseRecord> releases;
  for (const ReleaseState state :
       {ReleaseState::kAwaitingApproval, ReleaseState::kActive,
        ReleaseState::kExpired}) {
    TALLY_ASSIGN_OR_RETURN(const std::vector<ReleaseRecord> found,
                           catalogue_.ReleasesInState(state));
    releases.insert(releases.end(), found.begin(), found.end());
  }
  const int64_t total = static_cast<int64_t>(extracts.size() + releases.size());
  const auto progress = [&] {
    if (options_.progress) {
      options_.progress(report_.extracts + report_.releases, total);
    }
  };
  for (const ExtractRecord& extract : extracts) {
    TALLY_RETURN_IF_ERROR(CheckExtract(extract));
    progress();
  }
  for (const ReleaseRecord& release : releases) {
    TALLY_RETURN_IF_ERROR(CheckRelease(release));
    progress();
  }
  TALLY_ASSIGN_OR_RETURN(const std::vector<std::string> unknown,
                         UnknownDirectories(directory_, catalogue_));
  for (const std::string& name : unknown) {
    Find(name, "", Reason::kFileDigest, "is not in the catalogue");
  }
  return std::move(report_);
}

}  // namespace

absl::StatusOr<FsckReport> Fsck(const HubDirectory& directory,
                                Catalogue& catalogue,
                                const FsckOptions& options) {
  return Checker(directory, catalogue, options).Run();
}

}  // namespace tally::linkage
