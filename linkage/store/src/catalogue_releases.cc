#include <utility>

#include "base/civil_day.h"
#include "base/error.h"
#include "base/status.h"
#include "catalogue_impl.h"
#include "linkage/store/catalogue.h"

namespace tally::linkage {

namespace {

constexpr int64_t kReleaseApprovals = 2;

std::string ReleaseName(std::string_view project, std::string_view id) {
  return "projects/" + std::string(project) + "/releases/" + std::string(id);
}

absl::Status ReleaseIsNot(std::string_view what) {
  return Error(Reason::kReleaseState,
               "the release is not " + std::string(what));
}

// The living release of a name before failed ones, the newest first.
constexpr std::string_view kByName =
    "WHERE project = :project AND id = :id ORDER BY "
    "CASE WHEN state = 'FAILED' THEN 1 ELSE 0 END, serial DESC LIMIT 1";

}  // namespace

absl::StatusOr<std::vector<ReleaseRecord>> Catalogue::Impl::Releases(
    std::string_view condition, const std::vector<SqlValue>& values) {
  TALLY_ASSIGN_OR_RETURN(
      const std::vector<SqlRow> rows,
      sql_->Query("SELECT uid, project, id, agreement, state, create_time, "
                  "creator, manifest_sha256, error, table_rows "
                  "FROM releases e " +
                      std::string(condition),
                  "tttttttttt", values));
  std::vector<ReleaseRecord> releases;
  for (const SqlRow& row : rows) {
    const std::optional<ReleaseState> state = ReleaseStateFromName(row.Text(4));
    if (!state.has_value()) return BadRow();
    ReleaseRecord release;
    release.uid = row.Text(0);
    release.project = row.Text(1);
    release.id = row.Text(2);
    release.agreement = row.Text(3);
    release.state = *state;
    release.create_time = row.Text(5);
    release.creator = row.Text(6);
    release.manifest_sha256 = row.Text(7);
    TALLY_ASSIGN_OR_RETURN(release.error, ErrorFromText(row.Text(8)));
    release.tables = row.Text(9);
    TALLY_ASSIGN_OR_RETURN(release.approvals, Approvals(release.uid));
    TALLY_ASSIGN_OR_RETURN(
        const std::vector<SqlRow> extracts,
        sql_->Query("SELECT extract FROM release_extracts WHERE uid = :uid "
                    "ORDER BY extract",
                    "t", {release.uid}));
    for (const SqlRow& extract : extracts) {
      release.extract_uids.push_back(extract.Text(0));
    }
    releases.push_back(std::move(release));
  }
  return releases;
}

absl::Status Catalogue::Impl::ExpireReleases(std::string_view project,
                                             std::string_view agreement) {
  return sql_
      ->Execute(
          "UPDATE releases SET state = 'EXPIRED' WHERE "
          "project = :project AND agreement = :agreement AND "
          "(state = 'ACTIVE' OR state = 'AWAITING_APPROVAL')",
          {std::string(project), std::string(agreement)})
      .status();
}

absl::StatusOr<std::string> Catalogue::CreateRelease(
    const ReleaseRecord& release, const Change& change) {
  return impl_->Commit(change, [&]() -> absl::Status {
    Sql& sql = impl_->sql();
    TALLY_ASSIGN_OR_RETURN(
        const std::vector<AgreementRecord> agreement,
        impl_->Agreements("WHERE project = :project AND id = :id",
                          {release.project, release.agreement}));
    if (agreement.empty()) {
      return NotFound("projects/" + release.project + "/agreements/" +
                      release.agreement);
    }
    TALLY_ASSIGN_OR_RETURN(
        const std::vector<ReleaseRecord> found,
        impl_->Releases(kByName, {release.project, release.id}));
    if (!found.empty() && found[0].state != ReleaseState::kFailed) {
      return Exists(release.name());
    }
    TALLY_ASSIGN_OR_RETURN(const int64_t serial, impl_->Next("serial"));
    TALLY_RETURN_IF_ERROR(
        sql.Execute(
               "INSERT INTO releases (uid, project, id, agreement, state, "
               "create_time, creator, manifest_sha256, error, table_rows, "
               "serial) VALUES (:uid, :project, :id, :agreement, "
               "'BUILDING', :time, :creator, '', '', '', :serial)",
               {release.uid, release.project, release.id, release.agreement,
                release.create_time.empty() ? NowUtcRfc3339()
                                            : release.create_time,
                release.creator, serial})
            .status());
    for (const std::string& extract : release.extract_uids) {
      TALLY_RETURN_IF_ERROR(
          sql.Execute("INSERT INTO release_extracts (uid, extract) "
                      "VALUES (:uid, :extract)",
                      {release.uid, extract})
              .status());
    }
    return absl::OkStatus();
  });
}

absl::StatusOr<ReleaseRecord> Catalogue::GetRelease(std::string_view project,
                                                    std::string_view id) {
  MutexLock lock(impl_->mu());
  TALLY_ASSIGN_OR_RETURN(
      std::vector<ReleaseRecord> found,
      impl_->Releases(kByName, {std::string(project), std::string(id)}));
  if (found.empty()) return NotFound(ReleaseName(project, id));
  return std::move(found[0]);
}

absl::StatusOr<Page<ReleaseRecord>> Catalogue::ListReleases(
    std::string_view project, const PageRequest& page) {
  const size_t slash = page.after.find('/');
  const std::string after_project = page.after.substr(0, slash);
  const std::string after_id =
      slash == std::string::npos ? "" : page.after.substr(slash + 1);
  std::vector<SqlValue> values{after_project, after_project, after_id};
  std::string condition = "WHERE (project > :a OR (project = :b AND id > :c)) ";
  if (!project.empty()) {
    condition += "AND project = :project ";
    values.emplace_back(std::string(project));
  }
  condition +=
      "AND (state <> 'FAILED' OR NOT EXISTS (SELECT 1 FROM releases o WHERE "
      "o.project = e.project AND o.id = e.id AND "
      "(o.state <> 'FAILED' OR o.serial > e.serial))) "
      "ORDER BY project, id LIMIT :limit";
  values.emplace_back(int64_t{page.size} + 1);
  MutexLock lock(impl_->mu());
  TALLY_ASSIGN_OR_RETURN(std::vector<ReleaseRecord> rows,
                         impl_->Releases(condition, values));
  return MakePage(std::move(rows), page, [](const ReleaseRecord& release) {
    return release.project + "/" + release.id;
  });
}

absl::StatusOr<std::vector<ReleaseRecord>> Catalogue::ReleasesInState(
    ReleaseState state) {
  MutexLock lock(impl_->mu());
  return impl_->Releases("WHERE state = :state ORDER BY serial",
                         {std::string(ReleaseStateName(state))});
}

absl::Status Catalogue::FinishRelease(std::string_view uid,
                                      std::string_view manifest_sha256,
                                      std::string_view tables,
                                      std::span<const FileRecord> files,
                                      const Change& change) {
  return impl_
      ->Commit(change,
               [&]() -> absl::Status {
                 TALLY_ASSIGN_OR_RETURN(
                     const int64_t changed,
                     impl_->sql().Execute(
                         "UPDATE releases SET state = 'AWAITING_APPROVAL', "
                         "manifest_sha256 = :digest, table_rows = :tables "
                         "WHERE uid = :uid AND state = 'BUILDING'",
                         {std::string(manifest_sha256), std::string(tables),
                          std::string(uid)}));
                 if (changed != 1) return ReleaseIsNot("being built");
                 return impl_->InsertFiles(uid, files);
               })
      .status();
}

absl::Status Catalogue::FailRelease(std::string_view uid,
                                    const ErrorDetail& error,
                                    const Change& change) {
  return impl_
      ->Commit(
          change,
          [&]() -> absl::Status {
            TALLY_ASSIGN_OR_RETURN(
                const int64_t changed,
                impl_->sql().Execute("UPDATE releases SET state = 'FAILED', "
                                     "error = :error WHERE uid = :uid AND "
                                     "state = 'BUILDING'",
                                     {ErrorText(error), std::string(uid)}));
            return changed == 1 ? absl::OkStatus()
                                : ReleaseIsNot("being built");
          })
      .status();
}

absl::StatusOr<std::string> Catalogue::ApproveRelease(
    std::string_view project, std::string_view id,
    std::string_view manifest_sha256, const ApprovalRecord& approval,
    const Change& change) {
  return impl_->Commit(change, [&]() -> absl::Status {
    TALLY_ASSIGN_OR_RETURN(
        const std::vector<ReleaseRecord> found,
        impl_->Releases(kByName, {std::string(project), std::string(id)}));
    if (found.empty()) return NotFound(ReleaseName(project, id));
    const ReleaseRecord& release = found[0];
    if (release.state != ReleaseState::kAwaitingApproval) {
      return ReleaseIsNot("awaiting approval");
    }
    if (release.manifest_sha256 != manifest_sha256) {
      return Error(Reason::kManifestMismatch,
                   "the digest is not that of the manifest",
                   {.resource = release.name(), .field = "manifest_sha256"});
    }
    TALLY_ASSIGN_OR_RETURN(
        const int64_t approvals,
        impl_->AddApproval(release.uid, approval, release.name()));
    if (approvals < kReleaseApprovals) return absl::OkStatus();
    return impl_->sql()
        .Execute("UPDATE releases SET state = 'ACTIVE' WHERE uid = :uid",
                 {release.uid})
        .status();
  });
}

absl::StatusOr<std::vector<FileRecord>> Catalogue::ReleaseFiles(
    std::string_view uid) {
  MutexLock lock(impl_->mu());
  return impl_->Files(uid);
}

}  // namespace tally::linkage
