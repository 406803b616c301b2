#include "linkage/store/hub_directory.h"

#include <array>
#include <utility>

#include "base/error.h"
#include "base/status.h"

namespace tally::linkage {

absl::StatusOr<std::unique_ptr<HubDirectory>> HubDirectory::Open(
    const std::string& path, double min_free_share) {
  if (path.empty() || min_free_share < 0 || min_free_share >= 1) {
    return absl::InvalidArgumentError(
        "a data directory needs a path and a share of free disk below 1");
  }
  TALLY_RETURN_IF_ERROR(MakeDirectories(path, 0700));
  absl::StatusOr<FileLock> lock = FileLock::Acquire(path + "/lock");
  if (absl::IsAborted(lock.status())) {
    return Error(Reason::kCatalogueBusy,
                 "another process has this data directory");
  }
  TALLY_RETURN_IF_ERROR(lock.status());
  for (const std::string_view part :
       {"uploads", "extracts", "releases", "audit"}) {
    TALLY_RETURN_IF_ERROR(MakeDirectories(JoinPath(path, part), 0700));
  }
  TALLY_RETURN_IF_ERROR(FsyncDirectory(path));
  return std::unique_ptr<HubDirectory>(
      new HubDirectory(path, min_free_share, *std::move(lock)));
}

HubDirectory::HubDirectory(std::string root, double min_free_share,
                           FileLock lock)
    : root_(std::move(root)),
      min_free_share_(min_free_share),
      lock_(std::move(lock)) {}

std::string HubDirectory::UploadDirectory(std::string_view uid) const {
  return JoinPath(UploadsDirectory(), uid);
}
std::string HubDirectory::JournalPath(std::string_view uid) const {
  return JoinPath(root_, JournalName(uid));
}
std::string HubDirectory::StagingDirectory(std::string_view uid) const {
  return UploadDirectory(uid) + "/staging";
}
std::string HubDirectory::ExtractDirectory(std::string_view uid) const {
  return JoinPath(ExtractsDirectory(), uid);
}
std::string HubDirectory::RunPath(std::string_view uid) const {
  return JoinPath(root_, RunName(uid));
}
std::string HubDirectory::RowsDirectory(std::string_view uid,
                                        std::string_view dataset) const {
  return JoinPath(ExtractDirectory(uid) + "/rows", dataset);
}
std::string HubDirectory::ReleaseDirectory(std::string_view uid) const {
  return JoinPath(ReleasesDirectory(), uid);
}

std::string HubDirectory::JournalName(std::string_view uid) {
  return "uploads/" + std::string(uid) + "/journal";
}
std::string HubDirectory::RunName(std::string_view uid) {
  return "extracts/" + std::string(uid) + "/index.run";
}

absl::StatusOr<double> HubDirectory::FreeDiskShare() const {
  return FreeShare(root_);
}

absl::Status HubDirectory::CheckFreeDisk() const {
  TALLY_ASSIGN_OR_RETURN(const double share, FreeDiskShare());
  if (share < min_free_share_) {
    return Error(Reason::kDiskLow, "the hub's disk is nearly full");
  }
  return absl::OkStatus();
}

}  // namespace tally::linkage
