#ifndef TALLY_LINKAGE_RELEASE_SRC_JOIN_ATTACK_H_
#define TALLY_LINKAGE_RELEASE_SRC_JOIN_ATTACK_H_

// What somebody who holds the releases of two projects could join by content
// alone: a row that is unique by the columns released to both, in each of them,
// is taken for the same person. The share of people with such a row is the
// figure that an agreement may bound. Record keys are drawn anew and never
// match by design; they are left out.
//
// Spec: docs/adr/0073-join-attack.md
// Threading: one thread.
// Secrets: record values in the work folder.

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "linkage/release/linkage_report.h"
#include "linkage/release/release_builder.h"
#include "linked_extracts.h"
#include "release_engine.h"
#include "release_tables.h"

namespace tally::linkage {

// Adds a line a shared table to `report.join_attack`. `tables`: as written,
// and registered as written_TABLE.
[[nodiscard]] absl::Status RunJoinAttack(
    const BuildInputs& inputs, const LinkedExtracts& linked,
    const std::vector<WrittenTable>& tables, ReleaseEngine& engine,
    LinkageReport& report);

// DISCLOSURE_REFUSED when a line's share is above `max_share`.
[[nodiscard]] absl::Status CheckJoinAttack(const LinkageReport& report,
                                           double max_share);

}  // namespace tally::linkage

#endif  // TALLY_LINKAGE_RELEASE_SRC_JOIN_ATTACK_H_
