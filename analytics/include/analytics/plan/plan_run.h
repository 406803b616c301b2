// Runs a plan over one release: step by step, each figure through the gate,
// what cannot be had listed with its reason.
// Runs in: the analyst's program.
//
// Spec: docs/spec/plan-v1.md.
// Threading: one thread; the engine uses its own.
// Secrets: record values stay in the engine; results are gated.
#ifndef TALLY_ANALYTICS_PLAN_PLAN_RUN_H_
#define TALLY_ANALYTICS_PLAN_PLAN_RUN_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "analytics/dashboard/dashboard.h"
#include "analytics/measures/runner.h"
#include "analytics/plan/plan.h"
#include "base/exit_code.h"
#include "base/progress.h"

namespace tally::analytics {

enum class StepState { kDone, kNotAvailable, kRefused, kFailed };
std::string_view StepStateName(StepState state);  // "not available"

struct StepOutcome {
  PlanStep step;
  StepState state = StepState::kDone;
  std::string reason;      // of a step that is not done
  std::string version;     // of the measure
  std::string definition;  // SHA-256, hex
  std::vector<GatedTable> tables;
  std::vector<RefusedTable> refused;  // by the gate
  std::vector<MissingTable> missing;  // could not be made
  std::string page;                   // HTML; a dashboard's
  int64_t elapsed_ms = 0;
};

struct PlanOutcome {
  CivilDay month;  // first day
  std::vector<StepOutcome> steps;

  // docs/spec/plan-v1.md, "What becomes of a step". `everything`: a measure
  // that the release cannot carry was not asked for by name, and counts for
  // nothing.
  ExitCode Code(bool everything) const;
};

// What a plan runs on; all must outlive the call.
struct PlanGround {
  const ReleaseFolder& release;
  ReleaseDatabase& database;
  Gate& gate;
  RunOptions options;  // without `by`; the month if one is asked for
  ProgressReporter* progress = nullptr;  // may be null
};

// Errors end the run: of a wrong plan (exit 2), an interruption, a full disk, a
// damaged release. Everything else becomes a step's state.
absl::StatusOr<PlanOutcome> RunPlan(const Plan& plan, const PlanGround& ground);

// The pages of a release as one HTML file; `generated` dates it. `results` are
// those of the measures that are on it, without `by`; what they drew moves into
// the page. kNotFound (exit 4) for an unknown page.
absl::StatusOr<std::string> BuildPage(const ReleaseFolder& release,
                                      const Profile& profile, CivilDay month,
                                      std::string generated,
                                      const std::vector<std::string>& pages,
                                      std::vector<MeasureResult> results);

}  // namespace tally::analytics

#endif  // TALLY_ANALYTICS_PLAN_PLAN_RUN_H_
