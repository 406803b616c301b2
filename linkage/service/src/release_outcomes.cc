#include "release_outcomes.h"

#include <utility>

#include "base/files.h"
#include "base/json.h"
#include "base/log.h"
#include "base/status.h"

namespace tally::linkage {
namespace {

// What a failed build leaves in the catalogue.
ErrorDetail DetailFor(const absl::Status& status) {
  std::optional<ErrorDetail> detail = DetailOf(status);
  if (detail.has_value()) return *std::move(detail);
  ErrorDetail internal;
  internal.reason = status.code() == absl::StatusCode::kResourceExhausted
                        ? Reason::kDiskLow
                        : Reason::kInternal;
  return internal;
}

std::string TablesJson(const std::map<std::string, int64_t>& tables) {
  JsonValue object = JsonValue::MakeObject();
  for (const auto& [table, rows] : tables) object.Set(table, rows);
  return object.Dump();
}

// Whether waiting may help: the catalogue is away, or its disk is full.
bool MayPass(const absl::Status& status) {
  return absl::IsUnavailable(status) || absl::IsResourceExhausted(status);
}

}  // namespace

void ReleaseOutcomes::Keep(const ReleaseRecord& release,
                           absl::StatusOr<BuiltRelease> built, int64_t now_ms) {
  MutexLock lock(mu_);
  waiting_.insert_or_assign(release.uid, Outcome{.release = release,
                                                 .built = std::move(built),
                                                 .corr = NewCorrelationId(),
                                                 .due_ms = now_ms});
}

absl::Status ReleaseOutcomes::Record(const Outcome& outcome) {
  const ReleaseRecord& release = outcome.release;
  Change change;
  change.entry.actor = hub_.config().OwnUri();
  change.entry.action = AuditAction::kReleaseCreate;
  change.entry.object = release.name();
  change.entry.corr = outcome.corr;
  if (!outcome.built.ok()) {
    const ErrorDetail detail = DetailFor(outcome.built.status());
    change.entry.outcome = std::string(ReasonName(detail.reason));
    return hub_.catalogue().FailRelease(release.uid, detail, change);
  }
  const BuiltRelease& built = *outcome.built;
  change.entry.digests["manifest"] = built.manifest_sha256;
  for (const auto& [table, rows] : built.tables) {
    change.entry.counts[table] = rows;
  }
  return hub_.catalogue().FinishRelease(release.uid, built.manifest_sha256,
                                        TablesJson(built.tables), built.files,
                                        change);
}

bool ReleaseOutcomes::HasFailed(const ReleaseRecord& release) {
  const absl::StatusOr<ReleaseRecord> now =
      hub_.catalogue().GetRelease(release.project, release.id);
  // Another uid: the name was given again, which it is only after a failure.
  return now.ok() &&
         (now->uid != release.uid || now->state == ReleaseState::kFailed);
}

void ReleaseOutcomes::RemoveFolder(const ReleaseRecord& release) {
  const absl::Status removed =
      RemoveTree(hub_.directory().ReleaseDirectory(release.uid));
  if (removed.ok()) return;
  // The next start removes what no release in force has.
  LogStatus(Level::kWarning, "the folder of a release was not removed", removed,
            {Field("resource", Name(release.name()))});
}

bool ReleaseOutcomes::Settle(Outcome& outcome, int64_t now_ms) {
  const absl::Status recorded = Record(outcome);
  // RELEASE_STATE: it is not BUILDING any more. An earlier attempt was
  // committed although its answer was lost.
  if (recorded.ok() || ReasonOf(recorded) == Reason::kReleaseState) {
    if (outcome.given_up && HasFailed(outcome.release)) {
      RemoveFolder(outcome.release);
    }
    if (outcome.built.ok()) {
      Log(Level::kInfo, "release built",
          {Field("resource", Name(outcome.release.name()))});
    }
    return true;
  }
  if (!MayPass(recorded) && ++outcome.refusals >= kMostRefusals &&
      outcome.built.ok()) {
    outcome.built =
        Error(Reason::kInternal, "the release could not be recorded");
    outcome.given_up = true;
  }
  const int64_t wait_ms = outcome.backoff.NextMs();
  outcome.due_ms = now_ms + wait_ms;
  LogStatus(Level::kError, "the outcome of a release is not recorded yet",
            recorded,
            {Field("resource", Name(outcome.release.name())),
             Field("again_in_ms", wait_ms)});
  return false;
}

std::vector<std::string> ReleaseOutcomes::RecordDue(int64_t now_ms, bool all) {
  // All the while, so that nobody takes an outcome at work for a settled one.
  MutexLock lock(mu_);
  std::vector<std::string> settled;
  for (auto& [uid, outcome] : waiting_) {
    if (!all && outcome.due_ms > now_ms) continue;
    if (Settle(outcome, now_ms)) settled.push_back(uid);
  }
  for (const std::string& uid : settled) waiting_.erase(uid);
  if (!settled.empty()) {
    // Else the entries wait in the outbox for the next change.
    LogStatus(Level::kInfo, "outcomes of releases are recorded",
              hub_.DrainAudit());
  }
  return settled;
}

}  // namespace tally::linkage
