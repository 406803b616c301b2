#include "analytics/plan/plan.h"

#include <algorithm>
#include <charconv>
#include <set>
#include <utility>

#include "absl/strings/str_format.h"
#include "analytics/dashboard/dashboard.h"
#include "analytics/disclosure/profile.h"
#include "analytics/measures/definition.h"
#include "analytics/measures/measure.h"
#include "analytics/measures/runner.h"
#include "base/error.h"
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
  explicit Mistakes(std::string file) : file_(std::move(file)) {}

  void Add(const absl::Status& status) {
    if (!status.ok()) all_.push_back(status);
  }
  // The value, or an empty one and the mistake noted.
  template <typename T>
  T Take(absl::StatusOr<T> value) {
    Add(value.status());
    return value.ok() ? *std::move(value) : T();
  }
  bool none() const { return all_.empty(); }
  // One of its own as it is; several in one message, a line each, in the order
  // of the file. What is no mistake of the plan, as a damaged definition, comes
  // first and alone.
  absl::Status ToStatus();

 private:
  // The line that a message begins with; 0 if it names another file or none.
  int LineOf(const absl::Status& status) const;

  const std::string file_;
  std::vector<absl::Status> all_;
};

int Mistakes::LineOf(const absl::Status& status) const {
  std::string_view words = ToStd(status.message());
  if (!words.starts_with(file_ + ":")) return 0;
  words.remove_prefix(file_.size() + 1);
  int line = 0;
  std::from_chars(words.data(), words.data() + words.size(), line);
  return line;
}

absl::Status Mistakes::ToStatus() {
  if (all_.empty()) return absl::OkStatus();
  for (const absl::Status& status : all_) {
    if (LineOf(status) == 0) return status;
  }
  if (all_.size() == 1) return all_.front();
  std::stable_sort(all_.begin(), all_.end(),
                   [&](const absl::Status& a, const absl::Status& b) {
                     return LineOf(a) < LineOf(b);
                   });
  std::string words = absl::StrFormat("%d mistakes:", all_.size());
  for (const absl::Status& status : all_) {
    words += "\n" + std::string(ToStd(status.message()));
  }
  return KeepLines(UsageError(std::move(words)));
}

bool PlanHas(const std::vector<std::string>& list, std::string_view word) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

// Reads one step, as much of it as can be read, and notes what is wrong.
class StepReader {
 public:
  StepReader(const std::string& definitions, Mistakes& mistakes)
      : definitions_(definitions), mistakes_(mistakes) {}

  // The id stays empty where there is none or a malformed one.
  PlanStep Read(const TomlTable& table);

 private:
  void ReadId(const TomlTable& table, PlanStep& step);
  std::vector<std::string> ReadWords(const TomlTable& table,
                                     std::string_view key);
  void ReadMeasure(const TomlTable& table, PlanStep& step);
  void CheckBy(const TomlTable& table, const PlanStep& step);
  void CheckPages(const TomlTable& table, const PlanStep& step);
  // "step ID: ", at the line of `key`.
  void Wrong(const TomlTable& table, std::string_view key, const PlanStep& step,
             std::string_view words);

  const std::string& definitions_;
  Mistakes& mistakes_;
  int dashboards_ = 0;
};

void StepReader::Wrong(const TomlTable& table, std::string_view key,
                       const PlanStep& step, std::string_view words) {
  const TomlValue* const value = table.Find(key);
  mistakes_.Add(table.ErrorAt(
      value == nullptr ? step.line : value->line(),
      step.id.empty() ? std::string(words)
                      : absl::StrFormat("step %s: %s", step.id, words)));
}

void StepReader::ReadId(const TomlTable& table, PlanStep& step) {
  const std::string id = mistakes_.Take(table.GetString("id"));
  if (IsResourceId(id)) {
    step.id = id;
  } else if (table.Find("id") != nullptr && table.Find("id")->is_string()) {
    Wrong(table, "id", step,
          "a step's id is small letters, digits and hyphens, as in conditions");
  }
}

std::vector<std::string> StepReader::ReadWords(const TomlTable& table,
                                               std::string_view key) {
  if (table.Find(key) == nullptr) return {};
  return mistakes_.Take(table.GetStrings(key));
}

void StepReader::ReadMeasure(const TomlTable& table, PlanStep& step) {
  if (step.id == "page" && table.Find("dashboard") == nullptr) {
    Wrong(table, "id", step, "`page` is the id of a dashboard only");
  }
  absl::StatusOr<std::string> measure = table.GetString("measure");
  mistakes_.Add(measure.status());
  if (!measure.ok()) return;
  step.measure = *std::move(measure);
  const std::vector<std::string> ids = MeasureIds();
  if (PlanHas(ids, step.measure)) return CheckBy(table, step);
  const std::string meant = MeantMeasure(step.measure);
  Wrong(table, "measure", step,
        absl::StrFormat(
            "there is no measure %s%s (`commissioning measure list` shows all)",
            step.measure,
            meant.empty() ? "" : absl::StrFormat("; did you mean %s?", meant)));
}

void StepReader::CheckBy(const TomlTable& table, const PlanStep& step) {
  if (step.by.empty()) return;
  const absl::StatusOr<MeasureDefinition> definition =
      LoadDefinition(step.measure, definitions_);
  mistakes_.Add(definition.status());
  if (!definition.ok()) return;
  const absl::Status status = CheckGrouping(*definition, step.by);
  if (status.ok()) return;
  std::string_view words = ToStd(status.message());
  constexpr std::string_view kFlag = "--by: ";
  if (words.starts_with(kFlag)) words.remove_prefix(kFlag.size());
  Wrong(table, "by", step, absl::StrFormat("`by`: %s", words));
}

void StepReader::CheckPages(const TomlTable& table, const PlanStep& step) {
  const std::vector<std::string> ids = PageIds();
  for (const std::string& page : step.pages) {
    if (PlanHas(ids, page)) continue;
    const std::string near = PlanHint(page, ids);
    Wrong(table, "dashboard", step,
          absl::StrFormat(
              "there is no page %s%s", page,
              near.empty() ? "; pages are " + JoinText(ids, ", ") : near));
  }
}

PlanStep StepReader::Read(const TomlTable& table) {
  PlanStep step;
  step.line = table.line();
  for (const absl::Status& unknown :
       table.UnknownKeys({"id", "measure", "by", "dashboard", "needs"})) {
    mistakes_.Add(unknown);
  }
  ReadId(table, step);
  step.by = ReadWords(table, "by");
  step.needs = ReadWords(table, "needs");
  step.pages = ReadWords(table, "dashboard");
  const bool page = table.Find("dashboard") != nullptr;
  if (page == (table.Find("measure") != nullptr)) {
    Wrong(table, "", step, "give either measure or dashboard");
  }
  if (page && table.Find("by") != nullptr) {
    Wrong(table, "by", step, "a dashboard takes no `by`");
  }
  if (page) {
    if (++dashboards_ > 1) {
      Wrong(table, "dashboard", step,
            "a plan has one dashboard; name its pages in one step");
    }
    CheckPages(table, step);
  }
  if (table.Find("measure") != nullptr) ReadMeasure(table, step);
  return step;
}

void CheckPlanSteps(const TomlTable& root, const std::vector<PlanStep>& steps,
                    Mistakes& mistakes) {
  std::vector<std::string> ids;
  bool all_named = true;
  for (const PlanStep& step : steps) {
    if (step.id.empty()) {
      all_named = false;
    } else if (PlanHas(ids, step.id)) {
      mistakes.Add(root.ErrorAt(
          step.line,
          absl::StrFormat("step %s: this id is there twice", step.id)));
    }
    ids.push_back(step.id);
  }
  // What is needed may be a step whose id could not be read.
  if (!all_named) return;
  for (const PlanStep& step : steps) {
    for (const std::string& need : step.needs) {
      if (PlanHas(ids, need)) continue;
      mistakes.Add(root.ErrorAt(
          step.line, absl::StrFormat("step %s needs %s, which is no step%s",
                                     step.id, need, PlanHint(need, ids))));
    }
  }
}

// The first step in the file whose needs are met, again and again. A need that
// is no step, which has been said, is as good as met.
std::vector<PlanStep> OrderPlanSteps(const TomlTable& root,
                                     std::vector<PlanStep> steps,
                                     Mistakes& mistakes) {
  std::vector<PlanStep> ordered;
  std::set<std::string> waiting;
  for (const PlanStep& step : steps) waiting.insert(step.id);
  while (!steps.empty()) {
    const auto ready =
        std::find_if(steps.begin(), steps.end(), [&](const PlanStep& step) {
          return std::none_of(
              step.needs.begin(), step.needs.end(),
              [&](const std::string& need) { return waiting.contains(need); });
        });
    if (ready == steps.end()) {
      mistakes.Add(root.ErrorAt(
          steps.front().line,
          absl::StrFormat("step %s: what it needs leads in a circle",
                          steps.front().id)));
      waiting.erase(steps.front().id);  // for what there is beside the circle
      steps.erase(steps.begin());
      continue;
    }
    waiting.erase(ready->id);
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
  for (const absl::Status& unknown :
       root.UnknownKeys({"release", "month", "profile", "step"})) {
    mistakes.Add(unknown);
  }
  plan.release = mistakes.Take(root.GetString("release"));
  mistakes.Add(ReadPlanProfile(root, plan));
  mistakes.Add(ReadPlanMonth(root, plan));
}

// The steps in the order of the file, wrong ones among them.
std::vector<PlanStep> ReadPlanSteps(const TomlTable& root,
                                    const std::string& definitions,
                                    Mistakes& mistakes) {
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
  StepReader reader(definitions, mistakes);
  for (const TomlValue& value : *list) {
    if (value.is_table()) {
      steps.push_back(reader.Read(value.AsTable()));
      continue;
    }
    steps.emplace_back().line = value.line();
    mistakes.Add(root.ErrorAt(
        value.line(),
        "a step is a table, as in { id = \"people\", measure = \"C02\" }"));
  }
  CheckPlanSteps(root, steps, mistakes);
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

absl::StatusOr<Plan> ParsePlan(std::string_view text, std::string file,
                               const std::string& definitions) {
  Plan plan;
  plan.file = file;
  plan.text = std::string(text);
  plan.sha256 = Sha256Hex(text);
  TALLY_ASSIGN_OR_RETURN(const TomlTable root,
                         ParseToml(text, std::move(file)));
  Mistakes mistakes(plan.file);
  ReadPlanHead(root, plan, mistakes);
  plan.steps = OrderPlanSteps(root, ReadPlanSteps(root, definitions, mistakes),
                              mistakes);
  TALLY_RETURN_IF_ERROR(mistakes.ToStatus());
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
