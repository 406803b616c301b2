// The hub's data directory: where everything lies, and that one process alone
// owns it.
//
//   catalogue.db
//   uploads/<uid>/journal  uploads/<uid>/staging/
//   extracts/<uid>/manifest.json  manifest.sig  validation.json  index.run
//   extracts/<uid>/rows/<dataset>/part-00000.parquet
//   releases/<uid>/...
//   audit/log  audit/checkpoint
//   registry.accepted
//   lock
//
// Role: hub.
// Spec: docs/spec/hub-directory-v1.md
// Threading: const methods from any thread.
// Secrets: none; directories are made with mode 0700.

#ifndef TALLY_LINKAGE_STORE_HUB_DIRECTORY_H_
#define TALLY_LINKAGE_STORE_HUB_DIRECTORY_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/files.h"

namespace tally::linkage {

class HubDirectory {
 public:
  // Makes what is missing and takes the lock. Errors: CATALOGUE_BUSY (another
  // process owns it); kPermissionDenied, kInternal for I/O.
  [[nodiscard]] static absl::StatusOr<std::unique_ptr<HubDirectory>> Open(
      const std::string& path, double min_free_share);

  const std::string& root() const { return root_; }
  std::string CataloguePath() const { return root_ + "/catalogue.db"; }
  // Version and digest of the newest registry that the hub has used.
  std::string AcceptedRegistryPath() const {
    return root_ + "/registry.accepted";
  }
  std::string AuditDirectory() const { return root_ + "/audit"; }
  std::string UploadsDirectory() const { return root_ + "/uploads"; }
  std::string ExtractsDirectory() const { return root_ + "/extracts"; }
  std::string ReleasesDirectory() const { return root_ + "/releases"; }

  std::string UploadDirectory(std::string_view uid) const;
  std::string JournalPath(std::string_view uid) const;
  std::string StagingDirectory(std::string_view uid) const;
  std::string ExtractDirectory(std::string_view uid) const;
  std::string RunPath(std::string_view uid) const;
  // Parquet files of one dataset of a published extract.
  std::string RowsDirectory(std::string_view uid,
                            std::string_view dataset) const;
  std::string ReleaseDirectory(std::string_view uid) const;

  // The names that sealed files are bound to, relative to the root.
  static std::string JournalName(std::string_view uid);
  static std::string RunName(std::string_view uid);

  // DISK_LOW when the share of free space is below the minimum.
  [[nodiscard]] absl::Status CheckFreeDisk() const;
  // 0 to 1.
  [[nodiscard]] absl::StatusOr<double> FreeDiskShare() const;

 private:
  HubDirectory(std::string root, double min_free_share, FileLock lock);
  std::string root_;
  double min_free_share_;
  FileLock lock_;
};

}  // namespace tally::linkage

#endif  // TALLY_LINKAGE_STORE_HUB_DIRECTORY_H_
