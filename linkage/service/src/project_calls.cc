#include <algorithm>
#include <utility>

#include "base/bytes.h"
#include "base/civil_day.h"
#include "base/error.h"
#include "base/sha256.h"
#include "base/status.h"
#include "base/strings.h"
#include "dataset/resource_name.h"
#include "linkage/service/calls.h"
#include "proto_convert.h"
#include "request_guard.h"

namespace tally::linkage {
namespace {

using transport::Caller;

constexpr size_t kMaxTitleBytes = 200;
constexpr size_t kDigestBytes = 32;

absl::Status Invalid(Reason reason, std::string field, std::string_view what) {
  ErrorDetail detail;
  detail.field = field;
  return Error(reason, field + " " + std::string(what), std::move(detail));
}

absl::Status FillProject(Hub& hub, const ProjectRecord& project,
                         hub::v1::Project* out) {
  TALLY_ASSIGN_OR_RETURN(std::vector<AgreementRecord> agreements,
                         hub.catalogue().ListAgreements(project.id));
  std::sort(agreements.begin(), agreements.end(),
            [](const AgreementRecord& a, const AgreementRecord& b) {
              return a.id < b.id;
            });
  ToProto(project, agreements, out);
  return absl::OkStatus();
}

ApprovalRecord ApprovalOf(const Caller& caller) {
  return {caller.person, caller.uri, NowUtcRfc3339()};
}

}  // namespace

absl::Status ProjectCalls::CreateProject(
    const Caller& caller, const hub::v1::CreateProjectRequest& in,
    hub::v1::CreateProjectResponse* out) {
  TALLY_ASSIGN_OR_RETURN(
      const RequestKey request,
      RequestKeyOf(caller, "tally.hub.v1.ProjectService.CreateProject", in));
  if (!IsResourceId(in.project_id())) {
    return Invalid(Reason::kNameInvalid, "project_id",
                   "must be a small letter, then up to 62 small letters, "
                   "digits and hyphens");
  }
  if (in.title().size() > kMaxTitleBytes || !IsValidUtf8(in.title())) {
    return Invalid(Reason::kFieldInvalid, "title",
                   "must be UTF-8 of at most 200 bytes");
  }
  const std::string name = "projects/" + in.project_id();
  return AnswerChange<hub::v1::CreateProjectResponse>(
      hub_, request, EntryOf(caller, AuditAction::kProjectCreate, name), out,
      [&](const Change& change) -> absl::StatusOr<std::string> {
        ProjectRecord project;
        project.uid = Catalogue::NewUid();
        project.id = in.project_id();
        project.title = in.title();
        project.create_time = NowUtcRfc3339();
        absl::StatusOr<std::string> key =
            hub_.keys().CreateProjectKey(in.project_id());
        if (!key.ok()) {
          // A key without its project is what a kill in between leaves: then
          // the key is taken up, never replaced.
          if (ReasonOf(key.status()) != Reason::kResourceExists) {
            return key.status();
          }
          if (hub_.catalogue().GetProject(in.project_id()).ok()) {
            return Error(Reason::kResourceExists, name + " exists already",
                         {.resource = name});
          }
          TALLY_ASSIGN_OR_RETURN(const HubKeys::Lease lease,
                                 hub_.keys().Borrow());
          TALLY_ASSIGN_OR_RETURN(const crypto::ProjectKey* there,
                                 lease.Project(in.project_id()));
          key = there->key_id().Hex();
        }
        project.key_id = *key;
        return hub_.catalogue().CreateProject(project, change);
      },
      [&](hub::v1::CreateProjectResponse* response) -> absl::Status {
        TALLY_ASSIGN_OR_RETURN(const ProjectRecord project,
                               hub_.catalogue().GetProject(in.project_id()));
        return FillProject(hub_, project, response->mutable_project());
      });
}

absl::Status ProjectCalls::ListProjects(const Caller& caller,
                                        const hub::v1::ListProjectsRequest& in,
                                        hub::v1::ListProjectsResponse* out) {
  (void)caller;
  TALLY_ASSIGN_OR_RETURN(const PageRequest page,
                         PageOf(in.page_size(), in.page_token()));
  TALLY_ASSIGN_OR_RETURN(const Page<ProjectRecord> projects,
                         hub_.catalogue().ListProjects(page));
  for (const ProjectRecord& project : projects.items) {
    TALLY_RETURN_IF_ERROR(FillProject(hub_, project, out->add_projects()));
  }
  out->set_next_page_token(PageToken(projects.next));
  return absl::OkStatus();
}

absl::Status ProjectCalls::AddAgreement(const Caller& caller,
                                        const hub::v1::AddAgreementRequest& in,
                                        hub::v1::AddAgreementResponse* out) {
  TALLY_ASSIGN_OR_RETURN(
      const RequestKey request,
      RequestKeyOf(caller, "tally.hub.v1.ProjectService.AddAgreement", in));
  TALLY_ASSIGN_OR_RETURN(const dataset::ProjectName parent,
                         dataset::ParseProjectName(in.parent()));
  if (!IsResourceId(in.agreement_id())) {
    return Invalid(Reason::kNameInvalid, "agreement_id",
                   "must be a small letter, then up to 62 small letters, "
                   "digits and hyphens");
  }
  const std::string name =
      dataset::AgreementName{parent.project, in.agreement_id()}.ToText();
  AuditEntry entry = EntryOf(caller, AuditAction::kAgreementAdd, name);
  entry.digests["agreement"] = Sha256Hex(in.text());
  return AnswerChange<hub::v1::AddAgreementResponse>(
      hub_, request, std::move(entry), out,
      [&](const Change& change) -> absl::StatusOr<std::string> {
        TALLY_RETURN_IF_ERROR(
            hub_.catalogue().GetProject(parent.project).status());
        TALLY_ASSIGN_OR_RETURN(
            const Agreement parsed,
            releases_.CheckText(in.text(), parent.project, in.agreement_id()));
        AgreementRecord record;
        record.uid = Catalogue::NewUid();
        record.project = parent.project;
        record.id = in.agreement_id();
        record.create_time = NowUtcRfc3339();
        record.creator = caller.person;
        record.document = in.text();
        record.sha256 = parsed.sha256;
        record.valid_from = parsed.valid_from.days();
        record.expires = parsed.expires.days();
        return hub_.catalogue().AddAgreement(record, change);
      },
      [&](hub::v1::AddAgreementResponse* response) -> absl::Status {
        TALLY_ASSIGN_OR_RETURN(
            const AgreementRecord record,
            hub_.catalogue().GetAgreement(parent.project, in.agreement_id()));
        ToProto(record, response->mutable_agreement());
        return absl::OkStatus();
      });
}

absl::Status ProjectCalls::ApproveAgreement(
    const Caller& caller, const hub::v1::ApproveAgreementRequest& in,
    hub::v1::ApproveAgreementResponse* out) {
  TALLY_ASSIGN_OR_RETURN(
      const RequestKey request,
      RequestKeyOf(caller, "tally.hub.v1.ProjectService.ApproveAgreement", in));
  TALLY_ASSIGN_OR_RETURN(const dataset::AgreementName name,
                         dataset::ParseAgreementName(in.name()));
  if (in.sha256().size() != kDigestBytes) {
    return Invalid(Reason::kFieldInvalid, "sha256", "must have 32 bytes");
  }
  const std::string digest = HexEncode(AsBytes(in.sha256()));
  AuditEntry entry = EntryOf(caller, AuditAction::kAgreementApprove, in.name());
  entry.digests["agreement"] = digest;
  entry.approvals = {caller.person};
  return AnswerChange<hub::v1::ApproveAgreementResponse>(
      hub_, request, std::move(entry), out,
      [&](const Change& change) {
        return hub_.catalogue().ApproveAgreement(
            name.project, name.agreement, digest, ApprovalOf(caller), change);
      },
      [&](hub::v1::ApproveAgreementResponse* response) -> absl::Status {
        TALLY_ASSIGN_OR_RETURN(
            const AgreementRecord record,
            hub_.catalogue().GetAgreement(name.project, name.agreement));
        ToProto(record, response->mutable_agreement());
        return absl::OkStatus();
      });
}

}  // namespace tally::linkage
