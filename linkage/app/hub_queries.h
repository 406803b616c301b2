#ifndef TALLY_LINKAGE_APP_HUB_QUERIES_H_
#define TALLY_LINKAGE_APP_HUB_QUERIES_H_

// What the hub's catalogue holds, over read-only calls: for the commands that
// list, and for --dry-run, which asks whether the name of a change is free and
// what it builds on is there. The reasons are those of the change itself.
//
// Role: the operator's command line.
// Spec: docs/operations.md, "Dry runs"
// Threading: one thread.
// Secrets: none.

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/command_line.h"
#include "tally/hub/v1/project.pb.h"
#include "tally/hub/v1/release_admin.pb.h"
#include "tally/hub/v1/source.pb.h"
#include "transport/client.h"

namespace tally::linkage {

// All pages.
[[nodiscard]] absl::StatusOr<hub::v1::ListSourcesResponse> FetchSources(
    transport::HubChannel& hub, const CommonFlags& flags);
[[nodiscard]] absl::StatusOr<hub::v1::ListProjectsResponse> FetchProjects(
    transport::HubChannel& hub, const CommonFlags& flags);
[[nodiscard]] absl::StatusOr<hub::v1::GetReleaseResponse> FetchRelease(
    transport::HubChannel& hub, const CommonFlags& flags,
    const std::string& name);

// RESOURCE_EXISTS or RESOURCE_NOT_FOUND, by full name.
[[nodiscard]] absl::Status CheckSourceIsNew(transport::HubChannel& hub,
                                            const CommonFlags& flags,
                                            const std::string& name);
[[nodiscard]] absl::Status CheckSourceIsThere(transport::HubChannel& hub,
                                              const CommonFlags& flags,
                                              const std::string& name);
[[nodiscard]] absl::Status CheckProjectIsNew(transport::HubChannel& hub,
                                             const CommonFlags& flags,
                                             const std::string& name);
// The project is there, the agreement is not.
[[nodiscard]] absl::Status CheckAgreementIsNew(transport::HubChannel& hub,
                                               const CommonFlags& flags,
                                               const std::string& project,
                                               const std::string& name);
// The agreement is there and approved, and no release has the name, unless one
// that has failed.
[[nodiscard]] absl::Status CheckReleaseMayBegin(
    transport::HubChannel& hub, const CommonFlags& flags,
    const hub::v1::CreateReleaseRequest& request);
// The release awaits approval and has this manifest.
[[nodiscard]] absl::Status CheckReleaseAwaits(
    transport::HubChannel& hub, const CommonFlags& flags,
    const hub::v1::ApproveReleaseRequest& request);

}  // namespace tally::linkage

#endif  // TALLY_LINKAGE_APP_HUB_QUERIES_H_
