#ifndef TALLY_LINKAGE_SERVICE_RELEASE_MANAGER_H_
#define TALLY_LINKAGE_SERVICE_RELEASE_MANAGER_H_

// Agreements and releases between the catalogue and linkage/release: checks an
// agreement against what the hub knows, previews, pins extracts, builds in the
// background and records the outcome.
//
// Role: hub.
// Spec: docs/operations.md, "Releases"
// Threading: any thread; builds run one after the other.
// Secrets: borrows keys for each piece of work.

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/mutex.h"
#include "linkage/release/agreement.h"
#include "linkage/release/agreement_check.h"
#include "linkage/release/linkage_report.h"
#include "linkage/release/release_builder.h"
#include "linkage/release/release_plan.h"
#include "linkage/service/hub.h"
#include "tally/hub/v1/linkage.pb.h"
#include "transport/peers.h"

namespace tally::linkage {

class PreviewJobs;
class ReleaseOutcomes;

// Who wants which preview.
struct PreviewRequest {
  std::string caller;      // URI: others do not get at it
  std::string project;     // id
  std::string agreement;   // id; it need not be approved
  std::string request_id;  // UUID4
};

class ReleaseManager {
 public:
  // Both must outlive this.
  ReleaseManager(Hub& hub, transport::PeerBook& peers);
  ~ReleaseManager();
  ReleaseManager(const ReleaseManager&) = delete;
  ReleaseManager& operator=(const ReleaseManager&) = delete;

  // Parses and checks the text of an agreement as `project` and `agreement`.
  // Errors: AGREEMENT_INVALID; HUB_SEALED.
  [[nodiscard]] absl::StatusOr<Agreement> CheckText(std::string_view text,
                                                    std::string_view project,
                                                    std::string_view agreement);

  // A stored agreement, checked again. AGREEMENT_EXPIRED outside its term;
  // RELEASE_STATE when `approved` is asked for and it is not.
  [[nodiscard]] absl::StatusOr<Agreement> LoadAgreement(
      std::string_view project, std::string_view agreement, bool approved);

  // What would be linked, and how well: `answer` is then told where the preview
  // stands. The first call of a caller begins it, later ones ask; it runs in
  // the queue of releases, so that each has the whole share of the memory that
  // is meant for one. `finish` makes the answer of its report, on the queue's
  // thread, before anybody sees it: where it writes the audit entry.
  // Errors: those of LoadAgreement and PlanRelease; HUB_SEALED, DISK_LOW,
  // DRAINING; RATE_LIMITED when too many wait. What fails later is told as
  // FAILED. Cost: the first call plans, the others look it up.
  [[nodiscard]] absl::Status Preview(
      const PreviewRequest& request,
      std::function<
          absl::StatusOr<hub::v1::PreviewLinkageResponse>(const LinkageReport&)>
          finish,
      hub::v1::PreviewLinkageResponse* answer);

  // Everything that CreateRelease checks; the record to create, extracts
  // pinned. Errors: as above.
  [[nodiscard]] absl::StatusOr<ReleaseRecord> Prepare(
      const dataset::ReleaseName& name, std::string_view agreement,
      std::string_view creator);

  // Queues the build of a release that is in the catalogue as BUILDING.
  void QueueBuild(const ReleaseRecord& release);

  std::optional<OperationProgress> Progress(std::string_view uid) const;

  // To be called about once a second: records outcomes of builds that the
  // catalogue did not take before (until it has, a release stays BUILDING with
  // the stage "record"), and forgets previews that nobody asks about.
  void Tick();
  // Once the hub's background work has ended: a last attempt at the same.
  void Stop();

  // Names of the extracts that a release has pinned, ascending.
  [[nodiscard]] absl::StatusOr<std::vector<std::string>> ExtractNames(
      const ReleaseRecord& release);

 private:
  absl::StatusOr<AgreementContext> ContextNow();
  absl::StatusOr<ReleasePlan> PlanNow(const Agreement& agreement,
                                      const SpecificationStore& specs);
  absl::StatusOr<ReleasePlan> PlanPinned(const Agreement& agreement,
                                         const ReleaseRecord& release,
                                         const SpecificationStore& specs);
  absl::StatusOr<std::vector<ExtractRecord>> PublishedOf(
      const Agreement& agreement);
  absl::StatusOr<LinkInputs> InputsOf(const Agreement& agreement,
                                      const ReleasePlan& plan,
                                      const HubKeys::Lease& lease,
                                      const std::string& job);
  // What a build must not be joinable to: of each other project the newest
  // release in force and the newest that awaits approval. Any error ends the
  // build: a release that was not looked at is not known to be safe.
  absl::StatusOr<std::vector<LiveRelease>> LiveReleases(
      std::string_view project);
  absl::StatusOr<LinkageReport> LinkPreview(
      const PreviewRequest& request,
      std::function<void(const OperationProgress&)> progress,
      const std::function<bool()>& unwanted);
  absl::StatusOr<BuiltRelease> Build(const ReleaseRecord& release);
  void Run(const ReleaseRecord& release);
  void Record(bool all);

  Hub& hub_;
  transport::PeerBook& peers_;
  const std::unique_ptr<ReleaseOutcomes> outcomes_;
  const std::unique_ptr<PreviewJobs> previews_;
  mutable Mutex mu_;
  std::map<std::string, OperationProgress, std::less<>> progress_
      TALLY_GUARDED_BY(mu_);
};

}  // namespace tally::linkage

#endif  // TALLY_LINKAGE_SERVICE_RELEASE_MANAGER_H_
