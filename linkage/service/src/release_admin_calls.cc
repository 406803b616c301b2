#include <utility>

#include "base/bytes.h"
#include "base/civil_day.h"
#include "base/error.h"
#include "base/status.h"
#include "base/strings.h"
#include "dataset/resource_name.h"
#include "linkage/service/calls.h"
#include "proto_convert.h"
#include "request_guard.h"

namespace tally::linkage {
namespace {

using transport::Caller;

constexpr size_t kReleaseDigestBytes = 32;
constexpr std::string_view kEveryProject = "projects/-";

}  // namespace

absl::Status ReleaseAdminCalls::Fill(const ReleaseRecord& release,
                                     hub::v1::Release* out) {
  TALLY_ASSIGN_OR_RETURN(const std::vector<std::string> extracts,
                         releases_.ExtractNames(release));
  TALLY_ASSIGN_OR_RETURN(
      const AgreementRecord agreement,
      hub_.catalogue().GetAgreement(release.project, release.agreement));
  ToProto(release, extracts, agreement.expires, releases_.Progress(release.uid),
          out);
  return absl::OkStatus();
}

absl::Status ReleaseAdminCalls::PreviewLinkage(
    const Caller& caller, const hub::v1::PreviewLinkageRequest& in,
    hub::v1::PreviewLinkageResponse* out) {
  TALLY_ASSIGN_OR_RETURN(const dataset::AgreementName name,
                         dataset::ParseAgreementName(in.agreement()));
  TALLY_ASSIGN_OR_RETURN(
      const RequestKey request,
      RequestKeyOf(caller, "tally.hub.v1.LinkageService.PreviewLinkage", in));
  // Nobody sees a report whose entry is not in the log.
  const auto finish = [hub = &hub_, caller,
                       agreement = in.agreement()](const LinkageReport& report)
      -> absl::StatusOr<hub::v1::PreviewLinkageResponse> {
    AuditEntry entry = EntryOf(caller, AuditAction::kLinkagePreview, agreement);
    entry.counts["extracts"] = static_cast<int64_t>(report.extracts.size());
    TALLY_RETURN_IF_ERROR(hub->AppendAudit(entry).status());
    hub::v1::PreviewLinkageResponse done;
    ToProto(report, kMaxAnswerBytes, &done);
    return done;
  };
  return releases_.Preview(
      {caller.uri, name.project, name.agreement, request.request_id}, finish,
      out);
}

absl::Status ReleaseAdminCalls::CreateRelease(
    const Caller& caller, const hub::v1::CreateReleaseRequest& in,
    hub::v1::CreateReleaseResponse* out) {
  TALLY_ASSIGN_OR_RETURN(
      const RequestKey request,
      RequestKeyOf(caller, "tally.hub.v1.ReleaseAdminService.CreateRelease",
                   in));
  TALLY_ASSIGN_OR_RETURN(const dataset::ProjectName parent,
                         dataset::ParseProjectName(in.parent()));
  TALLY_ASSIGN_OR_RETURN(const dataset::ReleaseId id,
                         dataset::ReleaseId::Parse(in.release_id()));
  TALLY_ASSIGN_OR_RETURN(const dataset::AgreementName agreement,
                         dataset::ParseAgreementName(in.agreement()));
  if (agreement.project != parent.project) {
    ErrorDetail detail;
    detail.field = "agreement";
    return Error(Reason::kFieldInvalid,
                 "agreement must be one of the same project",
                 std::move(detail));
  }
  const dataset::ReleaseName name{parent.project, id};
  return AnswerChange<hub::v1::CreateReleaseResponse>(
      hub_, request,
      EntryOf(caller, AuditAction::kReleaseCreate, name.ToText()), out,
      [&](const Change& change) -> absl::StatusOr<std::string> {
        TALLY_ASSIGN_OR_RETURN(
            const ReleaseRecord release,
            releases_.Prepare(name, agreement.agreement, caller.person));
        TALLY_ASSIGN_OR_RETURN(std::string answer,
                               hub_.catalogue().CreateRelease(release, change));
        if (answer == change.answer) releases_.QueueBuild(release);
        return answer;
      },
      [&](hub::v1::CreateReleaseResponse* response) -> absl::Status {
        TALLY_ASSIGN_OR_RETURN(
            const ReleaseRecord release,
            hub_.catalogue().GetRelease(parent.project, id.ToText()));
        return Fill(release, response->mutable_release());
      });
}

absl::Status ReleaseAdminCalls::GetRelease(const Caller& caller,
                                           const hub::v1::GetReleaseRequest& in,
                                           hub::v1::GetReleaseResponse* out) {
  (void)caller;
  TALLY_ASSIGN_OR_RETURN(const dataset::ReleaseName name,
                         dataset::ParseReleaseName(in.name()));
  TALLY_ASSIGN_OR_RETURN(
      const ReleaseRecord release,
      hub_.catalogue().GetRelease(name.project, name.release.ToText()));
  return Fill(release, out->mutable_release());
}

absl::Status ReleaseAdminCalls::ListReleases(
    const Caller& caller, const hub::v1::ListReleasesRequest& in,
    hub::v1::ListReleasesResponse* out) {
  (void)caller;
  TALLY_ASSIGN_OR_RETURN(const PageRequest page,
                         PageOf(in.page_size(), in.page_token()));
  std::string project;
  if (in.parent() != kEveryProject) {
    TALLY_ASSIGN_OR_RETURN(const dataset::ProjectName name,
                           dataset::ParseProjectName(in.parent()));
    project = name.project;
    TALLY_RETURN_IF_ERROR(hub_.catalogue().GetProject(project).status());
  }
  TALLY_ASSIGN_OR_RETURN(const Page<ReleaseRecord> releases,
                         hub_.catalogue().ListReleases(project, page));
  for (const ReleaseRecord& release : releases.items) {
    TALLY_RETURN_IF_ERROR(Fill(release, out->add_releases()));
  }
  out->set_next_page_token(PageToken(releases.next));
  return absl::OkStatus();
}

absl::Status ReleaseAdminCalls::ApproveRelease(
    const Caller& caller, const hub::v1::ApproveReleaseRequest& in,
    hub::v1::ApproveReleaseResponse* out) {
  TALLY_ASSIGN_OR_RETURN(
      const RequestKey request,
      RequestKeyOf(caller, "tally.hub.v1.ReleaseAdminService.ApproveRelease",
                   in));
  TALLY_ASSIGN_OR_RETURN(const dataset::ReleaseName name,
                         dataset::ParseReleaseName(in.name()));
  if (in.manifest_sha256().size() != kReleaseDigestBytes) {
    ErrorDetail detail;
    detail.field = "manifest_sha256";
    return Error(Reason::kFieldInvalid, "manifest_sha256 must have 32 bytes",
                 std::move(detail));
  }
  const std::string digest = HexEncode(AsBytes(in.manifest_sha256()));
  AuditEntry entry = EntryOf(caller, AuditAction::kReleaseApprove, in.name());
  entry.digests["manifest"] = digest;
  entry.approvals = {caller.person};
  return AnswerChange<hub::v1::ApproveReleaseResponse>(
      hub_, request, std::move(entry), out,
      [&](const Change& change) -> absl::StatusOr<std::string> {
        TALLY_ASSIGN_OR_RETURN(
            const ReleaseRecord release,
            hub_.catalogue().GetRelease(name.project, name.release.ToText()));
        TALLY_RETURN_IF_ERROR(
            releases_.LoadAgreement(name.project, release.agreement, true)
                .status());
        return hub_.catalogue().ApproveRelease(
            name.project, name.release.ToText(), digest,
            {caller.person, caller.uri, NowUtcRfc3339()}, change);
      },
      [&](hub::v1::ApproveReleaseResponse* response) -> absl::Status {
        TALLY_ASSIGN_OR_RETURN(
            const ReleaseRecord release,
            hub_.catalogue().GetRelease(name.project, name.release.ToText()));
        return Fill(release, response->mutable_release());
      });
}

}  // namespace tally::linkage
