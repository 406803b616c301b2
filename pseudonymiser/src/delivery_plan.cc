#include "pseudonymiser/delivery_plan.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "absl/strings/str_format.h"
#include "base/exit_code.h"
#include "base/files.h"
#include "base/sha256.h"
#include "base/status.h"
#include "base/strings.h"
#include "dataset_plan.h"
#include "pseudonymiser/input_file.h"

namespace tally::pseudonymiser {
namespace {

constexpr int64_t kMaxSpecificationBytes = 1 << 20;
constexpr size_t kMaxDatasets = 32;

absl::Status BadPeriod() {
  return UsageError(
      "a period is a month, as 2026-11, or two, as 2023-04..2026-11");
}

// The tie between restricted rows and rows of other datasets works by a key
// that both have.
absl::Status CheckTies(const DeliveryPlan& plan) {
  for (const DeliveryPlan::Dataset& from : plan.datasets) {
    for (const std::string& id : from.plan->linked_datasets()) {
      for (const DeliveryPlan::Dataset& to : plan.datasets) {
        if (to.plan->id() != id || to.plan->linked_key() != kNoInput) continue;
        return UsageError(absl::StrFormat(
            "%s ties rows of %s by %s, but the specification of %s has no rule "
            "RESTRICTED_LINKED_ROW that reads it",
            from.plan->id(), id, from.plan->linked_key_name(), id));
      }
    }
  }
  return absl::OkStatus();
}

// One file twice would count its rows twice.
absl::Status CheckFiles(const DeliveryPlan& plan) {
  std::set<std::pair<uint64_t, uint64_t>> seen;
  for (const DeliveryPlan::Dataset& dataset : plan.datasets) {
    for (const std::string& path : dataset.files) {
      TALLY_ASSIGN_OR_RETURN(const FileIdentity identity, IdentifyFile(path));
      if (!seen.insert({identity.device, identity.inode}).second) {
        return UsageError(absl::StrFormat("%s is given more than once", path));
      }
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Period> Period::Parse(std::string_view text) {
  const size_t dots = text.find("..");
  const std::string_view first_text = text.substr(0, dots);
  const std::string_view last_text =
      dots == std::string_view::npos ? text : text.substr(dots + 2);
  const absl::StatusOr<CivilMonth> first = ParseMonth(first_text);
  const absl::StatusOr<CivilMonth> last = ParseMonth(last_text);
  if (!first.ok() || !last.ok() || last->last < first->first) {
    return BadPeriod();
  }
  if (first->first.year() < 1900) return BadPeriod();
  return Period{.first = first->first,
                .last = last->last,
                .last_month = {last->first.year(), last->first.month()}};
}

Period Period::MonthBefore(CivilDay today) {
  const absl::StatusOr<CivilDay> first = today.FirstOfMonth().AddMonths(-1);
  TALLY_CHECK(first.ok());
  return {.first = *first,
          .last = first->LastOfMonth(),
          .last_month = {first->year(), first->month()}};
}

absl::StatusOr<FileArgument> ParseFileArgument(std::string_view word) {
  const size_t equals = word.find('=');
  if (equals == std::string_view::npos || equals + 1 == word.size() ||
      !IsResourceId(word.substr(0, equals))) {
    return UsageError(
        "files are given as DATASET=FILE, for example gp-patient=patients.csv");
  }
  return FileArgument{.dataset = std::string(word.substr(0, equals)),
                      .path = std::string(word.substr(equals + 1))};
}

absl::StatusOr<std::shared_ptr<const dataset::Specification>>
SpecificationStore::LoadAny(const std::string& dataset) const {
  const auto settings = configuration_.datasets.find(dataset);
  if (settings == configuration_.datasets.end()) {
    std::vector<std::string> known;
    for (const auto& [id, unused] : configuration_.datasets) {
      known.push_back(id);
    }
    const std::string near = NearestMatch(dataset, known);
    return NotFoundError(absl::StrFormat(
        "no dataset %s in the configuration%s", dataset,
        near.empty() ? "" : absl::StrFormat(" (did you mean %s?)", near)));
  }
  absl::StatusOr<dataset::Specification> read =
      dataset::Specification::Load(settings->second.specification);
  if (!read.ok()) return WithExitCode(read.status(), kExitUsage);
  if (read->id() != dataset) {
    return UsageError(absl::StrFormat("%s specifies the dataset %s, not %s",
                                      settings->second.specification,
                                      read->id(), dataset));
  }
  return std::make_shared<const dataset::Specification>(*std::move(read));
}

absl::StatusOr<std::string> SpecificationStore::AcceptedDigest(
    const std::string& dataset) const {
  const std::string path =
      JoinPath(configuration_.SpecificationDirectory(), dataset + ".sha256");
  if (!FileExists(path)) return std::string();
  TALLY_ASSIGN_OR_RETURN(const std::string text, ReadFile(path, 256));
  return text.substr(0, text.find('\n'));
}

absl::StatusOr<std::shared_ptr<const dataset::Specification>>
SpecificationStore::Load(const std::string& dataset) const {
  TALLY_ASSIGN_OR_RETURN(auto specification, LoadAny(dataset));
  TALLY_ASSIGN_OR_RETURN(const std::string accepted, AcceptedDigest(dataset));
  if (accepted != specification->digest_hex()) {
    return ConflictError(absl::StrFormat(
        "the specification of %s %s; read it (dataset describe %s) and run "
        "dataset accept %s --digest %s",
        dataset,
        accepted.empty() ? "was never accepted"
                         : "was changed after it was accepted",
        dataset, dataset, specification->digest_hex()));
  }
  return specification;
}

absl::Status SpecificationStore::Accept(const std::string& dataset,
                                        std::string_view digest_hex) const {
  TALLY_ASSIGN_OR_RETURN(const auto specification, LoadAny(dataset));
  if (specification->digest_hex() != digest_hex) {
    return ConflictError(absl::StrFormat(
        "the specification of %s has the digest %s: it is not the one that was "
        "agreed",
        dataset, specification->digest_hex()));
  }
  const std::string directory = configuration_.SpecificationDirectory();
  TALLY_RETURN_IF_ERROR(MakeDirectories(directory, 0700));
  const std::string path = configuration_.datasets.at(dataset).specification;
  TALLY_ASSIGN_OR_RETURN(const std::string text,
                         ReadFile(path, kMaxSpecificationBytes));
  if (Sha256Hex(text) != digest_hex) {
    return ConflictError(
        absl::StrFormat("%s is being changed; try again", path));
  }
  TALLY_RETURN_IF_ERROR(
      WriteFileAtomically(JoinPath(directory, dataset + ".toml"), text, 0600));
  return WriteFileAtomically(JoinPath(directory, dataset + ".sha256"),
                             std::string(digest_hex) + "\n", 0600);
}

absl::StatusOr<DeliveryPlan> DeliveryPlan::Make(
    const Configuration& configuration,
    const std::vector<FileArgument>& arguments, const Period& period,
    int64_t now_ms) {
  DeliveryPlan plan;
  plan.configuration = &configuration;
  plan.period = period;
  std::map<std::string, std::vector<std::string>> files;
  for (const FileArgument& argument : arguments) {
    files[argument.dataset].push_back(argument.path);
  }
  if (files.empty()) return UsageError("no file is named");
  if (files.size() > kMaxDatasets) {
    return UsageError("a delivery has at most 32 datasets");
  }
  const SpecificationStore store(configuration);
  std::set<dataset::ListName> needed;
  for (auto& [id, paths] : files) {
    TALLY_ASSIGN_OR_RETURN(auto specification, store.Load(id));
    needed.insert(specification->lists().begin(), specification->lists().end());
    TALLY_ASSIGN_OR_RETURN(DatasetPlan dataset_plan,
                           DatasetPlan::Create(std::move(specification),
                                               configuration.datasets.at(id)));
    plan.datasets.push_back(
        {.plan = std::make_shared<const DatasetPlan>(std::move(dataset_plan)),
         .files = std::move(paths)});
  }
  TALLY_RETURN_IF_ERROR(CheckTies(plan));
  TALLY_RETURN_IF_ERROR(CheckFiles(plan));
  TALLY_ASSIGN_OR_RETURN(
      plan.lists,
      Lists::Load(configuration.lists, {needed.begin(), needed.end()}, now_ms));
  return plan;
}

}  // namespace tally::pseudonymiser
