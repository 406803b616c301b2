#include "analytics/release/pull_release.h"

#include <fcntl.h>
#include <unistd.h>
#include <algorithm>
#include <cerrno>
#include <utility>

#include "absl/strings/str_format.h"
#include "analytics/release/release_folder.h"
#include "analytics/release/signature.h"
#include "base/error.h"
#include "base/exit_code.h"
#include "base/files.h"
#include "base/process.h"
#include "base/sha256.h"
#include "base/status.h"
#include "dataset/release_manifest.h"
#include "dataset/resource_name.h"

namespace tally::analytics {
namespace {

constexpr int kCopyFileMode = 0600;
constexpr int kCopyFolderMode = 0700;
constexpr int64_t kMaxSmallFile = dataset::kMaxReleaseManifestBytes;

// Downloads one file into `path`.part from its length on.
class Downloader {
 public:
  Downloader(ReleaseSource& source, std::string_view name,
             const PullOptions& options, std::string_view terms)
      : source_(source), name_(name), options_(options), terms_(terms) {}

  // `size` < 0: not known (the manifest itself).
  absl::Status Fetch(const std::string& relative, int64_t size) {
    const std::string part = JoinPath(options_.folder, relative) + ".part";
    TALLY_RETURN_IF_ERROR(MakeDirectories(DirectoryOf(part), kCopyFolderMode));
    UniqueFd fd(open(part.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW,
                     kCopyFileMode));
    if (!fd.valid()) return ErrnoStatus(errno, "create", part);
    TALLY_ASSIGN_OR_RETURN(int64_t done, FileSize(part));
    if (size < 0 || done > size) {
      if (ftruncate(fd.get(), 0) != 0) {
        return ErrnoStatus(errno, "truncate", part);
      }
      done = 0;
    }
    if (lseek(fd.get(), done, SEEK_SET) < 0) {
      return ErrnoStatus(errno, "seek", part);
    }
    result.resumed_at_bytes += done;
    const int64_t limit = size < 0 ? kMaxSmallFile : size;
    if (done < limit) {
      TALLY_RETURN_IF_ERROR(source_.Download(
          name_, relative, done, terms_,
          [&](int64_t offset, std::string_view piece) -> absl::Status {
            TALLY_RETURN_IF_ERROR(CheckNotStopped());
            const int64_t after = done + static_cast<int64_t>(piece.size());
            if (offset != done || after > limit) {
              return IntegrityError(absl::StrFormat(
                  "%s: the hub sent other bytes than were asked for",
                  relative));
            }
            TALLY_RETURN_IF_ERROR(WriteAll(fd.get(), piece, part));
            done = after;
            result.bytes += static_cast<int64_t>(piece.size());
            if (options_.progress != nullptr) {
              options_.progress->Add(static_cast<int64_t>(piece.size()));
            }
            return absl::OkStatus();
          }));
    }
    if (size >= 0 && done != size) {
      return TemporaryError(absl::StrFormat(
          "%s: the download ended early; run the same command again",
          relative));
    }
    TALLY_RETURN_IF_ERROR(FsyncFile(fd.get(), part));
    ++result.files;
    return fd.Close();
  }

  PullResult result;

 private:
  ReleaseSource& source_;
  std::string_view name_;
  const PullOptions& options_;
  std::string_view terms_;
};

// The signed manifest: the one on disk if it is whole, else a new download.
absl::StatusOr<dataset::ReleaseManifest> FetchManifest(
    Downloader& downloader, const PullOptions& options) {
  const std::string manifest_path = JoinPath(options.folder, "manifest.json");
  const std::string signature_path = JoinPath(options.folder, "manifest.sig");
  const bool there =
      IsRegularFile(manifest_path) && IsRegularFile(signature_path);
  const std::string suffix = there ? "" : ".part";
  if (!there) {
    TALLY_RETURN_IF_ERROR(downloader.Fetch("manifest.json", -1));
    TALLY_RETURN_IF_ERROR(downloader.Fetch("manifest.sig", -1));
  }
  TALLY_ASSIGN_OR_RETURN(const std::string manifest,
                         ReadFile(manifest_path + suffix, kMaxSmallFile));
  TALLY_ASSIGN_OR_RETURN(const std::string signature,
                         ReadFile(signature_path + suffix, kMaxSmallFile));
  TALLY_RETURN_IF_ERROR(
      VerifyReleaseSignature(options.release_key, manifest, signature));
  absl::StatusOr<dataset::ReleaseManifest> parsed =
      dataset::ReleaseManifest::Parse(manifest);
  if (!parsed.ok()) {
    return IntegrityError("manifest.json is signed but malformed");
  }
  if (!there) {
    TALLY_RETURN_IF_ERROR(RenameDurably(manifest_path + suffix, manifest_path));
    TALLY_RETURN_IF_ERROR(
        RenameDurably(signature_path + suffix, signature_path));
  }
  return parsed;
}

bool IsWanted(const dataset::ReleaseFile& file, const PullOptions& options) {
  const std::string table = TableOfPath(file.path);
  return table.empty() || options.tables.empty() ||
         std::find(options.tables.begin(), options.tables.end(), table) !=
             options.tables.end();
}

absl::Status CheckTables(const dataset::ReleaseManifest& manifest,
                         const PullOptions& options) {
  for (const std::string& table : options.tables) {
    if (manifest.row_counts.contains(table)) continue;
    return NotFoundError(absl::StrFormat(
        "--table: the release has no table %s; `release show` lists them",
        table));
  }
  return absl::OkStatus();
}

absl::Status FetchFile(Downloader& downloader, const PullOptions& options,
                       const dataset::ReleaseFile& file) {
  const std::string path = JoinPath(options.folder, file.path);
  const int64_t size = static_cast<int64_t>(file.bytes);
  if (IsRegularFile(path)) {
    TALLY_ASSIGN_OR_RETURN(const std::string digest, Sha256HexOfFile(path));
    if (digest == file.sha256) {
      downloader.result.resumed_at_bytes += size;
      if (options.progress != nullptr) options.progress->Add(size);
      return absl::OkStatus();
    }
    return IntegrityError(absl::StrFormat(
        "%s on this disk is not the hub's; delete it and pull again",
        file.path));
  }
  TALLY_RETURN_IF_ERROR(downloader.Fetch(file.path, size));
  TALLY_ASSIGN_OR_RETURN(const std::string digest,
                         Sha256HexOfFile(path + ".part"));
  if (digest != file.sha256) {
    TALLY_RETURN_IF_ERROR(RemoveFile(path + ".part"));
    return Error(Reason::kFileDigest,
                 absl::StrFormat("%s: its SHA-256 is not the one in the "
                                 "manifest; it was removed, pull again",
                                 file.path));
  }
  return RenameDurably(path + ".part", path);
}

}  // namespace

absl::StatusOr<PullResult> PullRelease(ReleaseSource& source,
                                       std::string_view name,
                                       const PullOptions& options) {
  TALLY_ASSIGN_OR_RETURN(const dataset::ReleaseName wanted,
                         dataset::ParseReleaseName(name));
  TALLY_ASSIGN_OR_RETURN(const RemoteDetails details, source.Describe(name));
  if (options.accepted_terms != details.terms_version) {
    return Error(Reason::kTermsNotAccepted,
                 "the terms of use are not accepted in the hub's version: run "
                 "`commissioning login`");
  }
  if (options.dry_run) return PullResult{};
  TALLY_RETURN_IF_ERROR(MakeDirectories(options.folder, kCopyFolderMode));
  Downloader downloader(source, name, options, details.terms_version);
  TALLY_ASSIGN_OR_RETURN(const dataset::ReleaseManifest manifest,
                         FetchManifest(downloader, options));
  if (manifest.project != wanted.project ||
      !(manifest.release == wanted.release)) {
    return IntegrityError("the manifest is of another release");
  }
  TALLY_RETURN_IF_ERROR(CheckTables(manifest, options));
  int64_t total = 0;
  for (const dataset::ReleaseFile& file : manifest.files) {
    if (IsWanted(file, options)) total += static_cast<int64_t>(file.bytes);
  }
  if (options.progress != nullptr) {
    options.progress->Start("pulling", manifest.release.ToText(), total,
                            "bytes");
  }
  for (const dataset::ReleaseFile& file : manifest.files) {
    if (!IsWanted(file, options)) continue;
    TALLY_RETURN_IF_ERROR(FetchFile(downloader, options, file));
  }
  if (options.progress != nullptr) options.progress->Finish();
  return downloader.result;
}

}  // namespace tally::analytics
