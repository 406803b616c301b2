#ifndef TALLY_LINKAGE_SERVICE_SRC_RELEASE_OUTCOMES_H_
#define TALLY_LINKAGE_SERVICE_SRC_RELEASE_OUTCOMES_H_

// What came of builds, kept until the catalogue has it. A build may have taken
// hours: a catalogue that is away or a disk that is full must not cost it.
//
// An outcome that cannot be recorded now is tried again after waits that grow
// to 10 s, for as long as the hub runs. One that the catalogue refuses for
// another reason than being away or full, and goes on refusing, becomes a
// failure: the folder is removed and the release FAILED, so that it can be
// asked for again. A folder is kept unless the catalogue says FAILED.
//
// Role: hub.
// Spec: docs/operations.md, "Releases"
// Threading: any thread; one at a time inside.
// Secrets: none.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/error.h"
#include "base/mutex.h"
#include "linkage/release/release_builder.h"
#include "linkage/service/hub.h"
#include "transport/client.h"

namespace tally::linkage {

// How often a refusal for good is asked about again before it is believed:
// some three minutes of waits.
inline constexpr int kMostRefusals = 20;

class ReleaseOutcomes {
 public:
  // `hub` must outlive this.
  explicit ReleaseOutcomes(Hub& hub) : hub_(hub) {}

  // Keeps the outcome of a build; RecordDue() records it. `now_ms` is
  // NowMonotonicMs(), as there.
  void Keep(const ReleaseRecord& release, absl::StatusOr<BuiltRelease> built,
            int64_t now_ms);

  // Records what is due by then, with `all` what waits for its next attempt as
  // well. Returns the uids of the releases that are settled: no longer
  // BUILDING. Cost: a change of the catalogue each.
  std::vector<std::string> RecordDue(int64_t now_ms, bool all = false);

 private:
  struct Outcome {
    ReleaseRecord release;
    absl::StatusOr<BuiltRelease> built;
    std::string corr;  // of its audit entry, the same at every attempt
    transport::Backoff backoff = {};
    int64_t due_ms = 0;
    int refusals = 0;
    bool given_up = false;
  };

  absl::Status Record(const Outcome& outcome);
  // Whether the outcome is settled; if not, when it is due again.
  bool Settle(Outcome& outcome, int64_t now_ms);
  // Whether the catalogue says so; false if it cannot be asked.
  bool HasFailed(const ReleaseRecord& release);
  void RemoveFolder(const ReleaseRecord& release);

  Hub& hub_;
  Mutex mu_;
  std::map<std::string, Outcome> waiting_ TALLY_GUARDED_BY(mu_);  // by uid
};

}  // namespace tally::linkage

#endif  // TALLY_LINKAGE_SERVICE_SRC_RELEASE_OUTCOMES_H_
