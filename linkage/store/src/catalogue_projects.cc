#include <utility>

#include "base/civil_day.h"
#include "base/error.h"
#include "base/status.h"
#include "catalogue_impl.h"
#include "linkage/store/catalogue.h"

namespace tally::linkage {

namespace {

constexpr int64_t kProjectApprovals = 2;

std::string AgreementName(std::string_view project, std::string_view id) {
  return "projects/" + std::string(project) + "/agreements/" + std::string(id);
}

}  // namespace

absl::StatusOr<std::string> Catalogue::CreateProject(
    const ProjectRecord& project, const Change& change) {
  return impl_->Commit(change, [&]() -> absl::Status {
    TALLY_ASSIGN_OR_RETURN(
        const int64_t added,
        impl_->sql().Execute(
            "INSERT INTO projects (id, uid, title, create_time, key_id) "
            "VALUES (:id, :uid, :title, :time, :key) "
            "ON CONFLICT (id) DO NOTHING",
            {project.id, project.uid, project.title, project.create_time,
             project.key_id}));
    return added == 1 ? absl::OkStatus() : Exists(project.name());
  });
}

absl::StatusOr<ProjectRecord> Catalogue::GetProject(std::string_view id) {
  MutexLock lock(impl_->mu());
  TALLY_ASSIGN_OR_RETURN(
      const std::vector<SqlRow> rows,
      impl_->sql().Query("SELECT uid, id, title, create_time, key_id "
                         "FROM projects WHERE id = :id",
                         "ttttt", {std::string(id)}));
  if (rows.empty()) return NotFound("projects/" + std::string(id));
  return ProjectRecord{rows[0].Text(0), rows[0].Text(1), rows[0].Text(2),
                       rows[0].Text(3), rows[0].Text(4)};
}

absl::StatusOr<Page<ProjectRecord>> Catalogue::ListProjects(
    const PageRequest& page) {
  MutexLock lock(impl_->mu());
  TALLY_ASSIGN_OR_RETURN(
      const std::vector<SqlRow> rows,
      impl_->sql().Query("SELECT uid, id, title, create_time, key_id "
                         "FROM projects WHERE id > :after ORDER BY id "
                         "LIMIT :limit",
                         "ttttt", {page.after, int64_t{page.size} + 1}));
  std::vector<ProjectRecord> projects;
  for (const SqlRow& row : rows) {
    projects.push_back(
        {row.Text(0), row.Text(1), row.Text(2), row.Text(3), row.Text(4)});
  }
  return MakePage(std::move(projects), page,
                  [](const ProjectRecord& project) { return project.id; });
}

absl::StatusOr<std::vector<AgreementRecord>> Catalogue::Impl::Agreements(
    std::string_view condition, const std::vector<SqlValue>& values) {
  TALLY_ASSIGN_OR_RETURN(
      const std::vector<SqlRow> rows,
      sql_->Query("SELECT uid, project, id, state, create_time, creator, "
                  "document, sha256, valid_from, expires FROM agreements " +
                      std::string(condition),
                  "ttttttttii", values));
  std::vector<AgreementRecord> agreements;
  for (const SqlRow& row : rows) {
    const std::optional<AgreementState> state =
        AgreementStateFromName(row.Text(3));
    if (!state.has_value()) return BadRow();
    AgreementRecord agreement{row.Text(0),  row.Text(1), row.Text(2),
                              *state,       row.Text(4), row.Text(5),
                              row.Text(6),  row.Text(7), row.Int32(8),
                              row.Int32(9), {}};
    TALLY_ASSIGN_OR_RETURN(agreement.approvals, Approvals(agreement.uid));
    agreements.push_back(std::move(agreement));
  }
  return agreements;
}

absl::StatusOr<std::string> Catalogue::AddAgreement(
    const AgreementRecord& agreement, const Change& change) {
  return impl_->Commit(change, [&]() -> absl::Status {
    Sql& sql = impl_->sql();
    TALLY_ASSIGN_OR_RETURN(const std::vector<SqlRow> project,
                           sql.Query("SELECT id FROM projects WHERE id = :id",
                                     "t", {agreement.project}));
    if (project.empty()) return NotFound("projects/" + agreement.project);
    TALLY_ASSIGN_OR_RETURN(
        const int64_t added,
        sql.Execute(
            "INSERT INTO agreements (uid, project, id, state, "
            "create_time, creator, document, sha256, valid_from, "
            "expires) VALUES (:uid, :project, :id, "
            "'AWAITING_APPROVAL', :time, :creator, :document, "
            ":sha256, :valid_from, :expires) "
            "ON CONFLICT (project, id) DO NOTHING",
            {agreement.uid, agreement.project, agreement.id,
             agreement.create_time, agreement.creator, agreement.document,
             agreement.sha256, int64_t{agreement.valid_from},
             int64_t{agreement.expires}}));
    return added == 1 ? absl::OkStatus() : Exists(agreement.name());
  });
}

absl::StatusOr<AgreementRecord> Catalogue::GetAgreement(
    std::string_view project, std::string_view id) {
  MutexLock lock(impl_->mu());
  TALLY_ASSIGN_OR_RETURN(
      std::vector<AgreementRecord> found,
      impl_->Agreements("WHERE project = :project AND id = :id",
                        {std::string(project), std::string(id)}));
  if (found.empty()) return NotFound(AgreementName(project, id));
  return std::move(found[0]);
}

absl::StatusOr<std::vector<AgreementRecord>> Catalogue::ListAgreements(
    std::string_view project) {
  MutexLock lock(impl_->mu());
  return impl_->Agreements("WHERE project = :project ORDER BY id",
                           {std::string(project)});
}

absl::StatusOr<std::string> Catalogue::ApproveAgreement(
    std::string_view project, std::string_view id, std::string_view sha256,
    const ApprovalRecord& approval, const Change& change) {
  return impl_->Commit(change, [&]() -> absl::Status {
    TALLY_ASSIGN_OR_RETURN(
        const std::vector<AgreementRecord> found,
        impl_->Agreements("WHERE project = :project AND id = :id",
                          {std::string(project), std::string(id)}));
    if (found.empty()) return NotFound(AgreementName(project, id));
    const AgreementRecord& agreement = found[0];
    if (agreement.sha256 != sha256) {
      return Error(Reason::kAgreementInvalid,
                   "the digest is not that of the agreement",
                   {.resource = agreement.name(), .field = "sha256"});
    }
    if (agreement.state == AgreementState::kExpired) {
      return Error(Reason::kAgreementExpired, "the agreement has expired",
                   {.resource = agreement.name()});
    }
    TALLY_ASSIGN_OR_RETURN(
        const int64_t approvals,
        impl_->AddApproval(agreement.uid, approval, agreement.name()));
    if (approvals < kProjectApprovals) return absl::OkStatus();
    return impl_->sql()
        .Execute("UPDATE agreements SET state = 'ACTIVE' WHERE uid = :uid",
                 {agreement.uid})
        .status();
  });
}

absl::StatusOr<std::vector<AgreementRecord>> Catalogue::AgreementsToExpire(
    int32_t today) {
  MutexLock lock(impl_->mu());
  return impl_->Agreements(
      "WHERE state <> 'EXPIRED' AND expires < :today ORDER BY project, id",
      {int64_t{today}});
}

absl::Status Catalogue::ExpireAgreement(std::string_view project,
                                        std::string_view id,
                                        const Change& change) {
  return impl_
      ->Commit(change,
               [&]() -> absl::Status {
                 TALLY_ASSIGN_OR_RETURN(
                     const int64_t changed,
                     impl_->sql().Execute(
                         "UPDATE agreements SET state = 'EXPIRED' WHERE "
                         "project = :project AND id = :id AND "
                         "state <> 'EXPIRED'",
                         {std::string(project), std::string(id)}));
                 if (changed != 1) return NotFound(AgreementName(project, id));
                 return impl_->ExpireReleases(project, id);
               })
      .status();
}

}  // namespace tally::linkage
