#include "linkage/release/release_plan.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "absl/strings/str_format.h"
#include "base/error.h"
#include "base/status.h"
#include "linkage/store/pinned_extracts.h"

namespace tally::linkage {
namespace {

using dataset::Specification;

// The datasets of the agreement and their sources, and the population's dataset
// of every source.
absl::StatusOr<std::vector<DatasetSelection>> SelectionsOf(
    const Agreement& agreement, const SpecificationStore& specifications) {
  std::map<std::string, std::set<std::string>> wanted;
  for (const AgreementDataset& dataset : agreement.datasets) {
    wanted[dataset.id].insert(dataset.sources.begin(), dataset.sources.end());
  }
  if (agreement.population != kPopulationAll) {
    const std::vector<std::string> sources = agreement.Sources();
    wanted[agreement.population].insert(sources.begin(), sources.end());
  }
  std::vector<DatasetSelection> selections;
  for (const auto& [dataset, sources] : wanted) {
    const Specification* newest = specifications.Newest(dataset);
    if (newest == nullptr) {
      return Error(Reason::kSpecMismatch,
                   "the hub has no specification of a dataset that the "
                   "agreement names");
    }
    selections.push_back(
        {dataset, newest->kind(),
         std::vector<std::string>(sources.begin(), sources.end())});
  }
  return selections;
}

bool IsReleased(const Agreement& agreement, const std::string& dataset,
                const std::string& source) {
  return std::any_of(agreement.datasets.begin(), agreement.datasets.end(),
                     [&](const AgreementDataset& agreed) {
                       return agreed.id == dataset &&
                              std::find(agreed.sources.begin(),
                                        agreed.sources.end(),
                                        source) != agreed.sources.end();
                     });
}

std::string_view DigestOf(const ExtractRecord& extract,
                          std::string_view dataset) {
  for (const ExtractDatasetRecord& record : extract.datasets) {
    if (record.dataset == dataset) return record.spec_sha256;
  }
  return {};
}

absl::StatusOr<PinnedPart> PartOf(const ExtractRecord& extract, int position,
                                  const std::string& dataset,
                                  const Agreement& agreement,
                                  const SpecificationStore& specifications) {
  PinnedPart part;
  part.extract = position;
  part.dataset = dataset;
  TALLY_ASSIGN_OR_RETURN(
      part.specification,
      specifications.Find(dataset, DigestOf(extract, dataset)));
  part.released = IsReleased(agreement, dataset, extract.source);
  return part;
}

absl::Status NothingToRelease(std::string_view what) {
  return Error(
      Reason::kReleaseState,
      absl::StrFormat("no source of the agreement has published %s", what));
}

}  // namespace

std::vector<const PinnedPart*> ReleasePlan::PartsOf(std::string_view dataset,
                                                    bool released_only) const {
  std::vector<const PinnedPart*> found;
  for (const PinnedPart& part : parts) {
    if (part.dataset == dataset && (part.released || !released_only)) {
      found.push_back(&part);
    }
  }
  return found;
}

std::vector<std::string> ReleasePlan::DatasetsHeld(
    const ExtractRecord& extract) const {
  std::set<std::string> used;
  for (const PinnedPart& part : parts) {
    if (ExtractOf(part).source == extract.source) used.insert(part.dataset);
  }
  std::set<std::string> held;
  for (const ExtractDatasetRecord& dataset : extract.datasets) {
    if (used.contains(dataset.dataset)) held.insert(dataset.dataset);
  }
  return {held.begin(), held.end()};
}

std::vector<std::string> ReleasePlan::Datasets() const {
  std::set<std::string> all;
  for (const PinnedPart& part : parts) all.insert(part.dataset);
  return {all.begin(), all.end()};
}

std::vector<std::string> ReleasePlan::Sources() const {
  std::set<std::string> all;
  for (const ExtractRecord& extract : extracts) all.insert(extract.source);
  return {all.begin(), all.end()};
}

int ReleasePlan::SourceNumber(std::string_view source) const {
  const std::vector<std::string> all = Sources();
  return static_cast<int>(std::lower_bound(all.begin(), all.end(), source) -
                          all.begin());
}

std::vector<std::string> ReleasePlan::ExtractUids() const {
  std::vector<std::string> uids;
  for (const ExtractRecord& extract : extracts) uids.push_back(extract.uid);
  return uids;
}

absl::StatusOr<ReleasePlan> PlanRelease(
    const Agreement& agreement, std::span<const ExtractRecord> published,
    const SpecificationStore& specifications) {
  TALLY_ASSIGN_OR_RETURN(const std::vector<DatasetSelection> selections,
                         SelectionsOf(agreement, specifications));
  std::vector<PinnedExtract> pinned = PinExtracts(published, selections);
  std::sort(pinned.begin(), pinned.end(),
            [](const PinnedExtract& a, const PinnedExtract& b) {
              return a.extract.name() < b.extract.name();
            });
  ReleasePlan plan;
  bool any_released = false;
  bool any_population = agreement.population == kPopulationAll;
  for (const PinnedExtract& pin : pinned) {
    const int position = static_cast<int>(plan.extracts.size());
    plan.extracts.push_back(pin.extract);
    for (const std::string& dataset : pin.datasets) {
      TALLY_ASSIGN_OR_RETURN(
          PinnedPart part,
          PartOf(pin.extract, position, dataset, agreement, specifications));
      any_released = any_released || part.released;
      any_population = any_population || dataset == agreement.population;
      plan.parts.push_back(std::move(part));
    }
  }
  if (!any_released) return NothingToRelease("a dataset that it names");
  if (!any_population) {
    return NothingToRelease("the dataset of its population");
  }
  return plan;
}

}  // namespace tally::linkage
