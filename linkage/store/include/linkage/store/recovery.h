// Start-up recovery and fsck: makes disk and catalogue agree, and proves that
// what is published is what was published.
//
// Role: hub, before it serves; `linkage fsck` on a stopped hub.
// Spec: docs/spec/hub-directory-v1.md, "Recovery"
// Threading: nothing else may use the directory meanwhile.
// Secrets: fsck borrows the storage key for the runs, if it is given.

#ifndef TALLY_LINKAGE_STORE_RECOVERY_H_
#define TALLY_LINKAGE_STORE_RECOVERY_H_

#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/error.h"
#include "crypto/keys.h"
#include "crypto/registry.h"
#include "crypto/sealed_file.h"
#include "crypto/sign.h"
#include "linkage/store/catalogue.h"
#include "linkage/store/hub_directory.h"

namespace tally::linkage {

struct RecoveryReport {
  int64_t removed_uploads = 0;   // directories of uploads that have ended
  int64_t removed_extracts = 0;  // directories that were never published
  int64_t removed_releases = 0;  // likewise
  int64_t failed_releases = 0;   // BUILDING -> FAILED
  int64_t rejected_uploads = 0;  // journal lost: JOURNAL_CORRUPT
  int64_t open_uploads = 0;      // go on
  int64_t finalizing = 0;        // to be published
};

// Removes what was never finished and rejects uploads whose journal is gone.
// Needs no key. Errors: FILE_DIGEST (exit 11) when a published extract or a
// release in force has lost its directory, when there is a directory that the
// catalogue does not know, and when the catalogue is empty although the audit
// log tells of changes: nothing is touched then.
[[nodiscard]] absl::StatusOr<RecoveryReport> RecoverHub(
    const HubDirectory& directory, Catalogue& catalogue,
    std::string_view hub_uri);

// Whoever works with another hub's catalogue, or an old or an empty one, must
// not lose what lies in the directory. Errors: FILE_DIGEST (exit 11) when there
// is a directory that the catalogue does not know, and when the catalogue is
// empty although the audit log tells of changes. Changes nothing.
[[nodiscard]] absl::Status CheckCatalogueBelongs(const HubDirectory& directory,
                                                 Catalogue& catalogue);

struct FsckFinding {
  std::string resource;  // name of the extract or release, or the directory
                         // that the catalogue does not know
  std::string path;      // inside its directory
  Reason reason = Reason::kFileDigest;
  std::string text;
};

struct FsckOptions {
  crypto::Environment environment = crypto::Environment::kExample;
  std::string domain;
  crypto::StorageKeyFinder storage_keys;       // empty: runs by digest alone
  const crypto::Registry* registry = nullptr;  // for signatures
  const crypto::PublicKey* hub_sign_key = nullptr;  // for releases, receipts
  std::function<void(int64_t done, int64_t total)> progress;
};

struct FsckReport {
  int64_t extracts = 0;
  int64_t releases = 0;
  int64_t files = 0;
  int64_t bytes = 0;
  std::vector<FsckFinding> findings;  // empty: all is as published
};

// Derives every published digest again: sizes and SHA-256 of all files, no file
// missing or too many, manifest and its signature, receipt, and (with a key)
// every run record by record. Directories that the catalogue does not know are
// faults as well. Errors only where it cannot go on.
[[nodiscard]] absl::StatusOr<FsckReport> Fsck(const HubDirectory& directory,
                                              Catalogue& catalogue,
                                              const FsckOptions& options);

}  // namespace tally::linkage

#endif  // TALLY_LINKAGE_STORE_RECOVERY_H_
