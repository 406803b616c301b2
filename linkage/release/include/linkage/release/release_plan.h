#ifndef TALLY_LINKAGE_RELEASE_RELEASE_PLAN_H_
#define TALLY_LINKAGE_RELEASE_RELEASE_PLAN_H_

// Which extracts a release uses, and what of them. Runs at the hub when a
// release or a preview begins; from then on the choice is fixed and listed.
// The rule itself (newest snapshot, all periods of activity, newest revisions)
// is PinExtracts() of the store; this adds what an agreement means: which
// datasets of which sources, and the population's dataset beside them.
//
// Spec: docs/spec/release-v1.md, "Dataset tables"
// Threading: values and pure functions.
// Secrets: none.

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "dataset/specification.h"
#include "linkage/release/agreement.h"
#include "linkage/store/catalogue_types.h"
#include "linkage/store/specification_store.h"

namespace tally::linkage {

// One dataset of one extract that is used.
struct PinnedPart {
  int extract = 0;  // position in ReleasePlan::extracts
  std::string dataset;
  const dataset::Specification* specification = nullptr;  // borrowed
  // Whether the agreement releases its rows. The population's dataset may be
  // used for nothing but to say who belongs.
  bool released = false;
};

struct ReleasePlan {
  std::vector<ExtractRecord> extracts;  // ascending by name; all are used
  std::vector<PinnedPart> parts;        // by extract, then dataset

  const ExtractRecord& ExtractOf(const PinnedPart& part) const {
    return extracts[static_cast<size_t>(part.extract)];
  }
  // The parts of one dataset; `released_only` leaves out those that serve the
  // population alone.
  std::vector<const PinnedPart*> PartsOf(std::string_view dataset,
                                         bool released_only) const;
  // What an extract holds of the datasets that are used from its source,
  // ascending: also of a snapshot of which a newer one is used.
  std::vector<std::string> DatasetsHeld(const ExtractRecord& extract) const;
  // Every dataset of which a part is used, ascending.
  std::vector<std::string> Datasets() const;
  std::vector<std::string> Sources() const;         // ascending, each once
  int SourceNumber(std::string_view source) const;  // position in Sources()
  std::vector<std::string> ExtractUids() const;
};

// `published`: published extracts, in any order and revision; those that the
// agreement does not need are left out. The population's dataset is taken from
// every source of the agreement that sends it. `specifications` must outlive
// the plan.
// Errors: SPEC_MISMATCH if the hub no longer has a specification that an
// extract was made with; RELEASE_STATE when nothing is published that the
// agreement could use, or nothing of its population.
[[nodiscard]] absl::StatusOr<ReleasePlan> PlanRelease(
    const Agreement& agreement, std::span<const ExtractRecord> published,
    const SpecificationStore& specifications);

}  // namespace tally::linkage

#endif  // TALLY_LINKAGE_RELEASE_RELEASE_PLAN_H_
