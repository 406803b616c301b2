// Which extracts a release is made of.
//
// Of a snapshot dataset: of each source the newest period that has it; of an
// activity dataset: all periods. Of every period only the highest published
// revision counts, and it counts whole: a revision without a dataset takes that
// dataset's rows of the period away.
//
// Role: hub: releases, previews, status.
// Spec: docs/spec/hub-directory-v1.md, "Pinning"
// Threading: pure functions.
// Secrets: none.

#ifndef TALLY_LINKAGE_STORE_PINNED_EXTRACTS_H_
#define TALLY_LINKAGE_STORE_PINNED_EXTRACTS_H_

#include <span>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "dataset/specification.h"
#include "linkage/store/catalogue.h"

namespace tally::linkage {

// One dataset as an agreement names it.
struct DatasetSelection {
  std::string dataset;
  dataset::DatasetKind kind = dataset::DatasetKind::kActivity;
  std::vector<std::string> sources;  // empty: every source that sends it
};

// One extract in force, with those of its datasets that the selection takes.
struct PinnedExtract {
  ExtractRecord extract;
  std::vector<std::string> datasets;  // ascending
};

// The pure rule, over published extracts of any revision. The result is sorted
// by source, period and dataset.
std::vector<PinnedExtract> PinExtracts(
    std::span<const ExtractRecord> published,
    std::span<const DatasetSelection> selections);

// The same over the catalogue.
[[nodiscard]] absl::StatusOr<std::vector<PinnedExtract>> PinExtracts(
    Catalogue& catalogue, std::span<const DatasetSelection> selections);

// The one that was published last; null without any. Times are whole seconds:
// of two of one second the later period and the higher revision are newer.
const ExtractRecord* NewestExtract(std::span<const ExtractRecord> published);

// Published extracts whose source has sent a newer opt-out list since, by name.
[[nodiscard]] absl::StatusOr<std::vector<std::string>> StaleExtracts(
    Catalogue& catalogue);

}  // namespace tally::linkage

#endif  // TALLY_LINKAGE_STORE_PINNED_EXTRACTS_H_
