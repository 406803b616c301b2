// Any bytes as a plan: no crash, exit 2 for each refusal, and steps that come
// after what they need.
#include <cstdint>
#include <cstdlib>
#include <set>
#include <string>
#include <string_view>

#include "analytics/plan/plan.h"
#include "base/exit_code.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto plan = tally::analytics::ParsePlan(text, "f");
  if (!plan.ok()) {
    if (tally::ExitCodeOf(plan.status()) != tally::kExitUsage) abort();
    // One mistake with its line, or several: "2 mistakes:\nf:1: ...\nf:3: ...".
    const std::string_view said(plan.status().message().data(),
                                plan.status().message().size());
    if (!said.starts_with("f:") &&
        said.find(" mistakes:\nf:") == std::string_view::npos) {
      abort();
    }
    return 0;
  }
  if (plan->steps.empty() ||
      plan->steps.size() > tally::analytics::kMaxPlanSteps ||
      plan->text != text) {
    abort();
  }
  std::set<std::string> done;
  for (const tally::analytics::PlanStep& step : plan->steps) {
    for (const std::string& need : step.needs) {
      if (!done.contains(need)) abort();
    }
    if (!done.insert(step.id).second) abort();
  }
  return 0;
}
