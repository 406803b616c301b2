#ifndef TALLY_LINKAGE_SERVICE_SRC_PREVIEW_JOBS_H_
#define TALLY_LINKAGE_SERVICE_SRC_PREVIEW_JOBS_H_

// Previews that wait, run or have ended, and who may see them: the caller who
// asked. A caller has one preview of an agreement under way at a time. Calls
// with other request ids take it up meanwhile, so that a command that was
// interrupted goes on when it is given again; once it has ended, a new request
// id begins another.
//
// A preview that nobody has asked about for kPreviewKeptMs is forgotten, ended
// or not begun; one at work ends early. At most kMostPreviews are kept, of at
// most 1 MiB each.
//
// Role: hub. Holds reports with exact counts.
// Spec: docs/spec/api-v1.md, "Previews"
// Threading: any thread. Work runs on the queue's thread.
// Secrets: none.

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <tuple>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/civil_day.h"
#include "base/mutex.h"
#include "linkage/service/background_queue.h"
#include "linkage/store/catalogue_types.h"
#include "tally/hub/v1/linkage.pb.h"

namespace tally::linkage {

inline constexpr int64_t kPreviewKeptMs = 15LL * 60 * 1000;
inline constexpr size_t kMostPreviews = 16;

class PreviewJobs {
 public:
  // Caller's URI, project, agreement.
  using Key = std::tuple<std::string, std::string, std::string>;
  // Makes the report: tells its progress, and asks often whether anybody wants
  // it still; an error of kCancelled is then forgotten with the preview.
  using Work = std::function<absl::StatusOr<hub::v1::PreviewLinkageResponse>(
      std::function<void(const OperationProgress&)> progress,
      const std::function<bool()>& unwanted)>;

  // `queue` must outlive this. `now_ms` is a clock that is never set back.
  explicit PreviewJobs(BackgroundQueue& queue,
                       std::function<int64_t()> now_ms = NowMonotonicMs)
      : queue_(queue), state_(std::make_shared<State>(std::move(now_ms))) {}

  // Whether there is a preview that this request asks about; `answer` then says
  // where it stands.
  bool Ask(const Key& key, const std::string& request_id,
           hub::v1::PreviewLinkageResponse* answer);

  // As Ask(), where there is none queues `work` first. Errors: RATE_LIMITED
  // when kMostPreviews wait or run; DRAINING when the queue has stopped.
  [[nodiscard]] absl::Status Begin(const Key& key,
                                   const std::string& request_id, Work work,
                                   hub::v1::PreviewLinkageResponse* answer);

  // Forgets what nobody has asked about. To be called now and then.
  void Forget();

  // How many wait, run or are kept.
  size_t size() const;

 private:
  struct Job {
    std::deque<std::string> request_ids;  // the last to ask at the end
    int64_t asked_ms = 0;
    hub::v1::PreviewLinkageResponse answer;
    bool ended() const;
    bool waits() const;
  };
  using JobPtr = std::shared_ptr<Job>;
  struct State {
    explicit State(std::function<int64_t()> clock) : now_ms(std::move(clock)) {}
    const std::function<int64_t()> now_ms;
    mutable Mutex mu;
    std::map<Key, JobPtr> jobs TALLY_GUARDED_BY(mu);
  };

  static bool AskLocked(State& state, const Key& key,
                        const std::string& request_id,
                        hub::v1::PreviewLinkageResponse* answer)
      TALLY_REQUIRES(state.mu);
  static void ForgetLocked(State& state) TALLY_REQUIRES(state.mu);
  static absl::Status MakeRoom(State& state) TALLY_REQUIRES(state.mu);
  static void Run(State& state, const Key& key, const JobPtr& job,
                  const Work& work);

  BackgroundQueue& queue_;
  const std::shared_ptr<State> state_;  // the queue's work holds it too
};

}  // namespace tally::linkage

#endif  // TALLY_LINKAGE_SERVICE_SRC_PREVIEW_JOBS_H_
