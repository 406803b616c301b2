#include "analytics/plan/plan.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/str_format.h"
#include "analytics/dashboard/dashboard.h"
#include "analytics/disclosure/profile.h"
#include "analytics/measures/measure.h"
#include "base/exit_code.h"
#include "base/sha256.h"
#include "base/status.h"
#include "base/strings.h"
#include "base/toml.h"

namespace tally::analytics {
namespace {

std::string PlanHint(std::string_view word,
                     const std::vector<std::string>& known) {
  const std::string near = NearestMatch(word, known);
  return near.empty() ? "" : absl::StrFormat("; did you mean %s?", near);
}

// Everything that is wrong, so that a plan is mended in one go.
class Mistakes {
 public:
  void Add(const absl::Status& status) {
    if (status.ok()) return;
    if (all_.empty()) first_ = status;
    all_.emplace_back(ToStd(status.message()));
  }
  bool none() const { return all_.empty(); }
  // One of its own as it is; several in one message, each with its line.
  absl::Status ToStatus() const {
    if (all_.size() < 2) return first_;
    return UsageError(
        absl::StrFormat("%d mistakes: %s", all_.size(), JoinText(all_, " | ")));
  }

 private:
  absl::Status first_;
  std::vector<std::string> all_;
};

bool PlanHas(const std::vector<std::string>& list, std::string_view word) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

// Reads an array of texts, if the key is there.
absl::Status ReadPlanWords(const TomlTable& table, std::string_view key,
                           std::vector<std::string>& words) {
  if (table.Find(key) == nullptr) return absl::OkStatus();
  TALLY_ASSIGN_OR_RETURN(words, table.GetStrings(key));
  return absl::OkStatus();
}

absl::Status CheckPlanMeasure(const TomlTable& table, const PlanStep& step) {
  const std::vector<std::string> ids = MeasureIds();
  if (PlanHas(ids, step.measure)) return absl::OkStatus();
  const std::string meant = MeantMeasure(step.measure);
  return table.ErrorAt(
      table.Find("measure")->line(),
      absl::StrFormat(
          "step %s: there is no measure %s%s (`commissioning "
          "measure list` shows all)",
          step.id, step.measure,
          meant.empty() ? "" : absl::StrFormat("; did you mean %s?", meant)));
}

absl::Status CheckPlanPages(const TomlTable& table, const PlanStep& step) {
  const std::vector<std::string> ids = PageIds();
  for (const std::string& page : step.pages) {
    if (PlanHas(ids, page)) continue;
    return table.ErrorAt(
        table.Find("dashboard")->line(),
        absl::StrFormat("step %s: there is no page %s%s; pages are %s", step.id,
                        page, PlanHint(page, ids), JoinText(ids, ", ")));
  }
  return absl::OkStatus();
}

absl::StatusOr<PlanStep> ReadPlanStep(const TomlTable& table) {
  TALLY_RETURN_IF_ERROR(
      table.OnlyKeys({"id", "measure", "by", "dashboard", "needs"}));
  PlanStep step;
  step.line = table.line();
  TALLY_ASSIGN_OR_RETURN(step.id, table.GetString("id"));
  if (!IsResourceId(step.id)) {
    return table.ErrorAt(table.Find("id")->line(),
                         "a step's id is small letters, digits and hyphens, "
                         "as in conditions");
  }
  TALLY_RETURN_IF_ERROR(ReadPlanWords(table, "by", step.by));
  TALLY_RETURN_IF_ERROR(ReadPlanWords(table, "needs", step.needs));
  TALLY_RETURN_IF_ERROR(ReadPlanWords(table, "dashboard", step.pages));
  const bool page = table.Find("dashboard") != nullptr;
  if (page == (table.Find("measure") != nullptr)) {
    return table.ErrorAt(
        step.line,
        absl::StrFormat("step %s: give either measure or dashboard", step.id));
  }
  if (page && table.Find("by") != nullptr) {
    return table.ErrorAt(
        table.Find("by")->line(),
        absl::StrFormat("step %s: a dashboard takes no `by`", step.id));
  }
  if (page) {
    TALLY_RETURN_IF_ERROR(CheckPlanPages(table, step));
    return step;
  }
  if (step.id == "page") {
    return table.ErrorAt(step.line, "`page` is the id of a dashboard only");
  }
  TALLY_ASSIGN_OR_RETURN(step.measure, table.GetString("measure"));
  TALLY_RETURN_IF_ERROR(CheckPlanMeasure(table, step));
  return step;
}

void CheckPlanSteps(const TomlTable& root, const std::vector<PlanStep>& steps,
                    Mistakes& mistakes) {
  std::vector<std::string> ids;
  int dashboards = 0;
  for (const PlanStep& step : steps) {
    if (PlanHas(ids, step.id)) {
      mistakes.Add(root.ErrorAt(
          step.line,
          absl::StrFormat("step %s: this id is there twice", step.id)));
    }
    ids.push_back(step.id);
    if (step.is_dashboard() && ++dashboards > 1) {
      mistakes.Add(root.ErrorAt(
          step.line, absl::StrFormat("step %s: a plan has one dashboard; name "
                                     "its pages in one step",
                                     step.id)));
    }
  }
  for (const PlanStep& step : steps) {
    for (const std::string& need : step.needs) {
      if (PlanHas(ids, need)) continue;
      mistakes.Add(root.ErrorAt(
          step.line, absl::StrFormat("step %s needs %s, which is no step%s",
                                     step.id, need, PlanHint(need, ids))));
    }
  }
}

// The first step in the file whose needs are met, again and again.
absl::StatusOr<std::vector<PlanStep>> OrderPlanSteps(
    const TomlTable& root, std::vector<PlanStep> steps) {
  std::vector<PlanStep> ordered;
  std::set<std::string> done;
  while (!steps.empty()) {
    const auto ready =
        std::find_if(steps.begin(), steps.end(), [&](const PlanStep& step) {
          return std::all_of(
              step.needs.begin(), step.needs.end(),
              [&](const std::string& need) { return done.contains(need); });
        });
    if (ready == steps.end()) {
      return root.ErrorAt(
          steps.front().line,
          absl::StrFormat("step %s: what it needs leads in a circle",
                          steps.front().id));
    }
    done.insert(ready->id);
    ordered.push_back(std::move(*ready));
    steps.erase(ready);
  }
  return ordered;
}

absl::Status ReadPlanProfile(const TomlTable& root, Plan& plan) {
  if (root.Find("profile") == nullptr) return absl::OkStatus();
  TALLY_ASSIGN_OR_RETURN(plan.profile, root.GetString("profile"));
  plan.profile_line = root.Find("profile")->line();
  const absl::StatusOr<Profile> named = Profile::Named(plan.profile);
  if (named.ok()) return absl::OkStatus();
  return root.ErrorAt(plan.profile_line, ToStd(named.status().message()));
}

absl::Status ReadPlanMonth(const TomlTable& root, Plan& plan) {
  if (root.Find("month") == nullptr) return absl::OkStatus();
  TALLY_ASSIGN_OR_RETURN(const std::string month, root.GetString("month"));
  const absl::StatusOr<CivilDay> day = CivilDay::Parse(month + "-01");
  if (!day.ok()) {
    return root.ErrorAt(root.Find("month")->line(),
                        "month is YYYY-MM, as in \"2026-10\"");
  }
  plan.month = *day;
  plan.month_line = root.Find("month")->line();
  return absl::OkStatus();
}

void ReadPlanHead(const TomlTable& root, Plan& plan, Mistakes& mistakes) {
  mistakes.Add(root.OnlyKeys({"release", "month", "profile", "step"}));
  const absl::StatusOr<std::string> release = root.GetString("release");
  mistakes.Add(release.status());
  if (release.ok()) plan.release = *release;
  mistakes.Add(ReadPlanProfile(root, plan));
  mistakes.Add(ReadPlanMonth(root, plan));
}

// The steps in the order of the file; those that are wrong are left out.
std::vector<PlanStep> ReadPlanSteps(const TomlTable& root, Mistakes& mistakes) {
  std::vector<PlanStep> steps;
  // Under another name it is an unknown key, which has been said.
  if (root.Find("step") == nullptr && !mistakes.none()) return steps;
  const absl::StatusOr<TomlArray> list = root.GetArray("step");
  mistakes.Add(list.status());
  if (!list.ok()) return steps;
  if (list->empty() || list->size() > kMaxPlanSteps) {
    mistakes.Add(root.ErrorAt(
        root.Find("step")->line(),
        absl::StrFormat("a plan has 1 to %d steps", kMaxPlanSteps)));
    return steps;
  }
  bool whole = true;
  for (const TomlValue& value : *list) {
    absl::StatusOr<PlanStep> step =
        value.is_table() ? ReadPlanStep(value.AsTable())
                         : root.ErrorAt(value.line(),
                                        "a step is a table, as in { id = "
                                        "\"people\", measure = \"C02\" }");
    mistakes.Add(step.status());
    whole = whole && step.ok();
    if (step.ok()) steps.push_back(*std::move(step));
  }
  // What is needed may be a step that could not be read.
  if (whole) CheckPlanSteps(root, steps, mistakes);
  return steps;
}

}  // namespace

std::string Plan::Where(const PlanStep& step) const {
  if (file.empty()) return "";
  return absl::StrFormat("%s:%d: step %s: ", file, step.line, step.id);
}

std::string Plan::At(int line) const {
  return absl::StrFormat("%s:%d: ", file, line);
}

absl::StatusOr<Plan> ParsePlan(std::string_view text, std::string file) {
  Plan plan;
  plan.file = file;
  plan.text = std::string(text);
  plan.sha256 = Sha256Hex(text);
  TALLY_ASSIGN_OR_RETURN(const TomlTable root,
                         ParseToml(text, std::move(file)));
  Mistakes mistakes;
  ReadPlanHead(root, plan, mistakes);
  std::vector<PlanStep> steps = ReadPlanSteps(root, mistakes);
  TALLY_RETURN_IF_ERROR(mistakes.ToStatus());
  TALLY_ASSIGN_OR_RETURN(plan.steps, OrderPlanSteps(root, std::move(steps)));
  return plan;
}

Plan PlanOfEverything() {
  Plan plan;
  for (const std::string& id : MeasureRunOrder()) {
    PlanStep step;
    step.id = id;
    std::transform(step.id.begin(), step.id.end(), step.id.begin(), [](char c) {
      return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    step.measure = id;
    plan.steps.push_back(std::move(step));
  }
  PlanStep page;
  page.id = "page";
  plan.steps.push_back(std::move(page));
  return plan;
}

}  // namespace tally::analytics
