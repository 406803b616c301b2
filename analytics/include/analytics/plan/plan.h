// A plan: which figures a project wants, in a file that works the same on a
// synthetic release and on every real one of the same shape.
// Runs in: the analyst's program. Must never hold: SQL, a figure.
//
// Spec: docs/spec/plan-v1.md.
// Threading: values.
// Secrets: none.
#ifndef TALLY_ANALYTICS_PLAN_PLAN_H_
#define TALLY_ANALYTICS_PLAN_PLAN_H_

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "base/civil_day.h"

namespace tally::analytics {

inline constexpr size_t kMaxPlanSteps = 200;
inline constexpr int64_t kMaxPlanBytes = 1 << 20;

struct PlanStep {
  std::string id;
  std::string measure;             // empty: a dashboard
  std::vector<std::string> by;     // of a measure; empty: the usual columns
  std::vector<std::string> pages;  // of a dashboard; empty: all
  std::vector<std::string> needs;
  int line = 0;  // in the file; 0 where there is none

  bool is_dashboard() const { return measure.empty(); }
};

struct Plan {
  std::string file;    // as it was named; empty: made by PlanOfEverything
  std::string text;    // its bytes
  std::string sha256;  // of them, hex
  std::string release;
  std::optional<CivilDay> month;  // first day
  std::string profile;
  int month_line = 0, profile_line = 0;  // of the file; 0: not there
  std::vector<PlanStep> steps;           // in the order in which they run

  // "FILE:LINE: step ID: " for messages; empty without a file.
  std::string Where(const PlanStep& step) const;
  // "FILE:LINE: " of a line.
  std::string At(int line) const;
};

// Reads a plan and puts its steps in order: after what they need, else as in
// the file. `definitions` is the folder of replaced definitions (may be empty),
// which say what a measure is grouped by. kInvalidArgument (exit 2), with file
// and line of everything that is wrong: an unknown key, measure, page, profile
// or column, an id that is malformed or there twice, a need that leads nowhere
// or in a circle, a second dashboard; of what is no TOML, the first place.
// Errors of a replaced definition as LoadDefinition. Thread-safe.
absl::StatusOr<Plan> ParsePlan(std::string_view text, std::string file,
                               const std::string& definitions = "");

// Every built-in measure, then the whole dashboard; step ids are the measures'
// in lower case, and "page".
Plan PlanOfEverything();

}  // namespace tally::analytics

#endif  // TALLY_ANALYTICS_PLAN_PLAN_H_
