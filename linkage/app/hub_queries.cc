#include "hub_queries.h"

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "base/status.h"
#include "hub_client.h"
#include "tally/hub/v1/project.grpc.pb.h"
#include "tally/hub/v1/release_admin.grpc.pb.h"
#include "tally/hub/v1/source.grpc.pb.h"

namespace tally::linkage {
namespace {

using hub::v1::ProjectService;
using hub::v1::ReleaseAdminService;
using hub::v1::SourceService;

absl::Status IsThere(const std::string& name) {
  return Error(Reason::kResourceExists, name + " exists already",
               {.resource = name});
}
absl::Status IsNotThere(const std::string& name) {
  return Error(Reason::kResourceNotFound, "no such resource: " + name,
               {.resource = name});
}

template <typename Items>
const typename Items::value_type* Find(const Items& items,
                                       const std::string& name) {
  const auto found =
      std::find_if(items.begin(), items.end(),
                   [&name](const auto& item) { return item.name() == name; });
  return found == items.end() ? nullptr : &*found;
}

}  // namespace

absl::StatusOr<hub::v1::ListSourcesResponse> FetchSources(
    transport::HubChannel& hub, const CommonFlags& flags) {
  const auto stub = SourceService::NewStub(hub.channel());
  hub::v1::ListSourcesResponse all;
  TALLY_RETURN_IF_ERROR(CallHubForAll(hub, flags, *stub,
                                      &SourceService::Stub::ListSources,
                                      hub::v1::ListSourcesRequest(), &all));
  return all;
}

absl::StatusOr<hub::v1::ListProjectsResponse> FetchProjects(
    transport::HubChannel& hub, const CommonFlags& flags) {
  const auto stub = ProjectService::NewStub(hub.channel());
  hub::v1::ListProjectsResponse all;
  TALLY_RETURN_IF_ERROR(CallHubForAll(hub, flags, *stub,
                                      &ProjectService::Stub::ListProjects,
                                      hub::v1::ListProjectsRequest(), &all));
  return all;
}

absl::StatusOr<hub::v1::GetReleaseResponse> FetchRelease(
    transport::HubChannel& hub, const CommonFlags& flags,
    const std::string& name) {
  hub::v1::GetReleaseRequest request;
  request.set_name(name);
  hub::v1::GetReleaseResponse response;
  const auto stub = ReleaseAdminService::NewStub(hub.channel());
  TALLY_RETURN_IF_ERROR(CallHub(hub, flags, *stub,
                                &ReleaseAdminService::Stub::GetRelease, request,
                                &response));
  return response;
}

absl::Status CheckSourceIsNew(transport::HubChannel& hub,
                              const CommonFlags& flags,
                              const std::string& name) {
  TALLY_ASSIGN_OR_RETURN(const auto all, FetchSources(hub, flags));
  return Find(all.sources(), name) == nullptr ? absl::OkStatus()
                                              : IsThere(name);
}

absl::Status CheckSourceIsThere(transport::HubChannel& hub,
                                const CommonFlags& flags,
                                const std::string& name) {
  TALLY_ASSIGN_OR_RETURN(const auto all, FetchSources(hub, flags));
  return Find(all.sources(), name) == nullptr ? IsNotThere(name)
                                              : absl::OkStatus();
}

absl::Status CheckProjectIsNew(transport::HubChannel& hub,
                               const CommonFlags& flags,
                               const std::string& name) {
  TALLY_ASSIGN_OR_RETURN(const auto all, FetchProjects(hub, flags));
  return Find(all.projects(), name) == nullptr ? absl::OkStatus()
                                               : IsThere(name);
}

absl::Status CheckAgreementIsNew(transport::HubChannel& hub,
                                 const CommonFlags& flags,
                                 const std::string& project,
                                 const std::string& name) {
  TALLY_ASSIGN_OR_RETURN(const auto all, FetchProjects(hub, flags));
  const hub::v1::Project* found = Find(all.projects(), project);
  if (found == nullptr) return IsNotThere(project);
  return Find(found->agreements(), name) == nullptr ? absl::OkStatus()
                                                    : IsThere(name);
}

absl::Status CheckReleaseMayBegin(
    transport::HubChannel& hub, const CommonFlags& flags,
    const hub::v1::CreateReleaseRequest& request) {
  TALLY_ASSIGN_OR_RETURN(const auto all, FetchProjects(hub, flags));
  const hub::v1::Project* project = Find(all.projects(), request.parent());
  if (project == nullptr) return IsNotThere(request.parent());
  const hub::v1::Agreement* agreement =
      Find(project->agreements(), request.agreement());
  if (agreement == nullptr) return IsNotThere(request.agreement());
  if (agreement->state() == hub::v1::AGREEMENT_STATE_EXPIRED) {
    return Error(Reason::kAgreementExpired, agreement->name() + " has expired",
                 {.resource = agreement->name()});
  }
  if (agreement->state() != hub::v1::AGREEMENT_STATE_ACTIVE) {
    return Error(Reason::kReleaseState,
                 agreement->name() + " is not approved by two people yet",
                 {.resource = agreement->name()});
  }
  const std::string name =
      request.parent() + "/releases/" + request.release_id();
  const absl::StatusOr<hub::v1::GetReleaseResponse> release =
      FetchRelease(hub, flags, name);
  if (ReasonOf(release.status()) == Reason::kResourceNotFound) {
    return absl::OkStatus();
  }
  TALLY_RETURN_IF_ERROR(release.status());
  return release->release().state() == hub::v1::RELEASE_STATE_FAILED
             ? absl::OkStatus()
             : IsThere(name);
}

absl::Status CheckReleaseAwaits(transport::HubChannel& hub,
                                const CommonFlags& flags,
                                const hub::v1::ApproveReleaseRequest& request) {
  TALLY_ASSIGN_OR_RETURN(const auto found,
                         FetchRelease(hub, flags, request.name()));
  const hub::v1::Release& release = found.release();
  if (release.state() != hub::v1::RELEASE_STATE_AWAITING_APPROVAL) {
    return Error(Reason::kReleaseState, "the release is not awaiting approval",
                 {.resource = request.name()});
  }
  if (release.manifest_sha256() != request.manifest_sha256()) {
    return Error(Reason::kManifestMismatch,
                 "the digest is not that of the manifest",
                 {.resource = request.name(), .field = "manifest_sha256"});
  }
  return absl::OkStatus();
}

}  // namespace tally::linkage
