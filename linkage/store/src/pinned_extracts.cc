#include "linkage/store/pinned_extracts.h"

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

#include "base/status.h"

namespace tally::linkage {

namespace {

// Of every source and period the highest revision.
std::map<std::pair<std::string, int32_t>, const ExtractRecord*> InForce(
    std::span<const ExtractRecord> published) {
  std::map<std::pair<std::string, int32_t>, const ExtractRecord*> in_force;
  for (const ExtractRecord& extract : published) {
    if (extract.state != ExtractState::kPublished) continue;
    const ExtractRecord*& held =
        in_force[{extract.source, extract.period_start}];
    if (held == nullptr || held->revision < extract.revision) held = &extract;
  }
  return in_force;
}

bool Has(const ExtractRecord& extract, std::string_view dataset) {
  return std::any_of(
      extract.datasets.begin(), extract.datasets.end(),
      [&](const ExtractDatasetRecord& one) { return one.dataset == dataset; });
}

bool Wants(const DatasetSelection& selection, std::string_view source) {
  return selection.sources.empty() ||
         std::find(selection.sources.begin(), selection.sources.end(),
                   source) != selection.sources.end();
}

}  // namespace

const ExtractRecord* NewestExtract(std::span<const ExtractRecord> published) {
  const auto age = [](const ExtractRecord& extract) {
    return std::tie(extract.finish_time, extract.period_end, extract.revision);
  };
  const auto newest = std::max_element(
      published.begin(), published.end(),
      [&](const auto& a, const auto& b) { return age(a) < age(b); });
  return newest == published.end() ? nullptr : &*newest;
}

std::vector<PinnedExtract> PinExtracts(
    std::span<const ExtractRecord> published,
    std::span<const DatasetSelection> selections) {
  const auto in_force = InForce(published);
  std::map<const ExtractRecord*, std::vector<std::string>> chosen;
  for (const DatasetSelection& selection : selections) {
    // In order of source and period, so the last of a source is its newest.
    std::map<std::string, const ExtractRecord*> newest;
    for (const auto& [key, extract] : in_force) {
      if (!Wants(selection, extract->source)) continue;
      if (!Has(*extract, selection.dataset)) continue;
      if (selection.kind == dataset::DatasetKind::kActivity) {
        chosen[extract].push_back(selection.dataset);
      } else {
        newest[extract->source] = extract;
      }
    }
    for (const auto& [source, extract] : newest) {
      chosen[extract].push_back(selection.dataset);
    }
  }
  std::vector<PinnedExtract> pinned;
  for (auto& [extract, datasets] : chosen) {
    std::sort(datasets.begin(), datasets.end());
    datasets.erase(std::unique(datasets.begin(), datasets.end()),
                   datasets.end());
    pinned.push_back({*extract, std::move(datasets)});
  }
  std::sort(pinned.begin(), pinned.end(),
            [](const PinnedExtract& a, const PinnedExtract& b) {
              return std::tie(a.extract.source, a.extract.period_start) <
                     std::tie(b.extract.source, b.extract.period_start);
            });
  return pinned;
}

absl::StatusOr<std::vector<PinnedExtract>> PinExtracts(
    Catalogue& catalogue, std::span<const DatasetSelection> selections) {
  TALLY_ASSIGN_OR_RETURN(const std::vector<ExtractRecord> published,
                         catalogue.ExtractsInState(ExtractState::kPublished));
  return PinExtracts(published, selections);
}

absl::StatusOr<std::vector<std::string>> StaleExtracts(Catalogue& catalogue) {
  TALLY_ASSIGN_OR_RETURN(const std::vector<ExtractRecord> published,
                         catalogue.ExtractsInState(ExtractState::kPublished));
  const auto in_force = InForce(published);
  std::map<std::string, std::string> newest_list;  // by source
  for (const ExtractRecord& extract : published) {
    std::string& newest = newest_list[extract.source];
    newest = std::max(newest, extract.newest_opt_out_list);
  }
  std::vector<std::string> stale;
  for (const auto& [key, extract] : in_force) {
    if (extract->newest_opt_out_list < newest_list[extract->source]) {
      stale.push_back(extract->name());
    }
  }
  return stale;
}

}  // namespace tally::linkage
