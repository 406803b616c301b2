#include "linkage/service/release_manager.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_format.h"
#include "base/civil_day.h"
#include "base/error.h"
#include "base/log.h"
#include "base/status.h"
#include "base/versions.h"
#include "linkage/service/memory_shares.h"
#include "preview_jobs.h"
#include "release_outcomes.h"

namespace tally::linkage {
namespace {

constexpr int32_t kPageOfSources = 1000;

absl::Status InvalidAgreement(std::string field, std::string_view what) {
  ErrorDetail detail;
  detail.field = field;
  return Error(Reason::kAgreementInvalid,
               absl::StrFormat("%s: %s", field, what), std::move(detail));
}

// Work that was ended because its keys go says so.
template <typename T>
absl::StatusOr<T> SayIfSealed(absl::StatusOr<T> result,
                              const HubKeys::Lease& lease) {
  if (absl::IsCancelled(result.status()) && lease.revoked()) {
    return Error(Reason::kHubSealed, "the hub was sealed meanwhile");
  }
  return result;
}

}  // namespace

ReleaseManager::ReleaseManager(Hub& hub, transport::PeerBook& peers)
    : hub_(hub),
      peers_(peers),
      outcomes_(std::make_unique<ReleaseOutcomes>(hub)),
      previews_(std::make_unique<PreviewJobs>(hub.release_queue())) {}

ReleaseManager::~ReleaseManager() = default;

absl::StatusOr<AgreementContext> ReleaseManager::ContextNow() {
  AgreementContext context;
  context.today = CivilDay::TodayUtc();
  context.trust_domain = hub_.config().trust_domain;
  const std::shared_ptr<const SpecificationStore> specs = hub_.specifications();
  context.specification = [specs](std::string_view id) {
    return specs->Newest(id);
  };
  PageRequest page;
  page.size = kPageOfSources;
  while (true) {
    TALLY_ASSIGN_OR_RETURN(const Page<SourceRecord> sources,
                           hub_.catalogue().ListSources(page));
    for (const SourceRecord& source : sources.items) {
      context.factor_domains[source.id];
    }
    if (sources.next.empty()) break;
    page.after = sources.next;
  }
  for (const FactorCheck& factor : hub_.factors()) {
    const auto it = context.factor_domains.find(factor.source);
    if (it != context.factor_domains.end() && factor.loaded) {
      it->second.insert(hub_.domain());
    }
  }
  const std::shared_ptr<const transport::PeerList> peers = peers_.Current();
  for (const transport::PeerEntry& peer : peers->entries()) {
    context.organisations[peer.identity.ToUri()] = peer.organisation;
  }
  return context;
}

absl::StatusOr<Agreement> ReleaseManager::CheckText(
    std::string_view text, std::string_view project,
    std::string_view agreement) {
  if (hub_.sealed()) return Error(Reason::kHubSealed, "the hub is sealed");
  TALLY_ASSIGN_OR_RETURN(Agreement parsed, ParseAgreement(text, "agreement"));
  if (parsed.project != project) {
    return InvalidAgreement("project.id", "is another project's");
  }
  if (parsed.id != agreement) {
    return InvalidAgreement("project.agreement",
                            "is not the id that it is added as");
  }
  TALLY_ASSIGN_OR_RETURN(const AgreementContext context, ContextNow());
  TALLY_RETURN_IF_ERROR(CheckAgreement(parsed, context));
  return parsed;
}

absl::StatusOr<Agreement> ReleaseManager::LoadAgreement(
    std::string_view project, std::string_view agreement, bool approved) {
  TALLY_ASSIGN_OR_RETURN(const AgreementRecord record,
                         hub_.catalogue().GetAgreement(project, agreement));
  ErrorDetail detail;
  detail.resource = record.name();
  if (record.state == AgreementState::kExpired ||
      record.expires < CivilDay::TodayUtc().days()) {
    return Error(Reason::kAgreementExpired, record.name() + " has expired",
                 std::move(detail));
  }
  if (approved && record.state != AgreementState::kActive) {
    return Error(Reason::kReleaseState,
                 record.name() + " is not approved by two people yet",
                 std::move(detail));
  }
  if (approved && CivilDay::TodayUtc().days() < record.valid_from) {
    return Error(Reason::kAgreementExpired,
                 record.name() + " is not in force yet", std::move(detail));
  }
  return CheckText(record.document, project, agreement);
}

absl::StatusOr<std::vector<ExtractRecord>> ReleaseManager::PublishedOf(
    const Agreement& agreement) {
  std::vector<ExtractRecord> published;
  for (const std::string& source : agreement.Sources()) {
    TALLY_ASSIGN_OR_RETURN(std::vector<ExtractRecord> extracts,
                           hub_.catalogue().PublishedExtracts(source));
    published.insert(published.end(), std::make_move_iterator(extracts.begin()),
                     std::make_move_iterator(extracts.end()));
  }
  return published;
}

absl::StatusOr<ReleasePlan> ReleaseManager::PlanNow(
    const Agreement& agreement, const SpecificationStore& specs) {
  TALLY_ASSIGN_OR_RETURN(const std::vector<ExtractRecord> published,
                         PublishedOf(agreement));
  return PlanRelease(agreement, published, specs);
}

absl::StatusOr<ReleasePlan> ReleaseManager::PlanPinned(
    const Agreement& agreement, const ReleaseRecord& release,
    const SpecificationStore& specs) {
  std::vector<ExtractRecord> pinned;
  for (const std::string& uid : release.extract_uids) {
    TALLY_ASSIGN_OR_RETURN(ExtractRecord extract,
                           hub_.catalogue().GetExtractByUid(uid));
    pinned.push_back(std::move(extract));
  }
  return PlanRelease(agreement, pinned, specs);
}

absl::StatusOr<LinkInputs> ReleaseManager::InputsOf(const Agreement& agreement,
                                                    const ReleasePlan& plan,
                                                    const HubKeys::Lease& lease,
                                                    const std::string& job) {
  LinkInputs inputs;
  inputs.agreement = &agreement;
  inputs.plan = &plan;
  inputs.extract_directory = [this](std::string_view uid) {
    return hub_.directory().ExtractDirectory(uid);
  };
  inputs.run_name = [](std::string_view uid) {
    return HubDirectory::RunName(uid);
  };
  inputs.storage_keys = lease.storage_finder();
  inputs.storage_key = &lease.storage();
  inputs.pool = &hub_.pool();
  inputs.environment = hub_.config().environment;
  for (const std::string& source : agreement.Sources()) {
    TALLY_ASSIGN_OR_RETURN(const std::vector<ExtractRecord> extracts,
                           hub_.catalogue().PublishedExtracts(source));
    std::string& newest = inputs.newest_opt_out_list[source];
    for (const ExtractRecord& extract : extracts) {
      newest = std::max(newest, extract.newest_opt_out_list);
    }
  }
  inputs.work_directory = hub_.config().temp_directory + "/jobs/" + job;
  inputs.memory_bytes =
      BytesOfShare(hub_.config().memory_bytes, kReleaseMemoryShare);
  inputs.threads = hub_.config().threads;
  inputs.created = NowUtcRfc3339();
  inputs.progress = [this, job](const OperationProgress& progress) {
    MutexLock lock(mu_);
    progress_[job] = progress;
  };
  inputs.cancelled = [this, &lease] {
    return lease.revoked() || hub_.release_queue().stopping();
  };
  return inputs;
}

absl::StatusOr<LinkageReport> ReleaseManager::LinkPreview(
    const PreviewRequest& request,
    std::function<void(const OperationProgress&)> progress,
    const std::function<bool()>& unwanted) {
  TALLY_RETURN_IF_ERROR(hub_.directory().CheckFreeDisk());
  TALLY_ASSIGN_OR_RETURN(
      const Agreement agreement,
      LoadAgreement(request.project, request.agreement, false));
  const std::shared_ptr<const SpecificationStore> specs = hub_.specifications();
  TALLY_ASSIGN_OR_RETURN(const ReleasePlan plan, PlanNow(agreement, *specs));
  TALLY_ASSIGN_OR_RETURN(const HubKeys::Lease lease, hub_.keys().Borrow());
  const std::string job = "preview-" + Catalogue::NewUid();
  TALLY_ASSIGN_OR_RETURN(LinkInputs inputs,
                         InputsOf(agreement, plan, lease, job));
  inputs.progress = std::move(progress);
  inputs.cancelled = [ended = inputs.cancelled, &unwanted] {
    return ended() || unwanted();
  };
  return SayIfSealed(PreviewLinkage(inputs), lease);
}

absl::Status ReleaseManager::Preview(
    const PreviewRequest& request,
    std::function<
        absl::StatusOr<hub::v1::PreviewLinkageResponse>(const LinkageReport&)>
        finish,
    hub::v1::PreviewLinkageResponse* answer) {
  const PreviewJobs::Key key{request.caller, request.project,
                             request.agreement};
  if (previews_->Ask(key, request.request_id, answer)) {
    return absl::OkStatus();
  }
  // What is wrong from the start is the answer of the call that asks for it.
  TALLY_RETURN_IF_ERROR(hub_.directory().CheckFreeDisk());
  TALLY_ASSIGN_OR_RETURN(
      const Agreement agreement,
      LoadAgreement(request.project, request.agreement, false));
  TALLY_RETURN_IF_ERROR(PlanNow(agreement, *hub_.specifications()).status());
  TALLY_RETURN_IF_ERROR(hub_.keys().Borrow().status());
  return previews_->Begin(
      key, request.request_id,
      [this, request, finish = std::move(finish)](
          std::function<void(const OperationProgress&)> progress,
          const std::function<bool()>& unwanted)
          -> absl::StatusOr<hub::v1::PreviewLinkageResponse> {
        TALLY_ASSIGN_OR_RETURN(
            const LinkageReport report,
            LinkPreview(request, std::move(progress), unwanted));
        return finish(report);
      },
      answer);
}

absl::StatusOr<ReleaseRecord> ReleaseManager::Prepare(
    const dataset::ReleaseName& name, std::string_view agreement_id,
    std::string_view creator) {
  TALLY_RETURN_IF_ERROR(hub_.directory().CheckFreeDisk());
  TALLY_ASSIGN_OR_RETURN(const Agreement agreement,
                         LoadAgreement(name.project, agreement_id, true));
  TALLY_ASSIGN_OR_RETURN(const HubKeys::Lease lease, hub_.keys().Borrow());
  TALLY_RETURN_IF_ERROR(lease.Project(name.project).status());
  const std::shared_ptr<const SpecificationStore> specs = hub_.specifications();
  TALLY_ASSIGN_OR_RETURN(const ReleasePlan plan, PlanNow(agreement, *specs));
  ReleaseRecord release;
  release.uid = Catalogue::NewUid();
  release.project = name.project;
  release.id = name.release.ToText();
  release.agreement = std::string(agreement_id);
  release.create_time = NowUtcRfc3339();
  release.creator = std::string(creator);
  release.extract_uids = plan.ExtractUids();
  return release;
}

absl::StatusOr<std::vector<LiveRelease>> ReleaseManager::LiveReleases(
    std::string_view project) {
  std::vector<LiveRelease> live;
  // One that awaits approval may be opened to its analysts any day.
  for (const ReleaseState state :
       {ReleaseState::kActive, ReleaseState::kAwaitingApproval}) {
    TALLY_ASSIGN_OR_RETURN(const std::vector<ReleaseRecord> releases,
                           hub_.catalogue().ReleasesInState(state));
    // The newest of each other project: an older one holds fewer rows of the
    // same people. Of one second the later one, as they are in order.
    std::map<std::string, const ReleaseRecord*> newest;
    for (const ReleaseRecord& release : releases) {
      if (release.project == project) continue;
      const ReleaseRecord*& best = newest[release.project];
      if (best == nullptr || best->create_time <= release.create_time) {
        best = &release;
      }
    }
    for (const auto& [other, release] : newest) {
      TALLY_ASSIGN_OR_RETURN(
          const AgreementRecord record,
          hub_.catalogue().GetAgreement(other, release->agreement));
      TALLY_ASSIGN_OR_RETURN(Agreement agreement,
                             ParseAgreement(record.document, "agreement"));
      live.push_back({other, release->name(),
                      hub_.directory().ReleaseDirectory(release->uid),
                      std::move(agreement)});
    }
  }
  return live;
}

absl::StatusOr<BuiltRelease> ReleaseManager::Build(
    const ReleaseRecord& release) {
  TALLY_ASSIGN_OR_RETURN(
      const Agreement agreement,
      LoadAgreement(release.project, release.agreement, true));
  TALLY_ASSIGN_OR_RETURN(
      const AgreementRecord record,
      hub_.catalogue().GetAgreement(release.project, release.agreement));
  const std::shared_ptr<const SpecificationStore> specs = hub_.specifications();
  TALLY_ASSIGN_OR_RETURN(const ReleasePlan plan,
                         PlanPinned(agreement, release, *specs));
  TALLY_ASSIGN_OR_RETURN(const HubKeys::Lease lease, hub_.keys().Borrow());
  BuildInputs inputs;
  TALLY_ASSIGN_OR_RETURN(inputs.link,
                         InputsOf(agreement, plan, lease, release.uid));
  TALLY_ASSIGN_OR_RETURN(inputs.name,
                         dataset::ParseReleaseName(release.name()));
  inputs.hub_id = hub_.config().hub_id;
  inputs.agreement_bytes = record.document;
  TALLY_ASSIGN_OR_RETURN(inputs.project_key, lease.Project(release.project));
  inputs.sign_key = &lease.sign();
  // The entry that asked for this release is in its summary, however soon the
  // build begins.
  TALLY_RETURN_IF_ERROR(hub_.DrainAudit());
  TALLY_RETURN_IF_ERROR(hub_.WithAuditLog([&](const AuditLog& log) {
    TALLY_ASSIGN_OR_RETURN(
        inputs.audit_summary_csv,
        ProjectAuditSummaryCsv(log, "projects/" + release.project));
    return absl::OkStatus();
  }));
  TALLY_ASSIGN_OR_RETURN(inputs.live_releases, LiveReleases(release.project));
  inputs.tally_version = std::string(TallyVersion());
  inputs.contact = hub_.config().contact;
  inputs.directory = hub_.directory().ReleaseDirectory(release.uid);
  return SayIfSealed(BuildRelease(inputs), lease);
}

void ReleaseManager::Run(const ReleaseRecord& release) {
  absl::StatusOr<BuiltRelease> built = Build(release);
  if (!built.ok()) {
    LogStatus(Level::kError, "release failed", built.status(),
              {Field("resource", Name(release.name()))});
    // A hub that stops leaves the release BUILDING; the next start fails it.
    if (hub_.release_queue().stopping()) return;
  }
  {
    MutexLock lock(mu_);
    progress_[release.uid] = {"record", 0, 0, ""};
  }
  outcomes_->Keep(release, std::move(built), NowMonotonicMs());
  Tick();
}

void ReleaseManager::Record(bool all) {
  for (const std::string& uid : outcomes_->RecordDue(NowMonotonicMs(), all)) {
    MutexLock lock(mu_);
    progress_.erase(uid);
  }
}

void ReleaseManager::Tick() {
  Record(false);
  previews_->Forget();
}

void ReleaseManager::Stop() { Record(true); }

void ReleaseManager::QueueBuild(const ReleaseRecord& release) {
  {
    MutexLock lock(mu_);
    progress_[release.uid] = {"wait", 0, 0, ""};
  }
  hub_.release_queue().Add(release.uid, [this, release] { Run(release); });
}

std::optional<OperationProgress> ReleaseManager::Progress(
    std::string_view uid) const {
  MutexLock lock(mu_);
  const auto it = progress_.find(uid);
  if (it == progress_.end()) return std::nullopt;
  return it->second;
}

absl::StatusOr<std::vector<std::string>> ReleaseManager::ExtractNames(
    const ReleaseRecord& release) {
  std::vector<std::string> names;
  for (const std::string& uid : release.extract_uids) {
    TALLY_ASSIGN_OR_RETURN(const ExtractRecord extract,
                           hub_.catalogue().GetExtractByUid(uid));
    names.push_back(extract.name());
  }
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace tally::linkage
