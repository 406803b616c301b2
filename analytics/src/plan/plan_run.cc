#include "analytics/plan/plan_run.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_format.h"
#include "analytics/measures/agreement.h"
#include "base/civil_day.h"
#include "base/process.h"
#include "base/status.h"
#include "base/strings.h"

namespace tally::analytics {
namespace {

// What ends the whole run: it would meet the next step too.
bool EndsRun(const absl::Status& status) {
  if (absl::IsCancelled(status)) return true;
  const ExitCode code = ExitCodeOf(status);
  return code != kExitFailure && code != kExitNotPermitted &&
         code != kExitInvalidInput && code != kExitNotFound;
}

// A wrong plan is told with the place in it.
absl::Status AtStep(const Plan& plan, const PlanStep& step,
                    const absl::Status& status) {
  const ExitCode code = ExitCodeOf(status);
  if (code != kExitUsage) return status;
  return UsageError(plan.Where(step) + std::string(ToStd(status.message())));
}

class PlanRun {
 public:
  PlanRun(const Plan& plan, const PlanGround& ground)
      : plan_(plan),
        ground_(ground),
        usual_(ground.release, ground.database, ground.gate, ground.options) {}

  absl::StatusOr<PlanOutcome> Run();

 private:
  absl::Status FindMonth();
  void AnnounceMeasures();
  absl::Status RunStep(StepOutcome& step);
  absl::Status RunMeasureStep(StepOutcome& step);
  absl::Status RunPageStep(StepOutcome& step);
  absl::StatusOr<MeasureResult> Compute(const std::string& id,
                                        const std::vector<std::string>& by);

  const Plan& plan_;
  const PlanGround& ground_;
  CivilDay month_;
  MeasureRunner usual_;  // without `by`
};

absl::StatusOr<MeasureResult> PlanRun::Compute(
    const std::string& id, const std::vector<std::string>& by) {
  TALLY_RETURN_IF_ERROR(CheckNotStopped());
  if (by.empty()) return usual_.Run(id);  // each once for the plan
  RunOptions options = ground_.options;
  options.by = by;
  MeasureRunner runner(ground_.release, ground_.database, ground_.gate,
                       std::move(options));
  return runner.Run(id);
}

absl::Status PlanRun::RunMeasureStep(StepOutcome& step) {
  TALLY_ASSIGN_OR_RETURN(MeasureResult result,
                         Compute(step.step.measure, step.step.by));
  step.version = result.version;
  step.definition = result.definition_sha256;
  step.tables = std::move(result.tables);
  step.refused = std::move(result.refused);
  step.missing = std::move(result.missing);
  if (result.unavailable.has_value()) {
    step.state = StepState::kNotAvailable;
    step.reason = *result.unavailable;
  } else if (step.tables.empty() && !step.refused.empty()) {
    step.state = StepState::kRefused;
    step.reason = ToStd(step.refused.front().status.message());
  } else if (step.tables.empty() && !step.missing.empty()) {
    step.state = StepState::kNotAvailable;
    step.reason = step.missing.front().reason;
  }
  return absl::OkStatus();
}

// Measures of a page that come to nothing are named on the page.
absl::Status PlanRun::RunPageStep(StepOutcome& step) {
  std::vector<MeasureResult> results;
  for (const std::string& id : MeasureRunOrder()) {
    TALLY_ASSIGN_OR_RETURN(const MeasureDefinition definition,
                           LoadDefinition(id, ground_.options.definitions));
    const bool wanted =
        step.step.pages.empty() ||
        std::any_of(step.step.pages.begin(), step.step.pages.end(),
                    [&](const std::string& page) {
                      const auto& own = definition.pages();
                      return page == "about" ||
                             std::find(own.begin(), own.end(), page) !=
                                 own.end();
                    });
    if (!wanted) continue;
    absl::StatusOr<MeasureResult> result = Compute(id, {});
    if (result.ok()) {
      results.push_back(*std::move(result));
      continue;
    }
    if (EndsRun(result.status())) return result.status();
    MeasureResult& missing = results.emplace_back();
    missing.id = definition.id();
    missing.title = definition.title();
    missing.version = definition.version();
    missing.definition_sha256 = definition.sha256();
    missing.unavailable = ToStd(result.status().message());
  }
  TALLY_ASSIGN_OR_RETURN(
      step.page, BuildPage(ground_.release, ground_.gate.profile(), month_,
                           ground_.release.manifest().created, step.step.pages,
                           std::move(results)));
  return absl::OkStatus();
}

absl::Status PlanRun::RunStep(StepOutcome& step) {
  const absl::Status status =
      step.step.is_dashboard() ? RunPageStep(step) : RunMeasureStep(step);
  if (status.ok()) return status;
  if (EndsRun(status)) return AtStep(plan_, step.step, status);
  step.state = ExitCodeOf(status) == kExitNotPermitted ? StepState::kRefused
                                                       : StepState::kFailed;
  step.reason = ToStd(status.message());
  return absl::OkStatus();
}

// A month of the plan that the release does not cover is told with its line.
absl::Status PlanRun::FindMonth() {
  const absl::StatusOr<CivilDay> month = usual_.Month();
  if (!month.ok()) {
    const bool of_plan = plan_.month_line > 0 &&
                         ExitCodeOf(month.status()) == kExitUsage &&
                         ground_.options.month == plan_.month;
    if (!of_plan) return month.status();
    std::string_view words = ToStd(month.status().message());
    constexpr std::string_view kFlag = "--month: ";
    if (words.starts_with(kFlag)) words.remove_prefix(kFlag.size());
    return UsageError(plan_.At(plan_.month_line) + std::string(words));
  }
  month_ = *month;
  return absl::OkStatus();
}

// Steps with `by` have runners of their own, and one database serves one runner
// at a time.
void PlanRun::AnnounceMeasures() {
  std::vector<std::string> ids;
  for (const PlanStep& step : plan_.steps) {
    if (!step.by.empty()) return;
    if (!step.is_dashboard()) ids.push_back(step.measure);
  }
  usual_.Announce(ids);
}

absl::StatusOr<PlanOutcome> PlanRun::Run() {
  TALLY_RETURN_IF_ERROR(FindMonth());
  PlanOutcome outcome;
  outcome.month = month_;
  ProgressReporter* const progress = ground_.progress;
  if (progress != nullptr) {
    progress->Start("running", ground_.release.manifest().release.ToText(),
                    static_cast<int64_t>(plan_.steps.size()), "steps");
  }
  AnnounceMeasures();
  for (const PlanStep& planned : plan_.steps) {
    TALLY_RETURN_IF_ERROR(CheckNotStopped());
    StepOutcome& step = outcome.steps.emplace_back();
    step.step = planned;
    const int64_t began = NowMonotonicMs();
    TALLY_RETURN_IF_ERROR(RunStep(step));
    step.elapsed_ms = NowMonotonicMs() - began;
    if (progress != nullptr) progress->Add(1);
  }
  if (progress != nullptr) progress->Finish();
  return outcome;
}

}  // namespace

std::string_view StepStateName(StepState state) {
  switch (state) {
    case StepState::kDone:
      return "done";
    case StepState::kNotAvailable:
      return "not available";
    case StepState::kRefused:
      return "refused";
    case StepState::kFailed:
      return "failed";
  }
  return "";
}

ExitCode PlanOutcome::Code(bool everything) const {
  int count[4] = {};
  bool cut = false;  // some table of a step is not there
  for (const StepOutcome& step : steps) {
    ++count[static_cast<size_t>(step.state)];
    cut = cut || !step.refused.empty();
  }
  const int done = count[static_cast<size_t>(StepState::kDone)];
  const int absent = count[static_cast<size_t>(StepState::kNotAvailable)];
  const int refused = count[static_cast<size_t>(StepState::kRefused)];
  const int failed = count[static_cast<size_t>(StepState::kFailed)];
  if (done > 0) {
    const bool partial =
        cut || refused + failed > 0 || (absent > 0 && !everything);
    return partial ? kExitRowsRejected : kExitDone;
  }
  if (failed > 0) return kExitFailure;
  return refused > 0 ? kExitNotPermitted : kExitNotFound;
}

absl::StatusOr<PlanOutcome> RunPlan(const Plan& plan,
                                    const PlanGround& ground) {
  return PlanRun(plan, ground).Run();
}

absl::StatusOr<std::string> BuildPage(const ReleaseFolder& release,
                                      const Profile& profile, CivilDay month,
                                      std::string generated,
                                      const std::vector<std::string>& pages,
                                      std::vector<MeasureResult> results) {
  // However they were run, the page has them in the order of their ids.
  std::sort(results.begin(), results.end(),
            [](const MeasureResult& a, const MeasureResult& b) {
              return a.id < b.id;
            });
  std::vector<PagePart> parts;
  PageSet set;
  for (MeasureResult& result : results) {
    for (PagePart& part : result.parts) parts.push_back(std::move(part));
    if (!result.unavailable.has_value()) continue;
    for (const std::string& page : result.pages) {
      set.missing.push_back(
          {page, result.id, result.title, *result.unavailable});
    }
  }
  TALLY_ASSIGN_OR_RETURN(PagePart about, AboutPage(release, profile, results));
  parts.push_back(std::move(about));
  set.release = release.name();
  set.project = release.manifest().project;
  TALLY_ASSIGN_OR_RETURN(const AgreementFacts agreement,
                         ReadAgreement(release));
  set.title = agreement.title;
  set.environment = release.manifest().environment;
  set.generated = std::move(generated);
  set.data_date = month.LastOfMonth();
  set.profile = profile.name();
  set.profile_description = profile.description();
  set.peer_group = "all practices of the release";
  TALLY_ASSIGN_OR_RETURN(set.pages, ArrangePages(std::move(parts), pages, set));
  return WriteDashboard(set);
}

}  // namespace tally::analytics
