#include "preview_jobs.h"

#include <utility>

#include "base/error.h"
#include "base/log.h"
#include "linkage/store/catalogue.h"
#include "proto_convert.h"
#include "transport/status_mapping.h"

namespace tally::linkage {
namespace {

// Request ids that ask about one preview; a caller has a few windows, not
// hundreds.
constexpr size_t kMostRequestIds = 16;

// What a preview that failed tells, in the words of a call that fails.
hub::v1::PreviewLinkageResponse FailedPreview(const absl::Status& status) {
  ErrorDetail detail = DetailOf(status).value_or(ErrorDetail{});
  if (detail.reason == Reason::kUnspecified) {
    detail.reason = absl::IsResourceExhausted(status) ? Reason::kDiskLow
                                                      : Reason::kInternal;
  }
  detail.corr = transport::NewCorrelationId();
  LogStatus(Level::kError, "preview failed", status,
            {Field("corr", Name(detail.corr))});
  hub::v1::PreviewLinkageResponse failed;
  failed.set_state(hub::v1::PREVIEW_STATE_FAILED);
  transport::ToProto(detail, failed.mutable_error());
  return failed;
}

}  // namespace

bool PreviewJobs::Job::ended() const {
  return answer.state() == hub::v1::PREVIEW_STATE_DONE ||
         answer.state() == hub::v1::PREVIEW_STATE_FAILED;
}

bool PreviewJobs::Job::waits() const {
  return answer.state() == hub::v1::PREVIEW_STATE_WAITING;
}

bool PreviewJobs::AskLocked(State& state, const Key& key,
                            const std::string& request_id,
                            hub::v1::PreviewLinkageResponse* answer) {
  const auto found = state.jobs.find(key);
  if (found == state.jobs.end()) return false;
  Job& job = *found->second;
  const size_t known = std::erase(job.request_ids, request_id);
  if (job.ended() && known == 0) return false;
  // Whoever asks last is told the report, however many have asked before.
  job.request_ids.push_back(request_id);
  if (job.request_ids.size() > kMostRequestIds) job.request_ids.pop_front();
  job.asked_ms = state.now_ms();
  *answer = job.answer;
  return true;
}

bool PreviewJobs::Ask(const Key& key, const std::string& request_id,
                      hub::v1::PreviewLinkageResponse* answer) {
  MutexLock lock(state_->mu);
  return AskLocked(*state_, key, request_id, answer);
}

// The one that has ended and was asked about longest ago makes room.
absl::Status PreviewJobs::MakeRoom(State& state) {
  ForgetLocked(state);
  if (state.jobs.size() < kMostPreviews) return absl::OkStatus();
  auto oldest = state.jobs.end();
  for (auto job = state.jobs.begin(); job != state.jobs.end(); ++job) {
    if (!job->second->ended()) continue;
    if (oldest == state.jobs.end() ||
        job->second->asked_ms < oldest->second->asked_ms) {
      oldest = job;
    }
  }
  if (oldest == state.jobs.end()) {
    return Error(Reason::kRateLimited, "too many previews wait");
  }
  state.jobs.erase(oldest);
  return absl::OkStatus();
}

absl::Status PreviewJobs::Begin(const Key& key, const std::string& request_id,
                                Work work,
                                hub::v1::PreviewLinkageResponse* answer) {
  MutexLock lock(state_->mu);
  if (AskLocked(*state_, key, request_id, answer)) {
    return absl::OkStatus();
  }
  state_->jobs.erase(key);  // one that has ended, for another request
  if (absl::Status room = MakeRoom(*state_); !room.ok()) return room;
  auto job = std::make_shared<Job>();
  job->request_ids.push_back(request_id);
  job->asked_ms = state_->now_ms();
  job->answer.set_state(hub::v1::PREVIEW_STATE_WAITING);
  job->answer.mutable_progress()->set_stage("wait");
  if (!queue_.Add("preview-" + Catalogue::NewUid(),
                  [state = state_, key, job, work = std::move(work)] {
                    Run(*state, key, job, work);
                  })) {
    return Error(Reason::kDraining, "the hub is shutting down");
  }
  state_->jobs[key] = job;
  *answer = job->answer;
  return absl::OkStatus();
}

void PreviewJobs::Run(State& state, const Key& key, const JobPtr& job,
                      const Work& work) {
  const std::function<bool()> unwanted = [&state, &job] {
    MutexLock lock(state.mu);
    return state.now_ms() - job->asked_ms > kPreviewKeptMs;
  };
  absl::StatusOr<hub::v1::PreviewLinkageResponse> done =
      absl::CancelledError("nobody asks about it");
  if (!unwanted()) {
    {
      MutexLock lock(state.mu);
      job->answer.set_state(hub::v1::PREVIEW_STATE_RUNNING);
    }
    done = work(
        [&state, &job](const OperationProgress& progress) {
          MutexLock lock(state.mu);
          ToProto(progress, job->answer.mutable_progress());
        },
        unwanted);
  }
  hub::v1::PreviewLinkageResponse answer;
  if (done.ok()) {
    answer = *std::move(done);
    answer.set_state(hub::v1::PREVIEW_STATE_DONE);
  } else if (!absl::IsCancelled(done.status())) {
    answer = FailedPreview(done.status());
  }
  MutexLock lock(state.mu);
  job->answer = std::move(answer);
  if (job->ended()) return;
  // Whoever asks for it after all begins another.
  const auto found = state.jobs.find(key);
  if (found != state.jobs.end() && found->second == job) {
    state.jobs.erase(found);
  }
}

void PreviewJobs::Forget() {
  MutexLock lock(state_->mu);
  ForgetLocked(*state_);
}

// One at work ends itself and goes then; one that waits is not begun.
void PreviewJobs::ForgetLocked(State& state) {
  const int64_t now_ms = state.now_ms();
  std::erase_if(state.jobs, [now_ms](const auto& entry) {
    const Job& job = *entry.second;
    return (job.ended() || job.waits()) &&
           now_ms - job.asked_ms > kPreviewKeptMs;
  });
}

size_t PreviewJobs::size() const {
  MutexLock lock(state_->mu);
  return state_->jobs.size();
}

}  // namespace tally::linkage
