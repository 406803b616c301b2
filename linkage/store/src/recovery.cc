#include "linkage/store/recovery.h"

#include <set>
#include <utility>

#include "absl/strings/str_format.h"
#include "base/error.h"
#include "base/files.h"
#include "base/status.h"
#include "linkage/audit/audit_log.h"
#include "unknown_directories.h"

namespace tally::linkage {

namespace {

AuditEntry HubEntry(std::string_view hub_uri, AuditAction action,
                    std::string object, Reason reason) {
  AuditEntry entry;
  entry.actor = std::string(hub_uri);
  entry.action = action;
  entry.object = std::move(object);
  entry.outcome = std::string(ReasonName(reason));
  entry.corr = NewCorrelationId();
  return entry;
}

// Published extracts and releases must have their directories.
absl::Status CheckNothingLost(const HubDirectory& directory,
                              const std::vector<ExtractRecord>& published,
                              const std::vector<ReleaseRecord>& releases) {
  for (const ExtractRecord& extract : published) {
    if (!IsDirectory(directory.ExtractDirectory(extract.uid))) {
      return Error(Reason::kFileDigest,
                   "a published extract has lost its directory",
                   {.resource = extract.name()});
    }
  }
  for (const ReleaseRecord& release : releases) {
    if (!IsDirectory(directory.ReleaseDirectory(release.uid))) {
      return Error(Reason::kFileDigest, "a release has lost its directory",
                   {.resource = release.name()});
    }
  }
  return absl::OkStatus();
}

// Removes what is below `parent` and not in `keep`; returns how many.
// REQUIRES: CheckCatalogueBelongs(), so that it is known as unfinished.
absl::StatusOr<int64_t> RemoveOthers(const std::string& parent,
                                     const std::set<std::string>& keep) {
  TALLY_ASSIGN_OR_RETURN(const std::vector<std::string> names,
                         ListDirectory(parent));
  int64_t removed = 0;
  for (const std::string& name : names) {
    if (keep.contains(name)) continue;
    TALLY_RETURN_IF_ERROR(RemoveTree(JoinPath(parent, name)));
    ++removed;
  }
  if (removed > 0) TALLY_RETURN_IF_ERROR(FsyncDirectory(parent));
  return removed;
}

class Recovery {
 public:
  Recovery(const HubDirectory& directory, Catalogue& catalogue,
           std::string_view hub_uri)
      : directory_(directory), catalogue_(catalogue), hub_uri_(hub_uri) {}

  absl::StatusOr<RecoveryReport> Run();

 private:
  absl::StatusOr<std::vector<ReleaseRecord>> LivingReleases();
  absl::Status Uploads(std::set<std::string>& keep);
  absl::Status FailBuilding();

  const HubDirectory& directory_;
  Catalogue& catalogue_;
  std::string hub_uri_;
  RecoveryReport report_;
};

absl::StatusOr<std::vector<ReleaseRecord>> Recovery::LivingReleases() {
  std::vector<ReleaseRecord> living;
  for (const ReleaseState state :
       {ReleaseState::kAwaitingApproval, ReleaseState::kActive,
        ReleaseState::kExpired}) {
    TALLY_ASSIGN_OR_RETURN(const std::vector<ReleaseRecord> found,
                           catalogue_.ReleasesInState(state));
    living.insert(living.end(), found.begin(), found.end());
  }
  return living;
}

// Uploads under way keep their directory; one without a journal is rejected.
absl::Status Recovery::Uploads(std::set<std::string>& keep) {
  for (const ExtractState state :
       {ExtractState::kOpen, ExtractState::kFinalizing}) {
    TALLY_ASSIGN_OR_RETURN(const std::vector<ExtractRecord> found,
                           catalogue_.ExtractsInState(state));
    for (const ExtractRecord& extract : found) {
      if (IsRegularFile(directory_.JournalPath(extract.uid))) {
        keep.insert(extract.uid);
        ++(state == ExtractState::kOpen ? report_.open_uploads
                                        : report_.finalizing);
        continue;
      }
      TALLY_RETURN_IF_ERROR(catalogue_.RejectExtract(
          extract.uid,
          ErrorDetail{.reason = Reason::kJournalCorrupt,
                      .resource = extract.name()},
          "",
          {HubEntry(hub_uri_, AuditAction::kExtractFinalize, extract.name(),
                    Reason::kJournalCorrupt),
           std::nullopt, ""}));
      ++report_.rejected_uploads;
    }
  }
  return absl::OkStatus();
}

// A release that was being built has to be asked for again.
absl::Status Recovery::FailBuilding() {
  TALLY_ASSIGN_OR_RETURN(const std::vector<ReleaseRecord> building,
                         catalogue_.ReleasesInState(ReleaseState::kBuilding));
  for (const ReleaseRecord& release : building) {
    TALLY_RETURN_IF_ERROR(catalogue_.FailRelease(
        release.uid,
        ErrorDetail{.reason = Reason::kDraining, .resource = release.name()},
        {HubEntry(hub_uri_, AuditAction::kReleaseCreate, release.name(),
                  Reason::kDraining),
         std::nullopt, ""}));
    ++report_.failed_releases;
  }
  return absl::OkStatus();
}

absl::StatusOr<RecoveryReport> Recovery::Run() {
  TALLY_ASSIGN_OR_RETURN(const std::vector<ExtractRecord> published,
                         catalogue_.ExtractsInState(ExtractState::kPublished));
  TALLY_ASSIGN_OR_RETURN(const std::vector<ReleaseRecord> releases,
                         LivingReleases());
  TALLY_RETURN_IF_ERROR(CheckNothingLost(directory_, published, releases));
  TALLY_RETURN_IF_ERROR(CheckCatalogueBelongs(directory_, catalogue_));
  std::set<std::string> uploads;
  TALLY_RETURN_IF_ERROR(Uploads(uploads));
  TALLY_RETURN_IF_ERROR(FailBuilding());
  std::set<std::string> extracts;
  for (const ExtractRecord& extract : published) extracts.insert(extract.uid);
  std::set<std::string> kept_releases;
  for (const ReleaseRecord& release : releases) {
    kept_releases.insert(release.uid);
  }
  TALLY_ASSIGN_OR_RETURN(report_.removed_uploads,
                         RemoveOthers(directory_.UploadsDirectory(), uploads));
  TALLY_ASSIGN_OR_RETURN(
      report_.removed_extracts,
      RemoveOthers(directory_.ExtractsDirectory(), extracts));
  TALLY_ASSIGN_OR_RETURN(
      report_.removed_releases,
      RemoveOthers(directory_.ReleasesDirectory(), kept_releases));
  return report_;
}

}  // namespace

absl::Status CheckCatalogueBelongs(const HubDirectory& directory,
                                   Catalogue& catalogue) {
  TALLY_ASSIGN_OR_RETURN(const bool changed, catalogue.WasChanged());
  if (!changed) {
    TALLY_ASSIGN_OR_RETURN(const bool logged,
                           AuditLogHoldsChanges(directory.AuditDirectory()));
    if (logged) {
      return Error(Reason::kFileDigest,
                   "the catalogue is empty, the audit log of the data "
                   "directory is not: start with the catalogue that belongs "
                   "to it (catalogue.url), or restore both from one backup",
                   {.resource = "audit/log"});
    }
  }
  TALLY_ASSIGN_OR_RETURN(const std::vector<std::string> unknown,
                         UnknownDirectories(directory, catalogue));
  if (unknown.empty()) return absl::OkStatus();
  return Error(
      Reason::kFileDigest,
      absl::StrFormat("%s of the data directory is not in the catalogue (%d "
                      "such): start with the catalogue that belongs to it "
                      "(catalogue.url), or restore both from one backup, or "
                      "move the folder away; linkage fsck names them all",
                      unknown.front(), unknown.size()),
      {.resource = unknown.front(),
       .count = static_cast<int64_t>(unknown.size())});
}

absl::StatusOr<RecoveryReport> RecoverHub(const HubDirectory& directory,
                                          Catalogue& catalogue,
                                          std::string_view hub_uri) {
  return Recovery(directory, catalogue, hub_uri).Run();
}

}  // namespace tally::linkage
