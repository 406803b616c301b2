// The folder that `commissioning run` leaves: tables, page, what the gate did,
// what is missing and why, and digests of it all.
// Runs in: the analyst's program.
//
// Spec: docs/spec/plan-v1.md, "Output".
// Threading: one thread.
// Secrets: none: every figure is gated.
#ifndef TALLY_ANALYTICS_PLAN_RUN_FOLDER_H_
#define TALLY_ANALYTICS_PLAN_RUN_FOLDER_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "analytics/plan/plan_run.h"
#include "base/json.h"

namespace tally::analytics {

inline constexpr int64_t kRunFormat = 1;

struct RunFolderOptions {
  std::string path;  // where the folder goes
  std::string temp;  // for the engine; may be made
  JsonValue inputs;  // ReadRunInputs
  int threads = 1;   // for timings.json
};

// What a run reads beside the release, for its run.json: path and digest of
// every file of the two folders, either of which may be empty or absent. Before
// the run, for a file that cannot be read ends it. Errors of the file system.
absl::StatusOr<JsonValue> ReadRunInputs(const std::string& comparators,
                                        const std::string& definitions);

// Writes a hidden folder beside PATH and moves it there; what an earlier run
// left is replaced. kFailedPrecondition (exit 7) if something is at PATH, or in
// it, that no run left, or left otherwise; kInvalidArgument (exit 2) if PATH is
// in the release's folder; errors of the file system. After an error PATH is as
// it was, and once all is written the message names the folder that holds it.
absl::Status WriteRunFolder(const Plan& plan, const PlanOutcome& outcome,
                            const PlanGround& ground,
                            const RunFolderOptions& options);

// Checks the place before anything is computed. Errors as WriteRunFolder.
absl::Status CheckRunFolder(const std::string& path,
                            const ReleaseFolder& release);

}  // namespace tally::analytics

#endif  // TALLY_ANALYTICS_PLAN_RUN_FOLDER_H_
